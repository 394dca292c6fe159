#include <atf-c.h>
#include <string.h>

#include "fe_size.h"

static void
check(uint64_t bytes, const char *expected)
{
	char buf[FE_SIZE_MAX];

	ATF_CHECK_STREQ(expected, fe_size(buf, bytes));
}

ATF_TC(units);
ATF_TC_HEAD(units, tc)
{
	atf_tc_set_md_var(tc, "descr", "decimal units, three decimals");
}
ATF_TC_BODY(units, tc)
{
	check(0, "0.000B");
	check(1, "1.000B");
	check(999, "999.000B");
	check(1000, "1.000kB");
	check(1023, "1.023kB");
	check(1024, "1.024kB");
	check(999999, "999.999kB");
	check(1000000, "1.000MB");
	check(1234567, "1.235MB");
	check(10053156, "10.053MB");
	check(1500000000, "1.500GB");
	check(10000000000000, "10.000TB");
	check(UINT64_MAX, "18.447EB");
}

ATF_TC(no_carry);
ATF_TC_HEAD(no_carry, tc)
{
	atf_tc_set_md_var(tc, "descr", "rounding does not change the unit");
}
ATF_TC_BODY(no_carry, tc)
{
	check(999999999, "1000.000MB");
	check(999999999999999, "1000.000TB");
}

ATF_TP_ADD_TCS(tp)
{
	ATF_TP_ADD_TC(tp, units);
	ATF_TP_ADD_TC(tp, no_carry);
	return (atf_no_error());
}
