/*
 * Tables from events: a capture whose end is missing goes through the same
 * recorder again that would have made its tables.
 */

#include <stdlib.h>
#include <string.h>

#include "mt_capture.h"
#include "mt_recorder.h"
#include "mt_sitemap.h"

#define BATCH	1024

struct mt_rebuild {
	struct mt_budget	 budget;
	struct mt_capture	*c;
	struct mt_recorder	*rec;
	uint32_t		*to_rec;	/* nodes */
	uint32_t		*from_rec;
	size_t			 nfrom;
	struct mt_event		 ev[BATCH];
};

/* Of the blocks, those are kept that were asked for. */
static enum mt_status
mt_rebuild_put(void *arg, enum mt_block_type type, void *data,
    size_t len, struct mt_error *e)
{
	struct mt_rebuild *r = arg;
	struct mt_buf *made;

	(void)e;
	switch (type) {
	case MT_BLOCK_TEMPORARY:
		made = &r->c->made[MT_MADE_TEMPORARY];
		break;
	case MT_BLOCK_SIZES:
		made = &r->c->made[MT_MADE_SIZES];
		break;
	case MT_BLOCK_LIFETIMES:
		made = &r->c->made[MT_MADE_LIFETIMES];
		break;
	default:
		free(data);
		return (MT_OK);
	}
	mt_buf_fini(made);
	/* In the end it is the capture's. */
	(void)mt_budget_take(&r->budget, len);
	made->data = data;
	made->len = made->cap = len;
	return (MT_OK);
}

/* The recorder needs ids, not descriptions. */
static enum mt_status
mt_rebuild_ids(struct mt_rebuild *r, struct mt_error *e)
{
	enum mt_status st;
	uint32_t id = 0;

	do {
		st = mt_recorder_code_new(r->rec, &id, e);
		if (st != MT_OK)
			return (st);
	} while (id + (size_t)1 < r->c->ncodes);
	do {
		st = mt_recorder_thread_new(r->rec, 0, "", &id, e);
		if (st != MT_OK)
			return (st);
	} while (id + (size_t)1 < r->c->nthreads);
	return (MT_OK);
}

/*
 * The recorder merges equal nodes, which a damaged capture may have, so its
 * numbers need not be those of the capture.
 */
static enum mt_status
mt_rebuild_nodes(struct mt_rebuild *r, struct mt_error *e)
{
	const struct mt_node *node;
	enum mt_status st;
	uint32_t i, id;

	r->nfrom = r->c->nnodes;
	r->to_rec = mt_budget_calloc(&r->budget, r->nfrom,
	    sizeof(*r->to_rec));
	r->from_rec = mt_budget_calloc(&r->budget, r->nfrom,
	    sizeof(*r->from_rec));
	if (r->to_rec == NULL || r->from_rec == NULL)
		return (mt_error_set(e, MT_ERR_NOMEM, "out of memory"));
	for (i = 1; i < r->c->nnodes; i++) {
		node = &r->c->nodes[i];
		st = mt_recorder_node(r->rec, r->to_rec[node->parent],
		    node->code, node->offset, &id, e);
		if (st != MT_OK)
			return (st);
		r->to_rec[i] = id;
		if (id < r->nfrom && r->from_rec[id] == 0)
			r->from_rec[id] = i;
	}
	return (MT_OK);
}

/*
 * Blocks are known to the recorder by the numbers of their allocations, which
 * is what a free tells; only mappings need their addresses.
 */
static enum mt_status
mt_rebuild_event(struct mt_rebuild *r, const struct mt_event *ev,
    struct mt_error *e)
{
	switch (ev->type) {
	case MT_EVENT_ALLOC:
		return (mt_recorder_alloc(r->rec, ev->thread,
		    r->to_rec[ev->node], ev->allocator,
		    mt_agg_is_mapping(ev->allocator) ? ev->addr : ev->ref,
		    ev->size, e));
	case MT_EVENT_FREE:
		return (mt_recorder_free_at(r->rec, ev->thread, ev->ref, e));
	default:
		return (mt_recorder_unmap(r->rec, ev->thread, ev->addr,
		    ev->size, e));
	}
}

static enum mt_status
mt_rebuild_events(struct mt_rebuild *r, struct mt_error *e)
{
	enum mt_status st;
	size_t i, n;

	mt_capture_rewind(r->c);
	while ((st = mt_capture_events(r->c, r->ev, BATCH, &n, e)) == MT_OK) {
		for (i = 0; i < n; i++) {
			mt_recorder_time(r->rec, r->ev[i].time_ns);
			st = mt_rebuild_event(r, &r->ev[i], e);
			/* No program allocates that much. */
			if (st == MT_ERR_LIMIT)
				r->c->meta.flags |= MT_CAPTURE_DAMAGED;
			else if (st != MT_OK)
				return (st);
		}
	}
	mt_capture_rewind(r->c);
	return (st == MT_END ? MT_OK : st);
}

static void
mt_rebuild_totals(struct mt_rebuild *r)
{
	struct mt_meta *m = &r->c->meta;
	struct mt_totals t;

	mt_recorder_totals(r->rec, &t);
	m->total_allocations = t.allocations;
	m->total_bytes = t.bytes;
	m->peak_bytes = t.peak;
	m->peak_time_ns = r->rec->agg.peak_time_ns;
	m->flags |= MT_CAPTURE_REBUILT;
	r->c->has = MT_HAS_ALLOCATIONS | MT_HAS_BYTES | MT_HAS_PEAK |
	    (t.peak > 0 ? (unsigned)MT_HAS_PEAK_TIME : 0);
}

static enum mt_status
mt_rebuild_sites(struct mt_rebuild *r, struct mt_error *e)
{
	const struct mt_site *sites;
	struct mt_site *copy;
	enum mt_status st;
	uint32_t node;
	size_t i, n;

	st = mt_recorder_sites(r->rec, &sites, &n, e);
	if (st != MT_OK)
		return (st);
	copy = mt_budget_calloc(&r->c->budget, n, sizeof(*sites));
	if (copy == NULL)
		return (mt_error_set(e, MT_ERR_NOMEM, "out of memory"));
	mt_capture_set_sites(r->c, copy, n);
	for (i = 0; i < n; i++) {
		r->c->sites[i] = sites[i];
		node = sites[i].node;
		r->c->sites[i].node = node < r->nfrom ? r->from_rec[node] : 0;
		if (sites[i].thread >= r->c->nthreads)
			r->c->sites[i].thread = 0;
	}
	mt_rebuild_totals(r);
	return (MT_OK);
}

/* ---- Sites that are there already ------------------------------------- */

/* Which sites of the capture the recorder's are. */
static enum mt_status
mt_rebuild_map(struct mt_rebuild *r, struct mt_error *e)
{
	struct mt_hash index = { .budget = &r->budget };
	const struct mt_site *sites;
	struct mt_site s;
	enum mt_status st;
	size_t i, n;

	st = mt_recorder_sites(r->rec, &sites, &n, e);
	if (st != MT_OK)
		return (st);
	r->c->made_ids.row = mt_budget_calloc(&r->c->budget, n + 1,
	    sizeof(*r->c->made_ids.row));
	if (r->c->made_ids.row == NULL || !mt_sitemap_fill(&index, r->c)) {
		mt_hash_fini(&index);
		return (mt_error_set(e, MT_ERR_NOMEM, "out of memory"));
	}
	for (i = 0; i < n; i++) {
		s = sites[i];
		s.node = s.node < r->nfrom ? r->from_rec[s.node] : 0;
		r->c->made_ids.row[i] = mt_sitemap_find(&index,
		    r->c, s.node, s.thread, s.allocator) + 1;
	}
	r->c->made_ids.n = n;
	mt_hash_fini(&index);
	return (MT_OK);
}

/* ---- All of it -------------------------------------------------------- */

static enum mt_status
mt_rebuild_run(struct mt_capture *c, enum mt_status (*use)(
    struct mt_rebuild *, struct mt_error *), struct mt_error *e)
{
	struct mt_sink sink = { mt_rebuild_put, NULL };
	struct mt_rebuild *r;
	enum mt_status st;

	r = calloc(1, sizeof(*r));
	if (r == NULL)
		return (mt_error_set(e, MT_ERR_NOMEM, "out of memory"));
	r->c = c;
	sink.arg = r;
	mt_budget_share(&r->budget, &c->budget);
	st = mt_recorder_new(&r->rec, &sink, MT_RECORDER_AGGREGATE, e);
	if (st == MT_OK) {
		mt_recorder_charge(r->rec, &r->budget);
		st = mt_rebuild_ids(r, e);
	}
	if (st == MT_OK)
		st = mt_rebuild_nodes(r, e);
	if (st == MT_OK)
		st = mt_rebuild_events(r, e);
	if (st == MT_OK)
		st = use(r, e);
	if (st == MT_OK) {
		mt_recorder_put_more(r->rec);
		c->has_made = true;
	}
	/* Some tables do without memory, but reports would not. */
	if (st == MT_OK && r->budget.wanted != 0)
		st = MT_ERR_NOMEM;
	st = mt_budget_status(&r->budget, st, e);
	mt_recorder_free(r->rec);
	free(r->to_rec);
	free(r->from_rec);
	mt_budget_close(&r->budget);
	free(r);
	return (st);
}

enum mt_status
mt_capture_rebuild(struct mt_capture *c, struct mt_error *e)
{
	return (mt_rebuild_run(c, mt_rebuild_sites, e));
}

/* Who reads the events meanwhile reads on afterwards. */
enum mt_status
mt_capture_remake(struct mt_capture *c, struct mt_error *e)
{
	return (mt_rebuild_run(c, mt_rebuild_map, e));
}
