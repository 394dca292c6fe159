/* What memray-run says at the end of a run. */

#ifndef RUN_REPORT_H
#define RUN_REPORT_H

#include <stdbool.h>

#include <mt_collect.h>

struct run_capture;

/*
 * Print the lines on standard error, only those of trouble if quiet.  The
 * capture is NULL if none was asked for.  Returns
 * whether everything that the program did is in the capture, or in those of its
 * processes with --follow-fork.
 */
bool	run_report(const struct mt_collect_result *, const char *program,
	    const struct run_capture *, bool follow, bool quiet);

#endif /* RUN_REPORT_H */
