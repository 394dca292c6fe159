/*
 * The child of a fork.  The kernel has emptied struct agent there, so the
 * child is untraced until it has a session of its own, made here, in the
 * child's handler of pthread_atfork(3): before the interpreter cleans up
 * after the fork, but with its thread state in place.
 */

#include <errno.h>
#include <pthread.h>
#include <stddef.h>

#include "agent.h"
#include "agent_fork.h"
#include "agent_module.h"
#include "agent_out.h"
#include "agent_pycode.h"
#include "agent_pyhook.h"
#include "agent_record.h"
#include "agent_sys.h"
#include "agent_thread.h"

/* What the child needs to know of the parent's struct agent. */
static bool	fork_api_walk;

static void
fork_child(void)
{
	struct agent_thread *t;
	int saved = errno;

	if (!agent_pyhook_tracing())
		return;
	agent->api_walk = fork_api_walk;
	agent->has_barrier = agent_barrier_register();
	if (agent_pycode_forked() && agent_out_forked()) {
		agent_thread_forked();
		agent_module_forked();
		atomic_store(&agent->phase, AGENT_TRACING);
		if ((t = agent_enter()) != NULL) {
			agent_record_mark(t, MT_MARK_START);
			agent_leave(t);
		}
	}
	errno = saved;
}

void
agent_fork_follow(void)
{
	fork_api_walk = agent->api_walk;
	(void)pthread_atfork(NULL, NULL, fork_child);
}
