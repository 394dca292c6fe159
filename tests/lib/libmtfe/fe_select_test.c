/* Options of selections, and moments. */

#include <atf-c.h>
#include <string.h>

#include "fe_select.h"

#define SECOND	UINT64_C(1000000000)

ATF_TC_WITHOUT_HEAD(seconds);
ATF_TC_BODY(seconds, tc)
{
	static const struct {
		const char	*s;
		uint64_t	 ns;
	} good[] = {
		{ "0", 0 }, { "12", 12 * SECOND }, { "12.5", 12500000000 },
		{ "0.000000001", 1 }, { "0.0000000019", 1 },
		{ "007", 7 * SECOND }, { "1,25", 1250000000 }
	};
	static const char *const bad[] = { "", "-1", "+1", "1.", ".5", "1s",
	    " 1", "1 ", "1e3", "1.5.5", "99999999999999999999",
	    "9999999999999999999", "nan" };
	struct fe_select_time t;
	size_t i;

	(void)tc;
	for (i = 0; i < sizeof(good) / sizeof(good[0]); i++) {
		memset(&t, 0xff, sizeof(t));
		ATF_REQUIRE_MSG(fe_select_parse_time(good[i].s, &t), "%s",
		    good[i].s);
		ATF_CHECK(t.given && !t.absolute);
		ATF_CHECK_EQ(good[i].ns, t.ns);
	}
	for (i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		ATF_CHECK_MSG(!fe_select_parse_time(bad[i], &t), "%s",
		    bad[i]);
}

ATF_TC_WITHOUT_HEAD(dates);
ATF_TC_BODY(dates, tc)
{
	static const struct {
		const char	*s;
		uint64_t	 ns;
	} good[] = {
		{ "1970-01-01T00:00:00Z", 0 },
		{ "2026-11-22T09:42:17.800+00:00", 1795340537800000000 },
		{ "2026-11-22T09:42:17.8Z", 1795340537800000000 },
		{ "2026-11-22 09:42:17.8", 1795340537800000000 },
		{ "2026-11-22T11:42:17.8+02:00", 1795340537800000000 },
		{ "2026-11-22T06:12:17.8-0330", 1795340537800000000 },
		{ "2026-11-22T10:42:17.8+01", 1795340537800000000 },
		{ "2026-11-22T09:42", 1795340520000000000 },
		{ "2024-02-29T00:00:00", 1709164800000000000 }
	};
	static const char *const bad[] = { "2026-11-22", "2026-11-22T",
	    "2026-11-22T9:42", "2026-02-29T00:00", "2026-13-01T00:00",
	    "2026-00-01T00:00", "2026-11-22T24:00", "2026-11-22T09:60",
	    "2026-11-22T09:42:17X", "2026-11-22T09:42:17+2",
	    "2026-11-22T09:42:17+24:00", "2026-11-22T09:42:17 Z",
	    "1969-12-31T23:59:59Z", "26-11-22T09:42", "2026/11/22T09:42" };
	struct fe_select_time t;
	size_t i;

	(void)tc;
	for (i = 0; i < sizeof(good) / sizeof(good[0]); i++) {
		ATF_REQUIRE_MSG(fe_select_parse_time(good[i].s, &t), "%s",
		    good[i].s);
		ATF_CHECK(t.given && t.absolute);
		ATF_CHECK_EQ_MSG(good[i].ns, t.ns, "%s: %ju", good[i].s,
		    (uintmax_t)t.ns);
	}
	for (i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		ATF_CHECK_MSG(!fe_select_parse_time(bad[i], &t), "%s",
		    bad[i]);
}

ATF_TC_WITHOUT_HEAD(options);
ATF_TC_BODY(options, tc)
{
	struct fe_select s;

	(void)tc;
	fe_select_init(&s);
	ATF_CHECK(!fe_select_option(&s, 'r', "3"));
	ATF_CHECK(!fe_select_option(&s, '?', NULL));
	ATF_CHECK(!fe_select_option(&s, FE_SELECT_END, NULL));
	fe_select_check(&s);
	ATF_CHECK_EQ(MT_VIEW_PEAK, s.selection.view);
	ATF_CHECK(!fe_select_is_filtered(&s));
	ATF_CHECK(!fe_select_is_any(&s));
	ATF_CHECK(fe_select_option(&s, FE_SELECT_FROM, "1"));
	ATF_CHECK(fe_select_is_any(&s));
	ATF_CHECK(fe_select_option(&s, FE_SELECT_TO, "2"));
	fe_select_check(&s);
	ATF_CHECK_EQ(MT_VIEW_RANGE, s.selection.view);
	ATF_CHECK(fe_select_option(&s, FE_SELECT_PROCESS, "1"));
	ATF_CHECK(!fe_select_is_filtered(&s));
	ATF_CHECK(fe_select_option(&s, FE_SELECT_THREAD, "1"));
	ATF_CHECK(fe_select_option(&s, FE_SELECT_INCLUDE, "a"));
	ATF_CHECK(fe_select_option(&s, FE_SELECT_INCLUDE, "b"));
	ATF_CHECK(fe_select_option(&s, FE_SELECT_EXCLUDE, "c"));
	ATF_CHECK(fe_select_is_filtered(&s));
	ATF_CHECK_EQ(2, s.selection.include.n);
	ATF_CHECK_STREQ("b", s.selection.include.pattern[1]);
	ATF_CHECK_STREQ("c", s.selection.exclude.pattern[0]);
	ATF_CHECK_EQ(1, s.selection.threads.n);
	ATF_CHECK_EQ(1, s.selection.processes.n);
	fe_select_fini(&s);
}

ATF_TC_WITHOUT_HEAD(threshold);
ATF_TC_BODY(threshold, tc)
{
	struct fe_select s;

	(void)tc;
	fe_select_init(&s);
	ATF_CHECK(fe_select_option(&s, FE_SELECT_TEMPORARY, NULL));
	ATF_CHECK_EQ(MT_VIEW_TEMPORARY, s.selection.view);
	ATF_CHECK_EQ(1, s.selection.threshold);
	ATF_CHECK(fe_select_option(&s, FE_SELECT_THRESHOLD, "20"));
	ATF_CHECK_EQ(20, s.selection.threshold);
	fe_select_fini(&s);
}

ATF_TP_ADD_TCS(tp)
{
	ATF_TP_ADD_TC(tp, seconds);
	ATF_TP_ADD_TC(tp, dates);
	ATF_TP_ADD_TC(tp, options);
	ATF_TP_ADD_TC(tp, threshold);
	return (atf_no_error());
}
