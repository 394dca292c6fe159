#include <atf-c.h>
#include <locale.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "fe_text.h"

static void
check_next(const char *s, uint32_t cp, size_t len)
{
	uint32_t got;

	ATF_CHECK_EQ(len, fe_text_next(s, strlen(s), &got));
	ATF_CHECK_EQ_MSG(cp, got, "%x, not %x", got, cp);
}

ATF_TC_WITHOUT_HEAD(next_valid);
ATF_TC_BODY(next_valid, tc)
{
	check_next("a", 'a', 1);
	check_next("\xc3\xa9", 0xe9, 2);
	check_next("\xe2\x82\xac", 0x20ac, 3);
	check_next("\xed\x9f\xbf", 0xd7ff, 3);
	check_next("\xf0\x9f\x90\x8d", 0x1f40d, 4);
	check_next("\xf4\x8f\xbf\xbf", 0x10ffff, 4);
}

ATF_TC(next_invalid);
ATF_TC_HEAD(next_invalid, tc)
{
	atf_tc_set_md_var(tc, "descr", "one bad byte at a time");
}
ATF_TC_BODY(next_invalid, tc)
{
	static const char *const bad[] = {
		"\x80", "\xff", "\xc0\x80", "\xc1\xbf", "\xc3", "\xc3(",
		"\xe0\x80\x80", "\xe2\x82", "\xed\xa0\x80", "\xed\xb2\x80",
		"\xf0\x80\x80\x80", "\xf0\x9f\x90", "\xf4\x90\x80\x80",
		"\xf5\x80\x80\x80", "\xfc\x80\x80\x80"
	};

	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		check_next(bad[i], FE_TEXT_BAD, 1);
}

static void
check_clean(const char *s, bool reversible, const char *expected)
{
	char *got = fe_text_clean(s, reversible);

	ATF_CHECK_STREQ(expected, got);
	free(got);
}

ATF_TC_WITHOUT_HEAD(clean);
ATF_TC_BODY(clean, tc)
{
	check_clean("", true, "");
	check_clean("<module> at a b.py", true, "<module> at a b.py");
	check_clean("na\xc3\xafve", true, "na\xc3\xafve");
	check_clean("a\tb\nc\\d", true, "a\\tb\\nc\\\\d");
	check_clean("a\tb\nc\\d", false, "a\\tb\\nc\\d");
	check_clean("\033[2J\x7f\r", false, "\\x1b[2J\\x7f\\x0d");
	check_clean("\xc2\x9b" "31m", false, "\\u009b31m");
	check_clean("a\xff\xed\xb2\x80z", true,
	    "a\\xff\\xed\\xb2\\x80z");
}

ATF_TC(clean_reordering);
ATF_TC_HEAD(clean_reordering, tc)
{
	atf_tc_set_md_var(tc, "descr",
	    "a name cannot change how the rest of its line reads");
}
ATF_TC_BODY(clean_reordering, tc)
{
	check_clean("a\xe2\x80\xae" "b", false, "a\\u202eb");
	check_clean("a\xe2\x81\xa6" "b", false, "a\\u2066b");
	check_clean("a\xe2\x80\xa8" "b", false, "a\\u2028b");
}

static void
check_field(const char *s, const char *expected)
{
	char *got = fe_text_field(s, ";|");

	ATF_CHECK_STREQ(expected, got);
	free(got);
}

ATF_TC(field);
ATF_TC_HEAD(field, tc)
{
	atf_tc_set_md_var(tc, "descr",
	    "separators, and what begins a formula, are escaped");
}
ATF_TC_BODY(field, tc)
{
	check_field("", "");
	check_field("<module>", "<module>");
	check_field("a=b+c-d@e", "a=b+c-d@e");
	check_field("=1", "\\x3d1");
	check_field("+1", "\\x2b1");
	check_field("--1", "\\x2d-1");
	check_field("@f", "\\x40f");
	check_field("\xef\xbc\x9d" "1", "\\uff1d1");
	check_field("\t=1", "\\t=1");
	check_field("a;=b|c", "a\\x3b=b\\x7cc");
	check_field("\\x3d", "\\\\x3d");
}

ATF_TC(unsafe);
ATF_TC_HEAD(unsafe, tc)
{
	atf_tc_set_md_var(tc, "descr", "all that are, and none beyond U+FFFF");
}
ATF_TC_BODY(unsafe, tc)
{
	static const uint32_t ranges[][2] = {
		{ 0, 0x1f }, { 0x7f, 0x9f }, { 0x61c, 0x61c },
		{ 0x200e, 0x200f }, { 0x2028, 0x202e }, { 0x2066, 0x2069 },
		{ FE_TEXT_BAD, FE_TEXT_BAD }
	};
	size_t r = 0;

	for (uint32_t cp = 0; cp <= 0x10ffff; cp++) {
		if (cp > ranges[r][1])
			r++;
		ATF_REQUIRE_EQ_MSG(cp >= ranges[r][0],
		    fe_text_is_unsafe(cp), "%x", cp);
	}
	ATF_CHECK(fe_text_is_unsafe(FE_TEXT_BAD));
}

static void
check_cut(const char *s, unsigned from, unsigned to, const char *expected)
{
	size_t n = strlen(s), head, tail;
	char got[256];

	fe_text_cut(s, n, from, to, &head, &tail);
	ATF_REQUIRE(head <= tail && tail <= n);
	(void)snprintf(got, sizeof(got), "%.*s~%s", (int)head, s, s + tail);
	ATF_CHECK_STREQ(expected, got);
	ATF_CHECK(fe_text_width(got, strlen(got)) <= from + 1 + to);
}

ATF_TC_WITHOUT_HEAD(cut);
ATF_TC_BODY(cut, tc)
{
	check_cut("abcdefgh", 3, 3, "abc~fgh");
	check_cut("abcdefgh", 1, 4, "a~efgh");
	check_cut("abcdefgh", 1, 0, "a~");
	check_cut("abcdefgh", 0, 1, "~h");
	check_cut("abcdefgh", 0, 0, "~");
}

ATF_TC(cut_wide);
ATF_TC_HEAD(cut_wide, tc)
{
	atf_tc_set_md_var(tc, "descr", "characters of two cells, and of none");
}
ATF_TC_BODY(cut_wide, tc)
{
	if (setlocale(LC_CTYPE, "C.UTF-8") == NULL)
		atf_tc_skip("no UTF-8 locale");
	ATF_CHECK_EQ(2, fe_text_cells(0x65e5));
	ATF_CHECK_EQ(0, fe_text_cells(0x301));
	ATF_CHECK_EQ(1, fe_text_cells(0xe9));
	/* Japanese, six cells; half a character never shows. */
	check_cut("\xe6\x97\xa5\xe6\x9c\xac\xe8\xaa\x9e", 2, 2,
	    "\xe6\x97\xa5~\xe8\xaa\x9e");
	check_cut("\xe6\x97\xa5\xe6\x9c\xac\xe8\xaa\x9e", 3, 1,
	    "\xe6\x97\xa5~");
	/* The accent stays with its letter, so it goes with it, too. */
	check_cut("abcde\xcc\x81" "f", 2, 1, "ab~f");
}

ATF_TP_ADD_TCS(tp)
{
	ATF_TP_ADD_TC(tp, next_valid);
	ATF_TP_ADD_TC(tp, next_invalid);
	ATF_TP_ADD_TC(tp, clean);
	ATF_TP_ADD_TC(tp, clean_reordering);
	ATF_TP_ADD_TC(tp, field);
	ATF_TP_ADD_TC(tp, unsafe);
	ATF_TP_ADD_TC(tp, cut);
	ATF_TP_ADD_TC(tp, cut_wide);
	return (atf_no_error());
}
