/* What has changed in the recorder since the last take. */

#include <stdlib.h>
#include <string.h>

#include "mt_recorder.h"
#include "mt_take.h"

void
mt_take_free(struct mt_take *t)
{
	if (t == NULL)
		return;
	mt_buf_fini(&t->meta);
	mt_buf_fini(&t->codes);
	mt_buf_fini(&t->threads);
	free(t->nodes);
	free(t->id);
	free(t->row);
	free(t->point);
	free(t);
}

static bool
has_news(const struct mt_recorder *r)
{
	const struct mt_recorder_feed *f = &r->feed;

	return (f->news || f->meta.len > 0 || f->codes.len > 0 ||
	    f->threads.len > 0 || f->nodes != r->stack.count ||
	    mt_recorder_may_have_changed(&r->agg, f->since));
}

static bool
take_nodes(struct mt_recorder *r, struct mt_take *t)
{
	uint32_t i;

	t->first_node = r->feed.nodes;
	t->nnodes = r->stack.count - t->first_node;
	t->nodes = malloc((t->nnodes + (size_t)1) * sizeof(*t->nodes));
	if (t->nodes == NULL)
		return (false);
	for (i = 0; i < t->nnodes; i++)
		t->nodes[i] = r->stack.node[t->first_node + i].key;
	return (true);
}

static bool
take_rows(struct mt_recorder *r, struct mt_take *t)
{
	const struct mt_agg *a = &r->agg;
	uint32_t i;

	t->peak_stamp = a->peak_stamp;
	if (!mt_recorder_may_have_changed(a, r->feed.since))
		return (true);
	t->id = malloc((a->nsites + (size_t)1) * sizeof(*t->id));
	if (t->id == NULL)
		return (false);
	t->nrows = mt_recorder_changed(a, r->feed.since, t->id);
	t->row = malloc((t->nrows + (size_t)1) * sizeof(*t->row));
	if (t->row == NULL)
		return (false);
	for (i = 0; i < t->nrows; i++)
		mt_agg_site(a, t->id[i], &t->row[i]);
	return (true);
}

/*
 * A point that is not complete comes again, and all of them do after they
 * were merged.
 */
static bool
take_points(struct mt_recorder *r, struct mt_take *t)
{
	const struct mt_timeline *l = &r->timeline;

	t->shift = l->shift;
	t->complete = l->n - (l->pending > 0);
	t->first_point = l->shift == r->feed.shift ? r->feed.points : 0;
	t->npoints = l->n - t->first_point;
	t->point = malloc((t->npoints + (size_t)1) * sizeof(*t->point));
	if (t->point == NULL)
		return (false);
	if (t->npoints > 0)
		memcpy(t->point, l->point + t->first_point,
		    t->npoints * sizeof(*t->point));
	return (true);
}

/* Nothing fails any more: what was taken is not there the next time. */
static void
taken(struct mt_recorder *r, struct mt_take *t)
{
	struct mt_recorder_feed *f = &r->feed;

	t->meta = f->meta;
	t->codes = f->codes;
	t->threads = f->threads;
	memset(&f->meta, 0, sizeof(f->meta));
	memset(&f->codes, 0, sizeof(f->codes));
	memset(&f->threads, 0, sizeof(f->threads));
	f->nodes = r->stack.count;
	f->points = t->complete;
	f->shift = t->shift;
	f->news = false;
	f->since = mt_recorder_since(&r->agg, t->nrows);
	t->sample = f->sample;
	t->peak_rss = f->peak_rss;
	t->peak_time_ns = r->agg.peak_time_ns;
	t->clock_ns = r->clock_ns;
}

enum mt_status
mt_recorder_take(struct mt_recorder *r, struct mt_take **out,
    struct mt_error *e)
{
	struct mt_take *t;

	*out = NULL;
	if (!r->has_feed)
		return (mt_error_set(e, MT_ERR_LIMIT, "there is no feed"));
	mt_recorder_drain(r);
	if (!has_news(r))
		return (MT_OK);
	t = calloc(1, sizeof(*t));
	if (t == NULL || !take_nodes(r, t) || !take_rows(r, t) ||
	    !take_points(r, t)) {
		mt_take_free(t);
		return (mt_recorder_no_memory(e));
	}
	mt_recorder_totals(r, &t->totals);
	taken(r, t);
	*out = t;
	return (MT_OK);
}
