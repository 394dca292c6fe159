#include <atf-c.h>
#include <stdio.h>
#include <string.h>

#include "mt_hash.h"
#include "mt_str.h"

static uint32_t
find(const struct mt_hash *t, uint64_t hash, uint32_t value)
{
	uint32_t i, pos;

	pos = mt_hash_start(t, hash);
	while ((i = mt_hash_next(t, hash, &pos)) != MT_HASH_NONE)
		if (i == value)
			break;
	return (i);
}

ATF_TC_WITHOUT_HEAD(empty);
ATF_TC_BODY(empty, tc)
{
	struct mt_hash t = { .slot = NULL };

	ATF_CHECK_EQ(MT_HASH_NONE, find(&t, 12345, 0));
	mt_hash_fini(&t);
}

ATF_TC_WITHOUT_HEAD(many);
ATF_TC_BODY(many, tc)
{
	struct mt_hash t = { .slot = NULL };
	uint32_t i;

	for (i = 0; i < 100000; i++)
		ATF_REQUIRE(mt_hash_add(&t, i, i));
	for (i = 0; i < 100000; i++)
		ATF_REQUIRE_EQ(i, find(&t, i, i));
	for (; i < 110000; i++)
		ATF_REQUIRE_EQ(MT_HASH_NONE, find(&t, i, i));
	mt_hash_fini(&t);
}

ATF_TC(same_hash);
ATF_TC_HEAD(same_hash, tc)
{
	atf_tc_set_md_var(tc, "descr", "Entries of one hash are all found, "
	    "in the order in which they came");
}
ATF_TC_BODY(same_hash, tc)
{
	struct mt_hash t = { .slot = NULL };
	uint32_t i, pos;

	for (i = 0; i < 300; i++)
		ATF_REQUIRE(mt_hash_add(&t, UINT64_MAX, i));
	pos = mt_hash_start(&t, UINT64_MAX);
	for (i = 0; mt_hash_next(&t, UINT64_MAX, &pos) != MT_HASH_NONE; i++)
		;
	ATF_CHECK_EQ(300, i);
	for (i = 0; i < 300; i++)
		ATF_CHECK_EQ(i, find(&t, UINT64_MAX, i));
	mt_hash_fini(&t);
}

ATF_TC_WITHOUT_HEAD(reserve);
ATF_TC_BODY(reserve, tc)
{
	struct mt_hash t = { .slot = NULL };
	struct mt_hash_slot *slot;
	uint32_t i;

	ATF_REQUIRE(mt_hash_reserve(&t, 5000));
	slot = t.slot;
	for (i = 0; i < 5000; i++)
		ATF_REQUIRE(mt_hash_add(&t, i, i));
	ATF_CHECK_EQ(slot, t.slot);
	ATF_CHECK(!mt_hash_reserve(&t, UINT32_MAX));
	ATF_CHECK_EQ(4999, find(&t, 4999, 4999));
	mt_hash_fini(&t);
}

ATF_TC_WITHOUT_HEAD(bytes);
ATF_TC_BODY(bytes, tc)
{
	static const char zero[16];
	size_t i, j;

	ATF_CHECK_EQ(mt_hash_bytes(7, "abc", 3), mt_hash_bytes(7, "abcd", 3));
	ATF_CHECK(mt_hash_bytes(7, "abc", 3) != mt_hash_bytes(7, "abd", 3));
	ATF_CHECK(mt_hash_bytes(7, "12345678a", 9) !=
	    mt_hash_bytes(7, "12345678b", 9));
	for (i = 0; i < sizeof(zero); i++)
		for (j = 0; j < i; j++)
			ATF_CHECK(mt_hash_bytes(7, zero, i) !=
			    mt_hash_bytes(7, zero, j));
}

ATF_TC_WITHOUT_HEAD(str);
ATF_TC_BODY(str, tc)
{
	struct mt_str s;
	char text[32];
	const char *first;
	uint32_t i;

	memset(&s, 0, sizeof(s));
	ATF_REQUIRE_EQ(0, mt_str_put(&s, ""));
	first = mt_str_get(&s, 0);
	for (i = 1; i < 20000; i++) {
		(void)snprintf(text, sizeof(text), "%u", i);
		ATF_REQUIRE_EQ(i, mt_str_put(&s, text));
	}
	for (i = 1; i < 20000; i++) {
		(void)snprintf(text, sizeof(text), "%u", i);
		ATF_REQUIRE_EQ(i, mt_str_put(&s, text));
		ATF_REQUIRE_STREQ(text, mt_str_get(&s, i));
	}
	ATF_CHECK_EQ(first, mt_str_get(&s, 0));
	mt_str_fini(&s);
}

ATF_TC(str_long);
ATF_TC_HEAD(str_long, tc)
{
	atf_tc_set_md_var(tc, "descr", "Strings longer than a chunk, between "
	    "short ones");
}
ATF_TC_BODY(str_long, tc)
{
	static char text[200000];
	struct mt_str s;

	memset(&s, 0, sizeof(s));
	memset(text, 'x', sizeof(text) - 1);
	ATF_CHECK_EQ(0, mt_str_put(&s, "short"));
	ATF_CHECK_EQ(1, mt_str_put(&s, text));
	ATF_CHECK_EQ(2, mt_str_put(&s, "other"));
	ATF_CHECK_EQ(1, mt_str_put(&s, text));
	ATF_CHECK_STREQ("short", mt_str_get(&s, 0));
	ATF_CHECK_STREQ(text, mt_str_get(&s, 1));
	ATF_CHECK_STREQ("other", mt_str_get(&s, 2));
	mt_str_fini(&s);
}

ATF_TP_ADD_TCS(tp)
{
	ATF_TP_ADD_TC(tp, empty);
	ATF_TP_ADD_TC(tp, many);
	ATF_TP_ADD_TC(tp, same_hash);
	ATF_TP_ADD_TC(tp, reserve);
	ATF_TP_ADD_TC(tp, bytes);
	ATF_TP_ADD_TC(tp, str);
	ATF_TP_ADD_TC(tp, str_long);
	return (atf_no_error());
}
