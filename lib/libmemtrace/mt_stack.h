/*
 * The tree of call stacks.  A node is one call: what called it (the parent),
 * the code called and the instruction it is at.  A stack is the node of its
 * innermost frame.  Equal stacks have equal nodes, and looking one more
 * frame up costs one probe of a table that holds the whole key.
 */

#ifndef MT_STACK_H
#define MT_STACK_H

#include <stdbool.h>

#include "memtrace.h"
#include "mt_hash.h"

#define MT_STACK_NONE	UINT32_MAX

struct mt_stack_slot {
	struct mt_node	key;
	uint32_t	id;		/* 0 in an empty slot: the root */
};

struct mt_stack {
	struct mt_node		*node;	/* by id; [0] is the root */
	uint32_t		 count;
	uint32_t		 cap;
	uint32_t		 mask;	/* number of slots minus one */
	struct mt_stack_slot	*slot;
};

/* A tree of a root only; false if out of memory. */
bool		mt_stack_init(struct mt_stack *);
void		mt_stack_fini(struct mt_stack *);

/* Slow half of mt_stack_child(): a call that was not seen before. */
uint32_t	mt_stack_add(struct mt_stack *, uint32_t parent, uint32_t code,
		    int32_t offset);

static inline uint32_t
mt_stack_home(const struct mt_stack *s, uint32_t parent, uint32_t code,
    int32_t offset)
{
	uint64_t x;

	x = ((uint64_t)parent << 32 | code) ^
	    (uint64_t)(uint32_t)offset << 20;
	return ((uint32_t)mt_hash_mix(x) & s->mask);
}

/*
 * The node of a call from the stack parent, which is a node of the tree;
 * MT_STACK_NONE if out of memory.
 */
static inline uint32_t
mt_stack_child(struct mt_stack *s, uint32_t parent, uint32_t code,
    int32_t offset)
{
	const struct mt_stack_slot *p;
	uint32_t i;

	i = mt_stack_home(s, parent, code, offset);
	for (;; i = (i + 1) & s->mask) {
		p = &s->slot[i];
		if (p->id == 0)
			return (mt_stack_add(s, parent, code, offset));
		if (p->key.parent == parent && p->key.code == code &&
		    p->key.offset == offset)
			return (p->id);
	}
}

#endif /* MT_STACK_H */
