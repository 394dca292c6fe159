/*
 * Fuzz target: whatever bytes a capture has, the reader must not crash, leak
 * or hang, and what it hands out must keep the promises of memtrace.h.
 *
 * The first byte of the input says what the rest is.  Checksums would keep a
 * fuzzer out, so one way in puts them on by itself.
 */

#include <stdlib.h>
#include <string.h>

#include "fuzz_open.h"

int	LLVMFuzzerTestOneInput(const uint8_t *, size_t);

enum fuzz_mode {
	FUZZ_FILE,		/* a whole file */
	FUZZ_BLOCKS,		/* blocks without their headers, cut */
	FUZZ_WHOLE,		/* the same, with index and end */
	FUZZ_EVENTS,		/* a program's events, to go there and back */
	FUZZ_MODES
};

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

static void
fuzz_blocks(const uint8_t *p, size_t n, bool whole)
{
	const struct mt_file_head h = { MT_FORMAT_MAJOR, MT_FORMAT_MINOR,
	    MT_FILE_HEAD_BYTES, 1 };
	struct mt_buf out = { NULL, 0, 0, false };
	struct mt_buf index = { NULL, 0, 0, false };
	uint8_t head[MT_FILE_HEAD_BYTES];

	mt_block_put_file_head(head, &h);
	mt_buf_put(&out, head, sizeof(head));
	fuzz_frame(&out, &index, p, n);
	if (whole && index.len > 0)
		fuzz_end(&out, &index);
	fuzz_open(out.data, out.len);
	mt_buf_fini(&out);
	mt_buf_fini(&index);
}

/* An event made of the next bytes, of which there are enough. */
static void
fuzz_invent(struct mt_cursor *c, struct mt_event *ev, uint64_t *allocs,
    uint64_t *time)
{
	const uint8_t *b = mt_cursor_bytes(c, 8);
	static const unsigned shifts[] = { 0, 4, 12, 37 };

	memset(ev, 0, sizeof(*ev));
	ev->thread = b[0] >> 5;
	*time += b[1] >> 6 == 3 ? mt_get_u32(b + 4) : 0;
	ev->time_ns = *time;
	ev->type = (uint8_t)(1 + b[0] % 3);
	if (ev->type == MT_EVENT_FREE && *allocs == 0)
		ev->type = MT_EVENT_UNMAP;
	if (ev->type == MT_EVENT_FREE) {
		ev->ref = *allocs - 1 - mt_get_u16(b + 2) % *allocs;
		return;
	}
	ev->addr = (uint64_t)mt_get_u32(b + 4) << shifts[b[1] & 3];
	ev->size = mt_get_u16(b + 2) % 700;
	if (ev->type == MT_EVENT_UNMAP)
		return;
	ev->allocator = (uint8_t)(1 + b[1] % 61);
	ev->node = b[7];
	ev->ref = (*allocs)++;
}

static void
fuzz_encode(struct mt_events_enc *enc, const struct mt_event *ev)
{
	mt_events_put_time(enc, ev->time_ns);
	if (ev->type == MT_EVENT_ALLOC)
		mt_events_put_alloc(enc, ev->thread, ev->node, ev->allocator,
		    ev->addr, ev->size);
	else if (ev->type == MT_EVENT_FREE)
		mt_events_put_free(enc, ev->thread, ev->ref);
	else
		mt_events_put_unmap(enc, ev->thread, ev->addr, ev->size);
}

/* Take a block: it must hold these events, no more and no less. */
static void
fuzz_decode(struct mt_events_enc *enc, const struct mt_event *ev, size_t n)
{
	struct mt_events_dec d;
	struct mt_event got;
	void *data;
	size_t len, i;

	fuzz_require(mt_events_enc_take(enc, &data, &len, NULL) == MT_OK);
	memset(&d, 0, sizeof(d));
	d.max_node = d.max_thread = 256;
	fuzz_require(mt_events_dec_start(&d, data, len, NULL) == MT_OK);
	for (i = 0; i < n; i++) {
		memset(&got, 0, sizeof(got));
		fuzz_require(mt_events_dec_next(&d, &got, 1) == 1);
		fuzz_require(got.type == ev[i].type &&
		    got.allocator == ev[i].allocator &&
		    got.thread == ev[i].thread && got.node == ev[i].node &&
		    got.addr == ev[i].addr && got.size == ev[i].size &&
		    got.ref == ev[i].ref && got.time_ns == ev[i].time_ns);
	}
	fuzz_require(mt_events_dec_next(&d, &got, 1) == 0 && !d.bad);
	mt_events_dec_fini(&d);
	free(data);
}

static void
fuzz_round_trip(const uint8_t *p, size_t n)
{
	struct mt_events_enc *enc = mt_events_enc_new();
	struct mt_cursor c = { p, p + n, false };
	uint64_t allocs = 0, time = 0;
	struct mt_event ev[256];
	size_t i;

	while (c.p < c.end) {
		/* Blocks of all lengths, each decoded on its own. */
		size_t most = *mt_cursor_bytes(&c, 1);

		for (i = 0; i < most && c.end - c.p >= 8; i++) {
			fuzz_invent(&c, &ev[i], &allocs, &time);
			fuzz_encode(enc, &ev[i]);
		}
		fuzz_decode(enc, ev, i);
	}
	mt_events_enc_free(enc);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	if (n == 0)
		return (0);
	switch (data[0] % FUZZ_MODES) {
	case FUZZ_FILE:
		fuzz_open(data + 1, n - 1);
		break;
	case FUZZ_BLOCKS:
		fuzz_blocks(data + 1, n - 1, false);
		break;
	case FUZZ_WHOLE:
		fuzz_blocks(data + 1, n - 1, true);
		break;
	default:
		fuzz_round_trip(data + 1, n - 1);
		break;
	}
	return (0);
}
