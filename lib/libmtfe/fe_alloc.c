/* Memory for programs. */

#include <err.h>
#include <errno.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "fe_alloc.h"

static void *
need(void *p)
{
	if (p == NULL)
		err(1, NULL);
	return (p);
}

void *
fe_alloc(size_t n, size_t size, size_t extra)
{
	if (size != 0 && n > (SIZE_MAX - extra) / size) {
		errno = ENOMEM;
		return (need(NULL));
	}
	return (need(malloc(n * size + extra + (n * size + extra == 0))));
}

void *
fe_grow(void *p, size_t n, size_t size, size_t *cap)
{
	size_t want = *cap < 8 ? 8 : *cap * 2;

	if (n < *cap)
		return (p);
	p = need(reallocarray(p, want, size));
	*cap = want;
	return (p);
}

char *
fe_strdup(const char *s)
{
	return (need(strdup(s)));
}

char *
fe_format(const char *fmt, ...)
{
	va_list ap;
	char *s;
	int n;

	va_start(ap, fmt);
	n = vasprintf(&s, fmt, ap);
	va_end(ap);
	return (need(n < 0 ? NULL : s));
}
