/* Captures: what they want to know, and how they get it. */

#include <sys/file.h>
#include <sys/stat.h>

#include <err.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <fe_alloc.h>
#include <fe_text.h>
#include <fe_warn.h>
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
	to->path = path;
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
	else
		warn("%s", clean);
	free(clean);
	return (false);
}

/* The file, open for writing, and nobody else's while we have it. */
static int
open_locked(const char *path)
{
	struct stat sb;
	int fd = open(path, O_WRONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);

	if (fd == -1)
		return (-1);
	if (fstat(fd, &sb) == 0 && !S_ISREG(sb.st_mode))
		errno = EINVAL;
	else if (flock(fd, LOCK_EX | LOCK_NB) == 0)
		return (fd);
	(void)close(fd);
	return (-1);
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
symbolize_in_place(const struct symbolize *s,
    const struct symbolize_capture *sc)
{
	struct mt_capture *c;
	struct mt_error e;
	int fd = open_locked(sc->path);
	bool ok;

	if (fd == -1)
		return (complain(sc->path));
	ok = mt_capture_open(&c, sc->path, &e) == MT_OK;
	if (ok)
		ok = write_behind(s, c, sc, fd);
	else
		fe_warn(sc->path, &e);
	mt_capture_close(c);
	(void)close(fd);
	return (ok);
}
