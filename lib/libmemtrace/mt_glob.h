/*
 * Patterns in the manner of glob(7), the same in every locale: * is any
 * string, also across slashes, ? any character, [a-z] one of some, [!a-z]
 * another one, and a backslash takes the next character as it is.
 */

#ifndef MT_GLOB_H
#define MT_GLOB_H

#include <stdbool.h>

#include "memtrace.h"

/* Characters are those of UTF-8; a byte that is not is one by itself. */
bool	mt_glob_match(const char *pattern, const char *s);
/* Does any of them match? */
bool	mt_glob_any(const struct mt_patterns *, const char *s);

#endif /* MT_GLOB_H */
