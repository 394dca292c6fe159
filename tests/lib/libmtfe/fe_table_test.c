#include <atf-c.h>
#include <locale.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "fe_table.h"
#include "fe_text.h"

static const struct fe_column columns[] = {
	{ "Location", FE_LOCATION },
	{ "Total Memory", FE_SIZE },
	{ "Total Memory %", FE_PERCENT },
	{ "Allocation Count", FE_COUNT }
};

static struct fe_table *
open_table(FILE **fp, char **text, const struct fe_term *term)
{
	static size_t len;

	*fp = open_memstream(text, &len);
	ATF_REQUIRE(*fp != NULL);
	return (fe_table_new(*fp, term, columns, 4, 1));
}

static void
add(struct fe_table *t, const char *function, const char *file,
    uint64_t bytes, double share, uint64_t count)
{
	const struct fe_cell cells[] = {
		{ .function = function, .file = file },
		{ .number = bytes, .share = share },
		{ .share = share },
		{ .number = count, .share = 1 }
	};

	fe_table_row(t, cells);
}

static void
check_table(FILE *fp, char **text, struct fe_table *t, const char *expected)
{
	fe_table_finish(t);
	ATF_REQUIRE_EQ(0, fclose(fp));
	ATF_CHECK_STREQ(expected, *text);
	free(*text);
}

ATF_TC(plain);
ATF_TC_HEAD(plain, tc)
{
	atf_tc_set_md_var(tc, "descr", "all of it, in columns for programs");
}
ATF_TC_BODY(plain, tc)
{
	const struct fe_term term = { .columns = 20 };
	struct fe_table *t;
	char *text;
	FILE *fp;

	t = open_table(&fp, &text, &term);
	add(t, "keep", "/a/rather/long/way/to/a.py", 10001000, 99.4812, 1000);
	add(t, "a\tb", "c\\d\n", UINT64_MAX, 0, 0);
	add(t, "<none>", "", 1, 0, 0);
	check_table(fp, &text, t,
	    "keep at /a/rather/long/way/to/a.py\t10001000\t99.48\t1000\n"
	    "a\\tb at c\\\\d\\n\t18446744073709551615\t0.00\t0\n"
	    "<none>\t1\t0.00\t0\n");
}

ATF_TC_WITHOUT_HEAD(plain_empty);
ATF_TC_BODY(plain_empty, tc)
{
	const struct fe_term term = { .columns = 80 };
	struct fe_table *t;
	char *text;
	FILE *fp;

	t = open_table(&fp, &text, &term);
	check_table(fp, &text, t, "");
}

ATF_TC_WITHOUT_HEAD(screen);
ATF_TC_BODY(screen, tc)
{
	const struct fe_term term = { .tty = true, .columns = 80 };
	struct fe_table *t;
	char *text;
	FILE *fp;

	t = open_table(&fp, &text, &term);
	add(t, "keep", "a.py", 10001000, 99.4812, 1000);
	add(t, "<module>", "a.py", 512, 0.005, 3);
	check_table(fp, &text, t,
	    "Location          <Total Memory>  Total Memory %  "
	    "Allocation Count\n"
	    "keep at a.py            10.001MB          99.48%  "
	    "            1000\n"
	    "<module> at a.py        512.000B           0.01%  "
	    "               3\n");
}

ATF_TC(titles);
ATF_TC_HEAD(titles, tc)
{
	atf_tc_set_md_var(tc, "descr",
	    "titles take two lines before a location is cut");
}
ATF_TC_BODY(titles, tc)
{
	const struct fe_term term = { .tty = true, .columns = 62 };
	struct fe_table *t;
	char *text;
	FILE *fp;

	t = open_table(&fp, &text, &term);
	add(t, "keep", "a_file_of_this_name.py", 10001000, 99.48, 1000);
	check_table(fp, &text, t,
	    "                                  <Total     Total  Allocation\n"
	    "Location                         Memory>  Memory %       Count\n"
	    "keep at a_file_of_this_name.py  10.001MB    99.48%        1000\n");
}

ATF_TC(narrow);
ATF_TC_HEAD(narrow, tc)
{
	atf_tc_set_md_var(tc, "descr", "locations are cut, numbers never");
}
ATF_TC_BODY(narrow, tc)
{
	const struct fe_term term = { .tty = true, .columns = 50 };
	const struct fe_term none = { .tty = true, .columns = 1 };
	struct fe_table *t;
	char *text;
	FILE *fp;

	t = open_table(&fp, &text, &term);
	add(t, "keep", "a_file_of_this_name.py", 10001000, 99.48, 1000);
	check_table(fp, &text, t,
	    "                      <Total     Total  Allocation\n"
	    "Location             Memory>  Memory %       Count\n"
	    "keep at .._name.py  10.001MB    99.48%        1000\n");
	t = open_table(&fp, &text, &none);
	add(t, "keep", "a_file_of_this_name.py", 10001000, 99.48, 1000);
	check_table(fp, &text, t,
	    "                <Total     Total  Allocation\n"
	    "Location       Memory>  Memory %       Count\n"
	    "keep at...py  10.001MB    99.48%        1000\n");
}

ATF_TC(colors);
ATF_TC_HEAD(colors, tc)
{
	atf_tc_set_md_var(tc, "descr",
	    "each part in its colour, also when it is cut");
}
ATF_TC_BODY(colors, tc)
{
	const struct fe_term term = { .tty = true, .color = true,
	    .utf8 = true, .columns = 1 };
	struct fe_table *t;
	char *text;
	FILE *fp;

	t = open_table(&fp, &text, &term);
	add(t, "recurse", "b_recursion.py", 10001000, 60.1, 1);
	fe_table_finish(t);
	ATF_REQUIRE_EQ(0, fclose(fp));
	ATF_CHECK(strstr(text, FE_BOLD "Location") != NULL);
	ATF_CHECK(strstr(text, FE_FUNCTION "recurse" FE_NORMAL " "
	    "\xe2\x80\xa6" FE_FILE ".py" FE_NORMAL "  " FE_RED "10.001MB"
	    FE_NORMAL "  "
	    "  " FE_RED "60.10%" FE_NORMAL) != NULL);
	free(text);
}

ATF_TC(escapes);
ATF_TC_HEAD(escapes, tc)
{
	atf_tc_set_md_var(tc, "descr", "a name cannot command the terminal");
}
ATF_TC_BODY(escapes, tc)
{
	const struct fe_term term = { .tty = true, .columns = 100 };
	struct fe_table *t;
	char *text;
	FILE *fp;

	t = open_table(&fp, &text, &term);
	add(t, "\033]0;title\a", "a\nb.py", 1, 1, 1);
	fe_table_finish(t);
	ATF_REQUIRE_EQ(0, fclose(fp));
	ATF_CHECK(strchr(text, '\033') == NULL);
	ATF_CHECK(strstr(text, "\\x1b]0;title\\x07 at a\\nb.py ") != NULL);
	free(text);
}

ATF_TC(wide);
ATF_TC_HEAD(wide, tc)
{
	atf_tc_set_md_var(tc, "descr", "columns behind wide characters");
}
ATF_TC_BODY(wide, tc)
{
	const struct fe_term term = { .tty = true, .utf8 = true,
	    .columns = 100 };
	struct fe_table *t;
	unsigned width = 0;
	char *text, *line, *next;
	FILE *fp;

	if (setlocale(LC_CTYPE, "C.UTF-8") == NULL)
		atf_tc_skip("no UTF-8 locale");
	t = open_table(&fp, &text, &term);
	add(t, "\xe6\x97\xa5\xe6\x9c\xac", "\xe8\xaa\x9e.py", 1, 1, 1);
	add(t, "cafe\xcc\x81", "ascii.py", 1, 1, 1);
	fe_table_finish(t);
	ATF_REQUIRE_EQ(0, fclose(fp));
	for (line = text; (next = strchr(line, '\n')) != NULL;
	    line = next + 1) {
		unsigned w = fe_text_width(line, (size_t)(next - line));

		ATF_CHECK(width == 0 || w == width);
		width = w;
	}
	free(text);
}

ATF_TP_ADD_TCS(tp)
{
	ATF_TP_ADD_TC(tp, plain);
	ATF_TP_ADD_TC(tp, plain_empty);
	ATF_TP_ADD_TC(tp, screen);
	ATF_TP_ADD_TC(tp, titles);
	ATF_TP_ADD_TC(tp, narrow);
	ATF_TP_ADD_TC(tp, colors);
	ATF_TP_ADD_TC(tp, escapes);
	ATF_TP_ADD_TC(tp, wide);
	return (atf_no_error());
}
