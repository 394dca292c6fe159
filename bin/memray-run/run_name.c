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

#include <fe_create.h>
#include <mt_file.h>

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

/*
 * Whoever reads it meanwhile can tell that it is not broken but being
 * recorded.  The lock lasts as long as the file is open; where there can be
 * none, nobody can tell.
 */
static void
lock(int fd)
{
	struct flock whole = { .l_type = F_WRLCK, .l_whence = SEEK_SET };

	(void)fcntl(fd, F_OFD_SETLK, &whole);
}

/* What was made of a name becomes the capture. */
static int
take(struct run_capture *c, struct fe_create *f)
{
	const bool ok = fe_create_commit(f);
	const int error = errno;

	if (ok) {
		c->fd = move_up(f->fd);
		c->is_file = f->place != NULL;
		if (c->is_file)
			lock(c->fd);
		c->is_new = f->is_new;
		c->dev = f->dev;
		c->ino = f->ino;
	} else {
		fe_create_discard(f);
		(void)close(f->fd);
	}
	fe_create_fini(f);
	errno = error;
	return (ok ? 0 : -1);
}

/* Create the file; errno is EEXIST if there is anything of that name. */
static int
create(struct run_capture *c, const char *path, bool force)
{
	struct fe_create f;

	return (fe_create_file(&f, path, force) == FE_CREATE_OK ?
	    take(c, &f) : -1);
}

/* There is room for one capture only. */
static int
no_stream(const char *name)
{
	warnx("--follow-fork makes a file for each process: %s will not do",
	    name);
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

static int
refuse(const char *name, enum fe_create_status status)
{
	switch (status) {
	case FE_CREATE_EXISTS:
		return (exists(name));
	case FE_CREATE_STRANGE:
		warnx("output file %s was put there by somebody else", name);
		return (-1);
	case FE_CREATE_DIR:
		warnx("output file %s is a directory", name);
		return (-1);
	case FE_CREATE_ODD:
		warnx("output file %s is neither a file nor a pipe", name);
		return (-1);
	case FE_CREATE_STREAM:
		return (no_stream(name));
	default:
		return (fail(name));
	}
}

int
run_name_open(struct run_capture *c, const char *output, bool force)
{
	const unsigned flags = (force ? FE_CREATE_FORCE : 0) |
	    (c->many ? FE_CREATE_FILES : 0);
	int fd = fe_create_descriptor(output);
	enum fe_create_status status;
	struct fe_create f;

	c->name = run_format("%s", output);
	if (fd != -1)
		return (open_descriptor(c, fd));
	status = fe_create_open(&f, output, flags);
	if (status != FE_CREATE_OK)
		return (refuse(output, status));
	if (f.place == NULL && isatty(f.fd)) {
		(void)close(f.fd);
		errno = EINVAL;
		return (fail(output));
	}
	return (take(c, &f) == 0 ? 0 : fail(output));
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
		if (create(c, c->name, force) == 0)
			return (0);
		if (errno == EEXIST)
			return (exists(c->name));
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

/* Keep what is known of it; false if out of memory. */
static bool
add_other(struct run_capture *c, const char *name,
    const struct run_capture *other)
{
	size_t cap = c->others_cap == 0 ? 64 : 2 * c->others_cap;
	struct run_other *others, *o;

	if (c->nothers == c->others_cap) {
		others = reallocarray(c->others, cap, sizeof(*others));
		if (others == NULL)
			return (false);
		c->others = others;
		c->others_cap = cap;
	}
	o = &c->others[c->nothers];
	o->dev = other->dev;
	o->ino = other->ino;
	if ((o->name = strdup(name)) == NULL)
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
	(void)create(&child, name, true);
	if (child.fd != -1 && !add_other(c, name, &child)) {
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
	int fd;

	/* What has several names, or another by now, is left alone. */
	if (name_of(c, pid, number, name) != 0 || fstat(old, &c->old) != 0 ||
	    c->old.st_nlink != 1 || !is_there(c, name))
		return (-1);
	free(c->fresh);
	c->fresh = NULL;
	if ((fd = mt_file_create_beside(name, &c->fresh)) == -1)
		return (-1);
	(void)fchmod(fd, c->old.st_mode & 0777);
	return (move_up(fd));
}

/* The capture of this name is another file now. */
static void
has_become(struct run_capture *c, unsigned number, const char *name,
    const struct stat *st)
{
	size_t i = c->nothers;

	if (number == 0) {
		c->dev = st->st_dev;
		c->ino = st->st_ino;
		return;
	}
	while (i-- > 0)
		if (strcmp(c->others[i].name, name) == 0) {
			c->others[i].dev = st->st_dev;
			c->others[i].ino = st->st_ino;
			return;
		}
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
	has_become(c, number, name, &st);
	return (0);
}

/* ---- The end ------------------------------------------------------------ */

/* Unless something else has taken its name since. */
static void
discard(const struct run_capture *c)
{
	struct stat st;

	if (c->is_file && c->is_new && lstat(c->name, &st) == 0 &&
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
		free(c->others[--c->nothers].name);
	free(c->others);
	c->others = NULL;
	free(c->fresh);
	c->fresh = NULL;
	free(c->name);
	c->name = NULL;
}
