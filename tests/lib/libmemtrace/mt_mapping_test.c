#include <atf-c.h>
#include <stdlib.h>
#include <string.h>

#include "mt_mapping.h"

static bool
put(struct mt_mapping *m, uint64_t start, uint64_t end, uint32_t site)
{
	struct mt_mapping_origin o;

	memset(&o, 0, sizeof(o));
	o.site = site;
	o.number = site + UINT64_C(100000000000);
	o.order = site + 3;
	return (mt_mapping_put(m, start, end, &o));
}

/* Cut the first piece in [start, end) and check what that was. */
static void
check_cut(struct mt_mapping *m, uint64_t start, uint64_t end, uint32_t site,
    uint64_t bytes, bool last)
{
	struct mt_mapping_cut cut;

	ATF_REQUIRE_EQ(MT_OK, mt_mapping_cut(m, start, end, &cut));
	ATF_CHECK_EQ(site, cut.site);
	ATF_CHECK_EQ(site + UINT64_C(100000000000), cut.number);
	ATF_CHECK_EQ(site + 3, cut.order);
	ATF_CHECK_EQ(bytes, cut.bytes);
	ATF_CHECK_EQ(last, cut.last);
}

static void
check_none(struct mt_mapping *m, uint64_t start, uint64_t end)
{
	struct mt_mapping_cut cut;

	ATF_CHECK_EQ(MT_END, mt_mapping_cut(m, start, end, &cut));
}

ATF_TC_WITHOUT_HEAD(whole);
ATF_TC_BODY(whole, tc)
{
	struct mt_mapping m;

	memset(&m, 0, sizeof(m));
	check_none(&m, 0, UINT64_MAX);
	ATF_REQUIRE(put(&m, 100, 200, 7));
	check_none(&m, 0, 100);
	check_none(&m, 200, 300);
	check_cut(&m, 0, UINT64_MAX, 7, 100, true);
	check_none(&m, 0, UINT64_MAX);
	mt_mapping_fini(&m);
}

ATF_TC(in_one_piece);
ATF_TC_HEAD(in_one_piece, tc)
{
	atf_tc_set_md_var(tc, "descr", "Only what goes as it came is whole");
}
ATF_TC_BODY(in_one_piece, tc)
{
	struct mt_mapping_cut cut;
	struct mt_mapping m;

	memset(&m, 0, sizeof(m));
	ATF_REQUIRE(put(&m, 100, 200, 7));
	ATF_REQUIRE(put(&m, 200, 300, 8));
	ATF_REQUIRE_EQ(MT_OK, mt_mapping_cut(&m, 50, 110, &cut));
	ATF_CHECK(!cut.whole && !cut.last);
	ATF_REQUIRE_EQ(MT_OK, mt_mapping_cut(&m, 50, 900, &cut));
	ATF_CHECK(!cut.whole && cut.last);
	ATF_REQUIRE_EQ(MT_OK, mt_mapping_cut(&m, 50, 900, &cut));
	ATF_CHECK(cut.whole && cut.last);
	mt_mapping_fini(&m);
}

ATF_TC_WITHOUT_HEAD(each);
ATF_TC_BODY(each, tc)
{
	const struct mt_mapping_origin *o;
	struct mt_mapping_cut cut;
	struct mt_mapping m;
	uint32_t pos = 0;

	memset(&m, 0, sizeof(m));
	ATF_CHECK(mt_mapping_each(&m, &pos) == NULL);
	ATF_REQUIRE(put(&m, 100, 200, 1));
	ATF_REQUIRE(put(&m, 200, 300, 2));
	ATF_REQUIRE(put(&m, 300, 400, 3));
	ATF_REQUIRE_EQ(MT_OK, mt_mapping_cut(&m, 140, 150, &cut));
	ATF_REQUIRE_EQ(MT_OK, mt_mapping_cut(&m, 200, 300, &cut));
	o = mt_mapping_each(&m, &pos);
	ATF_REQUIRE(o != NULL);
	ATF_CHECK_EQ(1, o->site);
	ATF_CHECK_EQ(100, o->size);
	ATF_CHECK_EQ(90, o->left);
	o = mt_mapping_each(&m, &pos);
	ATF_REQUIRE(o != NULL);
	ATF_CHECK_EQ(3, o->site);
	ATF_CHECK(mt_mapping_each(&m, &pos) == NULL);
	mt_mapping_fini(&m);
}

ATF_TC_WITHOUT_HEAD(ends);
ATF_TC_BODY(ends, tc)
{
	struct mt_mapping m;

	memset(&m, 0, sizeof(m));
	ATF_REQUIRE(put(&m, 100, 200, 7));
	check_cut(&m, 50, 110, 7, 10, false);
	check_none(&m, 50, 110);
	check_cut(&m, 190, 250, 7, 10, false);
	check_none(&m, 190, 250);
	check_cut(&m, 110, 190, 7, 80, true);
	mt_mapping_fini(&m);
}

ATF_TC_WITHOUT_HEAD(split);
ATF_TC_BODY(split, tc)
{
	struct mt_mapping m;

	memset(&m, 0, sizeof(m));
	ATF_REQUIRE(put(&m, 100, 200, 7));
	check_cut(&m, 120, 130, 7, 10, false);
	check_cut(&m, 150, 160, 7, 10, false);
	check_none(&m, 120, 130);
	check_cut(&m, 130, 150, 7, 20, false);
	check_cut(&m, 160, 200, 7, 40, false);
	check_cut(&m, 100, 120, 7, 20, true);
	check_none(&m, 0, UINT64_MAX);
	mt_mapping_fini(&m);
}

ATF_TC_WITHOUT_HEAD(several);
ATF_TC_BODY(several, tc)
{
	struct mt_mapping m;

	memset(&m, 0, sizeof(m));
	ATF_REQUIRE(put(&m, 300, 400, 3));
	ATF_REQUIRE(put(&m, 100, 200, 1));
	ATF_REQUIRE(put(&m, 200, 300, 2));
	check_cut(&m, 150, 350, 1, 50, false);
	check_cut(&m, 150, 350, 2, 100, true);
	check_cut(&m, 150, 350, 3, 50, false);
	check_none(&m, 150, 350);
	mt_mapping_fini(&m);
}

/* Every address has a mapping or none; every mapping its addresses. */
#define SPACE	20000

struct model {
	struct mt_mapping	m;
	uint32_t		owner[SPACE];	/* plus one */
	uint32_t		left[SPACE];	/* addresses, by mapping */
	uint32_t		n;
};

static void
model_cut(struct model *m, uint64_t start, uint64_t end)
{
	struct mt_mapping_cut cut;
	uint64_t a, bytes;
	uint32_t owner;

	for (a = start; a < end; a += bytes) {
		bytes = 1;
		owner = m->owner[a];
		if (owner == 0)
			continue;
		while (a + bytes < end && m->owner[a + bytes] == owner)
			bytes++;
		memset(&m->owner[a], 0, bytes * sizeof(m->owner[0]));
		m->left[owner - 1] -= (uint32_t)bytes;
		ATF_REQUIRE_EQ(MT_OK, mt_mapping_cut(&m->m, start, end,
		    &cut));
		ATF_REQUIRE_EQ(owner - 1, cut.site);
		ATF_REQUIRE_EQ(bytes, cut.bytes);
		ATF_REQUIRE_EQ(m->left[owner - 1] == 0, cut.last);
	}
	check_none(&m->m, start, end);
}

static void
model_put(struct model *m, uint64_t start, uint64_t end)
{
	uint64_t a;

	ATF_REQUIRE(put(&m->m, start, end, m->n));
	m->left[m->n++] = (uint32_t)(end - start);
	for (a = start; a < end; a++)
		m->owner[a] = m->n;
}

ATF_TC(model);
ATF_TC_HEAD(model, tc)
{
	atf_tc_set_md_var(tc, "descr", "Random mappings and holes in them");
}
ATF_TC_BODY(model, tc)
{
	static struct model m;
	uint64_t end, start;

	srandom(3);
	while (m.n < SPACE) {
		start = (uint64_t)random() % SPACE;
		end = start + 1 + (uint64_t)random() % 30;
		end = end > SPACE ? SPACE : end;
		model_cut(&m, start, end);
		if (random() % 3 != 0)
			model_put(&m, start, end);
	}
	ATF_CHECK(m.m.ndir > 3);
	model_cut(&m, 0, SPACE);
	ATF_CHECK_EQ(0, m.m.ndir);
	mt_mapping_fini(&m.m);
}

ATF_TP_ADD_TCS(tp)
{
	ATF_TP_ADD_TC(tp, whole);
	ATF_TP_ADD_TC(tp, in_one_piece);
	ATF_TP_ADD_TC(tp, each);
	ATF_TP_ADD_TC(tp, ends);
	ATF_TP_ADD_TC(tp, split);
	ATF_TP_ADD_TC(tp, several);
	ATF_TP_ADD_TC(tp, model);
	return (atf_no_error());
}
