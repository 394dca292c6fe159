/* The bytes of a capture of memray. */

#include <lz4frame.h>
#include <stdlib.h>
#include <string.h>

#include "mt_block.h"
#include "mt_memray_in.h"

#define IN_BYTES	(256u * 1024)
#define LZ4_MAGIC	0x184d2204u

struct mt_memray_lz4 {
	LZ4F_dctx	*ctx;
	size_t		 n;		/* bytes in stored */
	size_t		 used;		/* of them */
	uint8_t		 stored[IN_BYTES];
};

bool
mt_memray_in_is_lz4(const uint8_t *p, size_t n)
{
	return (n >= 4 && mt_get_u32(p) == LZ4_MAGIC);
}

static enum mt_status
in_nomem(struct mt_error *e)
{
	return (mt_error_set(e, MT_ERR_NOMEM, "out of memory"));
}

/*
 * memray makes its file longer than it needs, and cuts it when it ends
 * properly.  Zeroes at the end of another are nothing that was written.
 */
static enum mt_status
in_without_zeroes(struct mt_memray_in *in, struct mt_error *e)
{
	enum mt_status st;
	uint64_t from;
	size_t n;

	while (in->end > 0) {
		from = in->end < in->cap ? 0 : in->end - in->cap;
		st = mt_source_read(in->source, from, in->buf,
		    (size_t)(in->end - from), &n, e);
		if (st != MT_OK)
			return (st);
		in->end = from + n;
		while (n > 0 && in->buf[n - 1] == 0)
			n--;
		in->end = from + n;
		if (n > 0)
			return (MT_OK);
	}
	return (MT_OK);
}

static enum mt_status
in_start(struct mt_memray_in *in, struct mt_error *e)
{
	uint8_t magic[4];
	enum mt_status st;
	size_t n;

	in->buf = malloc(IN_BYTES);
	if (in->buf == NULL)
		return (in_nomem(e));
	in->cap = IN_BYTES;
	in->cur.p = in->cur.end = in->buf;
	st = mt_source_read(in->source, 0, magic, sizeof(magic), &n, e);
	if (st != MT_OK)
		return (st);
	if (!mt_memray_in_is_lz4(magic, n))
		return (in_without_zeroes(in, e));
	in->lz4 = calloc(1, sizeof(*in->lz4));
	if (in->lz4 == NULL || LZ4F_isError(LZ4F_createDecompressionContext(
	    &in->lz4->ctx, LZ4F_VERSION)))
		return (in_nomem(e));
	return (MT_OK);
}

enum mt_status
mt_memray_in_open(struct mt_memray_in *in, const struct mt_source *source,
    struct mt_error *e)
{
	enum mt_status st;

	memset(in, 0, sizeof(*in));
	in->source = source;
	in->end = source->size;
	st = in_start(in, e);
	if (st != MT_OK)
		mt_memray_in_close(in);
	return (st);
}

void
mt_memray_in_close(struct mt_memray_in *in)
{
	if (in->lz4 != NULL)
		(void)LZ4F_freeDecompressionContext(in->lz4->ctx);
	free(in->lz4);
	free(in->buf);
	memset(in, 0, sizeof(*in));
}

/* Up to n stored bytes of the file; none at its end. */
static enum mt_status
in_read(struct mt_memray_in *in, uint8_t *to, size_t n, size_t *got,
    struct mt_error *e)
{
	enum mt_status st;

	*got = 0;
	if (in->at >= in->end)
		return (MT_OK);
	if (n > in->end - in->at)
		n = (size_t)(in->end - in->at);
	st = mt_source_read(in->source, in->at, to, n, got, e);
	in->at += *got;
	return (st);
}

/* Frames may follow each other; what follows the last one is an error. */
static enum mt_status
in_inflate(struct mt_memray_in *in, uint8_t *to, size_t n, size_t *got,
    struct mt_error *e)
{
	struct mt_memray_lz4 *z = in->lz4;
	size_t from, into, r;
	enum mt_status st;

	*got = 0;
	while (*got == 0 && !in->damaged) {
		if (z->used == z->n) {
			z->used = 0;
			st = in_read(in, z->stored, sizeof(z->stored), &z->n,
			    e);
			if (st != MT_OK || z->n == 0)
				return (st);
		}
		from = z->n - z->used;
		into = n;
		r = LZ4F_decompress(z->ctx, to, &into, z->stored + z->used,
		    &from, NULL);
		if (LZ4F_isError(r) || (from == 0 && into == 0)) {
			in->damaged = true;
			return (MT_OK);
		}
		z->used += from;
		*got = into;
	}
	return (MT_OK);
}

/* Make room for n bytes, and put what is left at the front. */
static bool
in_room(struct mt_memray_in *in, size_t n)
{
	size_t left = (size_t)(in->cur.end - in->cur.p);
	uint8_t *p;

	if (left > 0 && in->cur.p != in->buf)
		memmove(in->buf, in->cur.p, left);
	if (n > in->cap) {
		n = n < in->cap * 2 ? in->cap * 2 : n;
		p = realloc(in->buf, n);
		if (p == NULL)
			return (false);
		in->buf = p;
		in->cap = n;
	}
	in->cur.p = in->buf;
	in->cur.end = in->buf + left;
	return (true);
}

enum mt_status
mt_memray_in_more(struct mt_memray_in *in, size_t n, struct mt_error *e)
{
	enum mt_status st;
	size_t got, left;

	if (!in_room(in, n))
		return (in_nomem(e));
	left = (size_t)(in->cur.end - in->buf);
	while (left < n && !in->no_more) {
		if (in->lz4 != NULL)
			st = in_inflate(in, in->buf + left, in->cap - left,
			    &got, e);
		else
			st = in_read(in, in->buf + left, in->cap - left, &got,
			    e);
		if (st != MT_OK)
			return (st);
		left += got;
		in->no_more = got == 0;
	}
	in->cur.end = in->buf + left;
	return (MT_OK);
}

enum mt_status
mt_memray_in_string(struct mt_memray_in *in, const char **s,
    struct mt_error *e)
{
	enum mt_status st;
	const uint8_t *nul;
	size_t n = 0, left;

	for (;;) {
		left = (size_t)(in->cur.end - in->cur.p);
		nul = left > n ? memchr(in->cur.p + n, '\0', left - n) : NULL;
		if (nul != NULL) {
			*s = (const char *)in->cur.p;
			in->cur.p = nul + 1;
			return (MT_OK);
		}
		if (in->no_more)
			return (MT_END);
		if (left > MT_MEMRAY_STRING)
			return (MT_ERR_FORMAT);
		n = left;
		st = mt_memray_in_fill(in, left + 1, e);
		if (st != MT_OK)
			return (st);
	}
}

uint32_t
mt_memray_in_u32(struct mt_memray_in *in)
{
	const uint8_t *p = mt_cursor_bytes(&in->cur, 4);

	return (p == NULL ? 0 : mt_get_u32(p));
}

uint64_t
mt_memray_in_u64(struct mt_memray_in *in)
{
	const uint8_t *p = mt_cursor_bytes(&in->cur, 8);

	return (p == NULL ? 0 : mt_get_u64(p));
}

unsigned
mt_memray_in_byte(struct mt_memray_in *in)
{
	const uint8_t *p = mt_cursor_bytes(&in->cur, 1);

	return (p == NULL ? 0 : *p);
}

uint64_t
mt_memray_in_delta(struct mt_memray_in *in, uint64_t *last)
{
	*last += (uint64_t)mt_cursor_svarint(&in->cur);
	return (*last);
}
