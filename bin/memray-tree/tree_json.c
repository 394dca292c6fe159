/*
 * The tree as JSON.  Stacks may be deeper than what reads JSON can follow, so
 * it is a list of nodes that name their parents.
 */

#include <stdlib.h>

#include <fe_alloc.h>
#include <fe_json.h>

#include "tree.h"

static void
put_thread(struct fe_json *j, const struct tree *t, const struct tree_node *n)
{
	const struct mt_thread *thread;

	if ((n->allocations == 0 && n->bytes == 0) ||
	    n->thread == TREE_NONE) {
		fe_json_null(j);
		return;
	}
	thread = &t->threads[n->thread];
	fe_json_object(j);
	fe_json_key(j, "tid");
	fe_json_uint(j, thread->tid);
	fe_json_key(j, "name");
	fe_json_string(j, thread->name);
	fe_json_end(j);
}

/* Nodes are numbered in the order in which they are written. */
static void
put_node(struct fe_json *j, const struct tree *t, const struct tree_node *n,
    const uint32_t *number, size_t depth)
{
	fe_json_object(j);
	fe_json_key(j, "id");
	fe_json_uint(j, number[n - t->nodes]);
	fe_json_key(j, "parent");
	if (n->kind == TREE_ROOT)
		fe_json_null(j);
	else
		fe_json_uint(j, number[n->parent]);
	fe_json_key(j, "depth");
	fe_json_uint(j, depth);
	fe_json_key(j, "function");
	fe_json_string(j, n->kind == TREE_CALL ? tree_function(t, n) : NULL);
	fe_json_key(j, "file");
	fe_json_string(j, n->kind == TREE_CALL ? tree_file(t, n) : NULL);
	fe_json_key(j, "line");
	fe_json_uint(j, tree_line(t, n));
	fe_json_key(j, "bytes");
	fe_json_uint(j, n->bytes);
	fe_json_key(j, "percent");
	fe_json_decimal(j, tree_percent(t, n));
	fe_json_key(j, "allocations");
	fe_json_uint(j, n->allocations);
	fe_json_key(j, "thread");
	put_thread(j, t, n);
	fe_json_key(j, "import_system");
	fe_json_bool(j, n->is_import);
	fe_json_key(j, "interesting");
	fe_json_bool(j, !n->is_boring);
	fe_json_end(j);
}

/* What was not big enough, which is no node here. */
static void
put_rest(struct fe_json *j, const struct tree *t)
{
	const struct tree_node *rest = NULL;

	for (uint32_t i = t->nodes[0].first; i != TREE_NONE;
	    i = t->nodes[i].next)
		if (t->nodes[i].kind == TREE_REST)
			rest = &t->nodes[i];
	fe_json_object(j);
	fe_json_key(j, "locations");
	fe_json_uint(j, t->rest);
	fe_json_key(j, "allocations");
	fe_json_uint(j, rest == NULL ? 0 : rest->allocations);
	fe_json_key(j, "bytes");
	fe_json_uint(j, rest == NULL ? 0 : rest->bytes);
	fe_json_end(j);
}

void
tree_json(const struct tree *t, FILE *out)
{
	uint32_t *number = fe_alloc(t->nnodes, sizeof(*number), 0);
	struct fe_json *j = fe_alloc(1, sizeof(*j), 0);
	uint32_t n = 0;
	size_t depth = 0;

	fe_json_init(j, out, 2);
	fe_json_object(j);
	fe_json_key(j, "metadata");
	fe_metas_json(&t->metas, j);
	fe_json_key(j, "below_threshold");
	put_rest(j, t);
	fe_json_key(j, "nodes");
	fe_json_array(j);
	for (uint32_t i = 0; i != TREE_NONE; i = tree_next(t, i, &depth)) {
		if (t->nodes[i].kind == TREE_REST)
			continue;
		number[i] = n++;
		put_node(j, t, &t->nodes[i], number, depth);
	}
	fe_json_end(j);
	fe_json_end(j);
	free(number);
	free(j);
}
