/*
 * Times of day: ISO 8601 with milliseconds, always in UTC, so that a report
 * of a capture is the same on every machine.
 */

#ifndef FE_TIME_H
#define FE_TIME_H

#include <stdint.h>

#define FE_TIME_MAX	40	/* "2026-11-22T09:42:17.800+00:00" */

/* Format nanoseconds since 1970 into buf and return it; NULL for 0. */
const char	*fe_time(char buf[FE_TIME_MAX], uint64_t ns);

#endif /* FE_TIME_H */
