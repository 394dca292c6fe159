/*
 * What the collector needs of the operating system beyond POSIX.  One file
 * per system implements it: mt_collect_os_linux.c.
 *
 * Descriptors made here are close-on-exec.  Nothing here blocks, except
 * mt_collect_os_wait().
 */

#ifndef MT_COLLECT_OS_H
#define MT_COLLECT_OS_H

#include <sys/types.h>

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <memtrace.h>

/*
 * Anonymous zeroed memory of this size that can be shared by passing the
 * descriptor.  Nobody who gets the descriptor can change its size, so that
 * the mapping stays whole; only where the system refuses memory descriptors
 * and a file has to do, that cannot be promised.
 */
enum mt_status	mt_collect_os_shm(int *fd, size_t bytes, struct mt_error *);
/*
 * The same, but only if what is never written to takes up no memory; false
 * with errno.
 */
bool		mt_collect_os_shm_lazy(int *fd, size_t bytes);
/*
 * The same for what others may only read: when it is mapped, close it.  Then
 * nobody who gets the descriptor can write to the memory any more, as far as
 * the system can see to that.
 */
enum mt_status	mt_collect_os_shm_open(int *fd, size_t bytes,
		    struct mt_error *);
void		mt_collect_os_shm_close(int *fd);

/* Sleep while *word is value, at most so long.  The word may be shared. */
void	mt_collect_os_wait(_Atomic uint32_t *word, uint32_t value,
	    unsigned timeout_us);
void	mt_collect_os_wake(_Atomic uint32_t *word);

/*
 * Put the calling thread's id into *word and have MT_OWNER_DIED set there
 * when this thread ends, however it ends.  The thread must not use robust
 * mutexes.  *line has to stay until the thread is gone.
 */
struct mt_collect_lifeline {
	struct {
		void	*next;
	}		 entry;
	struct {
		void	*list;
		long	 offset;
		void	*pending;
	}		 head;
};
bool	mt_collect_os_lifeline(struct mt_collect_lifeline *line,
	    _Atomic uint32_t *word);

/* Who is at the other end of a local socket. */
bool	mt_collect_os_peer(int sock, pid_t *pid, uid_t *uid);

/* A descriptor that polls readable once the process has ended, or -1. */
int	mt_collect_os_watch(pid_t);
bool	mt_collect_os_has_ended(int watch);

/*
 * How a process that has ended did so, as wait(2) reports it, as far as the
 * system tells: always of a child that nobody has waited for, which is left
 * to be waited for.
 */
bool	mt_collect_os_status(int watch, int *status);

/*
 * A set of descriptors to wait for, itself a descriptor that polls readable
 * when a member does.  Tags are the caller's; ready returns those of the
 * members that are readable now.
 */
int	mt_collect_os_poll_new(void);
bool	mt_collect_os_poll_add(int set, int fd, uint32_t tag);
int	mt_collect_os_poll_ready(int set, uint32_t *tags, int n);

/* A descriptor that polls readable each ms milliseconds; take rearms it. */
int	mt_collect_os_ticker(unsigned ms);
bool	mt_collect_os_ticker_take(int fd);

#endif /* MT_COLLECT_OS_H */
