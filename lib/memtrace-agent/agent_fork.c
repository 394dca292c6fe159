/*
 * The child of a fork.  The kernel has emptied struct agent there, so the
 * child is untraced until it has a session of its own, made here, in the
 * child's handler of pthread_atfork(3): before the interpreter cleans up
 * after the fork, but with its thread state in place.
 *
 * A signal handler that came into a hook may have forked.  When it returns,
 * the hook goes on in the child, with a block and a ring that it has found
 * before: these stay until it has ended, but they lead nowhere, and only the
 * hook after it begins the child's capture.
 */

#include <dlfcn.h>
#include <errno.h>
#include <stddef.h>
#include <string.h>
#include <unistd.h>

#include "agent.h"
#include "agent_exec.h"
#include "agent_fork.h"
#include "agent_module.h"
#include "agent_out.h"
#include "agent_pycode.h"
#include "agent_pyhook.h"
#include "agent_record.h"
#include "agent_sys.h"
#include "agent_thread.h"
#include "mt_hello.h"

/* What the child needs to know of the parent's struct agent. */
static struct {
	bool		 follow;
	bool		 api_walk;
	bool		 ready;
} fork_kept;

__attribute__((__weak__)) int	__register_atfork(void (*)(void),
				    void (*)(void), void (*)(void), void *);

static pid_t	(*fork_plain)(void);	/* _Fork(3), if there is one */

static void
fork_begin(void)
{
	struct agent_thread *t;

	agent->api_walk = fork_kept.api_walk;
	agent->has_barrier = agent_barrier_register();
	if (!agent_out_hello_forked()) {
		atomic_store(&agent->phase, AGENT_OFF);
		return;
	}
	agent_pycode_begin();
	agent_module_begin();
	agent_thread_begin();
	/* The hook that went on here may have counted on in the parent's. */
	atomic_store(&agent->seq, 0);
	atomic_store(&agent->phase, AGENT_TRACING);
	if ((t = agent_enter()) != NULL) {
		agent_record_mark(t, MT_MARK_START);
		agent_leave(t);
	}
}

/* Without signals: a handler that forks would make a second one of this. */
void
agent_fork_begin(void)
{
	uint64_t signals;
	int saved = errno;

	agent_signals_block(&signals);
	fork_begin();
	agent_signals_restore(&signals);
	errno = saved;
}

static void
fork_child(void)
{
	agent_pycode_forked();
	agent_module_forked();
	agent_out_forked(agent_thread_block());
	if (!agent_pyhook_tracing())
		return;
	if (!fork_kept.follow) {
		agent_exec_forked();
		return;
	}
	if (agent_thread_in_hook())
		agent_thread_wait();
	else
		fork_begin();
}

/*
 * A child that is traced already was forked by a handler that came into
 * another fork, just after it, and has now returned.
 */
static void
fork_in_child(void)
{
	uint64_t signals;
	int saved = errno;

	agent_signals_block(&signals);
	if (atomic_load(&agent->phase) == AGENT_OFF)
		fork_child();
	agent_signals_restore(&signals);
	errno = saved;
}

/* As fork(2), but without the handlers of pthread_atfork(3): not without us. */
AGENT_EXPORT pid_t
_Fork(void)
{
	pid_t pid;

	if (fork_plain == NULL)
		return (fork());
	if ((pid = fork_plain()) == 0 && fork_kept.ready)
		fork_in_child();
	return (pid);
}

void
agent_fork_find(void)
{
	void *fn = dlsym(RTLD_NEXT, "_Fork");

	memcpy(&fork_plain, &fn, sizeof(fn));
}

void
agent_fork_init(void)
{
	fork_kept.follow = (agent->flags & MT_FLAG_FOLLOW) != 0;
	fork_kept.api_walk = agent->api_walk;
	fork_kept.ready = true;
	/* As pthread_atfork(3) does, which is not in every C library. */
	if (__register_atfork != NULL)
		(void)__register_atfork(NULL, NULL, fork_in_child, NULL);
}
