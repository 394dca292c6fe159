/* How the modules of libmtcollect report errors. */

#ifndef MT_COLLECT_ERROR_H
#define MT_COLLECT_ERROR_H

#include <memtrace.h>

/*
 * Fill in the error (if not NULL), with errno if the status is MT_ERR_SYS,
 * and return the status, so that callers can return it.
 */
enum mt_status	mt_collect_fail(struct mt_error *, enum mt_status,
		    const char *fmt, ...)
		    __attribute__((__format__(__printf__, 3, 4)));

#endif /* MT_COLLECT_ERROR_H */
