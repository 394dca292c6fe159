/* What the system tells about a process from outside. */

#ifndef MT_COLLECT_PROC_H
#define MT_COLLECT_PROC_H

#include <sys/types.h>

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Descriptors, so that a recycled pid is never mistaken for the process. */
struct mt_collect_proc {
	int	statm;
	int	dir;
};

/* Closed is { -1, -1 }; a part that cannot be opened just knows nothing. */
void	mt_collect_proc_open(struct mt_collect_proc *, pid_t);
void	mt_collect_proc_close(struct mt_collect_proc *);

/* Resident set and its anonymous part, in bytes; false if it has none. */
bool	mt_collect_proc_memory(const struct mt_collect_proc *, uint64_t *rss,
	    uint64_t *anon);

/* Whether the thread has certainly ended; false if that is unknown. */
bool	mt_collect_proc_thread_gone(const struct mt_collect_proc *,
	    uint32_t tid);

/* The arguments with blanks between them; "" if they are unknown. */
void	mt_collect_proc_command(const struct mt_collect_proc *, char *,
	    size_t);

/* The parent; 0 if it is unknown. */
pid_t	mt_collect_proc_parent(const struct mt_collect_proc *);

/*
 * Whether the process has ended, or its first thread is about to: its
 * descriptors are closed before anybody can wait for it.  True also if
 * nothing is known of it.
 */
bool	mt_collect_proc_is_ending(const struct mt_collect_proc *);

/*
 * How the process has ended, as wait(2) reports it; false if that is unknown,
 * because somebody else has waited for it already.
 */
bool	mt_collect_proc_status(const struct mt_collect_proc *, int *status);

/*
 * Call fn for each process that runs a program called python-something and
 * has this value of MT_ENV_SOCKET in the environment that it was started
 * with, or has none yet, until fn returns true; return whether it did.
 */
bool	mt_collect_proc_each(const char *socket,
	    bool (*fn)(void *, pid_t, const struct mt_collect_proc *), void *);

#endif /* MT_COLLECT_PROC_H */
