/* The stacks of one process. */

#include <stdlib.h>
#include <string.h>

#include <fe_alloc.h>

#include "live_tree.h"

void
live_tree_init(struct live_tree *t)
{
	memset(t, 0, sizeof(*t));
}

void
live_tree_fini(struct live_tree *t)
{
	free(t->node);
	free(t->at);
	free(t->code);
}

static void
update_codes(struct live_tree *t, struct live_names *names,
    const struct mt_code *code, size_t n)
{
	const struct mt_code *c;
	struct live_code *l;

	for (; t->ncodes < n; t->ncodes++) {
		c = &code[t->ncodes];
		t->code = fe_grow(t->code, t->ncodes, sizeof(*t->code),
		    &t->code_cap);
		l = &t->code[t->ncodes];
		memset(l, 0, sizeof(*l));
		l->is_native = mt_code_is_native(c);
		if (l->is_native)
			l->module = live_names_module(names, c->file,
			    c->table, c->table_len, c->table_kind);
		else
			l->func = live_funcs_get(names->funcs, c->function,
			    c->file);
	}
}

static bool
is_above(const struct live_tree *t, uint32_t node, uint32_t func)
{
	for (; node != 0; node = t->node[node].parent) {
		if (t->node[node].func == func)
			return (true);
	}
	return (false);
}

/* Returns the number of the new node. */
static uint32_t
add_node(struct live_tree *t, uint32_t parent, uint32_t func)
{
	struct live_node *l;

	t->node = fe_grow(t->node, t->n, sizeof(*t->node), &t->cap);
	l = &t->node[t->n];
	l->parent = parent;
	l->func = func;
	l->again = t->n > 0 && is_above(t, parent, func);
	return ((uint32_t)t->n++);
}

/* What runs at an address; returns the last of the new nodes. */
static uint32_t
add_native(struct live_tree *t, struct live_names *names, uint32_t parent,
    const struct mt_code *code, const struct mt_node *node)
{
	const uint32_t address = (uint32_t)node->offset;
	const struct live_frame *frame;
	char name[LIVE_ADDRESS_MAX];
	size_t n;

	t->has_native = true;
	n = live_names_get(names, t->code[node->code].module, address,
	    &frame);
	if (n == 0)
		return (add_node(t, parent, live_funcs_get(names->funcs,
		    live_names_address(name, address),
		    code[node->code].file)));
	for (size_t i = 0; i < n; i++)
		parent = add_node(t, parent, frame[i].func);
	return (parent);
}

void
live_tree_update(struct live_tree *t, struct live_names *names,
    const struct mt_capture *c)
{
	const struct mt_code *code;
	const struct mt_node *node;
	uint32_t parent, last;
	size_t n;

	n = mt_capture_codes(c, &code);
	update_codes(t, names, code, n);
	n = mt_capture_nodes(c, &node);
	for (; t->nat < n; t->nat++) {
		t->at = fe_grow(t->at, t->nat, sizeof(*t->at), &t->at_cap);
		parent = t->nat == 0 ? 0 : t->at[node[t->nat].parent];
		if (t->nat == 0)
			last = add_node(t, 0, LIVE_FUNCS_NONE);
		else if (t->code[node[t->nat].code].is_native)
			last = add_native(t, names, parent, code,
			    &node[t->nat]);
		else
			last = add_node(t, parent,
			    t->code[node[t->nat].code].func);
		t->at[t->nat] = last;
	}
}

void
live_tree_rename(struct live_tree *t)
{
	if (t->has_native)
		t->n = t->nat = 0;
}
