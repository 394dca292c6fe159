/* Disk space reserved behind the end of a file, with Linux's fallocate(2). */

#include <errno.h>
#include <fcntl.h>

#include "mt_reserve.h"

int
mt_reserve(int fd, uint64_t offset, uint64_t n)
{
	while (fallocate(fd, FALLOC_FL_KEEP_SIZE, (off_t)offset,
	    (off_t)n) == -1)
		if (errno != EINTR)
			return (errno == ENOSYS ? EOPNOTSUPP : errno);
	return (0);
}
