/* Threads without a ring of their own. */

#include <pthread.h>

#include "agent_native.h"
#include "agent_out.h"
#include "agent_pystack.h"
#include "agent_record.h"
#include "agent_share.h"
#include "agent_sys.h"
#include "agent_thread.h"
#include "mt_hello.h"

#define SHARE_SPINS	200u
#define SHARE_WAITS	1000u		/* of a millisecond */
#define SHARE_REST_US	1000000u	/* nobody waits for so long then */

static struct agent_thread * _Atomic share_block;
static _Atomic bool		share_begun;
static _Atomic uint64_t		share_rest_us;	/* until then */
/* Of the calling thread: what it last set the guard to, and its id. */
static _Thread_local void	*share_frame
    __attribute__((__tls_model__("initial-exec")));
static _Thread_local uint32_t	share_tid
    __attribute__((__tls_model__("initial-exec")));

void
agent_share_begin(void)
{
	struct agent_thread *s;

	if (atomic_load(&share_block) != NULL ||
	    atomic_exchange(&share_begun, true))
		return;
	if ((s = agent_thread_make(0)) == NULL)
		return;
	s->shared = true;
	if (!agent_out_claim(s))
		return;
	agent_number_begin(s);
	atomic_store(&share_block, s);
}

void
agent_share_forked(void)
{
	atomic_store(&share_block, NULL);
	atomic_store(&share_begun, false);
	atomic_store(&share_rest_us, 0);
}

static bool
share_take(struct agent_thread *s, void *busy, void *frame)
{
	if (!__atomic_compare_exchange_n(&s->busy, &busy, frame, false,
	    __ATOMIC_SEQ_CST, __ATOMIC_SEQ_CST))
		return (false);
	share_frame = frame;
	return (true);
}

/* Has the thread ended that had this guard set? */
static bool
share_is_left(const struct agent_thread *s, const void *busy)
{
	return (busy != NULL && s->tid != 0 && agent_thread_is_gone(s->tid));
}

/* The block, from whoever has it; false if that takes too long. */
static bool
share_lock(struct agent_thread *s, void *frame)
{
	_Atomic uint32_t never = 0;
	uint64_t now = agent_record_clock();
	void *busy;
	unsigned i;

	for (i = 0; i < SHARE_SPINS + SHARE_WAITS; i++) {
		if (share_take(s, NULL, frame))
			return (true);
		if (atomic_load(&share_rest_us) > now)
			return (false);
		if (i < SHARE_SPINS) {
			(void)agent_syscall(SYS_sched_yield);
			continue;
		}
		busy = __atomic_load_n(&s->busy, __ATOMIC_SEQ_CST);
		if (share_is_left(s, busy) && share_take(s, busy, frame)) {
			agent_thread_forget(s);
			return (true);
		}
		agent_futex_wait(&never, 0, 1);
	}
	atomic_store(&share_rest_us, agent_record_clock() + SHARE_REST_US);
	return (false);
}

/* The ring goes on with what the calling thread does. */
static void
share_switch(struct agent_thread *s)
{
	s->tid = share_tid;
	s->pthread = (uintptr_t)pthread_self();
	agent_pystack_reset(s);
	if ((agent->flags & MT_FLAG_NATIVE) != 0 && s->native == NULL)
		s->native = agent_native_new();
	else if (s->native != NULL)
		agent_native_reset(s->native);
	agent_thread_describe(s);
}

static bool
share_ready(struct agent_thread *s)
{
	if (s->deaf) {
		if (!agent_out_is_read(s))
			return (false);
		s->deaf = false;
		agent_thread_forget(s);
		s->tid = 0;
	}
	if (share_tid == 0)
		share_tid = (uint32_t)agent_syscall(SYS_gettid);
	if (s->tid != share_tid)
		share_switch(s);
	return (!s->deaf);
}

struct agent_thread *
agent_share_enter(void *frame)
{
	struct agent_thread *s = atomic_load(&share_block);

	if (s != NULL && agent_share_held() != NULL) {
		/* Called by what our hook has called. */
		if (!agent_thread_hook_is_gone(s, frame))
			return (NULL);
		s->busy = share_frame = frame;
		agent_thread_forget(s);
		return (s);
	}
	if (s == NULL || !share_lock(s, frame)) {
		agent_out_lost(0);
		return (NULL);
	}
	if (share_ready(s))
		return (s);
	__atomic_store_n(&s->busy, NULL, __ATOMIC_RELEASE);
	agent_out_lost(0);
	return (NULL);
}

struct agent_thread *
agent_share_held(void)
{
	struct agent_thread *s = atomic_load(&share_block);

	return (s != NULL && share_frame != NULL && __atomic_load_n(&s->busy,
	    __ATOMIC_SEQ_CST) == share_frame ? s : NULL);
}

void
agent_share_instead(struct agent_thread *t)
{
	if (!t->shared)
		agent_thread_give_up(t);
}
