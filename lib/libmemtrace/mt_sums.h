/*
 * Sums of allocations and bytes, one for every site and key that occurs: a
 * table to add them up in, and to sort afterwards.
 */

#ifndef MT_SUMS_H
#define MT_SUMS_H

#include <stdbool.h>

#include "mt_hash.h"

#define MT_SUMS_KEY_MAX		0xffffu

struct mt_sum {
	uint32_t	site;
	uint32_t	key;
	uint64_t	allocations;
	uint64_t	bytes;
};

/* All zeroes is an empty table. */
struct mt_sums {
	struct mt_sum	*row;
	uint32_t		 n;
	uint32_t		 cap;
	struct mt_hash		 index;
};

/* False if out of memory. */
bool	mt_sums_add(struct mt_sums *, uint32_t site, uint32_t key,
	    uint64_t allocations, uint64_t bytes);
/* NULL if there is none. */
const struct mt_sum *mt_sums_find(const struct mt_sums *, uint32_t site,
	    uint32_t key);
/*
 * By site, then key.  Afterwards nothing can be found or added until the
 * table was cleared.  False if out of memory.
 */
bool	mt_sums_sort(struct mt_sums *);
void	mt_sums_clear(struct mt_sums *);
void	mt_sums_fini(struct mt_sums *);

#endif /* MT_SUMS_H */
