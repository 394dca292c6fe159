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

#endif /* FE_ALLOC_H */
