/*
 * The recorder: events in, blocks out.
 *
 * Events wait in a short queue before they are applied.  When one enters,
 * the memory that it will touch is prefetched, so that most cache misses of
 * the aggregator overlap with the work on the events before it.  Whatever
 * looks at the state applies the queue first, so nobody can tell.
 */

#include <stdlib.h>
#include <string.h>

#include "mt_recorder.h"

#define ALLOCATOR_MAX	61u		/* that fits in an event */

/* No address space is larger. */
#define BLOCK_MAX	UINT64_C(0xffffffffffff)

/* More sites than this are not expected to be in a near cache. */
#define MANY_SITES	4096u

/* Bytes that a row takes in the sites block, rather too many. */
#define SITE_BYTES	32u
/* And one in that of lifetimes. */
#define LIFE_BYTES	8u

/* ---- The queue ------------------------------------------------------- */

/* An event that there was no memory for. */
static void
lose(struct mt_recorder *r)
{
	struct mt_error e;

	r->lost++;
	mt_recorder_late(r, mt_recorder_no_memory(&e), &e);
}

static void
apply_unmap(struct mt_recorder *r, const struct mt_queued *q)
{
	bool touched;

	if (!mt_agg_unmap(&r->agg, q->thread, q->addr, q->size, &touched))
		lose(r);
	if (touched && r->enc != NULL)
		mt_events_put_unmap(r->enc, q->thread, q->addr, q->size);
}

static void
apply_alloc(struct mt_recorder *r, const struct mt_queued *q)
{
	uint64_t ref;
	bool ok, replaced;

	replaced = false;
	ref = 0;
	if (mt_agg_is_mapping(q->allocator)) {
		/* The kernel, too, removes what MAP_FIXED covers. */
		apply_unmap(r, q);
		ok = mt_agg_map(&r->agg, q->thread, q->node, q->allocator,
		    q->addr, q->size);
	} else
		ok = mt_agg_alloc(&r->agg, q->thread, q->node, q->allocator,
		    q->addr, q->size, &replaced, &ref);
	if (!ok) {
		lose(r);
		return;
	}
	if (r->enc == NULL)
		return;
	/* Readers need not know that an address was taken twice. */
	if (replaced)
		mt_events_put_free(r->enc, q->thread, ref);
	mt_events_put_alloc(r->enc, q->thread, q->node, q->allocator,
	    q->addr, q->size);
}

static inline void
apply(struct mt_recorder *r, const struct mt_queued *q)
{
	uint64_t ref;

	switch (q->type) {
	case MT_EVENT_ALLOC:
		apply_alloc(r, q);
		break;
	case MT_EVENT_FREE:
		if (mt_agg_free(&r->agg, q->thread, q->addr, &ref) &&
		    r->enc != NULL)
			mt_events_put_free(r->enc, q->thread, ref);
		break;
	default:
		apply_unmap(r, q);
		break;
	}
}

static void
put_events(struct mt_recorder *r)
{
	struct mt_error e = { 0, "" };

	mt_recorder_late(r, mt_recorder_put_events(r, &e), &e);
}

/* See mt_live_prefetch() for why this has to be inline. */
MT_AGG_INLINE void
prefetch(const struct mt_recorder *r)
{
	uint32_t i, site_plus1[MT_QUEUE_EVENTS];
	const struct mt_queued *q = r->queue;

	for (i = 0; i < r->nqueue; i++, q++)
		site_plus1[i] = mt_agg_prefetch_site(&r->agg,
		    q->type == MT_EVENT_FREE, q->node, q->addr);
	for (i = 0; i < r->nqueue; i++)
		mt_agg_prefetch_tally(&r->agg, site_plus1[i]);
}

void
mt_recorder_drain(struct mt_recorder *r)
{
	const struct mt_queued *end, *q;

	if (r->nqueue == 0)
		return;
	/* A few are in the cache anyway. */
	if (r->agg.nsites > MANY_SITES)
		prefetch(r);
	end = r->queue + r->nqueue;
	for (q = r->queue; q < end; q++)
		apply(r, q);
	r->events += r->nqueue;
	r->nqueue = 0;
	if (r->enc != NULL && mt_events_enc_bytes(r->enc) >= MT_RECORDER_BLOCK)
		put_events(r);
}

static inline struct mt_queued *
enter(struct mt_recorder *r, unsigned type, uint32_t thread, uint64_t addr)
{
	struct mt_queued *q;

	q = &r->queue[r->nqueue++];
	q->addr = addr;
	q->thread = thread;
	q->type = (uint8_t)type;
	mt_live_prefetch(&r->agg.live, addr);
	return (q);
}

static inline enum mt_status
entered(struct mt_recorder *r, struct mt_error *e)
{
	if (r->nqueue < MT_QUEUE_EVENTS)
		return (MT_OK);
	mt_recorder_drain(r);
	return (mt_recorder_report(r, e));
}

static inline bool
is_block_size(uint64_t size, unsigned allocator)
{
	return (size <= BLOCK_MAX || mt_agg_is_mapping(allocator));
}

/* An event that is not entered: why not? */
static enum mt_status
refuse(struct mt_recorder *r, uint32_t thread, uint32_t node,
    unsigned allocator, uint64_t size, struct mt_error *e)
{
	if (r->ended)
		return (mt_recorder_report(r, e));
	if (thread >= r->nthreads)
		return (mt_recorder_bad(e, "thread", thread));
	if (node >= r->stack.count)
		return (mt_recorder_bad(e, "stack", node));
	if (!is_block_size(size, allocator))
		return (mt_recorder_bad(e, "size", size));
	return (mt_recorder_bad(e, "allocator", allocator));
}

enum mt_status
mt_recorder_alloc(struct mt_recorder *r, uint32_t thread, uint32_t node,
    unsigned allocator, uint64_t addr, uint64_t size, struct mt_error *e)
{
	struct mt_queued *q;

	if (r->ended || thread >= r->nthreads || node >= r->stack.count ||
	    allocator - 1 >= ALLOCATOR_MAX || !is_block_size(size, allocator))
		return (refuse(r, thread, node, allocator, size, e));
	q = enter(r, MT_EVENT_ALLOC, thread, addr);
	q->size = size;
	q->node = node;
	q->allocator = (uint8_t)allocator;
	mt_agg_prefetch_way(&r->agg, node);
	return (entered(r, e));
}

enum mt_status
mt_recorder_free_at(struct mt_recorder *r, uint32_t thread, uint64_t addr,
    struct mt_error *e)
{
	if (r->ended || thread >= r->nthreads)
		return (refuse(r, thread, 0, 1, 0, e));
	(void)enter(r, MT_EVENT_FREE, thread, addr);
	return (entered(r, e));
}

enum mt_status
mt_recorder_unmap(struct mt_recorder *r, uint32_t thread, uint64_t addr,
    uint64_t size, struct mt_error *e)
{
	if (r->ended || thread >= r->nthreads)
		return (refuse(r, thread, 0, 1, 0, e));
	enter(r, MT_EVENT_UNMAP, thread, addr)->size = size;
	return (entered(r, e));
}

void
mt_recorder_time(struct mt_recorder *r, uint64_t time_ns)
{
	if (time_ns <= r->agg.now_ns)
		return;
	mt_recorder_drain(r);
	mt_agg_time(&r->agg, time_ns);
	r->clock_ns = time_ns > r->clock_ns ? time_ns : r->clock_ns;
	if (r->enc != NULL)
		mt_events_put_time(r->enc, time_ns);
}

void
mt_recorder_end_of_script(struct mt_recorder *r)
{
	mt_recorder_drain(r);
	r->ended = true;
}

void
mt_recorder_lost(struct mt_recorder *r, uint64_t n)
{
	r->lost += n;
}

/* Estimate of what mt_recorder_put_more() would hand over now. */
static uint64_t
more_bytes(const struct mt_recorder *r)
{
	const struct mt_agg *a = &r->agg;
	uint64_t live;

	live = a->live_allocations < MT_LIFE_ROWS ? a->live_allocations :
	    MT_LIFE_ROWS;
	return (a->tally.used * UINT64_C(2) + a->life.bytes +
	    (a->life.set.n + live) * LIFE_BYTES + (r->aggregate ?
	    r->timeline.n * UINT64_C(12) : 0) + 4096);
}

void
mt_recorder_totals(const struct mt_recorder *cr, struct mt_totals *t)
{
	/* Applying the queue changes nothing that anybody can see. */
	struct mt_recorder *r = (struct mt_recorder *)(uintptr_t)cr;

	mt_recorder_drain(r);
	t->allocations = r->agg.allocations;
	t->bytes = r->agg.bytes;
	t->heap = r->agg.heap;
	t->live = r->agg.live_allocations;
	t->peak = r->agg.peak_bytes;
	t->lost = r->lost;
	t->events = r->events;
	t->tables_bytes = r->meta.len + r->codes.len + r->nodes.len +
	    r->threads.len + r->samples.len + more_bytes(r) +
	    (uint64_t)r->agg.nsites * SITE_BYTES + 4096;
}

/* ---- The end --------------------------------------------------------- */

static enum mt_status
fill_sites(struct mt_recorder *r, struct mt_error *e)
{
	uint32_t i;

	mt_recorder_drain(r);
	free(r->sites);
	r->sites = calloc((size_t)r->agg.nsites + 1, sizeof(*r->sites));
	if (r->sites == NULL)
		return (mt_recorder_no_memory(e));
	for (i = 0; i < r->agg.nsites; i++)
		mt_agg_site(&r->agg, i, &r->sites[i]);
	return (MT_OK);
}

enum mt_status
mt_recorder_sites(struct mt_recorder *r, const struct mt_site **out,
    size_t *n, struct mt_error *e)
{
	*out = NULL;
	*n = 0;
	if (fill_sites(r, e) != MT_OK)
		return (MT_ERR_NOMEM);
	*out = r->sites;
	*n = r->agg.nsites;
	return (mt_recorder_report(r, e));
}

static void
flush(struct mt_recorder *r)
{
	mt_recorder_drain(r);
	mt_recorder_try(r, MT_BLOCK_META, &r->meta);
	put_events(r);
	mt_recorder_try(r, MT_BLOCK_SAMPLES, &r->samples);
}

enum mt_status
mt_recorder_flush(struct mt_recorder *r, struct mt_error *e)
{
	flush(r);
	if (r->aggregate)
		mt_recorder_checkpoint(r);
	return (mt_recorder_report(r, e));
}

static void
put_sites(struct mt_recorder *r)
{
	struct mt_buf b = { NULL, 0, 0, false };
	struct mt_error e = { 0, "" };

	if (fill_sites(r, &e) != MT_OK) {
		mt_recorder_late(r, MT_ERR_NOMEM, &e);
		return;
	}
	mt_tables_put_sites(&b, r->sites, r->agg.nsites);
	mt_recorder_try(r, MT_BLOCK_SITES, &b);
	mt_buf_fini(&b);
}

static void
put_totals(struct mt_recorder *r)
{
	const struct mt_agg *a = &r->agg;
	const struct {
		const char	*key;
		uint64_t	 value;
	} total[] = {
		{ "total_allocations", a->allocations },
		{ "total_bytes", a->bytes },
		{ "peak_bytes", a->peak_bytes },
		{ "peak_time_ns", a->peak_time_ns },
		{ "leaked_allocations", a->live_allocations },
		{ "leaked_bytes", a->heap },
		{ "lost_events", r->lost }
	};
	struct mt_error e = { 0, "" };
	size_t i;

	for (i = 0; i < sizeof(total) / sizeof(total[0]); i++)
		mt_recorder_late(r, mt_recorder_number(r, total[i].key,
		    total[i].value, &e), &e);
}

enum mt_status
mt_recorder_finish(struct mt_recorder *r, struct mt_error *e)
{
	struct mt_error err = { 0, "" };
	uint32_t id;

	mt_recorder_end_of_script(r);
	for (id = 0; id < r->ncodes; id++)
		if (!r->described[id])
			mt_recorder_late(r, mt_recorder_unknown(r, id, &err),
			    &err);
	if (r->aggregate)
		mt_timeline_put(&r->timeline, &r->samples);
	flush(r);
	put_sites(r);
	put_totals(r);
	mt_recorder_try(r, MT_BLOCK_META, &r->meta);
	mt_recorder_put_more(r);
	return (mt_recorder_report(r, e));
}

/* ---- Life ------------------------------------------------------------ */

enum mt_status
mt_recorder_new(struct mt_recorder **out, const struct mt_sink *sink,
    unsigned flags, struct mt_error *e)
{
	struct mt_recorder *r;
	uint32_t unknown;

	*out = NULL;
	r = calloc(1, sizeof(*r));
	if (r == NULL)
		return (mt_recorder_no_memory(e));
	if (sink != NULL) {
		r->sink = *sink;
		r->has_sink = true;
	}
	r->aggregate = (flags & MT_RECORDER_AGGREGATE) != 0;
	r->has_feed = (flags & MT_RECORDER_FEED) != 0;
	if (r->aggregate || r->has_feed)
		r->since = r->feed.since = mt_agg_checkpoint(&r->agg);
	if (r->has_sink && !r->aggregate) {
		r->enc = mt_events_enc_new();
		if (r->enc == NULL)
			goto fail;
	}
	if (!mt_stack_init(&r->stack) ||
	    mt_recorder_code_new(r, &unknown, NULL) != MT_OK ||
	    mt_recorder_unknown(r, unknown, NULL) != MT_OK ||
	    (r->aggregate &&
	    mt_recorder_number(r, "aggregated", 1, NULL) != MT_OK))
		goto fail;
	*out = r;
	return (MT_OK);

fail:
	mt_recorder_free(r);
	return (mt_recorder_no_memory(e));
}

void
mt_recorder_free(struct mt_recorder *r)
{
	if (r == NULL)
		return;
	mt_agg_fini(&r->agg);
	mt_stack_fini(&r->stack);
	mt_recorder_forget_kinds(r);
	mt_events_enc_free(r->enc);
	mt_buf_fini(&r->meta);
	mt_buf_fini(&r->codes);
	mt_buf_fini(&r->nodes);
	mt_buf_fini(&r->threads);
	mt_buf_fini(&r->samples);
	mt_timeline_fini(&r->timeline);
	mt_buf_fini(&r->kept_meta);
	mt_buf_fini(&r->kept_codes);
	mt_buf_fini(&r->kept_threads);
	mt_buf_fini(&r->feed.meta);
	mt_buf_fini(&r->feed.codes);
	mt_buf_fini(&r->feed.threads);
	free(r->sites);
	free(r->described);
	free(r);
}
