/* Names of source files. */

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "mt_sym_path.h"

/* Where the last component of what is there begins, if ".." can drop it. */
static char *
parent(char *path, char *end)
{
	char *p = end;

	while (p > path && p[-1] != '/')
		p--;
	if (p == end || (end - p == 2 && memcmp(p, "..", 2) == 0))
		return (NULL);
	return (p);
}

char *
mt_sym_path(const char *from)
{
	char *path = malloc(strlen(from) + 2), *base, *last, *to;
	size_t n;

	if (path == NULL)
		return (NULL);
	base = to = path;
	if (*from == '/') {
		*to++ = '/';
		base = to;
	}
	for (; *from != '\0'; from += n) {
		from += strspn(from, "/");
		n = strcspn(from, "/");
		if (n == 0 || (n == 1 && *from == '.'))
			continue;
		last = parent(base, to);
		if (n == 2 && memcmp(from, "..", 2) == 0 && last != NULL) {
			to = last > base ? last - 1 : base;
			continue;
		}
		if (to > base)
			*to++ = '/';
		memcpy(to, from, n);
		to += n;
	}
	*to = '\0';
	return (path);
}
