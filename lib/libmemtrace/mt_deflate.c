/* Compressed payloads, and files in gzip format for other writers. */

#include <libdeflate.h>
#include <limits.h>
#include <stdlib.h>

#include "mt_block.h"
#include "mt_deflate.h"

/* The program waits for us when we are slow; files are for keeps. */
#define DEFLATE_LEVEL	1
#define GZIP_LEVEL	6

/*
 * No zlib stream expands by more than this factor, so a block that claims
 * more is refused before memory is allocated for it.
 */
#define DEFLATE_RATIO_MAX	1032

struct mt_deflate {
	struct libdeflate_compressor	*z;
	uint8_t				*out;
	size_t				 cap;
};

struct mt_inflate {
	struct libdeflate_decompressor	*z;
};

struct mt_deflate *
mt_deflate_new(void)
{
	struct mt_deflate *d = calloc(1, sizeof(*d));

	if (d == NULL)
		return (NULL);
	d->z = libdeflate_alloc_compressor(DEFLATE_LEVEL);
	if (d->z == NULL) {
		free(d);
		return (NULL);
	}
	return (d);
}

void
mt_deflate_free(struct mt_deflate *d)
{
	if (d == NULL)
		return;
	libdeflate_free_compressor(d->z);
	free(d->out);
	free(d);
}

/*
 * The output gets only as much room as is useful: a stream that does not
 * fit would not have been smaller.
 */
const uint8_t *
mt_deflate_run(struct mt_deflate *d, const void *p, size_t n, size_t *out_len)
{
	uint8_t *out;

	if (n < 2 || n > MT_BLOCK_RAW_MAX)
		return (NULL);
	if (d->cap < n) {
		out = realloc(d->out, n);
		if (out == NULL)
			return (NULL);
		d->out = out;
		d->cap = n;
	}
	*out_len = libdeflate_zlib_compress(d->z, p, n, d->out, n - 1);
	return (*out_len > 0 ? d->out : NULL);
}

struct mt_inflate *
mt_inflate_new(void)
{
	struct mt_inflate *i = calloc(1, sizeof(*i));

	if (i == NULL)
		return (NULL);
	i->z = libdeflate_alloc_decompressor();
	if (i->z == NULL) {
		free(i);
		return (NULL);
	}
	return (i);
}

void
mt_inflate_free(struct mt_inflate *i)
{
	if (i == NULL)
		return;
	libdeflate_free_decompressor(i->z);
	free(i);
}

bool
mt_inflate_run(struct mt_inflate *i, const void *p, size_t n, uint8_t *out,
    size_t out_len)
{
	return (libdeflate_zlib_decompress(i->z, p, n, out, out_len, NULL) ==
	    LIBDEFLATE_SUCCESS);
}

bool
mt_inflate_possible(size_t stored_len, size_t raw_len)
{
	return (raw_len <= MT_BLOCK_RAW_MAX &&
	    raw_len / DEFLATE_RATIO_MAX <= stored_len);
}

enum mt_status
mt_gzip(const void *in, size_t n, void **out, size_t *out_n,
    struct mt_error *e)
{
	struct libdeflate_compressor *z;
	size_t cap;

	*out = NULL;
	*out_n = 0;
	if (n > LONG_MAX / 2)
		return (mt_error_set(e, MT_ERR_LIMIT, "too long to compress"));
	z = libdeflate_alloc_compressor(GZIP_LEVEL);
	if (z != NULL) {
		cap = libdeflate_gzip_compress_bound(z, n);
		if ((*out = malloc(cap)) != NULL)
			*out_n = libdeflate_gzip_compress(z, in, n, *out, cap);
		libdeflate_free_compressor(z);
	}
	if (*out_n > 0)
		return (MT_OK);
	free(*out);
	*out = NULL;
	return (mt_error_set(e, MT_ERR_NOMEM, "out of memory"));
}
