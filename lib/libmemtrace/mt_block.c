/* The framing of a capture: headers and checksums. */

#include <libdeflate.h>
#include <string.h>

#include "mt_block.h"

void
mt_put_u16(uint8_t *p, uint16_t v)
{
	p[0] = (uint8_t)v;
	p[1] = (uint8_t)(v >> 8);
}

void
mt_put_u32(uint8_t *p, uint32_t v)
{
	mt_put_u16(p, (uint16_t)v);
	mt_put_u16(p + 2, (uint16_t)(v >> 16));
}

void
mt_put_u64(uint8_t *p, uint64_t v)
{
	mt_put_u32(p, (uint32_t)v);
	mt_put_u32(p + 4, (uint32_t)(v >> 32));
}

uint16_t
mt_get_u16(const uint8_t *p)
{
	return ((uint16_t)(p[0] | p[1] << 8));
}

uint32_t
mt_get_u32(const uint8_t *p)
{
	return (mt_get_u16(p) | (uint32_t)mt_get_u16(p + 2) << 16);
}

uint64_t
mt_get_u64(const uint8_t *p)
{
	return (mt_get_u32(p) | (uint64_t)mt_get_u32(p + 4) << 32);
}

uint32_t
mt_block_crc(const void *p, size_t n)
{
	return (libdeflate_crc32(0, p, n));
}

void
mt_block_put_file_head(uint8_t out[MT_FILE_HEAD_BYTES],
    const struct mt_file_head *h)
{
	memcpy(out, MT_FILE_MAGIC, MT_FILE_MAGIC_BYTES);
	mt_put_u16(out + 8, h->major);
	mt_put_u16(out + 10, h->minor);
	mt_put_u32(out + 12, h->head_bytes);
	mt_put_u64(out + 16, h->start_time_ns);
	mt_put_u32(out + 24, 0);
	mt_put_u32(out + 28, mt_block_crc(out, 28));
}

static enum mt_status
mt_block_not_a_capture(const uint8_t *p, size_t n, struct mt_error *e)
{
	if (n == 0)
		return (mt_error_set(e, MT_ERR_FORMAT, "empty file"));
	if (n < MT_FILE_HEAD_BYTES && memcmp(p, MT_FILE_MAGIC,
	    n < MT_FILE_MAGIC_BYTES ? n : MT_FILE_MAGIC_BYTES) == 0)
		return (mt_error_set(e, MT_ERR_FORMAT,
		    "cut short within the header"));
	return (mt_error_set(e, MT_ERR_FORMAT, "not a memtrace capture"));
}

/*
 * The major version is looked at before the checksum: another major version
 * may have another header.
 */
enum mt_status
mt_block_get_file_head(struct mt_file_head *h, const uint8_t *p, size_t n,
    struct mt_error *e)
{
	if (n < MT_FILE_HEAD_BYTES ||
	    memcmp(p, MT_FILE_MAGIC, MT_FILE_MAGIC_BYTES) != 0)
		return (mt_block_not_a_capture(p, n, e));
	h->major = mt_get_u16(p + 8);
	h->minor = mt_get_u16(p + 10);
	h->head_bytes = mt_get_u32(p + 12);
	h->start_time_ns = mt_get_u64(p + 16);
	if (h->major != MT_FORMAT_MAJOR)
		return (mt_error_set(e, MT_ERR_VERSION,
		    "format %u.%u; this program reads %d.x", h->major,
		    h->minor, MT_FORMAT_MAJOR));
	if (mt_get_u32(p + 28) != mt_block_crc(p, 28) ||
	    h->head_bytes < MT_FILE_HEAD_BYTES)
		return (mt_error_set(e, MT_ERR_FORMAT, "damaged header"));
	return (MT_OK);
}

void
mt_block_put_head(uint8_t out[MT_BLOCK_HEAD_BYTES],
    const struct mt_block_head *h)
{
	mt_put_u32(out, MT_BLOCK_MAGIC);
	mt_put_u16(out + 4, h->type);
	mt_put_u16(out + 6, h->flags);
	mt_put_u32(out + 8, h->raw_len);
	mt_put_u32(out + 12, h->stored_len);
	mt_put_u32(out + 16, h->crc);
	mt_put_u32(out + 20, mt_block_crc(out, 20));
}

bool
mt_block_get_head(struct mt_block_head *h,
    const uint8_t in[MT_BLOCK_HEAD_BYTES])
{
	if (mt_get_u32(in) != MT_BLOCK_MAGIC ||
	    mt_get_u32(in + 20) != mt_block_crc(in, 20))
		return (false);
	h->type = mt_get_u16(in + 4);
	h->flags = mt_get_u16(in + 6);
	h->raw_len = mt_get_u32(in + 8);
	h->stored_len = mt_get_u32(in + 12);
	h->crc = mt_get_u32(in + 16);
	return (true);
}
