/* Events: number, time, stack and words. */

#include "agent_out.h"
#include "agent_pystack.h"
#include "agent_record.h"

#define RECORD_ROOM	8	/* words: an event and what may precede it */

/*
 * Write one event, with what precedes it: time and number, where they are not
 * as the collector would assume.  There must be room.
 */
static inline void
record_event(struct agent_thread *t, uint64_t seq, enum mt_op op, unsigned aux,
    const void *p, size_t size)
{
	uint64_t now = atomic_load_explicit(&agent->session->clock_us,
	    memory_order_relaxed);
	uint64_t *data = t->data, head = t->head;

	if (AGENT_UNLIKELY(now != t->time_us)) {
		t->time_us = now;
		data[head++ & (MT_RING_WORDS - 1)] =
		    MT_WORD(MT_OP_TIME, 0, now);
	}
	if (AGENT_UNLIKELY(seq != t->next_seq))
		data[head++ & (MT_RING_WORDS - 1)] =
		    (uint64_t)MT_OP_SEQ << 56 | MT_WORD_SEQ(seq);
	t->next_seq = seq + 1;
	data[head++ & (MT_RING_WORDS - 1)] = MT_WORD(op, aux, (uintptr_t)p);
	if (op == MT_OP_ALLOC || op == MT_OP_UNMAP)
		data[head++ & (MT_RING_WORDS - 1)] = size;
	t->head = head;
	agent_out_publish(t);
}

AGENT_HOT void
agent_record_alloc(struct agent_thread *t, enum mt_allocator allocator,
    const void *p, size_t size)
{
	agent_pystack_update(t);
	if (!agent_out_room(t, RECORD_ROOM))
		return;
	record_event(t, agent_record_number(), MT_OP_ALLOC, allocator, p,
	    size);
}

AGENT_HOT void
agent_record_free(struct agent_thread *t, enum mt_allocator allocator,
    const void *p)
{
	if (!agent_out_room(t, RECORD_ROOM))
		return;
	record_event(t, agent_record_number(), MT_OP_FREE, allocator, p, 0);
}

void
agent_record_move(struct agent_thread *t, uint64_t number,
    enum mt_allocator allocator, const void *from, const void *to, size_t size)
{
	if (agent_out_room(t, RECORD_ROOM))
		record_event(t, number, from != NULL ? MT_OP_FREE : MT_OP_NOP,
		    allocator, from, 0);
	if (to != NULL)
		agent_record_alloc(t, allocator, to, size);
}

void
agent_record_remap(struct agent_thread *t, uint64_t number,
    enum mt_allocator allocator, const void *from, size_t fromlen,
    const void *to, size_t size)
{
	if (agent_out_room(t, RECORD_ROOM))
		record_event(t, number, from != NULL ? MT_OP_UNMAP :
		    MT_OP_NOP, 0, from, fromlen);
	if (to != NULL)
		agent_record_alloc(t, allocator, to, size);
}

void
agent_record_mark(struct agent_thread *t, enum mt_mark mark)
{
	if (!agent_out_room(t, RECORD_ROOM))
		return;
	record_event(t, agent_record_number(), MT_OP_MARK, mark, NULL, 0);
}
