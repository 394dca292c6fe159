/* Moments, ranges of time and thresholds against a model that knows all. */

#include <atf-c.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <mt_wire.h>

#include "mt_private.h"

#define EVENTS	30000u
#define NODES	5u
#define THREADS	2u
#define PAGES	64u
#define PAGE	4096u
#define BASE	UINT64_C(0x7f0000000000)
#define NEVER	UINT64_MAX
#define LATE	(NEVER - 1)
#define MS	UINT64_C(1000000)

/* An allocation; of mappings, each page has an end of its own. */
struct made {
	uint64_t	time_ns;
	uint64_t	size;
	uint64_t	end_ns;
	uint64_t	page_end_ns[PAGES];
	uint32_t	thread;
	uint32_t	node;
	bool		is_mapping;
	uint64_t	order;		/* within its thread */
	uint64_t	distance;	/* NEVER: not freed by its thread */
};

struct model {
	struct mt_recorder	*r;
	struct mt_writer	*w;
	struct made		*made;
	size_t			 n;
	size_t			 live[512];	/* blocks, plus one */
	size_t			 page[PAGES];	/* their mapping, plus one */
	uint64_t		 by_thread[THREADS];
	uint64_t		 now_ns;
	uint64_t		 seed;
	uint32_t		 node[NODES];
};

static unsigned
any(struct model *m, unsigned below)
{
	m->seed = m->seed * 6364136223846793005u + 1442695040888963407u;
	return ((unsigned)(m->seed >> 33) % below);
}

static enum mt_status
put(void *arg, enum mt_block_type type, void *data, size_t len,
    struct mt_error *e)
{
	struct model *m = arg;
	enum mt_status st;

	st = mt_writer_put(m->w, type, data, len, e);
	free(data);
	return (st);
}

static struct made *
make(struct model *m, uint64_t size, bool is_mapping, uint32_t thread)
{
	struct made *a = &m->made[m->n++];
	unsigned i;

	a->time_ns = m->now_ns;
	a->size = size;
	a->is_mapping = is_mapping;
	a->thread = thread;
	a->node = any(m, NODES);
	a->order = m->by_thread[a->thread]++;
	a->distance = a->end_ns = NEVER;
	for (i = 0; i < PAGES; i++)
		a->page_end_ns[i] = NEVER;
	return (a);
}

/* All of it was freed at once. */
static void
gone(struct model *m, struct made *a, uint32_t thread)
{
	if (a->thread == thread)
		a->distance = m->by_thread[thread] - 1 - a->order;
}

static void
do_block(struct model *m)
{
	unsigned slot = any(m, 512), thread = any(m, THREADS);
	uint64_t addr = 0x1000 + slot * UINT64_C(0x1000);
	struct made *a;

	if (m->live[slot] != 0) {
		m->made[m->live[slot] - 1].end_ns = m->now_ns;
		gone(m, &m->made[m->live[slot] - 1], thread);
		m->live[slot] = 0;
		ATF_REQUIRE_EQ(MT_OK, mt_recorder_free_at(m->r, thread, addr,
		    NULL));
		return;
	}
	a = make(m, any(m, 2000), false, thread);
	m->live[slot] = m->n;
	ATF_REQUIRE_EQ(MT_OK, mt_recorder_alloc(m->r, a->thread,
	    m->node[a->node], MT_ALLOCATOR_MALLOC, addr, a->size, NULL));
}

/* Were these all pages of a mapping, and all that it ever had? */
static bool
is_whole(const struct model *m, size_t mapping, unsigned from, unsigned n)
{
	unsigned i, in = 0;

	for (i = from; i < from + n; i++)
		in += m->page[i] == mapping;
	return (mapping != 0 && in * PAGE == m->made[mapping - 1].size);
}

/* A thread gives pages from here on to another mapping, or to none. */
static void
set_pages(struct model *m, unsigned from, unsigned n, size_t to,
    uint32_t thread)
{
	unsigned i;

	for (i = from; i < from + n; i++)
		if ((i == from || m->page[i] != m->page[i - 1]) &&
		    is_whole(m, m->page[i], from, n))
			gone(m, &m->made[m->page[i] - 1], thread);
	for (i = from; i < from + n; i++) {
		if (m->page[i] != 0)
			m->made[m->page[i] - 1].page_end_ns[i] = m->now_ns;
		m->page[i] = to;
	}
}

static void
do_mapping(struct model *m)
{
	unsigned from = any(m, PAGES), n = 1 + any(m, 8);
	unsigned i, thread = any(m, THREADS);
	struct made *a;

	n = from + n > PAGES ? PAGES - from : n;
	if (any(m, 2) == 0) {
		set_pages(m, from, n, 0, thread);
		ATF_REQUIRE_EQ(MT_OK, mt_recorder_unmap(m->r, thread,
		    BASE + from * PAGE, n * PAGE, NULL));
		return;
	}
	/* What it covers goes first, before there is one more allocation. */
	set_pages(m, from, n, 0, thread);
	a = make(m, n * PAGE, true, thread);
	for (i = 0; i < PAGES; i++)
		if (i < from || i >= from + n)
			a->page_end_ns[i] = 0;
	for (i = from; i < from + n; i++)
		m->page[i] = m->n;
	ATF_REQUIRE_EQ(MT_OK, mt_recorder_alloc(m->r, a->thread,
	    m->node[a->node], MT_ALLOCATOR_MMAP, BASE + from * PAGE, a->size,
	    NULL));
}

static void
start(struct model *m, const char *path, unsigned flags)
{
	struct mt_sink sink = { put, m };
	uint32_t code, i, id;
	int fd;

	fd = open(path, O_RDWR | O_CREAT | O_TRUNC, 0600);
	ATF_REQUIRE(fd != -1);
	ATF_REQUIRE_EQ(MT_OK, mt_writer_new(&m->w, fd, 0, 1000, NULL));
	ATF_REQUIRE_EQ(MT_OK, mt_recorder_new(&m->r, &sink, flags, NULL));
	ATF_REQUIRE_EQ(MT_OK, mt_recorder_code_new(m->r, &code, NULL));
	for (i = 0; i < THREADS; i++)
		ATF_REQUIRE_EQ(MT_OK, mt_recorder_thread_new(m->r, i + 1, "",
		    &id, NULL));
	for (i = 0; i < NODES; i++)
		ATF_REQUIRE_EQ(MT_OK, mt_recorder_node(m->r, 0, code,
		    (int32_t)i, &m->node[i], NULL));
}

/* A program; mapping_share in a thousand of its calls are mmap and munmap. */
static void
record(struct model *m, unsigned flags, unsigned mapping_share, bool killed)
{
	unsigned i;

	m->made = calloc(EVENTS, sizeof(*m->made));
	ATF_REQUIRE(m->made != NULL);
	start(m, "capture", flags);
	for (i = 0; i < EVENTS; i++) {
		if (any(m, 8) == 0)
			m->now_ns += any(m, 5 * MS);
		mt_recorder_time(m->r, m->now_ns);
		if (any(m, 1000) < mapping_share)
			do_mapping(m);
		else
			do_block(m);
		if (any(m, 1000) == 0)
			ATF_REQUIRE_EQ(MT_OK, mt_recorder_flush(m->r, NULL));
	}
	if (killed) {
		ATF_REQUIRE_EQ(MT_OK, mt_recorder_flush(m->r, NULL));
	} else {
		ATF_REQUIRE_EQ(MT_OK, mt_recorder_finish(m->r, NULL));
		ATF_REQUIRE_EQ(MT_OK, mt_writer_finish(m->w, NULL));
	}
	mt_recorder_free(m->r);
	mt_writer_free(m->w);
}

/* What it should be, by thread, node and kind. */
static void
expect(const struct model *m, uint64_t from_ns, uint64_t to_ns,
    struct mt_amount out[THREADS][NODES][2])
{
	const struct made *a;
	struct mt_amount *o;
	uint64_t left;
	unsigned i;

	memset(out, 0, sizeof(struct mt_amount) * THREADS * NODES * 2);
	for (a = m->made; a < m->made + m->n; a++) {
		if (a->time_ns < from_ns || a->time_ns > to_ns)
			continue;
		o = &out[a->thread][a->node][a->is_mapping];
		if (!a->is_mapping && a->end_ns > to_ns) {
			o->allocations++;
			o->bytes += a->size;
		}
		for (left = i = 0; i < PAGES && a->is_mapping; i++)
			left += a->page_end_ns[i] > to_ns;
		o->allocations += left > 0;
		o->bytes += left * PAGE;
	}
}

static void
check(const struct model *m, struct mt_capture *c, uint64_t from_ns,
    uint64_t to_ns)
{
	struct mt_amount got[THREADS * NODES * 2], want[THREADS][NODES][2];
	struct mt_selection sel;
	const struct mt_site *s;
	struct mt_amount *w;
	size_t i, n;

	memset(&sel, 0, sizeof(sel));
	sel.view = from_ns == 0 ? MT_VIEW_AT : MT_VIEW_RANGE;
	sel.from_ns = from_ns;
	sel.to_ns = to_ns;
	n = mt_capture_sites(c, &s);
	ATF_REQUIRE(n <= THREADS * NODES * 2);
	ATF_REQUIRE_EQ(MT_OK, mt_capture_select(c, &sel, got, NULL));
	expect(m, from_ns, to_ns, want);
	for (i = 0; i < n; i++) {
		w = &want[s[i].thread][s[i].node - 1]
		    [s[i].allocator == MT_ALLOCATOR_MMAP];
		ATF_REQUIRE_EQ_MSG(w->allocations, got[i].allocations,
		    "%ju to %ju: site %zu: %ju, not %ju", (uintmax_t)from_ns,
		    (uintmax_t)to_ns, i, (uintmax_t)got[i].allocations,
		    (uintmax_t)w->allocations);
		ATF_REQUIRE_EQ(w->bytes, got[i].bytes);
	}
}

static void
check_threshold(const struct model *m, struct mt_capture *c, uint64_t t)
{
	struct mt_amount got[THREADS * NODES * 2], want[THREADS][NODES][2];
	struct mt_selection sel;
	const struct made *a;
	const struct mt_site *s;
	struct mt_amount *w;
	size_t i, n;

	memset(&sel, 0, sizeof(sel));
	sel.view = MT_VIEW_TEMPORARY;
	sel.threshold = t;
	memset(want, 0, sizeof(want));
	for (a = m->made; a < m->made + m->n; a++)
		if (a->distance < t) {
			w = &want[a->thread][a->node][a->is_mapping];
			w->allocations++;
			w->bytes += a->size;
		}
	n = mt_capture_sites(c, &s);
	ATF_REQUIRE(n <= THREADS * NODES * 2);
	ATF_REQUIRE_EQ(MT_OK, mt_capture_select(c, &sel, got, NULL));
	for (i = 0; i < n; i++) {
		w = &want[s[i].thread][s[i].node - 1]
		    [s[i].allocator == MT_ALLOCATOR_MMAP];
		ATF_REQUIRE_EQ_MSG(w->allocations, got[i].allocations,
		    "%ju: site %zu: %ju, not %ju", (uintmax_t)t, i,
		    (uintmax_t)got[i].allocations,
		    (uintmax_t)w->allocations);
		ATF_REQUIRE_EQ(w->bytes, got[i].bytes);
	}
}

/* At any moments, those of events and ends of intervals among them. */
static void
check_all(struct model *m)
{
	struct mt_capture *c;
	struct mt_error e;
	uint64_t a, b;
	unsigned i;

	ATF_REQUIRE_EQ_MSG(MT_OK, mt_capture_open(&c, "capture", &e), "%s",
	    e.text);
	for (i = 0; i < 150; i++) {
		a = m->made[any(m, (unsigned)m->n)].time_ns + any(m, 2);
		b = m->made[any(m, (unsigned)m->n)].time_ns + any(m, 2);
		if (i % 3 == 0)
			b = a + any(m, 30 * MS);
		if (i % 7 == 0)
			a -= a % (20 * MS);
		if (i % 5 == 0)
			b += 20 * MS - 1 - b % (20 * MS);
		check(m, c, 0, b);
		check(m, c, a, b);
	}
	check(m, c, 0, 0);
	check(m, c, 0, m->now_ns);
	check(m, c, 0, LATE);
	check(m, c, 1, LATE);
	check(m, c, m->now_ns, LATE);
	check(m, c, m->now_ns + 1, LATE);
	check(m, c, 700 * MS, 500 * MS);
	mt_capture_close(c);
	free(m->made);
}

ATF_TC(blocks);
ATF_TC_HEAD(blocks, tc)
{
	atf_tc_set_md_var(tc, "descr", "with events, to the nanosecond");
}
ATF_TC_BODY(blocks, tc)
{
	static struct model m;

	(void)tc;
	m.seed = 1;
	record(&m, 0, 0, false);
	check_all(&m);
}

ATF_TC(mappings);
ATF_TC_HEAD(mappings, tc)
{
	atf_tc_set_md_var(tc, "descr", "unmapped in parts and overlapped");
}
ATF_TC_BODY(mappings, tc)
{
	static struct model m;

	(void)tc;
	m.seed = 2;
	record(&m, 0, 300, false);
	check_all(&m);
}

ATF_TC(few_mappings);
ATF_TC_HEAD(few_mappings, tc)
{
	atf_tc_set_md_var(tc, "descr",
	    "mappings are followed only if one is unmapped in the interval");
}
ATF_TC_BODY(few_mappings, tc)
{
	static struct model m;

	(void)tc;
	m.seed = 3;
	record(&m, 0, 3, false);
	check_all(&m);
}

ATF_TC(killed);
ATF_TC_HEAD(killed, tc)
{
	atf_tc_set_md_var(tc, "descr", "no tables and no index");
}
ATF_TC_BODY(killed, tc)
{
	static struct model m;

	(void)tc;
	m.seed = 4;
	record(&m, 0, 20, true);
	check_all(&m);
}

ATF_TC(aggregated);
ATF_TC_HEAD(aggregated, tc)
{
	atf_tc_set_md_var(tc, "descr",
	    "without events, exactly where intervals begin and end");
}
ATF_TC_BODY(aggregated, tc)
{
	const struct mt_lifetimes *l;
	struct mt_capture *c;
	static struct model m;
	uint64_t a, b, width;
	unsigned i;

	(void)tc;
	m.seed = 5;
	record(&m, MT_RECORDER_AGGREGATE, 200, false);
	ATF_REQUIRE_EQ(MT_OK, mt_capture_open(&c, "capture", NULL));
	ATF_REQUIRE_EQ(MT_OK, mt_capture_lifetimes(c, &l, NULL));
	width = l->interval_ns;
	ATF_CHECK(width > 10 * MS);
	for (i = 0; i < 200; i++) {
		a = any(&m, l->intervals);
		b = any(&m, l->intervals);
		check(&m, c, a * width, (b + 1) * width - 1);
	}
	check(&m, c, 0, LATE);
	mt_capture_close(c);
	free(m.made);
}

ATF_TC(thresholds);
ATF_TC_HEAD(thresholds, tc)
{
	atf_tc_set_md_var(tc, "descr",
	    "by the table and by the events, blocks and mappings");
}
ATF_TC_BODY(thresholds, tc)
{
	struct mt_capture *c;
	static struct model m;
	uint64_t t;

	(void)tc;
	m.seed = 6;
	record(&m, 0, 200, false);
	ATF_REQUIRE_EQ(MT_OK, mt_capture_open(&c, "capture", NULL));
	for (t = 0; t < 40; t++)
		check_threshold(&m, c, t);
	for (; t < 50000; t = t * 3 / 2 + 1) {
		check_threshold(&m, c, t);
		check_threshold(&m, c, mt_threshold(t));
	}
	check_threshold(&m, c, LATE);
	mt_capture_close(c);
	free(m.made);
}

ATF_TP_ADD_TCS(tp)
{
	ATF_TP_ADD_TC(tp, blocks);
	ATF_TP_ADD_TC(tp, mappings);
	ATF_TP_ADD_TC(tp, few_mappings);
	ATF_TP_ADD_TC(tp, killed);
	ATF_TP_ADD_TC(tp, aggregated);
	ATF_TP_ADD_TC(tp, thresholds);
	return (atf_no_error());
}
