/*
 * Sizes for people: SI units, three decimals, as memray prints them since
 * its version 1.18 ("1.235MB").  See fe_table.h for plain integers in pipes.
 */

#ifndef FE_SIZE_H
#define FE_SIZE_H

#include <stdint.h>

#define FE_SIZE_MAX	16	/* the longest is "1000.000PB" */

/* Format into buf and return it. */
const char	*fe_size(char buf[FE_SIZE_MAX], uint64_t bytes);

#endif /* FE_SIZE_H */
