/*
 * Life cycle of the agent.  The constructor decides once what this process
 * is; in anything but a Python that the collector wants, the hooks stay at
 * one branch a call.  Linux only.
 */

#include <dlfcn.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "agent.h"
#include "agent_early.h"
#include "agent_exec.h"
#include "agent_fork.h"
#include "agent_out.h"
#include "agent_pyapi.h"
#include "agent_sys.h"
#include "agent_thread.h"
#include "mt_hello.h"

#define AGENT_ENV_WALK	"MEMTRACE_WALK"

/* The value of an environment variable, or NULL if p is another one. */
static char *
env_value(char *p, const char *name)
{
	size_t len = strlen(name);

	return (strncmp(p, name, len) == 0 && p[len] == '=' ? p + len + 1 :
	    NULL);
}

/*
 * Take a variable out of the environment.  In place: the array that main()
 * will get is the one that environ points to.
 */
static void
env_remove(const char *name)
{
	char **from, **to = environ;

	for (from = environ; *from != NULL; from++)
		if (env_value(*from, name) == NULL)
			*to++ = *from;
	*to = NULL;
}

/* Our own path, or NULL. */
static const char *
agent_path(void)
{
	Dl_info self;

	return (dladdr(&agent_page, &self) == 0 ? NULL : self.dli_fname);
}

/* Take ourselves off the front of LD_PRELOAD. */
static void
env_remove_preload(void)
{
	const char *path = agent_path();
	char **p, *value;
	size_t len;

	if (path == NULL)
		return;
	len = strlen(path);
	for (p = environ; *p != NULL; p++) {
		if ((value = env_value(*p, "LD_PRELOAD")) == NULL ||
		    strncmp(value, path, len) != 0)
			continue;
		if (value[len] == ':')
			memmove(value, value + len + 1,
			    strlen(value + len + 1) + 1);
		else if (value[len] == '\0')
			env_remove("LD_PRELOAD");
		return;
	}
}

static void
agent_begin(enum agent_pykind kind, bool api_walk)
{
	const char *version = agent_pyapi.get_version();

	if (!agent_page_init() || !agent_thread_init())
		return;
	agent->api_walk = api_walk;
	agent->has_barrier = agent_barrier_register();
	if (agent_out_hello(agent_pyapi.hexversion, version,
	    kind == AGENT_PY_OK) && kind == AGENT_PY_OK)
		atomic_store(&agent->phase, AGENT_WAITING);
}

/*
 * Children are to be traced: whatever this process is, what it executes gets
 * the agent.  Returns the path of the socket.
 */
static const char *
agent_follow(const char *value)
{
	const char *path = agent_path();

	if (path != NULL)
		agent_exec_follow(path, value);
	return (value + 1);
}

__attribute__((__constructor__)) static void
agent_construct(void)
{
	enum agent_pykind kind;
	const char *socket, *walk;
	bool api_walk, follow;
	int saved = errno;

	agent_fork_find();
	if ((socket = getenv(MT_ENV_SOCKET)) == NULL || !agent_real_init())
		return;
	if ((follow = socket[0] == MT_ENV_FOLLOW))
		socket = agent_follow(socket);
	if (!agent_out_init(socket) ||
	    (kind = agent_pyapi_find()) == AGENT_PY_NONE) {
		errno = saved;
		return;
	}
	walk = getenv(AGENT_ENV_WALK);
	api_walk = walk != NULL && strcmp(walk, "api") == 0;
	if (!follow) {
		env_remove(MT_ENV_SOCKET);
		env_remove(AGENT_ENV_WALK);
		env_remove_preload();
	}
	agent_begin(kind, api_walk);
	errno = saved;
}
