/* Captures: what they want to know, and how they get it. */

#include <sys/file.h>

#include <err.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <fe_alloc.h>
#include <fe_create.h>
#include <fe_text.h>
#include <fe_warn.h>
#include <mt_file.h>
#include <mt_record.h>

#include "symbolize.h"

/* A copy of n bytes, with a NUL behind them. */
static void *
copy(const void *p, size_t n)
{
	char *to = fe_alloc(n, 1, 1);

	if (n > 0)
		memcpy(to, p, n);
	to[n] = '\0';
	return (to);
}

static void
add_module(struct symbolize *s, const struct mt_module *m)
{
	struct mt_module *to;

	s->module = fe_grow(s->module, s->n, sizeof(*s->module), &s->cap);
	to = &s->module[s->n++];
	*to = *m;
	to->path = copy(m->path, strlen(m->path));
	to->build_id = copy(m->build_id, m->build_id_len);
	to->address = copy(m->address, m->naddresses * sizeof(*m->address));
}

bool
symbolize_add(struct symbolize *s, struct mt_capture *c, const char *path)
{
	const uint64_t start = mt_capture_meta(c)->start_time_ns;
	struct symbolize_capture *to = &s->capture[s->ncaptures];
	const struct mt_module *m;
	struct mt_error e;
	size_t n;

	if (mt_capture_modules(c, &m, &n, &e) != MT_OK) {
		fe_warn(path, &e);
		return (false);
	}
	to->path = fe_strdup(path);
	to->fd = -1;
	to->read_only = false;
	to->first = s->n;
	to->n = n;
	to->is_native = mt_capture_meta(c)->has_native_traces;
	for (size_t i = 0; i < n; i++)
		add_module(s, &m[i]);
	if (s->ncaptures++ == 0 || start < s->start_time_ns)
		s->start_time_ns = start;
	return (true);
}

void
symbolize_fini(struct symbolize *s)
{
	mt_sym_free(s->sym);
	for (size_t i = 0; i < s->n; i++) {
		free((void *)(uintptr_t)s->module[i].path);
		free((void *)(uintptr_t)s->module[i].build_id);
		free((void *)(uintptr_t)s->module[i].address);
	}
	free(s->module);
	for (size_t i = 0; i < s->ncaptures; i++) {
		free(s->capture[i].path);
		if (s->capture[i].fd != -1)
			(void)close(s->capture[i].fd);
	}
	free(s->capture);
}

/* Add the symbols to what is in fd. */
static bool
extend(const struct symbolize *s, struct mt_capture *c,
    const struct symbolize_capture *sc, int fd, const char *name)
{
	struct mt_error e;
	enum mt_status st;
	void *data;
	size_t len;

	st = mt_sym_payload(s->sym, sc->first, sc->n, &data, &len, &e);
	if (st == MT_OK)
		st = mt_capture_extend(c, fd, MT_BLOCK_SYMBOLS, data, len,
		    &e);
	free(data);
	if (st != MT_OK)
		fe_warn(name, &e);
	return (st == MT_OK);
}

bool
symbolize_copy(const struct symbolize *s, struct mt_capture *c,
    const struct symbolize_capture *sc, int fd, const char *name)
{
	struct mt_error e;

	if (mt_capture_copy(c, fd, &e) != MT_OK) {
		fe_warn(name, &e);
		return (false);
	}
	return (sc->n == 0 || extend(s, c, sc, fd, name));
}

static bool
complain(const char *path)
{
	char *clean = fe_text_clean(path, false);

	if (errno == EWOULDBLOCK)
		warnx("%s: somebody else is writing to it", clean);
	else if (errno == ELOOP)
		warnx("%s: somebody else's symbolic link", clean);
	else if (errno == EINVAL)
		warnx("%s: not a plain file", clean);
	else
		warn("%s", clean);
	free(clean);
	return (false);
}

/* A descriptor that we were started with; only its file's name means much. */
static int
open_inherited(int fd, bool *read_only, char **name)
{
	const int flags = fcntl(fd, F_GETFL);
	char link[40], path[PATH_MAX];
	ssize_t n;

	if (flags == -1)
		return (-1);
	*read_only = (flags & O_ACCMODE) != O_RDWR;
	(void)snprintf(link, sizeof(link), "/proc/self/fd/%d", fd);
	n = readlink(link, path, sizeof(path) - 1);
	path[n == -1 ? 0 : n] = '\0';
	*name = fe_strdup(n == -1 ? link : path);
	return (fcntl(fd, F_DUPFD_CLOEXEC, 3));
}

/* For reading and, where that is allowed, writing. */
static int
open_file(const char *path, bool *read_only, char **name)
{
	const int inherited = fe_create_descriptor(path);
	int fd;

	if (inherited != -1)
		return (open_inherited(inherited, read_only, name));
	*name = fe_strdup(path);
	*read_only = false;
	fd = mt_file_edit(path, true);
	if (fd != -1 || (errno != EACCES && errno != EPERM && errno != EROFS &&
	    errno != ETXTBSY))
		return (fd);
	*read_only = true;
	return (mt_file_edit(path, false));
}

/* It is nobody else's while we have it. */
static bool
add_file(struct symbolize *s, int fd, bool read_only, const char *name)
{
	struct symbolize_capture *sc;
	struct mt_capture *c;
	struct mt_error e;
	bool ok;

	if (!read_only && flock(fd, LOCK_EX | LOCK_NB) == -1)
		return (complain(name));
	if (mt_capture_open_fd(&c, fd, &e) != MT_OK) {
		fe_warn(name, &e);
		return (false);
	}
	ok = symbolize_add(s, c, name);
	mt_capture_close(c);
	if (!ok)
		return (false);
	sc = &s->capture[s->ncaptures - 1];
	if (sc->n > 0) {
		sc->read_only = read_only;
		sc->fd = fd;
	}
	return (true);
}

bool
symbolize_open(struct symbolize *s, const char *path)
{
	const size_t n = s->ncaptures;
	bool ok, read_only;
	char *name = NULL;
	int fd;

	fd = open_file(path, &read_only, &name);
	ok = fd != -1 ? add_file(s, fd, read_only, name) :
	    complain(name != NULL ? name : path);
	if (fd != -1 && (s->ncaptures == n || s->capture[n].fd != fd))
		(void)close(fd);
	free(name);
	return (ok);
}

/*
 * Behind the last whole block; what is there of another one is of no use.
 * Should writing fail, the file gets shorter again.
 */
static bool
write_behind(const struct symbolize *s, struct mt_capture *c,
    const struct symbolize_capture *sc, int fd)
{
	const off_t end = (off_t)mt_capture_bytes(c);

	if (ftruncate(fd, end) != 0 || lseek(fd, end, SEEK_SET) == -1)
		return (complain(sc->path));
	if (extend(s, c, sc, fd, sc->path))
		return (true);
	(void)ftruncate(fd, end);
	return (false);
}

bool
symbolize_in_place(const struct symbolize *s, struct symbolize_capture *sc)
{
	struct mt_capture *c;
	struct mt_error e;
	bool ok;

	errno = EACCES;
	if (sc->read_only)
		return (complain(sc->path));
	ok = mt_capture_open_fd(&c, sc->fd, &e) == MT_OK;
	if (!ok)
		fe_warn(sc->path, &e);
	else if (mt_capture_meta(c)->flags & MT_CAPTURE_RECORDING) {
		errno = EWOULDBLOCK;
		ok = complain(sc->path);
	} else
		ok = write_behind(s, c, sc, sc->fd);
	mt_capture_close(c);
	(void)close(sc->fd);
	sc->fd = -1;
	return (ok);
}
