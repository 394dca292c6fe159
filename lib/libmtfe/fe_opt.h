/* Arguments of options. */

#ifndef FE_OPT_H
#define FE_OPT_H

#include <stdbool.h>
#include <stdint.h>

/*
 * A decimal number from min to max, digits only: no sign, no blanks, nothing
 * behind.  Returns false and leaves *n alone if s is not one.
 */
bool	fe_opt_number(const char *s, uint64_t min, uint64_t max, uint64_t *n);

/*
 * The argument s of an option, a number from 1 to max.  If it is none, or too
 * large, the program says so and exits with FE_EXIT_USAGE.
 */
uint64_t fe_opt_count(const char *option, const char *s, uint64_t max);

#endif /* FE_OPT_H */
