/*
 * Life cycle of the agent.  The constructor decides once what this process
 * is; in anything but a Python that the collector wants, the hooks stay at
 * one branch a call.  Linux only.
 */

#include <dlfcn.h>
#include <errno.h>
#include <link.h>
#include <pthread.h>
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

/* What is executed is to be recorded whatever it is. */
static bool		agent_follows;
/* There was no Python in this process, but one may be loaded later. */
static _Atomic bool	agent_looks;

/* Not every C library has it. */
__attribute__((__weak__)) int	dladdr1(const void *, Dl_info *, void **, int);

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

/* Take ourselves out of LD_PRELOAD, where we are the first or the last. */
static void
env_remove_preload(void)
{
	const char *path = agent_path();
	char **p, *value;
	size_t all, len;

	if (path == NULL)
		return;
	len = strlen(path);
	for (p = environ; *p != NULL; p++) {
		if ((value = env_value(*p, "LD_PRELOAD")) == NULL)
			continue;
		all = strlen(value);
		if (all > len && value[all - len - 1] == ':' &&
		    strcmp(value + all - len, path) == 0)
			value[all - len - 1] = '\0';
		else if (strncmp(value, path, len) != 0)
			continue;
		else if (value[len] == ':')
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

/* There is a Python: what it starts is another's, unless we follow that. */
static void
agent_python(enum agent_pykind kind)
{
	const char *walk = getenv(AGENT_ENV_WALK);
	bool api_walk = walk != NULL && strcmp(walk, "api") == 0;

	if (!agent_follows) {
		env_remove(MT_ENV_SOCKET);
		env_remove(AGENT_ENV_WALK);
		env_remove_preload();
		agent_exec_let_go();
	}
	agent_begin(kind, api_walk);
}

__attribute__((__constructor__)) static void
agent_construct(void)
{
	const char *path, *socket;
	enum agent_pykind kind;
	int saved = errno;

	agent_fork_find();
	if ((socket = getenv(MT_ENV_SOCKET)) == NULL || !agent_real_init())
		return;
	/* Until there is a Python, whatever is executed may be the one. */
	if ((path = agent_path()) != NULL)
		agent_exec_keep(path, socket);
	if ((agent_follows = socket[0] == MT_ENV_FOLLOW))
		socket++;
	if (agent_out_init(socket)) {
		if ((kind = agent_pyapi_find(RTLD_DEFAULT)) != AGENT_PY_NONE)
			agent_python(kind);
		else
			atomic_store(&agent_looks, true);
	}
	errno = saved;
}

/*
 * The interpreter makes a key before anything else that matters to us, and
 * here it is safe to look for it: after the dlopen(3) that has brought it.
 */
static void
agent_look(const void *caller)
{
	enum agent_pykind kind;
	struct link_map *map;
	Dl_info object;

	if (dladdr1 == NULL || dladdr1(caller, &object, (void **)&map,
	    RTLD_DL_LINKMAP) == 0 || object.dli_fname == NULL ||
	    strstr(object.dli_fname, "python") == NULL ||
	    (kind = agent_pyapi_find(map)) == AGENT_PY_NONE ||
	    !atomic_exchange(&agent_looks, false))
		return;
	agent_python(kind);
}

AGENT_EXPORT int
pthread_key_create(pthread_key_t *key, void (*destroy)(void *))
{
	int saved;

	if (agent_real.pthread_key_create == NULL && !agent_real_init())
		return (EAGAIN);
	if (atomic_load(&agent_looks)) {
		saved = errno;
		agent_look(__builtin_return_address(0));
		errno = saved;
	}
	return (agent_real.pthread_key_create(key, destroy));
}
