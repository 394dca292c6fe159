/*
 * The aggregator: what each site (thread, stack, function) has allocated
 * ever, has live now and had live when the heap was largest; which of it was
 * temporary, in which sizes, and for how long it lived.
 *
 * The state at the largest heap is never copied.  A stamp counts peaks (and
 * checkpoints, see mt_agg_checkpoint()); each site has its live counters,
 * those of a peak, and a stamp.  A site is brought up to date before it
 * changes: if its stamp is older than the last peak's, it has not changed
 * since, so its live counters are what it had there.
 */

#ifndef MT_AGG_H
#define MT_AGG_H

#include <stdbool.h>

#include <mt_wire.h>

#include "memtrace.h"
#include "mt_hash.h"
#include "mt_hist.h"
#include "mt_life.h"
#include "mt_live.h"
#include "mt_mapping.h"
#include "mt_tally.h"

#define MT_AGG_INLINE	__attribute__((__always_inline__)) static inline

#define MT_AGG_NONE		UINT32_MAX
#define MT_AGG_CHUNK_BITS	12u
#define MT_AGG_CHUNK		(UINT32_C(1) << MT_AGG_CHUNK_BITS)
#define MT_AGG_STAMP		UINT64_C(0xffffffffffffff)

/* See mt_agg_count_temporary(). */
#define MT_AGG_DISTANCES	(1u << (MT_TALLY_TEMPORARY - 1))

/* One cache line; an event touches one site. */
struct mt_agg_site {
	uint32_t	node;
	uint32_t	thread;
	uint64_t	allocator : 8;
	uint64_t	stamp : 56;	/* of its last change */
	uint64_t	allocations;	/* ever */
	uint64_t	bytes;
	uint64_t	live_bytes;
	uint64_t	peak_bytes;
	/* All that are live fit in tables of less than 2^32 slots. */
	uint32_t	live_allocations;
	uint32_t	peak_allocations;
	struct mt_tally_site	tally;
};

/*
 * A thread counts its allocations.  A mark is the number, among all, of an
 * allocation by which it had made a multiple of MT_AGG_DISTANCES of them.
 */
struct mt_agg_thread {
	uint64_t	made;
	uint64_t	mark;		/* the last one */
	uint64_t	mark_before;
};

struct mt_agg {
	struct mt_agg_site	**chunk;	/* so that sites never move */
	uint32_t		  nsites;
	size_t			  nchunks;
	size_t			  chunk_cap;
	/* The site of blocks that was used last for each node, plus one. */
	uint32_t		 *hint;
	uint32_t		  nhints;
	struct mt_hash		  index;	/* of all sites */
	struct mt_agg_thread	 *thread;	/* those that have sites */
	uint32_t		  nthreads;
	struct mt_live		  live;
	struct mt_mapping	  mapping;
	uint64_t		  heap;		/* live bytes */
	uint64_t		  live_allocations;
	uint64_t		  allocations;
	uint64_t		  bytes;
	uint64_t		  peak_bytes;
	uint64_t		  stamp;
	uint64_t		  peak_stamp;	/* of the last peak */
	uint64_t		  peak_time_ns;
	uint64_t		  now_ns;	/* see mt_agg_time() */
	/* Sites that changed since a checkpoint, room for all of them. */
	uint32_t		 *changed;
	uint32_t		  nchanged;
	uint64_t		  checkpoint;	/* its stamp; 0: none yet */
	struct mt_tally		  tally;
	struct mt_life		  life;
	struct mt_hist		  hist;		/* of all sizes */
	struct mt_budget	 *budget;
};

/* All zeroes is an aggregator that has seen nothing, charged to nobody. */
void	mt_agg_charge(struct mt_agg *, struct mt_budget *);
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
 * A thread unmapped a range; *touched if a mapping was in it.  False if out
 * of memory; the rest of the range is then still mapped.
 */
bool	mt_agg_unmap(struct mt_agg *, uint32_t thread, uint64_t addr,
	    uint64_t size, bool *touched);

/* The counters of site i < nsites; what is live now counts as leaked. */
void	mt_agg_site(const struct mt_agg *, uint32_t i, struct mt_site *);

/*
 * From now on keep track of the sites that change, and forget those that
 * have.  The first call is to come before the first event; without it
 * nothing is kept.  Returns the stamp that those have, or a later one, that
 * change from now on: others who want to know what changed since another
 * checkpoint find it by its stamp.
 */
uint64_t mt_agg_checkpoint(struct mt_agg *);

/*
 * Blocks that are live, by their sites and the intervals in which they were
 * allocated.  False if out of memory.
 */
bool	mt_agg_alive(const struct mt_agg *, struct mt_sums *);

static inline void
mt_agg_time(struct mt_agg *a, uint64_t now_ns)
{
	a->now_ns = now_ns;
	mt_life_time(&a->life, now_ns, a->allocations);
}

static inline struct mt_agg_site *
mt_agg_at(const struct mt_agg *a, uint32_t i)
{
	return (&a->chunk[i >> MT_AGG_CHUNK_BITS][i & (MT_AGG_CHUNK - 1)]);
}

/* ---- What happens millions of times a second -------------------------- */

static inline bool
mt_agg_is_site(const struct mt_agg_site *s, uint32_t thread, uint32_t node,
    unsigned allocator)
{
	return (s->node == node && s->thread == thread &&
	    s->allocator == allocator);
}

/* Before every change of a site. */
MT_AGG_INLINE void
mt_agg_catch_up(struct mt_agg *a, struct mt_agg_site *s, uint32_t site)
{
	if (s->stamp == a->stamp)
		return;
	if (s->stamp < a->peak_stamp) {
		s->peak_allocations = s->live_allocations;
		s->peak_bytes = s->live_bytes;
	}
	if (s->stamp < a->checkpoint)
		a->changed[a->nchanged++] = site;
	s->stamp = a->stamp & MT_AGG_STAMP;
}

/* What follows is about site number `site`, which is s, of thread t. */
MT_AGG_INLINE void
mt_agg_add(struct mt_agg *a, struct mt_agg_site *s, uint32_t site,
    struct mt_agg_thread *t, uint64_t size)
{
	uint64_t heap = a->heap + size;

	mt_agg_catch_up(a, s, site);
	s->allocations++;
	s->bytes += size;
	s->live_allocations++;
	s->live_bytes += size;
	a->allocations++;
	a->bytes += size;
	a->live_allocations++;
	a->heap = heap;
	if (heap > a->peak_bytes) {
		a->peak_bytes = heap;
		a->peak_time_ns = a->now_ns;
		a->peak_stamp = ++a->stamp;
	}
	if ((++t->made & (MT_AGG_DISTANCES - 1)) == 0) {
		t->mark_before = t->mark;
		t->mark = a->allocations;
	}
	mt_hist_add(&a->hist, size);
	mt_tally_size(&a->tally, &s->tally, site, mt_hist_bits(size));
}

MT_AGG_INLINE void
mt_agg_remove(struct mt_agg *a, struct mt_agg_site *s, uint32_t site,
    uint64_t size, unsigned allocations)
{
	mt_agg_catch_up(a, s, site);
	s->live_allocations -= allocations;
	s->live_bytes -= size;
	a->live_allocations -= allocations;
	a->heap -= size;
}

/*
 * A thread freed what it had allocated itself.  The distance between the two
 * is the number of allocations that it made in between; bins count distances
 * of 0, 1, 2 to 3, 4 to 7 and so on.  What lies behind two marks is further
 * away than any of them, and up to there 16 bits of its order are enough.
 */
MT_AGG_INLINE void
mt_agg_count_temporary(struct mt_agg *a, struct mt_agg_site *s, uint32_t site,
    uint64_t number, uint64_t order, uint64_t size)
{
	const struct mt_agg_thread *t = &a->thread[s->thread];
	unsigned bin, distance;

	distance = (unsigned)(t->made - 1 - order) & 0xffff;
	if (number < t->mark_before || distance >= MT_AGG_DISTANCES)
		return;
	bin = (unsigned)__builtin_clz(distance << 1 | 1) ^ 31;
	mt_tally_temporary(&a->tally, &s->tally, site, bin, size);
}

/* A block was freed by a thread, or by nobody knows whom. */
MT_AGG_INLINE void
mt_agg_gone(struct mt_agg *a, uint32_t thread, const struct mt_block *b)
{
	struct mt_agg_site *s = mt_agg_at(a, b->site);

	mt_agg_remove(a, s, b->site, b->size, 1);
	if (s->thread == thread)
		mt_agg_count_temporary(a, s, b->site, b->number, b->order,
		    b->size);
	mt_life_gone(&a->life, b->site, b->number, 1, b->size);
}

/*
 * A block was allocated.  If one was live at addr it is freed first: then
 * *replaced is true, and *ref is its allocation's number.  False if out of
 * memory; the event is then not counted.
 */
bool	mt_agg_alloc(struct mt_agg *, uint32_t thread, uint32_t node,
	    unsigned allocator, uint64_t addr, uint64_t size, bool *replaced,
	    uint64_t *ref);
/* A thread freed the block at addr; false if there is none. */
bool	mt_agg_free(struct mt_agg *, uint32_t thread, uint64_t addr,
	    uint64_t *ref);

/*
 * The same, given the home of addr, for what is usual: a block that is not
 * large, at an address that is not taken, from a site that its node has had
 * before; so the arguments are sound, and the function does not give out
 * mappings.  False, with nothing done, if anything is unusual.
 */
MT_AGG_INLINE bool
mt_agg_alloc_usual(struct mt_agg *a, uint32_t thread, uint32_t node,
    unsigned allocator, uint64_t addr, uint64_t size,
    struct mt_live_slot *home)
{
	struct mt_agg_site *s;
	struct mt_agg_thread *t;
	struct mt_live_slot *slot;
	uint32_t site_plus1;

	if (node >= a->nhints || (site_plus1 = a->hint[node]) == 0)
		return (false);
	s = mt_agg_at(a, site_plus1 - 1);
	if (!mt_agg_is_site(s, thread, node, allocator) ||
	    !mt_live_is_usual(&a->live) || size >= MT_LIVE_BIG)
		return (false);
	slot = mt_live_find_from(&a->live.cur, home, addr);
	if (slot->site_plus1 != 0)
		return (false);
	t = &a->thread[thread];
	slot->addr = addr;
	slot->size = (uint32_t)size;
	slot->site_plus1 = site_plus1;
	slot->made = a->allocations << 16 | (uint16_t)t->made;
	mt_live_added(&a->live);
	mt_agg_add(a, s, site_plus1 - 1, t, size);
	return (true);
}

/* Likewise; that there is no such block is not usual. */
MT_AGG_INLINE bool
mt_agg_free_usual(struct mt_agg *a, uint32_t thread, uint64_t addr,
    uint64_t *ref, struct mt_live_slot *home)
{
	struct mt_live_slot *s;
	struct mt_block b;

	if (!mt_live_is_usual(&a->live))
		return (false);
	s = mt_live_find_from(&a->live.cur, home, addr);
	if (s->site_plus1 == 0 || s->size == MT_LIVE_BIG)
		return (false);
	mt_live_unpack(s, &b);
	mt_live_remove(&a->live, s);
	mt_agg_gone(a, thread, &b);
	*ref = b.number;
	return (true);
}

/*
 * An event is fetched for in steps: first, see mt_live_prefetch(), the way
 * to its site, then, a little later, the site, and then its tally.
 */
MT_AGG_INLINE void
mt_agg_prefetch_way(const struct mt_agg *a, uint32_t node)
{
	if (node < a->nhints)
		__builtin_prefetch(&a->hint[node], 0);
}

/*
 * Of an allocation at this node, or of the free of an address.  What comes
 * next is for the site returned, which is a guess, plus one; 0 is none.
 */
MT_AGG_INLINE uint32_t
mt_agg_prefetch_site(const struct mt_agg *a, bool is_free, uint32_t node,
    uint64_t addr)
{
	uint32_t site_plus1;

	site_plus1 = mt_live_guess(&a->live, addr);
	if (!is_free && node < a->nhints)
		site_plus1 = a->hint[node];
	if (site_plus1 != 0)
		__builtin_prefetch(mt_agg_at(a, site_plus1 - 1), 1);
	return (site_plus1);
}

MT_AGG_INLINE void
mt_agg_prefetch_tally(const struct mt_agg *a, uint32_t site_plus1)
{
	if (site_plus1 != 0)
		mt_tally_prefetch(&a->tally,
		    &mt_agg_at(a, site_plus1 - 1)->tally);
}

#endif /* MT_AGG_H */
