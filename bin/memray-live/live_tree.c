/* The stacks of one process. */

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <fe_alloc.h>

#include "live_tree.h"

/* Functions whose name is told by the place of the call, in a module. */
#define FUNC_BY_PLACE	UINT32_MAX

void
live_tree_init(struct live_tree *t)
{
	memset(t, 0, sizeof(*t));
}

void
live_tree_fini(struct live_tree *t)
{
	free(t->node);
	free(t->func_of);
}

static void
update_codes(struct live_tree *t, struct live_funcs *f,
    const struct mt_code *code, size_t n)
{
	const struct mt_code *c;

	for (; t->ncodes < n; t->ncodes++) {
		c = &code[t->ncodes];
		t->func_of = fe_grow(t->func_of, t->ncodes,
		    sizeof(*t->func_of), &t->code_cap);
		t->func_of[t->ncodes] = *c->function == '\0' ? FUNC_BY_PLACE :
		    live_funcs_get(f, c->function, c->file);
	}
}

static uint32_t
func_of(const struct live_tree *t, struct live_funcs *f,
    const struct mt_code *code, const struct mt_node *node)
{
	char name[16];

	if (t->func_of[node->code] != FUNC_BY_PLACE)
		return (t->func_of[node->code]);
	(void)snprintf(name, sizeof(name), "0x%" PRIx32,
	    (uint32_t)node->offset);
	return (live_funcs_get(f, name, code[node->code].file));
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

void
live_tree_update(struct live_tree *t, struct live_funcs *f,
    const struct mt_capture *c)
{
	const struct mt_code *code;
	const struct mt_node *node;
	struct live_node *l;
	size_t n;

	n = mt_capture_codes(c, &code);
	update_codes(t, f, code, n);
	n = mt_capture_nodes(c, &node);
	for (; t->n < n; t->n++) {
		t->node = fe_grow(t->node, t->n, sizeof(*t->node), &t->cap);
		l = &t->node[t->n];
		memset(l, 0, sizeof(*l));
		if (t->n == 0)
			continue;
		l->parent = node[t->n].parent;
		l->func = func_of(t, f, code, &node[t->n]);
		l->again = is_above(t, l->parent, l->func);
	}
}
