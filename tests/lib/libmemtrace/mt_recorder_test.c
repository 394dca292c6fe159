#include <atf-c.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <mt_wire.h>

#include "mt_events.h"
#include "mt_private.h"
#include "mt_tables.h"

#define MALLOC	MT_ALLOCATOR_MALLOC
#define MMAP	MT_ALLOCATOR_MMAP

#define BLOCKS	4096

/* A sink that keeps all, until it is told to fail. */
struct kept {
	struct mt_recorder	*r;
	enum mt_block_type	 type[BLOCKS];
	uint8_t			*data[BLOCKS];
	size_t			 len[BLOCKS];
	size_t			 n;
	bool			 full;		/* no events, please */
};

static enum mt_status
keep(void *arg, enum mt_block_type type, void *data, size_t len,
    struct mt_error *e)
{
	struct kept *k = arg;

	if (k->full && type == MT_BLOCK_EVENTS) {
		free(data);
		return (mt_error_set(e, MT_ERR_LIMIT, "disk full"));
	}
	ATF_REQUIRE(k->n < BLOCKS);
	k->type[k->n] = type;
	k->data[k->n] = data;
	k->len[k->n++] = len;
	return (MT_OK);
}

static void
start(struct kept *k, unsigned flags)
{
	struct mt_sink sink = { keep, k };
	uint32_t id;

	memset(k, 0, sizeof(*k));
	ATF_REQUIRE_EQ(MT_OK, mt_recorder_new(&k->r, &sink, flags, NULL));
	ATF_REQUIRE_EQ(MT_OK, mt_recorder_thread_new(k->r, 77, "Main", &id,
	    NULL));
	ATF_CHECK_EQ(0, id);
}

static void
stop(struct kept *k)
{
	mt_recorder_free(k->r);
	while (k->n > 0)
		free(k->data[--k->n]);
}

static void
alloc(struct kept *k, uint32_t node, unsigned allocator, uint64_t addr,
    uint64_t size)
{
	ATF_REQUIRE_EQ(MT_OK, mt_recorder_alloc(k->r, 0, node, allocator,
	    addr, size, NULL));
}

static uint32_t
code(struct kept *k, const char *function)
{
	struct mt_code c;
	uint32_t id;

	memset(&c, 0, sizeof(c));
	c.function = function;
	c.file = "x.py";
	ATF_REQUIRE_EQ(MT_OK, mt_recorder_code_new(k->r, &id, NULL));
	if (function != NULL)
		ATF_REQUIRE_EQ(MT_OK, mt_recorder_code_describe(k->r, id, &c,
		    NULL));
	return (id);
}

static uint32_t
node(struct kept *k, uint32_t parent, uint32_t c, int32_t offset)
{
	uint32_t id;

	ATF_REQUIRE_EQ(MT_OK, mt_recorder_node(k->r, parent, c, offset, &id,
	    NULL));
	return (id);
}

/* A number of the metadata, the last one counts; -1 if it is not there. */
static int64_t
meta(const struct kept *k, const char *key)
{
	struct mt_bytes name, value;
	struct mt_cursor c;
	int64_t n;
	size_t i;

	for (i = 0, n = -1; i < k->n; i++) {
		if (k->type[i] != MT_BLOCK_META)
			continue;
		c = (struct mt_cursor){ k->data[i], k->data[i] + k->len[i],
		    false };
		while (mt_tables_get_meta(&c, &name, &value) == MT_OK)
			if (name.n == strlen(key) &&
			    memcmp(name.p, key, name.n) == 0)
				n = strtoll((const char *)value.p, NULL, 10);
	}
	return (n);
}

/* "a16 100" (address, size), "f0" (number), "u4096 100" as an unmap. */
static void
event_text(FILE *fp, const struct mt_event *ev)
{
	if (ev->type == MT_EVENT_FREE)
		fprintf(fp, "f%d ", (int)ev->ref);
	else
		fprintf(fp, "%c%d %d ", ev->type == MT_EVENT_ALLOC ? 'a' : 'u',
		    (int)ev->addr, (int)ev->size);
}

/* All events, and "@5" where the clock has moved. */
static void
events_text(const struct kept *k, char *text, size_t size)
{
	static struct mt_events_dec dec;
	FILE *fp = fmemopen(text, size, "w");
	struct mt_event ev;
	uint64_t clock;
	size_t i;

	ATF_REQUIRE(fp != NULL);
	for (i = 0, clock = 0; i < k->n; i++) {
		if (k->type[i] != MT_BLOCK_EVENTS)
			continue;
		ATF_REQUIRE_EQ(MT_OK, mt_events_dec_start(&dec, k->data[i],
		    k->len[i], NULL));
		dec.max_node = dec.max_thread = UINT32_MAX;
		while (mt_events_dec_next(&dec, &ev, 1) == 1) {
			if (ev.time_ns != clock)
				fprintf(fp, "@%d ", (int)ev.time_ns);
			clock = ev.time_ns;
			event_text(fp, &ev);
		}
	}
	mt_events_dec_fini(&dec);
	ATF_REQUIRE_EQ(0, fclose(fp));
}

ATF_TC_WITHOUT_HEAD(nothing);
ATF_TC_BODY(nothing, tc)
{
	struct kept k;

	start(&k, 0);
	ATF_REQUIRE_EQ(MT_OK, mt_recorder_finish(k.r, NULL));
	ATF_CHECK_EQ(0, meta(&k, "total_allocations"));
	ATF_CHECK_EQ(0, meta(&k, "peak_bytes"));
	ATF_CHECK_EQ(-1, meta(&k, "aggregated"));
	stop(&k);
	mt_recorder_free(NULL);
}

ATF_TC(order);
ATF_TC_HEAD(order, tc)
{
	atf_tc_set_md_var(tc, "descr", "Tables come before the events that "
	    "need them, then sites and totals, then what is less needed");
}
ATF_TC_BODY(order, tc)
{
	static const enum mt_block_type want[] = {
		MT_BLOCK_META, MT_BLOCK_CODES, MT_BLOCK_NODES,
		MT_BLOCK_THREADS, MT_BLOCK_EVENTS, MT_BLOCK_SAMPLES,
		MT_BLOCK_EVENTS, MT_BLOCK_SITES, MT_BLOCK_META,
		MT_BLOCK_TEMPORARY, MT_BLOCK_SIZES, MT_BLOCK_LIFETIMES
	};
	struct kept k;
	size_t i;

	start(&k, 0);
	ATF_REQUIRE_EQ(MT_OK, mt_recorder_text(k.r, "a", "b", NULL));
	alloc(&k, node(&k, 0, code(&k, "f"), 2), MALLOC, 16, 100);
	ATF_REQUIRE_EQ(MT_OK, mt_recorder_sample(k.r, 5, 6, 7, NULL));
	ATF_REQUIRE_EQ(MT_OK, mt_recorder_flush(k.r, NULL));
	ATF_REQUIRE_EQ(MT_OK, mt_recorder_flush(k.r, NULL));
	ATF_REQUIRE_EQ(MT_OK, mt_recorder_free_at(k.r, 0, 16, NULL));
	ATF_REQUIRE_EQ(MT_OK, mt_recorder_finish(k.r, NULL));
	ATF_REQUIRE_EQ(sizeof(want) / sizeof(want[0]), k.n);
	for (i = 0; i < k.n; i++)
		ATF_CHECK_EQ(want[i], k.type[i]);
	stop(&k);
}

ATF_TC(events);
ATF_TC_HEAD(events, tc)
{
	atf_tc_set_md_var(tc, "descr", "What is in the events: replaced blocks "
	    "as freed, unmaps that touch something, no frees of the unknown");
}
ATF_TC_BODY(events, tc)
{
	struct kept k;
	char text[500] = "";

	start(&k, 0);
	alloc(&k, 0, MALLOC, 16, 100);
	ATF_CHECK_EQ(MT_OK, mt_recorder_free_at(k.r, 0, 32, NULL));
	mt_recorder_time(k.r, 5);
	alloc(&k, 0, MALLOC, 16, 50);
	ATF_CHECK_EQ(MT_OK, mt_recorder_free_at(k.r, 0, 16, NULL));
	ATF_CHECK_EQ(MT_OK, mt_recorder_unmap(k.r, 0, 4096, 4096, NULL));
	mt_recorder_time(k.r, 4);
	alloc(&k, 0, MMAP, 4096, 100);
	alloc(&k, 0, MMAP, 4150, 100);
	ATF_CHECK_EQ(MT_OK, mt_recorder_unmap(k.r, 0, 4096, 4096, NULL));
	mt_recorder_end_of_script(k.r);
	alloc(&k, 0, MALLOC, 64, 1);
	ATF_REQUIRE_EQ(MT_OK, mt_recorder_finish(k.r, NULL));
	events_text(&k, text, sizeof(text));
	ATF_CHECK_STREQ("a16 100 @5 f0 a16 50 f1 a4096 100 u4150 100 "
	    "a4150 100 u4096 4096 ", text);
	ATF_CHECK_EQ(0, meta(&k, "leaked_allocations"));
	ATF_CHECK_EQ(4, meta(&k, "total_allocations"));
	stop(&k);
}

ATF_TC_WITHOUT_HEAD(totals);
ATF_TC_BODY(totals, tc)
{
	struct mt_totals t;
	struct kept k;

	start(&k, 0);
	alloc(&k, 0, MALLOC, 16, 100);
	mt_recorder_time(k.r, 9);
	alloc(&k, 0, MMAP, 4096, 200);
	mt_recorder_time(k.r, 10);
	ATF_CHECK_EQ(MT_OK, mt_recorder_free_at(k.r, 0, 16, NULL));
	ATF_CHECK_EQ(MT_OK, mt_recorder_unmap(k.r, 0, 4096, 50, NULL));
	mt_recorder_lost(k.r, 3);
	mt_recorder_totals(k.r, &t);
	ATF_CHECK_EQ(2, t.allocations);
	ATF_CHECK_EQ(300, t.bytes);
	ATF_CHECK_EQ(150, t.heap);
	ATF_CHECK_EQ(1, t.live);
	ATF_CHECK_EQ(300, t.peak);
	ATF_CHECK_EQ(3, t.lost);
	ATF_CHECK_EQ(4, t.events);
	ATF_REQUIRE_EQ(MT_OK, mt_recorder_finish(k.r, NULL));
	ATF_CHECK_EQ(9, meta(&k, "peak_time_ns"));
	ATF_CHECK_EQ(150, meta(&k, "leaked_bytes"));
	ATF_CHECK_EQ(1, meta(&k, "leaked_allocations"));
	ATF_CHECK_EQ(3, meta(&k, "lost_events"));
	stop(&k);
}

ATF_TC_WITHOUT_HEAD(aggregate);
ATF_TC_BODY(aggregate, tc)
{
	struct kept k;
	size_t i;

	start(&k, MT_RECORDER_AGGREGATE);
	alloc(&k, 0, MALLOC, 16, 100);
	ATF_REQUIRE_EQ(MT_OK, mt_recorder_finish(k.r, NULL));
	for (i = 0; i < k.n; i++)
		ATF_CHECK(k.type[i] != MT_BLOCK_EVENTS);
	ATF_CHECK_EQ(1, meta(&k, "aggregated"));
	ATF_CHECK_EQ(100, meta(&k, "peak_bytes"));
	stop(&k);
}

ATF_TC(siblings);
ATF_TC_HEAD(siblings, tc)
{
	atf_tc_set_md_var(tc, "descr", "Calls next to others are those that "
	    "their caller finds, and offsets stay in their range");
}
ATF_TC_BODY(siblings, tc)
{
	struct mt_error e;
	struct kept k;
	uint32_t a, b, c, d, f, id, low;
	int i;

	start(&k, 0);
	f = code(&k, "f");
	a = node(&k, node(&k, 0, f, 100), f, 10);
	b = node(&k, a - 1, f, INT32_MAX);
	c = node(&k, a - 1, 0, 10);
	low = node(&k, a - 1, f, -1);
	for (i = 0; i < 2; i++) {
		ATF_CHECK_EQ(MT_OK, mt_recorder_sibling(k.r, a,
		    INT32_MAX - 10, &id, &e));
		ATF_CHECK_EQ(b, id);
		ATF_CHECK_EQ(MT_OK, mt_recorder_sibling(k.r, b,
		    10 - INT32_MAX, &id, &e));
		ATF_CHECK_EQ(a, id);
		ATF_CHECK_EQ(MT_OK, mt_recorder_beside(k.r, a, 0, 10, &id,
		    &e));
		ATF_CHECK_EQ(c, id);
		ATF_CHECK_EQ(MT_OK, mt_recorder_beside(k.r, a, f, -1, &id,
		    &e));
		ATF_CHECK_EQ(low, id);
		ATF_CHECK_EQ(MT_OK, mt_recorder_sibling(k.r, a, -10, &id,
		    &e));
		ATF_CHECK_EQ(low + 1, id);
	}
	d = id;
	ATF_CHECK_EQ(d, node(&k, a - 1, f, 0));
	ATF_CHECK_EQ(MT_ERR_LIMIT, mt_recorder_sibling(k.r, a, -11, &id, &e));
	ATF_CHECK_STREQ("offset next to stack 2 is out of range", e.text);
	ATF_CHECK_EQ(MT_ERR_LIMIT, mt_recorder_sibling(k.r, b, 1, &id, &e));
	ATF_CHECK_EQ(MT_ERR_LIMIT, mt_recorder_sibling(k.r, low, 1, &id, &e));
	ATF_CHECK_EQ(MT_ERR_LIMIT, mt_recorder_sibling(k.r, 0, 1, &id, &e));
	ATF_CHECK_EQ(MT_ERR_LIMIT, mt_recorder_sibling(k.r, d + 1, 1, &id,
	    &e));
	ATF_CHECK_EQ(MT_ERR_LIMIT, mt_recorder_beside(k.r, 0, f, 1, &id, &e));
	ATF_CHECK_EQ(MT_ERR_LIMIT, mt_recorder_beside(k.r, d + 1, f, 1, &id,
	    &e));
	ATF_CHECK_EQ(MT_ERR_LIMIT, mt_recorder_beside(k.r, a, f + 1, 1, &id,
	    &e));
	stop(&k);
}

ATF_TC(refused);
ATF_TC_HEAD(refused, tc)
{
	atf_tc_set_md_var(tc, "descr", "Numbers that nobody gave out");
}
ATF_TC_BODY(refused, tc)
{
	struct mt_totals t;
	struct mt_error e;
	struct kept k;
	struct mt_code c;
	uint32_t id;

	memset(&c, 0, sizeof(c));
	c.function = c.file = "";
	start(&k, 0);
	ATF_CHECK_EQ(MT_ERR_LIMIT, mt_recorder_alloc(k.r, 1, 0, 1, 16, 1, &e));
	ATF_CHECK_STREQ("thread 1 is out of range", e.text);
	ATF_CHECK_EQ(MT_ERR_LIMIT, mt_recorder_alloc(k.r, 0, 1, 1, 16, 1, &e));
	ATF_CHECK_STREQ("stack 1 is out of range", e.text);
	ATF_CHECK_EQ(MT_ERR_LIMIT, mt_recorder_alloc(k.r, 0, 0, 0, 16, 1, &e));
	ATF_CHECK_STREQ("allocator 0 is out of range", e.text);
	ATF_CHECK_EQ(MT_ERR_LIMIT, mt_recorder_alloc(k.r, 0, 0, MALLOC, 16,
	    UINT64_C(1) << 48, &e));
	ATF_CHECK_EQ(MT_ERR_LIMIT, mt_recorder_free_at(k.r, 1, 16, &e));
	ATF_CHECK_EQ(MT_ERR_LIMIT, mt_recorder_unmap(k.r, 1, 16, 1, &e));
	ATF_CHECK_EQ(MT_ERR_LIMIT, mt_recorder_node(k.r, 1, 0, 0, &id, &e));
	ATF_CHECK_EQ(MT_ERR_LIMIT, mt_recorder_node(k.r, 0, 1, 0, &id, &e));
	ATF_CHECK_EQ(MT_ERR_LIMIT, mt_recorder_code_describe(k.r, 1, &c, &e));
	mt_recorder_totals(k.r, &t);
	ATF_CHECK_EQ(0, t.events);
	stop(&k);
}

ATF_TC(sink_fails);
ATF_TC_HEAD(sink_fails, tc)
{
	atf_tc_set_md_var(tc, "descr", "Without room for events the tables are "
	    "still complete, and the failure is reported");
}
ATF_TC_BODY(sink_fails, tc)
{
	struct mt_error e;
	struct mt_totals t;
	struct kept k;
	enum mt_status st;
	uint32_t failed, i;

	start(&k, 0);
	k.full = true;
	for (i = failed = 0; i < 300000; i++) {
		st = mt_recorder_alloc(k.r, 0, 0, MALLOC, i * 16 + 16, 10, &e);
		failed += st != MT_OK;
		ATF_REQUIRE(st == MT_OK || st == MT_ERR_LIMIT);
	}
	ATF_CHECK(failed >= 2);
	ATF_CHECK_STREQ("disk full", e.text);
	mt_recorder_totals(k.r, &t);
	ATF_CHECK_EQ(300000, t.allocations);
	ATF_CHECK_EQ(MT_ERR_LIMIT, mt_recorder_finish(k.r, &e));
	ATF_CHECK_EQ(3000000, meta(&k, "peak_bytes"));
	ATF_CHECK_EQ(MT_BLOCK_SITES, k.type[k.n - 5]);
	stop(&k);
}

ATF_TC(blocks_full);
ATF_TC_HEAD(blocks_full, tc)
{
	atf_tc_set_md_var(tc, "descr", "Blocks are handed over when they have "
	    "about 256 KiB, nodes never before their codes");
}
ATF_TC_BODY(blocks_full, tc)
{
	struct kept k;
	uint32_t i, n;
	size_t codes, nodes;

	start(&k, 0);
	for (i = n = 0; i < 200000; i++) {
		if (i % 4 == 0)
			n = node(&k, n, code(&k, "function"), 2);
		alloc(&k, n, MALLOC, (uint64_t)i * 16, i);
	}
	ATF_CHECK(k.n > 8);
	for (i = 0, codes = nodes = 0; i < k.n; i++) {
		ATF_CHECK(k.len[i] < 300 * 1024);
		codes += k.type[i] == MT_BLOCK_CODES;
		nodes += k.type[i] == MT_BLOCK_NODES;
		if (k.type[i] == MT_BLOCK_EVENTS)
			ATF_CHECK(k.type[i - 1] == MT_BLOCK_NODES ||
			    k.type[i - 1] == MT_BLOCK_THREADS);
		ATF_CHECK(nodes <= codes);
	}
	stop(&k);
}

/* ---- Through a file and back ------------------------------------------ */

/* Without sites, as in a capture that was cut short. */
static enum mt_status
to_writer(void *arg, enum mt_block_type type, void *data, size_t len,
    struct mt_error *e)
{
	enum mt_status st = MT_OK;

	if (type != MT_BLOCK_SITES)
		st = mt_writer_put(arg, type, data, len, e);
	free(data);
	return (st);
}

static enum mt_status
to_writer_all(void *arg, enum mt_block_type type, void *data, size_t len,
    struct mt_error *e)
{
	enum mt_status st;

	st = mt_writer_put(arg, type, data, len, e);
	free(data);
	return (st);
}

/* Random events, the same every time. */
static void
record(struct kept *k)
{
	uint32_t c[20], i, n, nodes[200];

	for (i = 0; i < 20; i++)
		c[i] = code(k, i == 7 ? NULL : "fun");
	for (nodes[0] = 0, i = 1; i < 200; i++)
		nodes[i] = node(k, nodes[(uint32_t)random() % i],
		    c[(uint32_t)random() % 20], (int32_t)random() % 50 * 2);
	for (i = 0; i < 200000; i++) {
		n = nodes[(uint32_t)random() % 200];
		mt_recorder_time(k->r, i / 100);
		if (random() % 8 == 0)
			alloc(k, n, MMAP, (uint64_t)random() % 500 * 4096,
			    (uint64_t)random() % 99999);
		else if (random() % 8 == 0)
			ATF_REQUIRE_EQ(MT_OK, mt_recorder_unmap(k->r, 0,
			    (uint64_t)random() % 500 * 4096, 3 * 4096, NULL));
		else if (random() % 2 == 0)
			alloc(k, n, MALLOC, (uint64_t)random() % 5000 * 16,
			    (uint64_t)random() % 1000);
		else
			ATF_REQUIRE_EQ(MT_OK, mt_recorder_free_at(k->r, 0,
			    (uint64_t)random() % 5000 * 16, NULL));
		if (i % 50000 == 49999)
			ATF_REQUIRE_EQ(MT_OK, mt_recorder_flush(k->r, NULL));
	}
}

static struct mt_capture *
written(bool tables)
{
	FILE *fp = fopen("capture", "w");
	struct mt_capture *c;
	struct mt_writer *w;
	struct mt_sink sink;
	struct kept k;
	uint32_t id;

	ATF_REQUIRE(fp != NULL);
	ATF_REQUIRE_EQ(MT_OK, mt_writer_new(&w, fileno(fp), 0, 1000, NULL));
	start(&k, 0);
	mt_recorder_free(k.r);
	sink.put = tables ? to_writer_all : to_writer;
	sink.arg = w;
	ATF_REQUIRE_EQ(MT_OK, mt_recorder_new(&k.r, &sink, 0, NULL));
	ATF_REQUIRE_EQ(MT_OK, mt_recorder_thread_new(k.r, 1, "", &id,
	    NULL));
	srandom(7);
	record(&k);
	ATF_REQUIRE_EQ(MT_OK, mt_recorder_finish(k.r, NULL));
	ATF_REQUIRE_EQ(MT_OK, mt_writer_finish(w, NULL));
	stop(&k);
	mt_writer_free(w);
	ATF_REQUIRE_EQ(0, fclose(fp));
	ATF_REQUIRE_EQ(MT_OK, mt_capture_open(&c, "capture", NULL));
	return (c);
}

static uint64_t
sum_of_own(struct mt_capture *c, enum mt_view view, uint64_t *all)
{
	const struct mt_row *r;
	struct mt_summary *s;
	uint64_t sum;
	size_t i, n;

	ATF_REQUIRE_EQ(MT_OK, mt_summary_new(&s, view, NULL));
	ATF_REQUIRE_EQ(MT_OK, mt_summary_push(s, c, NULL));
	r = mt_summary_rows(s, 1, &n);
	for (i = 0, sum = 0; i < n; i++)
		sum += r[i].own_bytes;
	*all = mt_summary_bytes(s);
	mt_summary_free(s);
	return (sum);
}

static bool
is_same(const struct mt_site *a, const struct mt_site *b)
{
	return (a->node == b->node && a->thread == b->thread &&
	    a->allocator == b->allocator &&
	    a->allocations == b->allocations && a->bytes == b->bytes &&
	    a->peak_allocations == b->peak_allocations &&
	    a->peak_bytes == b->peak_bytes &&
	    a->leaked_allocations == b->leaked_allocations &&
	    a->leaked_bytes == b->leaked_bytes);
}

ATF_TC(round_trip);
ATF_TC_HEAD(round_trip, tc)
{
	atf_tc_set_md_var(tc, "descr", "The tables in a capture add up to its "
	    "totals, and are those made again from its events");
}
ATF_TC_BODY(round_trip, tc)
{
	struct mt_capture *c, *again;
	const struct mt_site *a, *b;
	const struct mt_meta *m;
	uint64_t all;
	size_t i, n;

	c = written(true);
	m = mt_capture_meta(c);
	ATF_CHECK_EQ(0, m->flags);
	ATF_CHECK_EQ(sum_of_own(c, MT_VIEW_PEAK, &all), m->peak_bytes);
	ATF_CHECK_EQ(all, m->peak_bytes);
	ATF_CHECK_EQ(sum_of_own(c, MT_VIEW_LEAKS, &all), m->leaked_bytes);
	ATF_CHECK_EQ(sum_of_own(c, MT_VIEW_ALL, &all), m->total_bytes);
	ATF_CHECK(m->leaked_bytes > 0 && m->leaked_bytes < m->peak_bytes);
	again = written(false);
	ATF_CHECK_EQ(MT_CAPTURE_REBUILT, mt_capture_meta(again)->flags);
	n = mt_capture_sites(c, &a);
	ATF_REQUIRE_EQ(n, mt_capture_sites(again, &b));
	for (i = 0; i < n; i++)
		ATF_CHECK_MSG(is_same(&a[i], &b[i]), "site %zu, stack %u", i,
		    a[i].node);
	ATF_CHECK_EQ(m->peak_time_ns, mt_capture_meta(again)->peak_time_ns);
	mt_capture_close(again);
	mt_capture_close(c);
}

ATF_TP_ADD_TCS(tp)
{
	ATF_TP_ADD_TC(tp, nothing);
	ATF_TP_ADD_TC(tp, order);
	ATF_TP_ADD_TC(tp, events);
	ATF_TP_ADD_TC(tp, totals);
	ATF_TP_ADD_TC(tp, aggregate);
	ATF_TP_ADD_TC(tp, siblings);
	ATF_TP_ADD_TC(tp, refused);
	ATF_TP_ADD_TC(tp, sink_fails);
	ATF_TP_ADD_TC(tp, blocks_full);
	ATF_TP_ADD_TC(tp, round_trip);
	return (atf_no_error());
}
