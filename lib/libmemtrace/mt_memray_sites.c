/*
 * An aggregated capture of memray: what was live at the peak and at the end,
 * by stack, without the allocations themselves.
 */

#include <stdlib.h>
#include <string.h>

#include "mt_capture.h"
#include <mt_wire.h>

#include "mt_memray.h"

#define NSEC_PER_MSEC	UINT64_C(1000000)

/* Times of day beyond this many milliseconds are wrong. */
#define MSEC_MAX	(INT64_MAX / (int64_t)NSEC_PER_MSEC)

/* Types of records. */
enum {
	REC_SNAPSHOT = 1,
	REC_SITE = 2,
	REC_STACK = 3,
	REC_FRAME = 4,
	REC_NATIVE = 5,
	REC_MAPS = 6,
	REC_MODULE = 7,
	REC_THREAD = 10,
	REC_SWITCH = 12,
	REC_OBJECT = 13,
	REC_CODE = 14,
	REC_TRAILER = 15
};

/* A stack: its innermost frame, and the stack of the caller, from 1. */
struct stack {
	uint64_t	frame;
	uint32_t	caller;
	uint32_t	depth;
	uint32_t	node[2];	/* UINT32_MAX: not known; see main_of */
};

struct sites {
	struct mt_memray	*m;
	struct stack		*stack;
	size_t			 nstacks;
	size_t			 stack_cap;
	struct mt_memray_ids	 ids;	/* of thread, node and allocator */
	struct mt_site		*site;
	size_t			 site_cap;
	uint32_t		*chain;		/* scratch, of stacks */
	size_t			 chain_cap;
	struct mt_buf		 samples;
	struct mt_sample	 last;
};

static enum mt_status
sites_nomem(struct mt_error *e)
{
	return (mt_error_set(e, MT_ERR_NOMEM, "out of memory"));
}

/* ---- Stacks ----------------------------------------------------------- */

static bool
sites_has_codes(const struct mt_memray *m)
{
	return (m->head.version >= MT_MEMRAY_CODES);
}

static enum mt_status
sites_stack(struct sites *s, struct mt_error *e)
{
	struct mt_memray *m = s->m;
	void *p = s->stack;
	struct stack st;
	uint64_t caller;

	if (sites_has_codes(m)) {
		st.frame = mt_cursor_varint(&m->in.cur);
		caller = mt_cursor_varint(&m->in.cur);
	} else {
		st.frame = mt_memray_in_u64(&m->in);
		caller = mt_memray_in_u32(&m->in);
	}
	if (m->in.cur.bad)
		return (MT_END);
	if (caller > s->nstacks || s->nstacks >= UINT32_MAX)
		return (MT_ERR_FORMAT);
	st.caller = (uint32_t)caller;
	st.depth = caller == 0 ? 1 : s->stack[caller - 1].depth + 1;
	st.node[0] = st.node[1] = UINT32_MAX;
	if (!mt_budget_grow(&m->budget, &p, &s->stack_cap, s->nstacks + 1,
	    sizeof(st)))
		return (sites_nomem(e));
	s->stack = p;
	s->stack[s->nstacks++] = st;
	return (MT_OK);
}

static enum mt_status
sites_frame_old(struct mt_memray *m, struct mt_error *e)
{
	struct mt_memray_frame f;
	uint32_t function, file;
	enum mt_status st;
	uint64_t id;
	int32_t line;

	id = mt_memray_in_u64(&m->in);
	st = mt_memray_string(m, &function, e);
	if (st == MT_OK)
		st = mt_memray_string(m, &file, e);
	if (st == MT_OK)
		st = mt_memray_in_fill(&m->in, MT_MEMRAY_RECORD, e);
	if (st != MT_OK)
		return (st);
	line = (int32_t)mt_memray_in_u32(&m->in);
	f.offset = line < 0 ? -1 : line;
	st = mt_memray_code_named(m, MT_TABLE_OFFSET_IS_LINE, function, file,
	    &f.code, e);
	return (st == MT_OK ? mt_memray_frame_put(m, id, &f, e) : st);
}

static enum mt_status
sites_frame(struct mt_memray *m, struct mt_error *e)
{
	struct mt_memray_frame f;
	enum mt_status st;
	uint64_t code, id;

	if (sites_has_codes(m)) {
		id = mt_cursor_varint(&m->in.cur);
		code = mt_cursor_varint(&m->in.cur);
		f.offset = mt_memray_offset(m,
		    mt_cursor_svarint(&m->in.cur));
		st = mt_memray_code_of(m, code, &f.code, e);
		if (st == MT_OK)
			st = mt_memray_frame_put(m, id, &f, e);
	} else
		st = sites_frame_old(m, e);
	/* Does it begin a run of the interpreter's loop? */
	(void)mt_memray_in_byte(&m->in);
	return (st == MT_OK && m->in.cur.bad ? MT_END : st);
}

/* Is a stack one of the thread that has frames of memray itself? */
static unsigned
main_of(const struct sites *s, uint64_t tid)
{
	return (tid == s->m->head.main_tid);
}

/*
 * The stacks, of which each calls the one before, that have no node yet;
 * *node is that of the caller of the last.
 */
static enum mt_status
sites_chain(struct sites *s, uint32_t stack, unsigned of, uint32_t *node,
    size_t *n, struct mt_error *e)
{
	const struct stack *t;
	void *p;

	*node = 0;
	for (*n = 0; stack != 0; stack = t->caller) {
		t = &s->stack[stack - 1];
		/* Frames of memray itself are at the bottom. */
		if (of == 1 && t->depth <= s->m->head.skipped_frames)
			break;
		if (t->node[of] != UINT32_MAX) {
			*node = t->node[of];
			break;
		}
		p = s->chain;
		if (!mt_budget_grow(&s->m->budget, &p, &s->chain_cap, *n + 1,
		    sizeof(*s->chain)))
			return (sites_nomem(e));
		s->chain = p;
		s->chain[(*n)++] = stack;
	}
	return (MT_OK);
}

/* The node of a stack, without the frames of memray itself. */
static enum mt_status
sites_node(struct sites *s, uint64_t stack, uint64_t tid, uint32_t *node,
    struct mt_error *e)
{
	unsigned of = main_of(s, tid);
	struct mt_memray_frame f;
	enum mt_status st;
	struct stack *t;
	size_t n;

	if (stack > s->nstacks)
		return (MT_ERR_FORMAT);
	st = sites_chain(s, (uint32_t)stack, of, node, &n, e);
	while (st == MT_OK && n > 0) {
		t = &s->stack[s->chain[--n] - 1];
		st = mt_memray_frame_of(s->m, t->frame, &f);
		if (st == MT_OK)
			st = mt_recorder_node(s->m->rec, *node, f.code,
			    f.offset, node, e);
		if (st == MT_OK)
			t->node[of] = *node;
	}
	return (st);
}

/* ---- Sites ------------------------------------------------------------ */

static enum mt_status
sites_add(struct sites *s, const struct mt_site *add, struct mt_error *e)
{
	struct mt_site *site;
	uint32_t i, n = s->ids.n;
	void *p = s->site;

	if (add->thread >= UINT32_MAX >> 4)
		return (MT_ERR_FORMAT);
	i = mt_memray_id(&s->ids, (uint64_t)add->node << 32 |
	    add->thread << 4 | add->allocator);
	if (i == MT_HASH_NONE || !mt_budget_grow(&s->m->budget, &p,
	    &s->site_cap, s->ids.n, sizeof(*s->site)))
		return (sites_nomem(e));
	s->site = p;
	site = &s->site[i];
	if (i == n) {
		*site = *add;
		return (MT_OK);
	}
	site->peak_allocations += add->peak_allocations;
	site->peak_bytes += add->peak_bytes;
	site->leaked_allocations += add->leaked_allocations;
	site->leaked_bytes += add->leaked_bytes;
	return (MT_OK);
}

/* Nine words; of the allocator's, seven bytes are padding. */
static enum mt_status
sites_site(struct sites *s, struct mt_error *e)
{
	struct mt_site site = { 0, 0, 0, 0, 0, 0, 0, 0, 0 };
	struct mt_memray *m = s->m;
	uint64_t generation, native, stack, tid;
	enum mt_status st;

	tid = mt_memray_in_u64(&m->in);
	site.allocator = mt_memray_allocator(m,
	    mt_memray_in_u64(&m->in) & 0xff);
	native = mt_memray_in_u64(&m->in);
	stack = mt_memray_in_u64(&m->in);
	generation = mt_memray_in_u64(&m->in);
	site.peak_allocations = mt_memray_in_u64(&m->in);
	site.leaked_allocations = mt_memray_in_u64(&m->in);
	site.peak_bytes = mt_memray_in_u64(&m->in);
	site.leaked_bytes = mt_memray_in_u64(&m->in);
	if (m->in.cur.bad)
		return (MT_END);
	if (site.allocator == 0 || generation > m->generation)
		return (MT_ERR_FORMAT);
	st = mt_memray_thread(m, tid, &site.thread, e);
	if (st == MT_OK)
		st = sites_node(s, stack, tid, &site.node, e);
	if (st == MT_OK && native != 0)
		st = mt_memray_native_node(m, native, (uint32_t)generation,
		    &site.node, e);
	return (st == MT_OK ? sites_add(s, &site, e) : st);
}

/* ---- The others ------------------------------------------------------- */

static enum mt_status
sites_snapshot(struct sites *s, struct mt_error *e)
{
	struct mt_memray *m = s->m;
	struct mt_sample now = { 0, 0, 0, 0 };
	uint64_t ms;

	ms = mt_memray_in_u64(&m->in);
	now.rss = mt_memray_in_u64(&m->in);
	now.heap = mt_memray_in_u64(&m->in);
	if (m->in.cur.bad)
		return (MT_END);
	if (ms < m->head.start_ms || ms > MSEC_MAX)
		return (MT_ERR_FORMAT);
	now.time_ns = (ms - m->head.start_ms) * NSEC_PER_MSEC;
	mt_tables_put_sample(&s->samples, &s->last, &now);
	s->last = now;
	return (s->samples.failed ? sites_nomem(e) : MT_OK);
}

static enum mt_status
sites_object(struct mt_memray *m)
{
	(void)mt_cursor_varint(&m->in.cur);
	if (m->head.native)
		(void)mt_cursor_varint(&m->in.cur);
	return (m->in.cur.bad ? MT_END : MT_OK);
}

static enum mt_status
sites_take(struct sites *s, unsigned type, struct mt_error *e)
{
	struct mt_memray *m = s->m;

	switch (type) {
	case REC_SNAPSHOT:
		return (sites_snapshot(s, e));
	case REC_SITE:
		return (sites_site(s, e));
	case REC_STACK:
		return (sites_stack(s, e));
	case REC_FRAME:
		return (sites_frame(m, e));
	case REC_NATIVE:
		return (mt_memray_native_frame(m, e));
	case REC_MAPS:
		return (mt_memray_native_maps(m));
	case REC_MODULE:
		return (mt_memray_native_module(m, e));
	case REC_THREAD:
		return (mt_memray_thread_name(m, e));
	case REC_SWITCH:
		return (mt_memray_switch(m, e));
	case REC_OBJECT:
		return (sites_object(m));
	case REC_CODE:
		return (mt_memray_code(m, e));
	default:
		return (MT_ERR_FORMAT);
	}
}

static enum mt_status
sites_records(struct sites *s, struct mt_error *e)
{
	struct mt_memray_in *in = &s->m->in;
	enum mt_status st;
	unsigned type;

	for (;;) {
		st = mt_memray_in_fill(in, MT_MEMRAY_RECORD, e);
		if (st != MT_OK)
			return (st);
		type = mt_memray_in_byte(in);
		if (in->cur.bad)
			return (MT_END);
		if (type == REC_TRAILER)
			return (MT_OK);
		st = sites_take(s, type, e);
		if (st != MT_OK)
			return (st);
	}
}

static enum mt_status
sites_put(struct sites *s, struct mt_error *e)
{
	struct mt_sink *sink = &s->m->sink;
	struct mt_buf b = { NULL, 0, 0, false };
	enum mt_status st = MT_OK;

	mt_tables_put_sites(&b, s->site, s->ids.n);
	if (b.failed) {
		mt_buf_fini(&b);
		return (sites_nomem(e));
	}
	st = sink->put(sink->arg, MT_BLOCK_SITES, b.data, b.len, e);
	if (st == MT_OK && s->samples.len > 0) {
		st = sink->put(sink->arg, MT_BLOCK_SAMPLES, s->samples.data,
		    s->samples.len, e);
		memset(&s->samples, 0, sizeof(s->samples));
	}
	return (st);
}

enum mt_status
mt_memray_sites(struct mt_memray *m, struct mt_error *e)
{
	struct sites s;
	enum mt_status put, st;

	memset(&s, 0, sizeof(s));
	s.m = m;
	s.ids.hash.budget = &m->budget;
	st = sites_records(&s, e);
	if (st == MT_OK || st == MT_END || st == MT_ERR_FORMAT) {
		put = sites_put(&s, e);
		st = put != MT_OK ? put : st;
	}
	free(s.stack);
	mt_memray_ids_fini(&s.ids);
	free(s.site);
	free(s.chain);
	mt_buf_fini(&s.samples);
	return (st);
}
