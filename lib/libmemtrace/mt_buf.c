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

/* The first byte comes last; compilers make this one instruction. */
static uint64_t
eight_bytes(const uint8_t *p)
{
	return ((uint64_t)p[0] | (uint64_t)p[1] << 8 | (uint64_t)p[2] << 16 |
	    (uint64_t)p[3] << 24 | (uint64_t)p[4] << 32 |
	    (uint64_t)p[5] << 40 | (uint64_t)p[6] << 48 |
	    (uint64_t)p[7] << 56);
}

/*
 * A number of up to eight bytes at once, since how long one is cannot be
 * foretold.  False if it is longer.
 */
static bool
cursor_eight(struct mt_cursor *c, uint64_t *v)
{
	uint64_t x = eight_bytes(c->p);
	uint64_t last = ~x & UINT64_C(0x8080808080808080);

	if (last == 0)
		return (false);
	/* Keep what is not behind the first byte without the high bit. */
	c->p += (__builtin_ctzll(last) + 1) / 8;
	x &= (last ^ (last - 1)) & UINT64_C(0x7f7f7f7f7f7f7f7f);
	x = (x & UINT64_C(0x007f007f007f007f)) |
	    (x & UINT64_C(0x7f007f007f007f00)) >> 1;
	x = (x & UINT64_C(0x00003fff00003fff)) |
	    (x & UINT64_C(0x3fff00003fff0000)) >> 2;
	*v = (x & UINT64_C(0x000000000fffffff)) |
	    (x & UINT64_C(0x0fffffff00000000)) >> 4;
	return (true);
}

/*
 * At most ten bytes; bits beyond the 64th make the number bad, so that a
 * number has only one meaning in every reader.
 */
uint64_t
mt_cursor_long(struct mt_cursor *c)
{
	uint64_t v = 0;
	unsigned shift;
	uint8_t byte;

	if (c->end - c->p >= 8 && cursor_eight(c, &v))
		return (v);
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
