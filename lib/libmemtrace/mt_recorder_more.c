/* The recorder's part that knows about sites more than their totals. */

#include <string.h>

#include "mt_columns.h"
#include "mt_recorder.h"

static void
put_more(struct mt_recorder *r, enum mt_block_type type, struct mt_buf *b)
{
	r->more_bytes += b->len;
	mt_recorder_try(r, type, b);
	mt_buf_fini(b);
}

static void
put_temporary(struct mt_recorder *r)
{
	const struct mt_agg *a = &r->agg;
	struct mt_buf b = { NULL, 0, 0, false };
	struct mt_columns c;
	uint64_t bytes, n;
	uint32_t i, prev;
	unsigned bin;

	memset(&c, 0, sizeof(c));
	for (i = prev = 0; i < a->nsites; i++)
		for (bin = 0; bin < MT_TALLY_TEMPORARY; bin++) {
			n = mt_tally_get_temporary(&a->tally,
			    &mt_agg_at(a, i)->tally, i, bin, &bytes);
			if (n == 0)
				continue;
			mt_columns_put_signed(&c, 1, (int64_t)i - prev);
			mt_columns_put(&c, 2, bin);
			mt_columns_put(&c, 3, n);
			mt_columns_put(&c, 4, bytes);
			c.rows++;
			prev = i;
		}
	mt_columns_finish(&c, 4, &b);
	put_more(r, MT_BLOCK_TEMPORARY, &b);
}

/* The histogram of all sizes: buckets that are not empty. */
static void
put_histogram(const struct mt_hist *h, struct mt_buf *b)
{
	struct mt_buf buckets = { NULL, 0, 0, false };
	unsigned i, prev;

	for (i = prev = 0; i < MT_HIST_BUCKETS; i++)
		if (h->count[i] > 0) {
			mt_buf_put_varint(&buckets, i - prev);
			mt_buf_put_varint(&buckets, h->count[i]);
			prev = i;
		}
	mt_buf_put_varint(b, mt_hist_smallest(h));
	mt_buf_put_varint(b, mt_hist_largest(h));
	mt_buf_put_string(b, (const char *)buckets.data, buckets.len);
	b->failed |= buckets.failed;
	mt_buf_fini(&buckets);
}

static void
put_sizes(struct mt_recorder *r)
{
	const struct mt_agg *a = &r->agg;
	struct mt_buf b = { NULL, 0, 0, false };
	struct mt_columns c;
	uint32_t i, prev;
	unsigned bin;
	uint64_t n;

	put_histogram(&a->hist, &b);
	memset(&c, 0, sizeof(c));
	for (i = prev = 0; i < a->nsites; i++)
		for (bin = 0; bin < MT_TALLY_SIZES; bin++) {
			n = mt_tally_get_size(&a->tally,
			    &mt_agg_at(a, i)->tally, i, bin);
			if (n == 0)
				continue;
			mt_columns_put_signed(&c, 1, (int64_t)i - prev);
			mt_columns_put(&c, 2, bin);
			mt_columns_put(&c, 3, n);
			c.rows++;
			prev = i;
		}
	mt_columns_finish(&c, 3, &b);
	put_more(r, MT_BLOCK_SIZES, &b);
}

/* ---- Lifetimes -------------------------------------------------------- */

/* The row before. */
struct life_row {
	uint32_t	site;
	uint32_t	to;
};

static void
put_life_row(struct mt_columns *c, const struct mt_sum *s, uint32_t to,
    struct life_row *prev)
{
	mt_columns_put_signed(c, 1, (int64_t)s->site - prev->site);
	mt_columns_put(c, 2, to - prev->to);
	mt_columns_put(c, 3, to - s->key);
	mt_columns_put(c, 4, s->allocations);
	mt_columns_put(c, 5, s->bytes);
	c->rows++;
	prev->site = s->site;
	prev->to = to;
}

static void
put_life_rows(const struct mt_life *l, const struct mt_sums *alive,
    struct mt_buf *b)
{
	struct life_row prev = { 0, 0 };
	struct mt_life_reader rd;
	struct mt_columns c;
	struct mt_sum s;
	uint32_t i, to;

	memset(&c, 0, sizeof(c));
	for (to = 0; to <= l->cur; to++)
		for (mt_life_read(l, to, &rd); mt_life_next(&rd, &s);)
			put_life_row(&c, &s, to, &prev);
	for (i = 0; i < alive->n; i++)
		put_life_row(&c, &alive->row[i], to, &prev);
	mt_buf_put_varint(b, mt_life_width(l));
	mt_buf_put_varint(b, to);
	mt_columns_finish(&c, 5, b);
}

/* What lives, in so long intervals that there are not too many rows. */
static bool
get_alive(struct mt_agg *a, struct mt_sums *alive)
{
	memset(alive, 0, sizeof(*alive));
	for (;;) {
		mt_life_close(&a->life);
		if (a->life.failed || !mt_agg_alive(a, alive))
			break;
		if (a->life.rows + alive->n <= MT_LIFE_ROWS ||
		    a->life.cur == 0)
			return (mt_sums_sort(alive));
		mt_sums_fini(alive);
		mt_life_double(&a->life);
	}
	return (false);
}

static void
put_lifetimes(struct mt_recorder *r)
{
	struct mt_buf b = { NULL, 0, 0, false };
	struct mt_sums alive;

	if (get_alive(&r->agg, &alive)) {
		put_life_rows(&r->agg.life, &alive, &b);
		put_more(r, MT_BLOCK_LIFETIMES, &b);
	}
	mt_sums_fini(&alive);
}

/*
 * A table that is not complete, for want of memory, is not handed over: none
 * is better than a wrong one.
 */
void
mt_recorder_put_more(struct mt_recorder *r)
{
	r->more_bytes = 0;
	if (!r->agg.tally.failed) {
		put_temporary(r);
		put_sizes(r);
	}
	if (!r->agg.life.failed)
		put_lifetimes(r);
}
