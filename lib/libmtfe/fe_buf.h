/*
 * Text in large amounts, written faster than stdio formats it.  Errors stay
 * with the stream, as those of stdio do; see fe_out.h.
 */

#ifndef FE_BUF_H
#define FE_BUF_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#define FE_BUF_BYTES	65536u
#define FE_BUF_UINT	20u	/* digits of the largest number */

struct fe_buf {
	FILE	*out;
	size_t	 n;
	char	 data[FE_BUF_BYTES];
};

void	fe_buf_init(struct fe_buf *, FILE *);
/* Hand over what is there; returns whether the stream is without error. */
bool	fe_buf_flush(struct fe_buf *);

/* Slow half of fe_buf_put(). */
void	fe_buf_put_slow(struct fe_buf *, const char *, size_t);

/* Bytes. */
static inline void
fe_buf_put(struct fe_buf *b, const char *s, size_t n)
{
	if (n > FE_BUF_BYTES - b->n) {
		fe_buf_put_slow(b, s, n);
		return;
	}
	memcpy(b->data + b->n, s, n);
	b->n += n;
}

/* A string; the length of a literal is known to the compiler. */
static inline void
fe_buf_str(struct fe_buf *b, const char *s)
{
	fe_buf_put(b, s, strlen(s));
}

static inline void
fe_buf_char(struct fe_buf *b, char c)
{
	fe_buf_put(b, &c, 1);
}

/* Numbers in decimal, and in hexadecimal after 0x. */
void	fe_buf_uint(struct fe_buf *, uint64_t);
void	fe_buf_int(struct fe_buf *, int64_t);
void	fe_buf_hex(struct fe_buf *, uint64_t);

#endif /* FE_BUF_H */
