/* Arguments of options. */

#include <err.h>
#include <inttypes.h>

#include "fe_opt.h"
#include "fe_program.h"

bool
fe_opt_number(const char *s, uint64_t min, uint64_t max, uint64_t *n)
{
	uint64_t v = 0;

	if (*s == '\0')
		return (false);
	for (; *s != '\0'; s++) {
		unsigned digit = (unsigned)(*s - '0');

		if (digit > 9 || v > (UINT64_MAX - digit) / 10)
			return (false);
		v = v * 10 + digit;
	}
	if (v < min || v > max)
		return (false);
	*n = v;
	return (true);
}

uint64_t
fe_opt_count(const char *option, const char *s, uint64_t max)
{
	uint64_t n;

	if (fe_opt_number(s, 1, max, &n))
		return (n);
	/* A bound that nobody comes near is none to speak of. */
	if (max >= UINT32_MAX)
		errx(FE_EXIT_USAGE, "%s: not a positive number: %s", option,
		    s);
	errx(FE_EXIT_USAGE, "%s: not a number from 1 to %" PRIu64 ": %s",
	    option, max, s);
}
