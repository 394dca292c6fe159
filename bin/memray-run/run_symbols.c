/* Runs memray-symbolize(1). */

#include <sys/stat.h>
#include <sys/wait.h>

#include <err.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <fe_self.h>
#include <mt_collect.h>
#include <mt_file.h>

#include "run_name.h"
#include "run_symbols.h"
#include "run_util.h"

#define PROGRAM		"memray-symbolize"
#define FILES_MAX	100u	/* at a time; there may be few descriptors */

extern char **environ;

/*
 * Start it, with signals as they are for everybody else.  What a terminal
 * sends reaches it only if it is in the foreground.
 */
static pid_t
spawn(char *const *argv, bool foreground, int in, int out)
{
	posix_spawn_file_actions_t fa;
	posix_spawnattr_t attr;
	char *path = fe_self_beside(PROGRAM);
	sigset_t none, all;
	pid_t pid = -1;
	int error;

	(void)sigemptyset(&none);
	(void)sigfillset(&all);
	if (path == NULL || posix_spawn_file_actions_init(&fa) != 0 ||
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

/*
 * The file that was made under this name, to be inherited; -1 after a line on
 * standard error.  Whatever else has the name by now is not ours to touch.
 */
static int
open_made(const char *name, dev_t dev, ino_t ino)
{
	struct stat st;
	int fd;

	if ((fd = mt_file_edit(name, true)) == -1) {
		warn("no symbols of native frames: %s", name);
		return (-1);
	}
	if (fstat(fd, &st) == 0 && st.st_dev == dev && st.st_ino == ino &&
	    fcntl(fd, F_SETFD, 0) == 0)
		return (fd);
	(void)close(fd);
	warnx("no symbols of native frames: %s: another file by now", name);
	return (-1);
}

/* The i-th capture: the first is the program's. */
static int
open_capture(const struct run_capture *c, size_t i)
{
	const struct run_other *o;

	if (i == 0)
		return (open_made(c->name, c->dev, c->ino));
	o = &c->others[i - 1];
	return (open_made(o->name, o->dev, o->ino));
}

static uint64_t
size_of(int fd)
{
	struct stat sb;

	return (fd != -1 && fstat(fd, &sb) == 0 && sb.st_size > 0 ?
	    (uint64_t)sb.st_size : 0);
}

/* It gets descriptors, not names: no other file can take their place. */
static bool
run_files(const int *fds, size_t n, bool quiet)
{
	static char name[] = PROGRAM, mute[] = "-q", end[] = "--";
	char **argv = run_alloc(n + 4, sizeof(*argv));
	size_t at = 0, first;
	bool ok = true;
	pid_t pid;

	argv[at++] = name;
	if (quiet)
		argv[at++] = mute;
	argv[at++] = end;
	first = at;
	for (size_t i = 0; i < n; i++) {
		if (fds[i] != -1)
			argv[at++] = run_format("/dev/fd/%d", fds[i]);
		else
			ok = false;
	}
	argv[at] = NULL;
	if (at > first) {
		pid = spawn(argv, true, -1, -1);
		ok &= pid != -1 && finished(pid);
	}
	while (at > first)
		free(argv[--at]);
	free(argv);
	return (ok);
}

/* Of the captures from i on, as many as there can be at a time. */
static bool
run_some(const struct run_capture *c, size_t i, size_t n,
    struct mt_collect_result *r, bool quiet)
{
	uint64_t before[FILES_MAX], grown;
	int fds[FILES_MAX];
	bool ok;

	for (size_t k = 0; k < n; k++) {
		fds[k] = open_capture(c, i + k);
		before[k] = size_of(fds[k]);
	}
	ok = run_files(fds, n, quiet);
	for (size_t k = 0; k < n; k++) {
		grown = size_of(fds[k]) - before[k];
		r->all_bytes += grown;
		if (i + k == 0)
			r->capture_bytes += grown;
		if (fds[k] != -1)
			(void)close(fds[k]);
	}
	return (ok);
}

bool
run_symbols(const struct run_capture *c, struct mt_collect_result *r,
    bool quiet)
{
	size_t i, n = c->nothers + 1, some;
	bool ok = true;

	for (i = 0; i < n && ok; i += some) {
		some = n - i < FILES_MAX ? n - i : FILES_MAX;
		ok = run_some(c, i, some, r, quiet);
	}
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
