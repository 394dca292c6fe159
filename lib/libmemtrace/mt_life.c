/* Lifetimes of blocks. */

#include <stdlib.h>
#include <string.h>

#include "mt_life.h"
#include "mt_private.h"

/* ---- Rows that are put away ------------------------------------------ */

static void
done_fini(struct mt_life *l, uint32_t to)
{
	struct mt_life_done *d = &l->done[to];

	mt_budget_free(l->set.index.budget, d->data, d->len);
	l->rows -= d->rows;
	l->bytes -= d->len;
	memset(d, 0, sizeof(*d));
}

void
mt_life_fini(struct mt_life *l)
{
	uint32_t i;

	for (i = 0; i < MT_LIFE_INTERVALS; i++)
		free(l->done[i].data);
	mt_sums_fini(&l->set);
	memset(l, 0, sizeof(*l));
}

static void
life_fail(struct mt_life *l)
{
	mt_life_fini(l);
	l->failed = true;
	l->until_ns = UINT64_MAX;
}

void
mt_life_read(const struct mt_life *l, uint32_t to, struct mt_life_reader *rd)
{
	rd->p = l->done[to].data;
	rd->left = l->done[to].rows;
	rd->to = to;
	rd->site = 0;
}

/* What is read here nobody but us has written. */
static uint64_t
get_number(const uint8_t **p)
{
	uint64_t v;
	unsigned shift;
	uint8_t byte;

	v = 0;
	shift = 0;
	do {
		byte = *(*p)++;
		v |= (uint64_t)(byte & 0x7f) << shift;
		shift += 7;
	} while (byte >= 0x80);
	return (v);
}

bool
mt_life_next(struct mt_life_reader *rd, struct mt_sum *r)
{
	if (rd->left == 0)
		return (false);
	rd->left--;
	rd->site += (uint32_t)get_number(&rd->p);
	r->site = rd->site;
	r->key = rd->to - (uint32_t)get_number(&rd->p);
	r->allocations = get_number(&rd->p);
	r->bytes = get_number(&rd->p);
	return (true);
}

/* The rows of an interval being put away; equal ones come together. */
struct out {
	struct mt_buf		 buf;
	struct mt_sum	 row;	/* not written yet */
	uint32_t		 site;	/* of the row written last */
	uint32_t		 to;
	uint32_t		 rows;
	bool			 any;
};

static void
out_flush(struct out *o)
{
	if (!o->any)
		return;
	mt_buf_put_varint(&o->buf, o->row.site - o->site);
	mt_buf_put_varint(&o->buf, o->to - o->row.key);
	mt_buf_put_varint(&o->buf, o->row.allocations);
	mt_buf_put_varint(&o->buf, o->row.bytes);
	o->site = o->row.site;
	o->rows++;
	o->any = false;
}

static void
out_put(struct out *o, const struct mt_sum *r, uint32_t from)
{
	/* What was freed within the interval it was allocated in. */
	if (from == o->to)
		return;
	if (o->any && o->row.site == r->site && o->row.key == from) {
		o->row.allocations += r->allocations;
		o->row.bytes += r->bytes;
		return;
	}
	out_flush(o);
	o->row = *r;
	o->row.key = from;
	o->any = true;
}

/* Replace the rows of an interval.  Their memory is cut to size. */
static void
out_finish(struct out *o, struct mt_life *l)
{
	struct mt_life_done *d = &l->done[o->to];
	uint8_t *data;

	out_flush(o);
	done_fini(l, o->to);
	if (o->buf.len == 0 && !o->buf.failed) {
		mt_buf_fini(&o->buf);
		return;
	}
	data = o->buf.failed || !mt_budget_take(l->set.index.budget,
	    o->buf.len) ? NULL : realloc(o->buf.data, o->buf.len);
	if (data == NULL) {
		mt_buf_fini(&o->buf);
		life_fail(l);
		return;
	}
	d->data = data;
	d->len = o->buf.len;
	d->rows = o->rows;
	l->rows += d->rows;
	l->bytes += d->len;
}

/* ---- Intervals ------------------------------------------------------- */

/* Sorted rows from two sources become those of one interval. */
static void
merge_done(struct mt_life *l, uint32_t to)
{
	struct out o = { .to = to };
	struct mt_life_reader a, b;
	struct mt_sum ra, rb;
	bool has_a, has_b;

	mt_life_read(l, to * 2, &a);
	mt_life_read(l, to * 2 + 1, &b);
	has_a = mt_life_next(&a, &ra);
	has_b = mt_life_next(&b, &rb);
	while (has_a || has_b) {
		if (has_a && (!has_b || ra.site < rb.site ||
		    (ra.site == rb.site && ra.key <= rb.key))) {
			out_put(&o, &ra, ra.key / 2);
			has_a = mt_life_next(&a, &ra);
		} else {
			out_put(&o, &rb, rb.key / 2);
			has_b = mt_life_next(&b, &rb);
		}
	}
	if (to > 0) {
		done_fini(l, to * 2);
		done_fini(l, to * 2 + 1);
	} else
		done_fini(l, 1);
	out_finish(&o, l);
}

static void
set_until(struct mt_life *l)
{
	uint64_t width = mt_life_width(l);

	l->until_ns = UINT64_MAX / width <= l->cur ? UINT64_MAX :
	    (l->cur + 1) * width;
	l->since = l->first[l->cur];
}

void
mt_life_double(struct mt_life *l)
{
	uint32_t i;

	mt_life_close(l);
	for (i = 0; i <= l->cur / 2 && !l->failed; i++) {
		l->first[i] = l->first[i * 2];
		merge_done(l, i);
	}
	if (l->failed)
		return;
	l->cur /= 2;
	l->doublings++;
	set_until(l);
}

static void
keep_rows(struct mt_life *l)
{
	while (l->rows > MT_LIFE_ROWS && l->cur > 0 && !l->failed)
		mt_life_double(l);
}

/* The current interval's rows join those that it has from its halves. */
void
mt_life_close(struct mt_life *l)
{
	struct out o = { .to = l->cur };
	struct mt_life_reader a;
	struct mt_sum *b, *end, ra;
	bool has_a;

	if (l->set.n == 0 || l->failed)
		return;
	if (!mt_sums_sort(&l->set)) {
		life_fail(l);
		return;
	}
	mt_life_read(l, l->cur, &a);
	has_a = mt_life_next(&a, &ra);
	b = l->set.row;
	end = b + l->set.n;
	while (has_a || b < end) {
		if (has_a && (b == end || ra.site < b->site ||
		    (ra.site == b->site && ra.key <= b->key))) {
			out_put(&o, &ra, ra.key);
			has_a = mt_life_next(&a, &ra);
		} else {
			out_put(&o, b, b->key);
			b++;
		}
	}
	mt_sums_clear(&l->set);
	out_finish(&o, l);
}

void
mt_life_advance(struct mt_life *l, uint64_t now_ns, uint64_t number)
{
	uint64_t to;

	if (l->failed)
		return;
	mt_life_close(l);
	keep_rows(l);
	while ((to = now_ns / mt_life_width(l)) >= MT_LIFE_INTERVALS &&
	    !l->failed)
		mt_life_double(l);
	if (l->failed)
		return;
	while (l->cur < to)
		l->first[++l->cur] = number;
	set_until(l);
}

/* The last interval that began no later than with this allocation. */
uint32_t
mt_life_interval(const struct mt_life *l, uint64_t number)
{
	const uint64_t *p = l->first;
	uint32_t half, n;

	/* Without branches, which nobody could foresee. */
	for (n = l->cur + 1; n > 1; n -= half) {
		half = n / 2;
		p = p[half] <= number ? p + half : p;
	}
	return ((uint32_t)(p - l->first));
}

void
mt_life_add(struct mt_life *l, uint32_t site, uint64_t number,
    uint64_t allocations, uint64_t bytes)
{
	uint32_t from;

	if (l->set.n >= MT_LIFE_ROWS)
		mt_life_double(l);
	if (l->failed || number >= l->since)
		return;
	from = mt_life_interval(l, number);
	if (!mt_sums_add(&l->set, site, from, allocations, bytes))
		life_fail(l);
}
