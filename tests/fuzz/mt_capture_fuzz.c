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
fuzz_capture(const uint8_t *p, size_t n, bool whole)
{
	struct mt_buf out = { NULL, 0, 0, false };

	fuzz_blocks(&out, p, n, whole);
	fuzz_open(out.data, out.len);
	mt_buf_fini(&out);
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
		fuzz_capture(data + 1, n - 1, false);
		break;
	case FUZZ_WHOLE:
		fuzz_capture(data + 1, n - 1, true);
		break;
	default:
		fuzz_round_trip(data + 1, n - 1);
		break;
	}
	return (0);
}
