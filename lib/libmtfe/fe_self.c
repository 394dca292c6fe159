/* Where the running program is.  Linux only. */

#include <errno.h>
#include <limits.h>
#include <string.h>
#include <unistd.h>

#include "fe_alloc.h"
#include "fe_self.h"

const char *
fe_self_dir(char *buf, size_t size)
{
	ssize_t n = readlink("/proc/self/exe", buf, size - 1);
	char *slash;

	if (n < 0)
		return (NULL);
	buf[n] = '\0';
	if ((slash = strrchr(buf, '/')) == NULL) {
		errno = ENOENT;
		return (NULL);
	}
	slash[1] = '\0';
	return (buf);
}

char *
fe_self_beside(const char *name)
{
	char buf[PATH_MAX];
	const char *dir = fe_self_dir(buf, sizeof(buf));

	return (dir == NULL ? NULL : fe_format("%s%s", dir, name));
}
