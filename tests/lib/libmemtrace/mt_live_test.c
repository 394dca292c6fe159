#include <atf-c.h>
#include <stdlib.h>
#include <string.h>

#include "mt_live.h"

static enum mt_live_put
put(struct mt_live *l, uint64_t addr, uint64_t size, uint64_t number,
    uint32_t site, struct mt_block *old)
{
	const struct mt_block b = { addr, size, number, site,
	    (uint16_t)(number * 3) };

	return (mt_live_put(l, &b, old));
}

ATF_TC_WITHOUT_HEAD(one);
ATF_TC_BODY(one, tc)
{
	struct mt_live l;
	struct mt_block b;

	memset(&l, 0, sizeof(l));
	ATF_CHECK(!mt_live_take(&l, 16, &b));
	ATF_CHECK_EQ(MT_LIVE_ADDED, put(&l, 16, 1, 2, 3, &b));
	ATF_CHECK(!mt_live_take(&l, 32, &b));
	ATF_REQUIRE(mt_live_take(&l, 16, &b));
	ATF_CHECK_EQ(16, b.addr);
	ATF_CHECK_EQ(1, b.size);
	ATF_CHECK_EQ(2, b.number);
	ATF_CHECK_EQ(3, b.site);
	ATF_CHECK(!mt_live_take(&l, 16, &b));
	mt_live_fini(&l);
}

ATF_TC_WITHOUT_HEAD(limits);
ATF_TC_BODY(limits, tc)
{
	struct mt_live l;
	struct mt_block b;

	memset(&l, 0, sizeof(l));
	ATF_CHECK_EQ(MT_LIVE_ADDED, put(&l, UINT64_MAX,
	    UINT64_MAX, MT_LIVE_MAX_NUMBER, UINT32_MAX - 1, &b));
	ATF_CHECK_EQ(MT_LIVE_ADDED, put(&l, 0, 0, 0, 0, &b));
	ATF_REQUIRE(mt_live_take(&l, UINT64_MAX, &b));
	ATF_CHECK_EQ(UINT64_MAX, b.size);
	ATF_CHECK_EQ(MT_LIVE_MAX_NUMBER, b.number);
	ATF_CHECK_EQ(UINT32_MAX - 1, b.site);
	ATF_REQUIRE(mt_live_take(&l, 0, &b));
	ATF_CHECK_EQ(0, b.site);
	ATF_CHECK(!mt_live_take(&l, 0, &b));
	mt_live_fini(&l);
}

ATF_TC_WITHOUT_HEAD(replaced);
ATF_TC_BODY(replaced, tc)
{
	struct mt_live l;
	struct mt_block b;

	memset(&l, 0, sizeof(l));
	ATF_CHECK_EQ(MT_LIVE_ADDED, put(&l, 64, 1, 2, 3, &b));
	ATF_CHECK_EQ(MT_LIVE_REPLACED, put(&l, 64, 4, 5, 6, &b));
	ATF_CHECK_EQ(1, b.size);
	ATF_CHECK_EQ(2, b.number);
	ATF_CHECK_EQ(3, b.site);
	ATF_REQUIRE(mt_live_take(&l, 64, &b));
	ATF_CHECK_EQ(4, b.size);
	ATF_CHECK(!mt_live_take(&l, 64, &b));
	mt_live_fini(&l);
}

ATF_TC(same_home);
ATF_TC_HEAD(same_home, tc)
{
	atf_tc_set_md_var(tc, "descr", "Blocks that all belong in one slot, "
	    "the last of the table, so that they go round its end");
}
ATF_TC_BODY(same_home, tc)
{
	struct mt_live l;
	struct mt_block b;
	uint64_t addr[500], a;
	size_t i, n;

	memset(&l, 0, sizeof(l));
	ATF_REQUIRE_EQ(MT_LIVE_ADDED, put(&l, 1, 0, 0, 0, &b));
	for (n = 0, a = 16; n < 500; a += 16)
		if (mt_live_home(&l.cur, a) == l.cur.end - 1)
			addr[n++] = a;
	for (i = 0; i < n; i++)
		ATF_REQUIRE_EQ(MT_LIVE_ADDED, put(&l, addr[i], i, i,
		    0, &b));
	/* Every other from the front, then the rest from the back. */
	for (i = 0; i < n; i += 2)
		ATF_REQUIRE(mt_live_take(&l, addr[i], &b) && b.size == i);
	for (i = n - 1; i < n; i -= 2)
		ATF_REQUIRE(mt_live_take(&l, addr[i], &b) && b.size == i);
	ATF_CHECK_EQ(1, l.cur.used);
	ATF_CHECK(mt_live_take(&l, 1, &b));
	mt_live_fini(&l);
}

/* A table and what should be in it: numbers of addresses, 0 for none. */
struct model {
	struct mt_live	 l;
	uint64_t	*number;
	size_t		 n;
	uint64_t	 next;
	size_t		 live;
};

/* Some have no room in a slot. */
static uint64_t
model_size(size_t i)
{
	return (i % 97 == 0 ? UINT64_C(0xfffffffffffffff0) - i :
	    i % 13 == 0 ? MT_LIVE_BIG - 2 + i % 4 : i);
}

static void
model_put(struct model *m, size_t i)
{
	struct mt_block b;
	enum mt_live_put res;

	m->next++;
	res = put(&m->l, 0x7f0000000000 + i * 48, model_size(i), m->next,
	    (uint32_t)i, &b);
	if (m->number[i] == 0) {
		ATF_REQUIRE_EQ(MT_LIVE_ADDED, res);
		m->live++;
	} else {
		ATF_REQUIRE_EQ(MT_LIVE_REPLACED, res);
		ATF_REQUIRE_EQ(m->number[i], b.number);
		ATF_REQUIRE_EQ(model_size(i), b.size);
	}
	m->number[i] = m->next;
}

static void
model_take(struct model *m, size_t i)
{
	struct mt_block b;

	if (m->number[i] == 0) {
		ATF_REQUIRE(!mt_live_take(&m->l, 0x7f0000000000 + i * 48,
		    &b));
		return;
	}
	ATF_REQUIRE(mt_live_take(&m->l, 0x7f0000000000 + i * 48, &b));
	ATF_REQUIRE_EQ(m->number[i], b.number);
	ATF_REQUIRE_EQ(model_size(i), b.size);
	ATF_REQUIRE_EQ(i, b.site);
	ATF_REQUIRE_EQ((uint16_t)(m->number[i] * 3), b.order);
	m->number[i] = 0;
	m->live--;
}

/* What mt_live_each() gives is what is there. */
static void
model_each(const struct model *m)
{
	struct mt_block b;
	size_t n, pos;

	for (n = pos = 0; mt_live_each(&m->l, &pos, &b); n++) {
		ATF_REQUIRE_EQ(m->number[b.site], b.number);
		ATF_REQUIRE_EQ(model_size(b.site), b.size);
	}
	ATF_REQUIRE_EQ(m->live, n);
}

ATF_TC(model);
ATF_TC_HEAD(model, tc)
{
	atf_tc_set_md_var(tc, "descr", "Random blocks, more and more and then "
	    "fewer, while the table grows several times");
}
ATF_TC_BODY(model, tc)
{
	struct model m;
	size_t i, step;
	bool put;

	memset(&m, 0, sizeof(m));
	m.n = 200000;
	m.number = calloc(m.n, sizeof(*m.number));
	ATF_REQUIRE(m.number != NULL);
	srandom(2);
	for (step = 0; step < 2000000; step++) {
		i = (size_t)random() % m.n;
		put = random() % 4 < (step < 1500000 ? 3 : 1);
		if (put)
			model_put(&m, i);
		else
			model_take(&m, i);
		ATF_REQUIRE_EQ(m.live, m.l.cur.used + m.l.old.used);
		if (step % 100000 == 77777)
			model_each(&m);
	}
	for (i = 0; i < m.n; i++)
		model_take(&m, i);
	ATF_CHECK_EQ(0, m.l.cur.used + m.l.old.used);
	ATF_CHECK_EQ(0, m.l.big->cur.used + m.l.big->old.used);
	mt_live_fini(&m.l);
	free(m.number);
}

ATF_TC(guess);
ATF_TC_HEAD(guess, tc)
{
	atf_tc_set_md_var(tc, "descr", "A guessed site is the right one or 0, "
	    "also after a block is gone");
}
ATF_TC_BODY(guess, tc)
{
	struct mt_live l;
	struct mt_block b;
	uint64_t i;
	uint32_t site;
	unsigned hits;

	memset(&l, 0, sizeof(l));
	ATF_CHECK_EQ(0, mt_live_guess(&l, 16));
	for (i = 0; i < 1000; i++)
		(void)put(&l, i * 16, 1, i, (uint32_t)i, &b);
	for (i = hits = 0; i < 1000; i++) {
		site = mt_live_guess(&l, i * 16);
		ATF_CHECK(site == 0 || site == i + 1);
		hits += site != 0;
	}
	ATF_CHECK(hits > 500);
	for (i = 0; i < 1000; i++)
		ATF_CHECK(mt_live_take(&l, i * 16, &b));
	for (i = 0; i < 1000; i++)
		ATF_CHECK_EQ(0, mt_live_guess(&l, i * 16));
	mt_live_fini(&l);
}

ATF_TP_ADD_TCS(tp)
{
	ATF_TP_ADD_TC(tp, one);
	ATF_TP_ADD_TC(tp, limits);
	ATF_TP_ADD_TC(tp, replaced);
	ATF_TP_ADD_TC(tp, same_home);
	ATF_TP_ADD_TC(tp, model);
	ATF_TP_ADD_TC(tp, guess);
	return (atf_no_error());
}
