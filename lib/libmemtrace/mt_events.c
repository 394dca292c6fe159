/* Encoder of events blocks; memtrace(5) has the layout. */

#include <stdlib.h>
#include <string.h>

#include <mt_wire.h>

#include "mt_events.h"

#define HEAD_MAX	((4 + MT_EVENTS_COLS) * 10)

/*
 * Room is made for so many events at a time, each of which puts at most so
 * many bytes into a column: a number and a byte, or two operations.
 */
#define ROOM_EVENTS	256u
#define ROOM_BYTES	(MT_VARINT_MAX + 1)

/* What the encoder knows about a thread, by the thread's id. */
struct mt_events_slot {
	uint64_t	block;	/* the rest is about this block */
	uint32_t	index;	/* in the block's list of threads */
	uint32_t	node;	/* of the last allocation */
};

struct mt_events_enc {
	struct mt_buf		 col[MT_EVENTS_COLS];
	struct mt_events_slot	*slots;
	size_t			 nslots;
	struct mt_events_heap	 heap;
	struct mt_events_head	 head;
	uint32_t		 room;		/* events that surely fit */
	uint64_t		 block;		/* counts from 1 */
	uint64_t		 allocs;	/* number of the next */
	uint64_t		 addr;		/* last one not guessed */
	uint64_t		 clock_ns;	/* as told */
	uint64_t		 time_ns;	/* as written */
	uint32_t		 nthreads;	/* in this block */
	uint32_t		 cur;		/* index of the last thread */
	bool			 failed;
};

struct mt_events_enc *
mt_events_enc_new(void)
{
	struct mt_events_enc *enc = calloc(1, sizeof(*enc));

	if (enc != NULL)
		enc->block = 1;
	return (enc);
}

void
mt_events_enc_free(struct mt_events_enc *enc)
{
	size_t i;

	if (enc == NULL)
		return;
	for (i = 0; i < MT_EVENTS_COLS; i++)
		mt_buf_fini(&enc->col[i]);
	mt_events_heap_fini(&enc->heap);
	free(enc->slots);
	free(enc);
}

bool
mt_events_heap_reset(struct mt_events_heap *h, uint32_t cap)
{
	struct mt_events_chunk *chunks;

	h->n = 0;
	memset(h->top, 0, sizeof(h->top));
	if (cap <= h->cap)
		return (true);
	chunks = realloc(h->chunks, cap * sizeof(*chunks));
	if (chunks == NULL)
		return (false);
	h->chunks = chunks;
	h->cap = cap;
	return (true);
}

void
mt_events_heap_fini(struct mt_events_heap *h)
{
	free(h->chunks);
	memset(h, 0, sizeof(*h));
}

/* Room in all columns, and in the heap; false if there is no memory. */
static __attribute__((__noinline__)) bool
mt_events_room(struct mt_events_enc *enc)
{
	struct mt_events_heap *h = &enc->heap;
	struct mt_events_chunk *chunks;
	uint32_t cap = h->cap * 2 + ROOM_EVENTS * 4;
	size_t i;

	for (i = 0; i < MT_EVENTS_COLS; i++)
		if (!mt_buf_reserve(&enc->col[i], ROOM_EVENTS * ROOM_BYTES))
			return (false);
	if (h->cap - h->n < ROOM_EVENTS) {
		chunks = realloc(h->chunks, cap * sizeof(*chunks));
		if (chunks == NULL)
			return (false);
		h->chunks = chunks;
		h->cap = cap;
	}
	enc->room = ROOM_EVENTS;
	return (true);
}

static struct mt_events_slot *
mt_events_grow(struct mt_events_enc *enc, uint32_t thread)
{
	size_t n = enc->nslots < 16 ? 16 : enc->nslots;
	struct mt_events_slot *slots;

	while (n <= thread)
		n *= 2;
	slots = realloc(enc->slots, n * sizeof(*slots));
	if (slots == NULL)
		return (NULL);
	memset(slots + enc->nslots, 0,
	    (n - enc->nslots) * sizeof(*slots));
	enc->slots = slots;
	enc->nslots = n;
	return (&enc->slots[thread]);
}

static inline void
mt_events_put_byte(struct mt_events_enc *enc, enum mt_events_column col,
    unsigned byte)
{
	struct mt_buf *b = &enc->col[col];

	b->data[b->len++] = (uint8_t)byte;
}

static inline void
mt_events_put_number(struct mt_events_enc *enc, enum mt_events_column col,
    uint64_t v)
{
	struct mt_buf *b = &enc->col[col];

	if (v < 0x80)
		b->data[b->len++] = (uint8_t)v;
	else
		b->len = (size_t)(mt_varint_put(b->data + b->len, v) -
		    b->data);
}

/* Begin a block's account of a thread. */
static __attribute__((__noinline__)) void
mt_events_meet(struct mt_events_enc *enc, struct mt_events_slot *s,
    uint32_t thread)
{
	s->block = enc->block;
	s->index = enc->nthreads++;
	s->node = 0;
	mt_events_put_number(enc, MT_EVENTS_COL_THREADS, thread);
}

/*
 * The slot of a thread, and room for n of its events, at most ROOM_EVENTS;
 * NULL if there is no memory for that.
 */
static inline struct mt_events_slot *
mt_events_slot(struct mt_events_enc *enc, uint32_t thread, uint32_t n)
{
	struct mt_events_slot *s = NULL;

	if (enc->room >= n || mt_events_room(enc))
		s = thread < enc->nslots ? &enc->slots[thread] :
		    mt_events_grow(enc, thread);
	if (s == NULL) {
		enc->failed = true;
		return (NULL);
	}
	enc->room -= n;
	if (s->block != enc->block)
		mt_events_meet(enc, s, thread);
	return (s);
}

/*
 * In front of an event, which follows: the clock if it has moved since the
 * last event, and the thread.  Returns the flag that the operation needs.
 */
static inline unsigned
mt_events_begin(struct mt_events_enc *enc, const struct mt_events_slot *s)
{
	if (enc->head.count == 0) {
		enc->head.time_ns = enc->time_ns = enc->clock_ns;
	} else if (enc->clock_ns != enc->time_ns) {
		mt_events_put_byte(enc, MT_EVENTS_COL_OPS, MT_EVENTS_TIME);
		mt_events_put_number(enc, MT_EVENTS_COL_TIMES,
		    enc->clock_ns - enc->time_ns);
		enc->time_ns = enc->clock_ns;
	}
	if (s->index == enc->cur)
		return (0);
	enc->cur = s->index;
	mt_events_put_number(enc, MT_EVENTS_COL_SWITCHES, s->index);
	return (MT_EVENTS_THREAD);
}

/* A column ends there now. */
static inline void
mt_events_end(struct mt_buf *b, const uint8_t *end)
{
	b->len = (size_t)(end - b->data);
}

/* Nearly all numbers have one byte or two. */
static inline uint8_t *
mt_events_number(uint8_t *to, uint64_t v)
{
	if (v < 0x80) {
		*to = (uint8_t)v;
		return (to + 1);
	}
	if (v >= 0x4000)
		return (mt_varint_put(to, v));
	to[0] = (uint8_t)(v | 0x80);
	to[1] = (uint8_t)(v >> 7);
	return (to + 2);
}

/*
 * The difference to the previous address in units of 16, with a bit and a
 * byte more for the few that are not aligned to that.
 */
static inline uint8_t *
mt_events_addr(struct mt_events_enc *enc, uint8_t *to, uint64_t addr)
{
	uint64_t delta = addr - enc->addr;
	uint8_t low = delta & 15;
	uint64_t high = delta >> 4;

	enc->addr = addr;
	/* The top bit of the 60 is the sign: zigzag. */
	high = (high << 1 ^ (high >> 59 ? UINT64_MAX : 0)) &
	    0xfffffffffffffffull;
	to = mt_events_number(to, 1 + (high << 1 | (low != 0)));
	if (low != 0)
		*to++ = low;
	return (to);
}

void
mt_events_put_unmap(struct mt_events_enc *enc, uint32_t thread, uint64_t addr,
    uint64_t size)
{
	struct mt_events_slot *s = mt_events_slot(enc, thread, 1);
	struct mt_buf *addrs = &enc->col[MT_EVENTS_COL_ADDRS];

	if (s == NULL)
		return;
	mt_events_put_byte(enc, MT_EVENTS_COL_OPS,
	    mt_events_begin(enc, s) | MT_EVENTS_UNMAP);
	mt_events_put_number(enc, MT_EVENTS_COL_SIZES, size);
	mt_events_end(addrs, mt_events_addr(enc, addrs->data + addrs->len,
	    addr));
	enc->head.count++;
}

/* ---- Many events ----------------------------------------------------- */

/* Where the columns end, while events of one thread are put into them. */
struct mt_events_ends {
	uint8_t	*ops;
	uint8_t	*nodes;
	uint8_t	*sizes;
	uint8_t	*addrs;
	uint8_t	*frees;
};

static inline void
mt_events_open(const struct mt_events_enc *enc, struct mt_events_ends *to)
{
	const struct mt_buf *col = enc->col;

	to->ops = col[MT_EVENTS_COL_OPS].data + col[MT_EVENTS_COL_OPS].len;
	to->nodes = col[MT_EVENTS_COL_NODES].data +
	    col[MT_EVENTS_COL_NODES].len;
	to->sizes = col[MT_EVENTS_COL_SIZES].data +
	    col[MT_EVENTS_COL_SIZES].len;
	to->addrs = col[MT_EVENTS_COL_ADDRS].data +
	    col[MT_EVENTS_COL_ADDRS].len;
	to->frees = col[MT_EVENTS_COL_FREES].data +
	    col[MT_EVENTS_COL_FREES].len;
}

static inline void
mt_events_close(struct mt_events_enc *enc, const struct mt_events_ends *to)
{
	mt_events_end(&enc->col[MT_EVENTS_COL_OPS], to->ops);
	mt_events_end(&enc->col[MT_EVENTS_COL_NODES], to->nodes);
	mt_events_end(&enc->col[MT_EVENTS_COL_SIZES], to->sizes);
	mt_events_end(&enc->col[MT_EVENTS_COL_ADDRS], to->addrs);
	mt_events_end(&enc->col[MT_EVENTS_COL_FREES], to->frees);
}

/* Frees are numbered, allocations not: see memtrace(5). */
static inline void
mt_events_add_free(struct mt_events_heap *h, uint64_t n)
{
	if (n < h->n)
		mt_events_heap_free(h, (uint32_t)n);
}

/* The address of an allocation: a zero where the decoder can guess it. */
static inline uint8_t *
mt_events_block(struct mt_events_enc *enc, uint8_t *to,
    const struct mt_record *q)
{
	struct mt_events_heap *h = &enc->heap;
	unsigned class = mt_events_class(q->allocator, q->size);
	uint64_t guess;

	if (mt_events_heap_guess(h, class, &guess) && guess == q->addr) {
		mt_events_heap_take(h, class);
		*to++ = 0;
	} else
		to = mt_events_addr(enc, to, q->addr);
	mt_events_heap_add(h, class, q->addr);
	return (to);
}

/*
 * Events of one thread, the first of which is to be put, up to one of another
 * thread or to the end.  Returns how many they are; there is room for them.
 */
static uint32_t
mt_events_put_some(struct mt_events_enc *enc, struct mt_events_slot *s,
    const struct mt_record *q, uint32_t n)
{
	const uint64_t first = enc->head.first_alloc;
	const uint32_t thread = q->thread;
	unsigned op = mt_events_begin(enc, s);
	uint64_t allocs = enc->allocs;
	uint32_t i, node = s->node;
	struct mt_events_ends to;

	mt_events_open(enc, &to);
	for (i = 0; i < n && q->thread == thread; i++, q++) {
		if (q->type == MT_EVENT_FREE) {
			*to.ops++ = (uint8_t)(op | MT_EVENTS_FREE);
			to.frees = mt_events_number(to.frees,
			    allocs - q->size);
			mt_events_add_free(&enc->heap, q->size - first);
		} else if (q->type == MT_EVENT_ALLOC) {
			if (q->node != node) {
				to.nodes = mt_events_number(to.nodes,
				    mt_zigzag((int64_t)q->node -
				    (int64_t)node));
				node = q->node;
				op |= MT_EVENTS_NODE;
			}
			*to.ops++ = (uint8_t)(op | q->allocator);
			to.sizes = mt_events_number(to.sizes, q->size);
			to.addrs = mt_events_block(enc, to.addrs, q);
			allocs++;
		} else
			continue;
		enc->head.count++;
		op = 0;
	}
	mt_events_close(enc, &to);
	enc->allocs = allocs;
	s->node = node;
	return (i);
}

static inline bool
mt_events_is_put(const struct mt_record *q)
{
	return (q->type == MT_EVENT_ALLOC || q->type == MT_EVENT_FREE);
}

void
mt_events_put(struct mt_events_enc *enc, const struct mt_record *q, size_t n)
{
	struct mt_events_slot *s;
	uint32_t some;

	for (; n > 0; q += some, n -= some) {
		some = n < ROOM_EVENTS ? (uint32_t)n : ROOM_EVENTS;
		if (!mt_events_is_put(q))
			some = 1;
		else if ((s = mt_events_slot(enc, q->thread, some)) != NULL)
			some = mt_events_put_some(enc, s, q, some);
	}
}

void
mt_events_put_alloc(struct mt_events_enc *enc, uint32_t thread, uint32_t node,
    unsigned allocator, uint64_t addr, uint64_t size)
{
	/* Nothing above fits; it would only get the name "unknown" anyway. */
	const struct mt_record q = { addr, size, thread, node,
	    allocator < 1 || allocator > MT_EVENTS_ALLOCATOR_MAX ?
	    MT_EVENTS_ALLOCATOR_MAX : allocator, MT_EVENT_ALLOC };

	mt_events_put(enc, &q, 1);
}

void
mt_events_put_free(struct mt_events_enc *enc, uint32_t thread, uint64_t ref)
{
	const struct mt_record q = { 0, ref, thread, 0, 0, MT_EVENT_FREE };

	mt_events_put(enc, &q, 1);
}

/* ---- Blocks ---------------------------------------------------------- */

void
mt_events_put_time(struct mt_events_enc *enc, uint64_t time_ns)
{
	if (time_ns > enc->clock_ns)
		enc->clock_ns = time_ns;
}

size_t
mt_events_enc_bytes(const struct mt_events_enc *enc)
{
	size_t i, n = HEAD_MAX;

	for (i = 0; i < MT_EVENTS_COLS; i++)
		n += enc->col[i].len;
	return (n);
}

size_t
mt_events_enc_count(const struct mt_events_enc *enc)
{
	return ((size_t)enc->head.count);
}

static void
mt_events_next_block(struct mt_events_enc *enc)
{
	size_t i;

	for (i = 0; i < MT_EVENTS_COLS; i++) {
		enc->col[i].len = 0;
		enc->col[i].failed = false;
	}
	enc->head.first_event += enc->head.count;
	enc->head.first_alloc = enc->allocs;
	enc->head.count = 0;
	enc->block++;
	enc->addr = 0;
	(void)mt_events_heap_reset(&enc->heap, 0);
	enc->nthreads = 0;
	enc->cur = 0;
	enc->failed = false;
}

enum mt_status
mt_events_enc_take(struct mt_events_enc *enc, void **data, size_t *len,
    struct mt_error *e)
{
	struct mt_buf out = { NULL, 0, 0, false };
	size_t i, ops = enc->col[MT_EVENTS_COL_OPS].len;
	bool failed = enc->failed;

	if (enc->head.count == 0)
		enc->head.time_ns = enc->clock_ns;
	mt_buf_put_varint(&out, enc->head.first_event);
	mt_buf_put_varint(&out, enc->head.first_alloc);
	mt_buf_put_varint(&out, enc->head.count);
	mt_buf_put_varint(&out, enc->head.time_ns);
	for (i = 0; i < MT_EVENTS_COLS; i++) {
		failed |= enc->col[i].failed;
		mt_buf_put_string(&out, (const char *)enc->col[i].data,
		    enc->col[i].len);
	}
	failed |= out.failed;
	mt_events_next_block(enc);
	if (failed || ops > MT_EVENTS_OPS_MAX) {
		mt_buf_fini(&out);
		return (failed ? mt_error_set(e, MT_ERR_NOMEM,
		    "out of memory") : mt_error_set(e, MT_ERR_LIMIT,
		    "too many events for a block"));
	}
	*data = out.data;
	*len = out.len;
	return (MT_OK);
}
