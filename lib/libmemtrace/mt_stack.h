/*
 * The tree of call stacks.  A node is one call: what called it (the parent),
 * the code called and the instruction it is at.  A stack is the node of its
 * innermost frame.  Equal stacks have equal nodes.
 *
 * One more frame is found without hashing if its caller called the same last
 * time; nodes that were made one after the other are neighbours, so a deep
 * stack that comes again costs hardly a cache miss.  So is a frame in the
 * place of the top one if it came next last time, as it does in loops.  Else
 * it costs one probe of a table that holds the whole key.
 */

#ifndef MT_STACK_H
#define MT_STACK_H

#include <stdbool.h>

#include "memtrace.h"
#include "mt_hash.h"

#define MT_STACK_NONE	UINT32_MAX

struct mt_stack_node {
	struct mt_node	key;
	uint32_t	child;		/* found last; 0 if there is none */
	uint32_t	next;		/* likewise, beside it: same parent */
};

struct mt_stack_slot {
	struct mt_node	key;
	uint32_t	id;		/* 0 in an empty slot: the root */
};

struct mt_stack {
	struct mt_stack_node	*node;	/* by id; [0] is the root */
	uint32_t		 count;
	uint32_t		 cap;
	uint32_t		 mask;	/* number of slots minus one */
	struct mt_stack_slot	*slot;
	uint64_t		 secret;
	struct mt_budget	*budget;	/* NULL after mt_stack_init */
};

/* A tree of a root only; false if out of memory. */
bool		mt_stack_init(struct mt_stack *);
void		mt_stack_fini(struct mt_stack *);

/* Slow half of mt_stack_child(): not the call of last time. */
uint32_t	mt_stack_find(struct mt_stack *, uint32_t parent,
		    uint32_t code, int32_t offset);

/*
 * The node of a call from the stack parent, which is a node of the tree;
 * MT_STACK_NONE if out of memory.
 */
static inline uint32_t
mt_stack_child(struct mt_stack *s, uint32_t parent, uint32_t code,
    int32_t offset)
{
	const struct mt_stack_node *n;
	uint32_t id;

	id = s->node[parent].child;
	n = &s->node[id];
	if (id != 0 && n->key.code == code && n->key.offset == offset)
		return (id);
	return (mt_stack_find(s, parent, code, offset));
}

/* Slow half of mt_stack_beside(): it did not come next last time. */
uint32_t	mt_stack_find_beside(struct mt_stack *, uint32_t id,
		    uint32_t code, int32_t offset);

/*
 * The node of a call from the same caller as that of the node id, which is
 * not the root; MT_STACK_NONE if out of memory.
 */
static inline uint32_t
mt_stack_beside(struct mt_stack *s, uint32_t id, uint32_t code,
    int32_t offset)
{
	const struct mt_stack_node *n;
	uint32_t next;

	next = s->node[id].next;
	n = &s->node[next];
	if (next != 0 && n->key.offset == offset && n->key.code == code)
		return (next);
	return (mt_stack_find_beside(s, id, code, offset));
}

#endif /* MT_STACK_H */
