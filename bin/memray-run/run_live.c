/* Live views. */

#include <sys/stat.h>
#include <sys/wait.h>

#include <err.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <fe_self.h>
#include <fe_size.h>
#include <mt_collect.h>
#include <mt_feed.h>
#include <mt_place.h>

#include "run_live.h"
#include "run_signal.h"
#include "run_spawn.h"
#include "run_util.h"

#define VIEW		"memray-live"	/* beside us */
#define WAIT_MS		20
#define REPLAY_MAX	(64 * 1024)	/* bytes of output */

/* ---- Options ----------------------------------------------------------- */

static bool
port_option(struct run_live *l)
{
	const char *s = l->port_text;
	char *end;
	long n;

	errno = 0;
	n = strtol(s, &end, 10);
	if (*s == '\0' || *end != '\0') {
		warnx("--live-port needs a number, not %s", s);
		return (false);
	}
	if (errno != 0 || n < 1 || n > 65535)
		errx(RUN_EXIT_FAILED, "Invalid port: %s", s);
	l->port = (unsigned)n;
	return (true);
}

bool
run_live_options(struct run_live *l)
{
	const char *alone = NULL;

	if (l->here && l->remote) {
		warnx("--live excludes --live-remote");
		return (false);
	}
	if (l->port_text != NULL)
		alone = "--live-port";
	else if (l->address != NULL)
		alone = "--live-address";
	else if (l->no_wait)
		alone = "--no-wait";
	if (alone != NULL && !l->remote) {
		warnx("%s requires --live-remote", alone);
		return (false);
	}
	return (l->port_text == NULL || port_option(l));
}

/* ---- Before the program ------------------------------------------------ */

static int
open_log(struct run_live *l)
{
	l->log = run_format("%s/memray-live.XXXXXX.log", mt_place_tmpdir());
	l->log_fd = mkostemps(l->log, 4, O_APPEND | O_CLOEXEC);
	if (l->log_fd != -1)
		return (0);
	warn("%s", l->log);
	free(l->log);
	l->log = NULL;
	return (-1);
}

int
run_live_init(struct run_live *l, struct run_spawn *sp)
{
	int tty;

	l->log_fd = -1;
	l->view = -1;
	if (!l->here)
		return (0);
	if ((l->program = fe_self_beside(VIEW)) == NULL)
		err(RUN_EXIT_FAILED, "/proc/self/exe");
	if (access(l->program, X_OK) != 0) {
		warn("%s", l->program);
		return (-1);
	}
	if ((tty = open("/dev/tty", O_RDWR | O_CLOEXEC)) == -1) {
		warnx("--live needs a terminal; --live-remote does not");
		return (-1);
	}
	(void)close(tty);
	if (open_log(l) != 0)
		return (-1);
	sp->log_fd = l->log_fd;
	return (0);
}

/* The signal that ends us, or 0. */
static int
ending_signal(int sigfd)
{
	struct signalfd_siginfo si;

	while (read(sigfd, &si, sizeof(si)) == (ssize_t)sizeof(si))
		switch ((int)si.ssi_signo) {
		case SIGHUP:
		case SIGINT:
		case SIGQUIT:
		case SIGTERM:
			return ((int)si.ssi_signo);
		case SIGTSTP:
			(void)kill(getpid(), SIGSTOP);
			break;
		default:
			break;
		}
	return (0);
}

/* How to watch it from another shell here, to be freed. */
static char *
viewer(const struct run_live *l, const struct mt_collect *collect)
{
	struct mt_collect_where w;

	mt_collect_where(collect, &w);
	if (w.is_hidden)
		return (run_format(VIEW " --token-file %s %u", w.file,
		    w.port));
	if (!w.is_local && l->address != NULL)
		return (run_format(VIEW " --host %s %u", l->address,
		    w.port));
	return (run_format(VIEW " %u", w.port));
}

/* What listens on all addresses is found by our name. */
static const char *
host(const struct run_live *l, char *buf, size_t n)
{
	if (strspn(l->address, "0.:*") == strlen(l->address) &&
	    gethostname(buf, n) == 0)
		return (buf);
	return (l->address);
}

static void
tell(const struct run_live *l, const struct mt_collect *collect, bool quiet)
{
	char *command = viewer(l, collect), name[HOST_NAME_MAX + 1];
	struct mt_collect_where w;

	mt_collect_where(collect, &w);
	if (!quiet || l->port == 0)
		(void)fprintf(stderr, "Run '%s' in another shell to see live "
		    "results\n", command);
	if (!quiet && l->address != NULL)
		(void)fprintf(stderr, "Or, from elsewhere, '" VIEW " --host %s "
		    "--token-file COPY %u' with a copy of %s\n",
		    host(l, name, sizeof(name)), w.port, w.file);
	free(command);
}

int
run_live_wait(const struct run_live *l, struct mt_collect *collect, int sigfd,
    bool quiet)
{
	struct pollfd fds[2] = {
		{ .fd = sigfd, .events = POLLIN },
		{ .fd = mt_collect_fd(collect), .events = POLLIN }
	};
	int sig;

	if (!l->remote)
		return (0);
	tell(l, collect, quiet);
	while (!l->no_wait && mt_collect_viewers(collect) == 0) {
		(void)poll(fds, 2, WAIT_MS);
		if ((sig = ending_signal(sigfd)) != 0) {
			if (!quiet)
				warnx("no viewer came; the program was not "
				    "started");
			return (sig);
		}
		mt_collect_step(collect);
	}
	return (0);
}

/* ---- The view ---------------------------------------------------------- */

/* The user may have redirected what is the program's, not the view's. */
static void
use_terminal(void)
{
	int tty;

	if ((tty = open("/dev/tty", O_RDWR | O_CLOEXEC)) == -1)
		return;
	for (int fd = 0; fd <= 2; fd++)
		if (!isatty(fd))
			(void)dup2(tty, fd);
}

_Noreturn static void
view(const struct run_live *l, struct mt_collect_where *w)
{
	static char name[] = VIEW, log[] = "--program-log",
	    no_symbols[] = "--no-symbols", token_file[] = "--token-file";
	char text[16];
	char *argv[8] = { name, log, l->log };
	size_t n = 3;
	sigset_t none;

	if (l->no_symbols)
		argv[n++] = no_symbols;
	if (w->is_hidden) {
		argv[n++] = token_file;
		argv[n++] = w->file;
	}
	argv[n] = text;
	(void)snprintf(text, sizeof(text), "%u", w->port);
	use_terminal();
	(void)signal(SIGPIPE, SIG_DFL);
	(void)signal(SIGXFSZ, SIG_DFL);
	(void)sigemptyset(&none);
	(void)sigprocmask(SIG_SETMASK, &none, NULL);
	(void)execv(l->program, argv);
	_exit(RUN_EXIT_FAILED);
}

void
run_live_show(struct run_live *l, struct mt_collect *collect)
{
	struct mt_collect_where where;

	if (!l->here)
		return;
	mt_collect_where(collect, &where);
	(void)fflush(NULL);
	l->view = fork();
	if (l->view == 0)
		view(l, &where);
	if (l->view == -1)
		warn("%s", l->program);
}

/*
 * A stop of the view by the terminal is one of the whole job, which our shell
 * has to see in us.
 */
static void
view_stopped(int sig)
{
	if (sig == SIGTSTP || sig == SIGTTIN || sig == SIGTTOU)
		(void)kill(getpid(), SIGSTOP);
}

/* program is -1 once it has ended. */
static void
view_ended(struct run_live *l, int status, pid_t program,
    const struct mt_collect *collect)
{
	char *command;

	l->view = -1;
	if (program == -1)
		return;
	if (WIFEXITED(status) && WEXITSTATUS(status) == 0) {
		l->quit = true;
		(void)kill(program, SIGTERM);
		(void)kill(program, SIGCONT);
		return;
	}
	warnx("%s; the program goes on, and so does its log, %s",
	    WIFEXITED(status) && WEXITSTATUS(status) ==
	    MT_FEED_EXIT_DETACHED ? "detached" : "the view has failed",
	    l->log);
	command = viewer(l, collect);
	warnx("to see it again: %s", command);
	free(command);
}

bool
run_live_child(struct run_live *l, pid_t pid, int status, pid_t program,
    const struct mt_collect *collect)
{
	if (!l->here || l->view == -1 || pid != l->view)
		return (false);
	if (WIFSTOPPED(status))
		view_stopped(WSTOPSIG(status));
	else
		view_ended(l, status, program, collect);
	return (true);
}

/*
 * The program is in a group of its own, behind the view, and hears nothing
 * of the terminal.  As long as there is a view, keys are for that.  When the
 * terminal goes away, it may be that only we are told.
 */
bool
run_live_signal(struct run_live *l, const struct signalfd_siginfo *si)
{
	const int sig = (int)si->ssi_signo;

	if (!l->here)
		return (false);
	if (sig == SIGTERM || sig == SIGHUP)
		l->leave = true;
	if (si->ssi_code <= 0)
		return (false);
	return (sig == SIGHUP ||
	    ((sig == SIGINT || sig == SIGQUIT) && l->view == -1));
}

void
run_live_continue(const struct run_live *l)
{
	if (l->here && l->view != -1)
		(void)kill(l->view, SIGCONT);
}

/* ---- The end ----------------------------------------------------------- */

static void
take_view(struct run_live *l, const struct mt_collect *collect)
{
	int status;

	if (waitpid(l->view, &status, WNOHANG | WUNTRACED) == l->view)
		(void)run_live_child(l, l->view, status, -1, collect);
}

void
run_live_rest(struct run_live *l, const struct mt_collect *collect, int sigfd)
{
	struct pollfd pfd = { .fd = sigfd, .events = POLLIN };
	struct signalfd_siginfo si;

	if (l->here && l->view != -1 && l->leave)
		(void)kill(l->view, SIGTERM);
	while (l->here && l->view != -1) {
		take_view(l, collect);
		if (l->view == -1 || poll(&pfd, 1, -1) == -1)
			continue;
		while (read(sigfd, &si, sizeof(si)) == (ssize_t)sizeof(si)) {
			if (si.ssi_signo == SIGTERM || si.ssi_signo == SIGHUP)
				(void)kill(l->view, SIGTERM);
			else if (si.ssi_signo == SIGCONT)
				run_live_continue(l);
		}
	}
}

/* Returns whether all of the log was written to standard output. */
static bool
replay(int fd)
{
	char data[4096];
	off_t at = 0;
	ssize_t n;

	while ((n = pread(fd, data, sizeof(data), at)) > 0) {
		if (write(STDOUT_FILENO, data, (size_t)n) != n)
			return (false);
		at += n;
	}
	return (n == 0);
}

static void
finish_log(struct run_live *l)
{
	char size[FE_SIZE_MAX];
	struct stat st;

	if (fstat(l->log_fd, &st) != 0)
		return;
	if (st.st_size <= REPLAY_MAX && replay(l->log_fd)) {
		(void)unlink(l->log);
		(void)close(l->log_fd);
		free(l->log);
		l->log = NULL;
		return;
	}
	warnx("what the program wrote (%s) is in %s",
	    fe_size(size, (uint64_t)st.st_size), l->log);
}

int
run_live_finish(struct run_live *l, const struct mt_collect *collect,
    int status, bool quiet)
{
	if (l->remote && !quiet && mt_collect_viewers(collect) == 0)
		warnx("the program ended before a viewer came");
	if (l->log != NULL)
		finish_log(l);
	/* That was asked for. */
	if (l->quit && WIFSIGNALED(status) && WTERMSIG(status) == SIGTERM)
		return (0);
	return (status);
}

void
run_live_fini(struct run_live *l)
{
	struct stat st;

	if (l->log != NULL && fstat(l->log_fd, &st) == 0 && st.st_size == 0)
		(void)unlink(l->log);
	if (l->log != NULL)
		(void)close(l->log_fd);
	free(l->log);
	free(l->program);
}
