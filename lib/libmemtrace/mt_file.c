/* Files that somebody else may have a hand in.  Linux only. */

#include <sys/mman.h>

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "mt_file.h"
#include "mt_place.h"

#ifndef MFD_NOEXEC_SEAL
#define MFD_NOEXEC_SEAL	8u
#endif

/* ---- Files that are there ---------------------------------------------- */

/* What was looked at through this descriptor (O_PATH) is what is opened. */
static int
reopen(int fd, int flags)
{
	char path[40];
	int error, to;

	(void)snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	to = open(path, flags | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);
	error = errno;
	(void)close(fd);
	errno = error;
	return (to);
}

/* A descriptor with which nothing can be done but to look; and the look. */
static int
look(const char *path, int flags, struct stat *st)
{
	int fd = open(path, O_PATH | O_CLOEXEC | flags);

	if (fd == -1)
		return (-1);
	if (fstat(fd, st) == 0 && S_ISREG(st->st_mode))
		return (fd);
	(void)close(fd);
	errno = S_ISLNK(st->st_mode) ? ELOOP : EINVAL;
	return (-1);
}

int
mt_file_open(const char *path, struct stat *st)
{
	int fd = look(path, 0, st);

	return (fd == -1 ? -1 : reopen(fd, O_RDONLY));
}

int
mt_file_place(const char *path, char **to)
{
	struct stat st;
	char *place;

	if (lstat(path, &st) == 0 && S_ISLNK(st.st_mode)) {
		if (!mt_place_trusts(st.st_uid)) {
			errno = ELOOP;
			return (-1);
		}
		if ((place = realpath(path, NULL)) == NULL && errno != ENOENT)
			return (-1);
		if (place != NULL) {
			*to = place;
			return (0);
		}
	}
	if ((place = strdup(path)) == NULL)
		return (-1);
	*to = place;
	return (0);
}

int
mt_file_edit(const char *path, bool may_write)
{
	struct stat st;
	char *place;
	int fd;

	if (mt_file_place(path, &place) == -1)
		return (-1);
	fd = look(place, O_NOFOLLOW, &st);
	free(place);
	return (fd == -1 ? -1 : reopen(fd, may_write ? O_RDWR : O_RDONLY));
}

/* ---- New files --------------------------------------------------------- */

int
mt_file_create(const char *path)
{
	return (open(path, O_RDWR | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC,
	    S_IRUSR | S_IWUSR));
}

int
mt_file_create_beside(const char *path, char **fresh)
{
	const char *slash = strrchr(path, '/');
	const char *base = slash == NULL ? path : slash + 1;
	char *name;
	int fd;

	if (asprintf(&name, "%.*s.%s.XXXXXX", (int)(base - path), path,
	    base) < 0)
		return (-1);
	if ((fd = mkostemp(name, O_CLOEXEC)) == -1) {
		free(name);
		return (-1);
	}
	*fresh = name;
	return (fd);
}

int
mt_file_nameless(const char *dir)
{
	char *path;
	int fd;

	fd = open(dir, O_TMPFILE | O_EXCL | O_RDWR | O_CLOEXEC,
	    S_IRUSR | S_IWUSR);
	if (fd != -1 || (errno != EOPNOTSUPP && errno != EISDIR &&
	    errno != EINVAL && errno != ENOENT))
		return (fd);
	/* Not every file system makes files without names. */
	if (asprintf(&path, "%s/memtrace.XXXXXX", dir) < 0)
		return (-1);
	fd = mkostemp(path, O_CLOEXEC);
	if (fd != -1)
		(void)unlink(path);
	free(path);
	return (fd);
}

int
mt_file_temporary(void)
{
	return (mt_file_nameless(mt_place_tmpdir()));
}

/* Where the system insists, it has to be said that nobody will execute it. */
int
mt_file_memory(const char *name)
{
	const unsigned flags = MFD_CLOEXEC | MFD_ALLOW_SEALING;
	int fd = memfd_create(name, flags | MFD_NOEXEC_SEAL);

	if (fd == -1 && errno == EINVAL)	/* before Linux 6.3 */
		fd = memfd_create(name, flags);
	return (fd);
}
