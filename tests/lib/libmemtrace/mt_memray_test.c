/*
 * Captures of memray, made here record by record: what memray's own do not
 * have.  Those are in tests/memray.
 */

#include <atf-c.h>
#include <string.h>

#include "mt_capture.h"
#include "mt_memray.h"

#define TID	0x7f0012345678

/* A capture of all allocations of format 13, from Python 3.11. */
static void
put_head(struct mt_buf *b, bool aggregated, bool native)
{
	uint8_t word[8];

	mt_buf_put(b, "memray", 7);
	mt_put_u32(word, 13);
	mt_put_u32(word + 4, 0x030b02f0);
	mt_buf_put(b, word, 8);
	mt_buf_put(b, native ? "\1" : "\0", 1);
	mt_buf_put(b, aggregated ? "\1" : "\0", 1);
	memset(word, 0, sizeof(word));
	mt_buf_put(b, word, 8);
	mt_buf_put(b, word, 8);
	mt_put_u64(word, 5000);
	mt_buf_put(b, word, 8);
	mt_put_u64(word, 6000);
	mt_buf_put(b, word, 8);
	mt_buf_put(b, "app.py", 7);
	mt_put_u32(word, 77);
	mt_buf_put(b, word, 4);
	mt_put_u64(word, TID);
	mt_buf_put(b, word, 8);
	/* One frame is memray's own. */
	mt_put_u64(word, 1);
	mt_buf_put(b, word, 8);
	mt_buf_put(b, "\3\0\0" "/usr/lib\0" "\0" "/usr\0\0", 19);
}

static void
put_u64(struct mt_buf *b, uint64_t v)
{
	uint8_t word[8];

	mt_put_u64(word, v);
	mt_buf_put(b, word, 8);
}

static void
put_byte(struct mt_buf *b, unsigned v)
{
	uint8_t byte = (uint8_t)v;

	mt_buf_put(b, &byte, 1);
}

static void
put_switch(struct mt_buf *b, uint64_t tid)
{
	put_byte(b, 12);
	put_u64(b, tid);
}

static void
put_code(struct mt_buf *b, unsigned id, const char *function, int line_delta)
{
	put_byte(b, 14);
	mt_buf_put_varint(b, id);
	mt_buf_put(b, function, strlen(function) + 1);
	mt_buf_put(b, "a.py", 5);
	mt_buf_put_svarint(b, line_delta);
	/* An instruction of the first line, one two lines below. */
	mt_buf_put_varint(b, 4);
	mt_buf_put(b, "\350\0\350\4", 4);
}

static void
put_push(struct mt_buf *b, unsigned code, int offset)
{
	put_byte(b, 0x41);
	mt_buf_put_varint(b, code);
	mt_buf_put_svarint(b, offset);
}

/* malloc(3) at an address that is new, so many words from the last one. */
static void
put_malloc(struct mt_buf *b, int delta, unsigned size)
{
	put_byte(b, 0x80 | 15 << 3 | 6);
	mt_buf_put_svarint(b, delta);
	mt_buf_put_varint(b, size);
}

static struct mt_capture *
open_buf(const struct mt_buf *b, unsigned flags)
{
	struct mt_source source;
	struct mt_capture *c;
	struct mt_error e;

	mt_source_memory(&source, b->data, b->len);
	ATF_REQUIRE_EQ_MSG(MT_OK, mt_capture_open_source(&c, &source, &e),
	    "%s", e.text);
	ATF_CHECK_EQ_MSG(flags, mt_capture_meta(c)->flags, "flags %#x",
	    mt_capture_meta(c)->flags);
	return (c);
}

static void
put_program(struct mt_buf *b)
{
	put_head(b, false, false);
	put_code(b, 900, "runner", 10);
	put_code(b, 901, "main", 20);
	put_switch(b, TID);
	put_push(b, 900, 0);
	put_push(b, 901, 2);
	put_malloc(b, 1000, 300);
	put_malloc(b, 2, 50);
}

ATF_TC_WITHOUT_HEAD(program);
ATF_TC_BODY(program, tc)
{
	struct mt_buf b = { NULL, 0, 0, false };
	const struct mt_meta *m;
	const struct mt_site *sites;
	const struct mt_node *nodes;
	const struct mt_code *codes;
	struct mt_event ev[8];
	struct mt_capture *c;
	size_t n;

	put_program(&b);
	/* The first address again, which is freed. */
	put_byte(&b, 0x80 | 1 << 3 | 5);
	put_byte(&b, 1);
	c = open_buf(&b, 0);
	m = mt_capture_meta(c);
	ATF_CHECK_STREQ("app.py", m->command_line);
	ATF_CHECK_STREQ("3.11.2", m->python_version);
	ATF_CHECK_STREQ("malloc", m->python_allocator);
	ATF_CHECK_EQ(77, m->pid);
	ATF_CHECK_EQ(5000000000, m->start_time_ns);
	ATF_CHECK_EQ(6000000000, m->end_time_ns);
	ATF_CHECK_EQ(2, m->total_allocations);
	ATF_CHECK_EQ(350, m->peak_bytes);
	ATF_CHECK_EQ(50, m->leaked_bytes);
	(void)mt_capture_nodes(c, &nodes);
	(void)mt_capture_codes(c, &codes);
	ATF_REQUIRE_EQ(1, mt_capture_sites(c, &sites));
	nodes += sites[0].node;
	/* The frame below is not shown. */
	ATF_CHECK_EQ(0, nodes->parent);
	ATF_CHECK_STREQ("main", codes[nodes->code].function);
	ATF_CHECK_EQ(32, mt_line_of(&codes[nodes->code], nodes->offset));
	ATF_REQUIRE_EQ(MT_OK, mt_capture_events(c, ev, 8, &n, NULL));
	ATF_REQUIRE_EQ(3, n);
	ATF_CHECK_EQ(8000, ev[0].addr);
	ATF_CHECK_EQ(8016, ev[1].addr);
	ATF_CHECK_EQ(MT_EVENT_FREE, ev[2].type);
	ATF_CHECK_EQ(0, ev[2].ref);
	mt_capture_close(c);
	mt_buf_fini(&b);
}

/* A record that makes no sense; what was before it counts. */
static void
check_bad(const void *record, size_t n, unsigned flags, uint64_t lost)
{
	struct mt_buf b = { NULL, 0, 0, false };
	struct mt_capture *c;

	put_program(&b);
	mt_buf_put(&b, record, n);
	c = open_buf(&b, flags);
	ATF_CHECK_EQ(2, mt_capture_meta(c)->total_allocations);
	ATF_CHECK_EQ(0, mt_capture_meta(c)->end_time_ns);
	ATF_CHECK_EQ(lost, mt_capture_meta(c)->lost_bytes_of_file);
	mt_capture_close(c);
	mt_buf_fini(&b);
}

ATF_TC_WITHOUT_HEAD(bad_records);
ATF_TC_BODY(bad_records, tc)
{
	const unsigned damaged = MT_CAPTURE_CUT | MT_CAPTURE_DAMAGED;

	/* Nothing more, or half a record. */
	check_bad("", 0, MT_CAPTURE_CUT, 0);
	check_bad("\14\1\2", 3, MT_CAPTURE_CUT, 0);
	check_bad("\376\1\200", 3, MT_CAPTURE_CUT, 0);
	check_bad("\16\1name", 6, MT_CAPTURE_CUT, 0);
	/* Types that there are not. */
	check_bad("\3rest", 5, damaged, 4);
	/* More returns than calls. */
	check_bad("\022rest", 5, damaged, 4);
	/* An allocator that there is not. */
	check_bad("\200\20\1rest", 7, damaged, 4);
	/* A segment without its module. */
	check_bad("\10\0\0\0\0\0\0\0\0\1", 10, damaged, 9);
}

ATF_TC_WITHOUT_HEAD(no_thread);
ATF_TC_BODY(no_thread, tc)
{
	struct mt_buf b = { NULL, 0, 0, false };
	struct mt_capture *c;

	put_head(&b, false, false);
	put_malloc(&b, 1, 10);
	put_byte(&b, 1);
	c = open_buf(&b, MT_CAPTURE_CUT | MT_CAPTURE_DAMAGED);
	ATF_CHECK_EQ(0, mt_capture_meta(c)->total_allocations);
	mt_capture_close(c);
	mt_buf_fini(&b);
}

ATF_TC(long_names);
ATF_TC_HEAD(long_names, tc)
{
	atf_tc_set_md_var(tc, "descr", "longer than what is read at a time, "
	    "but not without end");
}
ATF_TC_BODY(long_names, tc)
{
	struct mt_buf b = { NULL, 0, 0, false };
	const struct mt_thread *threads;
	struct mt_capture *c;
	size_t i;

	put_program(&b);
	put_byte(&b, 10);
	for (i = 0; i < 600000; i++)
		put_byte(&b, 'x');
	mt_buf_put(&b, "\0\1", 2);
	c = open_buf(&b, 0);
	ATF_REQUIRE_EQ(1, mt_capture_threads(c, &threads));
	ATF_CHECK_EQ(600000, strlen(threads[0].name));
	ATF_CHECK_EQ(TID, threads[0].tid);
	mt_capture_close(c);

	b.len -= 2;
	for (i = 0; i < 600000; i++)
		put_byte(&b, 'x');
	c = open_buf(&b, MT_CAPTURE_CUT | MT_CAPTURE_DAMAGED);
	ATF_CHECK_EQ(2, mt_capture_meta(c)->total_allocations);
	mt_capture_close(c);
	mt_buf_fini(&b);
}

static void
put_site(struct mt_buf *b, unsigned stack, unsigned allocations,
    unsigned bytes)
{
	put_byte(b, 2);
	put_u64(b, TID + 1);
	put_u64(b, 0xcccccccccccccc00 | 6);
	put_u64(b, 0);
	put_u64(b, stack);
	put_u64(b, 0);
	put_u64(b, allocations);
	put_u64(b, 1);
	put_u64(b, bytes);
	put_u64(b, 5);
}

static void
put_sites(struct mt_buf *b)
{
	put_head(b, true, false);
	put_code(b, 900, "main", 10);
	/* Frame 0, stack 1. */
	mt_buf_put(b, "\4\0\204\7\4\1", 6);
	mt_buf_put(b, "\3\0\0", 3);
	put_site(b, 1, 2, 100);
	put_site(b, 1, 3, 200);
}

ATF_TC_WITHOUT_HEAD(sites);
ATF_TC_BODY(sites, tc)
{
	struct mt_buf b = { NULL, 0, 0, false };
	const struct mt_histogram *h;
	const struct mt_site *sites;
	struct mt_capture *c;
	struct mt_event ev;
	size_t n;

	put_sites(&b);
	put_byte(&b, 15);
	c = open_buf(&b, MT_CAPTURE_AGGREGATED | MT_CAPTURE_NO_TOTALS);
	ATF_REQUIRE_EQ(1, mt_capture_sites(c, &sites));
	ATF_CHECK_EQ(5, sites[0].peak_allocations);
	ATF_CHECK_EQ(300, sites[0].peak_bytes);
	ATF_CHECK_EQ(2, sites[0].leaked_allocations);
	ATF_CHECK_EQ(10, sites[0].leaked_bytes);
	ATF_CHECK_EQ(MT_ALLOCATOR_MALLOC, sites[0].allocator);
	ATF_CHECK_EQ(300, mt_capture_meta(c)->peak_bytes);
	ATF_CHECK_EQ(0, mt_capture_meta(c)->total_allocations);
	ATF_CHECK_EQ(MT_END, mt_capture_events(c, &ev, 1, &n, NULL));
	ATF_CHECK_EQ(MT_ERR_FORMAT, mt_capture_histogram(c, &h, NULL));
	mt_capture_close(c);
	mt_buf_fini(&b);
}

ATF_TC_WITHOUT_HEAD(bad_sites);
ATF_TC_BODY(bad_sites, tc)
{
	struct mt_buf b = { NULL, 0, 0, false };
	struct mt_capture *c;

	/* A stack that there is not. */
	put_sites(&b);
	put_site(&b, 2, 1, 1);
	put_byte(&b, 15);
	c = open_buf(&b, MT_CAPTURE_CUT | MT_CAPTURE_DAMAGED |
	    MT_CAPTURE_AGGREGATED | MT_CAPTURE_NO_TOTALS);
	ATF_CHECK_EQ(300, mt_capture_meta(c)->peak_bytes);
	mt_capture_close(c);
	mt_buf_fini(&b);
}

ATF_TP_ADD_TCS(tp)
{
	ATF_TP_ADD_TC(tp, program);
	ATF_TP_ADD_TC(tp, bad_records);
	ATF_TP_ADD_TC(tp, no_thread);
	ATF_TP_ADD_TC(tp, long_names);
	ATF_TP_ADD_TC(tp, sites);
	ATF_TP_ADD_TC(tp, bad_sites);
	return (atf_no_error());
}
