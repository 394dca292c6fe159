/* How all programs come by the files that they write. */

#include <sys/stat.h>

#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <mt_file.h>

#include "fe_create.h"

int
fe_create_descriptor(const char *name)
{
	static const char *const dirs[] = { "/dev/fd/", "/proc/self/fd/" };
	char *end;
	long n;

	if (strcmp(name, "-") == 0 || strcmp(name, "/dev/stdout") == 0)
		return (1);
	if (strcmp(name, "/dev/stderr") == 0)
		return (2);
	for (size_t i = 0; i < 2; i++) {
		size_t len = strlen(dirs[i]);

		if (strncmp(name, dirs[i], len) != 0 ||
		    name[len] < '0' || name[len] > '9')
			continue;
		errno = 0;
		n = strtol(name + len, &end, 10);
		if (*end == '\0' && errno == 0 && n <= INT32_MAX)
			return ((int)n);
	}
	return (-1);
}

static enum fe_create_status
failed(struct fe_create *c)
{
	const int error = errno;

	fe_create_fini(c);
	if (c->fd != -1)
		(void)close(c->fd);
	c->fd = -1;
	errno = error;
	return (error == EEXIST ? FE_CREATE_EXISTS : FE_CREATE_ERRNO);
}

/* What was opened is a file of that place; the name is taken over. */
static enum fe_create_status
have(struct fe_create *c, char *place)
{
	struct stat st;

	c->place = place;
	if (c->fd == -1 || fstat(c->fd, &st) == -1)
		return (failed(c));
	c->dev = st.st_dev;
	c->ino = st.st_ino;
	return (FE_CREATE_OK);
}

/*
 * Write over a file in a directory where we may not make one.  It has to be
 * ours: somebody else could still hold it open.
 */
static int
truncate_own(const char *place)
{
	struct stat st;
	int fd = mt_file_edit(place, true);

	if (fd == -1)
		return (-1);
	if (fstat(fd, &st) == 0 && st.st_uid == geteuid() &&
	    fchmod(fd, S_IRUSR | S_IWUSR) == 0 && ftruncate(fd, 0) == 0)
		return (fd);
	(void)close(fd);
	errno = EACCES;
	return (-1);
}

/* Takes the name over. */
static enum fe_create_status
replace(struct fe_create *c, char *place)
{
	c->fd = mt_file_create_beside(place, &c->fresh);
	c->is_new = c->fd != -1;
	if (c->fd == -1 && (errno == EACCES || errno == EPERM ||
	    errno == ENAMETOOLONG))
		c->fd = truncate_own(place);
	return (have(c, place));
}

static void
begin(struct fe_create *c)
{
	memset(c, 0, sizeof(*c));
	c->fd = -1;
}

enum fe_create_status
fe_create_file(struct fe_create *c, const char *name, bool force)
{
	char *place = strdup(name);

	begin(c);
	if (place == NULL)
		return (FE_CREATE_ERRNO);
	c->fd = mt_file_create(place);
	c->is_new = c->fd != -1;
	if (c->fd == -1 && errno == EEXIST && force)
		return (replace(c, place));
	return (have(c, place));
}

/* A FIFO or a device, which it has to be still when it is open. */
static enum fe_create_status
open_stream(struct fe_create *c, const char *place, const struct stat *was)
{
	struct stat st;

	if (S_ISFIFO(was->st_mode) && was->st_uid != geteuid() &&
	    was->st_uid != 0)
		return (FE_CREATE_STRANGE);
	c->fd = open(place, O_WRONLY | O_NOFOLLOW | O_CLOEXEC | O_NOCTTY);
	if (c->fd == -1 || fstat(c->fd, &st) == -1)
		return (failed(c));
	if (st.st_ino == was->st_ino && st.st_dev == was->st_dev)
		return (FE_CREATE_OK);
	errno = EAGAIN;
	return (failed(c));
}

/* What has that name, which is no link any more, or one to nowhere. */
static enum fe_create_status
open_existing(struct fe_create *c, char *place, const struct stat *st,
    unsigned flags)
{
	enum fe_create_status status = FE_CREATE_ODD;

	if (S_ISREG(st->st_mode) || S_ISLNK(st->st_mode)) {
		if ((flags & FE_CREATE_FORCE) != 0)
			return (replace(c, place));
		status = FE_CREATE_EXISTS;
	} else if (S_ISDIR(st->st_mode))
		status = FE_CREATE_DIR;
	else if (S_ISFIFO(st->st_mode) || S_ISCHR(st->st_mode))
		status = (flags & FE_CREATE_FILES) != 0 ? FE_CREATE_STREAM :
		    open_stream(c, place, st);
	free(place);
	return (status);
}

static enum fe_create_status
open_descriptor(struct fe_create *c, int fd, unsigned flags)
{
	if ((flags & FE_CREATE_FILES) != 0)
		return (FE_CREATE_STREAM);
	c->fd = fcntl(fd, F_DUPFD_CLOEXEC, 3);
	return (c->fd == -1 ? FE_CREATE_ERRNO : FE_CREATE_OK);
}

enum fe_create_status
fe_create_open(struct fe_create *c, const char *name, unsigned flags)
{
	const int fd = fe_create_descriptor(name);
	struct stat st;
	char *place;

	begin(c);
	if (fd != -1)
		return (open_descriptor(c, fd, flags));
	if (mt_file_place(name, &place) == -1)
		return (errno == ELOOP ? FE_CREATE_STRANGE : FE_CREATE_ERRNO);
	if (lstat(place, &st) == 0)
		return (open_existing(c, place, &st, flags));
	c->fd = mt_file_create(place);
	c->is_new = c->fd != -1;
	return (have(c, place));
}

bool
fe_create_commit(struct fe_create *c)
{
	if (c->fresh == NULL)
		return (true);
	if (rename(c->fresh, c->place) == -1)
		return (false);
	free(c->fresh);
	c->fresh = NULL;
	return (true);
}

void
fe_create_discard(struct fe_create *c)
{
	const char *name = c->fresh != NULL ? c->fresh : c->place;
	struct stat st;

	if (c->is_new && lstat(name, &st) == 0 && st.st_dev == c->dev &&
	    st.st_ino == c->ino)
		(void)unlink(name);
}

void
fe_create_fini(struct fe_create *c)
{
	free(c->place);
	free(c->fresh);
	c->place = c->fresh = NULL;
}
