/* While the program runs: the collector's work, signals, stops, the end. */

#ifndef RUN_WAIT_H
#define RUN_WAIT_H

#include <stdbool.h>
#include <sys/types.h>

struct mt_collect;
struct run_image;
struct run_live;

/*
 * Serve the collector and pass signals on, read from sigfd (run_signal.h),
 * until the program has ended.  The view may end meanwhile.  Returns the
 * program's status as wait(2) reports it, and what it was in the end.
 */
int	run_wait(struct mt_collect *, pid_t program, int sigfd,
	    struct run_live *, struct run_image *);

/*
 * The program has ended.  Wait for the processes that it left running and
 * that are recorded, unless a signal asks for the end.
 */
void	run_wait_rest(struct mt_collect *, int sigfd, struct run_live *,
	    bool quiet);

#endif /* RUN_WAIT_H */
