/* Events: number, time, stack and words. */

#ifndef AGENT_RECORD_H
#define AGENT_RECORD_H

#include "agent_out.h"

/* A number for an event that will be recorded later; see agent_record_move. */
static inline uint64_t
agent_record_number(void)
{
	_Atomic uint64_t *seq = &agent->seq;
	uint64_t s;

	if (*(const volatile char *)agent->single_threaded == 0)
		return (atomic_fetch_add_explicit(seq, 1,
		    memory_order_relaxed));
	s = atomic_load_explicit(seq, memory_order_relaxed);
	atomic_store_explicit(seq, s + 1, memory_order_relaxed);
	return (s);
}

#define AGENT_RECORD_ROOM	8	/* words: an event with its state */

/* Before an event, where they are not as the collector would assume. */
void	agent_record_time(struct agent_thread *, uint64_t us);
void	agent_record_seq(struct agent_thread *, uint64_t seq);

/* Time and number of an event, then its first word; not yet published. */
static AGENT_INLINE void
agent_record_event(struct agent_thread *t, uint64_t seq, uint64_t word)
{
	uint64_t now = atomic_load_explicit(&agent->session->clock_us,
	    memory_order_relaxed);

	if (AGENT_UNLIKELY(now != t->time_us))
		agent_record_time(t, now);
	if (AGENT_UNLIKELY(seq != t->next_seq))
		agent_record_seq(t, seq);
	t->next_seq = seq + 1;
	agent_out_word(t, word);
}

/* An allocation, for which there is room. */
static AGENT_INLINE void
agent_record_event_alloc(struct agent_thread *t, enum mt_allocator allocator,
    const void *p, size_t size)
{
	uint64_t seq = agent_record_number();

	if (AGENT_LIKELY(MT_SMALL_FITS((uintptr_t)p, size))) {
		agent_record_event(t, seq, MT_SMALL_WORD(allocator,
		    (uintptr_t)p, size));
	} else {
		agent_record_event(t, seq, MT_WORD(MT_OP_ALLOC, allocator,
		    (uintptr_t)p));
		agent_out_word(t, size);
	}
	agent_out_publish(t);
}

/* After the memory was obtained. */
void	agent_record_alloc(struct agent_thread *, enum mt_allocator,
	    const void *, size_t);

/*
 * After a call that moves a block: the number was reserved before the call.
 * from is NULL if nothing was freed, to is NULL if nothing was obtained.
 */
void	agent_record_move(struct agent_thread *, uint64_t number,
	    enum mt_allocator, const void *from, const void *to, size_t);
/* The same for mappings; fromlen bytes at from were unmapped. */
void	agent_record_remap(struct agent_thread *, uint64_t number,
	    enum mt_allocator, const void *from, size_t fromlen,
	    const void *to, size_t);

void	agent_record_mark(struct agent_thread *, enum mt_mark);

#endif /* AGENT_RECORD_H */
