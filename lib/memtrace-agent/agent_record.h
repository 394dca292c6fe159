/* Events: number, time, stack and words. */

#ifndef AGENT_RECORD_H
#define AGENT_RECORD_H

#include "agent.h"

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

/* After the memory was obtained. */
void	agent_record_alloc(struct agent_thread *, enum mt_allocator,
	    const void *, size_t);
/* Before the memory is given back. */
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
