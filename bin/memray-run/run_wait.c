/* While the program runs: the collector's work, signals, stops, the end. */

#include <sys/wait.h>

#include <err.h>
#include <poll.h>
#include <signal.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <unistd.h>

#include <mt_collect.h>

#include "run_image.h"
#include "run_live.h"
#include "run_signal.h"
#include "run_util.h"
#include "run_wait.h"

/*
 * How long after the program's end new processes are expected, and when it is
 * time to say what we are waiting for.
 */
#define EXPECT_MS	2000u
#define SAY_MS		1000u

/* A program that still is stopped when we are continued goes on with us. */
static void
continue_program(pid_t program)
{
	char state;
	pid_t parent;

	if (run_process(program, &state, &parent) && state == 'T')
		(void)kill(program, SIGCONT);
}

/*
 * The program was stopped.  A stop by the terminal is one of the whole job,
 * which our shell has to see in us, its child.  But a SIGSTOP was either sent
 * to us as well or meant for the program alone, and whoever sent it will
 * continue the program alone: we must be there to serve it.
 */
static void
stopped(int sig)
{
	if (sig == SIGTSTP || sig == SIGTTIN || sig == SIGTTOU)
		(void)kill(getpid(), SIGSTOP);
}

/* As waitpid(2) of any; but first, if it is the program's end, look at it. */
static pid_t
next_child(pid_t program, struct run_image *image, int *status)
{
	siginfo_t si = { .si_pid = 0 };

	if (waitid(P_ALL, 0, &si, WEXITED | WSTOPPED | WNOHANG | WNOWAIT) !=
	    0 || si.si_pid == 0)
		return (0);
	if (si.si_pid == program)
		run_image_end(image, program);
	return (waitpid(si.si_pid, status, WNOHANG | WUNTRACED));
}

/*
 * Take what children changed; also orphans, which are ours when we are the
 * first process of a container.  Returns true if the program has ended.
 */
static bool
children(struct mt_collect *collect, pid_t program, struct run_live *live,
    struct run_image *image, int *wait_status)
{
	bool ended = false;
	int status;
	pid_t pid;

	while ((pid = next_child(program, image, &status)) > 0) {
		if (run_live_child(live, pid, status, ended ? -1 : program,
		    collect))
			continue;
		if (!WIFSTOPPED(status))
			mt_collect_child(collect, pid, status);
		if (pid != program)
			continue;
		if (WIFSTOPPED(status)) {
			stopped(WSTOPSIG(status));
		} else {
			*wait_status = status;
			ended = true;
		}
	}
	return (ended);
}

/* Returns true if there may be news of children. */
static bool
signals(int sigfd, pid_t program, struct run_live *live)
{
	struct signalfd_siginfo si;
	bool news = false;

	while (read(sigfd, &si, sizeof(si)) == (ssize_t)sizeof(si)) {
		if (si.ssi_signo == SIGCHLD) {
			news = true;
		} else if (si.ssi_signo == SIGCONT) {
			continue_program(program);
			run_live_continue(live);
		} else if (run_live_signal(live, &si) ||
		    run_signal_is_for(&si, program)) {
			run_signal_send(&si, program);
		}
	}
	return (news);
}

int
run_wait(struct mt_collect *collect, pid_t program, int sigfd,
    struct run_live *live, struct run_image *image)
{
	struct pollfd fds[2] = {
		{ .fd = sigfd, .events = POLLIN },
		{ .fd = mt_collect_fd(collect), .events = POLLIN }
	};
	int status = 0;

	/* What happened before there was a descriptor to hear of it. */
	if (children(collect, program, live, image, &status))
		return (status);
	for (;;) {
		if (poll(fds, 2, -1) == -1)
			continue;
		if (fds[0].revents != 0 && signals(sigfd, program, live) &&
		    children(collect, program, live, image, &status))
			return (status);
		if (fds[1].revents != 0)
			mt_collect_step(collect);
	}
}

/* Returns true if the end is wanted. */
static bool
rest_signals(struct mt_collect *collect, int sigfd, struct run_live *live)
{
	struct signalfd_siginfo si;
	bool end = false;
	int status;

	while (read(sigfd, &si, sizeof(si)) == (ssize_t)sizeof(si))
		switch ((int)si.ssi_signo) {
		case SIGCHLD:
			(void)children(collect, -1, live, NULL, &status);
			break;
		case SIGHUP:
		case SIGINT:
		case SIGQUIT:
		case SIGTERM:
			end = true;
			break;
		case SIGTSTP:
			(void)kill(getpid(), SIGSTOP);
			break;
		default:
			break;
		}
	return (end);
}

static void
say_waiting(unsigned n)
{
	warnx("the program has ended; still recording %u process%s that it "
	    "left running (interrupt to stop that)", n, n == 1 ? "" : "es");
}

/*
 * Most of what is left at that moment is about to end, too, so that nothing
 * needs to be said of it.  A process that was only just made may not yet be
 * known to the collector.
 */
void
run_wait_rest(struct mt_collect *collect, int sigfd, struct run_live *live,
    bool quiet)
{
	struct pollfd fds[2] = {
		{ .fd = sigfd, .events = POLLIN },
		{ .fd = mt_collect_fd(collect), .events = POLLIN }
	};
	const uint64_t since = run_now_ms();
	bool said = quiet;

	for (;;) {
		if (mt_collect_running(collect) == 0 &&
		    (run_now_ms() - since >= EXPECT_MS ||
		    !mt_collect_expects(collect)))
			return;
		if (!said && run_now_ms() - since >= SAY_MS &&
		    mt_collect_running(collect) != 0) {
			say_waiting(mt_collect_running(collect));
			said = true;
		}
		if (poll(fds, 2, 20) == -1)
			continue;
		if (fds[0].revents != 0 && rest_signals(collect, sigfd, live))
			return;
		if (fds[1].revents != 0)
			mt_collect_step(collect);
	}
}
