/*
 * The child of a fork.  The kernel has emptied struct agent there, so the
 * child is untraced until it has a session of its own, made here, in the
 * child's handler of pthread_atfork(3): before the interpreter cleans up
 * after the fork, but with its thread state in place.
 */

#include <linux/membarrier.h>

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
static struct {
	const char	*single_threaded;
	bool		 api_walk;
} fork_kept;

static void
fork_child(void)
{
	struct agent_thread *t;
	int saved = errno;

	if (!agent_pyhook_tracing())
		return;
	agent->single_threaded = fork_kept.single_threaded;
	agent->api_walk = fork_kept.api_walk;
	(void)agent_syscall(SYS_membarrier,
	    MEMBARRIER_CMD_REGISTER_PRIVATE_EXPEDITED, 0, 0);
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
	fork_kept.single_threaded = agent->single_threaded;
	fork_kept.api_walk = agent->api_walk;
	(void)pthread_atfork(NULL, NULL, fork_child);
}
