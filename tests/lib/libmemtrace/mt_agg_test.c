#include <atf-c.h>
#include <stdlib.h>
#include <string.h>

#include "mt_agg.h"

#define MALLOC	MT_ALLOCATOR_MALLOC
#define MMAP	MT_ALLOCATOR_MMAP

static void
alloc(struct mt_agg *a, uint32_t node, uint64_t addr, uint64_t size)
{
	uint64_t ref;
	bool replaced;

	ATF_REQUIRE(mt_agg_alloc(a, 0, node, MALLOC, addr, size, &replaced,
	    &ref));
	ATF_CHECK(!replaced);
}

static void
check_site(const struct mt_agg *a, uint32_t node, uint64_t allocations,
    uint64_t bytes, uint64_t peak, uint64_t leaked)
{
	struct mt_site s;
	uint32_t i;

	for (i = 0; i < a->nsites; i++) {
		mt_agg_site(a, i, &s);
		if (s.node == node)
			break;
	}
	ATF_REQUIRE(i < a->nsites);
	ATF_CHECK_EQ(allocations, s.allocations);
	ATF_CHECK_EQ(bytes, s.bytes);
	ATF_CHECK_EQ(peak, s.peak_bytes);
	ATF_CHECK_EQ(leaked, s.leaked_bytes);
}

ATF_TC(peak);
ATF_TC_HEAD(peak, tc)
{
	atf_tc_set_md_var(tc, "descr", "Sites that changed after the peak and "
	    "sites that did not both show what they had there");
}
ATF_TC_BODY(peak, tc)
{
	struct mt_agg a;
	uint64_t ref;

	memset(&a, 0, sizeof(a));
	alloc(&a, 1, 16, 100);
	a.now_ns = 5;
	alloc(&a, 2, 32, 50);
	a.now_ns = 6;
	ATF_CHECK(mt_agg_free(&a, 0, 16, &ref));
	ATF_CHECK_EQ(0, ref);
	alloc(&a, 3, 48, 100);
	ATF_CHECK_EQ(150, a.peak_bytes);
	ATF_CHECK_EQ(5, a.peak_time_ns);
	check_site(&a, 1, 1, 100, 100, 0);
	check_site(&a, 2, 1, 50, 50, 50);
	check_site(&a, 3, 1, 100, 0, 100);
	mt_agg_fini(&a);
}

ATF_TC_WITHOUT_HEAD(replaced);
ATF_TC_BODY(replaced, tc)
{
	struct mt_agg a;
	uint64_t ref;
	bool replaced;

	memset(&a, 0, sizeof(a));
	alloc(&a, 1, 16, 100);
	alloc(&a, 2, 32, 10);
	ATF_REQUIRE(mt_agg_alloc(&a, 0, 3, MALLOC, 32, 20, &replaced, &ref));
	ATF_CHECK(replaced);
	ATF_CHECK_EQ(1, ref);
	ATF_CHECK_EQ(120, a.heap);
	ATF_CHECK_EQ(2, a.live_allocations);
	check_site(&a, 2, 1, 10, 0, 0);
	check_site(&a, 3, 1, 20, 20, 20);
	mt_agg_fini(&a);
}

ATF_TC_WITHOUT_HEAD(edges);
ATF_TC_BODY(edges, tc)
{
	struct mt_agg a;
	bool touched;

	memset(&a, 0, sizeof(a));
	ATF_REQUIRE(mt_agg_map(&a, 0, 1, MMAP, 4096, 0));
	ATF_CHECK_EQ(0, a.live_allocations);
	ATF_CHECK_EQ(1, a.allocations);
	ATF_REQUIRE(mt_agg_map(&a, 0, 1, MMAP, UINT64_MAX - 10, 4096));
	ATF_CHECK_EQ(10, a.heap);
	ATF_REQUIRE(mt_agg_unmap(&a, 0, UINT64_MAX - 4096, UINT64_MAX,
	    &touched));
	ATF_CHECK(touched);
	ATF_CHECK_EQ(0, a.heap);
	ATF_CHECK_EQ(0, a.live_allocations);
	ATF_REQUIRE(mt_agg_unmap(&a, 0, 0, 0, &touched));
	ATF_CHECK(!touched);
	mt_agg_fini(&a);
}

/* ---- The model: everything is copied at every peak -------------------- */

#define ADDRS	3000		/* of blocks, and as many bytes mapped */
#define NODES	40
#define THREADS	3

struct model_site {
	struct mt_site	s;	/* leaked_* are what is live */
};

struct model_alloc {
	struct model_site	*site;
	uint64_t		 size;
	uint64_t		 number;
	bool			 live;
};

struct model {
	struct mt_agg		 agg;
	struct model_site	 site[NODES][THREADS][2];
	struct model_alloc	 block[ADDRS];
	struct model_alloc	*owner[ADDRS];	/* of a mapped byte */
	struct model_alloc	*map;
	size_t			 nmaps;
	uint64_t		 heap;
	uint64_t		 peak;
	uint64_t		 number;
};

static struct model_site *
model_site(struct model *m, uint32_t node, uint32_t thread, bool map)
{
	struct model_site *s = &m->site[node][thread][map];

	s->s.node = node;
	s->s.thread = thread;
	s->s.allocator = map ? MMAP : MALLOC;
	return (s);
}

static void
model_add(struct model *m, struct model_alloc *al, struct model_site *s,
    uint64_t size)
{
	size_t i;

	al->site = s;
	al->size = size;
	al->number = m->number++;
	al->live = true;
	s->s.allocations++;
	s->s.bytes += size;
	s->s.leaked_allocations++;
	s->s.leaked_bytes += size;
	m->heap += size;
	if (m->heap <= m->peak)
		return;
	m->peak = m->heap;
	for (i = 0; i < NODES * THREADS * 2; i++) {
		s = &m->site[0][0][0] + i;
		s->s.peak_allocations = s->s.leaked_allocations;
		s->s.peak_bytes = s->s.leaked_bytes;
	}
}

/* Take size bytes from an allocation, which may live on. */
static void
model_remove(struct model *m, struct model_alloc *al, uint64_t size)
{
	al->size -= size;
	al->live = al->size > 0;
	al->site->s.leaked_allocations -= !al->live;
	al->site->s.leaked_bytes -= size;
	m->heap -= size;
}

static bool
model_unmap(struct model *m, uint64_t start, uint64_t end)
{
	uint64_t a;
	bool touched;

	touched = false;
	for (a = start; a < end; a++)
		if (m->owner[a] != NULL) {
			model_remove(m, m->owner[a], 1);
			m->owner[a] = NULL;
			touched = true;
		}
	return (touched);
}

/* ---- Random events to both ------------------------------------------- */

static uint32_t
draw(uint32_t below)
{
	return ((uint32_t)random() % below);
}

static void
step_alloc(struct model *m)
{
	struct model_alloc *al;
	uint64_t ref, size;
	uint32_t addr, node, thread;
	bool replaced;

	addr = draw(ADDRS);
	node = draw(NODES);
	thread = draw(THREADS);
	size = draw(10) == 0 ? 0 : draw(1000) + 1;
	al = &m->block[addr];
	ATF_REQUIRE(mt_agg_alloc(&m->agg, thread, node, MALLOC,
	    (uint64_t)addr * 16, size, &replaced, &ref));
	ATF_REQUIRE_EQ(al->live, replaced);
	if (al->live) {
		ATF_REQUIRE_EQ(al->number, ref);
		model_remove(m, al, al->size);
	}
	model_add(m, al, model_site(m, node, thread, false), size);
}

static void
step_free(struct model *m)
{
	struct model_alloc *al;
	uint64_t ref;
	uint32_t addr;

	addr = draw(ADDRS);
	al = &m->block[addr];
	ATF_REQUIRE_EQ(al->live, mt_agg_free(&m->agg, draw(THREADS),
	    (uint64_t)addr * 16, &ref));
	if (!al->live)
		return;
	ATF_REQUIRE_EQ(al->number, ref);
	model_remove(m, al, al->size);
}

static void
step_map(struct model *m, bool map)
{
	struct model_alloc *al;
	uint64_t a, end, start;
	uint32_t node, thread;
	bool touched;

	start = draw(ADDRS);
	end = start + 1 + draw(200);
	end = end > ADDRS ? ADDRS : end;
	ATF_REQUIRE(mt_agg_unmap(&m->agg, 0, 1000000 + start, end - start,
	    &touched));
	ATF_REQUIRE_EQ(model_unmap(m, start, end), touched);
	if (!map)
		return;
	node = draw(NODES);
	thread = draw(THREADS);
	ATF_REQUIRE(mt_agg_map(&m->agg, thread, node, MMAP, 1000000 + start,
	    end - start));
	al = &m->map[m->nmaps++];
	model_add(m, al, model_site(m, node, thread, true), end - start);
	for (a = start; a < end; a++)
		m->owner[a] = al;
}

static void
check_all(struct model *m)
{
	const struct mt_site *w;
	struct mt_site s;
	uint32_t i;

	ATF_REQUIRE_EQ(m->heap, m->agg.heap);
	ATF_REQUIRE_EQ(m->peak, m->agg.peak_bytes);
	ATF_REQUIRE_EQ(m->number, m->agg.allocations);
	for (i = 0; i < m->agg.nsites; i++) {
		mt_agg_site(&m->agg, i, &s);
		w = &m->site[s.node][s.thread][s.allocator == MMAP].s;
		ATF_REQUIRE_EQ(w->allocator, s.allocator);
		ATF_REQUIRE_EQ(w->allocations, s.allocations);
		ATF_REQUIRE_EQ(w->bytes, s.bytes);
		ATF_REQUIRE_EQ(w->peak_allocations, s.peak_allocations);
		ATF_REQUIRE_EQ(w->peak_bytes, s.peak_bytes);
		ATF_REQUIRE_EQ(w->leaked_allocations, s.leaked_allocations);
		ATF_REQUIRE_EQ(w->leaked_bytes, s.leaked_bytes);
	}
}

static uint32_t
count_used(const struct model *m)
{
	const struct model_site *s = &m->site[0][0][0];
	uint32_t i, n;

	for (i = n = 0; i < NODES * THREADS * 2; i++)
		n += s[i].s.allocations > 0;
	return (n);
}

ATF_TC(model);
ATF_TC_HEAD(model, tc)
{
	atf_tc_set_md_var(tc, "descr", "Random events, compared with an "
	    "aggregator that copies everything at every peak");
}
ATF_TC_BODY(model, tc)
{
	static struct model m;
	uint32_t i, kind, grow;

	m.map = calloc(100000, sizeof(*m.map));
	ATF_REQUIRE(m.map != NULL);
	srandom(4);
	for (i = 0; i < 100000; i++) {
		/* The heap goes up and down, with new peaks now and then. */
		grow = i / 5000 % 2;
		kind = draw(10);
		if (kind < 4 + grow * 2)
			step_alloc(&m);
		else if (kind < 8)
			step_free(&m);
		else
			step_map(&m, kind == 8 || grow == 1);
		if (i % 97 == 0)
			check_all(&m);
	}
	check_all(&m);
	ATF_CHECK_EQ(count_used(&m), m.agg.nsites);
	mt_agg_fini(&m.agg);
	free(m.map);
}

ATF_TC(many_sites);
ATF_TC_HEAD(many_sites, tc)
{
	atf_tc_set_md_var(tc, "descr", "Sites are found again, whatever the "
	    "order of threads and functions at a stack");
}
ATF_TC_BODY(many_sites, tc)
{
	struct mt_agg a;
	uint64_t i, ref;
	bool replaced;

	memset(&a, 0, sizeof(a));
	for (i = 0; i < 200000; i++)
		ATF_REQUIRE(mt_agg_alloc(&a, (uint32_t)(i % 7),
		    (uint32_t)(i % 5000), MALLOC + (unsigned)(i % 2) * 2,
		    i * 16, 1, &replaced, &ref));
	ATF_CHECK_EQ(7 * 5000, a.nsites);
	for (i = 0; i < 200000; i++)
		ATF_REQUIRE(mt_agg_free(&a, 0, i * 16, &ref) && ref == i);
	ATF_CHECK_EQ(0, a.heap);
	ATF_CHECK_EQ(0, a.live_allocations);
	mt_agg_fini(&a);
}

ATF_TP_ADD_TCS(tp)
{
	ATF_TP_ADD_TC(tp, peak);
	ATF_TP_ADD_TC(tp, replaced);
	ATF_TP_ADD_TC(tp, edges);
	ATF_TP_ADD_TC(tp, model);
	ATF_TP_ADD_TC(tp, many_sites);
	return (atf_no_error());
}
