/* The call tree. */

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include <fe_alloc.h>

#include "tree.h"
#include "tree_frame.h"

/* An allocation, and where it stands among the others. */
struct tree_record {
	uint32_t		site;
	struct mt_amount	amount;
};

/* A node and what decides its place among its siblings. */
struct tree_order {
	uint32_t	node;
	uint32_t	parent;
	uint64_t	bytes;
	const char	*function;
	const char	*file;
	uint32_t	line;
	bool		is_rest;
};

/* ---- Nodes ----------------------------------------------------------- */

static struct tree_node *
add_node(struct tree *t, enum tree_kind kind, uint32_t parent)
{
	struct tree_node *n;

	t->nodes = fe_grow(t->nodes, t->nnodes, sizeof(*n), &t->cap);
	n = &t->nodes[t->nnodes++];
	memset(n, 0, sizeof(*n));
	n->kind = kind;
	n->parent = parent;
	n->first = n->next = TREE_NONE;
	return (n);
}

static uint32_t
add_call(struct tree *t, uint32_t parent, uint32_t place)
{
	const struct mt_function *f =
	    &t->functions[t->places[place].function];
	struct tree_node *n = add_node(t, TREE_CALL, parent);

	n->place = place;
	n->is_import = tree_frame_is_import(f->name, f->file);
	n->is_boring = n->is_import || tree_frame_is_boring(f->name, f->file);
	return ((uint32_t)t->nnodes - 1);
}

/*
 * The node of a stack, which is made if need be.  The empty stack, 0, has one
 * below the root; of other stacks it is no part.
 */
static uint32_t
node_of(struct tree *t, uint32_t *nodes, uint32_t *chain, uint32_t call)
{
	uint32_t node = 0;
	size_t n = 0;

	do {
		if (nodes[call] != TREE_NONE) {
			node = nodes[call];
			break;
		}
		chain[n++] = call;
		call = t->calls[call].parent;
	} while (call != 0);
	while (n-- > 0) {
		node = add_call(t, node, t->calls[chain[n]].place);
		nodes[chain[n]] = node;
	}
	return (node);
}

static void
add_amount(struct tree_node *n, uint64_t bytes, uint64_t allocations,
    uint32_t thread)
{
	if (n->allocations == 0 && n->bytes == 0)
		n->thread = thread;
	else if (n->thread != thread)
		n->thread = TREE_NONE;
	n->bytes += bytes;
	n->allocations += allocations;
}

/* ---- Allocations ----------------------------------------------------- */

static int
compare_records(const void *va, const void *vb)
{
	const struct tree_record *a = va, *b = vb;

	if (a->amount.bytes != b->amount.bytes)
		return (a->amount.bytes < b->amount.bytes ? 1 : -1);
	if (a->amount.allocations != b->amount.allocations)
		return (a->amount.allocations < b->amount.allocations ?
		    1 : -1);
	return ((a->site > b->site) - (a->site < b->site));
}

/* What was selected, the biggest first; to be freed. */
static struct tree_record *
records(const struct tree *t, size_t *n)
{
	const struct mt_amount *amounts;
	size_t nsites = mt_merge_amounts(t->merge, &amounts);
	struct tree_record *all = fe_alloc(nsites, sizeof(*all), 0);

	*n = 0;
	for (size_t i = 0; i < nsites; i++) {
		if (amounts[i].bytes == 0 && amounts[i].allocations == 0)
			continue;
		all[*n].site = (uint32_t)i;
		all[(*n)++].amount = amounts[i];
	}
	qsort(all, *n, sizeof(*all), compare_records);
	return (all);
}

static void
add_biggest(struct tree *t, const struct tree_record *r, size_t n,
    size_t ncalls)
{
	uint32_t *nodes = fe_alloc(ncalls, sizeof(*nodes), 0);
	uint32_t *chain = fe_alloc(ncalls, sizeof(*chain), 0);
	const struct mt_site *sites;
	uint32_t node;

	memset(nodes, 0xff, ncalls * sizeof(*nodes));
	(void)mt_merge_sites(t->merge, &sites);
	for (size_t i = 0; i < n; i++) {
		node = node_of(t, nodes, chain, sites[r[i].site].node);
		add_amount(&t->nodes[node], r[i].amount.bytes,
		    r[i].amount.allocations, sites[r[i].site].thread);
	}
	free(nodes);
	free(chain);
}

static void
add_rest(struct tree *t, const struct tree_record *r, size_t n)
{
	const struct mt_site *sites;
	struct tree_node *rest;

	if ((t->rest = n) == 0)
		return;
	(void)mt_merge_sites(t->merge, &sites);
	rest = add_node(t, TREE_REST, 0);
	for (size_t i = 0; i < n; i++)
		add_amount(rest, r[i].amount.bytes, r[i].amount.allocations,
		    sites[r[i].site].thread);
}

/* ---- Putting it together --------------------------------------------- */

/* Children come after their parents. */
static void
add_up(struct tree *t)
{
	const struct tree_node *n;

	for (size_t i = t->nnodes; i-- > 1;) {
		n = &t->nodes[i];
		add_amount(&t->nodes[n->parent], n->bytes, n->allocations,
		    n->thread);
	}
}

static int
compare_siblings(const void *va, const void *vb)
{
	const struct tree_order *a = va, *b = vb;
	int c;

	if (a->parent != b->parent)
		return (a->parent < b->parent ? -1 : 1);
	if (a->is_rest != b->is_rest)
		return (a->is_rest ? 1 : -1);
	if (a->bytes != b->bytes)
		return (a->bytes < b->bytes ? 1 : -1);
	if ((c = strcmp(a->function, b->function)) != 0 ||
	    (c = strcmp(a->file, b->file)) != 0)
		return (c);
	return ((a->line > b->line) - (a->line < b->line));
}

static void
link_children(struct tree *t)
{
	struct tree_order *all = fe_alloc(t->nnodes, sizeof(*all), 0), *o;
	struct tree_node *n;

	for (size_t i = 1; i < t->nnodes; i++) {
		n = &t->nodes[i];
		o = &all[i - 1];
		o->node = (uint32_t)i;
		o->parent = n->parent;
		o->bytes = n->bytes;
		o->function = tree_function(t, n);
		o->file = tree_file(t, n);
		o->line = tree_line(t, n);
		o->is_rest = n->kind == TREE_REST;
	}
	qsort(all, t->nnodes - 1, sizeof(*all), compare_siblings);
	for (size_t i = t->nnodes - 1; i-- > 0;) {
		n = &t->nodes[all[i].node];
		n->next = t->nodes[n->parent].first;
		t->nodes[n->parent].first = all[i].node;
	}
	free(all);
}

void
tree_fill(struct tree *t)
{
	struct tree_record *all;
	size_t n, shown, ncalls;

	(void)mt_merge_functions(t->merge, &t->functions);
	(void)mt_merge_places(t->merge, &t->places);
	(void)mt_merge_threads(t->merge, &t->threads);
	ncalls = mt_merge_calls(t->merge, &t->calls);
	all = records(t, &n);
	shown = n < t->biggest ? n : t->biggest;
	(void)add_node(t, TREE_ROOT, TREE_NONE);
	add_biggest(t, all, shown, ncalls);
	add_rest(t, all + shown, n - shown);
	add_up(t);
	link_children(t);
	free(all);
}

void
tree_fini(struct tree *t)
{
	free(t->nodes);
	fe_metas_fini(&t->metas);
	mt_merge_free(t->merge);
}

/* ---- What is known of a node ----------------------------------------- */

uint32_t
tree_next(const struct tree *t, uint32_t node, size_t *depth)
{
	if (t->nodes[node].first != TREE_NONE) {
		++*depth;
		return (t->nodes[node].first);
	}
	while (t->nodes[node].next == TREE_NONE) {
		if (node == 0)
			return (TREE_NONE);
		node = t->nodes[node].parent;
		--*depth;
	}
	return (t->nodes[node].next);
}

const char *
tree_function(const struct tree *t, const struct tree_node *n)
{
	return (n->kind != TREE_CALL ? "" :
	    t->functions[t->places[n->place].function].name);
}

const char *
tree_file(const struct tree *t, const struct tree_node *n)
{
	return (n->kind != TREE_CALL ? "" :
	    t->functions[t->places[n->place].function].file);
}

uint32_t
tree_line(const struct tree *t, const struct tree_node *n)
{
	return (n->kind != TREE_CALL ? 0 : t->places[n->place].line);
}

char *
tree_name(const struct tree *t, const struct tree_node *n)
{
	switch (n->kind) {
	case TREE_ROOT:
		return (fe_strdup("<ROOT>"));
	case TREE_REST:
		return (fe_format("%" PRIu64 " allocation%s from %zu "
		    "location%s below the threshold", n->allocations,
		    n->allocations == 1 ? "" : "s", t->rest,
		    t->rest == 1 ? "" : "s"));
	default:
		return (fe_strdup(tree_function(t, n)));
	}
}

char *
tree_location(const struct tree *t, const struct tree_node *n)
{
	const char *file = tree_file(t, n);
	uint32_t line = tree_line(t, n);

	return (line == 0 ? fe_strdup(file) :
	    fe_format("%s:%" PRIu32, file, line));
}

char *
tree_thread(const struct tree *t, const struct tree_node *n)
{
	const struct mt_thread *thread;

	/* Of nothing, there is no thread. */
	if (n->allocations == 0 && n->bytes == 0)
		return (fe_strdup("none"));
	if (n->thread == TREE_NONE)
		return (fe_strdup("several"));
	thread = &t->threads[n->thread];
	if (*thread->name == '\0')
		return (fe_format("0x%" PRIx64, thread->tid));
	return (fe_format("0x%" PRIx64 " (%s)", thread->tid, thread->name));
}

double
tree_percent(const struct tree *t, const struct tree_node *n)
{
	return (t->nodes[0].bytes == 0 ? 0 :
	    100 * (double)n->bytes / (double)t->nodes[0].bytes);
}
