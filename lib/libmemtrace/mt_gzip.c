/* Files in gzip format (RFC 1952), for writers of other formats. */

#include <limits.h>
#include <stdlib.h>
#include <string.h>

#define ZLIB_CONST
#include <zlib.h>

#include "mt_private.h"

#define GZIP_WINDOW	(15 + 16)	/* zlib's way to ask for the format */
#define GZIP_MEMORY	8

/* zlib counts in unsigned int, so long input goes in by pieces. */
static uInt
gzip_piece(size_t left)
{
	return (left > UINT_MAX ? UINT_MAX : (uInt)left);
}

/* False if the output has no room, which deflateBound() rules out. */
static bool
gzip_run(z_stream *z, const uint8_t *in, size_t n, uint8_t *out, size_t *room)
{
	size_t cap = *room, done = 0;
	int rc;

	do {
		z->next_in = in;
		z->avail_in = gzip_piece(n);
		z->next_out = out + done;
		z->avail_out = gzip_piece(cap - done);
		in += z->avail_in;
		n -= z->avail_in;
		rc = deflate(z, n == 0 ? Z_FINISH : Z_NO_FLUSH);
		in -= z->avail_in;
		n += z->avail_in;
		done = (size_t)(z->next_out - out);
	} while (rc == Z_OK && done < cap);
	*room = done;
	return (rc == Z_STREAM_END);
}

enum mt_status
mt_gzip(const void *in, size_t n, void **out, size_t *out_n,
    struct mt_error *e)
{
	z_stream z;
	bool ok;

	*out = NULL;
	*out_n = 0;
	memset(&z, 0, sizeof(z));
	if (n > LONG_MAX / 2)
		return (mt_error_set(e, MT_ERR_LIMIT, "too long to compress"));
	if (deflateInit2(&z, Z_DEFAULT_COMPRESSION, Z_DEFLATED, GZIP_WINDOW,
	    GZIP_MEMORY, Z_DEFAULT_STRATEGY) != Z_OK)
		return (mt_error_set(e, MT_ERR_NOMEM, "out of memory"));
	*out_n = deflateBound(&z, (uLong)n);
	*out = malloc(*out_n);
	ok = *out != NULL && gzip_run(&z, in, n, *out, out_n);
	(void)deflateEnd(&z);
	if (ok)
		return (MT_OK);
	free(*out);
	*out = NULL;
	*out_n = 0;
	return (mt_error_set(e, MT_ERR_NOMEM, "out of memory"));
}
