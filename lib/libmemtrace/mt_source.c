/* Where a capture's bytes come from. */

#include <sys/stat.h>

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "mt_block.h"
#include "mt_file.h"
#include "mt_memray.h"
#include "mt_source.h"

#define COPY_BYTES	65536

static ssize_t
mt_source_fill(int fd, uint8_t *buf, size_t n)
{
	ssize_t k;
	size_t got = 0;

	while (got < n) {
		k = read(fd, buf + got, n - got);
		if (k == -1 && errno == EINTR)
			continue;
		if (k == -1)
			return (-1);
		if (k == 0)
			break;
		got += (size_t)k;
	}
	return ((ssize_t)got);
}

static bool
mt_source_drain(int fd, const uint8_t *buf, size_t n)
{
	ssize_t k;

	while (n > 0) {
		k = write(fd, buf, n);
		if (k == -1 && errno == EINTR)
			continue;
		if (k == -1)
			return (false);
		buf += k;
		n -= (size_t)k;
	}
	return (true);
}

/*
 * Copy all of from to the end of to.  Something that does not begin as a
 * capture is not worth the disk space, and may never end: only its first
 * bytes are copied, which is enough to say what it is.
 */
static enum mt_status
mt_source_copy(int from, int to, uint64_t *size, struct mt_error *e)
{
	uint8_t buf[COPY_BYTES];
	struct mt_file_head head;
	ssize_t n;

	*size = 0;
	for (;;) {
		n = mt_source_fill(from, buf, sizeof(buf));
		if (n == -1)
			return (mt_error_set(e, MT_ERR_SYS, "cannot read"));
		if (!mt_source_drain(to, buf, (size_t)n))
			return (mt_error_set(e, MT_ERR_SYS,
			    "cannot write to a temporary file"));
		if (*size == 0 && !mt_memray_is(buf, (size_t)n) &&
		    mt_block_get_file_head(&head, buf, (size_t)n, NULL) !=
		    MT_OK) {
			*size = (uint64_t)n;
			return (MT_OK);
		}
		*size += (uint64_t)n;
		if ((size_t)n < sizeof(buf))
			return (MT_OK);
	}
}

static enum mt_status
mt_source_spool(struct mt_source *s, struct mt_error *e)
{
	enum mt_status st;
	int fd;

	fd = mt_file_temporary();
	if (fd == -1)
		return (mt_error_set(e, MT_ERR_SYS,
		    "cannot create a temporary file"));
	st = mt_source_copy(s->fd, fd, &s->size, e);
	if (s->close)
		(void)close(s->fd);
	s->fd = fd;
	s->close = true;
	s->base = 0;
	return (st);
}

/*
 * Whoever records has a lock on the file, through another descriptor than this
 * one.  It is asked for before the size, so that a recording that ends
 * meanwhile is one that has ended.
 */
static bool
mt_source_is_locked(int fd)
{
	struct flock lock = { .l_type = F_RDLCK, .l_whence = SEEK_SET };

	return (fcntl(fd, F_OFD_GETLK, &lock) == 0 && lock.l_type == F_WRLCK);
}

static enum mt_status
mt_source_measure(struct mt_source *s, struct mt_error *e)
{
	struct stat sb;
	off_t at;

	s->recording = mt_source_is_locked(s->fd);
	if (fstat(s->fd, &sb) == -1)
		return (mt_error_set(e, MT_ERR_SYS, "cannot read"));
	if (S_ISDIR(sb.st_mode))
		return (mt_error_set(e, MT_ERR_FORMAT, "is a directory"));
	if (!S_ISREG(sb.st_mode))
		return (mt_source_spool(s, e));
	/* Of standard input somebody may already have read a part. */
	at = lseek(s->fd, 0, SEEK_CUR);
	s->base = at > 0 ? (uint64_t)at : 0;
	s->size = (uint64_t)sb.st_size > s->base ?
	    (uint64_t)sb.st_size - s->base : 0;
	return (MT_OK);
}

enum mt_status
mt_source_open(struct mt_source *s, const char *path, struct mt_error *e)
{
	enum mt_status st;

	memset(s, 0, sizeof(*s));
	s->close = strcmp(path, "-") != 0;
	s->fd = s->close ? open(path, O_RDONLY | O_CLOEXEC) : STDIN_FILENO;
	if (s->fd == -1)
		return (mt_error_set(e, MT_ERR_SYS, "cannot open"));
	st = mt_source_measure(s, e);
	if (st != MT_OK)
		mt_source_close(s);
	return (st);
}

enum mt_status
mt_source_open_fd(struct mt_source *s, int fd, struct mt_error *e)
{
	enum mt_status st;
	struct stat sb;

	memset(s, 0, sizeof(*s));
	s->fd = fd;
	s->recording = mt_source_is_locked(fd);
	if (fstat(fd, &sb) == -1 || !S_ISREG(sb.st_mode)) {
		st = mt_error_set(e, MT_ERR_FORMAT, "not a plain file");
		mt_source_close(s);
		return (st);
	}
	s->size = (uint64_t)sb.st_size;
	return (MT_OK);
}

void
mt_source_memory(struct mt_source *s, const void *p, size_t n)
{
	memset(s, 0, sizeof(*s));
	s->fd = -1;
	s->memory = p;
	s->size = n;
}

enum mt_status
mt_source_read(const struct mt_source *s, uint64_t offset, void *buf,
    size_t n, size_t *got, struct mt_error *e)
{
	ssize_t k;

	*got = 0;
	if (offset >= s->size)
		return (MT_OK);
	if (n > s->size - offset)
		n = (size_t)(s->size - offset);
	if (s->fd == -1) {
		if (n > 0)
			memcpy(buf, s->memory + offset, n);
		*got = n;
		return (MT_OK);
	}
	while (*got < n) {
		k = pread(s->fd, (uint8_t *)buf + *got, n - *got,
		    (off_t)(s->base + offset + *got));
		if (k == -1 && errno == EINTR)
			continue;
		if (k == -1)
			return (mt_error_set(e, MT_ERR_SYS, "cannot read"));
		if (k == 0)
			break;
		*got += (size_t)k;
	}
	return (MT_OK);
}

void
mt_source_close(struct mt_source *s)
{
	if (s->close && s->fd != -1)
		(void)close(s->fd);
	s->fd = -1;
	s->close = false;
	s->size = 0;
}
