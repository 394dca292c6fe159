/* Where the running program is. */

#ifndef FE_SELF_H
#define FE_SELF_H

#include <stddef.h>

/*
 * The directory of the program that runs, with a slash at its end, in buf;
 * NULL with errno set if it cannot be told.
 */
const char	*fe_self_dir(char *buf, size_t size);

/*
 * The path of another program of ours, which is beside this one and looked for
 * nowhere else; to be freed.  NULL with errno if the directory is a secret.
 */
char		*fe_self_beside(const char *name);

#endif /* FE_SELF_H */
