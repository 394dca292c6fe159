/* The capture: its name, and how it comes into being. */

#include <sys/stat.h>

#include <err.h>
#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "run_name.h"
#include "run_target.h"
#include "run_util.h"

/*
 * The program must not find a descriptor of ours where it expects the next
 * free one, not even for the moment between fork and exec.
 */
#define FIRST_FD	64

static int
fail(const char *name)
{
	warn("could not create output file %s", name);
	return (-1);
}

static int
exists(const char *name)
{
	warnx("output file %s already exists; use --force to overwrite it",
	    name);
	return (-1);
}

static int
move_up(int fd)
{
	int up = fcntl(fd, F_DUPFD_CLOEXEC, FIRST_FD);

	if (up == -1)
		return (fd);	/* the limit is low; this one works too */
	(void)close(fd);
	return (up);
}

/* Create the file; errno is EEXIST if there is anything of that name. */
static int
create(struct run_capture *c, const char *path)
{
	struct stat st;
	int fd;

	fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC,
	    0600);
	if (fd == -1)
		return (-1);
	if (fstat(fd, &st) == 0) {
		c->dev = st.st_dev;
		c->ino = st.st_ino;
	}
	c->fd = move_up(fd);
	c->is_file = true;
	return (0);
}

/*
 * Reuse a file in a directory where we may not remove it.  It has to be ours:
 * somebody else could still hold it open, or look at it under another name.
 */
static int
truncate_own(struct run_capture *c, const char *path)
{
	struct stat st;
	int fd;

	fd = open(path, O_WRONLY | O_NOFOLLOW | O_CLOEXEC | O_NONBLOCK);
	if (fd == -1)
		return (-1);
	if (fstat(fd, &st) != 0 || !S_ISREG(st.st_mode) ||
	    st.st_uid != geteuid() || ftruncate(fd, 0) != 0) {
		(void)close(fd);
		errno = EACCES;
		return (-1);
	}
	c->fd = move_up(fd);
	c->is_file = true;
	return (0);
}

static int
replace(struct run_capture *c, const char *path)
{
	if (unlink(path) == 0 || errno == ENOENT)
		return (create(c, path));
	return (truncate_own(c, path));
}

/* There is room for one capture only. */
static int
no_stream(const char *name)
{
	warnx("--follow-fork makes a file for each process: %s will not do",
	    name);
	return (-1);
}

/* A FIFO or a device.  Opening a FIFO waits for its reader, as in a shell. */
static int
open_special(struct run_capture *c, const char *path)
{
	struct stat st;
	int fd;

	fd = open(path, O_WRONLY | O_NOFOLLOW | O_CLOEXEC | O_NOCTTY);
	if (fd == -1)
		return (-1);
	if (isatty(fd) || fstat(fd, &st) != 0 ||
	    (!S_ISFIFO(st.st_mode) && !S_ISCHR(st.st_mode))) {
		(void)close(fd);
		errno = EINVAL;
		return (-1);
	}
	c->fd = move_up(fd);
	return (0);
}

/* Something of that name exists, and it is no symbolic link. */
static int
open_existing(struct run_capture *c, const char *path, mode_t mode,
    bool force)
{
	if (c->many && (S_ISFIFO(mode) || S_ISCHR(mode)))
		return (no_stream(c->name));
	if (S_ISFIFO(mode) || S_ISCHR(mode))
		return (open_special(c, path) == 0 ? 0 : fail(c->name));
	if (S_ISDIR(mode)) {
		warnx("output file %s is a directory", c->name);
		return (-1);
	}
	if (!S_ISREG(mode)) {
		warnx("output file %s is neither a file nor a pipe", c->name);
		return (-1);
	}
	if (!force)
		return (exists(c->name));
	return (replace(c, path) == 0 ? 0 : fail(c->name));
}

/*
 * Where a symbolic link leads is decided by its owner: only our own links and
 * the system's are followed.
 */
static int
open_link(struct run_capture *c, const struct stat *link, bool force)
{
	struct stat st;
	char *path;
	int rc;

	if (link->st_uid != geteuid() && link->st_uid != 0) {
		warnx("output file %s is somebody else's symbolic link",
		    c->name);
		return (-1);
	}
	if ((path = realpath(c->name, NULL)) == NULL) {
		if (errno != ENOENT)
			return (fail(c->name));
		if (!force)
			return (exists(c->name));
		return (replace(c, c->name) == 0 ? 0 : fail(c->name));
	}
	if (lstat(path, &st) != 0)
		rc = fail(c->name);
	else
		rc = open_existing(c, path, st.st_mode, force);
	free(path);
	return (rc);
}

/* The N of /dev/fd/N, 1 for "-" and /dev/stdout, or -1. */
static int
descriptor_of(const char *output)
{
	static const char *const dirs[] = { "/dev/fd/", "/proc/self/fd/" };
	char *end;
	long n;

	if (strcmp(output, "-") == 0 || strcmp(output, "/dev/stdout") == 0)
		return (1);
	if (strcmp(output, "/dev/stderr") == 0)
		return (2);
	for (size_t i = 0; i < 2; i++) {
		size_t len = strlen(dirs[i]);

		if (strncmp(output, dirs[i], len) != 0 ||
		    output[len] < '0' || output[len] > '9')
			continue;
		errno = 0;
		n = strtol(output + len, &end, 10);
		if (*end == '\0' && errno == 0 && n <= INT32_MAX)
			return ((int)n);
	}
	return (-1);
}

/* Write the capture to a descriptor that we were started with. */
static int
open_descriptor(struct run_capture *c, int fd)
{
	int flags = fcntl(fd, F_GETFL);

	if (fd == 1) {
		free(c->name);
		c->name = run_format("standard output");
	}
	if (flags == -1) {
		warn("%s", c->name);
		return (-1);
	}
	if (c->many)
		return (no_stream(c->name));
	if (fd == 0 || fd == 2 || (flags & O_ACCMODE) == O_RDONLY) {
		warnx("%s cannot take the capture", c->name);
		return (-1);
	}
	if (isatty(fd)) {
		warnx("%s is a terminal: the capture must go to a file or "
		    "a pipe", c->name);
		return (-1);
	}
	if ((c->fd = fcntl(fd, F_DUPFD_CLOEXEC, FIRST_FD)) == -1)
		return (fail(c->name));
	c->stream_fd = fd;
	return (0);
}

int
run_name_open(struct run_capture *c, const char *output, bool force)
{
	struct stat st;
	int fd = descriptor_of(output);

	c->name = run_format("%s", output);
	if (fd != -1)
		return (open_descriptor(c, fd));
	if (lstat(output, &st) != 0) {
		if (errno == ENOENT && create(c, output) == 0)
			return (0);
		return (errno == EEXIST ? exists(output) : fail(output));
	}
	if (S_ISLNK(st.st_mode))
		return (open_link(c, &st, force));
	return (open_existing(c, output, st.st_mode, force));
}

int
run_name_create(struct run_capture *c, const struct run_target *t, pid_t pid,
    bool force)
{
	const char *dir = t->dir;

	for (;;) {
		free(c->name);
		c->name = run_format("%smemray-%s.%ld.bin", dir, t->subject,
		    (long)pid);
		if (create(c, c->name) == 0)
			return (0);
		if (errno == EEXIST && !force)
			return (exists(c->name));
		if (errno == EEXIST && replace(c, c->name) == 0)
			return (0);
		if (*dir == '\0' || (errno != EACCES && errno != EPERM &&
		    errno != EROFS))
			return (fail(c->name));
		dir = "";
	}
}

/* ---- Captures of other processes -------------------------------------- */

/* Bytes of the capture's name without the program's own pid at its end. */
static int
stem(const struct run_capture *c)
{
	size_t len = strlen(c->name), n;
	char own[24];

	n = (size_t)snprintf(own, sizeof(own), ".%ld", (long)c->pid);
	return ((int)(len > n && strcmp(c->name + len - n, own) == 0 ?
	    len - n : len));
}

/* Keep the name; false if out of memory. */
static bool
add_other(struct run_capture *c, const char *name)
{
	size_t cap = c->others_cap == 0 ? 64 : 2 * c->others_cap;
	char **others;

	if (c->nothers == c->others_cap) {
		others = reallocarray(c->others, cap, sizeof(*others));
		if (others == NULL)
			return (false);
		c->others = others;
		c->others_cap = cap;
	}
	c->others[c->nothers] = strdup(name);
	if (c->others[c->nothers] == NULL)
		return (false);
	c->nothers++;
	return (true);
}

static int
child_name(const struct run_capture *c, pid_t pid, unsigned number,
    char name[MT_COLLECT_NAME])
{
	char again[16] = "";
	int n;

	if (number > 1)
		(void)snprintf(again, sizeof(again), ".%u", number);
	n = snprintf(name, MT_COLLECT_NAME, "%.*s.%ld%s", stem(c), c->name,
	    (long)pid, again);
	if (n < 0 || n >= (int)MT_COLLECT_NAME) {
		errno = ENAMETOOLONG;
		return (-1);
	}
	return (0);
}

int
run_name_child(void *capture, pid_t pid, unsigned number,
    char name[MT_COLLECT_NAME])
{
	struct run_capture child = { .fd = -1 }, *c = capture;

	if (child_name(c, pid, number, name) != 0)
		return (-1);
	if (create(&child, name) != 0 && errno == EEXIST)
		(void)replace(&child, name);
	if (child.fd != -1 && !add_other(c, name)) {
		(void)close(child.fd);
		errno = ENOMEM;
		return (-1);
	}
	return (child.fd);
}

void
run_name_replace(struct run_capture *c, int fd)
{
	(void)close(c->fd);
	c->fd = move_up(fd);
}

/* ---- New files for old -------------------------------------------------- */

static int
name_of(const struct run_capture *c, pid_t pid, unsigned number,
    char name[MT_COLLECT_NAME])
{
	int n;

	if (number != 0)
		return (child_name(c, pid, number, name));
	n = snprintf(name, MT_COLLECT_NAME, "%s", c->name);
	return (c->is_file && n >= 0 && n < (int)MT_COLLECT_NAME ? 0 : -1);
}

static bool
is_there(const struct run_capture *c, const char *name)
{
	struct stat st;

	return (lstat(name, &st) == 0 && st.st_dev == c->old.st_dev &&
	    st.st_ino == c->old.st_ino);
}

/* A hidden file beside the capture, with the same permissions. */
int
run_name_renew(void *capture, pid_t pid, unsigned number, int old)
{
	struct run_capture *c = capture;
	char name[MT_COLLECT_NAME];
	const char *base;
	int fd;

	/* What has several names, or another by now, is left alone. */
	if (name_of(c, pid, number, name) != 0 || fstat(old, &c->old) != 0 ||
	    c->old.st_nlink != 1 || !is_there(c, name))
		return (-1);
	base = run_basename(name);
	free(c->fresh);
	c->fresh = run_format("%.*s.%s.XXXXXX", (int)(base - name), name,
	    base);
	if ((fd = mkostemp(c->fresh, O_CLOEXEC)) == -1)
		return (-1);
	(void)fchmod(fd, c->old.st_mode & 0777);
	return (move_up(fd));
}

int
run_name_renewed(void *capture, pid_t pid, unsigned number, int fd)
{
	struct run_capture *c = capture;
	char name[MT_COLLECT_NAME];
	struct stat st;

	if (fd == -1 || name_of(c, pid, number, name) != 0 ||
	    fstat(fd, &st) != 0 || !is_there(c, name) ||
	    rename(c->fresh, name) != 0) {
		(void)unlink(c->fresh);
		return (-1);
	}
	if (number == 0) {
		c->dev = st.st_dev;
		c->ino = st.st_ino;
	}
	return (0);
}

/* ---- The end ------------------------------------------------------------ */

/* Unless something else has taken its name since. */
static void
discard(const struct run_capture *c)
{
	struct stat st;

	if (c->is_file && c->ino != 0 && lstat(c->name, &st) == 0 &&
	    st.st_dev == c->dev && st.st_ino == c->ino)
		(void)unlink(c->name);
}

void
run_name_fini(struct run_capture *c)
{
	if (!c->keep)
		discard(c);
	if (c->fd != -1)
		(void)close(c->fd);
	c->fd = -1;
	while (c->nothers > 0)
		free(c->others[--c->nothers]);
	free(c->others);
	c->others = NULL;
	free(c->fresh);
	c->fresh = NULL;
	free(c->name);
	c->name = NULL;
}
