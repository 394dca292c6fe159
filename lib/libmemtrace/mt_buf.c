/* Growing byte buffers, and cursors over bytes that nobody has checked. */

#include <stdlib.h>
#include <string.h>

#include "mt_private.h"

bool
mt_buf_reserve(struct mt_buf *b, size_t n)
{
	size_t cap;
	uint8_t *data;

	if (b->cap - b->len >= n)
		return (true);
	if (b->failed)
		return (false);
	cap = b->cap < 64 ? 64 : b->cap;
	while (cap - b->len < n) {
		if (cap > SIZE_MAX / 2) {
			b->failed = true;
			return (false);
		}
		cap *= 2;
	}
	data = realloc(b->data, cap);
	if (data == NULL) {
		b->failed = true;
		return (false);
	}
	b->data = data;
	b->cap = cap;
	return (true);
}

void
mt_buf_put(struct mt_buf *b, const void *p, size_t n)
{
	if (n == 0 || !mt_buf_reserve(b, n))
		return;
	memcpy(b->data + b->len, p, n);
	b->len += n;
}

void
mt_buf_put_varint(struct mt_buf *b, uint64_t v)
{
	if (mt_buf_reserve(b, MT_VARINT_MAX))
		b->len = (size_t)(mt_varint_put(b->data + b->len, v) -
		    b->data);
}

void
mt_buf_put_svarint(struct mt_buf *b, int64_t v)
{
	mt_buf_put_varint(b, mt_zigzag(v));
}

void
mt_buf_put_string(struct mt_buf *b, const char *s, size_t n)
{
	mt_buf_put_varint(b, n);
	mt_buf_put(b, s, n);
}

void
mt_buf_fini(struct mt_buf *b)
{
	free(b->data);
	memset(b, 0, sizeof(*b));
}

/*
 * At most ten bytes; bits beyond the 64th make the number bad, so that a
 * number has only one meaning in every reader.
 */
uint64_t
mt_cursor_varint(struct mt_cursor *c)
{
	uint64_t v = 0;
	unsigned shift;
	uint8_t byte;

	for (shift = 0; shift < 64; shift += 7) {
		if (c->p == c->end)
			break;
		byte = *c->p++;
		if (shift == 63 && byte > 1)
			break;
		v |= (uint64_t)(byte & 0x7f) << shift;
		if (byte < 0x80)
			return (v);
	}
	c->bad = true;
	c->p = c->end;
	return (0);
}

int64_t
mt_cursor_svarint(struct mt_cursor *c)
{
	uint64_t v = mt_cursor_varint(c);

	return ((int64_t)((v >> 1) ^ (0 - (v & 1))));
}

const uint8_t *
mt_cursor_bytes(struct mt_cursor *c, size_t n)
{
	const uint8_t *p = c->p;

	if ((size_t)(c->end - c->p) < n) {
		c->bad = true;
		c->p = c->end;
		return (NULL);
	}
	c->p += n;
	return (p);
}
