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
	size_t		 slots;		/* any number, below 2^32 */
	size_t		 used;
};

struct mt_live {
	struct mt_live_table	cur;
	/* What is still to be moved; no slots when nothing is. */
	struct mt_live_table	old;
	size_t			old_pos;	/* next slot to move */
};

/* All zeroes is an empty table. */
void	mt_live_fini(struct mt_live *);

enum mt_live_put {
	MT_LIVE_NOMEM,
	MT_LIVE_ADDED,
	MT_LIVE_REPLACED	/* *old is the block that was at the address */
};

/* Size and number are within the limits above. */
enum mt_live_put mt_live_put(struct mt_live *, uint64_t addr, uint64_t size,
	    uint64_t number, uint32_t site, struct mt_block *old);
/* Remove the block at addr; false if there is none. */
bool	mt_live_take(struct mt_live *, uint64_t addr, struct mt_block *);

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
static inline size_t
mt_live_home(const struct mt_live_table *t, uint64_t addr)
{
	return ((size_t)(((addr * 0x9e3779b97f4a7c15ull) >> 32) *
	    t->slots >> 32));
}

/* This address will be looked for soon. */
static inline void
mt_live_prefetch(const struct mt_live *l, uint64_t addr)
{
	if (l->cur.slots > 0)
		__builtin_prefetch(&l->cur.slot[mt_live_home(&l->cur, addr)],
		    1);
	if (l->old.slots > 0)
		__builtin_prefetch(&l->old.slot[mt_live_home(&l->old, addr)],
		    1);
}

#endif /* MT_LIVE_H */
