/*
 * The numbers of events, which are process-wide (mt_wire.h).
 *
 * Usually they come from agent->seq.  But a thread that has taken many in a
 * row takes them over: agent->seq is then AGENT_NUMBER_TAKEN and the number
 * at which that was, agent->numbers is the thread, and it counts in its own
 * block, without an atomic operation.  Another one that needs a number first
 * ends that: it tells the thread, by `alone', and waits until it is not
 * between having looked at that and having counted, which `counting' says.
 * membarrier(2) sees to it that one of them sees the other's word, so where
 * there is none nothing is taken over.
 */

#ifndef AGENT_NUMBER_H
#define AGENT_NUMBER_H

#include "agent_out.h"

#define AGENT_NUMBER_TAKEN	(UINT64_C(1) << 63)

/* The thread begins, with a new ring. */
void	agent_number_begin(struct agent_thread *);
/*
 * A signal handler jumped out of a hook: a number may have been taken and not
 * published.
 */
void	agent_number_jumped(struct agent_thread *);

/* The next one of agent->seq, whoever has it. */
uint64_t agent_number_shared(void);
/* Take over, from next_seq on, if that is possible now. */
void	agent_number_take(struct agent_thread *);
/* Let the collector know that the next event has another number. */
void	agent_number_tell(struct agent_thread *, uint64_t number);

/* The next number is next_seq - 1 then.  False if the thread is not alone. */
static AGENT_INLINE bool
agent_number_count_alone(struct agent_thread *t)
{
	bool alone;

	atomic_store_explicit(&t->counting, true, memory_order_relaxed);
	atomic_signal_fence(memory_order_seq_cst);
	alone = atomic_load_explicit(&t->alone, memory_order_relaxed);
	if (AGENT_LIKELY(alone))
		t->next_seq++;
	atomic_store_explicit(&t->counting, false, memory_order_release);
	return (alone);
}

#define AGENT_NUMBER_ROW	4096u	/* before a thread takes over */

/* The same for one that is not alone. */
static AGENT_INLINE void
agent_number_count_shared(struct agent_thread *t)
{
	uint64_t number;

	number = atomic_load_explicit(&agent->seq, memory_order_relaxed);
	if (AGENT_UNLIKELY(number >= AGENT_NUMBER_TAKEN ||
	    !atomic_compare_exchange_weak_explicit(&agent->seq, &number,
	    number + 1, memory_order_acq_rel, memory_order_relaxed)))
		number = agent_number_shared();
	if (AGENT_UNLIKELY(number != t->next_seq)) {
		agent_number_tell(t, number);
		t->in_row = 0;
	}
	t->next_seq = number + 1;
	if (AGENT_UNLIKELY(++t->in_row >= AGENT_NUMBER_ROW))
		agent_number_take(t);
}

/* Take the next number for the event whose words follow. */
static AGENT_INLINE void
agent_number_count(struct agent_thread *t)
{
	if (!agent_number_count_alone(t))
		agent_number_count_shared(t);
}

/*
 * A number for an event that will be recorded later, by its own or not at
 * all, and the word for it if the collector would assume another.
 */
static inline uint64_t
agent_number_reserve(struct agent_thread *t)
{
	return (agent_number_count_alone(t) ? t->next_seq - 1 :
	    agent_number_shared());
}

static inline void
agent_number_use(struct agent_thread *t, uint64_t number)
{
	/* Counted when it was alone, and nothing was recorded since. */
	if (number + 1 == t->next_seq)
		return;
	if (number != t->next_seq)
		agent_number_tell(t, number);
	t->next_seq = number + 1;
}

#endif /* AGENT_NUMBER_H */
