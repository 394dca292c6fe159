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

#define MT_LIVE_MAX_SIZE	UINT64_C(0xffffffffffff)
#define MT_LIVE_MAX_NUMBER	UINT64_C(0xffffffffffff)

/* 24 bytes; every byte here is paid for each block that is alive. */
struct mt_block {
	uint64_t	addr;
	uint64_t	size : 48;
	uint64_t	number_low : 16;	/* of the allocation */
	uint32_t	number_high;
	uint32_t	site_plus1;		/* 0 in an empty slot */
};

struct mt_live_table {
	struct mt_block	*slot;
	struct mt_block	*end;		/* behind the last slot */
	size_t		 slots;		/* any number, below 2^32 */
	size_t		 used;
};

struct mt_live {
	struct mt_live_table	cur;
	/* What is still to be moved; no slots when nothing is. */
	struct mt_live_table	old;
	struct mt_block		*next;	/* of old, to be moved */
	/* Blocks that fit; 0 also while there is something to be moved. */
	size_t			room;
};

/* All zeroes is an empty table. */
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
void	mt_live_close_gap(struct mt_live_table *, struct mt_block *);

static inline uint64_t
mt_block_number(const struct mt_block *b)
{
	return ((uint64_t)b->number_high << 16 | b->number_low);
}

/*
 * Multiplying by the golden ratio spreads both heaps of equal blocks and
 * random addresses; taking the slot from the top 32 bits by another
 * multiplication lets the table have any number of slots.
 */
static inline struct mt_block *
mt_live_home(const struct mt_live_table *t, uint64_t addr)
{
	return (&t->slot[((addr * 0x9e3779b97f4a7c15ull) >> 32) *
	    t->slots >> 32]);
}

static inline struct mt_block *
mt_live_next(const struct mt_live_table *t, struct mt_block *b)
{
	return (b + 1 == t->end ? t->slot : b + 1);
}

/* The slot of addr, or the empty one where it belongs. */
static inline struct mt_block *
mt_live_find(const struct mt_live_table *t, uint64_t addr)
{
	struct mt_block *b;

	b = mt_live_home(t, addr);
	while (b->addr != addr && b->site_plus1 != 0)
		b = mt_live_next(t, b);
	return (b);
}

/* Size and number are within the limits above. */
static inline enum mt_live_put
mt_live_put(struct mt_live *l, uint64_t addr, uint64_t size, uint64_t number,
    uint32_t site, struct mt_block *old)
{
	struct mt_block *b, new;

	new.addr = addr;
	new.size = size & MT_LIVE_MAX_SIZE;
	new.number_low = number & 0xffff;
	new.number_high = (uint32_t)(number >> 16);
	new.site_plus1 = site + 1;
	if (l->room == 0)
		return (mt_live_put_slow(l, &new, old));
	b = mt_live_find(&l->cur, addr);
	if (b->site_plus1 != 0) {
		*old = *b;
		*b = new;
		return (MT_LIVE_REPLACED);
	}
	*b = new;
	l->cur.used++;
	l->room--;
	return (MT_LIVE_ADDED);
}

/* Remove the block at addr; false if there is none. */
static inline bool
mt_live_take(struct mt_live *l, uint64_t addr, struct mt_block *out)
{
	struct mt_block *b;

	if (l->room == 0)
		return (mt_live_take_slow(l, addr, out));
	b = mt_live_find(&l->cur, addr);
	if (b->site_plus1 == 0)
		return (false);
	*out = *b;
	/* An empty slot keeps its address, which does not matter. */
	b->site_plus1 = 0;
	l->cur.used--;
	l->room++;
	if (mt_live_next(&l->cur, b)->site_plus1 != 0)
		mt_live_close_gap(&l->cur, b);
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
	const struct mt_block *b;

	if (l->cur.slots == 0)
		return (0);
	b = mt_live_home(&l->cur, addr);
	return (b->addr == addr ? b->site_plus1 : 0);
}

#endif /* MT_LIVE_H */
