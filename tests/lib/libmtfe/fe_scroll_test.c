#include <atf-c.h>
#include <string.h>

#include "fe_key.h"
#include "fe_scroll.h"

static struct fe_scroll s;

static void
start(size_t n, size_t height)
{
	memset(&s, 0, sizeof(s));
	fe_scroll_fit(&s, n, height);
}

static void
check(uint32_t key, size_t current, size_t top)
{
	ATF_CHECK_MSG(fe_scroll_key(&s, key), "%x is not taken", key);
	ATF_CHECK_EQ_MSG(current, s.current, "key %x: row %zu, not %zu", key,
	    s.current, current);
	ATF_CHECK_EQ_MSG(top, s.top, "key %x: top %zu, not %zu", key, s.top,
	    top);
}

ATF_TC_WITHOUT_HEAD(rows);
ATF_TC_BODY(rows, tc)
{
	start(5, 3);
	check(FE_KEY_UP, 0, 0);
	check(FE_KEY_DOWN, 1, 0);
	check('j', 2, 0);
	check('j', 3, 1);
	check('j', 4, 2);
	check(FE_KEY_DOWN, 4, 2);
	check('k', 3, 2);
	check(FE_KEY_UP, 2, 2);
	check('k', 1, 1);
}

ATF_TC_WITHOUT_HEAD(pages);
ATF_TC_BODY(pages, tc)
{
	start(100, 10);
	check(FE_KEY_PAGE_DOWN, 9, 0);
	check(FE_KEY_PAGE_DOWN, 18, 9);
	check(6, 27, 18);
	check(2, 18, 18);
	check(FE_KEY_PAGE_UP, 9, 9);
	check(FE_KEY_PAGE_UP, 0, 0);
	check(FE_KEY_END, 99, 90);
	check('g', 0, 0);
	check('G', 99, 90);
	check(FE_KEY_HOME, 0, 0);
}

ATF_TC(other_sizes);
ATF_TC_HEAD(other_sizes, tc)
{
	atf_tc_set_md_var(tc, "descr",
	    "the current row stays in sight, the last line is used");
}
ATF_TC_BODY(other_sizes, tc)
{
	start(100, 10);
	fe_scroll_to(&s, 50);
	ATF_CHECK_EQ(41, s.top);
	fe_scroll_fit(&s, 100, 4);
	ATF_CHECK_EQ(50, s.current);
	ATF_CHECK_EQ(47, s.top);
	fe_scroll_fit(&s, 20, 4);
	ATF_CHECK_EQ(19, s.current);
	ATF_CHECK_EQ(16, s.top);
	fe_scroll_fit(&s, 20, 30);
	ATF_CHECK_EQ(19, s.current);
	ATF_CHECK_EQ(0, s.top);
}

ATF_TC_WITHOUT_HEAD(nothing);
ATF_TC_BODY(nothing, tc)
{
	start(0, 10);
	check(FE_KEY_DOWN, 0, 0);
	check(FE_KEY_END, 0, 0);
	check(FE_KEY_PAGE_DOWN, 0, 0);
	start(3, 0);
	check(FE_KEY_DOWN, 1, 0);
	ATF_CHECK(!fe_scroll_key(&s, 'x'));
	ATF_CHECK(!fe_scroll_key(&s, FE_KEY_NONE));
}

ATF_TP_ADD_TCS(tp)
{
	ATF_TP_ADD_TC(tp, rows);
	ATF_TP_ADD_TC(tp, pages);
	ATF_TP_ADD_TC(tp, other_sizes);
	ATF_TP_ADD_TC(tp, nothing);
	return (atf_no_error());
}
