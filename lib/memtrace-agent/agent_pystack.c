/*
 * Walk of the interpreter's frame chain.
 *
 * The last stack is kept with the three words of each frame that tell whether
 * it is unchanged.  Most of a stack is the same from one allocation to the
 * next, so the walk first goes up the chain until it meets a frame that it
 * knows, and then only compares.  While it compares it takes the address of
 * the next frame from its own memory instead of from the chain, so that the
 * processor need not wait for one load before it begins the next; the chain
 * is then found to agree, or the walk goes on from where it does not.
 */

#include <sys/mman.h>

#include <pthread.h>
#include <string.h>

#include "agent_early.h"
#include "agent_hot.h"
#include "agent_native.h"
#include "agent_out.h"
#include "agent_pyapi.h"
#include "agent_pycheck.h"
#include "agent_pycode.h"
#include "agent_pyhook.h"
#include "agent_pystack.h"

#define PYSTACK_MAX	(1u << 20)	/* frames; the top ones count */

static enum agent_walk			 pystack_mode;
static const struct agent_pyoffsets	*pystack_row;
struct agent_layout			 agent_layout;

/* The top of no frames. */
static struct agent_frame		 pystack_none = {
	.frame = (const char *)1, .first = UINT32_MAX
};

void
agent_pystack_init(enum agent_walk mode, const struct agent_pyoffsets *o)
{
	struct agent_layout *l = &agent_layout;

	pystack_mode = mode;
	pystack_row = o;
	if (o == NULL)
		return;
	l->is_pointer = o->ip_kind == AGENT_IP_POINTER;
	l->ip_mask = l->is_pointer ? UINTPTR_MAX : UINT32_MAX;
	l->ip_shift = o->ip_kind == AGENT_IP_LASTI_UNITS;
	l->code_mask = ~(uintptr_t)3;
	/* A thread's copy of the bytecode is not at a fixed distance. */
	l->can_advance = o->co_tlbc == 0;
	l->ts_thread = o->ts_thread;
	l->ts_frame = (uint16_t)o->ts_frame;
	l->has_cframe = o->cframe_frame >= 0;
	l->cframe_frame = l->has_cframe ? (uint16_t)o->cframe_frame : 0;
	l->previous = o->f_previous;
	l->code = o->f_code;
	l->ip = o->f_ip;
	l->firsttraceable = o->co_firsttraceable;
}

void
agent_pystack_reset(struct agent_thread *t)
{
	t->tstate = AGENT_NO_TSTATE;
	t->stack.n = 0;
	t->stack.top = &pystack_none;
}

enum agent_walk
agent_pystack_mode(void)
{
	return (pystack_mode);
}

/* The newest frame of this thread, NULL without a Python stack. */
static inline const char *
pystack_first(void)
{
	const char *ts;

	if ((ts = agent_pyapi_tstate()) == NULL)
		return (NULL);
	return (agent_pystack_newest(ts));
}

bool
agent_pystack_reserve(struct agent_stack *s, uint32_t n)
{
	struct agent_frame *p;
	uint32_t cap = s->cap;

	if (n <= cap)
		return (true);
	while (cap < n)
		cap *= 2;
	p = agent_real.mmap(NULL, cap * sizeof(*p), PROT_READ | PROT_WRITE,
	    MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	if (p == MAP_FAILED)
		return (false);
	memcpy(p, s->frames, s->n * sizeof(*p));
	/* The first array is part of the thread's own block. */
	if ((uintptr_t)s->frames % 4096 == 0)
		(void)agent_real.munmap(s->frames, s->cap * sizeof(*p));
	s->frames = p;
	s->cap = cap;
	return (true);
}

/* Where the bytecode starts that a frame runs: 3.14t has copies of it. */
static const char *
pystack_bytecode(const char *frame, const char *code, uintptr_t ip)
{
	const struct agent_pyoffsets *o = pystack_row;
	const char *base = code + o->co_bytecode, *tlbc;
	int32_t i;

	if (o->co_tlbc == 0 || ip - (uintptr_t)base <
	    2 * agent_load(code, o->ob_size))
		return (base);
	/* The thread has a copy of its own: size, then the entries. */
	tlbc = agent_load_ptr(code, o->co_tlbc);
	i = agent_load_int(frame, o->f_tlbc_index);
	if (tlbc == NULL || i < 0 || (uintptr_t)i >= agent_load(tlbc, 0))
		return (base);
	return (agent_load_ptr(tlbc, 8 + 8 * (size_t)i));
}

/*
 * The offset of the instruction in bytes.  False for frames that tracebacks
 * do not show either: not yet at their first instruction, or the trampoline
 * that 3.13 and later put before __init__.
 */
static bool
pystack_offset(const struct agent_frame *f, const char *code, int64_t *offset)
{
	const struct agent_pyoffsets *o = pystack_row;
	int32_t lasti = (int32_t)f->ip;
	const char *base;

	if (o->ip_kind != AGENT_IP_POINTER) {
		*offset = lasti < 0 || o->ip_kind == AGENT_IP_LASTI_BYTES ?
		    lasti : 2 * (int64_t)lasti;
		return (true);
	}
	base = pystack_bytecode(f->frame, code, f->ip);
	*offset = (int64_t)(f->ip - (uintptr_t)base);
	if (f->frame[o->f_owner] != 1 && *offset <
	    2 * (int64_t)agent_load_int(code, o->co_firsttraceable))
		return (false);
	return (agent_load_int(code, o->co_firstlineno) != 0 ||
	    agent_load(code, o->co_filename) != agent_load(code, o->co_name));
}

/* Which offsets follow from the one that is there. */
static void
pystack_set_range(struct agent_frame *f, const char *code)
{
	int64_t first = MT_FRAME_BIAS;

	if (!agent_layout.can_advance || f->offset < MT_FRAME_BIAS)
		return;
	if (agent_layout.is_pointer)
		first += 2 * (int64_t)agent_load_int(code,
		    agent_layout.firsttraceable);
	if (first < MT_FRAME_BIAS || first > MT_FRAME_MAX_OFFSET)
		return;
	f->first = (uint32_t)first;
	f->span = MT_FRAME_MAX_OFFSET - f->first;
}

/* Fill in id and offset from what was read of the frame. */
static void
pystack_resolve(struct agent_thread *t, struct agent_frame *f)
{
	const struct agent_pyoffsets *o = pystack_row;
	const char *code = agent_pystack_code(f->code);
	int64_t offset;

	f->id = f->offset = f->span = 0;
	f->first = UINT32_MAX;
	if (o->f_owner != 0 &&
	    (unsigned char)f->frame[o->f_owner] >= o->shim_owner) {
		f->offset = AGENT_FRAME_SHIM;
		return;
	}
	if (code == NULL || agent_load_ptr(code, o->ob_type) !=
	    agent_pyapi.code_type)
		return;
	if (!pystack_offset(f, code, &offset) ||
	    (f->id = agent_pycode_id(t, code)) == 0) {
		/* Not described, so its death would go unnoticed: no match. */
		f->ip = UINTPTR_MAX;
		return;
	}
	offset += MT_FRAME_BIAS;
	f->offset = offset <= 0 || offset > MT_FRAME_MAX_OFFSET ?
	    MT_FRAME_NOWHERE : (uint32_t)offset;
	pystack_set_range(f, code);
}

static inline void
pystack_read(struct agent_frame *e, const char *f)
{
	e->frame = f;
	e->code = agent_load(f, agent_layout.code);
	e->ip = agent_pystack_ip(f);
}

static inline uint32_t
pystack_hash(const char *f)
{
	return ((uint32_t)((uintptr_t)f >> 3 ^ (uintptr_t)f >> 11) &
	    (AGENT_FRAME_INDEX - 1));
}

/* Where this frame is in the last stack, below index n; UINT32_MAX if not. */
static inline uint32_t
pystack_find(const struct agent_stack *s, uint32_t n, const char *f)
{
	uint32_t i;

	if (n > 0 && s->frames[n - 1].frame == f)
		return (n - 1);
	i = s->index[pystack_hash(f)];
	return (i < n && s->frames[i].frame == f ? i : UINT32_MAX);
}

/* What comparing the last stack with the chain found. */
struct pystack_match {
	const char	*rest;	/* what the chain goes on with, or NULL */
	uint32_t	 stop;	/* least index with the same frame */
	uint32_t	 low;	/* from stop, all below is unchanged */
};

/*
 * Compare the last stack with the chain, from index i, which is the same
 * frame, down as far as the frames are the same ones.  An instruction pointer
 * points into its code object, so where there is one, it tells them both.
 */
static inline __attribute__((__always_inline__)) struct pystack_match
pystack_compare_as(const struct agent_stack *s, uint32_t i, bool pointer)
{
	const struct agent_frame *e = &s->frames[i];
	const char *f = e->frame, *next;
	struct pystack_match m = { .low = i + 1 };

	for (;; i--, e--) {
		if (pointer ? agent_load(f, agent_layout.ip) != e->ip :
		    agent_load(f, agent_layout.code) != e->code ||
		    (agent_load(f, agent_layout.ip) & UINT32_MAX) != e->ip)
			m.low = i;
		m.rest = agent_load_ptr(f, agent_layout.previous);
		if (i == 0)
			break;
		next = e[-1].frame;
		f = next;
		/* Or the compiler would use m.rest, and wait for it. */
		__asm__ ("" : "+r" (f));
		if (AGENT_UNLIKELY(m.rest != next))
			break;
	}
	m.stop = i;
	return (m);
}

static inline struct pystack_match
pystack_compare(const struct agent_stack *s, uint32_t i)
{
	return (agent_layout.is_pointer ? pystack_compare_as(s, i, true) :
	    pystack_compare_as(s, i, false));
}

void
agent_pystack_emit(struct agent_thread *t, uint32_t gone, uint32_t keep)
{
	struct agent_stack *s = &t->stack;
	struct agent_frame *e = &s->frames[keep], *end = &s->frames[s->n];
	enum mt_op op;

	if (t->native != NULL) {
		s->kept = keep < s->kept ? keep : s->kept;
		return;
	}
	if (!agent_out_room(t, 2))
		return;
	while (e < end && e->id == 0)
		e++;
	if (e < end && gone > 0)
		gone--, op = MT_OP_TOP;
	else
		op = MT_OP_PUSH;
	if (gone > 0)
		agent_out_word(t, MT_WORD(MT_OP_POP, 0, gone));
	for (; e < end; e++) {
		if (e->id == 0)
			continue;
		if (!agent_out_room(t, 1))
			return;
		agent_out_word(t, MT_FRAME_WORD(op, e->id, e->offset));
		op = MT_OP_PUSH;
	}
}

/* Frames that the collector knows of in a part of the array. */
static uint32_t
pystack_count(const struct agent_stack *s, uint32_t from, uint32_t to)
{
	uint32_t n = 0;

	for (; from < to; from++)
		n += s->frames[from].id != 0;
	return (n);
}

/* Forget what the last stack says of code objects that may have died. */
static AGENT_COLD void
pystack_revalidate(struct agent_thread *t, uint64_t deaths)
{
	struct agent_stack *s = &t->stack;
	uint32_t gone, n;

	s->code_deaths = deaths;
	for (n = 0; n < s->n; n++)
		if (s->frames[n].id != 0 && agent_pycode_find(
		    agent_pystack_code(s->frames[n].code)) !=
		    s->frames[n].id)
			break;
	gone = pystack_count(s, n, s->n);
	s->n = n;
	s->kept = n < s->kept ? n : s->kept;
	if (gone > 0 && t->native == NULL && agent_out_room(t, 1))
		agent_out_word(t, MT_WORD(MT_OP_POP, 0, gone));
}

/* Append frame f to the array, behind everything. */
static inline bool
pystack_append(struct agent_stack *s, const char *f)
{
	if (!agent_pystack_reserve(s, s->n + 1))
		return (false);
	pystack_read(&s->frames[s->n++], f);
	return (true);
}

/*
 * Collect the frames that are not as they were behind the last stack, the top
 * first.  Returns how many of the last stack's frames stay.
 */
static uint32_t
pystack_collect(struct agent_stack *s, const char *f)
{
	uint32_t i, limit = s->n, old = s->n;
	struct pystack_match m;
	bool whole;

	while (f != NULL && s->n - old < PYSTACK_MAX) {
		if ((i = pystack_find(s, limit, f)) == UINT32_MAX) {
			if (!pystack_append(s, f))
				return (0);
			f = agent_load_ptr(f, agent_layout.previous);
			continue;
		}
		m = pystack_compare(s, i);
		whole = m.rest == NULL && m.stop == 0;
		limit = whole ? m.low : m.stop;
		for (; i + 1 > limit; i--)
			if (!pystack_append(s, s->frames[i].frame))
				return (0);
		if (whole)
			return (limit);
		f = m.rest;
	}
	return (0);
}

/* The general case: frames have come or gone. */
static void
pystack_delta(struct agent_thread *t, const char *f)
{
	struct agent_stack *s = &t->stack;
	uint32_t gone, i, keep, k, old = s->n;
	struct agent_frame e;

	keep = pystack_collect(s, f);
	gone = pystack_count(s, keep, old);
	for (i = old, k = s->n; i + 1 < k; i++) {
		e = s->frames[i];
		s->frames[i] = s->frames[--k];
		s->frames[k] = e;
	}
	k = s->n - old;
	memmove(&s->frames[keep], &s->frames[old], k * sizeof(e));
	s->n = keep + k;
	for (i = keep; i < s->n; i++) {
		pystack_resolve(t, &s->frames[i]);
		s->index[pystack_hash(s->frames[i].frame)] = i;
	}
	agent_pystack_emit(t, gone, keep);
}

/* The same frames as before, which may have gone on within their functions. */
static inline bool
pystack_same_frames(struct agent_thread *t, const char *f)
{
	struct agent_stack *s = &t->stack;
	struct pystack_match m;
	struct agent_frame *e;
	uint32_t gone, i;
	int64_t step;

	if (s->n == 0 || s->frames[s->n - 1].frame != f)
		return (s->n == 0 && f == NULL);
	m = pystack_compare(s, s->n - 1);
	if (m.rest != NULL || m.stop != 0)
		return (false);
	if (AGENT_LIKELY(m.low == s->n))
		return (true);
	gone = pystack_count(s, m.low, s->n);
	for (i = m.low; i < s->n; i++) {
		e = &s->frames[i];
		if (AGENT_LIKELY(agent_pystack_advance(e,
		    agent_pystack_ip(e->frame), agent_layout.is_pointer,
		    &step)))
			continue;
		pystack_read(e, e->frame);
		pystack_resolve(t, e);
	}
	agent_pystack_emit(t, gone, m.low);
	return (true);
}

/* The frame chain, as it is now. */
static inline void
pystack_update(struct agent_thread *t)
{
	struct agent_stack *s = &t->stack;
	const char *f, *ts;
	uint64_t deaths;

	deaths = atomic_load_explicit(&agent->code_deaths,
	    memory_order_relaxed);
	if (AGENT_UNLIKELY(deaths != s->code_deaths))
		pystack_revalidate(t, deaths);
	ts = agent_pyapi_tstate();
	t->tstate = ts != NULL ? ts : AGENT_NO_TSTATE;
	f = ts != NULL ? agent_pystack_newest(ts) : NULL;
	if (!pystack_same_frames(t, f))
		pystack_delta(t, f);
	s->top = s->n > 0 ? &s->frames[s->n - 1] : &pystack_none;
}

/* Whatever way Python's stack is found, the native one goes with it. */
static void
pystack_update_native(struct agent_thread *t)
{
	agent_native_update(t);
	t->stack.kept = UINT32_MAX;
}

/* The common case of agent_hot.h, which there is for native stacks, too. */
static inline bool
pystack_is_hot(struct agent_thread *t)
{
	int64_t step;

	if (t->native == NULL || (agent_layout.is_pointer ?
	    agent_hot_walk(t, true, &step) :
	    agent_hot_walk(t, false, &step)) == NULL)
		return (false);
	if (step != 0)
		t->stack.kept = t->stack.n - 1;
	return (true);
}

AGENT_HOT void
agent_pystack_update(struct agent_thread *t)
{
	if (AGENT_UNLIKELY(pystack_mode != AGENT_WALK_FRAMES)) {
		if (atomic_load(&agent->stop_walk) != 0)
			agent_pyhook_again();
		else if (pystack_mode == AGENT_WALK_API)
			agent_pycheck_update(t);
		if (t->native != NULL)
			pystack_update_native(t);
		return;
	}
	/*
	 * Pairs with the membarrier(2) of the end of the script, after which
	 * the interpreter may free the thread states of other threads.
	 */
	atomic_store_explicit(&t->in_walk, 1, memory_order_relaxed);
	atomic_signal_fence(memory_order_seq_cst);
	if (AGENT_UNLIKELY(atomic_load_explicit(&agent->stop_walk,
	    memory_order_relaxed) != 0)) {
		agent_pyhook_again();
		goto out;
	}
	if (!pystack_is_hot(t))
		pystack_update(t);
	if (AGENT_UNLIKELY(t->native != NULL))
		pystack_update_native(t);
out:
	atomic_store_explicit(&t->in_walk, 0, memory_order_release);
}

uint32_t
agent_pystack_walk(struct agent_thread *t, struct agent_frame *out,
    uint32_t max)
{
	const char *f;
	uint32_t n = 0;

	for (f = pystack_first(); f != NULL && n < max;
	    f = agent_load_ptr(f, agent_layout.previous)) {
		pystack_read(&out[n], f);
		pystack_resolve(t, &out[n]);
		n += out[n].id != 0;
	}
	return (n);
}

void *
agent_pyapi_other_tstate(void *first)
{
	void *ts = agent_pyapi.gil_tstate();

	if (pystack_row == NULL || ts == NULL || ts == first ||
	    agent_load(ts, agent_layout.ts_thread) !=
	    (uintptr_t)pthread_self())
		return (first);
	return (ts);
}

const char *
agent_pystack_cframe(void)
{
	const char *ts;

	if ((ts = agent_pyapi_tstate()) == NULL)
		return (NULL);
	return (agent_load_ptr(ts, agent_layout.ts_frame));
}

const char *
agent_pystack_top(const char **local)
{
	const char *code, *f;

	if (pystack_mode != AGENT_WALK_FRAMES || (f = pystack_first()) == NULL)
		return (NULL);
	if (pystack_row->f_owner != 0 &&
	    (unsigned char)f[pystack_row->f_owner] >= pystack_row->shim_owner)
		return (NULL);
	code = agent_pystack_code(agent_load(f, agent_layout.code));
	if (code == NULL ||
	    agent_load_ptr(code, pystack_row->ob_type) != agent_pyapi.code_type)
		return (NULL);
	*local = agent_pystack_code(agent_load(f, pystack_row->f_localsplus));
	return (code);
}
