/* Limits of memory. */

#include <atf-c.h>
#include <stdlib.h>
#include <string.h>

#include "mt_budget.h"
#include "mt_live.h"
#include "mt_str.h"

static void
limit(const char *text)
{
	if (text == NULL)
		ATF_REQUIRE_EQ(0, unsetenv("MEMTRACE_MEMORY_MAX"));
	else
		ATF_REQUIRE_EQ(0, setenv("MEMTRACE_MEMORY_MAX", text, 1));
}

static void
open_budget(struct mt_budget *b, uint64_t bytes)
{
	ATF_REQUIRE_EQ(MT_OK, mt_budget_open(b, bytes, NULL));
}

ATF_TC_WITHOUT_HEAD(by_size);
ATF_TC_BODY(by_size, tc)
{
	struct mt_budget b;

	limit(NULL);
	open_budget(&b, 10);
	ATF_CHECK(mt_budget_take(&b, 64000000));
	ATF_CHECK(mt_budget_take(&b, 2560));
	ATF_CHECK(!mt_budget_take(&b, 1));
	ATF_CHECK_EQ(64002561, b.wanted);
	mt_budget_give(&b, 100);
	ATF_CHECK(mt_budget_take(&b, 100));
	mt_budget_extend(&b, 1);
	ATF_CHECK(mt_budget_take(&b, 256));
	ATF_CHECK(!mt_budget_take(&b, UINT64_MAX));
	mt_budget_close(&b);
}

ATF_TC_WITHOUT_HEAD(nobody);
ATF_TC_BODY(nobody, tc)
{
	struct mt_budget none;

	memset(&none, 0, sizeof(none));
	ATF_CHECK(mt_budget_take(NULL, UINT64_MAX));
	mt_budget_give(NULL, 5);
	ATF_CHECK(mt_budget_take(&none, UINT64_MAX / 2));
	mt_budget_close(&none);
	mt_budget_extend(&none, 5);
}

ATF_TC_WITHOUT_HEAD(environment);
ATF_TC_BODY(environment, tc)
{
	static const struct {
		const char	*text;
		uint64_t	 bytes;
	} good[] = {
		{ "0", 0 }, { "12", 12 }, { "3k", 3000 }, { "3K", 3000 },
		{ "7M", 7000000 }, { "2G", UINT64_C(2000000000) },
		{ "1T", UINT64_C(1000000000000) },
		{ "99999999999999999999T", UINT64_MAX }
	};
	static const char *const bad[] = { "x", "-1", "1x", "1MB", " 1", "M" };
	struct mt_budget b;
	struct mt_error e;

	for (size_t i = 0; i < sizeof(good) / sizeof(good[0]); i++) {
		limit(good[i].text);
		open_budget(&b, 1000);
		ATF_CHECK(mt_budget_take(&b, good[i].bytes));
		ATF_CHECK(!mt_budget_take(&b, 1));
		mt_budget_extend(&b, 1000);
		ATF_CHECK(!mt_budget_take(&b, 1));
		mt_budget_close(&b);
	}
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		limit(bad[i]);
		ATF_CHECK_EQ(MT_ERR_LIMIT, mt_budget_open(&b, 1, &e));
		ATF_CHECK(strstr(e.text, "MEMTRACE_MEMORY_MAX") != NULL);
	}
	limit("");
	open_budget(&b, 0);
	ATF_CHECK(mt_budget_take(&b, 64000000));
	mt_budget_close(&b);
}

/* A report on several files has the sum of what they may have. */
ATF_TC_WITHOUT_HEAD(shared);
ATF_TC_BODY(shared, tc)
{
	struct mt_budget a, b, sum;

	limit(NULL);
	memset(&sum, 0, sizeof(sum));
	open_budget(&a, 0);
	open_budget(&b, 0);
	ATF_CHECK(mt_budget_take(&a, 64000000));
	mt_budget_share(&sum, &a);
	ATF_CHECK(!mt_budget_take(&sum, 1));
	mt_budget_share(&sum, &b);
	mt_budget_share(&sum, &b);
	mt_budget_share(&sum, &a);
	ATF_CHECK(mt_budget_take(&sum, 60000000));
	ATF_CHECK(mt_budget_take(&b, 4000000));
	ATF_CHECK(!mt_budget_take(&a, 1));
	/* What is closed is free for the others. */
	mt_budget_close(&a);
	ATF_CHECK(mt_budget_take(&sum, 64000000));
	mt_budget_close(&b);
	mt_budget_close(&sum);
}

ATF_TC_WITHOUT_HEAD(memory);
ATF_TC_BODY(memory, tc)
{
	struct mt_budget b;
	void *p, *q;

	limit("100");
	open_budget(&b, 0);
	p = mt_budget_malloc(&b, 50);
	ATF_REQUIRE(p != NULL);
	ATF_CHECK(mt_budget_calloc(&b, 3, 20) == NULL);
	ATF_CHECK(mt_budget_calloc(&b, SIZE_MAX, 20) == NULL);
	q = mt_budget_realloc(&b, p, 50, 100);
	ATF_REQUIRE(q != NULL);
	ATF_CHECK(mt_budget_realloc(&b, q, 100, 101) == NULL);
	q = mt_budget_realloc(&b, q, 100, 10);
	ATF_CHECK_EQ(10, b.used);
	mt_budget_free(&b, q, 10);
	mt_budget_free(&b, NULL, 10);
	ATF_CHECK_EQ(0, b.used);
	mt_budget_close(&b);
}

ATF_TC_WITHOUT_HEAD(status);
ATF_TC_BODY(status, tc)
{
	struct mt_budget b;
	struct mt_error e = { 0, "as it was" };

	limit("1M");
	open_budget(&b, 0);
	ATF_CHECK_EQ(MT_ERR_NOMEM, mt_budget_status(&b, MT_ERR_NOMEM, &e));
	ATF_CHECK_STREQ("as it was", e.text);
	ATF_CHECK(!mt_budget_take(&b, 1234567));
	ATF_CHECK_EQ(MT_OK, mt_budget_status(&b, MT_OK, &e));
	ATF_CHECK_STREQ("as it was", e.text);
	ATF_CHECK_EQ(MT_ERR_NOMEM, mt_budget_status(&b, MT_ERR_NOMEM, &e));
	ATF_CHECK_STREQ("needs 1.3 MB of memory or more, and may have 1.0 MB; "
	    "set MEMTRACE_MEMORY_MAX to let it have more", e.text);
	mt_budget_close(&b);
}

/* Tables give back what they had, to the last byte. */
ATF_TC_WITHOUT_HEAD(tables);
ATF_TC_BODY(tables, tc)
{
	struct mt_budget b;
	struct mt_str s;
	struct mt_live l;
	struct mt_block block, old;
	char text[16] = "s";
	unsigned i;

	limit(NULL);
	open_budget(&b, 0);
	memset(&s, 0, sizeof(s));
	memset(&l, 0, sizeof(l));
	memset(&block, 0, sizeof(block));
	s.hash.budget = l.budget = &b;
	for (i = 0; i < 20000; i++) {
		text[1] = (char)('a' + i % 26);
		text[2] = (char)('a' + i / 26 % 26);
		text[3] = (char)('a' + i / 676);
		ATF_REQUIRE(mt_str_put(&s, text) != MT_STR_NONE);
		block.addr = i * 64;
		block.size = i % 3 == 0 ? UINT64_MAX : i;
		ATF_REQUIRE(mt_live_put(&l, &block, &old) !=
		    MT_LIVE_NOMEM);
	}
	ATF_CHECK(b.used > 20000 * 24);
	mt_str_fini(&s);
	mt_live_fini(&l);
	ATF_CHECK_EQ(0, b.used);
	mt_budget_close(&b);
}

ATF_TP_ADD_TCS(tp)
{
	ATF_TP_ADD_TC(tp, by_size);
	ATF_TP_ADD_TC(tp, nobody);
	ATF_TP_ADD_TC(tp, environment);
	ATF_TP_ADD_TC(tp, shared);
	ATF_TP_ADD_TC(tp, memory);
	ATF_TP_ADD_TC(tp, status);
	ATF_TP_ADD_TC(tp, tables);
	return (atf_no_error());
}
