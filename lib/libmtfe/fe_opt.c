/* Arguments of options. */

#include "fe_opt.h"

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
