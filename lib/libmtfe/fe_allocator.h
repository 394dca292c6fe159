/* Names of allocation functions where memray writes them in capitals. */

#ifndef FE_ALLOCATOR_H
#define FE_ALLOCATOR_H

#define FE_ALLOCATOR_MAX	32

/* "PYMALLOC_MALLOC" into buf, which is returned. */
const char	*fe_allocator(char buf[FE_ALLOCATOR_MAX], unsigned allocator);

#endif /* FE_ALLOCATOR_H */
