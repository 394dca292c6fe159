/* Runs memray-symbolize(1). */

#include <sys/stat.h>
#include <sys/wait.h>

#include <err.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <fe_self.h>
#include <mt_collect.h>

#include "run_name.h"
#include "run_symbols.h"
#include "run_util.h"

#define PROGRAM		"memray-symbolize"
#define FILES_MAX	500u	/* at a time, so that they fit in exec(2) */

extern char **environ;

/* Beside us, to be freed. */
static char *
program(void)
{
	char buf[PATH_MAX];
	const char *dir = fe_self_dir(buf, sizeof(buf));

	return (run_format("%s" PROGRAM, dir == NULL ? "" : dir));
}

/*
 * Start it, with signals as they are for everybody else.  What a terminal
 * sends reaches it only if it is in the foreground.
 */
static pid_t
spawn(char *const *argv, bool foreground, int in, int out)
{
	posix_spawn_file_actions_t fa;
	posix_spawnattr_t attr;
	char *path = program();
	sigset_t none, all;
	pid_t pid = -1;
	int error;

	(void)sigemptyset(&none);
	(void)sigfillset(&all);
	if (posix_spawn_file_actions_init(&fa) != 0 ||
	    posix_spawnattr_init(&attr) != 0)
		err(RUN_EXIT_FAILED, PROGRAM);
	(void)posix_spawnattr_setsigmask(&attr, &none);
	(void)posix_spawnattr_setsigdefault(&attr, &all);
	(void)posix_spawnattr_setflags(&attr, (short)(POSIX_SPAWN_SETSIGMASK |
	    POSIX_SPAWN_SETSIGDEF | (foreground ? 0 :
	    POSIX_SPAWN_SETPGROUP)));
	if (in != -1)
		(void)posix_spawn_file_actions_adddup2(&fa, in, 0);
	if (out != -1)
		(void)posix_spawn_file_actions_adddup2(&fa, out, 1);
	error = posix_spawn(&pid, path, &fa, &attr, argv, environ);
	(void)posix_spawn_file_actions_destroy(&fa);
	(void)posix_spawnattr_destroy(&attr);
	if (error != 0) {
		errno = error;
		warn("no symbols of native frames: %s", path);
		pid = -1;
	}
	free(path);
	return (pid);
}

/* Whether it did what it should; the reason it has said itself. */
static bool
finished(pid_t pid)
{
	int status;
	pid_t got;

	while ((got = waitpid(pid, &status, 0)) == -1 && errno == EINTR)
		continue;
	if (got == pid && WIFSIGNALED(status))
		warnx("no symbols of native frames: " PROGRAM ": %s",
		    strsignal(WTERMSIG(status)));
	return (got == pid && WIFEXITED(status) && WEXITSTATUS(status) == 0);
}

static uint64_t
size_of(const char *name)
{
	struct stat sb;

	return (stat(name, &sb) == 0 && sb.st_size > 0 ?
	    (uint64_t)sb.st_size : 0);
}

/* Names of files must not look like options. */
static bool
run_files(char **names, size_t n, bool quiet)
{
	static char name[] = PROGRAM, mute[] = "-q", end[] = "--";
	char **argv = run_alloc(n + 4, sizeof(*argv));
	size_t at = 0;
	pid_t pid;

	argv[at++] = name;
	if (quiet)
		argv[at++] = mute;
	argv[at++] = end;
	memcpy(argv + at, names, n * sizeof(*argv));
	argv[at + n] = NULL;
	pid = spawn(argv, true, -1, -1);
	free(argv);
	return (pid != -1 && finished(pid));
}

bool
run_symbols(struct run_capture *c, struct mt_collect_result *r, bool quiet)
{
	size_t i, n = c->nothers + 1, some;
	uint64_t before, grown;
	bool ok = true;
	char **names;

	names = run_alloc(n, sizeof(*names));
	names[0] = c->name;
	if (c->nothers > 0)
		memcpy(names + 1, c->others, c->nothers * sizeof(*names));
	before = size_of(c->name);
	for (i = 0; i < n && ok; i += some) {
		some = n - i < FILES_MAX ? n - i : FILES_MAX;
		ok = run_files(names + i, some, quiet);
	}
	grown = size_of(c->name);
	grown = grown > before ? grown - before : 0;
	r->capture_bytes += grown;
	r->all_bytes += grown;
	free(names);
	return (ok);
}

pid_t
run_symbols_filter(struct run_capture *c)
{
	static char name[] = PROGRAM, mute[] = "-q", output[] = "-o",
	    dash[] = "-";
	char *const argv[] = { name, mute, output, dash, dash, NULL };
	int pipefd[2];
	pid_t pid;

	if (pipe2(pipefd, O_CLOEXEC) != 0) {
		warn("no symbols of native frames");
		return (-1);
	}
	pid = spawn(argv, false, pipefd[0], c->fd);
	(void)close(pipefd[0]);
	if (pid == -1) {
		(void)close(pipefd[1]);
		return (-1);
	}
	run_name_replace(c, pipefd[1]);
	return (pid);
}

bool
run_symbols_wait(struct run_capture *c, pid_t pid)
{
	if (c->fd != -1)
		(void)close(c->fd);
	c->fd = -1;
	return (finished(pid));
}
