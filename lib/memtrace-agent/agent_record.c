/* Events: number, time, stack and words. */

#include "agent_hot.h"
#include "agent_out.h"
#include "agent_pystack.h"
#include "agent_record.h"

static AGENT_COLD void
record_time(struct agent_thread *t, uint64_t us)
{
	t->time_us = us;
	agent_out_word(t, MT_WORD(MT_OP_TIME, 0, us));
}

/* Room and time for the words of an event; false if there is none. */
static inline bool
record_ready(struct agent_thread *t)
{
	uint64_t now;

	if (!agent_out_room(t, AGENT_OUT_ROOM))
		return (false);
	if ((now = agent_record_clock()) != t->time_us)
		record_time(t, now);
	return (true);
}

AGENT_HOT void
agent_record_alloc(struct agent_thread *t, enum mt_allocator allocator,
    const void *p, size_t size)
{
	agent_pystack_update(t);
	if (!record_ready(t)) {
		agent_out_lost(size);
		return;
	}
	agent_number_count(t);
	agent_record_put(t, allocator, p, size);
}

/* Those of old interpreters, and what is not hot yet. */
static __attribute__((__noinline__)) void
record_alloc_other(struct agent_thread *t, enum mt_allocator allocator,
    const void *p, size_t size)
{
	if (t->native == NULL && agent_layout.is_pointer) {
		/* From the next one on this is not asked any more. */
		atomic_store(&t->hot, true);
		atomic_store(&t->soft_hot, t->soft);
	} else if (t->native == NULL && (atomic_load(&t->alone) ?
	    agent_hot_try(t, allocator, p, size, true, false) :
	    agent_hot_try(t, allocator, p, size, false, false)))
		return;
	agent_record_alloc(t, allocator, p, size);
}

AGENT_HOT void
agent_record_alloc_other(struct agent_thread *t, enum mt_allocator allocator,
    const void *p, size_t size)
{
	if (AGENT_LIKELY(atomic_load_explicit(&t->hot,
	    memory_order_relaxed)))
		agent_record_alloc(t, allocator, p, size);
	else if (AGENT_UNLIKELY(atomic_load_explicit(&t->alone,
	    memory_order_relaxed) || !agent_layout.is_pointer ||
	    t->native != NULL))
		record_alloc_other(t, allocator, p, size);
	else if (!agent_hot_try(t, allocator, p, size, false, true))
		agent_record_alloc(t, allocator, p, size);
}

void
agent_record_late(struct agent_thread *t, enum mt_allocator allocator,
    const void *p, size_t size, const struct agent_frame *top, int64_t step)
{
	agent_number_count_shared(t);
	agent_hot_put(t, allocator, p, size, top, step);
}

AGENT_HOT void
agent_record_free(struct agent_thread *t, enum mt_allocator allocator,
    const void *p)
{
	if (!record_ready(t)) {
		agent_out_lost(0);
		return;
	}
	agent_number_count(t);
	agent_out_last(t, MT_WORD(MT_OP_FREE, allocator, (uintptr_t)p));
}

AGENT_HOT void
agent_record_free_shared(struct agent_thread *t, enum mt_allocator allocator,
    const void *p)
{
	agent_number_count_shared(t);
	agent_out_last(t, MT_WORD(MT_OP_FREE, allocator, (uintptr_t)p));
}

/* The first word of an event with the number that was reserved for it. */
static bool
record_reserved(struct agent_thread *t, uint64_t number, uint64_t word)
{
	if (!record_ready(t))
		return (false);
	agent_number_use(t, number);
	agent_out_word(t, word);
	return (true);
}

void
agent_record_move(struct agent_thread *t, uint64_t number,
    enum mt_allocator allocator, const void *from, const void *to, size_t size)
{
	if (record_reserved(t, number, MT_WORD(from != NULL ? MT_OP_FREE :
	    MT_OP_NOP, allocator, (uintptr_t)from)))
		agent_out_publish(t);
	if (to != NULL)
		agent_hot_alloc(t, allocator, to, size);
}

void
agent_record_remap(struct agent_thread *t, uint64_t number,
    enum mt_allocator allocator, const void *from, size_t fromlen,
    const void *to, size_t size)
{
	if (from == NULL) {
		if (record_reserved(t, number, MT_WORD(MT_OP_NOP, 0, 0)))
			agent_out_publish(t);
	} else if (record_reserved(t, number, MT_WORD(MT_OP_UNMAP, 0,
	    (uintptr_t)from)))
		agent_out_last(t, fromlen);
	if (to != NULL)
		agent_record_alloc(t, allocator, to, size);
}

void
agent_record_mark(struct agent_thread *t, enum mt_mark mark)
{
	if (!record_ready(t))
		return;
	agent_number_count(t);
	agent_out_last(t, MT_WORD(MT_OP_MARK, mark, 0));
}
