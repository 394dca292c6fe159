/*
 * More blocks for a capture that is there already.  They go behind its end,
 * and a new index and end behind them: a reader that finds the last end
 * finds everything, and one that does not finds the capture as it was.
 */

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "mt_capture.h"
#include "mt_deflate.h"

#define COPY_BYTES	(256u * 1024)

uint64_t
mt_capture_bytes(const struct mt_capture *c)
{
	return (c->end_bytes);
}

static enum mt_status
put_bytes(int fd, const void *p, size_t n, struct mt_error *e)
{
	const uint8_t *b = p;
	ssize_t k;

	for (; n > 0; n -= (size_t)k, b += k) {
		k = write(fd, b, n);
		if (k == -1 && errno == EINTR)
			k = 0;
		if (k == -1)
			return (mt_error_set(e, MT_ERR_SYS, "cannot write"));
	}
	return (MT_OK);
}

enum mt_status
mt_capture_copy(const struct mt_capture *c, int fd, struct mt_error *e)
{
	enum mt_status st = MT_OK;
	uint64_t at = 0, left;
	uint8_t *buf;
	size_t n;

	buf = malloc(COPY_BYTES);
	if (buf == NULL)
		return (mt_error_set(e, MT_ERR_NOMEM, "out of memory"));
	while (st == MT_OK && at < c->end_bytes) {
		left = c->end_bytes - at;
		st = mt_source_read(&c->source, at, buf, left < COPY_BYTES ?
		    (size_t)left : COPY_BYTES, &n, e);
		if (st == MT_OK && n == 0)
			st = mt_error_set(e, MT_ERR_FORMAT,
			    "the capture became shorter");
		if (st == MT_OK)
			st = put_bytes(fd, buf, n, e);
		at += n;
	}
	free(buf);
	return (st);
}

/* One block.  Its payload is compressed if that makes it shorter. */
static enum mt_status
put_block(int fd, enum mt_block_type type, const void *data, size_t len,
    uint64_t *at, struct mt_error *e)
{
	struct mt_block_head h = { (uint16_t)type, 0, (uint32_t)len,
	    (uint32_t)len, 0 };
	struct mt_deflate *deflate = NULL;
	uint8_t head[MT_BLOCK_HEAD_BYTES];
	const void *stored = NULL;
	enum mt_status st;
	size_t n = 0;

	if (len > MT_BLOCK_RAW_MAX)
		return (mt_error_set(e, MT_ERR_LIMIT, "too long a block"));
	if (type != MT_BLOCK_END && (deflate = mt_deflate_new()) != NULL)
		stored = mt_deflate_run(deflate, data, len, &n);
	if (stored != NULL) {
		h.flags = MT_BLOCK_ZLIB;
		h.stored_len = (uint32_t)n;
	} else {
		stored = data;
	}
	h.crc = mt_block_crc(stored, h.stored_len);
	mt_block_put_head(head, &h);
	st = put_bytes(fd, head, sizeof(head), e);
	if (st == MT_OK)
		st = put_bytes(fd, stored, h.stored_len, e);
	mt_deflate_free(deflate);
	*at += sizeof(head) + h.stored_len;
	return (st);
}

/* The index as it was, with an entry for the block at offset `at'. */
static enum mt_status
put_index(const struct mt_capture *c, int fd, const struct mt_tables_index *i,
    uint64_t *at, struct mt_error *e)
{
	struct mt_cursor cur = { c->index.data, NULL, false };
	struct mt_tables_index last = { 0, 0, 0, 0, 0 };
	struct mt_buf b = { NULL, 0, 0, false };
	enum mt_status st;

	cur.end = c->index.len == 0 ? cur.p : cur.p + c->index.len;
	while (mt_tables_get_index(&cur, &last) == MT_OK)
		continue;
	mt_buf_put(&b, c->index.data, c->index.len);
	mt_tables_put_index(&b, &last, i);
	if (b.failed)
		st = mt_error_set(e, MT_ERR_NOMEM, "out of memory");
	else
		st = put_block(fd, MT_BLOCK_INDEX, b.data, b.len, at, e);
	mt_buf_fini(&b);
	return (st);
}

static enum mt_status
put_end(int fd, uint64_t index, uint64_t at, struct mt_error *e)
{
	uint8_t end[MT_BLOCK_END_BYTES];

	mt_put_u64(end, index);
	mt_put_u64(end + 8, at + MT_BLOCK_HEAD_BYTES + MT_BLOCK_END_BYTES);
	return (put_block(fd, MT_BLOCK_END, end, sizeof(end), &at, e));
}

enum mt_status
mt_capture_extend(const struct mt_capture *c, int fd, enum mt_block_type type,
    const void *data, size_t len, struct mt_error *e)
{
	struct mt_tables_index i = { type, c->end_bytes, (uint32_t)len, 0, 0 };
	bool whole = (c->meta.flags & MT_CAPTURE_CUT) == 0;
	uint64_t at = c->end_bytes, index;
	enum mt_status st;

	/* A reader that goes from block to block stops at the first end. */
	if (whole && c->index.len == 0)
		return (mt_error_set(e, MT_ERR_FORMAT,
		    "there is something behind the end of the capture"));
	st = put_block(fd, type, data, len, &at, e);
	if (st != MT_OK || !whole)
		return (st);
	index = at;
	st = put_index(c, fd, &i, &at, e);
	if (st == MT_OK)
		st = put_end(fd, index, at, e);
	return (st);
}
