/*
 * Python's stack and the native one as one.
 *
 * The function of the interpreter that runs Python code has a frame for each
 * time that Python code was entered from C: this frame is replaced by the
 * Python frames that it runs, a group.  Which these are, the interpreter
 * knows:
 *
 *	3.12 on		below them in the chain is a frame without code,
 *			which lies in the C frame that runs them
 *	3.11		so does a note of which of them is the innermost
 *	before		there is one C frame for each Python frame
 *
 * Where nothing lies in them, the C frames are told by their function and
 * counted from the top: what is below the chain belongs to others, as to the
 * stack that a greenlet was started on.
 *
 * What lies between, if it is but the interpreter's own doing, is left out.
 *
 * Groups are remembered, so that what is below the lowest change need not be
 * merged again.
 */

#include <dlfcn.h>
#include <string.h>

#include "agent_cfi.h"
#include "agent_native.h"
#include "agent_out.h"
#include "agent_pyapi.h"
#include "agent_pystack.h"

/* In the note of 3.11, _PyCFrame. */
#define MERGE_CFRAME_CURRENT	8
#define MERGE_CFRAME_PREVIOUS	16

enum merge_by {
	MERGE_BY_NOTHING,	/* all Python frames are one group */
	MERGE_BY_FRAME,		/* each is a group */
	MERGE_BY_NOTE,		/* C frames have notes of their groups */
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
	uint32_t			 python; /* Python frame to go on at */
	const char			*note;	/* the innermost */
};

void
agent_merge_init(const struct agent_pyoffsets *o)
{
	void *fn = dlsym(agent_pyapi.handle, "_PyEval_EvalFrameDefault");

	if (o == NULL)
		eval.by = MERGE_BY_NOTHING;
	else if (o->minor >= 12)
		eval.by = MERGE_BY_SHIM;
	else
		eval.by = o->minor == 11 ? MERGE_BY_NOTE : MERGE_BY_FRAME;
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

/* The Python frames up to this one. */
static inline void
merge_group(struct merge *m, uint32_t to)
{
	const struct agent_frame *f = &m->s->frames[m->python];

	for (; m->python < to; m->python++)
		merge_python(m, f++);
}

/* The last group has ended, before this Python frame. */
static inline void
merge_leave(struct merge *m, uint32_t end)
{
	struct agent_native_group *g;

	if (m->n->ngroups == 0)
		return;
	g = &m->n->groups[m->n->ngroups - 1];
	g->solid = m->out - g->merged;
	if (g->solid != end - g->python)
		g->solid = 0;
}

/* Pass over what is as it was of the group to go on with, up to a frame. */
static inline void
merge_pass(struct merge *m, uint32_t limit)
{
	const struct agent_native_group *g;
	uint32_t n;

	if (m->n->ngroups == 0)
		return;
	g = &m->n->groups[m->n->ngroups - 1];
	limit = m->s->kept < limit ? m->s->kept : limit;
	n = limit <= g->python ? 0 : limit - g->python;
	n = n < g->solid ? n : g->solid;
	m->python += n;
	m->out += n;
	m->same += n;
}

/*
 * A group begins, with the Python frame m->python, whose C frame is that at
 * index i: what is before it in the stack, and then it.
 */
static void
merge_enter(struct merge *m, uint32_t i, uintptr_t mark)
{
	struct agent_native *n = m->n;
	struct agent_native_group *g;

	merge_run(m, i, n->ngroups == 0 ? MERGE_BOTTOM : MERGE_BETWEEN);
	m->from = i + 1;
	if (n->ngroups == n->groups_cap && !agent_native_reserve(&n->groups,
	    &n->groups_cap, n->ngroups, n->ngroups + 1, sizeof(*g)))
		return;
	g = &n->groups[n->ngroups++];
	g->mark = mark;
	g->frame = i;
	g->python = m->python;
	g->merged = m->out;
}

/* ---- By what lies in C frames ---------------------------------------- */

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
	const struct agent_frame *f;
	uint32_t i;

	merge_pass(m, m->s->n);
	f = &m->s->frames[m->python];
	for (; m->python < m->s->n; f++) {
		m->python++;
		if (f->id != 0)
			merge_python(m, f);
		else if (f->offset == AGENT_FRAME_SHIM &&
		    merge_find(m, (uintptr_t)f->frame, &i)) {
			merge_leave(m, m->python - 1);
			merge_enter(m, i, (uintptr_t)f->frame);
		}
	}
}

static const char *
merge_note(const char *note, size_t field)
{
	const char *p;

	memcpy(&p, note + field, sizeof(p));
	return (p);
}

/* Where the Python frame is, below index n; n if it is not. */
static uint32_t
merge_find_python(const struct merge *m, const char *frame, uint32_t n)
{
	uint32_t i;

	for (i = n; i > m->python; i--)
		if (m->s->frames[i - 1].frame == frame)
			return (i - 1);
	return (n);
}

/*
 * The notes from the innermost on as far as the last group that stays, if
 * any: they are put behind it, then turned, and then are groups.
 */
static uint32_t
merge_collect_notes(struct merge *m, uintptr_t stop)
{
	const char *note = m->note, *outer;
	struct agent_native *n = m->n;
	uint32_t at, count = 0, end = m->s->n;
	struct agent_native_group *g;

	for (; note != NULL && (uintptr_t)note != stop; note = outer) {
		outer = merge_note(note, MERGE_CFRAME_PREVIOUS);
		at = outer == NULL ? end : merge_find_python(m, merge_note(
		    outer, MERGE_CFRAME_CURRENT), end);
		/* The first group has nothing outside. */
		at = at == end ? m->python : at + 1;
		if (n->ngroups + count == n->groups_cap &&
		    !agent_native_reserve(&n->groups, &n->groups_cap,
		    n->ngroups + count, n->ngroups + count + 1, sizeof(*g)))
			break;
		g = &n->groups[n->ngroups + count++];
		g->mark = (uintptr_t)note;
		g->python = end = at;
	}
	return (count);
}

static void
merge_by_note(struct merge *m)
{
	struct agent_native *n = m->n;
	uintptr_t stop = n->ngroups == 0 ? 0 : n->groups[n->ngroups - 1].mark;
	uint32_t count = merge_collect_notes(m, stop), i, k;
	struct agent_native_group *g = &n->groups[n->ngroups], swap;

	for (i = 0; i + 1 < count - i; i++) {
		swap = g[i];
		g[i] = g[count - 1 - i];
		g[count - 1 - i] = swap;
	}
	merge_pass(m, count > 0 ? g->python : m->s->n);
	for (; count > 0; count--, g++) {
		swap = *g;
		merge_group(m, swap.python);
		merge_leave(m, swap.python);
		/* Entering writes groups, at most as many as were read. */
		if (merge_find(m, swap.mark, &k))
			merge_enter(m, k, swap.mark);
	}
	merge_group(m, m->s->n);
}

/* ---- By counting ----------------------------------------------------- */

static uint32_t
merge_count_evals(const struct agent_native *n, uint32_t from)
{
	uint32_t count = 0;

	for (; from < n->n; from++)
		count += merge_is_eval(&n->frames[from]);
	return (count);
}

static void
merge_by_count(struct merge *m)
{
	uint32_t evals = merge_count_evals(m->n, m->from), groups, i;

	/* The last group that stays is entered, but not what it runs. */
	if (m->n->ngroups > 0)
		merge_group(m, m->python + 1);
	groups = eval.by == MERGE_BY_FRAME ? m->s->n - m->python : 1;
	/* The stack was not unwound to its end. */
	if (groups > evals) {
		merge_group(m, m->s->n - evals);
		groups = evals;
	}
	for (i = m->from; i < m->n->n && groups > 0; i++) {
		if (!merge_is_eval(&m->n->frames[i]))
			continue;
		if (evals-- > groups)
			continue;	/* another's */
		groups--;
		merge_leave(m, m->python);
		merge_enter(m, i, 0);
		merge_group(m, m->s->n - groups);
	}
}

/* ---- What stays ------------------------------------------------------ */

/*
 * Is a group's note still there, among those of the frames above it, and does
 * the group begin behind what the next note says?
 */
static bool
merge_has_note(const struct merge *m, const struct agent_native_group *g)
{
	const char *note = m->note;

	while (note != NULL && (uintptr_t)note < g->mark)
		note = merge_note(note, MERGE_CFRAME_PREVIOUS);
	if ((uintptr_t)note != g->mark)
		return (false);
	note = merge_note(note, MERGE_CFRAME_PREVIOUS);
	return (g->python == 0 || (note != NULL && merge_note(note,
	    MERGE_CFRAME_CURRENT) == m->s->frames[g->python - 1].frame));
}

/* All below the group is as it was; is it itself still in its C frame? */
static bool
merge_stays(const struct merge *m, const struct agent_native_group *g)
{
	const struct agent_native_frame *f = &m->n->frames[g->frame];

	switch (eval.by) {
	case MERGE_BY_FRAME:
		return (merge_is_eval(f) && merge_count_evals(m->n,
		    g->frame) == m->s->n - g->python);
	case MERGE_BY_NOTE:
		return (f->sp <= g->mark && merge_has_note(m, g));
	case MERGE_BY_SHIM:
		return (f->sp <= g->mark);
	default:
		return (false);
	}
}

/* Go on behind the last group of which all below is as it was. */
static void
merge_resume(struct merge *m, uint32_t kept)
{
	struct agent_native *n = m->n;
	const struct agent_native_group *g;

	for (; n->ngroups > 0; n->ngroups--) {
		g = &n->groups[n->ngroups - 1];
		if (g->frame > kept || g->frame >= n->n ||
		    g->python > m->s->kept || g->python > m->s->n ||
		    !merge_stays(m, g))
			continue;
		m->out = m->same = g->merged;
		m->from = g->frame + 1;
		m->python = g->python;
		return;
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
agent_merge(struct agent_thread *t, uint32_t kept)
{
	struct agent_native *n = t->native;
	struct merge m = { .n = n, .s = &t->stack };
	uint32_t gone;

	if (eval.by == MERGE_BY_NOTE)
		m.note = agent_pystack_cframe();
	merge_resume(&m, kept);
	if (n->ngroups == 0 && !merge_has_python(m.s))
		;	/* native only */
	else if (eval.by == MERGE_BY_SHIM)
		merge_by_shim(&m);
	else if (eval.by == MERGE_BY_NOTE)
		merge_by_note(&m);
	else
		merge_by_count(&m);
	merge_leave(&m, m.s->n);
	merge_run(&m, n->n, MERGE_LEAF);
	gone = n->nmerged - m.same;
	n->nmerged = m.out;
	if (gone > 0 || m.out > m.same)
		merge_emit(t, gone, m.same);
}
