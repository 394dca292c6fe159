/* Sizes in SI units. */

#include <stdio.h>

#include "fe_size.h"

/*
 * The unit is chosen before rounding, so 999999999 is "1000.000MB".  That
 * and the repeated division are what memray does; the same number must not
 * look different here and there.
 */
const char *
fe_size(char buf[FE_SIZE_MAX], uint64_t bytes)
{
	static const char *const units[] = {
		"B", "kB", "MB", "GB", "TB", "PB", "EB"
	};
	double v = (double)bytes;
	size_t u = 0;

	while (v >= 1000.0 && u < sizeof(units) / sizeof(units[0]) - 1) {
		v /= 1000.0;
		u++;
	}
	(void)snprintf(buf, FE_SIZE_MAX, "%.3f%s", v, units[u]);
	return (buf);
}
