#include <atf-c.h>

#include "capture_subr.h"

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

ATF_TP_ADD_TCS(tp)
{
	ATF_TP_ADD_TC(tp, cut_anywhere);
	ATF_TP_ADD_TC(tp, flip_each_byte);
	ATF_TP_ADD_TC(tp, resynchronises);
	ATF_TP_ADD_TC(tp, huge_ids);
	ATF_TP_ADD_TC(tp, dangling_indexes);
	ATF_TP_ADD_TC(tp, strange_metadata);
	return (atf_no_error());
}
