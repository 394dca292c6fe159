#include <atf-c.h>

#include "fe_opt.h"

ATF_TC_WITHOUT_HEAD(accepts);
ATF_TC_BODY(accepts, tc)
{
	uint64_t n;

	ATF_REQUIRE(fe_opt_number("1", 1, 5, &n));
	ATF_CHECK_EQ(1, n);
	ATF_REQUIRE(fe_opt_number("005", 1, 5, &n));
	ATF_CHECK_EQ(5, n);
	ATF_REQUIRE(fe_opt_number("18446744073709551615", 0, UINT64_MAX, &n));
	ATF_CHECK_EQ(UINT64_MAX, n);
}

ATF_TC_WITHOUT_HEAD(refuses);
ATF_TC_BODY(refuses, tc)
{
	static const char *const bad[] = {
		"", "0", "6", "-1", "+1", " 1", "1 ", "1x", "0x1", "1.0",
		"18446744073709551616", "99999999999999999999999"
	};
	uint64_t n = 42;

	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		ATF_CHECK_MSG(!fe_opt_number(bad[i], 1, 5, &n), "%s", bad[i]);
	ATF_CHECK(!fe_opt_number("18446744073709551616", 0, UINT64_MAX, &n));
	ATF_CHECK_EQ(42, n);
}

ATF_TP_ADD_TCS(tp)
{
	ATF_TP_ADD_TC(tp, accepts);
	ATF_TP_ADD_TC(tp, refuses);
	return (atf_no_error());
}
