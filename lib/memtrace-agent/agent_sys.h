/* System calls that leave errno alone; Linux only. */

#ifndef AGENT_SYS_H
#define AGENT_SYS_H

#include <sys/stat.h>
#include <sys/syscall.h>

#include <linux/futex.h>
#include <linux/membarrier.h>

#include <errno.h>
#include <fcntl.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

/* Linux 4.7; the C library does not name it. */
#ifndef SS_AUTODISARM
#define SS_AUTODISARM	(1U << 31)
#endif

/*
 * As syscall(2), but a negative errno value is returned, not stored.  A
 * statement, since arguments of one call are evaluated in any order.
 */
#define agent_syscall(...) __extension__ ({				\
	const int saved_errno = errno;					\
									\
	agent_syscall_result(saved_errno, syscall(__VA_ARGS__));	\
})

static inline long
agent_syscall_result(int saved, long result)
{
	if (result == -1) {
		result = -errno;
		errno = saved;
	}
	return (result);
}

static inline void
agent_futex_wait(_Atomic uint32_t *word, uint32_t value, long ms)
{
	struct timespec ts = { ms / 1000, ms % 1000 * 1000000 };

	(void)agent_syscall(SYS_futex, word, FUTEX_WAIT, value, &ts, NULL, 0);
}

static inline void
agent_futex_wake(_Atomic uint32_t *word)
{
	(void)agent_syscall(SYS_futex, word, FUTEX_WAKE, 1, NULL, NULL, 0);
}

/*
 * A barrier for all threads of the process: what one of them stored before is
 * seen by us, and what we stored before by it.  To be registered once.
 */
static inline bool
agent_barrier_register(void)
{
	return (agent_syscall(SYS_membarrier,
	    MEMBARRIER_CMD_REGISTER_PRIVATE_EXPEDITED, 0, 0) == 0);
}

/*
 * May a filter of system calls be at work?  It may kill for those that the
 * program itself would not make, so it is asked for anew each time, by calls
 * that any program makes.
 */
static inline bool
agent_is_filtered(void)
{
	static const char key[] = "\nSeccomp:\t0\n";
	char buf[512];
	size_t at = 0;
	long fd, i, n;

	fd = agent_syscall(SYS_openat, AT_FDCWD, "/proc/thread-self/status",
	    O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return (true);
	while (at < sizeof(key) - 1 && (n = agent_syscall(SYS_read, fd, buf,
	    sizeof(buf))) > 0)
		for (i = 0; i < n && at < sizeof(key) - 1; i++)
			at = buf[i] == key[at] ? at + 1 : buf[i] == key[0];
	(void)agent_syscall(SYS_close, fd);
	return (at < sizeof(key) - 1);
}

/* False where there is none, or it must not be asked for. */
static inline bool
agent_barrier(void)
{
	return (!agent_is_filtered() && agent_syscall(SYS_membarrier,
	    MEMBARRIER_CMD_PRIVATE_EXPEDITED, 0, 0) == 0);
}

/* The path that a thread has as long as it is there. */
static inline bool
agent_has_thread_path(uint32_t tid, bool *known)
{
	char path[sizeof("/proc/self/task/") + 10] = "/proc/self/task/";
	char digits[10];
	size_t at = strlen(path), n = 0;
	struct stat st;
	long error;

	do
		digits[n++] = (char)('0' + tid % 10);
	while ((tid /= 10) != 0);
	while (n > 0)
		path[at++] = digits[--n];
	path[at] = '\0';
	error = agent_syscall(SYS_newfstatat, AT_FDCWD, path, &st, 0);
	*known = error == 0 || error == -ENOENT;
	return (error == 0);
}

/*
 * Has a thread of this process ended?  False if that cannot be known: no
 * signal asks, since a filter of system calls may kill for one.
 */
static inline bool
agent_thread_is_gone(uint32_t tid)
{
	uint32_t self = (uint32_t)agent_syscall(SYS_gettid);
	bool known;

	/* Without /proc no thread has a path, nor have we. */
	return (!agent_has_thread_path(tid, &known) && known &&
	    agent_has_thread_path(self, &known));
}

/*
 * Block every signal, including the C library's own for cancellation, so
 * that nothing can jump out of the few instructions that hold a lock.
 */
static inline void
agent_signals_block(uint64_t *old)
{
	uint64_t all = ~(uint64_t)0;

	*old = 0;
	(void)agent_syscall(SYS_rt_sigprocmask, 2 /* SIG_SETMASK */, &all,
	    old, sizeof(all));
}

static inline void
agent_signals_restore(const uint64_t *old)
{
	(void)agent_syscall(SYS_rt_sigprocmask, 2, old, NULL, sizeof(*old));
}

#endif /* AGENT_SYS_H */
