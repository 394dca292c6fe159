/*
 * Made the golden captures of version 1.0, from golden.h.  Kept to show what
 * is in them, and as a start for the next ones; those that exist stay as
 * they are, byte for byte, for they stand for the files that people have.
 *
 *	usage: make_golden directory
 */

#include <err.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "golden.h"
#include "mt_block.h"

enum golden_flag {
	GOLDEN_STORED = 1,	/* not compressed */
	GOLDEN_TABLES = 2,	/* no events */
	GOLDEN_LATER = 4	/* with what a later minor version may add */
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
	make(argv[1], 1, 7, "later", GOLDEN_LATER);
	make(argv[1], 2, 0, "later", GOLDEN_STORED);
	return (0);
}
