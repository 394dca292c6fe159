/*
 * Memory for large tables that are accessed at random: zero, nothing before
 * it is touched, and in huge pages where the system has them, for with small
 * ones nearly every access would miss the TLB.
 */

#ifndef MT_PAGES_H
#define MT_PAGES_H

#include <stddef.h>

/* Starts at a page; NULL if out of memory. */
void	*mt_pages_new(size_t bytes);
/* p may be NULL; bytes as it was asked for. */
void	 mt_pages_free(void *p, size_t bytes);

/* For free(3), and not zero: what will be filled is faster to get that way. */
void	*mt_pages_malloc(size_t bytes);

#endif /* MT_PAGES_H */
