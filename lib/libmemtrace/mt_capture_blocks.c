/*
 * Finding the blocks of a capture: by the index that the end block points
 * to, or, where that is missing or wrong, by going through the file.
 */

#include <stdlib.h>
#include <string.h>

#include "mt_capture.h"
#include "mt_deflate.h"

#define END_TOTAL	(MT_BLOCK_HEAD_BYTES + MT_BLOCK_END_BYTES)
#define SEARCH_BYTES	65536

static enum mt_status
mt_capture_nomem(struct mt_error *e)
{
	return (mt_error_set(e, MT_ERR_NOMEM, "out of memory"));
}

/* A few bytes more keep pointers to nothing apart from NULL. */
static bool
mt_capture_room(struct mt_capture *c, struct mt_capture_room *r, size_t n)
{
	uint8_t *data;

	if (r->cap >= n && r->data != NULL)
		return (true);
	data = mt_budget_realloc(&c->budget, r->data, r->cap, n + 16);
	if (data == NULL)
		return (false);
	r->data = data;
	r->cap = n + 16;
	return (true);
}

static enum mt_status
mt_capture_add(struct mt_capture *c, uint32_t type, uint64_t offset,
    struct mt_error *e)
{
	void *p = c->blocks;

	if (!mt_budget_grow(&c->budget, &p, &c->blocks_cap, c->nblocks + 1,
	    sizeof(*c->blocks)))
		return (mt_capture_nomem(e));
	c->blocks = p;
	memset(&c->blocks[c->nblocks], 0, sizeof(*c->blocks));
	c->blocks[c->nblocks].type = type;
	c->blocks[c->nblocks++].offset = offset;
	return (MT_OK);
}

/* Header of the block at offset; MT_END if there is none. */
static enum mt_status
mt_capture_block_head(const struct mt_capture *c, uint64_t offset,
    struct mt_block_head *h, struct mt_error *e)
{
	uint8_t head[MT_BLOCK_HEAD_BYTES];
	enum mt_status st;
	size_t n;

	st = mt_source_read(&c->source, offset, head, sizeof(head), &n, e);
	if (st != MT_OK)
		return (st);
	if (n < sizeof(head) || !mt_block_get_head(h, head))
		return (MT_END);
	return (MT_OK);
}

static bool
mt_capture_is_whole(uint64_t offset, const struct mt_block_head *h,
    uint64_t end)
{
	return (offset <= end &&
	    h->stored_len + (uint64_t)MT_BLOCK_HEAD_BYTES <= end - offset);
}

/* Append the payload of one block, before end, to what is in the room. */
static enum mt_status
mt_capture_read_one(struct mt_capture *c, uint64_t offset, uint64_t end,
    const struct mt_block_head *h, struct mt_capture_room *room, size_t *len,
    struct mt_error *e)
{
	bool zlib = (h->flags & MT_BLOCK_ZLIB) != 0;
	enum mt_status st;
	uint8_t *to;
	size_t n;

	if (!mt_capture_is_whole(offset, h, end) ||
	    h->stored_len > MT_BLOCK_RAW_MAX ||
	    !mt_inflate_possible(h->stored_len, h->raw_len) ||
	    (!zlib && h->stored_len != h->raw_len))
		return (MT_ERR_FORMAT);
	if (!mt_capture_room(c, room, *len + h->raw_len) ||
	    (zlib && !mt_capture_room(c, &c->stored, h->stored_len)))
		return (mt_capture_nomem(e));
	to = zlib ? c->stored.data : room->data + *len;
	st = mt_source_read(&c->source, offset + MT_BLOCK_HEAD_BYTES, to,
	    h->stored_len, &n, e);
	if (st != MT_OK)
		return (st);
	if (n < h->stored_len || mt_block_crc(to, n) != h->crc)
		return (MT_ERR_FORMAT);
	if (zlib && !mt_inflate_run(c->inflate, c->stored.data, n,
	    room->data + *len, h->raw_len))
		return (MT_ERR_FORMAT);
	*len += h->raw_len;
	return (MT_OK);
}

/*
 * Where a block has to end: no two have a byte in common, or a file could
 * have far more to read than it has bytes.
 */
static uint64_t
mt_capture_block_end(const struct mt_capture *c, size_t i)
{
	return (i + 1 < c->nblocks ? c->blocks[i + 1].offset :
	    c->blocks_end);
}

/* One block of a payload; the first continues none, all others do. */
static enum mt_status
mt_capture_piece(struct mt_capture *c, size_t i, bool first,
    struct mt_capture_room *room, size_t *len, bool *more, struct mt_error *e)
{
	const struct mt_capture_block *b = &c->blocks[i];
	struct mt_block_head h;
	enum mt_status st;

	st = mt_capture_block_head(c, b->offset, &h, e);
	if (st != MT_OK)
		return (st == MT_END ? MT_ERR_FORMAT : st);
	if (h.type != b->type ||
	    ((h.flags & MT_BLOCK_CONTINUED) == 0) != first)
		return (MT_ERR_FORMAT);
	*more = (h.flags & MT_BLOCK_MORE) != 0;
	return (mt_capture_read_one(c, b->offset, mt_capture_block_end(c, i),
	    &h, room, len, e));
}

enum mt_status
mt_capture_read(struct mt_capture *c, size_t *i, struct mt_capture_room *room,
    size_t *len, struct mt_error *e)
{
	size_t at = *i;
	enum mt_status st;
	bool more = false;

	*len = 0;
	do {
		st = at == c->nblocks || c->blocks[at].type !=
		    c->blocks[*i].type ? MT_ERR_FORMAT :
		    mt_capture_piece(c, at, at == *i, room, len, &more, e);
		if (st == MT_OK)
			at++;
	} while (st == MT_OK && more);
	if (st == MT_OK)
		*i = at;
	else if (st == MT_ERR_FORMAT)
		*i = at == *i ? at + 1 : at;
	return (st);
}

/*
 * The blocks of the index.  Offsets must grow by a header at least, so the
 * list is never longer than the file has room for.  Whether the blocks end
 * where others begin is seen when they are read.
 */
static enum mt_status
mt_capture_list(struct mt_capture *c, const uint8_t *p, size_t n,
    uint64_t limit, struct mt_error *e)
{
	struct mt_cursor cur = { p, p + n, false };
	struct mt_tables_index i = { 0, 0, 0, 0, 0 };
	uint64_t min = c->head.head_bytes;
	enum mt_status st;

	for (;;) {
		st = mt_tables_get_index(&cur, &i);
		if (st == MT_END)
			return (MT_OK);
		if (st != MT_OK || i.offset < min || i.offset >= limit)
			return (MT_ERR_FORMAT);
		min = i.offset + MT_BLOCK_HEAD_BYTES;
		st = mt_capture_add(c, i.type, i.offset, e);
		if (st != MT_OK)
			return (st);
		c->blocks[c->nblocks - 1].known = i.type == MT_BLOCK_EVENTS;
		c->blocks[c->nblocks - 1].first_alloc = i.first_alloc;
		c->blocks[c->nblocks - 1].time_ns = i.time_ns;
	}
}

/* The offset of the index if a whole, consistent end block is at offset. */
static enum mt_status
mt_capture_end(struct mt_capture *c, uint64_t offset, uint64_t *index,
    struct mt_error *e)
{
	struct mt_block_head h;
	enum mt_status st;
	size_t n = 0;

	st = mt_capture_block_head(c, offset, &h, e);
	if (st != MT_OK)
		return (st);
	if (h.type != MT_BLOCK_END || h.raw_len != MT_BLOCK_END_BYTES)
		return (MT_END);
	st = mt_capture_read_one(c, offset, c->source.size, &h, &c->table, &n,
	    e);
	if (st == MT_ERR_FORMAT)
		return (MT_END);
	if (st != MT_OK)
		return (st);
	*index = mt_get_u64(c->table.data);
	if (mt_get_u64(c->table.data + 8) != offset + END_TOTAL ||
	    *index >= offset)
		return (MT_END);
	return (MT_OK);
}

/*
 * MT_END: there is no end block, or no index where it says.  The blocks of
 * the index itself are listed for as long as it takes to read them.
 */
static enum mt_status
mt_capture_by_index(struct mt_capture *c, bool *ended, struct mt_error *e)
{
	uint64_t end, at, index;
	struct mt_block_head h;
	enum mt_status st;
	size_t i = 0, len;

	if (c->source.size < c->head.head_bytes + (uint64_t)END_TOTAL)
		return (MT_END);
	end = c->source.size - END_TOTAL;
	st = mt_capture_end(c, end, &index, e);
	if (st != MT_OK)
		return (st);
	*ended = true;
	for (at = index; at < end;
	    at += MT_BLOCK_HEAD_BYTES + (uint64_t)h.stored_len) {
		st = mt_capture_block_head(c, at, &h, e);
		if (st != MT_OK || h.type != MT_BLOCK_INDEX ||
		    !mt_capture_is_whole(at, &h, end))
			return (st < 0 ? st : MT_END);
		st = mt_capture_add(c, h.type, at, e);
		if (st != MT_OK)
			return (st);
	}
	c->blocks_end = end;
	st = mt_capture_read(c, &i, &c->table, &len, e);
	c->nblocks = 0;
	c->blocks_end = index;
	if (st == MT_OK)
		st = mt_capture_list(c, c->table.data, len, index, e);
	if (st == MT_OK && !mt_budget_take(&c->budget, (uint64_t)len * 2))
		return (mt_capture_nomem(e));
	if (st == MT_OK) {
		mt_buf_put(&c->index, c->table.data, len);
		c->end_bytes = c->source.size;
	}
	return (st == MT_ERR_FORMAT ? MT_END : st);
}

/* The next offset from there on that holds a valid header, or the size. */
static enum mt_status
mt_capture_search(const struct mt_capture *c, uint64_t *offset,
    struct mt_error *e)
{
	uint8_t buf[SEARCH_BYTES], magic[4];
	struct mt_block_head h;
	enum mt_status st;
	const uint8_t *p;
	size_t n;

	mt_put_u32(magic, MT_BLOCK_MAGIC);
	for (;;) {
		st = mt_source_read(&c->source, *offset, buf, sizeof(buf),
		    &n, e);
		if (st != MT_OK)
			return (st);
		for (p = buf; (p = memmem(p, (size_t)(buf + n - p), magic,
		    sizeof(magic))) != NULL; p++) {
			if ((size_t)(buf + n - p) < MT_BLOCK_HEAD_BYTES)
				break;
			if (mt_block_get_head(&h, p)) {
				*offset += (uint64_t)(p - buf);
				return (MT_OK);
			}
		}
		if (n < sizeof(buf)) {
			*offset = c->source.size;
			return (MT_OK);
		}
		/* A header may lie across the end of what was read. */
		*offset += n - MT_BLOCK_HEAD_BYTES;
	}
}

/* What lies behind the last good block is not a damaged block, but a cut. */
static enum mt_status
mt_capture_scan(struct mt_capture *c, struct mt_error *e)
{
	uint64_t at = c->head.head_bytes, good = at, index, skipped = 0;
	struct mt_block_head h;
	enum mt_status st;

	while (at < c->source.size) {
		st = mt_capture_block_head(c, at, &h, e);
		if (st == MT_OK &&
		    !mt_capture_is_whole(at, &h, c->source.size))
			break;
		if (st == MT_OK) {
			c->meta.flags |= skipped ? MT_CAPTURE_DAMAGED : 0;
			skipped = 0;
			if (h.type == MT_BLOCK_END &&
			    mt_capture_end(c, at, &index, NULL) == MT_OK)
				c->meta.flags &= ~(unsigned)MT_CAPTURE_CUT;
			st = mt_capture_add(c, h.type, at, e);
			at += MT_BLOCK_HEAD_BYTES + (uint64_t)h.stored_len;
			good = at;
			if ((c->meta.flags & MT_CAPTURE_CUT) == 0)
				break;
		} else if (st == MT_END) {
			skipped = at++;
			st = mt_capture_search(c, &at, e);
		}
		if (st != MT_OK)
			return (st);
	}
	c->end_bytes = good;
	if (good < c->source.size)
		c->meta.lost_bytes_of_file = c->source.size - good;
	return (MT_OK);
}

enum mt_status
mt_capture_find(struct mt_capture *c, struct mt_error *e)
{
	enum mt_status st;
	bool ended = false;

	st = mt_capture_by_index(c, &ended, e);
	if (st != MT_END)
		return (st);
	c->nblocks = 0;
	c->meta.flags |= MT_CAPTURE_CUT;
	c->blocks_end = c->source.size;
	if (ended)
		c->meta.flags |= MT_CAPTURE_DAMAGED;
	return (mt_capture_scan(c, e));
}
