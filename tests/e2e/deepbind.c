/*
 * Libraries that deepbind.py opens with RTLD_DEEPBIND.  PLAIN uses malloc(3)
 * as it finds it, also in its constructor; OWN has one of its own; OPENS
 * opens a library by a name that only its own run path leads to.
 */

#include <dlfcn.h>
#include <stdlib.h>
#include <string.h>

#if defined(OWN)
static char	pool[4096];

void *
malloc(size_t n)
{
	return (n <= sizeof(pool) ? pool : NULL);
}

void
free(void *p)
{
	(void)p;
}

int
is_own(void)
{
	void *volatile p = malloc(100);

	free(p);
	return (p == pool);
}
#elif defined(OPENS)
int
opens(const char *name, int mode)
{
	return (dlopen(name, mode) != NULL);
}
#else
static void	*kept;

__attribute__((__constructor__)) static void
begin(void)
{
	kept = malloc(3000000);
}

void *
get(size_t n)
{
	char *p = malloc(n);

	return (p == NULL || kept == NULL ? NULL : memset(p, 1, n));
}

/* By the C library, for whom this is allocated as well. */
char *
copy(const char *s)
{
	return (strdup(s));
}

void
drop(void *p)
{
	free(p);
}
#endif
