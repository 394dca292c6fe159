/* Directories that are ours alone. */

#include <sys/stat.h>

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
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

/* ---- Of live feeds ----------------------------------------------------- */

/* Where it is, in the order of preference, and under which name. */
enum { RUNTIME, RUN_USER, TMP, HOME };

/* The directory above ours; NULL: there is none. */
static const char *
above(unsigned i, char buf[64])
{
	const char *path = "/tmp";

	if (i == RUN_USER) {
		(void)snprintf(buf, 64, "/run/user/%lu",
		    (unsigned long)geteuid());
		return (buf);
	}
	if (i != TMP)
		path = getenv(i == RUNTIME ? "XDG_RUNTIME_DIR" : "HOME");
	return (path != NULL && *path == '/' ? path : NULL);
}

/* Nothing is made in the home of somebody else, which is that of sudo -E. */
static bool
make_state(int home)
{
	struct stat st;

	if (fstat(home, &st) == -1 || st.st_uid != geteuid())
		return (false);
	(void)mkdirat(home, ".local", 0700);
	(void)mkdirat(home, ".local/state", 0700);
	return (true);
}

int
mt_place_feed(unsigned i, bool make, char path[MT_PLACE_PATH])
{
	char buf[64], name[40] = "memtrace";
	const char *dir = above(i, buf);
	int error, fd, n, up;

	errno = ENOENT;
	if (dir == NULL)
		return (-1);
	if (i == TMP)
		(void)snprintf(name, sizeof(name), "memtrace-%lu",
		    (unsigned long)geteuid());
	if (i == HOME)
		(void)snprintf(name, sizeof(name), ".local/state/memtrace");
	n = snprintf(path, MT_PLACE_PATH, "%s/%s", dir, name);
	errno = ENAMETOOLONG;
	if (n < 0 || n >= (int)MT_PLACE_PATH)
		return (-1);
	/* What is called after the user has to be his, /tmp need not. */
	up = i == RUNTIME || i == RUN_USER ?
	    mt_place_open(AT_FDCWD, dir, false) :
	    open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (up == -1)
		return (-1);
	fd = mt_place_open(up, name, make && (i != HOME || make_state(up)));
	error = errno;
	(void)close(up);
	errno = error;
	return (fd);
}
