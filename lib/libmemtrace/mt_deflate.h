/*
 * The compression of payloads: zlib streams (RFC 1950) of whole blocks, made
 * and read by libdeflate, which takes about half the time of zlib for it.
 */

#ifndef MT_DEFLATE_H
#define MT_DEFLATE_H

#include "mt_private.h"

/* A compressor and a decompressor that keep their memory between blocks. */
struct mt_deflate;
struct mt_inflate;

struct mt_deflate *mt_deflate_new(void);
void	mt_deflate_free(struct mt_deflate *);
/*
 * The compressed bytes, valid until the next call, or NULL if they would not
 * be fewer than n.
 */
const uint8_t	*mt_deflate_run(struct mt_deflate *, const void *, size_t n,
		    size_t *out_len);

struct mt_inflate *mt_inflate_new(void);
void	mt_inflate_free(struct mt_inflate *);
/* False unless the stream is whole and gives exactly out_len bytes. */
bool	mt_inflate_run(struct mt_inflate *, const void *, size_t,
	    uint8_t *out, size_t out_len);
/* Can so few stored bytes give so many raw ones? */
bool	mt_inflate_possible(size_t stored_len, size_t raw_len);

#endif /* MT_DEFLATE_H */
