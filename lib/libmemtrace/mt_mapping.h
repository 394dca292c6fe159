/*
 * Live memory mappings: ranges of addresses that do not overlap, in order.
 * The program may unmap any part of them, so a mapping can lose its ends or
 * its middle; it is gone when its last piece is.
 */

#ifndef MT_MAPPING_H
#define MT_MAPPING_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "mt_budget.h"

struct mt_mapping_chunk;

/* A few ranges that are neighbours. */
struct mt_mapping_dir {
	uint64_t		 start;	/* of the first range */
	struct mt_mapping_chunk	*chunk;
};

/* The allocation that a range is a piece of. */
struct mt_mapping_origin {
	uint32_t	site;
	uint32_t	pieces;		/* 0: unused, site is the next one */
	uint64_t	number;		/* of the allocation */
	uint64_t	order;		/* the same, within its thread */
	uint64_t	size;
	uint64_t	left;		/* bytes that are still mapped */
};

/* All zeroes is an empty set, which is charged to nobody. */
struct mt_mapping {
	struct mt_mapping_dir		*dir;	/* in ascending order */
	size_t				 ndir;
	size_t				 cap;
	struct mt_mapping_origin	*origin;
	uint32_t			 norigin;
	uint32_t			 origin_cap;
	uint32_t			 origin_free;	/* plus one */
	struct mt_budget		*budget;
};

/* A piece that was removed. */
struct mt_mapping_cut {
	uint32_t	site;
	uint64_t	number;
	uint64_t	order;
	uint64_t	bytes;
	bool		last;		/* and nothing is left of the mapping */
	bool		whole;		/* and it was never cut before */
};

/*
 * Add [start, end), which is not empty and overlaps no other range.  Of the
 * origin, site, number and order are the caller's.
 */
bool		mt_mapping_put(struct mt_mapping *, uint64_t start,
		    uint64_t end, const struct mt_mapping_origin *);
/*
 * Remove the first piece that lies in [start, end): MT_OK, or MT_END when
 * there is none, or MT_ERR_NOMEM when the rest of a split has no room.
 */
enum mt_status	mt_mapping_cut(struct mt_mapping *, uint64_t start,
		    uint64_t end, struct mt_mapping_cut *);
/* The mapping *pos or the next one there is; NULL: there are no more. */
const struct mt_mapping_origin *mt_mapping_each(const struct mt_mapping *,
		    uint32_t *pos);
void		mt_mapping_fini(struct mt_mapping *);

#endif /* MT_MAPPING_H */
