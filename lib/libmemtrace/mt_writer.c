/*
 * Writes blocks to a capture, and sees to it that the file ends behind a
 * whole block whatever happens to the disk.
 */

#include <sys/resource.h>
#include <sys/stat.h>

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "mt_block.h"
#include "mt_deflate.h"
#include "mt_events.h"
#include "mt_reserve.h"
#include "mt_tables.h"

/*
 * Reserving is a system call: do it for so many bytes of events at a time, at
 * most.  A short capture takes less, for there may be hundreds at once.
 */
#define RESERVE_STEP	(4u * 1024 * 1024)
#define RESERVE_STEP_MIN (64u * 1024)

/* Kept with the reserve: disk_full and the headers of the last blocks. */
#define END_ROOM	1024

struct mt_writer {
	int			 fd;
	bool			 compress;
	bool			 regular;	/* can be cut and reserved */
	bool			 ended;
	uint64_t		 base;		/* where the capture begins */
	uint64_t		 bytes;		/* written, whole blocks only */
	uint64_t		 reserve;	/* for all but events */
	uint64_t		 reserved;	/* up to this offset */
	struct mt_deflate	*deflate;
	struct mt_buf		 index;
	struct mt_tables_index	 last;
	/* Not MT_OK: no more of this; the error says why. */
	enum mt_status		 events_status;
	enum mt_status		 status;
	struct mt_error		 error;
};

static enum mt_status
mt_writer_fail(struct mt_writer *w, enum mt_status *st, struct mt_error *e)
{
	*st = mt_error_set(&w->error, MT_ERR_SYS, "cannot write");
	if (e != NULL)
		*e = w->error;
	return (*st);
}

static enum mt_status
mt_writer_again(const struct mt_writer *w, enum mt_status st,
    struct mt_error *e)
{
	if (e != NULL)
		*e = w->error;
	return (st);
}

static bool
mt_writer_raw(struct mt_writer *w, const void *p, size_t n, size_t *done)
{
	ssize_t k;

	for (*done = 0; *done < n; *done += (size_t)k) {
		k = write(w->fd, (const uint8_t *)p + *done, n - *done);
		if (k == -1 && errno == EINTR)
			k = 0;
		if (k == -1)
			return (false);
	}
	return (true);
}

/* Go back to the end of the last whole block; errno stays. */
static bool
mt_writer_undo(struct mt_writer *w)
{
	off_t end = (off_t)(w->base + w->bytes);
	int saved = errno;
	bool ok;

	ok = w->regular && ftruncate(w->fd, end) == 0 &&
	    lseek(w->fd, end, SEEK_SET) == end;
	/* What lay behind the end is gone, the reserve included. */
	w->reserved = 0;
	errno = saved;
	return (ok);
}

/* A header and its payload: all of it, or nothing if that can be had. */
static bool
mt_writer_block(struct mt_writer *w, const struct mt_block_head *h,
    const void *payload)
{
	uint8_t head[MT_BLOCK_HEAD_BYTES];
	size_t done = 0, body = 0;

	mt_block_put_head(head, h);
	if (mt_writer_raw(w, head, sizeof(head), &done) &&
	    mt_writer_raw(w, payload, h->stored_len, &body)) {
		w->bytes += sizeof(head) + h->stored_len;
		return (true);
	}
	if (done + body == 0 || mt_writer_undo(w))
		return (false);
	/* Half a block that cannot be taken back: nothing may follow it. */
	w->status = MT_ERR_SYS;
	return (false);
}

static void
mt_writer_note(struct mt_writer *w, enum mt_block_type type, uint64_t offset,
    const void *data, size_t len)
{
	struct mt_cursor c = { data, (const uint8_t *)data + len, false };
	struct mt_tables_index i = { type, offset, (uint32_t)len, 0, 0 };
	struct mt_events_head h;

	if (type == MT_BLOCK_INDEX || type == MT_BLOCK_END)
		return;
	if (type == MT_BLOCK_EVENTS && mt_events_get_head(&c, &h)) {
		i.first_alloc = h.first_alloc;
		i.time_ns = h.time_ns;
	}
	mt_tables_put_index(&w->index, &w->last, &i);
	w->last = i;
}

static uint64_t
mt_writer_limit(void)
{
	struct rlimit rl;

	if (getrlimit(RLIMIT_FSIZE, &rl) == -1 ||
	    rl.rlim_cur == RLIM_INFINITY)
		return (UINT64_MAX);
	return ((uint64_t)rl.rlim_cur);
}

/*
 * Make room for n bytes at the end of the file and the reserve behind them.
 * 0, or an errno value; a file system that cannot promise is trusted.
 * Asking for the limit here also spares the process a SIGXFSZ.
 */
static int
mt_writer_room(struct mt_writer *w, uint64_t n)
{
	uint64_t at = w->base + w->bytes;
	uint64_t need = n + w->reserve + w->index.len + END_ROOM;
	uint64_t limit, step = w->bytes;
	int error;

	if (!w->regular || w->reserved >= at + need)
		return (0);
	limit = mt_writer_limit();
	if (at + need > limit)
		return (EFBIG);
	if (step < RESERVE_STEP_MIN)
		step = RESERVE_STEP_MIN;
	if (step > RESERVE_STEP)
		step = RESERVE_STEP;
	if (limit - at - need >= step &&
	    mt_reserve(w->fd, at, need + step) == 0) {
		w->reserved = at + need + step;
		return (0);
	}
	error = mt_reserve(w->fd, at, need);
	if (error == 0)
		w->reserved = at + need;
	return (error == ENOSPC || error == EDQUOT || error == EFBIG ?
	    error : 0);
}

/* A capture without these still says how much memory was used where. */
static bool
mt_writer_is_extra(enum mt_block_type type)
{
	return (type >= MT_BLOCK_CHANGES && type <= MT_BLOCK_TIMELINE);
}

static enum mt_status
mt_writer_piece(struct mt_writer *w, enum mt_block_type type, unsigned flags,
    const void *data, size_t len, struct mt_error *e)
{
	struct mt_block_head h = { (uint16_t)type, (uint16_t)flags,
	    (uint32_t)len, (uint32_t)len, 0 };
	enum mt_status once, *st;
	const void *stored = NULL;
	uint64_t at = w->bytes;
	size_t n = 0;
	int error;

	if (w->compress && type != MT_BLOCK_END)
		stored = mt_deflate_run(w->deflate, data, len, &n);
	if (stored != NULL) {
		h.flags |= MT_BLOCK_ZLIB;
		h.stored_len = (uint32_t)n;
	} else {
		stored = data;
	}
	h.crc = mt_block_crc(stored, h.stored_len);
	once = MT_OK;
	st = type == MT_BLOCK_EVENTS ? &w->events_status :
	    mt_writer_is_extra(type) ? &once : &w->status;
	if (st != &w->status) {
		error = mt_writer_room(w, MT_BLOCK_HEAD_BYTES +
		    h.stored_len);
		errno = error;
		if (error != 0)
			return (mt_writer_fail(w, st, e));
	}
	if (!mt_writer_block(w, &h, stored))
		return (mt_writer_fail(w, w->status == MT_OK ? st :
		    &w->status, e));
	mt_writer_note(w, type, at, data, len);
	/* What is still to come is not worth a reserve. */
	if (type == MT_BLOCK_SITES)
		w->reserve = 0;
	return (MT_OK);
}

/* Payloads that are too long for one block are continued in the next. */
static enum mt_status
mt_writer_split(struct mt_writer *w, enum mt_block_type type,
    const void *data, size_t len, struct mt_error *e)
{
	const uint8_t *p = data == NULL ? (const uint8_t *)"" : data;
	unsigned flags = 0;
	enum mt_status st;

	while (len > MT_BLOCK_RAW_MAX) {
		st = mt_writer_piece(w, type, flags | MT_BLOCK_MORE, p,
		    MT_BLOCK_RAW_MAX, e);
		if (st != MT_OK)
			return (st);
		flags = MT_BLOCK_CONTINUED;
		p += MT_BLOCK_RAW_MAX;
		len -= MT_BLOCK_RAW_MAX;
	}
	return (mt_writer_piece(w, type, flags, p, len, e));
}

/* Whatever happens later, the capture says that events are missing. */
static void
mt_writer_disk_full(struct mt_writer *w)
{
	struct mt_buf b = { NULL, 0, 0, false };

	if (!w->regular || w->status != MT_OK)
		return;
	mt_tables_put_meta(&b, "disk_full", "1");
	if (!b.failed)
		(void)mt_writer_split(w, MT_BLOCK_META, b.data, b.len, NULL);
	mt_buf_fini(&b);
}

enum mt_status
mt_writer_put(struct mt_writer *w, enum mt_block_type type, const void *data,
    size_t len, struct mt_error *e)
{
	struct mt_error first;
	enum mt_status st;

	if (w->status != MT_OK)
		return (mt_writer_again(w, w->status, e));
	if (w->ended || (type == MT_BLOCK_EVENTS && len > MT_BLOCK_RAW_MAX))
		return (mt_error_set(e, MT_ERR_LIMIT, w->ended ?
		    "the capture has ended" : "too long a block of events"));
	if (type != MT_BLOCK_EVENTS)
		return (mt_writer_split(w, type, data, len, e));
	if (w->events_status != MT_OK)
		return (mt_writer_again(w, w->events_status, e));
	st = mt_writer_split(w, type, data, len, e);
	if (st != MT_OK) {
		first = w->error;
		mt_writer_disk_full(w);
		w->error = first;
	}
	return (st);
}

enum mt_status
mt_writer_reserve(struct mt_writer *w, uint64_t bytes, struct mt_error *e)
{
	int error;

	w->reserve = bytes;
	error = mt_writer_room(w, 0);
	errno = error;
	if (error != 0)
		return (mt_error_set(e, MT_ERR_SYS, "cannot reserve space"));
	return (MT_OK);
}

/* Give back what is reserved behind the end. */
static void
mt_writer_release(struct mt_writer *w)
{
	if (w->regular && w->reserved > w->base + w->bytes)
		(void)ftruncate(w->fd, (off_t)(w->base + w->bytes));
	w->reserved = 0;
}

enum mt_status
mt_writer_finish(struct mt_writer *w, struct mt_error *e)
{
	uint8_t end[MT_BLOCK_END_BYTES];
	struct mt_buf index = w->index;
	uint64_t at = w->bytes;
	enum mt_status st;

	if (index.failed)
		return (mt_error_set(e, MT_ERR_NOMEM, "out of memory"));
	memset(&w->index, 0, sizeof(w->index));
	st = mt_writer_put(w, MT_BLOCK_INDEX, index.data, index.len, e);
	mt_buf_fini(&index);
	if (st == MT_OK) {
		mt_put_u64(end, at);
		mt_put_u64(end + 8, w->bytes + MT_BLOCK_HEAD_BYTES +
		    MT_BLOCK_END_BYTES);
		st = mt_writer_put(w, MT_BLOCK_END, end, sizeof(end), e);
	}
	w->ended = true;
	mt_writer_release(w);
	if (st == MT_OK && w->events_status != MT_OK)
		return (mt_writer_again(w, w->events_status, e));
	return (st);
}

uint64_t
mt_writer_bytes(const struct mt_writer *w)
{
	return (w->bytes);
}

static enum mt_status
mt_writer_begin(struct mt_writer *w, uint64_t start_time_ns,
    struct mt_error *e)
{
	struct mt_file_head h = { MT_FORMAT_MAJOR, MT_FORMAT_MINOR,
	    MT_FILE_HEAD_BYTES, start_time_ns };
	uint8_t head[MT_FILE_HEAD_BYTES];
	struct stat sb;
	size_t done;
	int flags;

	flags = fcntl(w->fd, F_GETFL);
	if (flags == -1 || fstat(w->fd, &sb) == -1)
		return (mt_error_set(e, MT_ERR_SYS, "cannot write"));
	w->regular = S_ISREG(sb.st_mode);
	if (w->regular)
		w->base = (uint64_t)lseek(w->fd, 0,
		    flags & O_APPEND ? SEEK_END : SEEK_CUR);
	mt_block_put_file_head(head, &h);
	if (!mt_writer_raw(w, head, sizeof(head), &done)) {
		(void)mt_writer_undo(w);
		return (mt_error_set(e, MT_ERR_SYS, "cannot write"));
	}
	w->bytes = sizeof(head);
	return (MT_OK);
}

enum mt_status
mt_writer_new(struct mt_writer **out, int fd, unsigned flags,
    uint64_t start_time_ns, struct mt_error *e)
{
	struct mt_writer *w;
	enum mt_status st;

	*out = NULL;
	w = calloc(1, sizeof(*w));
	if (w == NULL)
		return (mt_error_set(e, MT_ERR_NOMEM, "out of memory"));
	w->fd = fd;
	w->compress = (flags & MT_WRITER_NO_COMPRESS) == 0;
	w->deflate = w->compress ? mt_deflate_new() : NULL;
	if (w->compress && w->deflate == NULL)
		st = mt_error_set(e, MT_ERR_NOMEM, "out of memory");
	else
		st = mt_writer_begin(w, start_time_ns, e);
	if (st != MT_OK) {
		mt_writer_free(w);
		return (st);
	}
	*out = w;
	return (MT_OK);
}

void
mt_writer_free(struct mt_writer *w)
{
	if (w == NULL)
		return;
	if (!w->ended)
		mt_writer_release(w);
	mt_deflate_free(w->deflate);
	mt_buf_fini(&w->index);
	free(w);
}
