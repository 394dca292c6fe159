/*
 * A library that comes and goes.  Two of them are made, with different
 * frames and names in the same places: where one was, the other may be.
 */

#include <stdlib.h>

#ifndef PLUG_FRAME
#define PLUG_FRAME	24
#endif
#define GLUE(a, b)	a##b
#define NAME(a, b)	GLUE(a, b)

int	plug_run(int);

/* Or the compiler would not allocate what nobody looks at. */
static volatile int	sink;

static __attribute__((__noinline__)) int
NAME(plug_, PLUG_FRAME)(int n)
{
	volatile char local[PLUG_FRAME];
	char *p = malloc((size_t)n);

	local[0] = 1;
	p[0] = local[0];
	sink += p[0];
	free(p);
	return (n > 3 ? NAME(plug_, PLUG_FRAME)(n - 1) + local[0] : n);
}

int
plug_run(int n)
{
	return (NAME(plug_, PLUG_FRAME)(n) + 1);
}
