/*
 * Sites from checkpoints.  Each checkpoint has the rows of the sites that
 * changed since the one before; the later row of a site holds.
 *
 * What a site had at the high-water mark need not have been written again
 * when there was a new one: a row from before the last high-water mark is of
 * a site that has not changed since, so what it has live is what it had then.
 */

#include <stdlib.h>

#include "mt_capture.h"

/* Ids are numbered without gaps; those of lost blocks cost memory. */
#define ID_SLACK	65536u
#define IDS_PER_BYTE	16

static enum mt_status
nomem(struct mt_error *e)
{
	return (mt_error_set(e, MT_ERR_NOMEM, "out of memory"));
}

static bool
ids_reach(struct mt_capture *c, struct mt_capture_ids *ids, size_t n)
{
	void *p = ids->row;

	if (!mt_budget_grow(&c->budget, &p, &ids->cap, n, sizeof(*ids->row)))
		return (false);
	ids->row = p;
	while (ids->n < n)
		ids->row[ids->n++] = 0;
	return (true);
}

static bool
sites_reach(struct mt_capture *c, size_t n)
{
	void *p = c->sites;

	if (!mt_budget_grow(&c->budget, &p, &c->sites_cap,
	    n, sizeof(*c->sites)))
		return (false);
	c->sites = p;
	p = c->stamp;
	if (!mt_budget_grow(&c->budget, &p, &c->stamp_cap,
	    n, sizeof(*c->stamp)))
		return (false);
	c->stamp = p;
	return (true);
}

static enum mt_status
put_row(struct mt_capture *c, uint64_t id, const struct mt_site *site,
    uint64_t stamp, struct mt_error *e)
{
	uint32_t *row;

	if (id > ID_SLACK && (id - ID_SLACK) / IDS_PER_BYTE > c->source.size)
		return (MT_ERR_FORMAT);
	if (!ids_reach(c, &c->ids, (size_t)id + 1))
		return (nomem(e));
	row = &c->ids.row[id];
	if (*row == 0) {
		if (c->nsites >= UINT32_MAX - 1)
			return (MT_ERR_FORMAT);
		if (!sites_reach(c, c->nsites + 1))
			return (nomem(e));
		*row = (uint32_t)++c->nsites;
	}
	c->sites[*row - 1] = *site;
	c->stamp[*row - 1] = stamp;
	return (MT_OK);
}

static enum mt_status
put_rows(struct mt_capture *c, struct mt_cursor *ids,
    const struct mt_site *sites, size_t n, struct mt_error *e)
{
	enum mt_status st = MT_OK;
	uint64_t id = 0;
	size_t i;

	for (i = 0; i < n && st == MT_OK; i++) {
		id += mt_cursor_varint(ids);
		if (ids->bad)
			return (MT_ERR_FORMAT);
		st = put_row(c, id, &sites[i], c->last_stamp, e);
	}
	return (st);
}

enum mt_status
mt_capture_load_changes(struct mt_capture *c, struct mt_cursor *cur,
    struct mt_error *e)
{
	struct mt_cursor ids;
	struct mt_site *sites;
	uint64_t len, lost, stamp, time_ns;
	enum mt_status st;
	size_t n;

	stamp = mt_cursor_varint(cur);
	time_ns = mt_cursor_varint(cur);
	lost = mt_cursor_varint(cur);
	len = mt_cursor_varint(cur);
	if (cur->bad || len > (size_t)(cur->end - cur->p))
		return (MT_ERR_FORMAT);
	ids.p = cur->p;
	cur->p += len;
	ids.end = cur->p;
	ids.bad = false;
	st = mt_tables_get_sites(cur, &c->budget, &sites, &n);
	if (st != MT_OK)
		return (st == MT_ERR_NOMEM ? nomem(e) : st);
	c->last_stamp = stamp;
	c->has_sites = true;
	c->meta.lost_events = lost;
	c->meta.peak_time_ns = time_ns;
	c->has |= stamp > 0 ? (unsigned)MT_HAS_PEAK_TIME : 0;
	st = put_rows(c, &ids, sites, n, e);
	mt_budget_free(&c->budget, sites, n * sizeof(*sites));
	return (st == MT_OK ? MT_END : st);
}

void
mt_capture_settle(struct mt_capture *c)
{
	struct mt_site *s;
	size_t i;

	for (i = 0; i < c->nsites && c->stamp != NULL; i++) {
		s = &c->sites[i];
		if (c->stamp[i] == c->last_stamp)
			continue;
		s->peak_allocations = s->leaked_allocations;
		s->peak_bytes = s->leaked_bytes;
		c->stamp[i] = c->last_stamp;
	}
}

void
mt_capture_end_changes(struct mt_capture *c)
{
	mt_capture_settle(c);
	mt_budget_free(&c->budget, c->stamp,
	    c->stamp_cap * sizeof(*c->stamp));
	c->stamp = NULL;
	c->stamp_cap = 0;
}
