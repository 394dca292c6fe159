/* Times of day. */

#include <stdio.h>
#include <time.h>

#include "fe_time.h"

const char *
fe_time(char buf[FE_TIME_MAX], uint64_t ns)
{
	time_t t = (time_t)(ns / 1000000000);
	struct tm tm;
	size_t n;

	if (ns == 0 || gmtime_r(&t, &tm) == NULL)
		return (NULL);
	n = strftime(buf, FE_TIME_MAX, "%Y-%m-%dT%H:%M:%S", &tm);
	(void)snprintf(buf + n, FE_TIME_MAX - n, ".%03u+00:00",
	    (unsigned)(ns / 1000000 % 1000));
	return (buf);
}
