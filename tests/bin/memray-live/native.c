/* Functions that keep memory: one that is inlined into one that is not. */

#include <stdlib.h>

void	*native_keep(size_t);
void	*native_more(size_t);

/* So that the call is none in a tail. */
#define AFTER(p)	__asm__ volatile("" : "+r"(p))

static inline __attribute__((__always_inline__)) void *
innermost(size_t n)
{
	return (malloc(n));
}

static __attribute__((__noinline__)) void *
helper(size_t n)
{
	void *p = innermost(n);

	AFTER(p);
	return (p);
}

void *
native_keep(size_t n)
{
	void *p = helper(n);

	AFTER(p);
	return (p);
}

/* What is only called later. */
void *
native_more(size_t n)
{
	void *p = malloc(n);

	AFTER(p);
	return (p);
}
