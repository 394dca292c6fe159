/* The numbers of events. */

#include <sys/types.h>

#include <errno.h>
#include <unistd.h>

#include "agent_number.h"
#include "agent_sys.h"

#define NUMBER_SPINS	1000u
#define NUMBER_WAITS	100u	/* of a millisecond */

/*
 * Until the thread is not in the few instructions between the two stores.
 * It may be waiting for a processor, or for a handler that has interrupted it
 * for us, or be gone; rather than to wait for ever, two events get one number.
 * Without a barrier, as after a change of what the program may do, it takes
 * time until all see what was stored.
 */
static void
number_wait(struct agent_thread *t, bool barrier)
{
	_Atomic uint32_t never = 0;
	unsigned i;

	if (!barrier) {
		agent->has_barrier = false;
		agent_futex_wait(&never, 0, 1);
	}
	for (i = 0; atomic_load(&t->counting) &&
	    i < NUMBER_SPINS + NUMBER_WAITS; i++) {
		if (i < NUMBER_SPINS)
			continue;
		if (agent_thread_is_gone(t->tid))
			return;
		agent_futex_wait(&never, 0, 1);
	}
}

static void
number_leave(struct agent_thread *t)
{
	atomic_store(&t->hot, false);
	atomic_store(&t->soft_hot, 0);
	atomic_store(&t->alone, false);
}

/* End it that a thread, which may be the caller, counts for itself. */
static AGENT_COLD void
number_give_back(uint64_t taken)
{
	struct agent_thread *t = atomic_load(&agent->numbers);

	/* Else that was of another time. */
	if (atomic_load(&agent->seq) != taken)
		return;
	number_leave(t);
	number_wait(t, agent_barrier());
	(void)atomic_compare_exchange_strong(&agent->seq, &taken,
	    t->next_seq);
}

uint64_t
agent_number_shared(void)
{
	uint64_t seq;

	seq = atomic_load_explicit(&agent->seq, memory_order_relaxed);
	for (;;) {
		if (AGENT_UNLIKELY(seq >= AGENT_NUMBER_TAKEN)) {
			number_give_back(seq);
			seq = atomic_load(&agent->seq);
		} else if (atomic_compare_exchange_weak_explicit(&agent->seq,
		    &seq, seq + 1, memory_order_acq_rel,
		    memory_order_relaxed))
			return (seq);
	}
}

/* `taking' is never waited for, should its holder never come back. */
AGENT_COLD void
agent_number_take(struct agent_thread *t)
{
	uint64_t seq = t->next_seq;

	t->in_row = 0;
	if (!agent->has_barrier || atomic_exchange(&agent->taking, 1) != 0)
		return;
	if (atomic_load(&agent->seq) == seq) {
		atomic_store(&agent->numbers, t);
		atomic_store(&t->alone, true);
		if (!atomic_compare_exchange_strong(&agent->seq, &seq,
		    seq | AGENT_NUMBER_TAKEN))
			atomic_store(&t->alone, false);
	}
	atomic_store(&agent->taking, 0);
}

AGENT_COLD void
agent_number_tell(struct agent_thread *t, uint64_t number)
{
	agent_out_word(t, (uint64_t)MT_OP_SEQ << 56 | MT_WORD_SEQ(number));
}

/* However far it was with taking over, or another with taking back. */
void
agent_number_jumped(struct agent_thread *t)
{
	uint64_t seq = atomic_load(&agent->seq);

	atomic_store(&t->counting, false);
	if (seq >= AGENT_NUMBER_TAKEN && atomic_load(&agent->numbers) == t)
		number_give_back(seq);
	number_leave(t);
	t->next_seq = UINT64_MAX;
}

void
agent_number_begin(struct agent_thread *t)
{
	/* Block and ring may be those of a thread which is gone. */
	agent_number_jumped(t);
	if (t->head == 0)
		t->next_seq = 0;
	t->in_row = 0;
}
