/* Events: number, time, stack and words. */

#ifndef AGENT_RECORD_H
#define AGENT_RECORD_H

#include "agent_number.h"
#include "agent_out.h"

static AGENT_INLINE uint64_t
agent_record_clock(void)
{
	return (atomic_load_explicit(&agent->session->clock_us,
	    memory_order_relaxed));
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
/* The same, but first in what may be the common case for the thread. */
void	agent_record_alloc_other(struct agent_thread *, enum mt_allocator,
	    const void *, size_t);
/* What is left of it when agent_hot_alloc() has found the stack. */
void	agent_record_late(struct agent_thread *, enum mt_allocator,
	    const void *, size_t, const struct agent_frame *top, int64_t step);
/* Before it is given back. */
void	agent_record_free(struct agent_thread *, enum mt_allocator,
	    const void *);

/* The same of one that is not alone, when there is room and nothing else. */
void	agent_record_free_shared(struct agent_thread *, enum mt_allocator,
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
