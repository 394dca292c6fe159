/* Memory for programs: out of memory ends them, with a line and status 1. */

#ifndef FE_ALLOC_H
#define FE_ALLOC_H

#include <stddef.h>

/* Room for n elements of `size` bytes and `extra` bytes, not cleared. */
void	*fe_alloc(size_t n, size_t size, size_t extra);

/*
 * Make room in the array p of *cap elements for one more than n; returns the
 * array, which may have moved.
 */
void	*fe_grow(void *p, size_t n, size_t size, size_t *cap);

char	*fe_strdup(const char *);
/* As printf(3), to be freed. */
char	*fe_format(const char *fmt, ...)
	    __attribute__((__format__(__printf__, 1, 2)));

#endif /* FE_ALLOC_H */
