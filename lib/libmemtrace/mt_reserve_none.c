/* For systems that cannot reserve disk space behind the end of a file. */

#include <errno.h>

#include "mt_reserve.h"

int
mt_reserve(int fd, uint64_t offset, uint64_t n)
{
	(void)fd;
	(void)offset;
	(void)n;
	return (EOPNOTSUPP);
}
