/* Signals of memray-run: which it passes on, and how it ends of one. */

#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/wait.h>

#include <stdlib.h>
#include <unistd.h>

#include "run_signal.h"
#include "run_util.h"

/* Faults of our own code; these must not be blocked. */
static const int faults[] = {
	SIGBUS, SIGFPE, SIGILL, SIGSEGV, SIGSYS, SIGTRAP
};

static void
all_but_faults(sigset_t *set)
{
	(void)sigfillset(set);
	for (size_t i = 0; i < sizeof(faults) / sizeof(faults[0]); i++)
		(void)sigdelset(set, faults[i]);
}

void
run_signal_block(sigset_t *original)
{
	sigset_t set;

	all_but_faults(&set);
	(void)sigprocmask(SIG_BLOCK, &set, original);
}

int
run_signal_init(void)
{
	sigset_t set;

	/* Whoever ignores SIGCHLD gets no status of its children. */
	(void)signal(SIGCHLD, SIG_DFL);
	/* A capture that cannot be written is an error, not our end. */
	(void)signal(SIGPIPE, SIG_IGN);
	(void)signal(SIGXFSZ, SIG_IGN);
	all_but_faults(&set);
	return (signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK));
}

/* Is pid the program or one of its descendants? */
static bool
descends(pid_t pid, pid_t program)
{
	char state;

	while (pid > 1 && pid != program)
		if (!run_process(pid, &state, &pid))
			return (false);
	return (pid == program);
}

/*
 * What a terminal sends goes to the whole foreground group and so reaches
 * the program without us; the kernel is its sender.  So does what the program
 * sends to its own group.  Signals from other processes are for the program
 * but were sent to the process that they knew.
 */
bool
run_signal_is_for(const struct signalfd_siginfo *si, pid_t program)
{
	const bool kernel = si->ssi_code > 0;

	/* SIGXFSZ, say, comes from the kernel in our own name. */
	if (!kernel && (pid_t)si->ssi_pid == getpid())
		return (false);
	switch ((int)si->ssi_signo) {
	case SIGCHLD:
	case SIGCONT:
	case SIGTSTP:
	case SIGTTIN:
	case SIGTTOU:
		return (false);
	case SIGINT:
	case SIGQUIT:
		/*
		 * Usually sent to the whole group, to imitate a terminal; a
		 * second one would interrupt the clean-up after the first.
		 * The first process of a container is all alone, though.
		 */
		return (!kernel && getpid() == 1 &&
		    !descends((pid_t)si->ssi_pid, program));
	case SIGHUP:
	case SIGPIPE:
	case SIGURG:
	case SIGWINCH:
	case SIGXCPU:
	case SIGXFSZ:
		if (kernel)
			return (false);
		break;
	default:
		break;
	}
	return (kernel || !descends((pid_t)si->ssi_pid, program));
}

void
run_signal_send(const struct signalfd_siginfo *si, pid_t program)
{
	union sigval value;

	if (si->ssi_code == SI_QUEUE) {
		value.sival_ptr = (void *)(uintptr_t)si->ssi_ptr;
		(void)sigqueue(program, (int)si->ssi_signo, value);
	} else {
		(void)kill(program, (int)si->ssi_signo);
	}
}

void
run_signal_end(int wait_status)
{
	const struct rlimit none = { 0, 0 };
	sigset_t set;
	int sig;

	if (!WIFSIGNALED(wait_status))
		exit(WEXITSTATUS(wait_status));
	sig = WTERMSIG(wait_status);
	(void)setrlimit(RLIMIT_CORE, &none);
	(void)prctl(PR_SET_DUMPABLE, 0);
	(void)signal(sig, SIG_DFL);
	(void)sigemptyset(&set);
	(void)sigaddset(&set, sig);
	(void)sigprocmask(SIG_UNBLOCK, &set, NULL);
	(void)kill(getpid(), sig);
	/* Still here: the first process of a container survives signals. */
	exit(128 + sig);
}
