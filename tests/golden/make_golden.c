/*
 * Made the golden captures, from golden.h, golden11.h and golden12.h.  Kept
 * to show what is in them, and as a start for the next ones; those that exist
 * stay as they are, byte for byte: they stand for the files that people have.
 *
 *	usage: make_golden directory
 */

#include <err.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "golden11.h"
#include "golden12.h"
#include "mt_block.h"
#include "mt_columns.h"

enum golden_flag {
	GOLDEN_STORED = 1,	/* not compressed */
	GOLDEN_TABLES = 2,	/* no events */
	GOLDEN_LATER = 4,	/* with what a later minor version may add */
	GOLDEN_MORE = 8,	/* what format 1.1 knows of sites */
	GOLDEN_KILLED = 16,	/* checkpoints, and no end */
	GOLDEN_NATIVE = 32	/* frames of other languages */
};

static void
put(struct mt_writer *w, unsigned type, const void *data, size_t len)
{
	struct mt_error e;

	if (mt_writer_put(w, type, data, len, &e) != MT_OK)
		errx(1, "%s", e.text);
}

static void
put_buf(struct mt_writer *w, unsigned type, struct mt_buf *b)
{
	if (b->failed)
		errx(1, "out of memory");
	put(w, type, b->data, b->len);
	b->len = 0;
}

static void
put_first_tables(struct mt_writer *w, struct mt_buf *b)
{
	uint32_t i;

	for (i = 0; i < GOLDEN_N(golden_meta_begin); i++)
		mt_tables_put_meta(b, golden_meta_begin[i].key,
		    golden_meta_begin[i].value);
	put_buf(w, MT_BLOCK_META, b);
	for (i = 0; i < 4; i++)
		mt_tables_put_code(b, i, &golden_codes[i]);
	put_buf(w, MT_BLOCK_CODES, b);
	for (i = 1; i < GOLDEN_NODES_LATE; i++)
		mt_tables_put_node(b, i, &golden_nodes[i]);
	put_buf(w, MT_BLOCK_NODES, b);
	for (i = 0; i < GOLDEN_N(golden_threads); i++)
		mt_tables_put_thread(b, i, &golden_threads[i]);
	put_buf(w, MT_BLOCK_THREADS, b);
}

static void
put_late_tables(struct mt_writer *w, struct mt_buf *b)
{
	struct mt_thread renamed = golden_threads[1];
	uint32_t i;

	mt_tables_put_code(b, 4, &golden_codes[4]);
	put_buf(w, MT_BLOCK_CODES, b);
	for (i = GOLDEN_NODES_LATE; i < GOLDEN_N(golden_nodes); i++)
		mt_tables_put_node(b, i, &golden_nodes[i]);
	put_buf(w, MT_BLOCK_NODES, b);
	renamed.name = GOLDEN_THREAD_RENAMED;
	mt_tables_put_thread(b, 1, &renamed);
	put_buf(w, MT_BLOCK_THREADS, b);
}

static void
put_event(struct mt_events_enc *enc, const struct mt_event *ev)
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

static void
put_events(struct mt_writer *w, struct mt_events_enc *enc, unsigned block)
{
	unsigned i = block == 0 ? 0 : golden_blocks[block - 1];
	struct mt_error e;
	void *data;
	size_t len;

	for (; i < golden_blocks[block]; i++)
		put_event(enc, &golden_events[i]);
	if (mt_events_enc_take(enc, &data, &len, &e) != MT_OK)
		errx(1, "%s", e.text);
	put(w, MT_BLOCK_EVENTS, data, len);
	free(data);
}

static void
put_samples(struct mt_writer *w, struct mt_buf *b, unsigned from, unsigned to)
{
	unsigned i;

	for (i = from; i < to; i++)
		mt_tables_put_sample(b, i == 0 ? NULL : &golden_samples[i - 1],
		    &golden_samples[i]);
	put_buf(w, MT_BLOCK_SAMPLES, b);
}

/* A column that nobody knows yet, behind those of version 1.0. */
static void
add_column(struct mt_buf *b)
{
	size_t i;

	b->data[1]++;
	mt_buf_put_varint(b, 1000);
	mt_buf_put_varint(b, GOLDEN_N(golden_sites));
	for (i = 0; i < GOLDEN_N(golden_sites); i++)
		mt_buf_put_varint(b, i);
}

static void
put_last_tables(struct mt_writer *w, struct mt_buf *b, unsigned flags)
{
	size_t i;

	mt_tables_put_sites(b, golden_sites, GOLDEN_N(golden_sites));
	if (flags & GOLDEN_LATER)
		add_column(b);
	put_buf(w, MT_BLOCK_SITES, b);
	for (i = 0; i < GOLDEN_N(golden_meta_end); i++)
		mt_tables_put_meta(b, golden_meta_end[i].key,
		    golden_meta_end[i].value);
	if (flags & GOLDEN_TABLES)
		mt_tables_put_meta(b, "aggregated", "1");
	put_buf(w, MT_BLOCK_META, b);
}

/* ---- Format 1.1 ------------------------------------------------------- */

static void
put_temporary(struct mt_writer *w, struct mt_buf *b)
{
	struct mt_columns c;
	int64_t prev = 0;
	size_t i;

	memset(&c, 0, sizeof(c));
	for (i = 0; i < GOLDEN_N(golden_temporary); i++) {
		mt_columns_put_signed(&c, 1, golden_temporary[i].site - prev);
		mt_columns_put(&c, 2, golden_temporary[i].bin);
		mt_columns_put(&c, 3, golden_temporary[i].allocations);
		mt_columns_put(&c, 4, golden_temporary[i].bytes);
		c.rows++;
		prev = golden_temporary[i].site;
	}
	mt_columns_finish(&c, 4, b);
	put_buf(w, MT_BLOCK_TEMPORARY, b);
}

static void
put_sizes(struct mt_writer *w, struct mt_buf *b)
{
	struct mt_buf buckets = { NULL, 0, 0, false };
	struct mt_columns c;
	unsigned prev = 0;
	size_t i;

	for (i = 0; i < GOLDEN_N(golden_buckets); i++) {
		mt_buf_put_varint(&buckets, golden_buckets[i].bucket - prev);
		mt_buf_put_varint(&buckets, golden_buckets[i].allocations);
		prev = golden_buckets[i].bucket;
	}
	mt_buf_put_varint(b, GOLDEN_SMALLEST);
	mt_buf_put_varint(b, GOLDEN_LARGEST);
	mt_buf_put_string(b, (const char *)buckets.data, buckets.len);
	mt_buf_fini(&buckets);
	memset(&c, 0, sizeof(c));
	for (i = prev = 0; i < GOLDEN_N(golden_bits); i++) {
		mt_columns_put_signed(&c, 1,
		    (int64_t)golden_bits[i].site - prev);
		mt_columns_put(&c, 2, golden_bits[i].bits);
		mt_columns_put(&c, 3, golden_bits[i].allocations);
		c.rows++;
		prev = golden_bits[i].site;
	}
	mt_columns_finish(&c, 3, b);
	put_buf(w, MT_BLOCK_SIZES, b);
}

static void
put_lifetimes(struct mt_writer *w, struct mt_buf *b)
{
	const struct mt_lifetime *l = golden_lifetimes;
	uint32_t prev_site = 0, prev_to = 0, to;
	struct mt_columns c;

	memset(&c, 0, sizeof(c));
	for (; l < golden_lifetimes + GOLDEN_N(golden_lifetimes); l++) {
		to = l->to == MT_NEVER ? GOLDEN_INTERVALS : l->to;
		mt_columns_put_signed(&c, 1, (int64_t)l->site - prev_site);
		mt_columns_put(&c, 2, to - prev_to);
		mt_columns_put(&c, 3, to - l->from);
		mt_columns_put(&c, 4, l->allocations);
		mt_columns_put(&c, 5, l->bytes);
		c.rows++;
		prev_site = l->site;
		prev_to = to;
	}
	mt_buf_put_varint(b, GOLDEN_INTERVAL_NS);
	mt_buf_put_varint(b, GOLDEN_INTERVALS);
	mt_columns_finish(&c, 5, b);
	put_buf(w, MT_BLOCK_LIFETIMES, b);
}

/* At the first checkpoint, what changes later has other numbers. */
static struct mt_site
golden_row(unsigned i, unsigned sites)
{
	struct mt_site s = golden_sites[i];

	if (sites == GOLDEN_CHANGES_FIRST) {
		s.peak_allocations = s.peak_bytes = 77;
		if (GOLDEN_CHANGES_LAST & 1u << i)
			s.allocations = s.bytes = s.leaked_bytes = 1;
	}
	return (s);
}

static void
put_changes(struct mt_writer *w, struct mt_buf *b, unsigned sites,
    uint64_t stamp)
{
	struct mt_site row[GOLDEN_N(golden_sites)];
	struct mt_buf ids = { NULL, 0, 0, false };
	unsigned i, n, prev;

	for (i = n = prev = 0; i < GOLDEN_N(golden_sites); i++) {
		if ((sites & 1u << i) == 0)
			continue;
		mt_buf_put_varint(&ids, i - prev);
		row[n++] = golden_row(i, sites);
		prev = i;
	}
	mt_buf_put_varint(b, stamp);
	mt_buf_put_varint(b, 1000000);
	mt_buf_put_varint(b, 2);
	mt_buf_put_string(b, (const char *)ids.data, ids.len);
	mt_tables_put_sites(b, row, n);
	put_buf(w, MT_BLOCK_CHANGES, b);
	mt_buf_fini(&ids);
}

static void
put_timeline(struct mt_writer *w, struct mt_buf *b)
{
	size_t i;

	for (i = 0; i < GOLDEN_N(golden_samples); i++)
		mt_tables_put_sample(b, i == 0 ? NULL : &golden_samples[i - 1],
		    &golden_samples[i]);
	put_buf(w, MT_BLOCK_TIMELINE, b);
}

static void
put_more(struct mt_writer *w, struct mt_buf *b)
{
	put_temporary(w, b);
	put_sizes(w, b);
	put_lifetimes(w, b);
}

static void
put_killed(struct mt_writer *w)
{
	struct mt_buf b = { NULL, 0, 0, false };

	put_first_tables(w, &b);
	put_changes(w, &b, GOLDEN_CHANGES_FIRST, GOLDEN_STAMP_FIRST);
	mt_tables_put_meta(&b, "aggregated", "1");
	put_buf(w, MT_BLOCK_META, &b);
	put_late_tables(w, &b);
	put_changes(w, &b, GOLDEN_CHANGES_LAST, GOLDEN_STAMP_LAST);
	put_more(w, &b);
	put_timeline(w, &b);
	mt_buf_fini(&b);
}

/* ---- Other languages -------------------------------------------------- */

static void
put_symbols(struct mt_writer *w)
{
	struct mt_symbols *s;
	size_t i, len;
	void *data;

	if (mt_symbols_new(&s, NULL) != MT_OK)
		errx(1, "out of memory");
	for (i = 0; i < GOLDEN_N(golden12_symbols); i++) {
		(void)mt_symbols_module(s, golden12_symbols[i].code,
		    golden12_symbols[i].note, NULL);
		(void)mt_symbols_address(s, golden12_symbols[i].address,
		    golden12_symbols[i].frame, golden12_symbols[i].n, NULL);
	}
	if (mt_symbols_finish(s, &data, &len, NULL) != MT_OK)
		errx(1, "out of memory");
	mt_symbols_free(s);
	put(w, MT_BLOCK_SYMBOLS, data, len);
	free(data);
}

static void
put_native(struct mt_writer *w)
{
	struct mt_buf b = { NULL, 0, 0, false };
	struct mt_error e;
	uint32_t i;

	mt_tables_put_meta(&b, "has_native_traces", "1");
	put_buf(w, MT_BLOCK_META, &b);
	for (i = 0; i < GOLDEN_N(golden12_codes); i++)
		mt_tables_put_code(&b, i, &golden12_codes[i]);
	put_buf(w, MT_BLOCK_CODES, &b);
	for (i = 1; i < GOLDEN_N(golden12_nodes); i++)
		mt_tables_put_node(&b, i, &golden12_nodes[i]);
	put_buf(w, MT_BLOCK_NODES, &b);
	mt_tables_put_thread(&b, 0, &golden12_thread);
	put_buf(w, MT_BLOCK_THREADS, &b);
	mt_tables_put_sites(&b, golden12_sites, GOLDEN_N(golden12_sites));
	put_buf(w, MT_BLOCK_SITES, &b);
	put_symbols(w);
	if (mt_writer_finish(w, &e) != MT_OK)
		errx(1, "%s", e.text);
	mt_buf_fini(&b);
}

/* ---- All of it -------------------------------------------------------- */

static void
put_all(struct mt_writer *w, unsigned flags)
{
	struct mt_events_enc *enc = mt_events_enc_new();
	bool events = (flags & GOLDEN_TABLES) == 0;
	struct mt_buf b = { NULL, 0, 0, false };
	struct mt_error e;

	if (enc == NULL)
		errx(1, "out of memory");
	put_first_tables(w, &b);
	if (events)
		put_events(w, enc, 0);
	if (flags & GOLDEN_LATER)
		put(w, 4711, "of a later version", 18);
	put_late_tables(w, &b);
	put_samples(w, &b, 0, GOLDEN_SAMPLES_LATE);
	if (events) {
		put_events(w, enc, 1);
		put_events(w, enc, 2);
	}
	put_samples(w, &b, GOLDEN_SAMPLES_LATE, GOLDEN_N(golden_samples));
	put_last_tables(w, &b, flags);
	if (flags & GOLDEN_MORE)
		put_more(w, &b);
	if (mt_writer_finish(w, &e) != MT_OK)
		errx(1, "%s", e.text);
	mt_buf_fini(&b);
	mt_events_enc_free(enc);
}

/* Say another version in the header. */
static void
set_version(int fd, uint16_t major, uint16_t minor)
{
	struct mt_file_head h = { major, minor, MT_FILE_HEAD_BYTES,
	    GOLDEN_START_NS };
	uint8_t head[MT_FILE_HEAD_BYTES];

	mt_block_put_file_head(head, &h);
	if (pwrite(fd, head, sizeof(head), 0) != sizeof(head))
		err(1, "write");
}

static void
make(const char *dir, unsigned major, unsigned minor, const char *name,
    unsigned flags)
{
	struct mt_writer *w;
	struct mt_error e;
	char path[4096];
	int fd;

	(void)snprintf(path, sizeof(path), "%s/v%u.%u-%s.bin", dir, major,
	    minor, name);
	fd = open(path, O_RDWR | O_CREAT | O_EXCL, 0644);
	if (fd == -1)
		err(1, "%s", path);
	if (mt_writer_new(&w, fd, flags & GOLDEN_STORED ?
	    MT_WRITER_NO_COMPRESS : 0, GOLDEN_START_NS, &e) != MT_OK)
		errx(1, "%s", e.text);
	if (flags & GOLDEN_KILLED)
		put_killed(w);
	else if (flags & GOLDEN_NATIVE)
		put_native(w);
	else
		put_all(w, flags);
	mt_writer_free(w);
	set_version(fd, (uint16_t)major, (uint16_t)minor);
	if (close(fd) == -1)
		err(1, "%s", path);
}

int
main(int argc, char *argv[])
{
	if (argc != 2) {
		(void)fprintf(stderr, "usage: make_golden directory\n");
		return (2);
	}
	make(argv[1], 1, 0, "zlib", 0);
	make(argv[1], 1, 0, "stored", GOLDEN_STORED);
	make(argv[1], 1, 0, "tables", GOLDEN_TABLES);
	make(argv[1], 1, 1, "events", GOLDEN_MORE);
	make(argv[1], 1, 1, "tables", GOLDEN_MORE | GOLDEN_TABLES);
	make(argv[1], 1, 1, "killed", GOLDEN_KILLED);
	make(argv[1], 1, 2, "native", GOLDEN_NATIVE);
	make(argv[1], 1, 7, "later", GOLDEN_LATER);
	make(argv[1], 2, 0, "later", GOLDEN_STORED);
	return (0);
}
