/* Events: number, time, stack and words. */

#include "agent_hot.h"
#include "agent_out.h"
#include "agent_pystack.h"
#include "agent_record.h"

AGENT_COLD void
agent_record_time(struct agent_thread *t, uint64_t us)
{
	t->time_us = us;
	agent_out_word(t, MT_WORD(MT_OP_TIME, 0, us));
}

AGENT_COLD void
agent_record_seq(struct agent_thread *t, uint64_t seq)
{
	agent_out_word(t, (uint64_t)MT_OP_SEQ << 56 | MT_WORD_SEQ(seq));
}

AGENT_HOT void
agent_record_alloc(struct agent_thread *t, enum mt_allocator allocator,
    const void *p, size_t size)
{
	agent_pystack_update(t);
	if (agent_out_room(t, AGENT_RECORD_ROOM))
		agent_record_event_alloc(t, allocator, p, size);
}

/* Something with the number that was reserved for it. */
static void
record_word(struct agent_thread *t, uint64_t number, uint64_t word)
{
	if (!agent_out_room(t, AGENT_RECORD_ROOM))
		return;
	agent_record_event(t, number, word);
	agent_out_publish(t);
}

void
agent_record_move(struct agent_thread *t, uint64_t number,
    enum mt_allocator allocator, const void *from, const void *to, size_t size)
{
	record_word(t, number, MT_WORD(from != NULL ? MT_OP_FREE : MT_OP_NOP,
	    allocator, (uintptr_t)from));
	if (to != NULL)
		agent_hot_alloc(t, allocator, to, size);
}

void
agent_record_remap(struct agent_thread *t, uint64_t number,
    enum mt_allocator allocator, const void *from, size_t fromlen,
    const void *to, size_t size)
{
	if (from == NULL)
		record_word(t, number, MT_WORD(MT_OP_NOP, 0, 0));
	else if (agent_out_room(t, AGENT_RECORD_ROOM)) {
		agent_record_event(t, number, MT_WORD(MT_OP_UNMAP, 0,
		    (uintptr_t)from));
		agent_out_word(t, fromlen);
		agent_out_publish(t);
	}
	if (to != NULL)
		agent_record_alloc(t, allocator, to, size);
}

void
agent_record_mark(struct agent_thread *t, enum mt_mark mark)
{
	record_word(t, agent_record_number(), MT_WORD(MT_OP_MARK, mark, 0));
}
