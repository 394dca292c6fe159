/*
 * Messages of programs, one line each on standard error, in the manner of
 * warnx(3): "memray-summary: app.bin: ...".  A file of "-" is called
 * "standard input"; NULL is none.
 */

#ifndef FE_WARN_H
#define FE_WARN_H

#include <memtrace.h>

/* What a failed call of libmemtrace said. */
void	fe_warn(const char *file, const struct mt_error *);

/* "memray-summary: app.bin: warning: 12 events were lost" */
void	fe_warning(const char *file, const char *fmt, ...)
	    __attribute__((__format__(__printf__, 2, 3)));

/* "memray-summary: app.bin: still being recorded" */
void	fe_note(const char *file, const char *fmt, ...)
	    __attribute__((__format__(__printf__, 2, 3)));

#endif /* FE_WARN_H */
