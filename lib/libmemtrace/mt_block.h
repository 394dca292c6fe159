/*
 * The framing of a capture: file header and block headers, their checksums.
 * See memtrace(5).
 */

#ifndef MT_BLOCK_H
#define MT_BLOCK_H

#include "mt_private.h"

#define MT_FILE_MAGIC		"\211MTR\r\n\032\n"
#define MT_FILE_MAGIC_BYTES	8
#define MT_FILE_HEAD_BYTES	32
#define MT_FORMAT_MAJOR		1
#define MT_FORMAT_MINOR		2

#define MT_BLOCK_MAGIC		0x4b4c4289u	/* 89 'B' 'L' 'K' */
#define MT_BLOCK_HEAD_BYTES	24
#define MT_BLOCK_RAW_MAX	(64u * 1024 * 1024)
#define MT_BLOCK_END_BYTES	16		/* payload of an end block */

enum mt_block_flag {
	MT_BLOCK_ZLIB = 1,	/* the stored payload is a zlib stream */
	MT_BLOCK_MORE = 2,	/* the next block continues the payload */
	MT_BLOCK_CONTINUED = 4	/* this block continues the one before */
};

struct mt_file_head {
	uint16_t	major;
	uint16_t	minor;
	uint32_t	head_bytes;	/* of the file's header */
	uint64_t	start_time_ns;
};

struct mt_block_head {
	uint16_t	type;
	uint16_t	flags;
	uint32_t	raw_len;
	uint32_t	stored_len;
	uint32_t	crc;		/* of the stored payload */
};

void	mt_put_u16(uint8_t *, uint16_t);
void	mt_put_u32(uint8_t *, uint32_t);
void	mt_put_u64(uint8_t *, uint64_t);
uint16_t mt_get_u16(const uint8_t *);
uint32_t mt_get_u32(const uint8_t *);
uint64_t mt_get_u64(const uint8_t *);

void	mt_block_put_file_head(uint8_t[MT_FILE_HEAD_BYTES],
	    const struct mt_file_head *);
/* Says in the error what the bytes are if they are not a capture's. */
enum mt_status	mt_block_get_file_head(struct mt_file_head *,
		    const uint8_t *, size_t, struct mt_error *);

void	mt_block_put_head(uint8_t[MT_BLOCK_HEAD_BYTES],
	    const struct mt_block_head *);
/* False if the bytes are not a valid header. */
bool	mt_block_get_head(struct mt_block_head *,
	    const uint8_t[MT_BLOCK_HEAD_BYTES]);
uint32_t mt_block_crc(const void *, size_t);

#endif /* MT_BLOCK_H */
