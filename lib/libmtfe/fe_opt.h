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

#endif /* FE_OPT_H */
