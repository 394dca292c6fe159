/*
 * Python's stack and the native one as one.
 *
 * The function of the interpreter that runs Python code has a frame for each
 * time that Python code was entered from C: this frame is replaced by the
 * Python frames that it runs.  Which these are, the interpreter knows:
 *
 *	3.12 on		below them in the chain is a frame without code,
 *			which lies in the C frame that runs them
 *	3.11		the one that was entered from C is marked
 *	before		there is one C frame for each Python frame
 *
 * Without such frames of the chain, the C frames are told by their function
 * and counted from the top: what is below the chain belongs to others, as to
 * the stack that a greenlet was started on.
 *
 * What lies between, if it is but the interpreter's own doing, is left out.
 */

#include <dlfcn.h>
#include <string.h>

#include "agent_cfi.h"
#include "agent_native.h"
#include "agent_out.h"

#define MERGE_IS_ENTRY	68	/* in a frame of 3.11 */

enum merge_by {
	MERGE_BY_NOTHING,	/* all Python frames are one group */
	MERGE_BY_FRAME,		/* each is a group */
	MERGE_BY_ENTRY,		/* groups begin at marked frames */
	MERGE_BY_SHIM		/* groups begin behind frames without code */
};

/* What is before a group of Python frames. */
enum merge_run {
	MERGE_BOTTOM,	/* start-up, or another's stack */
	MERGE_BETWEEN,
	MERGE_LEAF	/* behind the last group */
};

static struct {
	enum merge_by	 by;
	uintptr_t	 start;		/* the function that runs Python */
	uintptr_t	 end;
	bool		 searched;	/* for the rest of it */
	uintptr_t	 rest_start;
	uintptr_t	 rest_end;
} eval;

struct merge {
	struct agent_native		*n;
	const struct agent_stack	*s;
	uint32_t			 out;	/* words so far */
	uint32_t			 same;	/* of them as they were */
	uint32_t			 from;	/* where the next run begins */
	bool				 first;	/* no group yet */
};

void
agent_merge_init(const struct agent_pyoffsets *o)
{
	void *fn = dlsym(RTLD_DEFAULT, "_PyEval_EvalFrameDefault");

	if (o == NULL)
		eval.by = MERGE_BY_NOTHING;
	else if (o->minor >= 12)
		eval.by = MERGE_BY_SHIM;
	else
		eval.by = o->minor == 11 ? MERGE_BY_ENTRY : MERGE_BY_FRAME;
	if (fn != NULL)
		(void)agent_cfi_function((uintptr_t)fn, &eval.start,
		    &eval.end);
}

/* The compiler may have put what is unlikely elsewhere. */
static AGENT_COLD void
merge_find_rest(uintptr_t code)
{
	eval.searched = true;
	if (!agent_cfi_elsewhere(code, &eval.rest_start, &eval.rest_end))
		eval.rest_start = eval.rest_end = 0;
}

bool
agent_merge_is_eval(uintptr_t code)
{
	if (code - eval.start < eval.end - eval.start) {
		if (!eval.searched && eval.by != MERGE_BY_SHIM)
			merge_find_rest(code);
		return (true);
	}
	return (code - eval.rest_start < eval.rest_end - eval.rest_start);
}

/* ---- Output ---------------------------------------------------------- */

static inline void
merge_put(struct merge *m, uint64_t word)
{
	struct agent_native *n = m->n;

	if (m->out < n->nmerged && m->out == m->same &&
	    n->merged[m->out] == word) {
		m->same++;
		m->out++;
		return;
	}
	if (AGENT_UNLIKELY(m->out == n->merged_cap) &&
	    !agent_native_reserve(&n->merged, &n->merged_cap, m->out,
	    m->out + 1, sizeof(word)))
		return;
	n->merged[m->out++] = word;
}

static inline bool
merge_is_eval(const struct agent_native_frame *f)
{
	return ((f->class & AGENT_MODULE_EVAL) != 0);
}

/* Is there any frame of a library or an extension? */
static bool
merge_is_foreign(const struct agent_native *n, uint32_t from, uint32_t to)
{
	for (; from < to; from++)
		if (n->frames[from].class == AGENT_MODULE_OTHER)
			return (true);
	return (false);
}

/* The native frames from m->from to here, unless they are to be left out. */
static void
merge_run(struct merge *m, uint32_t to, enum merge_run run)
{
	const struct agent_native_frame *f;
	uint32_t from = m->from, i;

	m->from = to;
	if (run == MERGE_BOTTOM)
		for (i = from; i < to; i++)
			if (merge_is_eval(&m->n->frames[i]))
				from = i + 1;
	if (run != MERGE_LEAF && !merge_is_foreign(m->n, from, to))
		return;
	for (i = from; i < to; i++) {
		f = &m->n->frames[i];
		if (f->word != 0 && !merge_is_eval(f) &&
		    f->class != AGENT_MODULE_AGENT)
			merge_put(m, f->word);
	}
}

static inline void
merge_python(struct merge *m, const struct agent_frame *f)
{
	if (f->id != 0)
		merge_put(m, MT_FRAME_WORD(MT_OP_PUSH, f->id, f->offset));
}

/* The group's C frame is that at index i: what is before it, then it. */
static void
merge_enter(struct merge *m, uint32_t i)
{
	merge_run(m, i, m->first ? MERGE_BOTTOM : MERGE_BETWEEN);
	m->from = i + 1;
	m->first = false;
}

/* ---- By frames without code ------------------------------------------ */

/* The frame that an address lies in; that at the bottom has no known end. */
static bool
merge_find(const struct merge *m, uintptr_t p, uint32_t *where)
{
	const struct agent_native_frame *f = m->n->frames;
	uint32_t i = m->from > 0 ? m->from : 1;

	for (; i < m->n->n; i++)
		if (f[i].sp <= p && p < f[i - 1].sp) {
			*where = i;
			return (true);
		}
	return (false);
}

static void
merge_by_shim(struct merge *m)
{
	const struct agent_frame *f = m->s->frames, *end = f + m->s->n;
	uint32_t i;

	for (; f < end; f++)
		if (f->id == 0 && f->offset == AGENT_FRAME_SHIM) {
			if (merge_find(m, (uintptr_t)f->frame, &i))
				merge_enter(m, i);
		} else
			merge_python(m, f);
}

/* ---- By counting ----------------------------------------------------- */

static inline bool
merge_begins(const struct agent_frame *f, bool first)
{
	switch (eval.by) {
	case MERGE_BY_FRAME:
		return (true);
	case MERGE_BY_ENTRY:
		return (first || f->frame[MERGE_IS_ENTRY] != 0);
	default:
		return (first);
	}
}

/* One group; returns where the next one begins. */
static const struct agent_frame *
merge_group(struct merge *m, const struct agent_frame *f)
{
	const struct agent_frame *end = m->s->frames + m->s->n;

	do
		merge_python(m, f++);
	while (f < end && !merge_begins(f, false));
	return (f);
}

static void
merge_by_count(struct merge *m)
{
	const struct agent_frame *f = m->s->frames, *end = f + m->s->n, *g;
	uint32_t evals = 0, groups = 0, i;

	for (g = f; g < end; g++)
		groups += merge_begins(g, g == f);
	for (i = 0; i < m->n->n; i++)
		evals += merge_is_eval(&m->n->frames[i]);
	/* The stack was not unwound to its end. */
	for (; groups > evals; groups--)
		f = merge_group(m, f);
	for (i = 0; i < m->n->n && groups > 0; i++) {
		if (!merge_is_eval(&m->n->frames[i]))
			continue;
		if (evals-- > groups)
			continue;	/* another's */
		groups--;
		merge_enter(m, i);
		f = merge_group(m, f);
	}
}

/* ---- Both ------------------------------------------------------------ */

static bool
merge_has_python(const struct agent_stack *s)
{
	uint32_t i;

	for (i = 0; i < s->n; i++)
		if (s->frames[i].id != 0)
			return (true);
	return (false);
}

/* What is merged from index same on replaces the last words there were. */
static void
merge_emit(struct agent_thread *t, uint32_t gone, uint32_t same)
{
	const struct agent_native *n = t->native;
	uint64_t top = 0;
	uint32_t i;

	if (!agent_out_room(t, 2))
		return;
	if (same < n->nmerged && gone > 0) {
		gone--;
		/* MT_OP_TOP and MT_OP_NTOP are next to what pushes. */
		top = (uint64_t)1 << 56;
	}
	if (gone > 0)
		agent_out_word(t, MT_WORD(MT_OP_POP, 0, gone));
	for (i = same; i < n->nmerged; i++) {
		if (!agent_out_room(t, 1))
			return;
		agent_out_word(t, n->merged[i] + top);
		top = 0;
	}
}

AGENT_HOT void
agent_merge(struct agent_thread *t)
{
	struct agent_native *n = t->native;
	struct merge m = { .n = n, .s = &t->stack, .first = true };
	uint32_t gone;

	if (merge_has_python(m.s)) {
		if (eval.by == MERGE_BY_SHIM)
			merge_by_shim(&m);
		else
			merge_by_count(&m);
	}
	merge_run(&m, n->n, MERGE_LEAF);
	gone = n->nmerged - m.same;
	n->nmerged = m.out;
	if (gone > 0 || m.out > m.same)
		merge_emit(t, gone, m.same);
}
