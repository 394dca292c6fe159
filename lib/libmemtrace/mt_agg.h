/*
 * The aggregator: what each site (thread, stack, function) has allocated
 * ever, has live now and had live when the heap was largest.
 *
 * The state at the largest heap is never copied.  Peaks are numbered; each
 * site has its live counters, those of a peak, and that peak's number.  A
 * site is brought up to date before it changes: if its number is not the
 * current one, it has not changed since the last peak, so its live counters
 * are what it had there.
 */

#ifndef MT_AGG_H
#define MT_AGG_H

#include <stdbool.h>

#include <mt_wire.h>

#include "memtrace.h"
#include "mt_hash.h"
#include "mt_live.h"
#include "mt_mapping.h"

#define MT_AGG_NONE		UINT32_MAX
#define MT_AGG_CHUNK_BITS	12u
#define MT_AGG_CHUNK		(UINT32_C(1) << MT_AGG_CHUNK_BITS)

/* One cache line; an event touches one site. */
struct mt_agg_site {
	uint32_t	node;
	uint32_t	thread;
	uint64_t	allocator : 8;
	uint64_t	peak : 56;	/* number of the peak_* counters */
	uint64_t	allocations;	/* ever */
	uint64_t	bytes;
	uint64_t	live_allocations;
	uint64_t	live_bytes;
	uint64_t	peak_allocations;
	uint64_t	peak_bytes;
};

struct mt_agg {
	struct mt_agg_site	**chunk;	/* so that sites never move */
	uint32_t		  nsites;
	size_t			  nchunks;
	size_t			  chunk_cap;
	/* The site that was used last for each node, plus one. */
	uint32_t		 *hint;
	uint32_t		  nhints;
	struct mt_hash		  index;	/* of all sites */
	struct mt_live		  live;
	struct mt_mapping	  mapping;
	uint64_t		  heap;		/* live bytes */
	uint64_t		  live_allocations;
	uint64_t		  allocations;
	uint64_t		  bytes;
	uint64_t		  peak_bytes;
	uint64_t		  peaks;	/* number of the last peak */
	uint64_t		  peak_time_ns;
	uint64_t		  now_ns;	/* set by the caller */
};

/* All zeroes is an aggregator that has seen nothing. */
void	mt_agg_fini(struct mt_agg *);

/* Does this function give out mappings, which can be cut up? */
static inline bool
mt_agg_is_mapping(unsigned allocator)
{
	return (allocator == MT_ALLOCATOR_MMAP ||
	    allocator == MT_ALLOCATOR_MREMAP);
}

/*
 * A block was allocated.  If one was live at addr it is freed first: then
 * *replaced is true, and *ref is its allocation's number.  false if out of
 * memory; the event is then not counted.
 */
bool	mt_agg_alloc(struct mt_agg *, uint32_t thread, uint32_t node,
	    unsigned allocator, uint64_t addr, uint64_t size, bool *replaced,
	    uint64_t *ref);
/* The same for a mapping, which overlaps none: call mt_agg_unmap() first. */
bool	mt_agg_map(struct mt_agg *, uint32_t thread, uint32_t node,
	    unsigned allocator, uint64_t addr, uint64_t size);
/* The block at addr was freed; false if there is none, else its number. */
bool	mt_agg_free(struct mt_agg *, uint64_t addr, uint64_t *ref);
/* A range was unmapped; *touched if a mapping was in it. */
bool	mt_agg_unmap(struct mt_agg *, uint64_t addr, uint64_t size,
	    bool *touched);

/* The counters of site i < nsites; what is live now counts as leaked. */
void	mt_agg_site(const struct mt_agg *, uint32_t i, struct mt_site *);

static inline struct mt_agg_site *
mt_agg_at(const struct mt_agg *a, uint32_t i)
{
	return (&a->chunk[i >> MT_AGG_CHUNK_BITS][i & (MT_AGG_CHUNK - 1)]);
}

/* An allocation at this stack will follow soon. */
static inline void
mt_agg_prefetch(const struct mt_agg *a, uint32_t node)
{
	if (node < a->nhints && a->hint[node] != 0)
		__builtin_prefetch(mt_agg_at(a, a->hint[node] - 1), 1);
}

#endif /* MT_AGG_H */
