/* The tree of call stacks. */

#include <stdlib.h>
#include <string.h>

#include "mt_stack.h"

#define STACK_MIN_NODES	1024u
#define STACK_MAX_NODES	(UINT32_C(1) << 30)

static uint32_t
stack_home(const struct mt_stack *s, uint32_t parent, uint32_t code,
    int32_t offset)
{
	uint64_t x;

	x = mt_secret_fold((uint64_t)parent << 32 | code, s->secret) ^
	    (uint32_t)offset;
	return ((uint32_t)mt_secret_fold(x, s->secret) & s->mask);
}

static void
stack_index(struct mt_stack *s, uint32_t id)
{
	const struct mt_node *n;
	uint32_t i;

	n = &s->node[id].key;
	i = stack_home(s, n->parent, n->code, n->offset);
	while (s->slot[i].id != 0)
		i = (i + 1) & s->mask;
	s->slot[i].key = *n;
	s->slot[i].id = id;
}

static size_t
stack_bytes(size_t cap)
{
	return (cap * (sizeof(struct mt_stack_node) +
	    2 * sizeof(struct mt_stack_slot)));
}

/* Two slots a node: probes stay short, and a slot is 16 bytes only. */
static bool
stack_grow(struct mt_stack *s, uint32_t cap)
{
	struct mt_stack_slot *slot;
	struct mt_stack_node *node;
	uint32_t id;

	if (cap > STACK_MAX_NODES)
		return (false);
	if (!mt_budget_take(s->budget, stack_bytes(cap)))
		return (false);
	node = realloc(s->node, cap * sizeof(*node));
	if (node != NULL)
		s->node = node;
	slot = calloc((size_t)cap * 2, sizeof(*slot));
	if (node == NULL || slot == NULL) {
		free(slot);
		mt_budget_give(s->budget, stack_bytes(cap));
		return (false);
	}
	free(s->slot);
	mt_budget_give(s->budget, stack_bytes(s->cap));
	s->slot = slot;
	s->mask = cap * 2 - 1;
	s->cap = cap;
	for (id = 1; id < s->count; id++)
		stack_index(s, id);
	return (true);
}

bool
mt_stack_init(struct mt_stack *s)
{
	memset(s, 0, sizeof(*s));
	s->secret = mt_secret();
	if (!stack_grow(s, STACK_MIN_NODES)) {
		mt_stack_fini(s);
		return (false);
	}
	memset(&s->node[0], 0, sizeof(s->node[0]));
	s->count = 1;
	return (true);
}

void
mt_stack_fini(struct mt_stack *s)
{
	free(s->node);
	free(s->slot);
	mt_budget_give(s->budget, stack_bytes(s->cap));
	memset(s, 0, sizeof(*s));
}

static uint32_t
stack_add(struct mt_stack *s, uint32_t parent, uint32_t code, int32_t offset)
{
	struct mt_stack_node *n;

	if (s->count == s->cap && !stack_grow(s, s->cap * 2))
		return (MT_STACK_NONE);
	n = &s->node[s->count];
	n->key.parent = parent;
	n->key.code = code;
	n->key.offset = offset;
	n->child = n->next = 0;
	stack_index(s, s->count);
	return (s->count++);
}

uint32_t
mt_stack_find(struct mt_stack *s, uint32_t parent, uint32_t code,
    int32_t offset)
{
	const struct mt_stack_slot *p;
	uint32_t i, id;

	i = stack_home(s, parent, code, offset);
	for (p = &s->slot[i]; p->id != 0; p = &s->slot[i]) {
		if (p->key.parent == parent && p->key.code == code &&
		    p->key.offset == offset)
			break;
		i = (i + 1) & s->mask;
	}
	id = p->id != 0 ? p->id : stack_add(s, parent, code, offset);
	if (id != MT_STACK_NONE)
		s->node[parent].child = id;
	return (id);
}

uint32_t
mt_stack_find_beside(struct mt_stack *s, uint32_t id, uint32_t code,
    int32_t offset)
{
	uint32_t next;

	next = mt_stack_find(s, s->node[id].key.parent, code, offset);
	if (next != MT_STACK_NONE)
		s->node[id].next = next;
	return (next);
}
