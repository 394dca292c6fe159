/*
 * A histogram of sizes: exact below 1 KiB, and from there on 64 buckets for
 * every power of two, so that no bucket is wider than a 64th of its sizes.
 */

#ifndef MT_HIST_H
#define MT_HIST_H

#include <stdint.h>

#define MT_HIST_EXACT_BITS	10u
#define MT_HIST_EXACT		(1u << MT_HIST_EXACT_BITS)
#define MT_HIST_SUB_BITS	6u
#define MT_HIST_SUB		(1u << MT_HIST_SUB_BITS)
#define MT_HIST_BUCKETS		(MT_HIST_EXACT + \
				    (64 - MT_HIST_EXACT_BITS) * MT_HIST_SUB)

/* All zeroes is an empty histogram. */
struct mt_hist {
	uint64_t	count[MT_HIST_BUCKETS];
	/* Largest and complement of the smallest size above the exact ones. */
	uint64_t	largest;
	uint64_t	smallest_not;
};

/* Bits that a size has: 0 for 0, and n for 2^(n-1) to 2^n - 1. */
static inline unsigned
mt_hist_bits(uint64_t size)
{
	/* Without a branch, though 0 has no bit that could be found. */
	return (((unsigned)__builtin_clzll(size | 1) ^ 63) + (size > 0));
}

static inline unsigned
mt_hist_bucket(uint64_t size)
{
	unsigned e;

	if (size < MT_HIST_EXACT)
		return ((unsigned)size);
	e = mt_hist_bits(size) - 1;
	return (MT_HIST_EXACT + (e - MT_HIST_EXACT_BITS) * MT_HIST_SUB +
	    ((unsigned)(size >> (e - MT_HIST_SUB_BITS)) & (MT_HIST_SUB - 1)));
}

static inline void
mt_hist_add(struct mt_hist *h, uint64_t size)
{
	if (size < MT_HIST_EXACT) {
		h->count[size]++;
		return;
	}
	h->count[mt_hist_bucket(size)]++;
	if (size > h->largest)
		h->largest = size;
	if (~size > h->smallest_not)
		h->smallest_not = ~size;
}

/* Of the sizes that were added; 0 if there are none. */
static inline uint64_t
mt_hist_smallest(const struct mt_hist *h)
{
	unsigned i;

	for (i = 0; i < MT_HIST_EXACT; i++)
		if (h->count[i] > 0)
			return (i);
	return (h->largest > 0 ? ~h->smallest_not : 0);
}

static inline uint64_t
mt_hist_largest(const struct mt_hist *h)
{
	unsigned i;

	for (i = h->largest > 0 ? 0 : MT_HIST_EXACT; i > 0; i--)
		if (h->count[i - 1] > 0)
			return (i - 1);
	return (h->largest);
}

/* The sizes of a bucket below MT_HIST_BUCKETS: min <= size <= max. */
static inline void
mt_hist_bounds(unsigned bucket, uint64_t *min, uint64_t *max)
{
	unsigned e;

	*min = *max = bucket;
	if (bucket < MT_HIST_EXACT)
		return;
	bucket -= MT_HIST_EXACT;
	e = bucket / MT_HIST_SUB + MT_HIST_EXACT_BITS - MT_HIST_SUB_BITS;
	*min = (uint64_t)(MT_HIST_SUB + bucket % MT_HIST_SUB) << e;
	*max = *min + ((UINT64_C(1) << e) - 1);
}

#endif /* MT_HIST_H */
