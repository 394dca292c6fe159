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
    const char *f, bool is_pointer)
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
		if (is_pointer ? agent_load(f, agent_layout.ip) != e->ip :
		    agent_load(f, agent_layout.code) != e->code ||
		    (uint32_t)agent_load(f, agent_layout.ip) != e->ip)
			return (false);
	}
}

/*
 * The frames are what they were, below the topmost one as they were, and that
 * one is brought up to date: *advanced tells whether there was need to.
 * False, with nothing done, if it is not so.  An instruction pointer points
 * into its code object, so where there is one, it tells them both.
 *
 * The state that holds the GIL is alive as long as it does, even while the
 * interpreter frees those of others, and it is ours if it says so: what was
 * ours the last time may be dead by now, and its memory another thread's.
 */
static AGENT_INLINE bool
agent_hot_walk(struct agent_thread *t, bool *advanced)
{
	const struct agent_stack *s = &t->stack;
	struct agent_frame *e = s->frames + s->n - 1;
	const char *f, *ts;
	uintptr_t ip;

	ts = agent_pyapi.gil_tstate();
	if (ts == NULL || ts != t->tstate)
		return (false);
	if (agent_load(ts, agent_layout.ts_thread) != t->pthread ||
	    s->n == 0 || s->code_deaths != atomic_load_explicit(
	    &agent->code_deaths, memory_order_relaxed))
		return (false);
	f = agent_pystack_newest(ts);
	if (e->frame != f || !(agent_layout.is_pointer ?
	    agent_hot_below(e, s->frames, f, true) :
	    agent_hot_below(e, s->frames, f, false)))
		return (false);
	ip = agent_pystack_ip(f);
	*advanced = ip != e->ip;
	return (*advanced ? agent_pystack_advance(e, ip) :
	    agent_layout.is_pointer ||
	    agent_load(f, agent_layout.code) == e->code);
}

/* Walk, and tell the collector what is new, for which there must be room. */
static AGENT_INLINE bool
agent_hot_stack(struct agent_thread *t)
{
	const struct agent_frame *e;
	bool advanced;

	if (t->native != NULL || !agent_hot_walk(t, &advanced))
		return (false);
	if (advanced) {
		e = &t->stack.frames[t->stack.n - 1];
		agent_out_word(t, MT_FRAME_WORD(MT_OP_TOP, e->id, e->offset));
	}
	return (true);
}

/* As agent_record_alloc(). */
static AGENT_INLINE void
agent_hot_alloc(struct agent_thread *t, enum mt_allocator allocator,
    const void *p, size_t size)
{
	if (AGENT_UNLIKELY(t->head + AGENT_RECORD_ROOM > t->limit) ||
	    !agent_hot_stack(t)) {
		agent_record_alloc(t, allocator, p, size);
		return;
	}
	agent_record_event_alloc(t, allocator, p, size);
}

/* Before the memory is given back. */
static AGENT_INLINE void
agent_hot_free(struct agent_thread *t, enum mt_allocator allocator,
    const void *p)
{
	if (AGENT_UNLIKELY(!agent_out_room(t, AGENT_RECORD_ROOM)))
		return;
	agent_record_event(t, agent_record_number(), MT_WORD(MT_OP_FREE,
	    allocator, (uintptr_t)p));
	agent_out_publish(t);
}

#endif /* AGENT_HOT_H */
