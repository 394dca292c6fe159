/*
 * The common case of an event, to be inlined into the hooks that programs
 * call most: the frames are those of the last event, of which the topmost may
 * have gone on, nothing has happened in other threads, and there is room.
 * Whatever is not so goes the long way of agent_record.h and
 * agent_pystack.h, with the same result.
 */

#ifndef AGENT_HOT_H
#define AGENT_HOT_H

#include "agent_out.h"
#include "agent_pyapi.h"
#include "agent_pystack.h"
#include "agent_record.h"

/* Is the chain below a frame, which is e's, the one below e? */
static AGENT_INLINE bool
agent_hot_below(const struct agent_frame *e, const struct agent_frame *bottom,
    const char *f, bool pointer)
{
	const char *rest;

	for (;;) {
		rest = agent_load_ptr(f, agent_layout.previous);
		if (e == bottom)
			return (rest == NULL);
		f = (--e)->frame;
		if (rest != f)
			return (false);
		/* Or the compiler would go on with rest, and wait for it. */
		__asm__ ("" : "=r" (f) : "0" (e->frame));
		if (pointer ? agent_load(f, agent_layout.ip) != e->ip :
		    agent_load(f, agent_layout.code) != e->code ||
		    (uint32_t)agent_load(f, agent_layout.ip) != e->ip)
			return (false);
	}
}

/*
 * The frames are what they were, below the topmost one as they were, and that
 * one is brought up to date and returned: *step is by how many bytes it has
 * gone on.  NULL, with nothing done, if it is not so.  An instruction pointer
 * points into its code object, so where there is one, it tells them both.
 *
 * The state that holds the GIL is alive as long as it does, even while the
 * interpreter frees those of others, and it is ours if it says so: what was
 * ours the last time may be dead by now, and its memory another thread's.
 */
static AGENT_INLINE const struct agent_frame *
agent_hot_walk(struct agent_thread *t, bool pointer, int64_t *step)
{
	const struct agent_stack *s = &t->stack;
	struct agent_frame *e;
	const char *f, *ts;
	uintptr_t ip;

	ts = agent_pyapi.gil_tstate();
	if (ts != t->tstate ||
	    agent_load(ts, agent_layout.ts_thread) != t->pthread ||
	    s->code_deaths != atomic_load_explicit(&agent->code_deaths,
	    memory_order_relaxed))
		return (NULL);
	e = s->top;
	f = agent_pystack_newest(ts);
	if (e->frame != f || !agent_hot_below(e, s->frames, f, pointer))
		return (NULL);
	ip = agent_load(f, agent_layout.ip);
	if (!pointer)
		ip = (uint32_t)ip;
	*step = 0;
	if (AGENT_LIKELY(ip != e->ip))
		return (agent_pystack_advance(e, ip, pointer, step) ? e :
		    NULL);
	return (pointer || agent_load(f, agent_layout.code) == e->code ? e :
	    NULL);
}

/* The words of an allocation by a stack whose top has gone on. */
static AGENT_INLINE void
agent_hot_put(struct agent_thread *t, enum mt_allocator allocator,
    const void *p, size_t size, const struct agent_frame *e, int64_t step)
{
	if (step != 0) {
		if (MT_STEP_HAS(allocator) && AGENT_LIKELY(MT_STEP_FITS(
		    (uintptr_t)p, size, step))) {
			agent_out_last(t, MT_STEP_WORD(allocator, (uintptr_t)p,
			    size, step));
			return;
		}
		agent_out_word(t, MT_FRAME_WORD(MT_OP_TOP, e->id, e->offset));
	}
	agent_record_put(t, allocator, p, size);
}

/* Is there room, and is it as late as the collector would assume? */
static AGENT_INLINE bool
agent_hot_ready(const struct agent_thread *t, uint64_t limit)
{
	return (AGENT_LIKELY(t->head < limit &&
	    t->time_us == agent_record_clock()));
}

/* Record an allocation in the common case; false if it is another. */
static AGENT_INLINE bool
agent_hot_try(struct agent_thread *t, enum mt_allocator allocator,
    const void *p, size_t size, bool alone, bool pointer)
{
	const struct agent_frame *e;
	int64_t step;

	if (!agent_hot_ready(t, alone && pointer ? atomic_load_explicit(
	    &t->soft_hot, memory_order_relaxed) : t->soft) ||
	    (e = agent_hot_walk(t, pointer, &step)) == NULL)
		return (false);
	if (!alone)
		agent_number_count_shared(t);
	else if (AGENT_UNLIKELY(!agent_number_count_alone(t))) {
		agent_record_late(t, allocator, p, size, e, step);
		return (true);
	}
	agent_hot_put(t, allocator, p, size, e, step);
	return (true);
}

/* As agent_record_alloc(). */
static AGENT_INLINE void
agent_hot_alloc(struct agent_thread *t, enum mt_allocator allocator,
    const void *p, size_t size)
{
	if (!agent_hot_try(t, allocator, p, size, true, true))
		agent_record_alloc_other(t, allocator, p, size);
}

/* As agent_record_free(). */
static AGENT_INLINE void
agent_hot_free(struct agent_thread *t, enum mt_allocator allocator,
    const void *p)
{
	if (AGENT_UNLIKELY(!agent_hot_ready(t, t->soft)))
		agent_record_free(t, allocator, p);
	else if (AGENT_LIKELY(agent_number_count_alone(t)))
		agent_out_last(t, MT_WORD(MT_OP_FREE, allocator,
		    (uintptr_t)p));
	else
		agent_record_free_shared(t, allocator, p);
}

#endif /* AGENT_HOT_H */
