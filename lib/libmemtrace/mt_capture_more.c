/*
 * What is known about sites besides their totals.  Each block of these types
 * is complete, so only the last one counts that can be read.
 */

#include <stdlib.h>
#include <string.h>

#include "mt_capture.h"
#include "mt_columns.h"
#include "mt_hist.h"

/* One of the tables. */
struct kind {
	unsigned		flag;	/* enum mt_capture_loaded */
	uint32_t		type;	/* of its blocks */
	enum mt_capture_made	made;
	enum mt_status		(*parse)(struct mt_capture *,
				    struct mt_cursor *,
				    const struct mt_capture_ids *,
				    struct mt_error *);
};

static enum mt_status
nomem(struct mt_error *e)
{
	return (mt_error_set(e, MT_ERR_NOMEM, "out of memory"));
}

/* Index of the site with an id; false if there is none. */
static bool
site_of(const struct mt_capture *c, const struct mt_capture_ids *ids,
    uint64_t id, uint32_t *site)
{
	if (ids->row == NULL) {
		*site = (uint32_t)id;
		return (id < c->nsites);
	}
	if (id >= ids->n || ids->row[id] == 0)
		return (false);
	*site = ids->row[id] - 1;
	return (true);
}

/*
 * Room for the rows of a table: it may say that it has many, but each takes
 * a byte of the payload.
 */
static void *
rows_new(struct mt_capture *c, const struct mt_columns_in *in, size_t *cap,
    size_t size)
{
	*cap = (size_t)in->rows;
	return (mt_budget_calloc(&c->budget, *cap, size));
}

static void
rows_free(struct mt_capture *c, const void *rows, size_t *cap, size_t size)
{
	mt_budget_free(&c->budget, (void *)(uintptr_t)rows, *cap * size);
	*cap = 0;
}

/* ---- Temporary allocations -------------------------------------------- */

static enum mt_status
parse_temporary(struct mt_capture *c, struct mt_cursor *cur,
    const struct mt_capture_ids *ids, struct mt_error *e)
{
	uint64_t id = 0, v[MT_COLUMNS_MAX];
	struct mt_columns_in in;
	struct mt_temporary *t;
	enum mt_status st;

	if (mt_columns_get(&in, cur) != MT_OK)
		return (MT_ERR_FORMAT);
	rows_free(c, c->temporary, &c->temporary_cap, sizeof(*t));
	c->ntemporary = 0;
	c->temporary = rows_new(c, &in, &c->temporary_cap, sizeof(*t));
	if (c->temporary == NULL)
		return (nomem(e));
	while ((st = mt_columns_next(&in, v)) == MT_OK) {
		t = &c->temporary[c->ntemporary];
		id += (uint64_t)mt_columns_signed(v[0]);
		if (v[1] >= MT_TEMPORARY_BINS || !site_of(c, ids, id,
		    &t->site))
			continue;
		t->bin = (uint32_t)v[1];
		t->allocations = v[2];
		t->bytes = v[3];
		c->ntemporary++;
	}
	return (st);
}

/* ---- Sizes ------------------------------------------------------------ */

static enum mt_status
parse_buckets(struct mt_capture *c, struct mt_cursor *cur,
    struct mt_error *e)
{
	struct mt_histogram *h = &c->sizes;
	struct mt_bucket *b;
	struct mt_cursor in;
	uint64_t i = 0, len;

	h->smallest = mt_cursor_varint(cur);
	h->largest = mt_cursor_varint(cur);
	len = mt_cursor_varint(cur);
	if (cur->bad || len > (size_t)(cur->end - cur->p))
		return (MT_ERR_FORMAT);
	in.p = cur->p;
	in.end = cur->p + len;
	in.bad = false;
	cur->p += len;
	/* Two bytes each, at least. */
	c->buckets_cap = (size_t)len / 2 + 1;
	b = mt_budget_calloc(&c->budget, c->buckets_cap, sizeof(*b));
	h->buckets = b;
	if (b == NULL)
		return (nomem(e));
	while (in.p < in.end) {
		i += mt_cursor_varint(&in);
		b->allocations = mt_cursor_varint(&in);
		if (in.bad || i >= MT_HIST_BUCKETS)
			return (MT_ERR_FORMAT);
		mt_hist_bounds((unsigned)i, &b->smallest, &b->largest);
		h->nbuckets++;
		b++;
	}
	return (MT_OK);
}

static void
free_sizes(struct mt_capture *c)
{
	rows_free(c, c->sizes.buckets, &c->buckets_cap,
	    sizeof(*c->sizes.buckets));
	rows_free(c, c->sizes.sites, &c->bits_cap, sizeof(*c->sizes.sites));
	memset(&c->sizes, 0, sizeof(c->sizes));
}

static enum mt_status
parse_sizes(struct mt_capture *c, struct mt_cursor *cur,
    const struct mt_capture_ids *ids, struct mt_error *e)
{
	uint64_t id = 0, v[MT_COLUMNS_MAX];
	struct mt_columns_in in;
	struct mt_site_bits *s;
	enum mt_status st;

	free_sizes(c);
	st = parse_buckets(c, cur, e);
	if (st != MT_OK)
		return (st);
	if (mt_columns_get(&in, cur) != MT_OK)
		return (MT_ERR_FORMAT);
	s = rows_new(c, &in, &c->bits_cap, sizeof(*s));
	c->sizes.sites = s;
	if (s == NULL)
		return (nomem(e));
	while ((st = mt_columns_next(&in, v)) == MT_OK) {
		id += (uint64_t)mt_columns_signed(v[0]);
		if (v[1] > 64 || !site_of(c, ids, id, &s->site))
			continue;
		s->bits = (uint32_t)v[1];
		s->allocations = v[2];
		c->sizes.nsites++;
		s++;
	}
	return (st);
}

/* ---- Lifetimes -------------------------------------------------------- */

static void
free_lifetimes(struct mt_capture *c)
{
	rows_free(c, c->lifetimes.rows, &c->lifetimes_cap,
	    sizeof(*c->lifetimes.rows));
	memset(&c->lifetimes, 0, sizeof(c->lifetimes));
}

static enum mt_status
parse_lifetimes(struct mt_capture *c, struct mt_cursor *cur,
    const struct mt_capture_ids *ids, struct mt_error *e)
{
	uint64_t id = 0, intervals, to = 0, v[MT_COLUMNS_MAX];
	struct mt_columns_in in;
	struct mt_lifetime *l;
	enum mt_status st;

	free_lifetimes(c);
	c->lifetimes.interval_ns = mt_cursor_varint(cur);
	intervals = mt_cursor_varint(cur);
	if (cur->bad || mt_columns_get(&in, cur) != MT_OK ||
	    c->lifetimes.interval_ns == 0 || intervals == 0 ||
	    intervals >= MT_NEVER)
		return (MT_ERR_FORMAT);
	c->lifetimes.intervals = (uint32_t)intervals;
	l = rows_new(c, &in, &c->lifetimes_cap, sizeof(*l));
	c->lifetimes.rows = l;
	if (l == NULL)
		return (nomem(e));
	while ((st = mt_columns_next(&in, v)) == MT_OK) {
		id += (uint64_t)mt_columns_signed(v[0]);
		to += v[1];
		if (to > intervals || v[2] == 0 || v[2] > to)
			return (MT_ERR_FORMAT);
		if (!site_of(c, ids, id, &l->site))
			continue;
		l->from = (uint32_t)(to - v[2]);
		l->to = to == intervals ? MT_NEVER : (uint32_t)to;
		l->allocations = v[3];
		l->bytes = v[4];
		c->lifetimes.n++;
		l++;
	}
	return (st);
}

/* ---- Finding the block ------------------------------------------------ */

static const struct kind temporary = {
	MT_LOADED_TEMPORARY, MT_BLOCK_TEMPORARY, MT_MADE_TEMPORARY,
	parse_temporary
};
static const struct kind sizes = {
	MT_LOADED_SIZES, MT_BLOCK_SIZES, MT_MADE_SIZES, parse_sizes
};
static const struct kind lifetimes = {
	MT_LOADED_LIFETIMES, MT_BLOCK_LIFETIMES, MT_MADE_LIFETIMES,
	parse_lifetimes
};

/* Does block i continue another one? */
static bool
is_rest(const struct mt_capture *c, size_t i)
{
	struct mt_block_info info;

	return (mt_capture_block(c, i, &info, NULL) == MT_OK &&
	    (info.flags & MT_BLOCK_CONTINUED) != 0);
}

/* MT_END: there is no such block that can be used. */
static enum mt_status
load_last(struct mt_capture *c, const struct kind *k, struct mt_error *e)
{
	struct mt_cursor cur;
	enum mt_status st;
	size_t at, i, len;

	for (i = c->nblocks; i-- > 0;) {
		if (c->blocks[i].type != k->type || is_rest(c, i))
			continue;
		at = i;
		st = mt_capture_read(c, &at, &c->table, &len, e);
		if (st == MT_OK) {
			cur.p = c->table.data;
			cur.end = cur.p + len;
			cur.bad = false;
			st = k->parse(c, &cur, &c->ids, e);
		}
		if (st == MT_OK || st == MT_END)
			return (MT_OK);
		if (st != MT_ERR_FORMAT)
			return (st);
		c->meta.flags |= MT_CAPTURE_DAMAGED;
	}
	return (MT_END);
}

static enum mt_status
load_made(struct mt_capture *c, const struct kind *k, struct mt_error *e)
{
	struct mt_cursor cur;
	enum mt_status st;

	if (!c->has_made && (c->meta.flags & MT_CAPTURE_AGGREGATED) == 0) {
		st = mt_capture_remake(c, e);
		if (st != MT_OK)
			return (st);
	}
	if (c->made[k->made].len == 0)
		return (mt_error_set(e, MT_ERR_FORMAT,
		    "the capture does not have this table"));
	cur.p = c->made[k->made].data;
	cur.end = cur.p + c->made[k->made].len;
	cur.bad = false;
	st = k->parse(c, &cur, &c->made_ids, e);
	return (st == MT_END ? MT_OK : st);
}

static enum mt_status
load(struct mt_capture *c, const struct kind *k, struct mt_error *e)
{
	enum mt_status st;

	if (c->loaded & k->flag)
		return (MT_OK);
	st = c->has_made ? MT_END : load_last(c, k, e);
	if (st == MT_END)
		st = load_made(c, k, e);
	if (st == MT_OK)
		c->loaded |= k->flag;
	return (mt_budget_status(&c->budget, st, e));
}

enum mt_status
mt_capture_temporaries(struct mt_capture *c, const struct mt_temporary **t,
    size_t *n, struct mt_error *e)
{
	enum mt_status st;

	st = load(c, &temporary, e);
	*t = st == MT_OK ? c->temporary : NULL;
	*n = st == MT_OK ? c->ntemporary : 0;
	return (st);
}

enum mt_status
mt_capture_histogram(struct mt_capture *c, const struct mt_histogram **h,
    struct mt_error *e)
{
	enum mt_status st;

	st = load(c, &sizes, e);
	*h = st == MT_OK ? &c->sizes : NULL;
	return (st);
}

enum mt_status
mt_capture_lifetimes(struct mt_capture *c, const struct mt_lifetimes **l,
    struct mt_error *e)
{
	enum mt_status st;

	st = load(c, &lifetimes, e);
	*l = st == MT_OK ? &c->lifetimes : NULL;
	return (st);
}

void
mt_capture_free_more(struct mt_capture *c)
{
	unsigned i;

	rows_free(c, c->temporary, &c->temporary_cap, sizeof(*c->temporary));
	free_sizes(c);
	free_lifetimes(c);
	for (i = 0; i < MT_MADE; i++)
		mt_buf_fini(&c->made[i]);
	free(c->made_ids.row);
}
