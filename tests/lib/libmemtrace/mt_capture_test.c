#include <sys/stat.h>
#include <sys/wait.h>

#include <atf-c.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "../../golden/golden.h"
#include "mt_capture.h"

#define SOME	100

struct file {
	uint8_t	*data;
	size_t	 n;
};

static struct file
load(const atf_tc_t *tc, const char *name)
{
	struct file f = { NULL, 0 };
	struct stat sb;
	char path[4096];
	int fd;

	(void)snprintf(path, sizeof(path), "%s/%s",
	    atf_tc_get_config_var(tc, "srcdir"), name);
	fd = open(path, O_RDONLY);
	ATF_REQUIRE_MSG(fd != -1, "%s", path);
	ATF_REQUIRE_EQ(0, fstat(fd, &sb));
	f.n = (size_t)sb.st_size;
	f.data = malloc(f.n + 1);
	ATF_REQUIRE(f.data != NULL);
	ATF_REQUIRE_EQ((ssize_t)f.n, read(fd, f.data, f.n));
	ATF_REQUIRE_EQ(0, close(fd));
	return (f);
}

/* Open the first n bytes; the copy shows reads beyond them to tools. */
static enum mt_status
open_bytes(struct mt_capture **c, const uint8_t *data, size_t n, uint8_t **copy,
    struct mt_error *e)
{
	struct mt_source source;

	*copy = malloc(n == 0 ? 1 : n);
	ATF_REQUIRE(*copy != NULL);
	memcpy(*copy, data, n);
	mt_source_memory(&source, *copy, n);
	return (mt_capture_open_source(c, &source, e));
}

static size_t
read_events(struct mt_capture *c, struct mt_event *ev)
{
	size_t n, got = 0;

	mt_capture_rewind(c);
	while (mt_capture_events(c, ev + got, 7, &n, NULL) == MT_OK) {
		got += n;
		ATF_REQUIRE(got + 7 < SOME);
	}
	return (got);
}

static void
check_event(const struct mt_event *want, const struct mt_event *got)
{
	ATF_CHECK_EQ(want->type, got->type);
	ATF_CHECK_EQ(want->allocator, got->allocator);
	ATF_CHECK_EQ(want->thread, got->thread);
	ATF_CHECK_EQ(want->node, got->node);
	ATF_CHECK_EQ(want->addr, got->addr);
	ATF_CHECK_EQ(want->size, got->size);
	ATF_CHECK_EQ(want->ref, got->ref);
	ATF_CHECK_EQ(want->time_ns, got->time_ns);
}

static void
check_meta(struct mt_capture *c, unsigned flags)
{
	const struct mt_meta *m = mt_capture_meta(c);

	ATF_CHECK_STREQ("memray-run app.py --size 3", m->command_line);
	ATF_CHECK_STREQ("3.12.1", m->python_version);
	ATF_CHECK_STREQ("pymalloc", m->python_allocator);
	ATF_CHECK_EQ(4711, m->pid);
	ATF_CHECK_EQ(GOLDEN_START_NS, m->start_time_ns);
	ATF_CHECK_EQ(GOLDEN_START_NS + 1000000000, m->end_time_ns);
	ATF_CHECK_EQ(19, m->total_allocations);
	ATF_CHECK_EQ(5000074200, m->total_bytes);
	ATF_CHECK_EQ(5000065769, m->peak_bytes);
	ATF_CHECK_EQ(GOLDEN_START_NS + 1000000, m->peak_time_ns);
	ATF_CHECK_EQ(9, m->leaked_allocations);
	ATF_CHECK_EQ(58601, m->leaked_bytes);
	ATF_CHECK_EQ(2, m->lost_events);
	ATF_CHECK(m->has_exit_status);
	ATF_CHECK_EQ(768, m->exit_status);
	ATF_CHECK(!m->has_native_traces);
	ATF_CHECK(m->trace_python_allocators);
	ATF_CHECK_EQ(flags, m->flags);
	ATF_CHECK_EQ(0, m->lost_bytes_of_file);
}

static void
check_codes(struct mt_capture *c)
{
	const struct mt_code *codes;
	size_t i;

	ATF_REQUIRE_EQ(GOLDEN_N(golden_codes), mt_capture_codes(c, &codes));
	for (i = 0; i < GOLDEN_N(golden_codes); i++) {
		ATF_CHECK_STREQ(golden_codes[i].function, codes[i].function);
		ATF_CHECK_STREQ(golden_codes[i].file, codes[i].file);
		ATF_CHECK_EQ(golden_codes[i].first_line, codes[i].first_line);
		ATF_CHECK_EQ(golden_codes[i].table_kind, codes[i].table_kind);
		ATF_REQUIRE_EQ(golden_codes[i].table_len, codes[i].table_len);
		ATF_CHECK(codes[i].table_len == 0 ||
		    memcmp(golden_codes[i].table, codes[i].table,
		    codes[i].table_len) == 0);
	}
}

static void
check_tables(struct mt_capture *c)
{
	const struct mt_thread *threads;
	const struct mt_node *nodes;
	const struct mt_site *sites;
	size_t i;

	check_codes(c);
	ATF_REQUIRE_EQ(GOLDEN_N(golden_nodes), mt_capture_nodes(c, &nodes));
	ATF_CHECK_EQ(0, memcmp(golden_nodes, nodes, sizeof(golden_nodes)));
	ATF_REQUIRE_EQ(GOLDEN_N(golden_sites), mt_capture_sites(c, &sites));
	for (i = 0; i < GOLDEN_N(golden_sites); i++)
		ATF_CHECK_EQ(0, memcmp(&golden_sites[i], &sites[i],
		    sizeof(sites[i])));
	ATF_REQUIRE_EQ(3, mt_capture_threads(c, &threads));
	for (i = 0; i < 3; i++)
		ATF_CHECK_EQ(golden_threads[i].tid, threads[i].tid);
	ATF_CHECK_STREQ("MainThread", threads[0].name);
	ATF_CHECK_STREQ(GOLDEN_THREAD_RENAMED, threads[1].name);
	ATF_CHECK_STREQ("Thread-2 (worker)", threads[2].name);
}

static void
check_samples(struct mt_capture *c)
{
	const struct mt_sample *s;
	size_t i, n;

	ATF_REQUIRE_EQ(MT_OK, mt_capture_samples(c, &s, &n, NULL));
	ATF_REQUIRE_EQ(GOLDEN_N(golden_samples), n);
	for (i = 0; i < n; i++)
		ATF_CHECK_EQ(0, memcmp(&golden_samples[i], &s[i],
		    sizeof(*s)));
	/* And again: it is not read twice. */
	ATF_REQUIRE_EQ(MT_OK, mt_capture_samples(c, &s, &n, NULL));
	ATF_CHECK_EQ(GOLDEN_N(golden_samples), n);
}

static void
check_golden(const atf_tc_t *tc, const char *name, unsigned flags,
    size_t events)
{
	struct mt_event ev[SOME];
	struct mt_capture *c;
	struct mt_error e;
	char path[4096];
	size_t i;

	(void)snprintf(path, sizeof(path), "%s/%s",
	    atf_tc_get_config_var(tc, "srcdir"), name);
	ATF_REQUIRE_EQ_MSG(MT_OK, mt_capture_open(&c, path, &e), "%s",
	    e.text);
	check_meta(c, flags);
	check_tables(c);
	check_samples(c);
	ATF_REQUIRE_EQ(events, read_events(c, ev));
	for (i = 0; i < events; i++)
		check_event(&golden_events[i], &ev[i]);
	ATF_CHECK_EQ(events, read_events(c, ev));
	ATF_CHECK_EQ(flags, mt_capture_meta(c)->flags);
	mt_capture_close(c);
}

ATF_TC_WITHOUT_HEAD(golden_zlib);
ATF_TC_BODY(golden_zlib, tc)
{
	check_golden(tc, "v1.0-zlib.bin", 0, GOLDEN_N(golden_events));
}

ATF_TC_WITHOUT_HEAD(golden_stored);
ATF_TC_BODY(golden_stored, tc)
{
	check_golden(tc, "v1.0-stored.bin", 0, GOLDEN_N(golden_events));
}

ATF_TC_WITHOUT_HEAD(golden_tables);
ATF_TC_BODY(golden_tables, tc)
{
	check_golden(tc, "v1.0-tables.bin", MT_CAPTURE_AGGREGATED, 0);
}

ATF_TC(golden_later_minor);
ATF_TC_HEAD(golden_later_minor, tc)
{
	atf_tc_set_md_var(tc, "descr",
	    "unknown blocks, columns and keys are passed over");
}
ATF_TC_BODY(golden_later_minor, tc)
{
	check_golden(tc, "v1.7-later.bin", 0, GOLDEN_N(golden_events));
}

ATF_TC_WITHOUT_HEAD(golden_later_major);
ATF_TC_BODY(golden_later_major, tc)
{
	struct file f = load(tc, "v2.0-later.bin");
	struct mt_capture *c;
	struct mt_error e;
	uint8_t *copy;

	ATF_CHECK_EQ(MT_ERR_VERSION, open_bytes(&c, f.data, f.n, &copy, &e));
	ATF_CHECK(c == NULL);
	ATF_CHECK_STREQ("format 2.0; this program reads 1.x", e.text);
	free(copy);
	free(f.data);
}

/* What the events so far come to, the slow and obvious way. */
struct model {
	uint64_t	allocations;
	uint64_t	bytes;
	uint64_t	heap;
	uint64_t	peak;
};

static void
model_alloc(struct model *m, const struct mt_event *ev, uint64_t *live)
{
	m->allocations++;
	m->bytes += ev->size;
	m->heap += ev->size;
	live[ev->ref] = ev->size;
	if (m->heap > m->peak)
		m->peak = m->heap;
}

static struct model
model(size_t n)
{
	struct model m = { 0, 0, 0, 0 };
	uint64_t live[SOME];
	size_t i;

	for (i = 0; i < n; i++) {
		const struct mt_event *ev = &golden_events[i];

		if (ev->type == MT_EVENT_ALLOC)
			model_alloc(&m, ev, live);
		else if (ev->type == MT_EVENT_FREE)
			m.heap -= live[ev->ref];
		else	/* All of them lie within a mapping. */
			m.heap -= ev->size;
	}
	return (m);
}

/* Ends of the file's blocks; returns how many there are. */
static size_t
block_ends(const struct file *f, struct mt_block_head *heads, size_t *ends)
{
	size_t at, n = 0;

	for (at = MT_FILE_HEAD_BYTES; at < f->n; at = ends[n++]) {
		ATF_REQUIRE(n < SOME);
		ATF_REQUIRE(mt_block_get_head(&heads[n], f->data + at));
		ends[n] = at + MT_BLOCK_HEAD_BYTES + heads[n].stored_len;
	}
	return (n);
}

static void
check_cut(struct mt_capture *c, size_t nevents, bool has_sites)
{
	const struct mt_meta *m = mt_capture_meta(c);
	struct mt_event ev[SOME];
	const struct mt_site *s;
	struct model want = model(nevents);
	uint64_t peak = 0, leaked = 0;
	size_t i, n;

	ATF_CHECK_EQ(MT_CAPTURE_CUT |
	    (has_sites ? 0u : (unsigned)MT_CAPTURE_REBUILT), m->flags);
	ATF_CHECK_EQ(nevents, read_events(c, ev));
	for (i = 0; i < nevents; i++)
		check_event(&golden_events[i], &ev[i]);
	ATF_CHECK_EQ(want.allocations, m->total_allocations);
	ATF_CHECK_EQ(want.bytes, m->total_bytes);
	ATF_CHECK_EQ(want.peak, m->peak_bytes);
	ATF_CHECK_EQ(want.heap, m->leaked_bytes);
	for (i = 0, n = mt_capture_sites(c, &s); i < n; i++) {
		peak += s[i].peak_bytes;
		leaked += s[i].leaked_bytes;
	}
	ATF_CHECK_EQ(want.peak, peak);
	ATF_CHECK_EQ(want.heap, leaked);
	/* The index was not flagged as anything else meanwhile. */
	ATF_CHECK_EQ(0, m->flags & MT_CAPTURE_DAMAGED);
}

static void
cut_at(const struct file *f, size_t len, const struct mt_block_head *heads,
    const size_t *ends)
{
	size_t good = MT_FILE_HEAD_BYTES, i, block = 0, events;
	bool has_sites = false;
	struct mt_capture *c;
	struct mt_error e;
	uint8_t *copy;

	for (i = 0; ends[i] <= len; i++) {
		good = ends[i];
		has_sites |= heads[i].type == MT_BLOCK_SITES;
		block += heads[i].type == MT_BLOCK_EVENTS;
	}
	events = block == 0 ? 0 : golden_blocks[block - 1];
	ATF_REQUIRE_EQ_MSG(MT_OK, open_bytes(&c, f->data, len, &copy, &e),
	    "%zu: %s", len, e.text);
	check_cut(c, events, has_sites);
	ATF_CHECK_EQ(len - good, mt_capture_meta(c)->lost_bytes_of_file);
	mt_capture_close(c);
	free(copy);
}

static void
cut_anywhere_in(const struct file *f)
{
	struct mt_block_head heads[SOME];
	struct mt_capture *c;
	struct mt_error e;
	size_t ends[SOME], len;
	uint8_t *copy;

	(void)block_ends(f, heads, ends);
	for (len = 0; len < MT_FILE_HEAD_BYTES; len++) {
		ATF_CHECK_EQ(MT_ERR_FORMAT, open_bytes(&c, f->data, len,
		    &copy, &e));
		ATF_CHECK(c == NULL);
		ATF_CHECK_STREQ(len == 0 ? "empty file" :
		    "cut short within the header", e.text);
		free(copy);
	}
	for (; len < f->n; len++)
		cut_at(f, len, heads, ends);
}

ATF_TC_WITHOUT_HEAD(cut_anywhere);
ATF_TC_BODY(cut_anywhere, tc)
{
	struct file f = load(tc, "v1.0-zlib.bin");

	cut_anywhere_in(&f);
	free(f.data);
	f = load(tc, "v1.0-stored.bin");
	cut_anywhere_in(&f);
	free(f.data);
}

/* Every event must be one of the golden ones, in their order. */
static void
check_subsequence(const struct mt_event *ev, size_t n)
{
	size_t i, k = 0;

	for (i = 0; i < n; i++, k++) {
		while (k < GOLDEN_N(golden_events) &&
		    (golden_events[k].type != ev[i].type ||
		    golden_events[k].ref != ev[i].ref ||
		    golden_events[k].addr != ev[i].addr ||
		    golden_events[k].size != ev[i].size))
			k++;
		ATF_REQUIRE(k < GOLDEN_N(golden_events));
	}
}

static void
flip(const struct file *f, size_t at, uint8_t mask)
{
	const struct mt_sample *s;
	struct mt_event ev[SOME];
	struct mt_capture *c;
	struct mt_error e;
	enum mt_status st;
	uint8_t *copy;
	size_t n;

	f->data[at] ^= mask;
	st = open_bytes(&c, f->data, f->n, &copy, &e);
	f->data[at] ^= mask;
	if (at < MT_FILE_HEAD_BYTES) {
		ATF_CHECK(st == MT_ERR_FORMAT || st == MT_ERR_VERSION);
		ATF_CHECK(e.text[0] != '\0');
	} else {
		ATF_REQUIRE_EQ(MT_OK, st);
		check_subsequence(ev, read_events(c, ev));
		ATF_CHECK_EQ(MT_OK, mt_capture_samples(c, &s, &n, &e));
		ATF_CHECK_MSG((mt_capture_meta(c)->flags & (MT_CAPTURE_CUT |
		    MT_CAPTURE_DAMAGED)) != 0, "byte %zu", at);
		mt_capture_close(c);
	}
	free(copy);
}

ATF_TC_WITHOUT_HEAD(flip_each_byte);
ATF_TC_BODY(flip_each_byte, tc)
{
	struct file f = load(tc, "v1.0-zlib.bin");
	size_t i;

	for (i = 0; i < f.n; i++) {
		flip(&f, i, 1);
		flip(&f, i, 0xff);
	}
	free(f.data);
}

/* Replace the bytes of block i by zeroes and count the events left. */
static size_t
without_block(const struct file *f, size_t from, size_t to, unsigned flags)
{
	struct mt_event ev[SOME];
	struct mt_capture *c;
	struct mt_error e;
	uint8_t *data, *copy;
	size_t n;

	data = malloc(f->n);
	ATF_REQUIRE(data != NULL);
	memcpy(data, f->data, f->n);
	memset(data + from, 0, to - from);
	/* No end block either, so that the file is searched. */
	data[f->n - 1] ^= 0xff;
	ATF_REQUIRE_EQ(MT_OK, open_bytes(&c, data, f->n, &copy, &e));
	n = read_events(c, ev);
	check_subsequence(ev, n);
	ATF_CHECK_EQ(flags, mt_capture_meta(c)->flags);
	mt_capture_close(c);
	free(copy);
	free(data);
	return (n);
}

ATF_TC_WITHOUT_HEAD(resynchronises);
ATF_TC_BODY(resynchronises, tc)
{
	struct file f = load(tc, "v1.0-stored.bin");
	struct mt_block_head heads[SOME];
	size_t ends[SOME], i, n, want, block = 0;

	n = block_ends(&f, heads, ends);
	for (i = 0; i + 1 < n; i++) {
		want = GOLDEN_N(golden_events);
		if (heads[i].type == MT_BLOCK_EVENTS) {
			want -= golden_blocks[block] -
			    (block == 0 ? 0 : golden_blocks[block - 1]);
			block++;
		}
		ATF_CHECK_EQ(want, without_block(&f, i == 0 ?
		    MT_FILE_HEAD_BYTES : ends[i - 1], ends[i],
		    MT_CAPTURE_CUT | MT_CAPTURE_DAMAGED |
		    (heads[i].type == MT_BLOCK_SITES ?
		    MT_CAPTURE_REBUILT : 0)));
	}
	free(f.data);
}

ATF_TC(behind_the_end);
ATF_TC_HEAD(behind_the_end, tc)
{
	atf_tc_set_md_var(tc, "descr",
	    "bytes behind the end block are none of the capture's");
}
ATF_TC_BODY(behind_the_end, tc)
{
	struct file f = load(tc, "v1.0-zlib.bin");
	struct mt_event ev[SOME];
	struct mt_capture *c;
	uint8_t *copy;

	f.data = realloc(f.data, f.n * 2);
	memcpy(f.data + f.n, f.data, f.n);
	ATF_REQUIRE_EQ(MT_OK, open_bytes(&c, f.data, f.n * 2, &copy, NULL));
	ATF_CHECK_EQ(0, mt_capture_meta(c)->flags);
	ATF_CHECK_EQ(f.n, mt_capture_meta(c)->lost_bytes_of_file);
	ATF_CHECK_EQ(GOLDEN_N(golden_events), read_events(c, ev));
	check_tables(c);
	mt_capture_close(c);
	free(copy);
	free(f.data);
}

ATF_TC_WITHOUT_HEAD(longer_header);
ATF_TC_BODY(longer_header, tc)
{
	struct mt_file_head h = { 1, 3, 40, GOLDEN_START_NS };
	struct file f = load(tc, "v1.0-stored.bin");
	uint8_t *data = malloc(f.n + 8), *copy;
	struct mt_event ev[SOME];
	struct mt_capture *c;

	/* The index does not fit any more, but all blocks are there. */
	ATF_REQUIRE(data != NULL);
	mt_block_put_file_head(data, &h);
	memset(data + 32, 0x55, 8);
	memcpy(data + 40, f.data + 32, f.n - 32);
	ATF_REQUIRE_EQ(MT_OK, open_bytes(&c, data, f.n + 8, &copy, NULL));
	ATF_CHECK_EQ(GOLDEN_N(golden_events), read_events(c, ev));
	check_tables(c);
	mt_capture_close(c);
	free(copy);
	free(data);
	free(f.data);
}

static void
check_error(const char *path, const char *data, size_t n, const char *text)
{
	struct mt_capture *c;
	struct mt_error e;
	FILE *f;

	f = fopen(path, "w");
	ATF_REQUIRE(f != NULL);
	ATF_REQUIRE_EQ(n, fwrite(data, 1, n, f));
	ATF_REQUIRE_EQ(0, fclose(f));
	ATF_CHECK_EQ(MT_ERR_FORMAT, mt_capture_open(&c, path, &e));
	ATF_CHECK(c == NULL);
	ATF_CHECK_STREQ(text, e.text);
	ATF_CHECK_EQ(0, e.sys);
	ATF_CHECK_EQ(MT_ERR_FORMAT, mt_capture_open(&c, path, NULL));
}

ATF_TC_WITHOUT_HEAD(errors);
ATF_TC_BODY(errors, tc)
{
	static const char zeroes[100];
	struct mt_capture *c;
	struct mt_error e;

	check_error("x", "", 0, "empty file");
	check_error("x", "\177ELF", 4, "not a memtrace capture");
	check_error("x", zeroes, 100, "not a memtrace capture");
	check_error("x", "memray\0\0\0\14", 10,
	    "a memray capture, not one of memray-run");
	ATF_CHECK_EQ(MT_ERR_FORMAT, mt_capture_open(&c, ".", &e));
	ATF_CHECK_STREQ("is a directory", e.text);
	ATF_CHECK_EQ(MT_ERR_SYS, mt_capture_open(&c, "nothing/here", &e));
	ATF_CHECK_EQ(ENOENT, e.sys);
	ATF_CHECK_EQ(MT_ERR_FORMAT, mt_capture_open(&c, "/dev/null", &e));
	ATF_CHECK_STREQ("empty file", e.text);
	/* Endless, but one look is enough. */
	ATF_CHECK_EQ(MT_ERR_FORMAT, mt_capture_open(&c, "/dev/zero", &e));
	ATF_CHECK_STREQ("not a memtrace capture", e.text);
	mt_capture_close(NULL);
}

ATF_TC_WITHOUT_HEAD(no_temporary_file);
ATF_TC_BODY(no_temporary_file, tc)
{
	struct mt_capture *c;
	struct mt_error e;

	ATF_REQUIRE_EQ(0, setenv("TMPDIR", "/nonexistent", 1));
	ATF_CHECK_EQ(MT_ERR_SYS, mt_capture_open(&c, "/dev/null", &e));
	ATF_CHECK_EQ(ENOENT, e.sys);
	ATF_CHECK_STREQ("cannot create a temporary file", e.text);
}

/* Feed a file to a child's standard input through a pipe. */
ATF_TC_WITHOUT_HEAD(standard_input);
ATF_TC_BODY(standard_input, tc)
{
	struct file f = load(tc, "v1.0-zlib.bin");
	struct mt_event ev[SOME];
	struct mt_capture *c;
	struct mt_error e;
	int fd[2];

	ATF_REQUIRE_EQ(0, pipe(fd));
	ATF_REQUIRE_EQ((ssize_t)f.n, write(fd[1], f.data, f.n));
	ATF_REQUIRE_EQ(0, close(fd[1]));
	ATF_REQUIRE_EQ(0, dup2(fd[0], STDIN_FILENO));
	ATF_REQUIRE_EQ_MSG(MT_OK, mt_capture_open(&c, "-", &e), "%s", e.text);
	check_meta(c, 0);
	check_tables(c);
	ATF_CHECK_EQ(GOLDEN_N(golden_events), read_events(c, ev));
	mt_capture_close(c);
	/* It was not ours to close. */
	ATF_CHECK(fcntl(STDIN_FILENO, F_GETFD) != -1);
	free(f.data);
}

ATF_TC_WITHOUT_HEAD(shrinks);
ATF_TC_BODY(shrinks, tc)
{
	struct file f = load(tc, "v1.0-stored.bin");
	struct mt_event ev[SOME];
	struct mt_capture *c;
	int fd;

	fd = open("x.bin", O_RDWR | O_CREAT, 0600);
	ATF_REQUIRE(fd != -1);
	ATF_REQUIRE_EQ((ssize_t)f.n, write(fd, f.data, f.n));
	ATF_REQUIRE_EQ(MT_OK, mt_capture_open(&c, "x.bin", NULL));
	ATF_REQUIRE_EQ(0, ftruncate(fd, 100));
	ATF_CHECK_EQ(0, read_events(c, ev));
	ATF_CHECK(mt_capture_meta(c)->flags & MT_CAPTURE_DAMAGED);
	check_tables(c);
	mt_capture_close(c);
	free(f.data);
}

/* A file of one table block, opened. */
static struct mt_capture *
one_block(const struct mt_buf *b, unsigned type)
{
	struct mt_capture *c;
	struct mt_writer *w;
	int fd = open("x.bin", O_RDWR | O_CREAT | O_TRUNC, 0600);

	ATF_REQUIRE(fd != -1);
	ATF_REQUIRE_EQ(MT_OK, mt_writer_new(&w, fd, 0, 0, NULL));
	ATF_REQUIRE_EQ(MT_OK, mt_writer_put(w, type, b->data, b->len, NULL));
	ATF_REQUIRE_EQ(MT_OK, mt_writer_finish(w, NULL));
	mt_writer_free(w);
	ATF_REQUIRE_EQ(0, close(fd));
	ATF_REQUIRE_EQ(MT_OK, mt_capture_open(&c, "x.bin", NULL));
	return (c);
}

ATF_TC(huge_ids);
ATF_TC_HEAD(huge_ids, tc)
{
	atf_tc_set_md_var(tc, "descr",
	    "an id must not make the reader allocate gigabytes");
}
ATF_TC_BODY(huge_ids, tc)
{
	struct mt_buf b = { NULL, 0, 0, false };
	const struct mt_node node = { 4000000000u, 0, 0 };
	struct mt_capture *c;

	mt_tables_put_code(&b, 4000000000u, &golden_codes[1]);
	c = one_block(&b, MT_BLOCK_CODES);
	ATF_CHECK_EQ(1, mt_capture_codes(c, NULL));
	ATF_CHECK(mt_capture_meta(c)->flags & MT_CAPTURE_DAMAGED);
	mt_capture_close(c);
	b.len = 0;
	mt_tables_put_thread(&b, 4000000000u, &golden_threads[0]);
	c = one_block(&b, MT_BLOCK_THREADS);
	ATF_CHECK_EQ(1, mt_capture_threads(c, NULL));
	mt_capture_close(c);
	b.len = 0;
	mt_tables_put_node(&b, 4000000001u, &node);
	c = one_block(&b, MT_BLOCK_NODES);
	ATF_CHECK_EQ(1, mt_capture_nodes(c, NULL));
	mt_capture_close(c);
	mt_buf_fini(&b);
}

ATF_TC_WITHOUT_HEAD(dangling_indexes);
ATF_TC_BODY(dangling_indexes, tc)
{
	const struct mt_site site = { 7, 8, 1, 1, 1, 1, 1, 1, 1 };
	const struct mt_node node = { 0, 99, 5 };
	struct mt_buf b = { NULL, 0, 0, false };
	const struct mt_code *codes;
	const struct mt_node *nodes;
	const struct mt_site *s;
	struct mt_capture *c;

	mt_tables_put_sites(&b, &site, 1);
	c = one_block(&b, MT_BLOCK_SITES);
	ATF_REQUIRE_EQ(1, mt_capture_sites(c, &s));
	ATF_CHECK_EQ(0, s[0].node);
	ATF_CHECK_EQ(0, s[0].thread);
	ATF_CHECK_EQ(1, mt_capture_meta(c)->total_bytes);
	mt_capture_close(c);
	b.len = 0;
	mt_tables_put_node(&b, 3, &node);
	c = one_block(&b, MT_BLOCK_NODES);
	ATF_REQUIRE_EQ(4, mt_capture_nodes(c, &nodes));
	ATF_CHECK_EQ(0, nodes[3].code);
	ATF_CHECK_EQ(0, nodes[2].parent);
	ATF_REQUIRE_EQ(1, mt_capture_codes(c, &codes));
	ATF_CHECK_STREQ("<unknown>", codes[0].function);
	mt_capture_close(c);
	mt_buf_fini(&b);
}

ATF_TC_WITHOUT_HEAD(strange_metadata);
ATF_TC_BODY(strange_metadata, tc)
{
	struct mt_buf b = { NULL, 0, 0, false };
	const struct mt_meta *m;
	struct mt_capture *c;

	mt_tables_put_meta(&b, "pid", "12x");
	mt_tables_put_meta(&b, "lost_events", "18446744073709551615");
	mt_tables_put_meta(&b, "end_time_ns", "18446744073709551616");
	mt_tables_put_meta(&b, "exit_status", "99999999999");
	mt_tables_put_meta(&b, "peak_time_ns", "");
	mt_tables_put_meta(&b, "", "");
	mt_tables_put_meta(&b, "python_version", "");
	c = one_block(&b, MT_BLOCK_META);
	m = mt_capture_meta(c);
	ATF_CHECK_EQ(0, m->pid);
	ATF_CHECK_EQ(UINT64_MAX, m->lost_events);
	ATF_CHECK_EQ(0, m->end_time_ns);
	ATF_CHECK(!m->has_exit_status);
	ATF_CHECK_EQ(0, m->peak_time_ns);
	ATF_CHECK_STREQ("", m->python_version);
	mt_capture_close(c);
	mt_buf_fini(&b);
}

ATF_TC_WITHOUT_HEAD(allocator_names);
ATF_TC_BODY(allocator_names, tc)
{
	ATF_CHECK_STREQ("malloc", mt_allocator_name(MT_ALLOCATOR_MALLOC));
	ATF_CHECK_STREQ("mmap", mt_allocator_name(MT_ALLOCATOR_MMAP));
	ATF_CHECK_STREQ("unknown", mt_allocator_name(0));
	ATF_CHECK_STREQ("unknown", mt_allocator_name(UINT32_MAX));
}

ATF_TP_ADD_TCS(tp)
{
	ATF_TP_ADD_TC(tp, golden_zlib);
	ATF_TP_ADD_TC(tp, golden_stored);
	ATF_TP_ADD_TC(tp, golden_tables);
	ATF_TP_ADD_TC(tp, golden_later_minor);
	ATF_TP_ADD_TC(tp, golden_later_major);
	ATF_TP_ADD_TC(tp, cut_anywhere);
	ATF_TP_ADD_TC(tp, flip_each_byte);
	ATF_TP_ADD_TC(tp, resynchronises);
	ATF_TP_ADD_TC(tp, behind_the_end);
	ATF_TP_ADD_TC(tp, longer_header);
	ATF_TP_ADD_TC(tp, errors);
	ATF_TP_ADD_TC(tp, no_temporary_file);
	ATF_TP_ADD_TC(tp, standard_input);
	ATF_TP_ADD_TC(tp, shrinks);
	ATF_TP_ADD_TC(tp, huge_ids);
	ATF_TP_ADD_TC(tp, dangling_indexes);
	ATF_TP_ADD_TC(tp, strange_metadata);
	ATF_TP_ADD_TC(tp, allocator_names);
	return (atf_no_error());
}
