/*
 * Events on their way through the recorder: checked, applied to the
 * aggregator, encoded; many at a time.
 *
 * What a batch will touch is prefetched before the first of its events is
 * applied, so that most cache misses of the aggregator overlap.  Events that
 * come one by one wait in a short queue until they are a batch.  Whatever
 * looks at the state applies the queue first, so nobody can tell.
 */

#include "mt_recorder.h"

#define ALLOCATOR_MAX	61u		/* that fits in an event */

/* No address space is larger. */
#define BLOCK_MAX	UINT64_C(0xffffffffffff)

/* More sites than this are not expected to be in a near cache. */
#define MANY_SITES	4096u

/* In the place of a type: not to be encoded. */
#define NOTHING		0u

/* ---- Checking -------------------------------------------------------- */

static inline bool
is_block_size(uint64_t size, unsigned allocator)
{
	return (size <= BLOCK_MAX || mt_agg_is_mapping(allocator));
}

static inline bool
is_good(const struct mt_recorder *r, const struct mt_record *q)
{
	if (q->thread >= r->nthreads)
		return (false);
	if (q->type != MT_EVENT_ALLOC)
		return (q->type == MT_EVENT_FREE || q->type == MT_EVENT_UNMAP);
	return (q->node < r->stack.count &&
	    q->allocator - 1 < ALLOCATOR_MAX &&
	    is_block_size(q->size, q->allocator));
}

/* What is wrong with an event that is not good? */
static enum mt_status
refuse(const struct mt_recorder *r, const struct mt_record *q,
    struct mt_error *e)
{
	if (q->thread >= r->nthreads)
		return (mt_recorder_bad(e, "thread", q->thread));
	if (q->type != MT_EVENT_ALLOC)
		return (mt_recorder_bad(e, "event", q->type));
	if (q->node >= r->stack.count)
		return (mt_recorder_bad(e, "stack", q->node));
	if (!is_block_size(q->size, q->allocator))
		return (mt_recorder_bad(e, "size", q->size));
	return (mt_recorder_bad(e, "allocator", q->allocator));
}

/* ---- Prefetching ----------------------------------------------------- */

/*
 * The homes of the addresses, which stay until the table of live blocks is
 * another one.  See mt_live_prefetch() for why these have to be inline.
 */
MT_AGG_INLINE void
find_homes(const struct mt_recorder *r, const struct mt_record *q, size_t n,
    struct mt_live_slot **home)
{
	const struct mt_live_table *t = &r->agg.live.cur;
	size_t i;

	/* Without a table every event is unusual. */
	for (i = 0; i < n && t->slots > 0; i++) {
		home[i] = mt_live_home(t, q[i].addr);
		__builtin_prefetch(home[i], 1);
	}
}

/* Step by step, each for all of a batch. */
MT_AGG_INLINE void
prefetch_sites(const struct mt_recorder *r, const struct mt_record *q,
    size_t n)
{
	uint32_t site_plus1[MT_RECORDER_BATCH];
	size_t i;

	/* In a free, node is anything, which does no harm. */
	for (i = 0; i < n; i++)
		mt_agg_prefetch_way(&r->agg, q[i].node);
	for (i = 0; i < n; i++)
		site_plus1[i] = mt_agg_prefetch_site(&r->agg,
		    q[i].type == MT_EVENT_FREE, q[i].node, q[i].addr);
	for (i = 0; i < n; i++)
		mt_agg_prefetch_tally(&r->agg, site_plus1[i]);
}

/* ---- Applying -------------------------------------------------------- */

/* An event that there was no memory for. */
static void
lose(struct mt_recorder *r, struct mt_record *q)
{
	struct mt_error e;

	q->type = NOTHING;
	r->lost++;
	mt_recorder_late(r, mt_recorder_no_memory(&e), &e);
}

/* Encode what was applied of a batch so far, from *from on. */
static inline void
encode(struct mt_recorder *r, const struct mt_record **from,
    const struct mt_record *to)
{
	if (r->enc != NULL && to > *from)
		mt_events_put(r->enc, *from, (size_t)(to - *from));
	*from = to;
}

static bool
apply_unmap(struct mt_recorder *r, const struct mt_record *q)
{
	bool ok, touched;

	ok = mt_agg_unmap(&r->agg, q->thread, q->addr, q->size, &touched);
	if (touched && r->enc != NULL)
		mt_events_put_unmap(r->enc, q->thread, q->addr, q->size);
	return (ok);
}

/*
 * An unmap, or an allocation of a mapping, of which the kernel, too, removes
 * what MAP_FIXED covers.
 */
static void
apply_range(struct mt_recorder *r, struct mt_record *q)
{
	const bool is_alloc = q->type == MT_EVENT_ALLOC;

	q->type = NOTHING;
	if (!apply_unmap(r, q))
		lose(r, q);
	if (!is_alloc)
		return;
	if (mt_agg_map(&r->agg, q->thread, q->node, q->allocator, q->addr,
	    q->size))
		q->type = MT_EVENT_ALLOC;
	else
		lose(r, q);
}

static void
apply_alloc(struct mt_recorder *r, struct mt_record *q)
{
	uint64_t ref;
	bool replaced;

	if (!mt_agg_alloc(&r->agg, q->thread, q->node, q->allocator, q->addr,
	    q->size, &replaced, &ref))
		lose(r, q);
	/* Readers need not know that an address was taken twice. */
	else if (replaced && r->enc != NULL)
		mt_events_put_free(r->enc, q->thread, ref);
}

/*
 * An event in which something is unusual, which may be that it is bad: then
 * false is returned.  It may have to be encoded behind others of its own.
 */
static __attribute__((__noinline__)) bool
apply_unusual(struct mt_recorder *r, struct mt_record *q,
    const struct mt_record **from)
{
	if (!is_good(r, q))
		return (false);
	encode(r, from, q);
	if (q->type == MT_EVENT_FREE) {
		if (!mt_agg_free(&r->agg, q->thread, q->addr, &q->size))
			q->type = NOTHING;
	} else if (q->type == MT_EVENT_ALLOC &&
	    !mt_agg_is_mapping(q->allocator))
		apply_alloc(r, q);
	else
		apply_range(r, q);
	return (true);
}

/* The size of a free becomes the number of what was freed. */
MT_AGG_INLINE bool
apply_usual(struct mt_recorder *r, struct mt_record *q,
    struct mt_live_slot *home)
{
	if (q->type == MT_EVENT_FREE)
		return (q->thread < r->nthreads && mt_agg_free_usual(&r->agg,
		    q->thread, q->addr, &q->size, home));
	return (q->type == MT_EVENT_ALLOC && mt_agg_alloc_usual(&r->agg,
	    q->thread, q->node, q->allocator, q->addr, q->size, home));
}

static __attribute__((__noinline__)) void
put_events(struct mt_recorder *r)
{
	struct mt_error e = { 0, "" };

	mt_recorder_late(r, mt_recorder_put_events(r, &e), &e);
}

/* Apply a batch, up to the first event that is bad; returns how many. */
static size_t
apply(struct mt_recorder *r, struct mt_record *q, size_t n)
{
	const struct mt_live_slot *table = r->agg.live.cur.slot;
	const struct mt_record *from = q;
	struct mt_live_slot *home[MT_RECORDER_BATCH];
	size_t i;

	find_homes(r, q, n, home);
	/* A few sites are in the cache anyway. */
	if (r->agg.nsites > MANY_SITES)
		prefetch_sites(r, q, n);
	for (i = 0; i < n; i++) {
		if (apply_usual(r, &q[i], home[i]))
			continue;
		if (!apply_unusual(r, &q[i], &from))
			break;
		if (r->agg.live.cur.slot != table) {
			table = r->agg.live.cur.slot;
			find_homes(r, &q[i], n - i, &home[i]);
		}
	}
	encode(r, &from, &q[i]);
	r->events += i;
	if (r->enc != NULL && mt_events_enc_bytes(r->enc) >= MT_RECORDER_BLOCK)
		put_events(r);
	return (i);
}

void
mt_recorder_drain(struct mt_recorder *r)
{
	if (r->nqueue == 0)
		return;
	(void)apply(r, r->queue, r->nqueue);
	r->nqueue = 0;
}

/* ---- Many events ----------------------------------------------------- */

enum mt_status
mt_recorder_events(struct mt_recorder *r, struct mt_record *q, size_t n,
    struct mt_error *e)
{
	size_t batch, good;

	mt_recorder_drain(r);
	for (; n > 0 && !r->ended; q += batch, n -= batch) {
		batch = n < MT_RECORDER_BATCH ? n : MT_RECORDER_BATCH;
		good = apply(r, q, batch);
		if (good < batch)
			return (refuse(r, &q[good], e));
	}
	return (mt_recorder_report(r, e));
}

/* ---- One event ------------------------------------------------------- */

static inline enum mt_status
enter(struct mt_recorder *r, const struct mt_record *q, struct mt_error *e)
{
	if (r->ended)
		return (mt_recorder_report(r, e));
	if (!is_good(r, q))
		return (refuse(r, q, e));
	r->queue[r->nqueue++] = *q;
	mt_live_prefetch(&r->agg.live, q->addr);
	if (r->nqueue < MT_QUEUE_EVENTS)
		return (MT_OK);
	mt_recorder_drain(r);
	return (mt_recorder_report(r, e));
}

enum mt_status
mt_recorder_alloc(struct mt_recorder *r, uint32_t thread, uint32_t node,
    unsigned allocator, uint64_t addr, uint64_t size, struct mt_error *e)
{
	const struct mt_record q = { addr, size, thread, node, allocator,
	    MT_EVENT_ALLOC };

	return (enter(r, &q, e));
}

enum mt_status
mt_recorder_free_at(struct mt_recorder *r, uint32_t thread, uint64_t addr,
    struct mt_error *e)
{
	const struct mt_record q = { addr, 0, thread, 0, 0, MT_EVENT_FREE };

	return (enter(r, &q, e));
}

enum mt_status
mt_recorder_unmap(struct mt_recorder *r, uint32_t thread, uint64_t addr,
    uint64_t size, struct mt_error *e)
{
	const struct mt_record q = { addr, size, thread, 0, 0,
	    MT_EVENT_UNMAP };

	return (enter(r, &q, e));
}
