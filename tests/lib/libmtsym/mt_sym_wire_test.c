#include <atf-c.h>
#include <stdlib.h>
#include <string.h>

#include "mt_sym_wire.h"

ATF_TC_WITHOUT_HEAD(round_trip);
ATF_TC_BODY(round_trip, tc)
{
	struct mt_sym_out out = { NULL, 0, 0, false };
	struct mt_sym_in in = { NULL, NULL, false };

	mt_sym_put(&out, 4711);
	mt_sym_put_string(&out, "");
	mt_sym_put_string(&out, "a name");
	mt_sym_put(&out, UINT32_MAX);
	ATF_REQUIRE(!out.failed);
	in.p = out.data;
	in.end = in.p + out.len;
	ATF_CHECK_EQ(4711, mt_sym_get(&in));
	ATF_CHECK_STREQ("", mt_sym_get_string(&in));
	ATF_CHECK_STREQ("a name", mt_sym_get_string(&in));
	ATF_CHECK_EQ(UINT32_MAX, mt_sym_get(&in));
	ATF_CHECK(!in.bad);
	ATF_CHECK_EQ(0, mt_sym_get(&in));
	ATF_CHECK(in.bad);
	ATF_CHECK_STREQ("", mt_sym_get_string(&in));
	free(out.data);
}

ATF_TC(damaged);
ATF_TC_HEAD(damaged, tc)
{
	atf_tc_set_md_var(tc, "descr",
	    "strings that are cut, too long, or have no end");
}
ATF_TC_BODY(damaged, tc)
{
	static const uint32_t lengths[] = { 0, 1, 4, 9, 10, UINT32_MAX };
	struct mt_sym_in in;
	uint8_t bytes[12];
	size_t i;

	for (i = 0; i < sizeof(lengths) / sizeof(lengths[0]); i++) {
		memset(bytes, 'x', sizeof(bytes));
		memcpy(bytes, &lengths[i], 4);
		in.p = bytes;
		in.end = bytes + sizeof(bytes);
		in.bad = false;
		ATF_CHECK_STREQ("", mt_sym_get_string(&in));
		ATF_CHECK(in.bad);
	}
}

ATF_TP_ADD_TCS(tp)
{
	ATF_TP_ADD_TC(tp, round_trip);
	ATF_TP_ADD_TC(tp, damaged);
	return (atf_no_error());
}
