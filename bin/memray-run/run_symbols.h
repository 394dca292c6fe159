/*
 * Symbols of native frames: memray-symbolize(1), which is beside us, finds
 * them at the end of a run.  It is a program of its own, so nothing that is
 * wrong with a library's file can harm the capture, and nobody who records
 * no native frames has to load what reads them.
 */

#ifndef RUN_SYMBOLS_H
#define RUN_SYMBOLS_H

#include <sys/types.h>

#include <stdbool.h>

struct mt_collect_result;
struct run_capture;

/*
 * Put the symbols into the files of the capture and of its children.  The
 * result's sizes grow with them.  Returns false after a line on standard
 * error if there are none.
 */
bool	run_symbols(const struct run_capture *, struct mt_collect_result *,
	    bool quiet);

/*
 * A capture that is a stream cannot be read again: from now on it goes
 * through the program, which writes it on when it has ended.  Returns its
 * pid, or -1 after a line on standard error; the capture is as before then.
 */
pid_t	run_symbols_filter(struct run_capture *);
/* Close the capture and wait for the program; false if it has failed. */
bool	run_symbols_wait(struct run_capture *, pid_t);

#endif /* RUN_SYMBOLS_H */
