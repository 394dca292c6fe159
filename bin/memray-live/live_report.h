/* What is watched, without a screen: one table, or a stream of objects. */

#ifndef LIVE_REPORT_H
#define LIVE_REPORT_H

#include <stdbool.h>
#include <stdint.h>

#include "live_watch.h"

struct live_report {
	bool		 json;
	bool		 once;		/* the first update only */
	unsigned	 interval_s;	/* between objects */
	uint64_t	 max_rows;	/* 0: as many as fit, or all */
	unsigned	 column;	/* that it is sorted by, for its mark */
};

/* Print until the program has ended.  Returns the status to exit with. */
int	live_report_run(struct live_watch *, const struct live_report *);

#endif /* LIVE_REPORT_H */
