/* The recorder: events in, blocks out.  This is all but the events. */

#include <stdlib.h>
#include <string.h>

#include "mt_recorder.h"

/* Bytes that a row takes in the sites block, rather too many. */
#define SITE_BYTES	32u
/* And one in that of lifetimes. */
#define LIFE_BYTES	8u

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
	r->sites = mt_budget_calloc(r->agg.budget, (size_t)r->agg.nsites + 1,
	    sizeof(*r->sites));
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
	struct mt_error e = { 0, "" };

	mt_recorder_drain(r);
	mt_recorder_try(r, MT_BLOCK_META, &r->meta);
	mt_recorder_late(r, mt_recorder_put_events(r, &e), &e);
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
mt_recorder_charge(struct mt_recorder *r, struct mt_budget *b)
{
	mt_agg_charge(&r->agg, b);
	r->stack.budget = b;
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
