/*
 * Per-thread state: the block of a thread, its ring, its guard.
 *
 * A hook calls agent_enter() before and agent_leave() after its work.  Between
 * the two the thread is busy, and whatever the real function calls in its
 * turn (the mmap of a preloaded malloc) is not recorded again.
 */

#ifndef AGENT_THREAD_H
#define AGENT_THREAD_H

#include <signal.h>

#include "agent.h"

/* The thread's block; one that is always busy until its first event. */
extern _Thread_local struct agent_thread *agent_self
    __attribute__((__tls_model__("initial-exec")));

/* Everything but the common case; see agent_enter(). */
struct agent_thread	*agent_enter_slow(void *frame);

/*
 * The thread's block if this call is to be recorded, else NULL.  The guard is
 * the address of the hook's stack frame, not a flag, so that a thread that
 * jumped out of a hook from a signal handler can be recognised.
 */
static inline __attribute__((__always_inline__)) struct agent_thread *
agent_enter(void)
{
	struct agent_thread *t;
	void *frame = __builtin_frame_address(0);

	if (atomic_load_explicit(&agent->phase, memory_order_relaxed) ==
	    AGENT_OFF)
		return (NULL);
	t = agent_self;
	if (AGENT_LIKELY(t->busy == NULL)) {
		t->busy = frame;
		/* A signal handler must not come in before the guard. */
		atomic_signal_fence(memory_order_seq_cst);
		return (t);
	}
	/* Nearly always we are called by what another hook has called. */
	if ((uintptr_t)frame < (uintptr_t)t->busy)
		return (NULL);
	return (agent_enter_slow(frame));
}

static inline void
agent_leave(struct agent_thread *t)
{
	/* A block that is shared goes to the next one. */
	__atomic_store_n(&t->busy, NULL, __ATOMIC_RELEASE);
}

/* A block for the thread tid, without a ring; NULL if there is no memory. */
struct agent_thread	*agent_thread_make(uint32_t tid);

/* First record of who writes to a ring, and of each who goes on with it. */
void	agent_thread_describe(struct agent_thread *);

/*
 * The calling function, with this frame, has set a stack for signals.  One
 * with SS_AUTODISARM is not the thread's any more while a handler runs on it.
 */
void	agent_thread_altstack(const stack_t *, const void *frame);

/*
 * Has a signal handler jumped out of the hook that set the guard?  Then the
 * hook was below this frame on the same stack.
 */
bool	agent_thread_hook_is_gone(const struct agent_thread *, void *frame);

/*
 * The hook that had the block is gone, or could not write.  Forget what it had
 * not published; the number that it may have taken shows up as a gap.
 */
void	agent_thread_forget(struct agent_thread *);

/* The calling thread does without the ring of its block from now on. */
void	agent_thread_give_up(struct agent_thread *);

/* Has no other thread ever recorded anything? */
bool	agent_thread_is_alone(void);

/* Wait until no thread is inside a walk, after stop_walk was set. */
void	agent_thread_quiesce(void);

/* Name of the thread that is about to start here; kept, not copied. */
void	agent_thread_name(const char *);

/* Called by the constructor, in the process that will be traced. */
bool	agent_thread_init(void);

/* The block of the calling thread, also where agent_self hides it; or NULL. */
struct agent_thread *agent_thread_block(void);

/*
 * In the child of a fork: the fork was made in a signal handler that came into
 * a hook of this thread, which is still to end in the child as well.
 */
bool	agent_thread_in_hook(void);
/* Wait for that: agent_fork_begin() is called when it has. */
void	agent_thread_wait(void);
/* Only the calling thread is there, without a ring. */
void	agent_thread_begin(void);

#endif /* AGENT_THREAD_H */
