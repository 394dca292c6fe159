/*
 * Words of a ring become calls of the recorder (mt_wire.h).
 *
 * State records (stack, time, next number) belong to their ring and are
 * decoded as soon as they are seen; events only when it is their turn.
 */

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "mt_collect_process.h"
#include "mt_wire.h"

/* In the map of codes, which holds the capture's id plus one. */
#define CODE_DESCRIBED	0x80000000u
#define TIME_SLACK_US	1000000u

enum verdict {
	DECODED,
	TOO_EARLY,
	STOP		/* damaged, or the recorder failed */
};

static bool
bad(struct mt_collect_process *p, const char *why)
{
	mt_collect_process_damage(p, why);
	return (false);
}

static inline bool
recorded(struct mt_collect_process *p, enum mt_status st)
{
	if (__builtin_expect(st == MT_OK, 1))
		return (true);
	p->state = MT_COLLECT_FAILED;
	p->status = st;
	return (false);
}

bool
mt_collect_decode_samples(struct mt_collect_process *p, uint64_t time_ns)
{
	const struct mt_sample *s;
	unsigned n;
	bool ok;

	ok = true;
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
	if (p->nsamples > 0 && !mt_collect_decode_samples(p, time_us * 1000))
		return (false);
	p->time_us = time_us;
	mt_recorder_time(p->recorder, time_us * 1000);
	return (true);
}

/* ---- Frames ---------------------------------------------------------- */

static bool
codes_grow(struct mt_collect_process *p, uint32_t id)
{
	uint32_t *codes, n;

	if (id == 0 || id > MT_COLLECT_CODES_MAX)
		return (bad(p, "code out of range"));
	for (n = p->ncodes == 0 ? 1024 : p->ncodes; n <= id; n *= 2)
		continue;
	codes = realloc(p->codes, n * sizeof(*codes));
	if (codes == NULL)
		return (recorded(p, MT_ERR_NOMEM));
	memset(codes + p->ncodes, 0, (n - p->ncodes) * sizeof(*codes));
	p->codes = codes;
	p->ncodes = n;
	return (true);
}

static bool
code_new(struct mt_collect_process *p, uint32_t id)
{
	uint32_t code;

	if (id >= p->ncodes && !codes_grow(p, id))
		return (false);
	if (id == 0)
		return (bad(p, "code 0"));
	if (!recorded(p, mt_recorder_code_new(p->recorder, &code, &p->error)))
		return (false);
	p->codes[id] = (code + 1) & ~CODE_DESCRIBED;
	return (true);
}

/* The code's number in the capture; it may be described later. */
static inline bool
code_find(struct mt_collect_process *p, uint32_t id, uint32_t *code)
{
	if ((id >= p->ncodes || p->codes[id] == 0) && !code_new(p, id))
		return (false);
	*code = (p->codes[id] & ~CODE_DESCRIBED) - 1;
	return (true);
}

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

	return (code_find(p, MT_FRAME_ID(w), &code) &&
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
	return (code_find(p, MT_FRAME_ID(w), &code) &&
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

/* ---- Payloads -------------------------------------------------------- */

/* A string of the payload, with a NUL; returns where the next one goes. */
static char *
string_put(char *to, const uint8_t *from, size_t n)
{
	memcpy(to, from, n);
	to[n] = '\0';
	return (to + n + 1);
}

static bool
payload_code(struct mt_collect_process *p, const uint8_t *b, size_t n)
{
	struct mt_code_desc d;
	struct mt_code code;
	uint32_t id;
	char *text;

	if (n < sizeof(d))
		return (bad(p, "short description"));
	memcpy(&d, b, sizeof(d));
	if (d.name_len > MT_CODE_STRING_MAX ||
	    d.file_len > MT_CODE_STRING_MAX ||
	    d.table_len > MT_CODE_TABLE_MAX ||
	    d.table_kind > MT_TABLE_OFFSET_IS_LINE ||
	    n != sizeof(d) + d.name_len + d.file_len + d.table_len)
		return (bad(p, "malformed description"));
	if (!code_find(p, d.id, &id))
		return (false);
	if (p->codes[d.id] & CODE_DESCRIBED)
		return (bad(p, "code described twice"));
	p->codes[d.id] |= CODE_DESCRIBED;
	b += sizeof(d);
	text = (char *)p->scratch + MT_COLLECT_PAYLOAD_MAX + 8;
	code.function = text;
	text = string_put(text, b, d.name_len);
	b += d.name_len;
	code.file = text;
	(void)string_put(text, b, d.file_len);
	b += d.file_len;
	code.first_line = d.first_line;
	code.table = b;
	code.table_len = d.table_len;
	code.table_kind = d.table_kind;
	return (recorded(p, mt_recorder_code_describe(p->recorder, id, &code,
	    &p->error)));
}

static bool
payload_thread(struct mt_collect_process *p, struct mt_collect_ring *r,
    const uint8_t *b, size_t n)
{
	struct mt_thread_desc d;
	char name[256];

	if (n < sizeof(d))
		return (bad(p, "short thread"));
	memcpy(&d, b, sizeof(d));
	n -= sizeof(d);
	if (n >= sizeof(name))
		n = sizeof(name) - 1;
	(void)string_put(name, b + sizeof(d), n);
	r->depth = r->node = 0;
	return (recorded(p, mt_recorder_thread_share(p->recorder, d.tid, name,
	    &r->thread, &p->error)));
}

/*
 * Metadata: keys of lower-case letters, so that they look like ours.  One is
 * for us: that exec(2) is about to replace the process image, or with no
 * value that it failed.
 */
static bool
payload_info(struct mt_collect_process *p, char *b, size_t n)
{
	size_t key;

	b[n] = '\0';
	key = strspn(b, "abcdefghijklmnopqrstuvwxyz_0123456789");
	if (key == 0 || key > 64 || key >= n || b[key] != '\0')
		return (bad(p, "malformed metadata"));
	if (strcmp(b, MT_INFO_EXEC) == 0) {
		(void)snprintf(p->executed, sizeof(p->executed), "%s",
		    b + key + 1);
		return (true);
	}
	return (recorded(p, mt_recorder_text(p->recorder, b, b + key + 1,
	    &p->error)));
}

static bool
payload(struct mt_collect_process *p, struct mt_collect_ring *r, uint64_t w)
{
	uint64_t n, words;

	n = MT_WORD_VALUE(w);
	words = MT_PAYLOAD_WORDS(n);
	if (n > MT_COLLECT_PAYLOAD_MAX || words > r->head - r->pos)
		return (bad(p, "payload too long"));
	mt_collect_ring_copy(r, r->pos, p->scratch, words);
	r->pos += words;
	switch (MT_WORD_OP(w)) {
	case MT_OP_CODE:
		return (payload_code(p, p->scratch, (size_t)n));
	case MT_OP_MODULE:
		return (mt_collect_native_describe(p, p->scratch, (size_t)n));
	case MT_OP_THREAD:
		return (payload_thread(p, r, p->scratch, (size_t)n));
	case MT_OP_INFO:
		return (payload_info(p, (char *)p->scratch, (size_t)n));
	default:
		mt_collect_process_note(p, (const char *)p->scratch,
		    (size_t)n);
		return (true);
	}
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
		return (payload(p, r, w));
	default:
		return (bad(p, "unknown record"));
	}
}

static bool
mark(struct mt_collect_process *p, unsigned aux)
{
	if (aux == MT_MARK_END && !p->script_ended) {
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

static inline bool
allocation(struct mt_collect_process *p, const struct mt_collect_ring *r,
    unsigned allocator, uint64_t addr, uint64_t bytes)
{
	if (allocator == 0 || allocator >= MT_ALLOCATOR_COUNT)
		return (bad(p, "unknown allocator"));
	return (recorded(p, mt_recorder_alloc(p->recorder, r->thread, r->node,
	    allocator, addr, bytes, &p->error)));
}

/* An allocation by a top frame that has gone on. */
static inline bool
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
	return (allocation(p, r, MT_STEP_ALLOCATOR(w), MT_STEP_ADDR(w),
	    MT_STEP_SIZE(w)));
}

/* pos is behind the record's first word here. */
static inline bool
event(struct mt_collect_process *p, struct mt_collect_ring *r, uint64_t w)
{
	uint64_t bytes;

	p->events++;
	if (MT_STEP_IS(w))
		return (step(p, r, w));
	if (__builtin_expect((w & MT_SMALL) != 0, 1))
		return (allocation(p, r, MT_SMALL_ALLOCATOR(w),
		    MT_SMALL_ADDR(w), MT_SMALL_SIZE(w)));
	switch (MT_WORD_OP(w)) {
	case MT_OP_ALLOC:
		return (operand(p, r, &bytes) && allocation(p, r,
		    MT_WORD_AUX(w), MT_WORD_VALUE(w), bytes));
	case MT_OP_FREE:
		return (recorded(p, mt_recorder_free_at(p->recorder, r->thread,
		    MT_WORD_VALUE(w), &p->error)));
	case MT_OP_UNMAP:
		return (operand(p, r, &bytes) && recorded(p,
		    mt_recorder_unmap(p->recorder, r->thread,
		    MT_WORD_VALUE(w), bytes, &p->error)));
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

static enum verdict
decode_batch(struct mt_collect_process *p, struct mt_collect_ring *r,
    uint64_t limit)
{
	uint64_t w;

	while (r->pos < limit) {
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
