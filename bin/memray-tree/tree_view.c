/* What of the tree is seen. */

#include <stdlib.h>
#include <string.h>

#include <fe_alloc.h>

#include "tree_view.h"

/* ---- The tree without what is hidden --------------------------------- */

static bool
is_cut(const struct tree_view *v, uint32_t node)
{
	return (v->hides_import && v->tree->nodes[node].is_import);
}

static bool
is_passed(const struct tree_view *v, uint32_t node)
{
	return (v->hides_boring && v->tree->nodes[node].is_boring);
}

/* Behind the node and all below it, inside of `top'. */
static uint32_t
skip(const struct tree_view *v, uint32_t node, uint32_t top)
{
	const struct tree_node *nodes = v->tree->nodes;

	while (node != top && nodes[node].next == TREE_NONE)
		node = nodes[node].parent;
	return (node == top ? TREE_NONE : nodes[node].next);
}

/* The node, or what comes instead of it as a child of `top'. */
static uint32_t
settle(const struct tree_view *v, uint32_t node, uint32_t top)
{
	while (node != TREE_NONE) {
		if (is_cut(v, node))
			node = skip(v, node, top);
		else if (!is_passed(v, node))
			break;
		else if (v->tree->nodes[node].first != TREE_NONE)
			node = v->tree->nodes[node].first;
		else
			node = skip(v, node, top);
	}
	return (node);
}

static uint32_t
first_child(const struct tree_view *v, uint32_t node)
{
	return (settle(v, v->tree->nodes[node].first, node));
}

static uint32_t
parent_of(const struct tree_view *v, uint32_t node)
{
	do
		node = v->tree->nodes[node].parent;
	while (node != TREE_NONE && is_passed(v, node));
	return (node);
}

static uint32_t
next_sibling(const struct tree_view *v, uint32_t node)
{
	uint32_t top = parent_of(v, node);

	return (settle(v, skip(v, node, top), top));
}

/*
 * The node behind this one, from the root down; below it only if `down'.
 * Changes *depth as it goes.
 */
static uint32_t
next_node(const struct tree_view *v, uint32_t node, bool down,
    uint32_t *depth)
{
	uint32_t next;

	if (down && (next = first_child(v, node)) != TREE_NONE) {
		++*depth;
		return (next);
	}
	for (; node != 0; node = parent_of(v, node), --*depth)
		if ((next = next_sibling(v, node)) != TREE_NONE)
			return (next);
	return (TREE_NONE);
}

/* ---- Rows ------------------------------------------------------------ */

static void
make_rows(struct tree_view *v)
{
	uint32_t node = 0, depth = 0;
	struct tree_row *r;

	v->nrows = 0;
	do {
		v->rows = fe_grow(v->rows, v->nrows, sizeof(*r), &v->cap);
		r = &v->rows[v->nrows++];
		r->node = node;
		r->depth = depth;
		r->has_children = first_child(v, node) != TREE_NONE;
		node = next_node(v, node, v->is_open[node], &depth);
	} while (node != TREE_NONE);
}

static uint32_t
current(const struct tree_view *v)
{
	return (v->rows[v->current].node);
}

/* Is it, or one of its callers, cut off with the import system? */
static bool
is_hidden(const struct tree_view *v, uint32_t node)
{
	if (is_passed(v, node))
		return (true);
	for (; node != 0; node = v->tree->nodes[node].parent)
		if (is_cut(v, node))
			return (true);
	return (false);
}

/* Make rows in which the node is, or its nearest caller that can be. */
static void
go_to(struct tree_view *v, uint32_t node)
{
	while (node != 0 && is_hidden(v, node))
		node = v->tree->nodes[node].parent;
	for (uint32_t n = node; n != 0;) {
		n = parent_of(v, n);
		v->is_open[n] = true;
	}
	make_rows(v);
	for (size_t i = 0; i < v->nrows; i++)
		if (v->rows[i].node == node)
			v->current = i;
}

static void
open_path(struct tree_view *v, uint32_t node)
{
	for (; node != TREE_NONE; node = first_child(v, node))
		v->is_open[node] = true;
}

void
tree_view_init(struct tree_view *v, const struct tree *t)
{
	memset(v, 0, sizeof(*v));
	v->tree = t;
	v->hides_boring = true;
	v->is_open = fe_alloc(t->nnodes, sizeof(*v->is_open), 0);
	memset(v->is_open, 0, t->nnodes * sizeof(*v->is_open));
	open_path(v, 0);
	make_rows(v);
}

void
tree_view_fini(struct tree_view *v)
{
	free(v->is_open);
	free(v->rows);
}

/* ---- Opening and closing --------------------------------------------- */

void
tree_view_toggle(struct tree_view *v)
{
	uint32_t node = current(v);

	v->is_open[node] = !v->is_open[node];
	go_to(v, node);
}

void
tree_view_toggle_group(struct tree_view *v)
{
	uint32_t node = current(v), n = node, child;
	bool open = !v->is_open[node];

	do {
		v->is_open[n] = open;
		child = first_child(v, n);
		n = child;
	} while (n != TREE_NONE && next_sibling(v, n) == TREE_NONE);
	go_to(v, node);
}

void
tree_view_open_all(struct tree_view *v)
{
	const uint32_t start = UINT32_MAX / 2;	/* it may go up as well */
	uint32_t node = current(v), n = node, depth = start;

	do {
		v->is_open[n] = true;
		n = next_node(v, n, true, &depth);
	} while (n != TREE_NONE && depth > start);
	go_to(v, node);
}

void
tree_view_right(struct tree_view *v)
{
	uint32_t node = current(v);

	if (!v->is_open[node])
		tree_view_toggle(v);
	else if (v->rows[v->current].has_children)
		v->current++;
}

void
tree_view_left(struct tree_view *v)
{
	uint32_t node = current(v);

	if (v->is_open[node] && v->rows[v->current].has_children)
		tree_view_toggle(v);
	else if (node != 0)
		go_to(v, parent_of(v, node));
}

/* ---- Hiding ---------------------------------------------------------- */

void
tree_view_hide_import(struct tree_view *v, bool hides)
{
	uint32_t node = current(v);

	v->hides_import = hides;
	go_to(v, node);
}

void
tree_view_hide_boring(struct tree_view *v, bool hides)
{
	uint32_t node = current(v);

	/* What appears stands where an open node was. */
	for (size_t i = 0; i < v->tree->nnodes; i++)
		if (v->tree->nodes[i].is_boring)
			v->is_open[i] = true;
	v->hides_boring = hides;
	go_to(v, node);
}

/* ---- Searching ------------------------------------------------------- */

bool
tree_view_matches(const struct tree_view *v, uint32_t node, const char *text)
{
	const struct tree_node *n = &v->tree->nodes[node];

	return (n->kind == TREE_CALL && *text != '\0' &&
	    (strcasestr(tree_function(v->tree, n), text) != NULL ||
	    strcasestr(tree_file(v->tree, n), text) != NULL));
}

bool
tree_view_search(struct tree_view *v, const char *text, bool back)
{
	uint32_t here = current(v), n = 0, depth = 0;
	uint32_t before = TREE_NONE, after = TREE_NONE;
	uint32_t first = TREE_NONE, last = TREE_NONE;
	bool is_behind = false;

	for (; n != TREE_NONE; n = next_node(v, n, true, &depth)) {
		if (n == here)
			is_behind = true;
		else if (tree_view_matches(v, n, text)) {
			if (first == TREE_NONE)
				first = n;
			last = n;
			if (!is_behind)
				before = n;
			else if (after == TREE_NONE)
				after = n;
		}
	}
	if (first == TREE_NONE)
		return (false);
	if (back)
		go_to(v, before != TREE_NONE ? before : last);
	else
		go_to(v, after != TREE_NONE ? after : first);
	return (true);
}
