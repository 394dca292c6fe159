/*
 * Fuzz target: whatever bytes a capture has, the reader must not crash, leak
 * or hang, and what it hands out must keep the promises of memtrace.h.
 *
 * The first byte of the input says what the rest is.  Checksums would keep a
 * fuzzer out, so one way in puts them on by itself.
 */

#include <stdlib.h>
#include <string.h>

#include "mt_capture.h"

int	LLVMFuzzerTestOneInput(const uint8_t *, size_t);

enum fuzz_mode {
	FUZZ_FILE,		/* a whole file */
	FUZZ_BLOCKS,		/* blocks without their headers, cut */
	FUZZ_WHOLE,		/* the same, with index and end */
	FUZZ_EVENTS,		/* a program's events, to go there and back */
	FUZZ_MODES
};

/* Something that a compiler cannot leave out. */
static volatile uint64_t fuzz_sink;

static void
fuzz_require(bool ok)
{
	if (!ok)
		abort();
}

static void
fuzz_bytes(const void *p, size_t n)
{
	const uint8_t *b = p;
	size_t i;

	for (i = 0; i < n; i++)
		fuzz_sink += b[i];
}

static void
fuzz_string(const char *s)
{
	fuzz_require(s != NULL);
	fuzz_bytes(s, strlen(s));
}

static void
fuzz_tables(struct mt_capture *c)
{
	size_t ncodes, nnodes, nsites, nthreads, i;
	const struct mt_thread *threads;
	const struct mt_code *codes;
	const struct mt_node *nodes;
	const struct mt_site *sites;

	ncodes = mt_capture_codes(c, &codes);
	nnodes = mt_capture_nodes(c, &nodes);
	nsites = mt_capture_sites(c, &sites);
	nthreads = mt_capture_threads(c, &threads);
	fuzz_require(ncodes > 0 && nnodes > 0 && nthreads > 0);
	for (i = 0; i < ncodes; i++) {
		fuzz_string(codes[i].function);
		fuzz_string(codes[i].file);
		fuzz_bytes(codes[i].table, codes[i].table_len);
	}
	for (i = 0; i < nnodes; i++) {
		fuzz_require(nodes[i].code < ncodes);
		fuzz_require(nodes[i].parent < i || i == 0);
		fuzz_sink += mt_line_of(&codes[nodes[i].code],
		    nodes[i].offset);
	}
	for (i = 0; i < nsites; i++)
		fuzz_require(sites[i].node < nnodes &&
		    sites[i].thread < nthreads);
	for (i = 0; i < nthreads; i++)
		fuzz_string(threads[i].name);
}

static uint64_t
fuzz_events(struct mt_capture *c)
{
	size_t nnodes = mt_capture_nodes(c, NULL);
	size_t nthreads = mt_capture_threads(c, NULL);
	struct mt_event ev[100];
	uint64_t total = 0;
	size_t i, n;

	while (mt_capture_events(c, ev, 100, &n, NULL) == MT_OK) {
		fuzz_require(n > 0 && n <= 100);
		for (i = 0; i < n; i++)
			fuzz_require(ev[i].node < nnodes &&
			    ev[i].thread < nthreads && ev[i].type >= 1 &&
			    ev[i].type <= 3);
		total += n;
	}
	return (total);
}

static void
fuzz_meta(struct mt_capture *c)
{
	const struct mt_meta *m = mt_capture_meta(c);

	fuzz_string(m->command_line);
	fuzz_string(m->python_version);
	fuzz_string(m->python_allocator);
}

static void
fuzz_summary(struct mt_capture *c)
{
	struct mt_summary *s;
	size_t i, n;
	int view;

	for (view = MT_VIEW_PEAK; view <= MT_VIEW_ALL; view++) {
		if (mt_summary_new(&s, (enum mt_view)view, NULL) != MT_OK)
			continue;
		if (mt_summary_push(s, c, NULL) == MT_OK) {
			const struct mt_row *rows = mt_summary_rows(s, 1, &n);

			for (i = 0; i < n; i++)
				fuzz_string(rows[i].function);
		}
		mt_summary_free(s);
	}
}

/* Modules, and then everything without their frames. */
static void
fuzz_native(struct mt_capture *c, uint64_t events)
{
	const struct mt_module *m;
	size_t i, k, n;

	if (mt_capture_modules(c, &m, &n, NULL) != MT_OK)
		return;
	for (i = 0; i < n; i++) {
		fuzz_string(m[i].path);
		fuzz_bytes(m[i].build_id, m[i].build_id_len);
		fuzz_require(m[i].naddresses > 0 &&
		    m[i].unresolved <= m[i].naddresses);
		for (k = 1; k < m[i].naddresses; k++)
			fuzz_require(m[i].address[k - 1] < m[i].address[k]);
		if (m[i].note != NULL)
			fuzz_string(m[i].note);
	}
	if (mt_capture_hide_native(c, NULL) != MT_OK)
		return;
	fuzz_tables(c);
	mt_capture_rewind(c);
	fuzz_require(events == fuzz_events(c));
}

static enum mt_status
fuzz_put(void *arg, enum mt_block_type type, void *data, size_t n,
    struct mt_error *e)
{
	(void)arg;
	(void)type;
	(void)e;
	fuzz_bytes(data, n);
	free(data);
	return (MT_OK);
}

/* Selections look at all tables, and at events. */
static void
fuzz_select(struct mt_capture *c)
{
	static const char *const patterns[] = { "a*", "[!b]*" };
	size_t n = mt_capture_sites(c, NULL);
	struct mt_amount *amounts;
	struct mt_selection sel;
	int view;

	amounts = calloc(n + 1, sizeof(*amounts));
	fuzz_require(amounts != NULL);
	memset(&sel, 0, sizeof(sel));
	sel.threshold = 4;
	for (view = MT_VIEW_PEAK; view <= MT_VIEW_RANGE; view++) {
		sel.view = (enum mt_view)view;
		sel.from_ns = 3;
		sel.to_ns = view % 2 == 0 ? 30000000 : UINT64_MAX;
		if (mt_capture_select(c, &sel, amounts, NULL) == MT_OK)
			fuzz_bytes(amounts, n * sizeof(*amounts));
		sel.include.pattern = sel.threads.pattern = patterns;
		sel.include.n = 1;
		sel.threads.n = 2;
	}
	free(amounts);
}

static void
fuzz_aggregate(struct mt_capture *c)
{
	const struct mt_sink sink = { fuzz_put, NULL };
	struct mt_error e;

	if (mt_capture_aggregate(c, &sink, &e) != MT_OK)
		fuzz_require(e.text[0] != '\0');
}

static void
fuzz_open(const uint8_t *data, size_t n)
{
	const struct mt_sample *samples;
	struct mt_source source;
	struct mt_capture *c;
	struct mt_error e;
	uint64_t events;

	mt_source_memory(&source, data, n);
	if (mt_capture_open_source(&c, &source, &e) != MT_OK) {
		fuzz_require(c == NULL && e.text[0] != '\0');
		return;
	}
	fuzz_meta(c);
	fuzz_tables(c);
	events = fuzz_events(c);
	mt_capture_rewind(c);
	fuzz_require(events == fuzz_events(c));
	if (mt_capture_samples(c, &samples, &n, NULL) == MT_OK)
		fuzz_bytes(samples, n * sizeof(*samples));
	fuzz_summary(c);
	fuzz_select(c);
	fuzz_aggregate(c);
	fuzz_native(c, events);
	mt_capture_close(c);
}

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
