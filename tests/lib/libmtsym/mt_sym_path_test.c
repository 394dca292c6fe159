#include <atf-c.h>
#include <stdlib.h>

#include "mt_sym_path.h"

static void
check(const char *from, const char *to)
{
	char *got = mt_sym_path(from);

	ATF_REQUIRE(got != NULL);
	ATF_CHECK_STREQ(to, got);
	free(got);
}

ATF_TC_WITHOUT_HEAD(path);
ATF_TC_BODY(path, tc)
{
	check("", "");
	check("/", "/");
	check("x.c", "x.c");
	check("/usr/src/x.c", "/usr/src/x.c");
	check("./x.c", "x.c");
	check("./build/../Objects//x.c", "Objects/x.c");
	check("/a/b/../../x.c", "/x.c");
	check("a/..", "");
	check("a/../b/./c/.", "b/c");
	check("../x.c", "../x.c");
	check("../../x.c", "../../x.c");
	check("a/../../x.c", "../x.c");
	check("/../x.c", "/../x.c");
	check("//a///b//", "/a/b");
	check("a..b/..c/x", "a..b/..c/x");
	check("<built-in>", "<built-in>");
}

ATF_TP_ADD_TCS(tp)
{
	ATF_TP_ADD_TC(tp, path);
	return (atf_no_error());
}
