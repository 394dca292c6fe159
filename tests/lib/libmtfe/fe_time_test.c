#include <atf-c.h>
#include <stdlib.h>

#include "fe_time.h"

ATF_TC_WITHOUT_HEAD(format);
ATF_TC_BODY(format, tc)
{
	char buf[FE_TIME_MAX];

	/* The same wherever it is read. */
	ATF_REQUIRE_EQ(0, setenv("TZ", "Asia/Tokyo", 1));
	ATF_CHECK_STREQ("2026-11-22T09:42:17.800+00:00",
	    fe_time(buf, 1795340537800000000));
	ATF_CHECK_STREQ("1970-01-01T00:00:00.001+00:00",
	    fe_time(buf, 1999999));
	ATF_CHECK_STREQ("2554-07-21T23:34:33.709+00:00",
	    fe_time(buf, UINT64_MAX));
}

ATF_TC_WITHOUT_HEAD(unknown);
ATF_TC_BODY(unknown, tc)
{
	char buf[FE_TIME_MAX];

	ATF_CHECK(fe_time(buf, 0) == NULL);
}

ATF_TP_ADD_TCS(tp)
{
	ATF_TP_ADD_TC(tp, format);
	ATF_TP_ADD_TC(tp, unknown);
	return (atf_no_error());
}
