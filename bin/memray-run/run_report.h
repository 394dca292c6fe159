/* What memray-run says at the end of a run. */

#ifndef RUN_REPORT_H
#define RUN_REPORT_H

#include <stdbool.h>

#include <mt_collect.h>

struct run_capture;
struct run_image;

/* What was run, and how. */
struct run_ran {
	const char		*program;	/* its path */
	const struct run_image	*image;
	int			 status;	/* as wait(2) reports it */
	bool			 follow;	/* its children, too */
	bool			 quiet;
};

/*
 * Print the lines on standard error, only those of trouble if quiet.  The
 * capture is NULL if none was asked for.  Returns
 * whether everything that the program did is in the capture, or in those of its
 * processes with --follow-fork.
 */
bool	run_report(const struct mt_collect_result *, const struct run_ran *,
	    const struct run_capture *);

#endif /* RUN_REPORT_H */
