/* Decoder of events blocks; memtrace(5) has the layout. */

#include <stdlib.h>
#include <string.h>

#include "mt_events.h"

/* Most numbers take one byte, and this is where the time goes. */
static inline uint64_t
mt_events_number(struct mt_cursor *c)
{
	if (c->p < c->end && *c->p < 0x80)
		return (*c->p++);
	return (mt_cursor_varint(c));
}

bool
mt_events_get_head(struct mt_cursor *c, struct mt_events_head *h)
{
	h->first_event = mt_cursor_varint(c);
	h->first_alloc = mt_cursor_varint(c);
	h->count = mt_cursor_varint(c);
	h->time_ns = mt_cursor_varint(c);
	return (!c->bad);
}

static bool
mt_events_columns(struct mt_events_dec *d, struct mt_cursor *c)
{
	uint64_t n;
	size_t i;

	for (i = 0; i < MT_EVENTS_COLS; i++) {
		n = mt_cursor_varint(c);
		if (c->bad || n > (size_t)(c->end - c->p))
			return (false);
		d->col[i].p = mt_cursor_bytes(c, (size_t)n);
		d->col[i].end = c->p;
		d->col[i].bad = false;
	}
	return (true);
}

/* The list of threads has at most as many entries as bytes. */
static enum mt_status
mt_events_threads(struct mt_events_dec *d, struct mt_error *e)
{
	struct mt_cursor *c = &d->col[MT_EVENTS_COL_THREADS];
	size_t max = (size_t)(c->end - c->p);
	struct mt_events_thread *t;
	uint64_t id;

	if (max > d->cap) {
		t = mt_budget_realloc(d->budget, d->threads,
		    d->cap * sizeof(*t), max * sizeof(*t));
		if (t == NULL)
			return (mt_error_set(e, MT_ERR_NOMEM,
			    "out of memory"));
		d->threads = t;
		d->cap = max;
	}
	for (d->nthreads = 0; c->p < c->end; d->nthreads++) {
		id = mt_cursor_varint(c);
		t = &d->threads[d->nthreads];
		t->id = id < d->max_thread ? (uint32_t)id : 0;
		t->node = 0;
	}
	if (c->bad || (d->nthreads == 0 && d->left > 0))
		return (mt_error_set(e, MT_ERR_FORMAT,
		    "damaged list of threads"));
	d->cur = d->threads;
	return (MT_OK);
}

enum mt_status
mt_events_dec_start(struct mt_events_dec *d, const uint8_t *p, size_t n,
    struct mt_error *e)
{
	struct mt_cursor c = { p, p + n, false };
	struct mt_events_head h;

	d->bad = true;
	d->left = 0;
	if (!mt_events_get_head(&c, &h) || !mt_events_columns(d, &c))
		return (mt_error_set(e, MT_ERR_FORMAT,
		    "damaged block of events"));
	/* No more allocations than operations: that is the heap's size. */
	n = (size_t)(d->col[MT_EVENTS_COL_OPS].end -
	    d->col[MT_EVENTS_COL_OPS].p);
	if (n > MT_EVENTS_OPS_MAX || h.count > n)
		return (mt_error_set(e, MT_ERR_FORMAT,
		    "too long a block of events"));
	if (!mt_budget_take(d->budget, n > d->heap.cap ?
	    (n - d->heap.cap) * sizeof(*d->heap.chunks) : 0) ||
	    !mt_events_heap_reset(&d->heap, (uint32_t)n))
		return (mt_error_set(e, MT_ERR_NOMEM, "out of memory"));
	d->left = h.count;
	d->allocs = h.first_alloc;
	d->time_ns = h.time_ns;
	d->addr = 0;
	d->bad = false;
	return (mt_events_threads(d, e));
}

/* An address that is not guessed; v is not 0. */
static inline uint64_t
mt_events_delta(struct mt_events_dec *d, uint64_t v)
{
	uint64_t high = (v - 1) >> 1;
	const uint8_t *low;

	d->addr += (high >> 1 ^ (0 - (high & 1))) << 4;
	if (((v - 1) & 1) != 0) {
		low = mt_cursor_bytes(&d->col[MT_EVENTS_COL_ADDRS], 1);
		if (low != NULL)
			d->addr += *low & 15;
	}
	return (d->addr);
}

static inline uint64_t
mt_events_addr(struct mt_events_dec *d)
{
	struct mt_cursor *c = &d->col[MT_EVENTS_COL_ADDRS];
	uint64_t v = mt_events_number(c);
	uint64_t addr = v == 0 ? 0 : mt_events_delta(d, v);

	d->bad |= c->bad | (v == 0);
	return (addr);
}

/* The address of an allocation, which may be a guess. */
static inline uint64_t
mt_events_block(struct mt_events_dec *d, unsigned allocator, uint64_t size)
{
	struct mt_cursor *c = &d->col[MT_EVENTS_COL_ADDRS];
	unsigned class = mt_events_class(allocator, size);
	uint64_t addr = 0, v = mt_events_number(c);

	if (v != 0)
		addr = mt_events_delta(d, v);
	else if (mt_events_heap_guess(&d->heap, class, &addr))
		mt_events_heap_take(&d->heap, class);
	else
		d->bad = true;
	d->bad |= c->bad;
	mt_events_heap_add(&d->heap, class, addr);
	return (addr);
}

static inline uint64_t
mt_events_size(struct mt_events_dec *d)
{
	struct mt_cursor *c = &d->col[MT_EVENTS_COL_SIZES];
	uint64_t v = mt_events_number(c);

	d->bad |= c->bad;
	return (v);
}

static void
mt_events_switch(struct mt_events_dec *d)
{
	uint64_t i = mt_events_number(&d->col[MT_EVENTS_COL_SWITCHES]);

	if (d->col[MT_EVENTS_COL_SWITCHES].bad || i >= d->nthreads)
		d->bad = true;
	else
		d->cur = &d->threads[i];
}

static inline void
mt_events_get_alloc(struct mt_events_dec *d, unsigned op, struct mt_event *ev)
{
	struct mt_cursor *c = &d->col[MT_EVENTS_COL_NODES];
	uint64_t v;

	if (op & MT_EVENTS_NODE) {
		v = mt_events_number(c);
		d->cur->node += (uint32_t)(v >> 1 ^ (0 - (v & 1)));
		d->bad |= c->bad;
	}
	ev->type = MT_EVENT_ALLOC;
	ev->allocator = (uint8_t)(op & MT_EVENTS_KIND);
	ev->node = d->cur->node < d->max_node ? d->cur->node : 0;
	ev->size = mt_events_size(d);
	ev->addr = mt_events_block(d, ev->allocator, ev->size);
	ev->ref = d->allocs++;
}

static inline void
mt_events_get_free(struct mt_events_dec *d, struct mt_event *ev)
{
	struct mt_cursor *c = &d->col[MT_EVENTS_COL_FREES];
	uint64_t age = mt_events_number(c);

	if (c->bad || age == 0 || age > d->allocs)
		d->bad = true;
	ev->type = MT_EVENT_FREE;
	ev->allocator = 0;
	ev->node = 0;
	ev->addr = 0;
	ev->size = 0;
	ev->ref = d->allocs - age;
	if (age != 0 && age <= d->heap.n)
		mt_events_heap_free(&d->heap, d->heap.n - (uint32_t)age);
}

static inline void
mt_events_get_unmap(struct mt_events_dec *d, struct mt_event *ev)
{
	ev->type = MT_EVENT_UNMAP;
	ev->allocator = 0;
	ev->node = 0;
	ev->size = mt_events_size(d);
	ev->addr = mt_events_addr(d);
	ev->ref = 0;
}

static void
mt_events_tick(struct mt_events_dec *d)
{
	struct mt_cursor *c = &d->col[MT_EVENTS_COL_TIMES];

	d->time_ns += mt_cursor_varint(c);
	d->bad |= c->bad;
}

size_t
mt_events_dec_next(struct mt_events_dec *d, struct mt_event *ev, size_t n)
{
	struct mt_cursor *ops = &d->col[MT_EVENTS_COL_OPS];
	size_t got = 0;
	unsigned op;

	while (got < n && d->left > 0 && !d->bad) {
		if (ops->p == ops->end) {
			d->bad = true;
			break;
		}
		op = *ops->p++;
		if (op & MT_EVENTS_THREAD)
			mt_events_switch(d);
		switch (op & MT_EVENTS_KIND) {
		case MT_EVENTS_TIME:
			mt_events_tick(d);
			continue;
		case MT_EVENTS_FREE:
			mt_events_get_free(d, &ev[got]);
			break;
		case MT_EVENTS_UNMAP:
			mt_events_get_unmap(d, &ev[got]);
			break;
		default:
			mt_events_get_alloc(d, op, &ev[got]);
			break;
		}
		ev[got].thread = d->cur->id;
		ev[got].time_ns = d->time_ns;
		d->left--;
		got += !d->bad;
	}
	return (got);
}

void
mt_events_dec_fini(struct mt_events_dec *d)
{
	free(d->threads);
	mt_events_heap_fini(&d->heap);
	memset(d, 0, sizeof(*d));
}
