/*
 * The live blocks of a program, by address: what malloc(3) and its kin gave
 * out and did not get back.  One probe finds, adds or removes a block; a
 * removed block leaves no tombstone, so the table is as fast after a million
 * hours as at its start.  When the table has to grow, its blocks move to the
 * larger one a few at a time with the calls that follow.
 */

#ifndef MT_LIVE_H
#define MT_LIVE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "mt_budget.h"
#include "mt_secret.h"

#define MT_LIVE_MAX_NUMBER	UINT64_C(0xffffffffffff)

/* A block as callers see it. */
struct mt_block {
	uint64_t	addr;
	uint64_t	size;
	uint64_t	number;		/* of the allocation, 48 bits */
	uint32_t	site;		/* below UINT32_MAX */
	uint16_t	order;		/* low bits, within its thread */
};

/* 24 bytes; every byte here is paid for each block that is alive. */
struct mt_live_slot {
	uint64_t	addr;
	uint32_t	size;		/* MT_LIVE_BIG: see struct mt_live */
	uint32_t	site_plus1;	/* 0 in an empty slot */
	uint64_t	made;		/* number << 16 | order */
};
#define MT_LIVE_BIG	UINT32_MAX

struct mt_live_table {
	struct mt_live_slot	*slot;
	struct mt_live_slot	*end;	/* behind the last slot */
	size_t			 slots;	/* any number, below 2^32 */
	size_t			 used;
	uint64_t		 ratio;	/* mt_secret_ratio() */
};

struct mt_live {
	struct mt_live_table	 cur;
	/* What is still to be moved; no slots when nothing is. */
	struct mt_live_table	 old;
	struct mt_live_slot	*next;	/* of old, to be moved */
	/* Blocks that fit; 0 also while there is something to be moved. */
	size_t			 room;
	/*
	 * Sizes that a slot has no room for, by address; here they are kept
	 * as number and order.  NULL if there never was one.
	 */
	struct mt_live		*big;
	struct mt_budget	*budget;
};

/* All zeroes is an empty table, which is charged to nobody. */
void	mt_live_fini(struct mt_live *);

enum mt_live_put {
	MT_LIVE_NOMEM,
	MT_LIVE_ADDED,
	MT_LIVE_REPLACED	/* *old is the block that was at the address */
};

/* The general forms of what is below. */
enum mt_live_put mt_live_put_slow(struct mt_live *, const struct mt_block *,
	    struct mt_block *old);
bool	mt_live_take_slow(struct mt_live *, uint64_t addr,
	    struct mt_block *);
void	mt_live_close_gap(struct mt_live_table *, struct mt_live_slot *);
/* The size of a block that is gone from its slot. */
uint64_t mt_live_take_big(struct mt_live *, uint64_t addr);

/*
 * The blocks, in no particular order: *pos is 0 at first, and false says
 * that there are no more.  Nothing may change meanwhile.
 */
bool	mt_live_each(const struct mt_live *, size_t *pos, struct mt_block *);

/*
 * Multiplying by a number like the golden ratio spreads both heaps of equal
 * blocks and random addresses.  It is the ratio for each 16 bytes, of which
 * nearly all addresses are multiples: were it that for each byte, 16 times it
 * would be close to a fraction of small numbers, and blocks in a row would
 * crowd in a few places.  It is a secret, so that addresses cannot be chosen
 * that crowd.  Taking the slot from the top 32 bits by another multiplication
 * lets the table have any number of slots.
 */
static inline struct mt_live_slot *
mt_live_home(const struct mt_live_table *t, uint64_t addr)
{
	return (&t->slot[((addr * t->ratio) >> 32) *
	    t->slots >> 32]);
}

static inline struct mt_live_slot *
mt_live_next(const struct mt_live_table *t, struct mt_live_slot *b)
{
	return (b + 1 == t->end ? t->slot : b + 1);
}

/* The slot of addr, or the empty one where it belongs; b is its home. */
static inline struct mt_live_slot *
mt_live_find_from(const struct mt_live_table *t, struct mt_live_slot *b,
    uint64_t addr)
{
	while (b->addr != addr && b->site_plus1 != 0)
		b = mt_live_next(t, b);
	return (b);
}

static inline struct mt_live_slot *
mt_live_find(const struct mt_live_table *t, uint64_t addr)
{
	return (mt_live_find_from(t, mt_live_home(t, addr), addr));
}

static inline void
mt_live_pack(struct mt_live_slot *s, const struct mt_block *b)
{
	s->addr = b->addr;
	s->size = b->size < MT_LIVE_BIG ? (uint32_t)b->size : MT_LIVE_BIG;
	s->site_plus1 = b->site + 1;
	s->made = b->number << 16 | b->order;
}

/* All but the size of a big block. */
static inline void
mt_live_unpack(const struct mt_live_slot *s, struct mt_block *b)
{
	b->addr = s->addr;
	b->size = s->size;
	b->number = s->made >> 16;
	b->site = s->site_plus1 - 1;
	b->order = (uint16_t)s->made;
}

/* A block that is being taken out, or replaced, from its slot. */
static inline void
mt_live_out(struct mt_live *l, const struct mt_live_slot *s,
    struct mt_block *b)
{
	mt_live_unpack(s, b);
	if (b->size == MT_LIVE_BIG)
		b->size = mt_live_take_big(l, b->addr);
}

/*
 * For those who do not have the time for the general functions below: while
 * nothing is moved and there is room, they may work on slots.
 */
static inline bool
mt_live_is_usual(const struct mt_live *l)
{
	return (l->room > 0);
}

/* An empty slot was filled with a block that is not a big one. */
static inline void
mt_live_added(struct mt_live *l)
{
	l->cur.used++;
	l->room--;
}

/* Empty the slot of a block that is not a big one. */
static inline void
mt_live_remove(struct mt_live *l, struct mt_live_slot *s)
{
	/* An empty slot keeps its address, which does not matter. */
	s->site_plus1 = 0;
	l->cur.used--;
	l->room++;
	if (mt_live_next(&l->cur, s)->site_plus1 != 0)
		mt_live_close_gap(&l->cur, s);
}

static inline enum mt_live_put
mt_live_put(struct mt_live *l, const struct mt_block *new,
    struct mt_block *old)
{
	struct mt_live_slot *s;

	if (!mt_live_is_usual(l) || new->size >= MT_LIVE_BIG)
		return (mt_live_put_slow(l, new, old));
	s = mt_live_find(&l->cur, new->addr);
	if (s->site_plus1 != 0) {
		mt_live_out(l, s, old);
		mt_live_pack(s, new);
		return (MT_LIVE_REPLACED);
	}
	mt_live_pack(s, new);
	mt_live_added(l);
	return (MT_LIVE_ADDED);
}

/* Remove the block at addr; false if there is none. */
static inline bool
mt_live_take(struct mt_live *l, uint64_t addr, struct mt_block *out)
{
	struct mt_live_slot *s;

	if (!mt_live_is_usual(l))
		return (mt_live_take_slow(l, addr, out));
	s = mt_live_find(&l->cur, addr);
	if (s->site_plus1 == 0)
		return (false);
	mt_live_out(l, s, out);
	mt_live_remove(l, s);
	return (true);
}

/*
 * This address will be looked for soon.  Functions that only prefetch must
 * not be left to the compiler: gcc takes them for free of effects, and calls
 * of them for superfluous.
 */
__attribute__((__always_inline__)) static inline void
mt_live_prefetch(const struct mt_live *l, uint64_t addr)
{
	if (l->cur.slots > 0)
		__builtin_prefetch(mt_live_home(&l->cur, addr), 1);
}

/* The site of addr plus one, or 0 if it is not seen at once. */
static inline uint32_t
mt_live_guess(const struct mt_live *l, uint64_t addr)
{
	const struct mt_live_slot *b;

	if (l->cur.slots == 0)
		return (0);
	b = mt_live_home(&l->cur, addr);
	return (b->addr == addr ? b->site_plus1 : 0);
}

#endif /* MT_LIVE_H */
