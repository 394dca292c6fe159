/*
 * Selections: temporary allocations for a threshold that the table does not
 * have, by a walk through all events.  Memory grows with what is live.
 */

#include <stdlib.h>
#include <string.h>

#include "mt_agg.h"
#include "mt_capture.h"
#include "mt_select.h"
#include "mt_sitemap.h"

#define BATCH	1024

struct walk {
	struct mt_budget	 budget;
	struct mt_capture	*c;
	const struct mt_site	*site;
	struct mt_amount	*out;
	uint64_t		 threshold;
	struct mt_hash		 index;		/* of sites */
	uint32_t		*hint;		/* last of a node, plus one */
	uint64_t		*made;		/* allocations, by thread */
	struct mt_live		 live;		/* blocks by their numbers */
	struct mt_mapping	 mapping;
	struct mt_event		 ev[BATCH];
};

static uint32_t
site_of(struct walk *w, const struct mt_event *ev)
{
	const struct mt_site *s;
	uint32_t i = w->hint[ev->node];

	if (i != 0) {
		s = &w->site[i - 1];
		if (s->thread == ev->thread && s->allocator == ev->allocator)
			return (i - 1);
	}
	i = mt_sitemap_find(&w->index, w->c, ev->node, ev->thread,
	    ev->allocator);
	if (i != MT_HASH_NONE)
		w->hint[ev->node] = i + 1;
	return (i);
}

/* A thread freed what was the order'th allocation of the site's thread. */
static void
gone(struct walk *w, uint32_t thread, uint32_t site, uint64_t order,
    uint64_t bytes)
{
	if (w->site[site].thread != thread ||
	    w->made[thread] - 1 - order >= w->threshold)
		return;
	w->out[site].allocations++;
	w->out[site].bytes += bytes;
}

static bool
walk_unmap(struct walk *w, const struct mt_event *ev, uint64_t end)
{
	struct mt_mapping_cut cut;
	enum mt_status st;

	while ((st = mt_mapping_cut(&w->mapping, ev->addr, end, &cut)) ==
	    MT_OK)
		if (cut.whole)
			gone(w, ev->thread, cut.site, cut.order, cut.bytes);
	return (st == MT_END);
}

static bool
walk_alloc(struct walk *w, const struct mt_event *ev, uint64_t end)
{
	struct mt_mapping_origin o;
	struct mt_block b, old;
	uint32_t site;

	site = site_of(w, ev);
	if (!mt_agg_is_mapping(ev->allocator)) {
		memset(&b, 0, sizeof(b));
		b.addr = ev->ref;
		b.size = ev->size;
		b.site = site;
		b.number = w->made[ev->thread]++ & MT_LIVE_MAX_NUMBER;
		return (site == MT_HASH_NONE ||
		    mt_live_put(&w->live, &b, &old) != MT_LIVE_NOMEM);
	}
	/* There is nothing to be cut, unless the file lies. */
	if (!walk_unmap(w, ev, end))
		return (false);
	memset(&o, 0, sizeof(o));
	o.site = site;
	o.order = w->made[ev->thread]++;
	return (site == MT_HASH_NONE || end == ev->addr ||
	    mt_mapping_put(&w->mapping, ev->addr, end, &o));
}

static bool
walk_event(struct walk *w, const struct mt_event *ev)
{
	uint64_t end = ev->size > UINT64_MAX - ev->addr ? UINT64_MAX :
	    ev->addr + ev->size;
	struct mt_block b;

	switch (ev->type) {
	case MT_EVENT_ALLOC:
		return (walk_alloc(w, ev, end));
	case MT_EVENT_FREE:
		if (mt_live_take(&w->live, ev->ref, &b))
			gone(w, ev->thread, b.site, b.number, b.size);
		return (true);
	default:
		return (walk_unmap(w, ev, end));
	}
}

static enum mt_status
walk_all(struct walk *w, struct mt_error *e)
{
	enum mt_status st;
	size_t i, n;

	mt_capture_rewind(w->c);
	while ((st = mt_capture_events(w->c, w->ev, BATCH, &n, e)) == MT_OK)
		for (i = 0; i < n; i++)
			if (!walk_event(w, &w->ev[i]))
				return (mt_error_set(e, MT_ERR_NOMEM,
				    "out of memory"));
	return (st == MT_END ? MT_OK : st);
}

enum mt_status
mt_select_temporary(struct mt_capture *c, uint64_t threshold,
    struct mt_amount *out, struct mt_error *e)
{
	enum mt_status st;
	struct walk *w;

	w = calloc(1, sizeof(*w));
	if (w == NULL)
		return (mt_error_set(e, MT_ERR_NOMEM, "out of memory"));
	w->c = c;
	w->out = out;
	w->threshold = threshold;
	(void)mt_capture_sites(c, &w->site);
	mt_budget_share(&w->budget, &c->budget);
	w->index.budget = &w->budget;
	w->live.budget = &w->budget;
	w->mapping.budget = &w->budget;
	w->hint = mt_budget_calloc(&w->budget, mt_capture_nodes(c, NULL),
	    sizeof(*w->hint));
	w->made = mt_budget_calloc(&w->budget, mt_capture_threads(c, NULL),
	    sizeof(*w->made));
	st = w->hint == NULL || w->made == NULL ||
	    !mt_sitemap_fill(&w->index, c) ? mt_error_set(e, MT_ERR_NOMEM,
	    "out of memory") : walk_all(w, e);
	st = mt_budget_status(&w->budget, st, e);
	mt_capture_rewind(c);
	free(w->hint);
	free(w->made);
	mt_hash_fini(&w->index);
	mt_live_fini(&w->live);
	mt_mapping_fini(&w->mapping);
	mt_budget_close(&w->budget);
	free(w);
	return (st);
}
