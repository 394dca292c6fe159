/* Per-thread state. */

#include <sys/mman.h>

#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <string.h>

#include "agent_early.h"
#include "agent_exec.h"
#include "agent_fork.h"
#include "agent_native.h"
#include "agent_number.h"
#include "agent_out.h"
#include "agent_pyhook.h"
#include "agent_pystack.h"
#include "agent_record.h"
#include "agent_share.h"
#include "agent_sys.h"
#include "agent_thread.h"
#include "mt_hello.h"

#define THREAD_FRAMES	512	/* to begin with */
#define THREAD_ASK	16	/* threads that a new one asks after */
#define THREAD_RETRY_US	1000000u /* who has no ring asks so often */
#define THREAD_ALWAYS	((void *)1)	/* busy, below any frame */

/* Of a thread that has no block yet. */
static struct agent_thread	thread_new = { .busy = THREAD_ALWAYS };

_Thread_local struct agent_thread *agent_self
    __attribute__((__tls_model__("initial-exec"))) = &thread_new;
static _Thread_local const char *thread_name
    __attribute__((__tls_model__("initial-exec")));
/* The block of the thread, also if that has no ring; or NULL. */
static _Thread_local struct agent_thread *thread_own
    __attribute__((__tls_model__("initial-exec")));
static _Thread_local uint64_t thread_tried_us	/* to get a ring */
    __attribute__((__tls_model__("initial-exec")));

/* The stack for signals, if it has SS_AUTODISARM; size 0 without. */
static _Thread_local struct {
	uintptr_t	low;
	size_t		size;
} thread_alt __attribute__((__tls_model__("initial-exec")));

/* Of one whose block is being made, or could not be had. */
static struct agent_thread	thread_none = { .busy = THREAD_ALWAYS };
/* Of one without a ring, see agent_share.h. */
static struct agent_thread	thread_shared = { .busy = THREAD_ALWAYS };
/* Of the thread that forked in a hook, while that is still to end. */
static struct agent_thread	thread_late = { .busy = THREAD_ALWAYS };
static struct agent_thread	*thread_late_block;	/* its block */
static struct agent_thread * _Atomic thread_all;
static struct agent_thread * _Atomic thread_look; /* see thread_lost() */
static _Atomic uint32_t		thread_leaving;	/* blocks that say so */
static pthread_key_t		thread_key;

static void	thread_leaves(void *);
static struct agent_thread *thread_begin(void);

bool
agent_thread_init(void)
{
	return (agent_real.pthread_key_create(&thread_key,
	    thread_leaves) == 0);
}

void
agent_thread_name(const char *name)
{
	thread_name = name;
}

/*
 * The thread is about to end.  Destructors of others may still run and call
 * the hooks, so the block stays in use; the collector takes the ring back when
 * the thread is gone.
 */
static void
thread_leaves(void *arg)
{
	struct agent_thread *t = arg;

	agent_exec_release();
	if (atomic_load(&agent->phase) == AGENT_OFF)
		return;
	agent_out_leave(t);
	if (!atomic_exchange(&t->leaving, true))
		atomic_fetch_add(&thread_leaving, 1);
}

/* Is the thread of this block gone?  Then the block is ours, by its tid. */
static bool
thread_adopt(struct agent_thread *t, uint32_t tid)
{
	uint32_t old = t->tid;

	if (t->shared)
		return (false);
	if (old != tid && (!agent_thread_is_gone(old) ||
	    !__atomic_compare_exchange_n(&t->tid, &old, tid, false,
	    __ATOMIC_SEQ_CST, __ATOMIC_SEQ_CST)))
		return (false);
	if (atomic_exchange(&t->leaving, false))
		atomic_fetch_sub(&thread_leaving, 1);
	return (true);
}

/* The block of a thread that said that it would end, and has. */
static struct agent_thread *
thread_left(uint32_t tid)
{
	struct agent_thread *t;
	unsigned asked = 0;

	if (atomic_load(&thread_leaving) == 0)
		return (NULL);
	for (t = atomic_load(&thread_all); t != NULL; t = t->next) {
		if (!atomic_load(&t->leaving))
			continue;
		if (thread_adopt(t, tid))
			return (t);
		if (++asked == THREAD_ASK)
			break;
	}
	return (NULL);
}

/* The block of any thread that is gone; a few are looked at each time. */
static struct agent_thread *
thread_lost(uint32_t tid)
{
	struct agent_thread *t = atomic_load(&thread_look);
	unsigned asked;

	for (asked = 0; asked < THREAD_ASK; asked++) {
		if (t == NULL && (t = atomic_load(&thread_all)) == NULL)
			return (NULL);
		if (thread_adopt(t, tid))
			return (t);
		t = t->next;
		atomic_store(&thread_look, t);
	}
	return (NULL);
}

struct agent_thread *
agent_thread_make(uint32_t tid)
{
	struct agent_thread *t;
	char *p;

	p = agent_real.mmap(NULL, sizeof(*t) +
	    THREAD_FRAMES * sizeof(struct agent_frame),
	    PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	if (p == MAP_FAILED)
		return (NULL);
	t = (struct agent_thread *)(void *)p;
	t->tid = tid;
	t->pthread = (uintptr_t)pthread_self();
	t->stack.frames = (struct agent_frame *)(void *)(p + sizeof(*t));
	t->stack.cap = THREAD_FRAMES;
	agent_pystack_reset(t);
	t->next = atomic_load(&thread_all);
	while (!atomic_compare_exchange_weak(&thread_all, &t->next, t))
		continue;
	return (t);
}

/* A block for the calling thread: that of a dead one, or a new one. */
static struct agent_thread *
thread_block(void)
{
	uint32_t tid = (uint32_t)agent_syscall(SYS_gettid);
	struct agent_thread *t;

	if ((t = thread_left(tid)) == NULL && (t = thread_lost(tid)) == NULL)
		t = agent_thread_make(tid);
	return (t);
}

/* Nothing that the block holds is of this thread. */
static void
thread_clean(struct agent_thread *t)
{
	t->busy = NULL;
	t->pthread = (uintptr_t)pthread_self();
	agent_pystack_reset(t);
	if (t->native != NULL)
		agent_native_reset(t->native);
	t->time_us = 0;
	t->deaf = false;
}

void
agent_thread_describe(struct agent_thread *t)
{
	struct mt_thread_desc d = { t->tid, (uint64_t)t->pthread };
	const char *name = thread_name != NULL ? thread_name :
	    t->tid == (uint32_t)getpid() ? "MainThread" : "";
	size_t i, len = strlen(name);
	struct agent_bytes b = { t, 0, 0 };

	if (!agent_out_room(t, 1 + MT_PAYLOAD_WORDS(sizeof(d) + len)))
		return;
	agent_out_word(t, MT_WORD(MT_OP_THREAD, 0, sizeof(d) + len));
	for (i = 0; i < sizeof(d); i++)
		agent_bytes_put(&b, ((const uint8_t *)&d)[i]);
	for (i = 0; i < len; i++)
		agent_bytes_put(&b, (uint8_t)name[i]);
	agent_bytes_end(&b);
	agent_out_publish(t);
}

/* A block with a ring, and with what else it takes; NULL without. */
static struct agent_thread *
thread_ready(void)
{
	struct agent_thread *t;

	agent_self = &thread_none;
	agent_share_begin();
	if ((t = thread_own) == NULL && (t = thread_own = thread_block()) ==
	    NULL)
		return (NULL);
	thread_clean(t);
	if (!agent_out_claim(t))
		return (NULL);
	if ((agent->flags & MT_FLAG_NATIVE) != 0 && t->native == NULL &&
	    (t->native = agent_native_new()) == NULL)
		return (NULL);
	agent_number_begin(t);
	agent_thread_describe(t);
	(void)pthread_setspecific(thread_key, t);
	agent_self = t;
	return (t);
}

/* Without signals: a handler may fork, or jump away from a hello. */
static AGENT_COLD struct agent_thread *
thread_begin(void)
{
	struct agent_thread *t = NULL;
	uint64_t signals;
	int saved = errno;

	agent_signals_block(&signals);
	if (atomic_load(&agent->phase) == AGENT_TRACING &&
	    (t = thread_ready()) == NULL) {
		agent_self = &thread_shared;
		thread_tried_us = agent_record_clock();
	}
	agent_signals_restore(&signals);
	errno = saved;
	return (t);
}

/* A handler on the stack that is known may set another one meanwhile. */
void
agent_thread_altstack(const stack_t *ss, const void *frame)
{
	if ((uintptr_t)frame - thread_alt.low < thread_alt.size)
		return;
	thread_alt.low = (uintptr_t)ss->ss_sp;
	thread_alt.size = ((unsigned)ss->ss_flags & SS_AUTODISARM) != 0 ?
	    ss->ss_size : 0;
}

bool
agent_thread_hook_is_gone(const struct agent_thread *t, void *frame)
{
	stack_t ss;

	return ((uintptr_t)frame >= (uintptr_t)t->busy &&
	    (uintptr_t)frame - thread_alt.low >= thread_alt.size &&
	    sigaltstack(NULL, &ss) != -1 && (ss.ss_flags & SS_ONSTACK) == 0);
}

void
agent_thread_forget(struct agent_thread *t)
{
	t->head = atomic_load(&t->ring->head);
	t->limit = t->soft = t->head;
	atomic_store(&t->soft_hot, 0);
	agent_pystack_reset(t);
	if (t->native != NULL)
		agent_native_reset(t->native);
	atomic_store(&t->in_walk, 0);
	agent_number_jumped(t);
	if (agent_out_room(t, 1))
		agent_out_word(t, MT_WORD(MT_OP_POP, 0,
		    MT_WORD_VALUE_MASK));
	agent_out_publish(t);
}

/* The guard is set, but the hook that set it is gone. */
static bool
thread_jumped(struct agent_thread *t, void *frame)
{
	/* No block: there is none, or the phase has just been another one. */
	if (t == &thread_none || t == &thread_late ||
	    !agent_thread_hook_is_gone(t, frame))
		return (false);
	agent_thread_forget(t);
	return (true);
}

void
agent_thread_give_up(struct agent_thread *t)
{
	if (agent_self == t)
		agent_self = &thread_shared;
}

/*
 * Of a thread without a ring: is there one by now?  Its own may be read again;
 * and now and then another one is asked for.
 */
static struct agent_thread *
thread_again(void *frame)
{
	struct agent_thread *t = thread_own;
	uint64_t now = agent_record_clock();

	if (t != NULL && t->deaf) {
		if (!agent_out_is_read(t))
			return (NULL);
		t->deaf = false;
		t->busy = frame;
		agent_self = t;
		agent_thread_forget(t);
		return (t);
	}
	if (now - thread_tried_us < THREAD_RETRY_US)
		return (NULL);
	thread_tried_us = now;
	return (thread_begin());
}

static struct agent_thread *
thread_share(void *frame)
{
	struct agent_thread *t = thread_own;

	/* The hook that gave its ring up is still at work. */
	if (t != NULL && t->busy != NULL &&
	    !agent_thread_hook_is_gone(t, frame))
		return (NULL);
	if (agent_share_held() == NULL && (t = thread_again(frame)) != NULL)
		return (t);
	return (agent_share_enter(frame));
}

/* Forked in a hook: now, if this is the first one after it. */
static void
thread_late_begin(void *frame)
{
	const struct agent_thread *t = thread_late_block;

	if (agent_self == &thread_late &&
	    (t->busy == NULL || agent_thread_hook_is_gone(t, frame)))
		agent_fork_begin();
}

AGENT_COLD struct agent_thread *
agent_enter_slow(void *frame)
{
	uint32_t phase = atomic_load(&agent->phase);
	struct agent_thread *t;

	if (phase == AGENT_WAITING)
		agent_pyhook_poll();
	if (phase == AGENT_FORKED) {
		thread_late_begin(frame);
		phase = atomic_load(&agent->phase);
	}
	if (phase != AGENT_TRACING)
		return (NULL);
	t = agent_self;
	if (t == &thread_new && (t = thread_begin()) == NULL)
		t = agent_self;
	if (t == &thread_shared)
		t = thread_share(frame);
	else if (t->busy != NULL && !thread_jumped(t, frame))
		return (NULL);
	if (t != NULL)
		t->busy = frame;
	return (t);
}

bool
agent_thread_is_alone(void)
{
	const struct agent_thread *t = atomic_load(&thread_all);

	return (t == agent_self && t->next == NULL);
}

/* In the child of a fork made meanwhile, stop_walk is 0, and nobody walks. */
void
agent_thread_quiesce(void)
{
	struct agent_thread *t;
	int tries;

	for (t = atomic_load(&thread_all); t != NULL; t = t->next)
		for (tries = 0; t != agent_self && tries < 10000 &&
		    atomic_load(&t->in_walk) != 0 &&
		    atomic_load(&agent->stop_walk) != 0; tries++)
			agent_futex_wait(&t->in_walk, 1, 1);
}

struct agent_thread *
agent_thread_block(void)
{
	struct agent_thread *t = agent_self;

	if (t == &thread_late)
		return (thread_late_block);
	if (t == &thread_shared)
		return (thread_own != NULL && thread_own->busy != NULL ?
		    thread_own : agent_share_held());
	return (t == &thread_new || t == &thread_none ? NULL : t);
}

bool
agent_thread_in_hook(void)
{
	const struct agent_thread *t = agent_thread_block();

	return (t != NULL && t->busy != NULL &&
	    !agent_thread_hook_is_gone(t, __builtin_frame_address(0)));
}

void
agent_thread_wait(void)
{
	thread_late_block = agent_thread_block();
	agent_self = &thread_late;
	atomic_store(&agent->phase, AGENT_FORKED);
}

/*
 * The blocks of the others are left behind, for they are few.  Ours will be
 * ours again: a hook may just have found it and not yet set the guard.
 */
void
agent_thread_begin(void)
{
	struct agent_thread *t = agent_thread_block();

	if (t != NULL) {
		t->next = NULL;
		t->tid = (uint32_t)agent_syscall(SYS_gettid);
		t->owner = 0;
		t->shared = t->deaf = false;
		atomic_store(&t->leaving, false);
		atomic_store(&t->in_walk, 0);
		if (t->native != NULL)
			agent_native_forked(t->native);
	}
	atomic_store(&thread_all, t);
	agent_share_forked();
	thread_own = t;
	atomic_store(&thread_look, NULL);
	atomic_store(&thread_leaving, 0);
	agent_self = &thread_new;
}
