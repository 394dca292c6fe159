/*
 * What the golden captures of format 1.1 have besides that of 1.0: the tables
 * that belong to the events of golden.h, worked out apart from the library.
 */

#ifndef GOLDEN11_H
#define GOLDEN11_H

#include "golden.h"

/* Sites by their indexes in golden_sites. */
static const struct mt_temporary golden_temporary[] = {
	{ 0, 0, 1, 64 },
	{ 1, 1, 1, 24 },
	{ 2, 1, 1, 48 },
	{ 11, 0, 1, 512 },
	{ 12, 1, 1, 497 }
};

#define GOLDEN_SMALLEST	0u
#define GOLDEN_LARGEST	5000000000u

/* Numbers of the buckets of memtrace(5), and what is in them. */
static const struct {
	unsigned	bucket;
	uint64_t	allocations;
	uint64_t	smallest;
	uint64_t	largest;
} golden_buckets[] = {
	{ 0, 1, 0, 0 },
	{ 1, 1, 1, 1 },
	{ 24, 2, 24, 24 },
	{ 33, 1, 33, 33 },
	{ 48, 1, 48, 48 },
	{ 64, 1, 64, 64 },
	{ 75, 1, 75, 75 },
	{ 100, 2, 100, 100 },
	{ 497, 1, 497, 497 },
	{ 512, 1, 512, 512 },
	{ 513, 1, 513, 513 },
	{ 520, 1, 520, 520 },
	{ 1024, 2, 1024, 1039 },
	{ 1152, 1, 4096, 4159 },
	{ 1408, 1, 65536, 66559 },
	{ 2442, 1, 4966055936, 5033164799 }
};

static const struct mt_site_bits golden_bits[] = {
	{ 0, 7, 2 },
	{ 1, 5, 1 },
	{ 2, 6, 1 },
	{ 3, 5, 1 },
	{ 4, 17, 1 },
	{ 5, 1, 1 },
	{ 6, 6, 1 },
	{ 7, 7, 1 },
	{ 8, 33, 1 },
	{ 9, 10, 1 },
	{ 9, 11, 1 },
	{ 10, 10, 1 },
	{ 11, 10, 1 },
	{ 12, 0, 1 },
	{ 12, 9, 1 },
	{ 13, 7, 1 },
	{ 14, 13, 1 },
	{ 15, 11, 1 }
};

#define GOLDEN_INTERVAL_NS	10000000u
#define GOLDEN_INTERVALS	101u

/* In the order of the column `to'. */
static const struct mt_lifetime golden_lifetimes[] = {
	{ 0, 0, 90, 1, 100 },
	{ 9, 90, 99, 1, 1033 },
	{ 4, 0, 100, 0, 4096 },
	{ 10, 90, 100, 1, 520 },
	{ 3, 0, MT_NEVER, 1, 24 },
	{ 4, 0, MT_NEVER, 1, 53248 },
	{ 5, 0, MT_NEVER, 1, 1 },
	{ 6, 0, MT_NEVER, 1, 33 },
	{ 7, 0, MT_NEVER, 1, 75 },
	{ 12, 90, MT_NEVER, 1, 0 },
	{ 13, 99, MT_NEVER, 1, 100 },
	{ 14, 100, MT_NEVER, 1, 4096 },
	{ 15, 100, MT_NEVER, 1, 1024 }
};

/*
 * Checkpoints: sites 1 to 13 are in the first one, and those that change
 * afterwards, or had other things live at the high-water mark than at the
 * first checkpoint, are in the second, with 0, 14 and 15.  Ids are indexes.
 */
#define GOLDEN_STAMP_FIRST	3u
#define GOLDEN_STAMP_LAST	7u
#define GOLDEN_CHANGES_FIRST	0x3ffeu
#define GOLDEN_CHANGES_LAST	0xf111u

#endif /* GOLDEN11_H */
