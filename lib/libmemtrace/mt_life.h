/*
 * Lifetimes: of every site, how many blocks were allocated in one interval
 * of time and freed in a later one.  What is freed within its own interval
 * leaves no trace, which is nearly all there is.  When there are too many
 * intervals or rows, two intervals become one, and rows that have become
 * such within one interval are gone.
 *
 * Rows of the current interval are in a small table; when it is over they
 * are sorted and put away, a few bytes each.
 */

#ifndef MT_LIFE_H
#define MT_LIFE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "mt_sums.h"

#define MT_LIFE_INTERVALS	512u
#define MT_LIFE_WIDTH_NS	UINT64_C(10000000)	/* at first */
#define MT_LIFE_ROWS		(1u << 20)

/* Sorted rows of blocks that were freed in one interval, encoded. */
struct mt_life_done {
	uint8_t		*data;
	size_t		 len;
	uint32_t	 rows;
};

/* All zeroes has seen nothing. */
struct mt_life {
	uint64_t		 since;	/* number of the current interval's
					   first allocation */
	uint64_t		 until_ns; /* the current interval's end */
	uint32_t		 cur;
	unsigned		 doublings;	/* of the width */
	uint64_t		 first[MT_LIFE_INTERVALS];
	struct mt_sums		 set;
	struct mt_life_done	 done[MT_LIFE_INTERVALS];
	uint64_t		 rows;	/* that are done */
	uint64_t		 bytes;	/* that they take */
	bool			 failed;	/* out of memory: no more use */
};

void	mt_life_fini(struct mt_life *);

/* The general forms of what is below. */
void	mt_life_advance(struct mt_life *, uint64_t now_ns, uint64_t number);
void	mt_life_add(struct mt_life *, uint32_t site, uint64_t number,
	    uint64_t allocations, uint64_t bytes);

/* Halve the number of intervals, which is more than 1. */
void	mt_life_double(struct mt_life *);
/* The interval in which an allocation was made. */
uint32_t mt_life_interval(const struct mt_life *, uint64_t number);

/* Reads the rows of one interval. */
struct mt_life_reader {
	const uint8_t	*p;
	uint32_t	 left;
	uint32_t	 to;
	uint32_t	 site;		/* of the last row */
};

/* Put the rows of the current interval with those that are done. */
void	mt_life_close(struct mt_life *);
void	mt_life_read(const struct mt_life *, uint32_t to,
	    struct mt_life_reader *);
/* The key is the interval of the allocation. */
bool	mt_life_next(struct mt_life_reader *, struct mt_sum *);

static inline uint64_t
mt_life_width(const struct mt_life *l)
{
	return (MT_LIFE_WIDTH_NS << l->doublings);
}

/* It is that late, and the next allocation has this number. */
static inline void
mt_life_time(struct mt_life *l, uint64_t now_ns, uint64_t number)
{
	if (now_ns >= l->until_ns)
		mt_life_advance(l, now_ns, number);
}

/* A block, or a part of a mapping, of this allocation is gone. */
static inline void
mt_life_gone(struct mt_life *l, uint32_t site, uint64_t number,
    uint64_t allocations, uint64_t bytes)
{
	if (number < l->since)
		mt_life_add(l, site, number, allocations, bytes);
}

#endif /* MT_LIFE_H */
