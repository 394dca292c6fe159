/* Where the running program is. */

#ifndef FE_SELF_H
#define FE_SELF_H

#include <stddef.h>

/*
 * The directory of the program that runs, with a slash at its end, in buf;
 * NULL with errno set if it cannot be told.
 */
const char	*fe_self_dir(char *buf, size_t size);

#endif /* FE_SELF_H */
