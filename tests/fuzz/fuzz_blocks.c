/* A capture around the blocks of an input. */

#include "fuzz_open.h"

static void
fuzz_block(struct mt_buf *out, const struct mt_block_head *in,
    const uint8_t *payload)
{
	struct mt_block_head h = *in;
	uint8_t head[MT_BLOCK_HEAD_BYTES];

	h.crc = mt_block_crc(payload, h.stored_len);
	mt_block_put_head(head, &h);
	mt_buf_put(out, head, sizeof(head));
	mt_buf_put(out, payload, h.stored_len);
}

/* Four bytes (type, flags, length) stand for a header. */
static void
fuzz_frame(struct mt_buf *out, struct mt_buf *index, const uint8_t *p,
    size_t n)
{
	struct mt_tables_index prev = { 0, 0, 0, 0, 0 }, i = prev;
	struct mt_block_head h = { 0, 0, 0, 0, 0 };

	while (n >= 4) {
		h.type = p[0];
		h.flags = p[1] & 7;
		h.stored_len = mt_get_u16(p + 2);
		p += 4;
		n -= 4;
		if (h.stored_len > n)
			h.stored_len = (uint32_t)n;
		h.raw_len = h.flags & MT_BLOCK_ZLIB ? h.stored_len * 3 :
		    h.stored_len;
		i.type = h.type;
		i.offset = out->len;
		mt_tables_put_index(index, &prev, &i);
		prev = i;
		fuzz_block(out, &h, p);
		p += h.stored_len;
		n -= h.stored_len;
	}
}

static void
fuzz_end(struct mt_buf *out, const struct mt_buf *index)
{
	struct mt_block_head h = { MT_BLOCK_INDEX, 0, (uint32_t)index->len,
	    (uint32_t)index->len, 0 };
	uint8_t end[MT_BLOCK_END_BYTES];

	mt_put_u64(end, out->len);
	fuzz_block(out, &h, index->data);
	mt_put_u64(end + 8, out->len + MT_BLOCK_HEAD_BYTES + sizeof(end));
	h.type = MT_BLOCK_END;
	h.raw_len = h.stored_len = sizeof(end);
	fuzz_block(out, &h, end);
}

void
fuzz_blocks(struct mt_buf *out, const uint8_t *p, size_t n, bool whole)
{
	const struct mt_file_head h = { MT_FORMAT_MAJOR, MT_FORMAT_MINOR,
	    MT_FILE_HEAD_BYTES, 1 };
	struct mt_buf index = { NULL, 0, 0, false };
	uint8_t head[MT_FILE_HEAD_BYTES];

	mt_block_put_file_head(head, &h);
	mt_buf_put(out, head, sizeof(head));
	fuzz_frame(out, &index, p, n);
	if (whole && index.len > 0)
		fuzz_end(out, &index);
	mt_buf_fini(&index);
}
