/* Text in large amounts. */

#include "fe_buf.h"

/* Two digits at a time halve the divisions. */
static const char pairs[] =
    "00010203040506070809101112131415161718192021222324"
    "25262728293031323334353637383940414243444546474849"
    "50515253545556575859606162636465666768697071727374"
    "75767778798081828384858687888990919293949596979899";

void
fe_buf_init(struct fe_buf *b, FILE *out)
{
	b->out = out;
	b->n = 0;
}

/*
 * stdio does not keep the reason of a failure.  With a byte left to write it
 * fails again when the stream is flushed or closed, and can be asked then.
 */
static void
hand_over(struct fe_buf *b, const char *s, size_t n)
{
	if (n > 0 && fwrite(s, 1, n, b->out) < n)
		(void)putc(s[n - 1], b->out);
}

bool
fe_buf_flush(struct fe_buf *b)
{
	hand_over(b, b->data, b->n);
	b->n = 0;
	return (ferror(b->out) == 0);
}

void
fe_buf_put_slow(struct fe_buf *b, const char *s, size_t n)
{
	(void)fe_buf_flush(b);
	if (n > FE_BUF_BYTES) {
		hand_over(b, s, n);
		return;
	}
	memcpy(b->data, s, n);
	b->n = n;
}

void
fe_buf_uint(struct fe_buf *b, uint64_t v)
{
	char digits[FE_BUF_UINT], *end = digits + sizeof(digits), *p = end;

	for (; v >= 100; v /= 100) {
		p -= 2;
		memcpy(p, pairs + v % 100 * 2, 2);
	}
	if (v >= 10) {
		p -= 2;
		memcpy(p, pairs + v * 2, 2);
	} else {
		*--p = (char)('0' + v);
	}
	fe_buf_put(b, p, (size_t)(end - p));
}

void
fe_buf_int(struct fe_buf *b, int64_t v)
{
	if (v < 0)
		fe_buf_char(b, '-');
	fe_buf_uint(b, v < 0 ? 0 - (uint64_t)v : (uint64_t)v);
}

void
fe_buf_hex(struct fe_buf *b, uint64_t v)
{
	char digits[18], *end = digits + sizeof(digits), *p = end;

	do {
		*--p = "0123456789abcdef"[v & 15];
		v >>= 4;
	} while (v != 0);
	*--p = 'x';
	*--p = '0';
	fe_buf_put(b, p, (size_t)(end - p));
}
