/* Selections on a golden capture: views, threads, processes, calls. */

#include "../../golden/golden11.h"
#include "capture_subr.h"
#include "mt_glob.h"

#define SITES	GOLDEN_N(golden_sites)

/* Open a golden capture, select, and leave a bit for each site that is. */
static uint32_t
selected(const atf_tc_t *tc, const char *name, const struct mt_selection *sel,
    struct mt_amount out[SITES])
{
	struct file f = load(tc, name);
	struct mt_capture *c;
	uint32_t bits = 0;
	uint8_t *copy;
	size_t i;

	ATF_REQUIRE_EQ(MT_OK, open_bytes(&c, f.data, f.n, &copy, NULL));
	ATF_REQUIRE_EQ(SITES, mt_capture_sites(c, NULL));
	memset(out, 0x55, SITES * sizeof(*out));
	ATF_REQUIRE_EQ(MT_OK, mt_capture_select(c, sel, out, NULL));
	for (i = 0; i < SITES; i++)
		if (out[i].allocations != 0 || out[i].bytes != 0)
			bits |= 1u << i;
	mt_capture_close(c);
	free(copy);
	free(f.data);
	return (bits);
}

ATF_TC_WITHOUT_HEAD(glob);
ATF_TC_BODY(glob, tc)
{
	static const struct {
		const char	*pattern;
		const char	*s;
		bool		 match;
	} cases[] = {
		{ "", "", true }, { "", "a", false }, { "a", "", false },
		{ "*", "", true }, { "*", "a/b", true }, { "**", "x", true },
		{ "a*c", "abbc", true }, { "a*c", "abcb", false },
		{ "*a*b", "xaxxbxb", true }, { "*ab", "aab", true },
		{ "?", "\303\237", true }, { "??", "\303\237", false },
		{ "?", "\377", true }, { "?", "\303", true },
		{ "?", "/", true }, { "?", "", false },
		{ "[a-c]x", "bx", true }, { "[a-c]x", "dx", false },
		{ "[!a-c]x", "dx", true }, { "[^a]", "a", false },
		{ "[]]", "]", true }, { "[a-]", "-", true },
		{ "[\303\240-\303\277]", "\303\266", true },
		{ "[a", "[a", true }, { "[", "[", true },
		{ "\\*", "*", true }, { "\\*", "x", false },
		{ "[\\]]", "]", true }, { "a\\", "a\\", true },
		{ "<lambda>", "<lambda>", true },
		{ "*/numpy/*", "/usr/lib/numpy/core/a.py", true }
	};
	size_t i;

	(void)tc;
	for (i = 0; i < GOLDEN_N(cases); i++)
		ATF_CHECK_EQ_MSG(cases[i].match, mt_glob_match(
		    cases[i].pattern, cases[i].s), "%s and %s",
		    cases[i].pattern, cases[i].s);
}

ATF_TC_WITHOUT_HEAD(threshold);
ATF_TC_BODY(threshold, tc)
{
	(void)tc;
	ATF_CHECK_EQ(0, mt_threshold(0));
	ATF_CHECK_EQ(1, mt_threshold(1));
	ATF_CHECK_EQ(2, mt_threshold(3));
	ATF_CHECK_EQ(4, mt_threshold(4));
	ATF_CHECK_EQ(MT_TEMPORARY_MAX, mt_threshold(MT_TEMPORARY_MAX));
	ATF_CHECK_EQ(MT_TEMPORARY_MAX, mt_threshold(UINT64_MAX));
}

ATF_TC_WITHOUT_HEAD(views);
ATF_TC_BODY(views, tc)
{
	static const char *const names[] = { "v1.1-events.bin",
	    "v1.1-tables.bin" };
	struct mt_amount out[SITES];
	struct mt_selection sel;
	size_t i, n;

	for (n = 0; n < 2; n++) {
		memset(&sel, 0, sizeof(sel));
		ATF_CHECK_EQ(0x1f9, selected(tc, names[n], &sel, out));
		for (i = 0; i < SITES; i++)
			ATF_CHECK_EQ(golden_sites[i].peak_bytes,
			    out[i].bytes);
		sel.view = MT_VIEW_LEAKS;
		ATF_CHECK_EQ(0xf0f8, selected(tc, names[n], &sel, out));
		sel.view = MT_VIEW_ALL;
		ATF_CHECK_EQ(0xffff, selected(tc, names[n], &sel, out));
		ATF_CHECK_EQ(5000000000, out[8].bytes);
		sel.view = MT_VIEW_TEMPORARY;
		sel.threshold = 1;
		ATF_CHECK_EQ(0x801, selected(tc, names[n], &sel, out));
		ATF_CHECK_EQ(64, out[0].bytes);
		ATF_CHECK_EQ(1, out[0].allocations);
		sel.threshold = 3;
		ATF_CHECK_EQ(0x1807, selected(tc, names[n], &sel, out));
		/* Before the mapping is cut for the second time. */
		sel.view = MT_VIEW_AT;
		sel.to_ns = 999999999;
		ATF_CHECK_EQ(0x34f8, selected(tc, names[n], &sel, out));
		ATF_CHECK_EQ(57344, out[4].bytes);
	}
}

ATF_TC(between_events);
ATF_TC_HEAD(between_events, tc)
{
	atf_tc_set_md_var(tc, "descr",
	    "with events, moments are not those of intervals");
}
ATF_TC_BODY(between_events, tc)
{
	struct mt_amount out[SITES];
	struct mt_selection sel;

	memset(&sel, 0, sizeof(sel));
	sel.view = MT_VIEW_AT;
	/* At the start: 100, 48 and 24 bytes, of four allocations. */
	sel.to_ns = 999999;
	ATF_CHECK_EQ(0xd, selected(tc, "v1.1-events.bin", &sel, out));
	ATF_CHECK_EQ(0xf9, selected(tc, "v1.1-tables.bin", &sel, out));
	sel.to_ns = 1000000;
	ATF_CHECK_EQ(0xf9, selected(tc, "v1.1-events.bin", &sel, out));
	sel.view = MT_VIEW_RANGE;
	sel.from_ns = 1;
	ATF_CHECK_EQ(0xf0, selected(tc, "v1.1-events.bin", &sel, out));
	ATF_CHECK_EQ(57344, out[4].bytes);
}

ATF_TC(equal_sites);
ATF_TC_HEAD(equal_sites, tc)
{
	atf_tc_set_md_var(tc, "descr",
	    "what events do not tell apart is not counted twice");
}
ATF_TC_BODY(equal_sites, tc)
{
	struct file f = load(tc, "v1.1-events.bin");
	struct mt_amount out[SITES];
	struct mt_selection sel;
	struct mt_capture *c;
	uint8_t *copy;

	ATF_REQUIRE_EQ(MT_OK, open_bytes(&c, f.data, f.n, &copy, NULL));
	/* Site 10 is freed in the last interval; there are two of it now. */
	c->sites[1] = c->sites[10];
	memset(&sel, 0, sizeof(sel));
	sel.view = MT_VIEW_AT;
	sel.to_ns = 1000000000;
	ATF_REQUIRE_EQ(MT_OK, mt_capture_select(c, &sel, out, NULL));
	ATF_CHECK_EQ(520, out[1].bytes + out[10].bytes);
	ATF_CHECK_EQ(1, out[1].allocations + out[10].allocations);
	sel.to_ns = 1000000001;
	ATF_REQUIRE_EQ(MT_OK, mt_capture_select(c, &sel, out, NULL));
	ATF_CHECK_EQ(0, out[1].bytes + out[10].bytes);
	ATF_CHECK_EQ(0, out[1].allocations + out[10].allocations);
	mt_capture_close(c);
	free(copy);
	free(f.data);
}

static void
check_threads(const atf_tc_t *tc, const char *pattern, uint32_t want)
{
	struct mt_amount out[SITES];
	struct mt_selection sel;

	memset(&sel, 0, sizeof(sel));
	sel.view = MT_VIEW_ALL;
	sel.threads.pattern = &pattern;
	sel.threads.n = 1;
	ATF_CHECK_EQ_MSG(want, selected(tc, "v1.1-events.bin", &sel, out),
	    "%s", pattern);
}

ATF_TC_WITHOUT_HEAD(threads);
ATF_TC_BODY(threads, tc)
{
	check_threads(tc, "4711", 0xc14f);
	check_threads(tc, "MainThread", 0xc14f);
	check_threads(tc, "*Thread*", 0xf34f);
	check_threads(tc, "18446744073709551615", 0xcb0);
	check_threads(tc, "renamed", 0xcb0);
	check_threads(tc, "471", 0);
	check_threads(tc, "", 0);
}

static void
check_process(const atf_tc_t *tc, const char *pattern, uint32_t want)
{
	struct mt_amount out[SITES];
	struct mt_selection sel;

	memset(&sel, 0, sizeof(sel));
	sel.view = MT_VIEW_ALL;
	sel.processes.pattern = &pattern;
	sel.processes.n = 1;
	ATF_CHECK_EQ_MSG(want, selected(tc, "v1.1-events.bin", &sel, out),
	    "%s", pattern);
}

ATF_TC_WITHOUT_HEAD(processes);
ATF_TC_BODY(processes, tc)
{
	check_process(tc, "4711", 0xffff);
	check_process(tc, "4712", 0);
	check_process(tc, "*app.py*", 0xffff);
	check_process(tc, "app.py", 0);
}

/* NULL: nothing is given. */
static uint32_t
calls(const atf_tc_t *tc, const char *include, const char *exclude)
{
	struct mt_amount out[SITES];
	struct mt_selection sel;

	memset(&sel, 0, sizeof(sel));
	sel.view = MT_VIEW_ALL;
	sel.include.pattern = &include;
	sel.include.n = include != NULL;
	sel.exclude.pattern = &exclude;
	sel.exclude.n = exclude != NULL;
	return (selected(tc, "v1.1-events.bin", &sel, out));
}

ATF_TC_WITHOUT_HEAD(include_exclude);
ATF_TC_BODY(include_exclude, tc)
{
	ATF_CHECK_EQ(0xffff, calls(tc, NULL, NULL));
	/* Functions, qualified, anywhere on the stack. */
	ATF_CHECK_EQ(0x40fe, calls(tc, "Größe.berechne", NULL));
	ATF_CHECK_EQ(0x40fe, calls(tc, "*.berechne", NULL));
	/* Files, in whole or by their last part. */
	ATF_CHECK_EQ(0x40fe, calls(tc, "lib/größe.py", NULL));
	ATF_CHECK_EQ(0x40fe, calls(tc, "größe.py", NULL));
	ATF_CHECK_EQ(0x5efe, calls(tc, "lib/*", NULL));
	ATF_CHECK_EQ(0, calls(tc, "lib", NULL));
	ATF_CHECK_EQ(0x1e00, calls(tc, "late", NULL));
	ATF_CHECK_EQ(0xe1ff, calls(tc, NULL, "late"));
	ATF_CHECK_EQ(0xbf01, calls(tc, NULL, "größe.py"));
	/* Both: what is excluded is not included. */
	ATF_CHECK_EQ(0xa101, calls(tc, "app.py", "lib/*"));
	ATF_CHECK_EQ(0, calls(tc, "<no Python stack>", NULL));
}

ATF_TP_ADD_TCS(tp)
{
	ATF_TP_ADD_TC(tp, glob);
	ATF_TP_ADD_TC(tp, threshold);
	ATF_TP_ADD_TC(tp, views);
	ATF_TP_ADD_TC(tp, between_events);
	ATF_TP_ADD_TC(tp, equal_sites);
	ATF_TP_ADD_TC(tp, threads);
	ATF_TP_ADD_TC(tp, processes);
	ATF_TP_ADD_TC(tp, include_exclude);
	return (atf_no_error());
}
