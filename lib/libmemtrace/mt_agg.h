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

/* The site for this combination, made if need be, or MT_AGG_NONE. */
uint32_t mt_agg_site_find(struct mt_agg *, uint32_t thread, uint32_t node,
	    unsigned allocator);
/*
 * A mapping was made, which overlaps none: call mt_agg_unmap() first.  False
 * if out of memory; the event is then not counted.
 */
bool	mt_agg_map(struct mt_agg *, uint32_t thread, uint32_t node,
	    unsigned allocator, uint64_t addr, uint64_t size);
/*
 * A range was unmapped; *touched if a mapping was in it.  False if out of
 * memory; the rest of the range is then still mapped.
 */
bool	mt_agg_unmap(struct mt_agg *, uint64_t addr, uint64_t size,
	    bool *touched);

/* The counters of site i < nsites; what is live now counts as leaked. */
void	mt_agg_site(const struct mt_agg *, uint32_t i, struct mt_site *);

static inline struct mt_agg_site *
mt_agg_at(const struct mt_agg *a, uint32_t i)
{
	return (&a->chunk[i >> MT_AGG_CHUNK_BITS][i & (MT_AGG_CHUNK - 1)]);
}

/* ---- What happens millions of times a second -------------------------- */

static inline bool
mt_agg_is_site(const struct mt_agg *a, uint32_t i, uint32_t thread,
    uint32_t node, unsigned allocator)
{
	const struct mt_agg_site *s = mt_agg_at(a, i);

	return (s->node == node && s->thread == thread &&
	    s->allocator == allocator);
}

/*
 * The last site of the node is nearly always the right one, and it has to
 * come into the cache anyway.
 */
static inline uint32_t
mt_agg_site_of(struct mt_agg *a, uint32_t thread, uint32_t node,
    unsigned allocator)
{
	uint32_t i;

	if (node < a->nhints && (i = a->hint[node]) != 0 &&
	    mt_agg_is_site(a, i - 1, thread, node, allocator))
		return (i - 1);
	return (mt_agg_site_find(a, thread, node, allocator));
}

/* Before every change of a site. */
static inline void
mt_agg_catch_up(const struct mt_agg *a, struct mt_agg_site *s)
{
	if (s->peak == a->peaks)
		return;
	s->peak_allocations = s->live_allocations;
	s->peak_bytes = s->live_bytes;
	s->peak = a->peaks & 0xffffffffffffff;
}

static inline void
mt_agg_add(struct mt_agg *a, uint32_t site, uint64_t size)
{
	struct mt_agg_site *s = mt_agg_at(a, site);

	mt_agg_catch_up(a, s);
	s->allocations++;
	s->bytes += size;
	s->live_allocations++;
	s->live_bytes += size;
	a->allocations++;
	a->bytes += size;
	a->live_allocations++;
	a->heap += size;
	if (a->heap > a->peak_bytes) {
		a->peak_bytes = a->heap;
		a->peak_time_ns = a->now_ns;
		a->peaks++;
	}
}

static inline void
mt_agg_remove(struct mt_agg *a, uint32_t site, uint64_t size,
    unsigned allocations)
{
	struct mt_agg_site *s = mt_agg_at(a, site);

	mt_agg_catch_up(a, s);
	s->live_allocations -= allocations;
	s->live_bytes -= size;
	a->live_allocations -= allocations;
	a->heap -= size;
}

/*
 * A block was allocated.  If one was live at addr it is freed first: then
 * *replaced is true, and *ref is its allocation's number.  False if out of
 * memory; the event is then not counted.
 */
static inline bool
mt_agg_alloc(struct mt_agg *a, uint32_t thread, uint32_t node,
    unsigned allocator, uint64_t addr, uint64_t size, bool *replaced,
    uint64_t *ref)
{
	struct mt_block old;
	enum mt_live_put res;
	uint32_t site;

	*replaced = false;
	site = mt_agg_site_of(a, thread, node, allocator);
	if (site == MT_AGG_NONE)
		return (false);
	res = mt_live_put(&a->live, addr, size, a->allocations, site, &old);
	if (res == MT_LIVE_NOMEM)
		return (false);
	if (res == MT_LIVE_REPLACED) {
		*replaced = true;
		*ref = mt_block_number(&old);
		mt_agg_remove(a, old.site_plus1 - 1, old.size, 1);
	}
	mt_agg_add(a, site, size);
	return (true);
}

/* The block at addr was freed; false if there is none, else its number. */
static inline bool
mt_agg_free(struct mt_agg *a, uint64_t addr, uint64_t *ref)
{
	struct mt_block b;

	if (!mt_live_take(&a->live, addr, &b))
		return (false);
	*ref = mt_block_number(&b);
	mt_agg_remove(a, b.site_plus1 - 1, b.size, 1);
	return (true);
}

/*
 * An event is fetched for in two steps: first, see mt_live_prefetch(), the
 * way to its site, then, a little later, the site.
 */
__attribute__((__always_inline__)) static inline void
mt_agg_prefetch_way(const struct mt_agg *a, uint32_t node)
{
	if (node < a->nhints)
		__builtin_prefetch(&a->hint[node], 0);
}

/* Of an allocation at this node, or of the free of an address. */
__attribute__((__always_inline__)) static inline void
mt_agg_prefetch_site(const struct mt_agg *a, bool is_free, uint32_t node,
    uint64_t addr)
{
	uint32_t site_plus1;

	site_plus1 = mt_live_guess(&a->live, addr);
	if (!is_free && node < a->nhints)
		site_plus1 = a->hint[node];
	if (site_plus1 != 0)
		__builtin_prefetch(mt_agg_at(a, site_plus1 - 1), 1);
}

#endif /* MT_AGG_H */
