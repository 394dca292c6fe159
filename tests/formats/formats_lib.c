/* A function whose symbol formats_program.py writes another name over. */

#include <stddef.h>
#include <stdlib.h>

/* As long as the name that it gets. */
static __attribute__((__noinline__)) void *
allocate(size_t n)
    __asm__("formats_xxxxxxxxxxxxxxxxxxxxxx");

static void *
allocate(size_t n)
{
	void *p = malloc(n);

	/* Nor a jump: the frame is to be seen. */
	__asm__ volatile("" : : "r"(p) : "memory");
	return (p);
}

void	*formats_allocate(size_t);

void *
formats_allocate(size_t n)
{
	void *p = allocate(n);

	__asm__ volatile("" : : "r"(p) : "memory");
	return (p);
}
