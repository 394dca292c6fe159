/* Names of allocation functions. */

#include <memtrace.h>

#include "fe_allocator.h"

const char *
fe_allocator(char buf[FE_ALLOCATOR_MAX], unsigned allocator)
{
	const char *s = mt_allocator_name(allocator);
	char *p = buf;

	for (; *s != '\0' && p < buf + FE_ALLOCATOR_MAX - 1; s++)
		*p++ = (char)(*s >= 'a' && *s <= 'z' ? *s - 'a' + 'A' : *s);
	*p = '\0';
	return (buf);
}
