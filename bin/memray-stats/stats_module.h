/*
 * The module that a file belongs to, found from its path alone, since the
 * capture may come from another machine.
 */

#ifndef STATS_MODULE_H
#define STATS_MODULE_H

#include <stdbool.h>
#include <stddef.h>

/* Is the file part of Python's standard library? */
bool	stats_module_is_library(const char *file);
/* Is it in a directory of installed packages? */
bool	stats_module_is_installed(const char *file);

/*
 * The top-level package or module of a file that is not the library's, to
 * be freed.  dir is a directory of which the program imports, with its slash,
 * or NULL: what is not below that is named by the file alone.
 */
char	*stats_module_name(const char *file, const char *dir);

#endif /* STATS_MODULE_H */
