/* Directories that are ours alone. */

#include <sys/stat.h>
#include <sys/socket.h>

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "mt_place.h"

bool
mt_place_is_private(int fd)
{
	struct stat st;

	return (fstat(fd, &st) == 0 && S_ISDIR(st.st_mode) &&
	    st.st_uid == geteuid() && (st.st_mode & 077) == 0);
}

bool
mt_place_is_safe(int fd)
{
	struct stat st;

	return (fstat(fd, &st) == 0 && S_ISDIR(st.st_mode) &&
	    (st.st_uid == geteuid() || st.st_uid == 0) &&
	    ((st.st_mode & 022) == 0 || (st.st_mode & S_ISVTX) != 0));
}

int
mt_place_open(int dir, const char *path, bool make)
{
	int fd;

	if (make && mkdirat(dir, path, 0700) == -1 && errno != EEXIST)
		return (-1);
	fd = openat(dir, path,
	    O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	if (fd == -1 || mt_place_is_private(fd))
		return (fd);
	(void)close(fd);
	errno = EACCES;
	return (-1);
}

bool
mt_place_address(struct sockaddr_un *sun, int dir, const char *name)
{
	int n;

	memset(sun, 0, sizeof(*sun));
	sun->sun_family = AF_UNIX;
	n = snprintf(sun->sun_path, sizeof(sun->sun_path),
	    "/proc/self/fd/%d/%s", dir, name);
	return (n > 0 && (size_t)n < sizeof(sun->sun_path));
}
