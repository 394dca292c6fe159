#include <atf-c.h>

#include <unistd.h>

#include "fe_opt.h"
#include "fe_program.h"

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

/* What fe_opt_count() says of an argument that is none. */
static void
check_count(const char *s, uint64_t max, const char *said)
{
	pid_t child = atf_utils_fork();

	if (child == 0) {
		(void)fe_opt_count("--rows", s, max);
		_exit(0);
	}
	atf_utils_wait(child, FE_EXIT_USAGE, "", said);
}

ATF_TC_WITHOUT_HEAD(count);
ATF_TC_BODY(count, tc)
{
	ATF_CHECK_EQ(1, fe_opt_count("--rows", "1", 5));
	ATF_CHECK_EQ(5, fe_opt_count("--rows", "5", 5));
	check_count("6", 5, "fe_opt_test: --rows: not a number from 1 to 5: "
	    "6\n");
	check_count("x", UINT32_MAX, "fe_opt_test: --rows: not a positive "
	    "number: x\n");
}

ATF_TP_ADD_TCS(tp)
{
	ATF_TP_ADD_TC(tp, accepts);
	ATF_TP_ADD_TC(tp, refuses);
	ATF_TP_ADD_TC(tp, count);
	return (atf_no_error());
}
