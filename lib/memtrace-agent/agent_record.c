/* Events: number, time, stack and words. */

#include "agent_hot.h"
#include "agent_out.h"
#include "agent_pystack.h"
#include "agent_record.h"

/* ---- Numbers --------------------------------------------------------- */

static const char	record_not_alone;

AGENT_COLD void
agent_record_join(void)
{
	uint64_t seq = AGENT_SEQ_TAKEN;
	struct agent_thread *t = agent->numbers;

	if (atomic_load(&agent->seq) != AGENT_SEQ_TAKEN)
		return;
	/* Whoever else is here wants to write the same. */
	t->alone = t->hot = &record_not_alone;
	(void)atomic_compare_exchange_strong(&agent->seq, &seq, t->next_seq);
}

AGENT_COLD void
agent_record_begin(struct agent_thread *t)
{
	t->alone = t->hot = &record_not_alone;
	t->next_seq = 0;
	if (*(const volatile char *)agent->single_threaded == 0 ||
	    agent->numbers != NULL || atomic_load(&agent->seq) != 0)
		return;
	agent->numbers = t;
	t->alone = agent->single_threaded;
	atomic_store(&agent->seq, AGENT_SEQ_TAKEN);
}

AGENT_COLD void
agent_record_seq(struct agent_thread *t, uint64_t seq)
{
	agent_out_word(t, (uint64_t)MT_OP_SEQ << 56 | MT_WORD_SEQ(seq));
}

void
agent_record_jumped(struct agent_thread *t)
{
	if (*t->alone != 0)
		agent_record_seq(t, t->next_seq);
	else
		t->next_seq = UINT64_MAX;
}

/* ---- Events ---------------------------------------------------------- */

AGENT_COLD void
agent_record_time(struct agent_thread *t, uint64_t us)
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
		agent_record_time(t, now);
	return (true);
}

AGENT_HOT void
agent_record_alloc(struct agent_thread *t, enum mt_allocator allocator,
    const void *p, size_t size)
{
	agent_pystack_update(t);
	if (!record_ready(t))
		return;
	agent_record_count(t, *t->alone != 0);
	agent_record_put(t, allocator, p, size);
}

/* The same with a common case that is rarer. */
static __attribute__((__noinline__)) void
record_alloc_other(struct agent_thread *t, enum mt_allocator allocator,
    const void *p, size_t size)
{
	bool ok;

	if (t->native != NULL)
		ok = false;
	else if (agent_layout.is_pointer) {
		/* From the next one on this is not asked any more. */
		t->hot = t->alone;
		ok = false;
	} else if (*t->alone == 0)
		ok = agent_hot_try(t, allocator, p, size, false, false);
	else
		ok = agent_hot_try(t, allocator, p, size, true, false);
	if (!ok)
		agent_record_alloc(t, allocator, p, size);
}

AGENT_HOT void
agent_record_alloc_shared(struct agent_thread *t, enum mt_allocator allocator,
    const void *p, size_t size)
{
	if (AGENT_UNLIKELY(*t->alone != 0 || !agent_layout.is_pointer ||
	    t->native != NULL))
		record_alloc_other(t, allocator, p, size);
	else if (!agent_hot_try(t, allocator, p, size, false, true))
		agent_record_alloc(t, allocator, p, size);
}

static __attribute__((__noinline__)) void
record_free(struct agent_thread *t, enum mt_allocator allocator,
    const void *p)
{
	if (!record_ready(t))
		return;
	agent_record_count(t, *t->alone != 0);
	agent_out_last(t, MT_WORD(MT_OP_FREE, allocator, (uintptr_t)p));
}

AGENT_HOT void
agent_record_free(struct agent_thread *t, enum mt_allocator allocator,
    const void *p)
{
	if (*t->alone != 0 ||
	    !agent_hot_try_free(t, allocator, p, false))
		record_free(t, allocator, p);
}

/* The first word of an event with the number that was reserved for it. */
static bool
record_reserved(struct agent_thread *t, uint64_t number, uint64_t word)
{
	if (!record_ready(t))
		return (false);
	/* One that is alone has recorded nothing since it took the number. */
	if (*t->alone == 0 || number + 1 != t->next_seq) {
		if (number != t->next_seq)
			agent_record_seq(t, number);
		t->next_seq = number + 1;
	}
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
	agent_record_count(t, *t->alone != 0);
	agent_out_last(t, MT_WORD(MT_OP_MARK, mark, 0));
}
