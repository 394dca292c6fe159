/* Which allocations a report is about: how much of each site. */

#include <string.h>

#include "mt_private.h"
#include "mt_select.h"

uint64_t
mt_threshold(uint64_t t)
{
	uint64_t p;

	if (t == 0)
		return (0);
	for (p = 1; p < MT_TEMPORARY_MAX && p * 2 <= t;)
		p *= 2;
	return (p);
}

static bool
has_events(const struct mt_capture *c)
{
	return ((mt_capture_meta(c)->flags & MT_CAPTURE_AGGREGATED) == 0);
}

static enum mt_status
select_temporary(struct mt_capture *c, uint64_t threshold,
    struct mt_amount *out, struct mt_error *e)
{
	const struct mt_temporary *t;
	enum mt_status st;
	size_t i, n;

	if (mt_threshold(threshold) != threshold && has_events(c))
		return (mt_select_temporary(c, threshold, out, e));
	threshold = mt_threshold(threshold);
	st = mt_capture_temporaries(c, &t, &n, e);
	for (i = 0; i < n; i++) {
		/* Distances in a bin are less than two to its number. */
		if (UINT64_C(1) << t[i].bin > threshold)
			continue;
		out[t[i].site].allocations += t[i].allocations;
		out[t[i].site].bytes += t[i].bytes;
	}
	return (st);
}

/* What was made in a range of intervals and lives at the end of the last. */
static void
select_intervals(const struct mt_lifetimes *l, uint64_t from_ns,
    uint64_t to_ns, struct mt_amount *out)
{
	const struct mt_lifetime *r;
	uint64_t from, to;

	from = from_ns / l->interval_ns;
	to = to_ns / l->interval_ns;
	to = to < l->intervals ? to : l->intervals - 1;
	for (r = l->rows; r < l->rows + l->n; r++) {
		if (r->from < from || r->from > to || r->to <= to)
			continue;
		out[r->site].allocations += r->allocations;
		out[r->site].bytes += r->bytes;
	}
}

static enum mt_status
select_lifetimes(struct mt_capture *c, uint64_t from_ns, uint64_t to_ns,
    struct mt_amount *out, struct mt_error *e)
{
	const struct mt_lifetimes *l;
	enum mt_status st;

	st = mt_capture_lifetimes(c, &l, e);
	if (st != MT_OK)
		return (st);
	if (has_events(c))
		return (mt_select_time(c, l, from_ns, to_ns, out, e));
	select_intervals(l, from_ns, to_ns, out);
	return (MT_OK);
}

static void
select_site(const struct mt_site *s, enum mt_view view, struct mt_amount *out)
{
	switch (view) {
	case MT_VIEW_LEAKS:
		out->allocations = s->leaked_allocations;
		out->bytes = s->leaked_bytes;
		break;
	case MT_VIEW_ALL:
		out->allocations = s->allocations;
		out->bytes = s->bytes;
		break;
	default:
		out->allocations = s->peak_allocations;
		out->bytes = s->peak_bytes;
		break;
	}
}

enum mt_status
mt_capture_select(struct mt_capture *c, const struct mt_selection *sel,
    struct mt_amount *out, struct mt_error *e)
{
	const struct mt_site *sites;
	enum mt_status st = MT_OK;
	size_t i, n;

	n = mt_capture_sites(c, &sites);
	if (n > 0)
		memset(out, 0, n * sizeof(*out));
	if (!mt_capture_is_selected(c, sel))
		return (MT_OK);
	switch (sel->view) {
	case MT_VIEW_TEMPORARY:
		st = select_temporary(c, sel->threshold, out, e);
		break;
	case MT_VIEW_AT:
		st = select_lifetimes(c, 0, sel->to_ns, out, e);
		break;
	case MT_VIEW_RANGE:
		st = select_lifetimes(c, sel->from_ns, sel->to_ns, out, e);
		break;
	default:
		for (i = 0; i < n; i++)
			select_site(&sites[i], sel->view, &out[i]);
		break;
	}
	return (st == MT_OK ? mt_select_filter(c, sel, out, e) : st);
}
