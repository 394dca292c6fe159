/* A capture as tables only: what is left of it without its events. */

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "mt_capture.h"
#include "mt_columns.h"
#include "mt_hist.h"
#include "mt_timeline.h"

#define BLOCK	(256u * 1024)	/* raw bytes, when full */

struct out {
	struct mt_capture	*c;
	const struct mt_sink	*sink;
	struct mt_buf		 b;
	enum mt_status		 st;	/* the first failure */
	struct mt_error		 e;
};

/* Hand over what is in the buffer. */
static void
put(struct out *o, enum mt_block_type type)
{
	void *data = o->b.data;
	size_t len = o->b.len;

	if (o->b.failed && o->st == MT_OK)
		o->st = mt_error_set(&o->e, MT_ERR_NOMEM, "out of memory");
	if (o->st != MT_OK || len == 0) {
		mt_buf_fini(&o->b);
		return;
	}
	memset(&o->b, 0, sizeof(o->b));
	o->st = o->sink->put(o->sink->arg, type, data, len, &o->e);
}

static void
put_if_full(struct out *o, enum mt_block_type type)
{
	if (o->b.len >= BLOCK || o->b.failed)
		put(o, type);
}

/* ---- Metadata --------------------------------------------------------- */

/* What is said again below, since the capture may have known it wrongly. */
static bool
is_own_key(const struct mt_bytes *key)
{
	static const char *const own[] = { "aggregated", "cut", "damaged",
	    "disk_full", "total_allocations", "total_bytes", "peak_bytes",
	    "peak_time_ns", "leaked_allocations", "leaked_bytes",
	    "lost_events" };
	size_t i;

	for (i = 0; i < sizeof(own) / sizeof(own[0]); i++)
		if (key->n == strlen(own[i]) &&
		    memcmp(key->p, own[i], key->n) == 0)
			return (true);
	return (false);
}

/* The rest, whatever it means. */
static void
copy_meta(struct out *o)
{
	struct mt_bytes key, value;
	struct mt_cursor cur;
	enum mt_status st;
	size_t i = 0, len;

	while (i < o->c->nblocks && o->st == MT_OK) {
		if (o->c->blocks[i].type != MT_BLOCK_META) {
			i++;
			continue;
		}
		st = mt_capture_read(o->c, &i, &o->c->table, &len, &o->e);
		if (st == MT_ERR_FORMAT)
			continue;
		o->st = st;
		cur.p = o->c->table.data;
		cur.end = cur.p + len;
		cur.bad = false;
		while (st == MT_OK &&
		    mt_tables_get_meta(&cur, &key, &value) == MT_OK) {
			if (is_own_key(&key))
				continue;
			mt_buf_put_string(&o->b, (const char *)key.p, key.n);
			mt_buf_put_string(&o->b, (const char *)value.p,
			    value.n);
		}
	}
}

static void
put_meta(struct out *o)
{
	const struct mt_meta *m = &o->c->meta;
	const struct {
		const char	*key;
		bool		 known;
		uint64_t	 value;
	} own[] = {
		{ "aggregated", true, 1 },
		{ "cut", (m->flags & MT_CAPTURE_CUT) != 0, 1 },
		{ "damaged", (m->flags & MT_CAPTURE_DAMAGED) != 0, 1 },
		{ "disk_full", (m->flags & MT_CAPTURE_DISK_FULL) != 0, 1 },
		{ "total_allocations", true, m->total_allocations },
		{ "total_bytes", true, m->total_bytes },
		{ "peak_bytes", true, m->peak_bytes },
		{ "peak_time_ns", m->peak_time_ns >= m->start_time_ns,
		    m->peak_time_ns - m->start_time_ns },
		{ "leaked_allocations", true, m->leaked_allocations },
		{ "leaked_bytes", true, m->leaked_bytes },
		{ "lost_events", true, m->lost_events }
	};
	char number[24];
	size_t i;

	copy_meta(o);
	for (i = 0; i < sizeof(own) / sizeof(own[0]); i++) {
		if (!own[i].known)
			continue;
		(void)snprintf(number, sizeof(number), "%" PRIu64,
		    own[i].value);
		mt_tables_put_meta(&o->b, own[i].key, number);
	}
	put(o, MT_BLOCK_META);
}

/* ---- Tables that every capture has ------------------------------------ */

static void
put_tables(struct out *o)
{
	struct mt_capture *c = o->c;
	uint32_t i;

	for (i = 0; i < c->ncodes; i++) {
		mt_tables_put_code(&o->b, i, &c->codes[i]);
		put_if_full(o, MT_BLOCK_CODES);
	}
	put(o, MT_BLOCK_CODES);
	for (i = 1; i < c->nnodes; i++) {
		mt_tables_put_node(&o->b, i, &c->nodes[i]);
		put_if_full(o, MT_BLOCK_NODES);
	}
	put(o, MT_BLOCK_NODES);
	for (i = 0; i < c->nthreads; i++) {
		mt_tables_put_thread(&o->b, i, &c->threads[i]);
		put_if_full(o, MT_BLOCK_THREADS);
	}
	put(o, MT_BLOCK_THREADS);
	mt_tables_put_sites(&o->b, c->sites, c->nsites);
	put(o, MT_BLOCK_SITES);
}

/* As many points as a recorder without events keeps. */
static void
put_timeline(struct out *o)
{
	struct mt_timeline t;
	const struct mt_sample *s;
	bool ok = true;
	size_t i, n;

	o->st = mt_capture_samples(o->c, &s, &n, &o->e);
	if (o->st != MT_OK)
		return;
	memset(&t, 0, sizeof(t));
	for (i = 0; i < n && ok; i++)
		ok = mt_timeline_add(&t, &s[i]);
	mt_timeline_put(&t, &o->b);
	o->b.failed |= !ok;
	mt_timeline_fini(&t);
	put(o, MT_BLOCK_SAMPLES);
}

/* ---- Tables that a capture may have ----------------------------------- */

/* Which a capture of format 1.0 without events does not have. */
static bool
has(struct out *o, enum mt_status st)
{
	if (st != MT_OK && st != MT_ERR_FORMAT)
		o->st = st;
	return (st == MT_OK);
}

static void
put_temporary(struct out *o)
{
	const struct mt_temporary *t;
	struct mt_columns c;
	uint32_t prev = 0;
	size_t i, n;

	if (!has(o, mt_capture_temporaries(o->c, &t, &n, &o->e)))
		return;
	memset(&c, 0, sizeof(c));
	for (i = 0; i < n; i++) {
		mt_columns_put_signed(&c, 1, (int64_t)t[i].site - prev);
		mt_columns_put(&c, 2, t[i].bin);
		mt_columns_put(&c, 3, t[i].allocations);
		mt_columns_put(&c, 4, t[i].bytes);
		c.rows++;
		prev = t[i].site;
	}
	mt_columns_finish(&c, 4, &o->b);
	put(o, MT_BLOCK_TEMPORARY);
}

static void
put_buckets(struct mt_buf *b, const struct mt_histogram *h)
{
	struct mt_buf buckets = { NULL, 0, 0, false };
	unsigned bucket, prev = 0;
	size_t i;

	for (i = 0; i < h->nbuckets; i++) {
		bucket = mt_hist_bucket(h->buckets[i].smallest);
		mt_buf_put_varint(&buckets, bucket - prev);
		mt_buf_put_varint(&buckets, h->buckets[i].allocations);
		prev = bucket;
	}
	mt_buf_put_varint(b, h->smallest);
	mt_buf_put_varint(b, h->largest);
	mt_buf_put_string(b, (const char *)buckets.data, buckets.len);
	b->failed |= buckets.failed;
	mt_buf_fini(&buckets);
}

static void
put_sizes(struct out *o)
{
	const struct mt_histogram *h;
	struct mt_columns c;
	uint32_t prev = 0;
	size_t i;

	if (!has(o, mt_capture_histogram(o->c, &h, &o->e)))
		return;
	put_buckets(&o->b, h);
	memset(&c, 0, sizeof(c));
	for (i = 0; i < h->nsites; i++) {
		mt_columns_put_signed(&c, 1,
		    (int64_t)h->sites[i].site - prev);
		mt_columns_put(&c, 2, h->sites[i].bits);
		mt_columns_put(&c, 3, h->sites[i].allocations);
		c.rows++;
		prev = h->sites[i].site;
	}
	mt_columns_finish(&c, 3, &o->b);
	put(o, MT_BLOCK_SIZES);
}

/* Rows are in the order of their ends, as they were read. */
static void
put_lifetimes(struct out *o)
{
	const struct mt_lifetimes *l;
	const struct mt_lifetime *r;
	uint32_t prev = 0, prev_to = 0, to;
	struct mt_columns c;

	if (!has(o, mt_capture_lifetimes(o->c, &l, &o->e)))
		return;
	memset(&c, 0, sizeof(c));
	for (r = l->rows; r < l->rows + l->n; r++) {
		to = r->to == MT_NEVER ? l->intervals : r->to;
		mt_columns_put_signed(&c, 1, (int64_t)r->site - prev);
		mt_columns_put(&c, 2, to - prev_to);
		mt_columns_put(&c, 3, to - r->from);
		mt_columns_put(&c, 4, r->allocations);
		mt_columns_put(&c, 5, r->bytes);
		c.rows++;
		prev = r->site;
		prev_to = to;
	}
	mt_buf_put_varint(&o->b, l->interval_ns);
	mt_buf_put_varint(&o->b, l->intervals);
	mt_columns_finish(&c, 5, &o->b);
	put(o, MT_BLOCK_LIFETIMES);
}

/* Metadata last, for until then the capture may turn out to be damaged. */
enum mt_status
mt_capture_aggregate(struct mt_capture *c, const struct mt_sink *sink,
    struct mt_error *e)
{
	void (*const step[])(struct out *) = { put_tables, put_timeline,
	    put_temporary, put_sizes, put_lifetimes, put_meta };
	struct out o;
	size_t i;

	memset(&o, 0, sizeof(o));
	o.c = c;
	o.sink = sink;
	for (i = 0; i < sizeof(step) / sizeof(step[0]); i++) {
		if (o.st == MT_OK)
			step[i](&o);
	}
	mt_buf_fini(&o.b);
	if (o.st != MT_OK && e != NULL)
		*e = o.e;
	return (o.st);
}
