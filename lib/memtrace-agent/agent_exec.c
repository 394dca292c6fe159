/*
 * Wrappers of exec*(3) and posix_spawn(3).  They run in the children of
 * vfork(2), in somebody else's memory, and on whatever stack that has: what is
 * large is mapped, and the thread knows it, so that the parent of a child which
 * has executed something finds it again.
 */

#include <sys/mman.h>

#include <alloca.h>
#include <errno.h>
#include <limits.h>
#include <spawn.h>
#include <string.h>
#include <unistd.h>

#include "agent_early.h"
#include "agent_exec.h"
#include "agent_image.h"
#include "agent_out.h"
#include "agent_pyapi.h"
#include "agent_thread.h"
#include "mt_hello.h"

#define EXEC_PRELOAD	"LD_PRELOAD="
#define EXEC_SOCKET	MT_ENV_SOCKET "="
#define EXEC_WORD_MAX	240	/* bytes of a path that we pass on */
#define EXEC_ENV_MAX	65536	/* entries; more than that is left alone */
#define EXEC_STACK_MAX	2048	/* bytes of a copy that is on the stack */

static struct {
	bool	keep;		/* what is executed gets the agent */
	char	path[PATH_MAX];		/* of the agent */
	char	socket[256];		/* the whole entry */
} ex;

/* Of this thread, or of a child that had its memory; pid is who uses it. */
static _Thread_local struct {
	char	*p;
	size_t	 size;
	pid_t	 pid;			/* 0: nobody */
} exec_memory __attribute__((__tls_model__("initial-exec")));

static pid_t	exec_counted;	/* the child that agent_exec_forked() has */

void
agent_exec_keep(const char *agent_path, const char *socket_value)
{
	if (strlen(socket_value) + sizeof(EXEC_SOCKET) > sizeof(ex.socket) ||
	    strlen(agent_path) >= sizeof(ex.path))
		return;
	strcpy(ex.socket, EXEC_SOCKET);
	strcat(ex.socket, socket_value);
	strcpy(ex.path, agent_path);
	ex.keep = true;
}

void
agent_exec_let_go(void)
{
	ex.keep = false;
}

static const char *
exec_entry(char *const env[], const char *prefix)
{
	size_t len = strlen(prefix);

	for (; env != NULL && *env != NULL; env++)
		if (strncmp(*env, prefix, len) == 0)
			return (*env + len);
	return (NULL);
}

static size_t
exec_count(char *const env[])
{
	size_t n = 0;

	while (env != NULL && env[n] != NULL && n < EXEC_ENV_MAX)
		n++;
	return (n);
}

/* Bytes for the LD_PRELOAD entry, or 0 if env needs no change. */
static size_t
exec_need(char *const env[])
{
	const char *old;

	if (!ex.keep || exec_count(env) == EXEC_ENV_MAX)
		return (0);
	old = exec_entry(env, EXEC_PRELOAD);
	if (old != NULL && strstr(old, ex.path) != NULL &&
	    exec_entry(env, EXEC_SOCKET) != NULL)
		return (0);
	return (sizeof(EXEC_PRELOAD) + strlen(ex.path) + 1 +
	    (old == NULL ? 0 : strlen(old)));
}

static bool
exec_has_sanitizer(const char *list)
{
	static const char *const names[] = MT_PRELOAD_FIRST;
	size_t i;

	for (i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		if (strstr(list, names[i]) != NULL)
			return (true);
	return (false);
}

/* The entry of LD_PRELOAD: ours, and what the caller has besides. */
static void
exec_preload(char *preload, const char *old)
{
	bool has, last;

	if (old == NULL)
		old = "";
	has = strstr(old, ex.path) != NULL;
	last = exec_has_sanitizer(old);
	strcpy(preload, EXEC_PRELOAD);
	if (!has && !last) {
		strcat(preload, ex.path);
		if (*old != '\0')
			strcat(preload, ":");
	}
	strcat(preload, old);
	if (!has && last) {
		strcat(preload, ":");
		strcat(preload, ex.path);
	}
}

/* Fill in the copy. */
static void
exec_fill(char *const env[], char **out, char *preload)
{
	size_t i, n = 0;

	exec_preload(preload, exec_entry(env, EXEC_PRELOAD));
	out[n++] = preload;
	out[n++] = ex.socket;
	for (i = 0; env != NULL && env[i] != NULL; i++)
		if (strncmp(env[i], EXEC_PRELOAD,
		    sizeof(EXEC_PRELOAD) - 1) != 0 &&
		    strncmp(env[i], EXEC_SOCKET, sizeof(EXEC_SOCKET) - 1) != 0)
			out[n++] = env[i];
	out[n] = NULL;
}

void
agent_exec_release(void)
{
	if (exec_memory.p != NULL)
		(void)agent_real.munmap(exec_memory.p, exec_memory.size);
	exec_memory.p = NULL;
	exec_memory.pid = 0;
}

/*
 * Memory for a copy, up to exec_done(); NULL if there is none, or a signal
 * handler has come in between.
 */
static void *
exec_map(size_t size)
{
	pid_t self = getpid();
	char *p;

	if (exec_memory.pid == self)
		return (NULL);
	agent_exec_release();
	p = agent_real.mmap(NULL, size, PROT_READ | PROT_WRITE,
	    MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	if (p == MAP_FAILED)
		return (NULL);
	exec_memory.p = p;
	exec_memory.size = size;
	exec_memory.pid = self;
	return (p);
}

static void
exec_done(const void *env)
{
	int saved = errno;

	if (env == exec_memory.p && env != NULL)
		agent_exec_release();
	errno = saved;
}

/*
 * Declares `to`, the environment to pass on: `from`, or a copy with the agent
 * in it, in the frame of the wrapper or mapped.
 */
#define EXEC_ENVIRONMENT(to, from)					\
	char *const *to = (from);					\
	size_t to##_need = exec_need(from);				\
	size_t to##_array = to##_need == 0 ? 0 :			\
	    (exec_count(from) + 3) * sizeof(char *);			\
	if (to##_need != 0) {						\
		char *to##_copy = to##_array + to##_need <=		\
		    EXEC_STACK_MAX ? alloca(to##_array + to##_need) :	\
		    exec_map(to##_array + to##_need);			\
		if (to##_copy != NULL) {				\
			to = (char **)(void *)to##_copy;		\
			exec_fill((from), (char **)(void *)to##_copy,	\
			    to##_copy + to##_array);			\
		}							\
	}

/*
 * Say so if a Python will run without the agent; or, as long as there was
 * none, if this is what keeps the next one from being seen.
 */
static void
exec_announce(const char *path, char *const argv[])
{
	enum mt_why why;
	bool is_python;
	int saved = errno;

	if (!ex.keep)
		return;
	if ((why = agent_image_why(path)) != MT_WHY_NONE) {
		is_python = agent_image_is_python(path, argv, why);
		if (is_python || agent_pyapi.get_version == NULL)
			agent_out_untraceable(path, why, is_python);
	}
	errno = saved;
}

/*
 * Tell the collector what will replace this process image, so that it knows
 * what became of it; "" takes that back.
 */
static void
exec_leave_word(const char *path)
{
	char text[sizeof(MT_INFO_EXEC) + EXEC_WORD_MAX];
	struct agent_thread *t;
	int saved = errno;
	size_t len;

	if (atomic_load(&agent->phase) != AGENT_TRACING ||
	    !agent_out_is_ours() || (t = agent_enter()) == NULL)
		return;
	len = strnlen(path, EXEC_WORD_MAX);
	memcpy(text, MT_INFO_EXEC, sizeof(MT_INFO_EXEC));
	memcpy(text + sizeof(MT_INFO_EXEC), path, len);
	agent_out_text(t, MT_OP_INFO, text, sizeof(MT_INFO_EXEC) + len);
	agent_leave(t);
	errno = saved;
}

void
agent_exec_forked(void)
{
	if (exec_counted == getpid())
		return;
	exec_counted = getpid();
	agent_out_unfollowed(1);
}

/*
 * What a child that is not followed becomes counts if it is a Python, whatever
 * it was before.  Returns by how many the count has changed.
 */
static int
exec_count_child(const char *path, char *const argv[], bool counted)
{
	int n, saved = errno;

	/* As long as everything is followed, or nothing is recorded. */
	if (ex.keep || agent_pyapi.get_version == NULL)
		return (0);
	n = (agent_image_runs_python(path, argv) ? 1 : 0) - (counted ? 1 : 0);
	if (n != 0)
		agent_out_unfollowed(n);
	errno = saved;
	return (n);
}

/* The same for exec(2), which is not always made by a child. */
static int
exec_count_self(const char *path, char *const argv[])
{
	return (agent_out_is_ours() ? 0 :
	    exec_count_child(path, argv, exec_counted == getpid()));
}

/* exec(2) has returned, so it failed. */
static int
exec_failed(const void *env, int rc, int counted)
{
	exec_done(env);
	if (counted != 0)
		agent_out_unfollowed(-counted);
	exec_leave_word("");
	return (rc);
}

AGENT_EXPORT int
execve(const char *path, char *const argv[], char *const envp[])
{
	int n;

	if (agent_real.execve == NULL && !agent_real_init())
		return (-1);
	EXEC_ENVIRONMENT(env, envp)
	exec_announce(path, argv);
	exec_leave_word(path);
	n = exec_count_self(path, argv);
	return (exec_failed(env, agent_real.execve(path, argv, env), n));
}

AGENT_EXPORT int
execv(const char *path, char *const argv[])
{
	return (execve(path, argv, environ));
}

AGENT_EXPORT int
execvpe(const char *file, char *const argv[], char *const envp[])
{
	int n;

	if (agent_real.execvpe == NULL && !agent_real_init())
		return (-1);
	EXEC_ENVIRONMENT(env, envp)
	exec_announce(file, argv);
	exec_leave_word(file);
	n = exec_count_self(file, argv);
	return (exec_failed(env, agent_real.execvpe(file, argv, env), n));
}

AGENT_EXPORT int
execvp(const char *file, char *const argv[])
{
	return (execvpe(file, argv, environ));
}

AGENT_EXPORT int
fexecve(int fd, char *const argv[], char *const envp[])
{
	if (agent_real.fexecve == NULL && !agent_real_init())
		return (-1);
	EXEC_ENVIRONMENT(env, envp)
	exec_leave_word("a descriptor");
	return (exec_failed(env, agent_real.fexecve(fd, argv, env), 0));
}

AGENT_EXPORT int
posix_spawn(pid_t *pid, const char *path,
    const posix_spawn_file_actions_t *actions, const posix_spawnattr_t *attr,
    char *const argv[], char *const envp[])
{
	int n, rc;

	if (agent_real.posix_spawn == NULL && !agent_real_init())
		return (ENOSYS);
	EXEC_ENVIRONMENT(env, envp)
	exec_announce(path, argv);
	n = exec_count_child(path, argv, false);
	rc = agent_real.posix_spawn(pid, path, actions, attr, argv, env);
	exec_done(env);
	if (rc != 0 && n != 0)
		agent_out_unfollowed(-n);
	return (rc);
}

AGENT_EXPORT int
posix_spawnp(pid_t *pid, const char *file,
    const posix_spawn_file_actions_t *actions, const posix_spawnattr_t *attr,
    char *const argv[], char *const envp[])
{
	int n, rc;

	if (agent_real.posix_spawnp == NULL && !agent_real_init())
		return (ENOSYS);
	EXEC_ENVIRONMENT(env, envp)
	exec_announce(file, argv);
	n = exec_count_child(file, argv, false);
	rc = agent_real.posix_spawnp(pid, file, actions, attr, argv, env);
	exec_done(env);
	if (rc != 0 && n != 0)
		agent_out_unfollowed(-n);
	return (rc);
}
