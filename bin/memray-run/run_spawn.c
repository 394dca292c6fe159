/* Starts the program. */

#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>

#include <err.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdlib.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include <fe_self.h>
#include <mt_hello.h>
#include <mt_place.h>

#include "run_spawn.h"
#include "run_target.h"
#include "run_util.h"

#define AGENT_PATH	"../lib/memtrace/agent.so"	/* from our directory */
#define PRELOAD		"LD_PRELOAD"

extern char **environ;

char *
run_spawn_agent(void)
{
	char buf[PATH_MAX], *path, *agent;
	const char *dir = fe_self_dir(buf, sizeof(buf));

	if (dir == NULL)
		err(RUN_EXIT_FAILED, "/proc/self/exe");
	path = run_format("%s" AGENT_PATH, dir);
	if ((agent = realpath(path, NULL)) == NULL ||
	    access(agent, R_OK) != 0)
		err(RUN_EXIT_FAILED, "%s", path);
	free(path);
	return (agent);
}

/* Nobody else can put a library of his own in the place of the link. */
static bool
is_private(const char *socket)
{
	char *dir = run_format("%.*s", (int)(run_basename(socket) - socket),
	    socket);
	const bool private = mt_place_worth(dir) == MT_PLACE_PRIVATE;

	free(dir);
	return (private);
}

int
run_spawn_init(struct run_spawn *sp)
{
	/* The dynamic linker splits at these, or expands them. */
	static const char special[] = " :$";
	char *link;

	if (strpbrk(sp->agent, special) == NULL)
		return (0);
	if (!is_private(sp->socket))
		return (-1);
	link = run_format("%.*sagent.so",
	    (int)(run_basename(sp->socket) - sp->socket), sp->socket);
	errno = EINVAL;
	if (strpbrk(link, special) != NULL || symlink(sp->agent, link) != 0) {
		free(link);
		return (-1);
	}
	sp->link = link;
	return (0);
}

void
run_spawn_fini(struct run_spawn *sp)
{
	if (sp->link != NULL)
		(void)unlink(sp->link);
	free(sp->link);
	sp->link = NULL;
}

static bool
is_variable(const char *entry, const char *name)
{
	size_t len = strlen(name);

	return (strncmp(entry, name, len) == 0 && entry[len] == '=');
}

static bool
has_sanitizer(const char *preload)
{
	static const char *const names[] = MT_PRELOAD_FIRST;

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		if (strstr(preload, names[i]) != NULL)
			return (true);
	return (false);
}

static char *
new_preload(const char *agent, const char *user)
{
	if (user == NULL || *user == '\0')
		return (run_format(PRELOAD "=%s", agent));
	if (has_sanitizer(user))
		return (run_format(PRELOAD "=%s:%s", user, agent));
	/* In front, so that the user's own allocator is what we call. */
	return (run_format(PRELOAD "=%s:%s", agent, user));
}

/* The program's environment.  All but the first two strings are our own. */
static char **
new_env(const struct run_spawn *sp)
{
	const char *agent = sp->link != NULL ? sp->link : sp->agent;
	size_t n = 0, i = 0;
	char **env;

	while (environ != NULL && environ[n] != NULL)
		n++;
	env = run_alloc(n + 3, sizeof(*env));
	env[i++] = new_preload(agent, getenv(PRELOAD));
	env[i++] = sp->follow ?
	    run_format(MT_ENV_SOCKET "=%c%s", MT_ENV_FOLLOW, sp->socket) :
	    run_format(MT_ENV_SOCKET "=%s", sp->socket);
	for (size_t j = 0; j < n; j++)
		if (!is_variable(environ[j], PRELOAD) &&
		    !is_variable(environ[j], MT_ENV_SOCKET))
			env[i++] = environ[j];
	return (env);
}

/* Have the kernel take the program, not the evidence, when memory is short. */
static void
raise_oom_score(void)
{
	char buf[16] = "";
	long score;
	int fd, len;

	fd = open("/proc/self/oom_score_adj", O_RDWR | O_CLOEXEC);
	if (fd == -1)
		return;
	if (read(fd, buf, sizeof(buf) - 1) > 0) {
		score = strtol(buf, NULL, 10) + 100;
		len = snprintf(buf, sizeof(buf), "%ld",
		    score < 1000 ? score : 1000L);
		(void)!pwrite(fd, buf, (size_t)len, 0);
	}
	(void)close(fd);
}

/* Behind a view: what the user has redirected remains so. */
static void
leave_terminal(int log_fd)
{
	int null;

	(void)setpgid(0, 0);
	if (isatty(STDIN_FILENO) &&
	    (null = open("/dev/null", O_RDONLY | O_CLOEXEC)) != -1)
		(void)dup2(null, STDIN_FILENO);
	for (int fd = STDOUT_FILENO; fd <= STDERR_FILENO; fd++)
		if (isatty(fd))
			(void)dup2(log_fd, fd);
}

_Noreturn static void
child(int sock, const struct run_spawn *sp, char **env)
{
	char go;
	int error;

	if (recv(sock, &go, 1, 0) != 1)
		_exit(RUN_EXIT_FAILED);	/* the parent gave up */
	raise_oom_score();
	/* Standard output is taken by the capture; see memray-run(1). */
	if (sp->stream_fd == STDOUT_FILENO)
		(void)dup2(STDERR_FILENO, STDOUT_FILENO);
	else if (sp->stream_fd != -1)
		(void)close(sp->stream_fd);
	if (sp->log_fd != -1)
		leave_terminal(sp->log_fd);
	(void)sigprocmask(SIG_SETMASK, sp->mask, NULL);
	(void)execvpe(sp->target->path, sp->target->argv, env);
	error = errno;
	(void)send(sock, &error, sizeof(error), MSG_NOSIGNAL);
	_exit(RUN_EXIT_FAILED);
}

int
run_spawn_fork(struct run_child *ch, const struct run_spawn *sp)
{
	char **env = new_env(sp);
	int sock[2] = { -1, -1 };

	ch->pid = -1;
	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, sock) == 0)
		ch->pid = fork();
	if (ch->pid == 0) {
		(void)close(sock[0]);
		child(sock[1], sp, env);
	}
	free(env[0]);
	free(env[1]);
	free(env);
	if (sock[1] != -1)
		(void)close(sock[1]);
	if (ch->pid == -1 && sock[0] != -1)
		(void)close(sock[0]);
	ch->sock = sock[0];
	return (ch->pid == -1 ? -1 : 0);
}

static void
reap(const struct run_child *ch)
{
	while (waitpid(ch->pid, NULL, 0) == -1 && errno == EINTR)
		continue;
}

int
run_spawn_go(struct run_child *ch)
{
	ssize_t n = -1;
	int error = 0;

	if (send(ch->sock, "", 1, MSG_NOSIGNAL) == 1)
		while ((n = recv(ch->sock, &error, sizeof(error), 0)) == -1 &&
		    errno == EINTR)
			continue;
	(void)close(ch->sock);
	ch->sock = -1;
	if (n != sizeof(error))
		return (0);
	reap(ch);
	return (error);
}

void
run_spawn_cancel(struct run_child *ch)
{
	(void)close(ch->sock);
	ch->sock = -1;
	reap(ch);
}
