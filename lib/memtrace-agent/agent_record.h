/*
 * Events: number, time, stack and words.
 *
 * Numbers are process-wide (mt_wire.h).  As long as the C library says that
 * there is one thread, that thread counts for itself: agent->seq is
 * AGENT_SEQ_TAKEN, and the next number is next_seq of agent->numbers.  A
 * second thread, when it begins, sets agent->seq to that; by then the first
 * one, which made it or is gone, finds that it is not alone any more.
 */

#ifndef AGENT_RECORD_H
#define AGENT_RECORD_H

#include "agent_out.h"

#define AGENT_SEQ_TAKEN		(UINT64_C(1) << 63)

/* Before anything else of a thread; and when it has its ring. */
void	agent_record_join(void);
void	agent_record_begin(struct agent_thread *);
/* A number may have been taken and not published.  There is room for a word. */
void	agent_record_jumped(struct agent_thread *);

/* The next number, of one that is not alone. */
static AGENT_INLINE uint64_t
agent_record_number_shared(void)
{
	if (AGENT_UNLIKELY(atomic_load_explicit(&agent->seq,
	    memory_order_relaxed) == AGENT_SEQ_TAKEN))
		agent_record_join();
	return (atomic_fetch_add_explicit(&agent->seq, 1,
	    memory_order_relaxed));
}

/* A number for an event that will be recorded later; see agent_record_move. */
static inline uint64_t
agent_record_number(struct agent_thread *t)
{
	return (AGENT_LIKELY(*t->alone != 0) ? t->next_seq++ :
	    agent_record_number_shared());
}

/* Before an event, where they are not as the collector would assume. */
void	agent_record_time(struct agent_thread *, uint64_t us);
void	agent_record_seq(struct agent_thread *, uint64_t seq);

static AGENT_INLINE uint64_t
agent_record_clock(void)
{
	return (atomic_load_explicit(&agent->session->clock_us,
	    memory_order_relaxed));
}

/* Take the next number for the event whose words follow. */
static AGENT_INLINE void
agent_record_count(struct agent_thread *t, bool alone)
{
	uint64_t seq;

	if (alone) {
		t->next_seq++;
		return;
	}
	seq = agent_record_number_shared();
	if (AGENT_UNLIKELY(seq != t->next_seq))
		agent_record_seq(t, seq);
	t->next_seq = seq + 1;
}

/* The words of an allocation, for which there is room; published. */
static AGENT_INLINE void
agent_record_put(struct agent_thread *t, enum mt_allocator allocator,
    const void *p, size_t size)
{
	if (AGENT_LIKELY(MT_SMALL_FITS((uintptr_t)p, size))) {
		agent_out_last(t, MT_SMALL_WORD(allocator, (uintptr_t)p,
		    size));
		return;
	}
	agent_out_word(t, MT_WORD(MT_OP_ALLOC, allocator, (uintptr_t)p));
	agent_out_last(t, size);
}

/* After the memory was obtained. */
void	agent_record_alloc(struct agent_thread *, enum mt_allocator,
	    const void *, size_t);
/* The same, where the common case is not that of agent_hot_alloc(). */
void	agent_record_alloc_shared(struct agent_thread *, enum mt_allocator,
	    const void *, size_t);
/* Before it is given back. */
void	agent_record_free(struct agent_thread *, enum mt_allocator,
	    const void *);

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
