/* Temporary allocations, sizes and lifetimes against naive models. */

#include <atf-c.h>
#include <stdlib.h>
#include <string.h>

#include "mt_agg.h"

#define MALLOC	MT_ALLOCATOR_MALLOC
#define MMAP	MT_ALLOCATOR_MMAP

static uint64_t
alloc(struct mt_agg *a, uint32_t thread, uint32_t node, uint64_t addr,
    uint64_t size)
{
	uint64_t ref = 0;
	bool replaced;

	ATF_REQUIRE(mt_agg_alloc(a, thread, node, MALLOC, addr, size,
	    &replaced, &ref));
	return (a->allocations - 1);
}

static void
release(struct mt_agg *a, uint32_t thread, uint64_t addr)
{
	uint64_t ref;

	ATF_REQUIRE(mt_agg_free(a, thread, addr, &ref));
}

static uint64_t
temporary(const struct mt_agg *a, uint32_t site, unsigned bin,
    uint64_t *bytes)
{
	return (mt_tally_get_temporary(&a->tally, &mt_agg_at(a, site)->tally,
	    site, bin, bytes));
}

/* Allocations that are temporary in any bin. */
static uint64_t
all_temporary(const struct mt_agg *a, uint32_t site)
{
	uint64_t bytes, sum;
	unsigned bin;

	for (bin = 0, sum = 0; bin < MT_TALLY_TEMPORARY; bin++)
		sum += temporary(a, site, bin, &bytes);
	return (sum);
}

ATF_TC(distances);
ATF_TC_HEAD(distances, tc)
{
	atf_tc_set_md_var(tc, "descr", "The allocations between allocation "
	    "and free say in which bin it is");
}
ATF_TC_BODY(distances, tc)
{
	static const unsigned distance[] = { 0, 1, 2, 3, 4, 7, 8, 16383,
	    16384, 32767, 32768, 32769, 65535, 65536, 65537, 100000 };
	static const unsigned bin[] = { 0, 1, 2, 2, 3, 3, 4, 14, 15, 15 };
	static struct mt_agg a;
	uint64_t bytes;
	unsigned d, i, n;

	n = sizeof(distance) / sizeof(distance[0]);
	for (i = 0; i < n; i++) {
		memset(&a, 0, sizeof(a));
		/* Another thread allocates, which does not count. */
		for (d = 0; d < i * 5000; d++)
			alloc(&a, 0, 0, 1000 + d * 16, 1);
		alloc(&a, 0, 1, 16, 100);
		for (d = 0; d < distance[i]; d++) {
			alloc(&a, 0, 0, 32, 1);
			alloc(&a, 1, 0, 48, 1);
		}
		release(&a, 0, 16);
		d = mt_agg_site_find(&a, 0, 1, MALLOC);
		if (i < sizeof(bin) / sizeof(bin[0])) {
			ATF_CHECK_EQ(1, temporary(&a, d, bin[i], &bytes));
			ATF_CHECK_EQ(100, bytes);
			ATF_CHECK_EQ(1, all_temporary(&a, d));
		} else
			ATF_CHECK_EQ(0, all_temporary(&a, d));
		mt_agg_fini(&a);
	}
}

ATF_TC(not_temporary);
ATF_TC_HEAD(not_temporary, tc)
{
	atf_tc_set_md_var(tc, "descr", "What another thread frees, what is "
	    "replaced, and mappings that are unmapped in parts");
}
ATF_TC_BODY(not_temporary, tc)
{
	static struct mt_agg a;
	uint64_t bytes;
	bool touched;

	alloc(&a, 0, 1, 16, 1);
	release(&a, 1, 16);
	alloc(&a, 0, 1, 16, 1);
	alloc(&a, 0, 2, 16, 1);
	ATF_REQUIRE(mt_agg_map(&a, 0, 3, MMAP, 4096, 8192));
	ATF_REQUIRE(mt_agg_unmap(&a, 0, 4096, 4096, &touched));
	ATF_REQUIRE(mt_agg_unmap(&a, 0, 8192, 4096, &touched));
	ATF_REQUIRE(mt_agg_map(&a, 0, 4, MMAP, 4096, 8192));
	ATF_REQUIRE(mt_agg_unmap(&a, 0, 0, 1 << 20, &touched));
	ATF_CHECK_EQ(0, all_temporary(&a, 0));
	ATF_CHECK_EQ(0, all_temporary(&a, 1));
	ATF_CHECK_EQ(0, all_temporary(&a, 2));
	ATF_CHECK_EQ(1, temporary(&a, 3, 0, &bytes));
	ATF_CHECK_EQ(8192, bytes);
	mt_agg_fini(&a);
}

/* ---- The model: all blocks that ever were ------------------------------ */

#define ADDRS		5000
#define STEPS		400000
#define NODES		30
#define THREADS		3
#define SITES		(NODES * THREADS)

struct model_block {
	uint32_t	site;
	uint32_t	thread;
	uint64_t	order;
	uint64_t	size;
	uint64_t	born_ns;
	uint64_t	died_ns;	/* UINT64_MAX: lives */
};

struct model {
	struct mt_agg		 agg;
	struct model_block	*block;
	size_t			 nblocks;
	size_t			 at[ADDRS];	/* plus one */
	uint64_t		 made[THREADS];
	uint64_t		 temporary[SITES][MT_TALLY_TEMPORARY];
	uint64_t		 temporary_bytes[SITES][MT_TALLY_TEMPORARY];
	uint64_t		 sizes[SITES][MT_TALLY_SIZES];
	uint64_t		 now_ns;
};

static uint32_t
draw(uint32_t below)
{
	return ((uint32_t)random() % below);
}

static void
model_died(struct model *m, uint32_t addr, uint32_t thread)
{
	struct model_block *b = &m->block[m->at[addr] - 1];
	uint64_t distance = m->made[b->thread] - b->order - 1;
	unsigned bin;

	m->at[addr] = 0;
	b->died_ns = m->now_ns;
	if (thread != b->thread)
		return;
	for (bin = 0; bin < MT_TALLY_TEMPORARY; bin++)
		if (distance < UINT64_C(1) << bin) {
			m->temporary[b->site][bin]++;
			m->temporary_bytes[b->site][bin] += b->size;
			return;
		}
}

static uint64_t
draw_size(void)
{
	unsigned bits = draw(100) == 0 ? draw(65) : draw(12);

	return (bits == 0 ? 0 : ((uint64_t)random() << 33 ^
	    (uint64_t)random() << 2) >> (64 - bits));
}

static void
step_alloc(struct model *m)
{
	uint32_t addr = draw(ADDRS), node = draw(NODES);
	uint32_t thread = draw(10) == 0 ? draw(THREADS) : 0;
	uint64_t size = draw_size();
	struct model_block *b;
	unsigned bits;

	/* Some addresses are used over and over. */
	if (draw(3) == 0)
		addr %= 8;
	(void)alloc(&m->agg, thread, node, (uint64_t)addr * 16, size);
	if (m->at[addr] != 0)
		model_died(m, addr, THREADS);
	b = &m->block[m->nblocks++];
	m->at[addr] = m->nblocks;
	b->site = mt_agg_site_find(&m->agg, thread, node, MALLOC);
	b->thread = thread;
	b->order = m->made[thread]++;
	b->size = size;
	b->born_ns = m->now_ns;
	b->died_ns = UINT64_MAX;
	for (bits = 0; bits < 64 && size >> bits != 0;)
		bits++;
	m->sizes[b->site][bits]++;
}

static void
step_free(struct model *m)
{
	uint32_t addr = draw(2) ? draw(8) : draw(ADDRS);
	uint32_t thread = draw(10) == 0 ? draw(THREADS) : 0;
	uint64_t ref;

	ATF_REQUIRE_EQ(m->at[addr] != 0, mt_agg_free(&m->agg, thread,
	    (uint64_t)addr * 16, &ref));
	if (m->at[addr] != 0)
		model_died(m, addr, thread);
}

static void
step_time(struct model *m, uint32_t i)
{
	/* Quick, slow, a long pause, quick again. */
	m->now_ns += i < STEPS / 2 ? draw(200000) : i == STEPS / 2 ?
	    3600000000000 : draw(20000000);
	mt_agg_time(&m->agg, m->now_ns);
}

static struct model *
run_model(void)
{
	static struct model m;
	uint32_t i;

	memset(&m, 0, sizeof(m));
	m.block = calloc(STEPS, sizeof(*m.block));
	ATF_REQUIRE(m.block != NULL);
	srandom(5);
	for (i = 0; i < STEPS; i++) {
		if (draw(2) == 0)
			step_alloc(&m);
		else
			step_free(&m);
		if (draw(5) == 0)
			step_time(&m, i);
	}
	return (&m);
}

static void
model_fini(struct model *m)
{
	mt_agg_fini(&m->agg);
	free(m->block);
}

ATF_TC_WITHOUT_HEAD(tally);
ATF_TC_BODY(tally, tc)
{
	struct model *m = run_model();
	const struct mt_agg *a = &m->agg;
	uint64_t bytes;
	uint32_t s;
	unsigned bin;

	ATF_REQUIRE(!a->tally.failed);
	for (s = 0; s < a->nsites; s++) {
		for (bin = 0; bin < MT_TALLY_TEMPORARY; bin++) {
			ATF_CHECK_EQ(m->temporary[s][bin],
			    temporary(a, s, bin, &bytes));
			ATF_CHECK_EQ(m->temporary_bytes[s][bin], bytes);
		}
		for (bin = 0; bin < MT_TALLY_SIZES; bin++)
			ATF_CHECK_EQ(m->sizes[s][bin],
			    mt_tally_get_size(&a->tally,
			    &mt_agg_at(a, s)->tally, s, bin));
	}
	model_fini(m);
}

/* Take from the rows what the model says, so that nothing is left. */
struct rows {
	struct mt_sums	sums[MT_LIFE_INTERVALS + 1];
	uint32_t	never;
};

static void
rows_get(struct mt_agg *a, struct rows *r)
{
	struct mt_life_reader rd;
	struct mt_sum s;
	uint32_t to;

	memset(r, 0, sizeof(*r));
	mt_life_close(&a->life);
	ATF_REQUIRE(!a->life.failed);
	for (to = 0; to <= a->life.cur; to++)
		for (mt_life_read(&a->life, to, &rd);
		    mt_life_next(&rd, &s);) {
			ATF_REQUIRE(s.key < to);
			ATF_REQUIRE(mt_sums_find(&r->sums[to], s.site,
			    s.key) == NULL);
			ATF_REQUIRE(mt_sums_add(&r->sums[to], s.site, s.key,
			    s.allocations, s.bytes));
		}
	r->never = a->life.cur + 1;
	ATF_REQUIRE(mt_agg_alive(a, &r->sums[r->never]));
}

static void
rows_check(const struct model *m, struct rows *r)
{
	const struct model_block *b;
	uint64_t width = mt_life_width(&m->agg.life);
	uint32_t from, i, to;

	for (b = m->block; b < m->block + m->nblocks; b++) {
		from = (uint32_t)(b->born_ns / width);
		to = b->died_ns == UINT64_MAX ? r->never :
		    (uint32_t)(b->died_ns / width);
		if (from == to)
			continue;
		ATF_REQUIRE(mt_sums_find(&r->sums[to], b->site, from) != NULL);
		ATF_REQUIRE(mt_sums_add(&r->sums[to], b->site, from,
		    UINT64_MAX, 0 - b->size));
	}
	for (to = 0; to <= r->never; to++) {
		for (i = 0; i < r->sums[to].n; i++) {
			ATF_CHECK_EQ(0, r->sums[to].row[i].allocations);
			ATF_CHECK_EQ(0, r->sums[to].row[i].bytes);
		}
		mt_sums_fini(&r->sums[to]);
	}
}

ATF_TC(lifetimes);
ATF_TC_HEAD(lifetimes, tc)
{
	atf_tc_set_md_var(tc, "descr", "Rows are those of all blocks that "
	    "lived longer than their interval, also after it grew");
}
ATF_TC_BODY(lifetimes, tc)
{
	static struct rows r;
	struct model *m = run_model();
	uint64_t width = mt_life_width(&m->agg.life);

	ATF_CHECK(width > MT_LIFE_WIDTH_NS);
	ATF_CHECK_EQ(m->now_ns / width, m->agg.life.cur);
	ATF_CHECK(m->agg.life.cur >= MT_LIFE_INTERVALS / 4);
	rows_get(&m->agg, &r);
	rows_check(m, &r);
	/* And with the coarsest intervals of all. */
	while (m->agg.life.cur > 0) {
		mt_life_double(&m->agg.life);
		rows_get(&m->agg, &r);
		rows_check(m, &r);
	}
	ATF_CHECK_EQ(0, m->agg.life.rows);
	model_fini(m);
}

ATF_TC(many_rows);
ATF_TC_HEAD(many_rows, tc)
{
	atf_tc_set_md_var(tc, "descr", "When there are too many rows the "
	    "intervals become longer");
}
ATF_TC_BODY(many_rows, tc)
{
	static struct mt_agg a;
	uint32_t i, round;

	for (round = 0; round < 8; round++) {
		mt_agg_time(&a, round * MT_LIFE_WIDTH_NS);
		for (i = 0; i < 300000; i++) {
			if (round > 0)
				release(&a, 0, (uint64_t)i * 16);
			alloc(&a, 0, i, (uint64_t)i * 16, 1);
		}
		ATF_CHECK(a.life.rows <= MT_LIFE_ROWS);
	}
	ATF_CHECK(!a.life.failed);
	ATF_CHECK(mt_life_width(&a.life) > MT_LIFE_WIDTH_NS);
	mt_agg_fini(&a);
}

ATF_TC(checkpoints);
ATF_TC_HEAD(checkpoints, tc)
{
	atf_tc_set_md_var(tc, "descr", "Sites that changed since the last one "
	    "are known, each once");
}
ATF_TC_BODY(checkpoints, tc)
{
	static struct mt_agg a;
	uint32_t i;

	mt_agg_checkpoint(&a);
	for (i = 0; i < 10000; i++)
		alloc(&a, 0, i, (uint64_t)i * 16, 5);
	ATF_REQUIRE_EQ(10000, a.nchanged);
	mt_agg_checkpoint(&a);
	ATF_REQUIRE_EQ(0, a.nchanged);
	for (i = 0; i < 1000; i += 2) {
		release(&a, 0, i * 16);
		alloc(&a, 0, i, i * 16, 5 + i);
		alloc(&a, 0, i, 1000000 + i * 16, 1000);
	}
	ATF_REQUIRE_EQ(500, a.nchanged);
	for (i = 0; i < 500; i++)
		ATF_CHECK_EQ(i * 2, a.changed[i]);
	mt_agg_fini(&a);
}

ATF_TC(buckets);
ATF_TC_HEAD(buckets, tc)
{
	atf_tc_set_md_var(tc, "descr", "Every size is within the bounds of its "
	    "bucket, and buckets leave nothing out");
}
ATF_TC_BODY(buckets, tc)
{
	uint64_t last, max, min, size;
	unsigned i, k;

	for (i = 0, last = UINT64_MAX; i < MT_HIST_BUCKETS; i++, last = max) {
		mt_hist_bounds(i, &min, &max);
		ATF_CHECK_EQ(last + 1, min);
		ATF_CHECK_EQ(i, mt_hist_bucket(min));
		ATF_CHECK_EQ(i, mt_hist_bucket(max));
	}
	ATF_CHECK_EQ(UINT64_MAX, last);
	srandom(1);
	for (k = 0; k < 100000; k++) {
		size = draw_size();
		mt_hist_bounds(mt_hist_bucket(size), &min, &max);
		ATF_CHECK(min <= size && size <= max);
		ATF_CHECK((max - min) <= size / 64);
	}
}

ATF_TC(carried);
ATF_TC_HEAD(carried, tc)
{
	atf_tc_set_md_var(tc, "descr", "Counters of more than 32 bits");
}
ATF_TC_BODY(carried, tc)
{
	struct mt_tally_site s[2] = { { .at = 0 }, { .at = 0 } };
	struct mt_tally t = { .used = 0 };
	uint64_t bytes;
	unsigned i;

	for (i = 0; i < 5; i++) {
		mt_tally_temporary(&t, &s[i % 2], i % 2, 3, UINT64_MAX >> 4);
		mt_tally_size(&t, &s[1], 1, 60);
	}
	t.cell[s[1].at + 60 - s[1].size] = UINT32_MAX - 2;
	for (i = 0; i < 5; i++) {
		mt_tally_size(&t, &s[1], 1, 60);
		mt_tally_size(&t, &s[1], 1, i * 16);
	}
	ATF_CHECK_EQ(UINT64_C(0x100000002), mt_tally_get_size(&t, &s[1], 1,
	    60));
	ATF_CHECK_EQ(1, mt_tally_get_size(&t, &s[1], 1, 16));
	ATF_CHECK_EQ(3, mt_tally_get_temporary(&t, &s[0], 0, 3, &bytes));
	ATF_CHECK_EQ(3 * (UINT64_MAX >> 4), bytes);
	ATF_CHECK_EQ(2, mt_tally_get_temporary(&t, &s[1], 1, 3, &bytes));
	ATF_CHECK_EQ(2 * (UINT64_MAX >> 4), bytes);
	ATF_CHECK(!t.failed);
	mt_tally_fini(&t);
}

ATF_TP_ADD_TCS(tp)
{
	ATF_TP_ADD_TC(tp, distances);
	ATF_TP_ADD_TC(tp, not_temporary);
	ATF_TP_ADD_TC(tp, tally);
	ATF_TP_ADD_TC(tp, lifetimes);
	ATF_TP_ADD_TC(tp, many_rows);
	ATF_TP_ADD_TC(tp, checkpoints);
	ATF_TP_ADD_TC(tp, buckets);
	ATF_TP_ADD_TC(tp, carried);
	return (atf_no_error());
}
