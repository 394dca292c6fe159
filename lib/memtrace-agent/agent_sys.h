/* System calls that leave errno alone; Linux only. */

#ifndef AGENT_SYS_H
#define AGENT_SYS_H

#include <sys/syscall.h>

#include <linux/futex.h>
#include <linux/membarrier.h>

#include <errno.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>
#include <time.h>
#include <unistd.h>

/* As syscall(2), but a negative errno value is returned, not stored. */
#define agent_syscall(...)						\
	agent_syscall_result(errno, syscall(__VA_ARGS__))

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

static inline bool
agent_barrier(void)
{
	return (agent_syscall(SYS_membarrier,
	    MEMBARRIER_CMD_PRIVATE_EXPEDITED, 0, 0) == 0);
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
