/*
 * How large allocations are: bins of equal width on a logarithmic scale, from
 * the smallest size that is not 0 to the largest.  Bounds and the bin of a
 * size are worked out as memray does it, so that equal sizes give equal bins.
 */

#ifndef STATS_SIZES_H
#define STATS_SIZES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <memtrace.h>

#define STATS_BINS	10

struct stats_size {
	uint64_t	size;
	uint64_t	count;		/* 0 in an empty slot */
};

/* All zeroes is an empty set. */
struct stats_sizes {
	struct stats_size	*slot;
	size_t			 mask;	/* slots minus one */
	size_t			 used;
	uint64_t		 secret;	/* sizes come from anybody */
};

struct stats_bin {
	uint64_t	min;
	uint64_t	end;		/* only the last bin includes it */
	uint64_t	count;
};

void	stats_sizes_add(struct stats_sizes *, uint64_t size, uint64_t count);
/* Sizes that share a bucket become one, except the smallest and the largest. */
void	stats_sizes_add_all(struct stats_sizes *,
	    const struct mt_histogram *);
/* Those of the sites with an amount: of their sizes only the bits are known. */
void	stats_sizes_add_some(struct stats_sizes *,
	    const struct mt_histogram *, const struct mt_amount *);
void	stats_sizes_fini(struct stats_sizes *);

/* The smallest and the largest size; false if there is none. */
bool	stats_sizes_range(const struct stats_sizes *, uint64_t *min,
	    uint64_t *max);
void	stats_sizes_bins(const struct stats_sizes *,
	    struct stats_bin[STATS_BINS]);
/* The largest size that bin i takes. */
uint64_t stats_bin_max(const struct stats_bin[STATS_BINS], size_t i);

#endif /* STATS_SIZES_H */
