/*
 * Selections: what was allocated from one moment on and lives at another.
 *
 * The table of lifetimes answers that exactly if both moments are between
 * two of its intervals.  In general there are three parts:
 *
 *	from_ns		the head, the rest of from_ns's interval:
 *			its allocations are followed one by one
 *	head_ns		the body, whole intervals: the table tells
 *	tail_ns		the tail, up to to_ns: its allocations are followed,
 *	to_ns		and what it frees of the body is taken off
 *
 * So only the events of the head's and tail's intervals are kept in memory.
 * Those of the body are read only if there is a head; to know where a block
 * belongs that the tail frees, only the block of events is read in which it
 * was allocated.
 *
 * Mappings can be unmapped in part, by their addresses.  When that happens
 * where it matters, the mappings of all events are followed instead.
 */

#include <stdlib.h>
#include <string.h>

#include "mt_agg.h"
#include "mt_capture.h"
#include "mt_select.h"
#include "mt_sitemap.h"

#define BATCH	1024

struct moments {
	struct mt_budget	 budget;
	struct mt_capture	*c;
	struct mt_amount	*out;
	struct mt_hash		 sites;
	uint64_t		 from_ns;
	uint64_t		 head_ns;
	uint64_t		 tail_ns;
	uint64_t		 to_ns;		/* included */
	uint64_t		 oldest;	/* allocation that counts */
	struct mt_live		 followed;	/* blocks by their numbers */
	struct mt_mapping	 mapping;
	uint64_t		*freed;		/* of the body, by the tail */
	size_t			 nfreed;
	size_t			 freed_cap;
	bool			 unmapped;
	struct mt_event		 ev[BATCH];
};

static enum mt_status
nomem(struct mt_error *e)
{
	return (mt_error_set(e, MT_ERR_NOMEM, "out of memory"));
}

static uint32_t
site_of(const struct moments *m, const struct mt_event *ev)
{
	return (mt_sitemap_find(&m->sites, m->c, ev->node, ev->thread,
	    ev->allocator));
}

static void
add(struct moments *m, uint32_t site, uint64_t bytes)
{
	m->out[site].allocations++;
	m->out[site].bytes += bytes;
}

/* Events and table may be from different files, for all we know. */
static void
take_off(struct moments *m, uint32_t site, uint64_t bytes)
{
	struct mt_amount *a = &m->out[site];

	a->allocations -= a->allocations > 0;
	a->bytes -= bytes < a->bytes ? bytes : a->bytes;
}

/* ---- Head and tail ---------------------------------------------------- */

static bool
is_followed(const struct moments *m, uint64_t time_ns)
{
	return (time_ns >= m->from_ns &&
	    (time_ns < m->head_ns || time_ns >= m->tail_ns));
}

static bool
follow(struct moments *m, const struct mt_event *ev)
{
	struct mt_block b, old;

	memset(&b, 0, sizeof(b));
	b.site = site_of(m, ev);
	if (b.site == MT_HASH_NONE)
		return (true);
	if (mt_agg_is_mapping(ev->allocator)) {
		/* Mappings without bytes do not live. */
		if (ev->size > 0)
			add(m, b.site, ev->size);
		return (true);
	}
	b.addr = ev->ref;
	b.size = ev->size;
	return (mt_live_put(&m->followed, &b, &old) != MT_LIVE_NOMEM);
}

static bool
note_freed(struct moments *m, uint64_t ref)
{
	void *p = m->freed;

	if (!mt_budget_grow(&m->budget, &p, &m->freed_cap, m->nfreed + 1,
	    sizeof(*m->freed)))
		return (false);
	m->freed = p;
	m->freed[m->nfreed++] = ref;
	return (true);
}

static bool
scan_event(struct moments *m, const struct mt_event *ev)
{
	struct mt_block b;

	switch (ev->type) {
	case MT_EVENT_ALLOC:
		if (ev->time_ns < m->from_ns)
			m->oldest = ev->ref + 1;
		return (!is_followed(m, ev->time_ns) || follow(m, ev));
	case MT_EVENT_FREE:
		if (mt_live_take(&m->followed, ev->ref, &b) ||
		    ev->time_ns < m->tail_ns || ev->ref < m->oldest)
			return (true);
		return (note_freed(m, ev->ref));
	default:
		m->unmapped |= ev->time_ns >= m->from_ns;
		return (true);
	}
}

/* The events from start_ns to to_ns, and some before. */
static enum mt_status
scan(struct moments *m, uint64_t start_ns, struct mt_error *e)
{
	enum mt_status st;
	size_t i, n;

	mt_capture_rewind(m->c);
	mt_capture_skip_time(m->c, start_ns);
	while ((st = mt_capture_events(m->c, m->ev, BATCH, &n, e)) == MT_OK)
		for (i = 0; i < n; i++) {
			if (m->ev[i].time_ns > m->to_ns)
				return (MT_OK);
			if (m->ev[i].time_ns >= start_ns ||
			    m->ev[i].type == MT_EVENT_ALLOC)
				if (!scan_event(m, &m->ev[i]))
					return (nomem(e));
		}
	return (st == MT_END ? MT_OK : st);
}

static void
add_followed(struct moments *m)
{
	struct mt_block b;
	size_t pos;

	for (pos = 0; mt_live_each(&m->followed, &pos, &b);)
		add(m, b.site, b.size);
}

/* ---- What the tail frees of the body ---------------------------------- */

static int
ascending(const void *va, const void *vb)
{
	const uint64_t *a = va, *b = vb;

	return (*a < *b ? -1 : *a > *b);
}

static void
free_one(struct moments *m, const struct mt_event *ev)
{
	uint32_t site;

	if (ev->time_ns < m->head_ns || ev->time_ns >= m->tail_ns ||
	    mt_agg_is_mapping(ev->allocator))
		return;
	site = site_of(m, ev);
	if (site != MT_HASH_NONE)
		take_off(m, site, ev->size);
}

/* Those of a batch; returns how many are done then. */
static size_t
free_batch(struct moments *m, size_t done, size_t n)
{
	const struct mt_event *ev;

	for (ev = m->ev; ev < m->ev + n && done < m->nfreed; ev++) {
		if (ev->type != MT_EVENT_ALLOC)
			continue;
		while (done < m->nfreed && m->freed[done] < ev->ref)
			done++;
		if (done < m->nfreed && m->freed[done] == ev->ref) {
			free_one(m, ev);
			done++;
		}
	}
	return (done);
}

static enum mt_status
free_body(struct moments *m, struct mt_error *e)
{
	enum mt_status st = MT_OK;
	size_t before, done = 0, n;

	if (m->nfreed == 0)
		return (MT_OK);
	qsort(m->freed, m->nfreed, sizeof(*m->freed), ascending);
	mt_capture_rewind(m->c);
	mt_capture_skip_alloc(m->c, m->freed[0]);
	while (done < m->nfreed && st == MT_OK) {
		st = mt_capture_events(m->c, m->ev, BATCH, &n, e);
		if (st != MT_OK)
			break;
		before = done;
		done = free_batch(m, done, n);
		if (done == before)
			mt_capture_skip_alloc(m->c, m->freed[done]);
	}
	return (st == MT_END ? MT_OK : st);
}

/* ---- Mappings --------------------------------------------------------- */

static void
forget_mappings(struct moments *m)
{
	const struct mt_site *s;
	size_t i, n;

	n = mt_capture_sites(m->c, &s);
	for (i = 0; i < n; i++)
		if (mt_agg_is_mapping(s[i].allocator))
			m->out[i].allocations = m->out[i].bytes = 0;
}

static uint64_t
range_end(const struct mt_event *ev)
{
	return (ev->size > UINT64_MAX - ev->addr ? UINT64_MAX :
	    ev->addr + ev->size);
}

static bool
map_event(struct moments *m, const struct mt_event *ev)
{
	struct mt_mapping_origin o;
	struct mt_mapping_cut cut;
	enum mt_status st = MT_OK;

	if (ev->type == MT_EVENT_FREE || ev->size == 0 ||
	    (ev->type == MT_EVENT_ALLOC && !mt_agg_is_mapping(ev->allocator)))
		return (true);
	/* Also before an allocation: files may lie. */
	while (st == MT_OK)
		st = mt_mapping_cut(&m->mapping, ev->addr, range_end(ev),
		    &cut);
	if (st != MT_END || ev->type != MT_EVENT_ALLOC ||
	    range_end(ev) == ev->addr)
		return (st == MT_END);
	memset(&o, 0, sizeof(o));
	o.site = site_of(m, ev);
	/* The number says whether it counts. */
	o.number = ev->time_ns >= m->from_ns && o.site != MT_HASH_NONE;
	return (mt_mapping_put(&m->mapping, ev->addr, range_end(ev), &o));
}

static enum mt_status
follow_mappings(struct moments *m, struct mt_error *e)
{
	const struct mt_mapping_origin *o;
	enum mt_status st;
	bool late = false;
	uint32_t pos;
	size_t i, n;

	forget_mappings(m);
	mt_capture_rewind(m->c);
	while (!late && (st = mt_capture_events(m->c, m->ev, BATCH, &n,
	    e)) != MT_END) {
		if (st != MT_OK)
			return (st);
		for (i = 0; i < n && !late; i++) {
			late = m->ev[i].time_ns > m->to_ns;
			if (!late && !map_event(m, &m->ev[i]))
				return (nomem(e));
		}
	}
	for (pos = 0; (o = mt_mapping_each(&m->mapping, &pos)) != NULL;)
		if (o->number == 1)
			add(m, o->site, o->left);
	return (MT_OK);
}

/* ---- All of it -------------------------------------------------------- */

/* Returns from which event on events matter, or UINT64_MAX. */
static uint64_t
divide(struct moments *m, const struct mt_lifetimes *l)
{
	const uint64_t width = l->interval_ns;
	uint64_t head, tail;

	head = m->from_ns / width + (m->from_ns % width != 0);
	tail = m->to_ns / width + (m->to_ns % width == width - 1);
	if (tail > l->intervals)
		tail = l->intervals;
	if (head > tail || head > l->intervals) {
		/* Both are within one interval: there is no body. */
		m->head_ns = m->tail_ns = UINT64_MAX;
		return (m->from_ns);
	}
	m->head_ns = head * width;
	m->tail_ns = tail == l->intervals ? UINT64_MAX : tail * width;
	return (m->from_ns < m->head_ns ? m->from_ns :
	    m->to_ns < m->tail_ns ? UINT64_MAX : m->tail_ns);
}

static void
add_body(struct moments *m, const struct mt_lifetimes *l)
{
	const struct mt_lifetime *r;
	uint64_t head, tail;

	if (m->head_ns == UINT64_MAX)
		return;
	head = m->head_ns / l->interval_ns;
	tail = m->tail_ns == UINT64_MAX ? l->intervals :
	    m->tail_ns / l->interval_ns;
	for (r = l->rows; r < l->rows + l->n; r++)
		if (r->from >= head && r->from < tail && r->to >= tail) {
			m->out[r->site].allocations += r->allocations;
			m->out[r->site].bytes += r->bytes;
		}
}

/*
 * Events do not tell sites apart that have equal nodes, so all that is known
 * of such sites is the one's that is found for them.
 */
static void
join_equals(struct moments *m)
{
	const struct mt_site *s;
	uint32_t to;
	size_t i, n;

	n = mt_capture_sites(m->c, &s);
	for (i = 0; i < n; i++) {
		to = mt_sitemap_find(&m->sites, m->c, s[i].node, s[i].thread,
		    s[i].allocator);
		if (to == i)
			continue;
		m->out[to].allocations += m->out[i].allocations;
		m->out[to].bytes += m->out[i].bytes;
		m->out[i].allocations = m->out[i].bytes = 0;
	}
}

static enum mt_status
run(struct moments *m, const struct mt_lifetimes *l, struct mt_error *e)
{
	enum mt_status st;
	uint64_t start;

	start = divide(m, l);
	add_body(m, l);
	if (start == UINT64_MAX)
		return (MT_OK);
	if (!mt_sitemap_fill(&m->sites, m->c))
		return (nomem(e));
	join_equals(m);
	st = scan(m, start, e);
	if (st == MT_OK)
		st = free_body(m, e);
	if (st == MT_OK)
		add_followed(m);
	if (st == MT_OK && m->unmapped)
		st = follow_mappings(m, e);
	return (st);
}

enum mt_status
mt_select_time(struct mt_capture *c, const struct mt_lifetimes *l,
    uint64_t from_ns, uint64_t to_ns, struct mt_amount *out,
    struct mt_error *e)
{
	struct moments *m;
	enum mt_status st;

	m = calloc(1, sizeof(*m));
	if (m == NULL)
		return (nomem(e));
	m->c = c;
	m->out = out;
	m->from_ns = from_ns;
	m->to_ns = to_ns;
	mt_budget_share(&m->budget, &c->budget);
	m->sites.budget = &m->budget;
	m->followed.budget = &m->budget;
	m->mapping.budget = &m->budget;
	st = mt_budget_status(&m->budget, run(m, l, e), e);
	mt_capture_rewind(c);
	mt_hash_fini(&m->sites);
	mt_live_fini(&m->followed);
	mt_mapping_fini(&m->mapping);
	free(m->freed);
	mt_budget_close(&m->budget);
	free(m);
	return (st);
}
