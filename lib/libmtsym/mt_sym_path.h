/* Names of source files as compilers write them. */

#ifndef MT_SYM_PATH_H
#define MT_SYM_PATH_H

/*
 * Copy a path without "." and, where that only means text, "..", and without
 * double slashes: "./build/../Objects//x.c" is "Objects/x.c".  To be freed;
 * NULL if out of memory.
 */
char	*mt_sym_path(const char *);

#endif /* MT_SYM_PATH_H */
