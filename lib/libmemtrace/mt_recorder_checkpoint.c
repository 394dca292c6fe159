/*
 * Checkpoints of captures without events.  Since tables cannot be made again
 * from events there, what changed is handed over with every flush; and once
 * the file is much longer than its tables need, all of it for a new file.
 */

#include <stdlib.h>
#include <string.h>

#include "mt_recorder.h"
#include "mt_tables.h"

/*
 * The tables that are handed over as a whole come with a flush at most so
 * often, and a second later for so many of their bytes and so many live
 * blocks, which have to be looked at.
 */
#define MORE_NS		UINT64_C(10000000000)
#define MORE_BYTES	20000u
#define MORE_BLOCKS	100000u
#define SECOND_NS	UINT64_C(1000000000)

/* Bytes of metadata that are looked through for what is out of date. */
#define META_BYTES	8192u

static int
ascending(const void *va, const void *vb)
{
	const uint32_t *a = va, *b = vb;

	return (*a < *b ? -1 : *a > *b);
}

uint32_t
mt_recorder_changed(const struct mt_agg *a, uint64_t since, uint32_t *id)
{
	uint32_t i, n;

	/* Where many have changed, looking at all takes less time. */
	if (since == a->checkpoint && a->nchanged < a->nsites / 8) {
		memcpy(id, a->changed, a->nchanged * sizeof(*id));
		qsort(id, a->nchanged, sizeof(*id), ascending);
		return (a->nchanged);
	}
	for (i = n = 0; i < a->nsites; i++)
		if (mt_agg_at(a, i)->stamp >= since)
			id[n++] = i;
	return (n);
}

static uint32_t
all_sites(const struct mt_agg *a, uint32_t *id)
{
	uint32_t i;

	for (i = 0; i < a->nsites; i++)
		id[i] = i;
	return (a->nsites);
}

static void
put_rows(struct mt_recorder *r, const uint32_t *id, uint32_t n,
    struct mt_site *row)
{
	struct mt_buf b = { NULL, 0, 0, false };
	struct mt_buf ids = { NULL, 0, 0, false };
	uint32_t i;

	for (i = 0; i < n; i++) {
		mt_buf_put_varint(&ids, id[i] - (i == 0 ? 0 : id[i - 1]));
		mt_agg_site(&r->agg, id[i], &row[i]);
	}
	mt_buf_put_varint(&b, r->agg.peak_stamp);
	mt_buf_put_varint(&b, r->agg.peak_time_ns);
	mt_buf_put_varint(&b, r->lost);
	mt_buf_put_string(&b, (const char *)ids.data, ids.len);
	b.failed |= ids.failed;
	mt_tables_put_sites(&b, row, n);
	mt_recorder_try(r, MT_BLOCK_CHANGES, &b);
	mt_buf_fini(&ids);
	mt_buf_fini(&b);
}

/* Rows of the sites that have changed, or of all. */
static void
put_changes(struct mt_recorder *r, bool all)
{
	struct mt_agg *a = &r->agg;
	struct mt_site *row;
	struct mt_error e;
	uint32_t *id, n;

	if (!mt_recorder_may_have_changed(a, r->since) &&
	    r->put_lost == r->lost && !all)
		return;
	id = malloc((a->nsites + (size_t)1) * sizeof(*id));
	n = id == NULL ? 0 : all ? all_sites(a, id) :
	    mt_recorder_changed(a, r->since, id);
	row = calloc(n + (size_t)1, sizeof(*row));
	if (id == NULL || row == NULL) {
		/* They have not been handed over; next time, perhaps. */
		mt_recorder_late(r, mt_recorder_no_memory(&e), &e);
	} else {
		if (n > 0 || r->put_lost != r->lost || all)
			put_rows(r, id, n, row);
		r->put_lost = r->lost;
		r->since = mt_recorder_since(a, n);
	}
	free(id);
	free(row);
}

static void
put_timeline(struct mt_recorder *r)
{
	struct mt_buf b = { NULL, 0, 0, false };

	mt_timeline_put(&r->timeline, &b);
	r->more_bytes += b.len;
	mt_recorder_try(r, MT_BLOCK_TIMELINE, &b);
	mt_buf_fini(&b);
}

/* At first soon, then at longer and longer intervals. */
static void
schedule(struct mt_recorder *r)
{
	uint64_t wait;

	wait = r->clock_ns < MORE_NS ? r->clock_ns : MORE_NS;
	wait += SECOND_NS * (r->more_bytes / MORE_BYTES +
	    r->agg.live_allocations / MORE_BLOCKS);
	r->more_ns = r->clock_ns + wait;
}

void
mt_recorder_checkpoint(struct mt_recorder *r)
{
	bool changed;

	changed = mt_recorder_may_have_changed(&r->agg, r->since);
	put_changes(r, false);
	r->more_changed |= changed;
	if (!r->more_changed || r->clock_ns < r->more_ns)
		return;
	mt_recorder_put_more(r);
	put_timeline(r);
	r->more_changed = false;
	schedule(r);
}

/* ---- Everything again ------------------------------------------------- */

static bool
is_last(const struct mt_cursor *rest, const struct mt_bytes *key)
{
	struct mt_cursor c = *rest;
	struct mt_bytes k, v;

	while (mt_tables_get_meta(&c, &k, &v) == MT_OK)
		if (k.n == key->n && memcmp(k.p, key->p, k.n) == 0)
			return (false);
	return (true);
}

/* Leave only the last value of each key. */
static void
shorten_meta(struct mt_buf *b)
{
	struct mt_cursor c = { b->data, b->data + b->len, false };
	struct mt_buf out = { NULL, 0, 0, false };
	struct mt_bytes key, value;

	while (mt_tables_get_meta(&c, &key, &value) == MT_OK)
		if (is_last(&c, &key)) {
			mt_buf_put_string(&out, (const char *)key.p, key.n);
			mt_buf_put_string(&out, (const char *)value.p,
			    value.n);
		}
	mt_buf_fini(b);
	*b = out;
}

/* Add what is in a payload to what is kept; the later entries hold. */
void
mt_recorder_keep(struct mt_recorder *r, enum mt_block_type type,
    const struct mt_buf *b)
{
	struct mt_buf *to;

	switch (type) {
	case MT_BLOCK_META:
		to = &r->kept_meta;
		break;
	case MT_BLOCK_CODES:
		to = &r->kept_codes;
		break;
	case MT_BLOCK_THREADS:
		to = &r->kept_threads;
		break;
	default:
		return;
	}
	/* Up to twice as much, and as much when it is handed over. */
	if (mt_budget_take(r->agg.budget, (uint64_t)b->len * 3))
		mt_buf_put(to, b->data, b->len);
	else
		to->failed = true;
	if (type == MT_BLOCK_META && to->len > r->meta_limit && !to->failed) {
		shorten_meta(to);
		r->meta_limit = to->len * 2 + META_BYTES;
	}
}

/* Hand over what is kept, and what is not handed over yet with it. */
static void
put_kept(struct mt_recorder *r, enum mt_block_type type,
    struct mt_buf *kept, struct mt_buf *b)
{
	struct mt_buf copy = { NULL, 0, 0, false };
	struct mt_error e = { 0, "" };

	mt_recorder_keep(r, type, b);
	mt_buf_put(&copy, kept->data, kept->len);
	copy.failed |= kept->failed || b->failed;
	mt_buf_fini(b);
	mt_recorder_late(r, mt_recorder_hand_over(r, type, &copy, &e), &e);
	mt_buf_fini(&copy);
}

static void
put_all_nodes(struct mt_recorder *r)
{
	uint32_t id;

	mt_buf_fini(&r->nodes);
	for (id = 1; id < r->stack.count; id++) {
		mt_tables_put_node(&r->nodes, id, &r->stack.node[id].key);
		if (r->nodes.len >= MT_RECORDER_BLOCK)
			mt_recorder_try(r, MT_BLOCK_NODES, &r->nodes);
	}
	mt_recorder_try(r, MT_BLOCK_NODES, &r->nodes);
}

enum mt_status
mt_recorder_dump(struct mt_recorder *r, struct mt_error *e)
{
	if (!r->aggregate)
		return (mt_error_set(e, MT_ERR_LIMIT,
		    "events cannot be had again"));
	mt_recorder_drain(r);
	put_kept(r, MT_BLOCK_META, &r->kept_meta, &r->meta);
	put_kept(r, MT_BLOCK_CODES, &r->kept_codes, &r->codes);
	put_all_nodes(r);
	put_kept(r, MT_BLOCK_THREADS, &r->kept_threads, &r->threads);
	put_changes(r, true);
	mt_recorder_put_more(r);
	put_timeline(r);
	r->more_changed = false;
	schedule(r);
	return (mt_recorder_report(r, e));
}
