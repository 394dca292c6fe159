/*
 * Words of a ring become calls of the recorder (mt_wire.h).
 *
 * State records (stack, time, next number) belong to their ring and are
 * decoded as soon as they are seen; events only when it is their turn.  They
 * wait until they are a batch, or until the recorder has to know them.
 */

#include <stdlib.h>
#include <string.h>

#include "mt_collect_decode.h"
#include "mt_wire.h"

#define TIME_SLACK_US	1000000u

enum verdict {
	DECODED,
	TOO_EARLY,
	STOP		/* damaged, or the recorder failed */
};

bool
mt_collect_decode_flush(struct mt_collect_process *p)
{
	const size_t n = p->nbatch;

	p->nbatch = 0;
	return (n == 0 || recorded(p, mt_recorder_events(p->recorder,
	    p->batch, n, &p->error)));
}

bool
mt_collect_decode_samples(struct mt_collect_process *p, uint64_t time_ns)
{
	const struct mt_sample *s;
	unsigned n;
	bool ok;

	ok = p->nsamples == 0 || mt_collect_decode_flush(p);
	for (n = 0; ok && n < p->nsamples; n++) {
		s = &p->sample[n];
		if (s->time_ns > time_ns)
			break;
		ok = recorded(p, mt_recorder_sample(p->recorder, s->time_ns,
		    s->rss, s->anon_rss, &p->error));
	}
	p->nsamples -= n;
	memmove(p->sample, p->sample + n, p->nsamples * sizeof(*p->sample));
	return (ok);
}

static bool
set_time(struct mt_collect_process *p, uint64_t time_us)
{
	if (!mt_collect_decode_flush(p) ||
	    !mt_collect_decode_samples(p, time_us * 1000))
		return (false);
	p->time_us = time_us;
	mt_recorder_time(p->recorder, time_us * 1000);
	return (true);
}

/* ---- Frames ---------------------------------------------------------- */

static bool
path_grow(struct mt_collect_process *p, struct mt_collect_ring *r)
{
	uint32_t *path, n;

	if (r->depth >= MT_COLLECT_DEPTH_MAX)
		return (bad(p, "stack without end"));
	n = r->depth_cap == 0 ? 64 : 2 * r->depth_cap;
	if ((path = realloc(r->path, n * sizeof(*path))) == NULL)
		return (recorded(p, MT_ERR_NOMEM));
	r->path = path;
	r->depth_cap = n;
	return (true);
}

static inline bool
push_node(struct mt_collect_process *p, struct mt_collect_ring *r,
    uint32_t code, int32_t offset)
{
	uint32_t node;

	if ((r->depth == r->depth_cap && !path_grow(p, r)) ||
	    !recorded(p, mt_recorder_node(p->recorder, r->node, code, offset,
	    &node, &p->error)))
		return (false);
	r->path[r->depth++] = node;
	r->node = node;
	return (true);
}

/* Every way of not having started is the same place. */
static inline int32_t
frame_offset(uint64_t w)
{
	int32_t offset;

	offset = (int32_t)MT_FRAME_OFFSET(w) - MT_FRAME_BIAS;
	return (offset < 0 ? -1 : offset);
}

static inline bool
push(struct mt_collect_process *p, struct mt_collect_ring *r, uint64_t w)
{
	uint32_t code;

	return (mt_collect_code_find(p, MT_FRAME_ID(w), &code) &&
	    push_node(p, r, code, frame_offset(w)));
}

/* Captures have 32 bits for the address. */
static inline int32_t
native_offset(uint64_t w)
{
	uint64_t addr;

	addr = MT_NATIVE_ADDR(w);
	return ((int32_t)(uint32_t)(addr > UINT32_MAX ? MT_NATIVE_NOWHERE :
	    addr));
}

static inline bool
push_native(struct mt_collect_process *p, struct mt_collect_ring *r,
    uint64_t w)
{
	uint32_t code;

	return (mt_collect_native_find(p, MT_NATIVE_MODULE(w), &code) &&
	    push_node(p, r, code, native_offset(w)));
}

/* Put another node in the place of the top one. */
static inline bool
top_node(struct mt_collect_process *p, struct mt_collect_ring *r,
    uint32_t code, int32_t offset)
{
	uint32_t node;

	if (!recorded(p, mt_recorder_beside(p->recorder, r->node, code, offset,
	    &node, &p->error)))
		return (false);
	r->path[r->depth - 1] = node;
	r->node = node;
	return (true);
}

static inline bool
top(struct mt_collect_process *p, struct mt_collect_ring *r, uint64_t w)
{
	uint32_t code;

	if (r->depth == 0)
		return (bad(p, "stack underflow"));
	return (mt_collect_code_find(p, MT_FRAME_ID(w), &code) &&
	    top_node(p, r, code, frame_offset(w)));
}

static inline bool
top_native(struct mt_collect_process *p, struct mt_collect_ring *r,
    uint64_t w)
{
	uint32_t code;

	if (r->depth == 0)
		return (bad(p, "stack underflow"));
	return (mt_collect_native_find(p, MT_NATIVE_MODULE(w), &code) &&
	    top_node(p, r, code, native_offset(w)));
}

/* The top frame goes on. */
static bool
step(struct mt_collect_process *p, struct mt_collect_ring *r, uint64_t w)
{
	enum mt_status st;
	uint32_t node;

	if (r->depth == 0)
		return (bad(p, "stack underflow"));
	st = mt_recorder_sibling(p->recorder, r->node, MT_STEP_STEP(w), &node,
	    &p->error);
	if (st == MT_ERR_LIMIT)
		return (bad(p, "step out of range"));
	if (!recorded(p, st))
		return (false);
	r->path[r->depth - 1] = node;
	r->node = node;
	return (true);
}

/* A thread that has lost track of its stack pops all of it. */
static inline bool
pop(struct mt_collect_process *p, struct mt_collect_ring *r, uint64_t n)
{
	if (n == MT_WORD_VALUE_MASK)
		n = r->depth;
	if (n > r->depth)
		return (bad(p, "stack underflow"));
	r->depth -= (uint32_t)n;
	r->node = r->depth > 0 ? r->path[r->depth - 1] : 0;
	return (true);
}

/* ---- Records --------------------------------------------------------- */

/* pos is behind the record's first word here. */
static bool
state(struct mt_collect_process *p, struct mt_collect_ring *r, uint64_t w)
{
	switch (MT_WORD_OP(w)) {
	case MT_OP_PUSH:
		return (push(p, r, w));
	case MT_OP_POP:
		return (pop(p, r, MT_WORD_VALUE(w)));
	case MT_OP_TOP:
		return (top(p, r, w));
	case MT_OP_NPUSH:
		return (push_native(p, r, w));
	case MT_OP_NTOP:
		return (top_native(p, r, w));
	case MT_OP_SEQ:
		r->seq = MT_WORD_SEQ(w);
		return (true);
	case MT_OP_TIME:
		r->time_us = MT_WORD_VALUE(w);
		if (r->time_us > p->now_us + TIME_SLACK_US)
			r->time_us = p->now_us;
		return (true);
	case MT_OP_LOST:
		p->lost += MT_WORD_VALUE(w);
		return (true);
	case MT_OP_CODE:
	case MT_OP_THREAD:
	case MT_OP_INFO:
	case MT_OP_NOTE:
	case MT_OP_MODULE:
	case MT_OP_TABLE:
		return (mt_collect_payload(p, r, w));
	default:
		return (bad(p, "unknown record"));
	}
}

static bool
mark(struct mt_collect_process *p, unsigned aux)
{
	if (aux == MT_MARK_END && !p->script_ended) {
		if (!mt_collect_decode_flush(p))
			return (false);
		p->script_ended = true;
		mt_recorder_end_of_script(p->recorder);
	} else if (aux != MT_MARK_START && aux != MT_MARK_END)
		return (bad(p, "unknown mark"));
	return (true);
}

/* A range of memory: the operand of the event whose first word is w. */
static inline bool
operand(struct mt_collect_process *p, struct mt_collect_ring *r,
    uint64_t *bytes)
{
	if (mt_collect_ring_is_empty(r))
		return (bad(p, "half a record"));
	*bytes = mt_collect_ring_word(r, r->pos++);
	if (*bytes > MT_WORD_VALUE_MASK)
		return (bad(p, "size out of range"));
	return (true);
}

static inline void
fill(struct mt_record *q, enum mt_event_type type, uint32_t thread,
    uint32_t node, unsigned allocator, uint64_t addr, uint64_t bytes)
{
	q->addr = addr;
	q->size = bytes;
	q->thread = thread;
	q->node = node;
	q->allocator = allocator;
	q->type = type;
}

/* Another event for the batch, which has room for it. */
static inline bool
put(struct mt_collect_process *p, const struct mt_collect_ring *r,
    enum mt_event_type type, unsigned allocator, uint64_t addr, uint64_t bytes)
{
	fill(&p->batch[p->nbatch++], type, r->thread, r->node, allocator, addr,
	    bytes);
	return (true);
}

static inline bool
is_allocator(unsigned allocator)
{
	return (allocator > 0 && allocator < MT_ALLOCATOR_COUNT);
}

/* pos is behind the record's first word here. */
static bool
event(struct mt_collect_process *p, struct mt_collect_ring *r, uint64_t w)
{
	uint64_t bytes;
	unsigned allocator;

	p->events++;
	if (p->nbatch == MT_COLLECT_RECORDS && !mt_collect_decode_flush(p))
		return (false);
	if (MT_STEP_IS(w))
		return (step(p, r, w) && put(p, r, MT_EVENT_ALLOC,
		    MT_STEP_ALLOCATOR(w), MT_STEP_ADDR(w), MT_STEP_SIZE(w)));
	if (w & MT_SMALL) {
		allocator = MT_SMALL_ALLOCATOR(w);
		return (is_allocator(allocator) ? put(p, r, MT_EVENT_ALLOC,
		    allocator, MT_SMALL_ADDR(w), MT_SMALL_SIZE(w)) :
		    bad(p, "unknown allocator"));
	}
	switch (MT_WORD_OP(w)) {
	case MT_OP_ALLOC:
		if (!operand(p, r, &bytes))
			return (false);
		return (is_allocator(MT_WORD_AUX(w)) ? put(p, r,
		    MT_EVENT_ALLOC, MT_WORD_AUX(w), MT_WORD_VALUE(w), bytes) :
		    bad(p, "unknown allocator"));
	case MT_OP_FREE:
		return (put(p, r, MT_EVENT_FREE, 0, MT_WORD_VALUE(w), 0));
	case MT_OP_UNMAP:
		return (operand(p, r, &bytes) && put(p, r, MT_EVENT_UNMAP, 0,
		    MT_WORD_VALUE(w), bytes));
	case MT_OP_MARK:
		return (mark(p, MT_WORD_AUX(w)));
	default:
		return (true);
	}
}

/* The ring's next event has the expected number, or is late. */
static inline bool
turn(struct mt_collect_process *p, struct mt_collect_ring *r)
{
	if (__builtin_expect(r->seq == p->next, 1))
		p->next++;
	else if (p->gaps > 0)
		p->gaps--;
	r->seq++;
	if (r->thread == MT_COLLECT_NO_THREAD)
		return (bad(p, "thread without a name"));
	return (r->time_us <= p->time_us || set_time(p, r->time_us));
}

/* ---- Runs ------------------------------------------------------------ */

/*
 * Where a pair of a node and a frame's word is remembered; the second place
 * is the neighbour.
 */
static inline unsigned
hop_of(uint32_t node, uint64_t w)
{
	uint64_t h;

	h = (w ^ (uint64_t)node << 33) * 0x9e3779b97f4a7c15ull;
	return ((unsigned)(h >> (64 - MT_COLLECT_HOP_BITS)));
}

/* The frame is on top, if that is known and there is room for it. */
static inline bool
hop_to(struct mt_collect_ring *r, const struct mt_collect_hop *h, uint64_t w)
{
	const bool is_push = MT_WORD_OP(w) == MT_OP_PUSH ||
	    MT_WORD_OP(w) == MT_OP_NPUSH;

	if (h->word != w || h->from != r->node ||
	    (is_push && r->depth == r->depth_cap))
		return (false);
	r->depth += is_push;
	r->path[r->depth - 1] = h->to;
	r->node = h->to;
	return (true);
}

/* A frame for which the recorder may have to be asked. */
static __attribute__((__noinline__)) bool
hop_slow(struct mt_collect_process *p, struct mt_collect_ring *r, uint64_t w)
{
	const uint32_t node = r->node;
	const unsigned i = hop_of(node, w);

	if (hop_to(r, &p->hop[i ^ 1], w))
		return (true);
	if (!(MT_STEP_IS(w) ? step(p, r, w) : state(p, r, w)))
		return (false);
	p->hop[i ^ 1] = p->hop[i];
	p->hop[i].word = w;
	p->hop[i].from = node;
	p->hop[i].to = r->node;
	return (true);
}

/* Frames come after each other as they did before, nearly always. */
static inline bool
hop(struct mt_collect_process *p, struct mt_collect_ring *r, uint64_t w)
{
	return (hop_to(r, &p->hop[hop_of(r->node, w)], w) ||
	    hop_slow(p, r, w));
}

/*
 * Decode a row of frames, small allocations and frees, as long as there is
 * room for them, and stop in front of anything else.  It is the ring's turn,
 * and none of these changes that, nor the time.
 */
static bool
run(struct mt_collect_process *p, struct mt_collect_ring *r, uint64_t limit)
{
	struct mt_record *begin, *q;
	const uint32_t thread = r->thread;
	uint32_t node = r->node;
	uint64_t pos, room, w;
	bool ok = true;

	if (p->nbatch == MT_COLLECT_RECORDS && !mt_collect_decode_flush(p))
		return (false);
	begin = q = p->batch + p->nbatch;
	room = MT_COLLECT_RECORDS - p->nbatch;
	limit = limit - r->pos > room ? r->pos + room : limit;
	for (pos = r->pos; pos < limit && ok; pos++) {
		w = mt_collect_ring_word(r, pos);
		if (MT_STEP_IS(w)) {
			ok = hop(p, r, MT_STEP_HOP(w));
			node = r->node;
			if (ok)
				fill(q++, MT_EVENT_ALLOC, thread, node,
				    MT_STEP_ALLOCATOR(w), MT_STEP_ADDR(w),
				    MT_STEP_SIZE(w));
		} else if ((w & MT_SMALL) &&
		    is_allocator(MT_SMALL_ALLOCATOR(w))) {
			fill(q++, MT_EVENT_ALLOC, thread, node,
			    MT_SMALL_ALLOCATOR(w), MT_SMALL_ADDR(w),
			    MT_SMALL_SIZE(w));
		} else if (MT_WORD_OP(w) == MT_OP_FREE) {
			q->addr = MT_WORD_VALUE(w);
			q->thread = thread;
			q++->type = MT_EVENT_FREE;
		} else if (MT_OP_IS_HOP(MT_WORD_OP(w))) {
			ok = hop(p, r, w);
			node = r->node;
		} else if (MT_WORD_OP(w) == MT_OP_POP) {
			ok = pop(p, r, MT_WORD_VALUE(w));
			node = r->node;
		} else
			break;
	}
	r->pos = pos;
	p->nbatch += (unsigned)(q - begin);
	r->seq += (uint64_t)(q - begin);
	p->next += (uint64_t)(q - begin);
	p->events += (uint64_t)(q - begin);
	return (ok);
}

/* Is it the ring's turn, with nothing to be told before? */
static inline bool
may_run(const struct mt_collect_process *p, const struct mt_collect_ring *r)
{
	return (r->seq == p->next && r->time_us <= p->time_us &&
	    r->thread != MT_COLLECT_NO_THREAD);
}

static enum verdict
decode_batch(struct mt_collect_process *p, struct mt_collect_ring *r,
    uint64_t limit)
{
	uint64_t before, w;

	while (r->pos < limit) {
		if (may_run(p, r)) {
			before = r->pos;
			if (!run(p, r, limit))
				return (STOP);
			if (r->pos > before)
				continue;
		}
		w = mt_collect_ring_word(r, r->pos);
		if (!MT_OP_IS_EVENT(MT_WORD_OP(w))) {
			r->pos++;
			if (!state(p, r, w))
				return (STOP);
			continue;
		}
		if (r->seq > p->next)
			return (TOO_EARLY);
		r->pos++;
		if (!turn(p, r) || !event(p, r, w))
			return (STOP);
	}
	return (DECODED);
}

bool
mt_collect_decode(struct mt_collect_process *p, struct mt_collect_ring *r)
{
	enum verdict v;
	uint64_t limit;

	do {
		limit = r->head - r->pos > MT_COLLECT_BATCH ?
		    r->pos + MT_COLLECT_BATCH : r->head;
		v = decode_batch(p, r, limit);
		/* Threads that take turns publish little each time. */
		if (v != TOO_EARLY || r->pos - r->tail >= MT_COLLECT_BATCH)
			mt_collect_ring_publish(r);
	} while (v == DECODED && r->pos < r->head);
	if (v == TOO_EARLY && r->seq - p->next > MT_COLLECT_GAP_MAX)
		return (bad(p, "number out of range"));
	return (v == TOO_EARLY);
}
