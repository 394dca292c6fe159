#include <sys/stat.h>

#include <atf-c.h>
#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "mt_place.h"

#define NOBODY	65534

/* What a directory here is worth, by its absolute name. */
static enum mt_place_worth
worth(const char *name)
{
	char cwd[PATH_MAX], path[2 * PATH_MAX];

	ATF_REQUIRE(getcwd(cwd, sizeof(cwd)) != NULL);
	ATF_REQUIRE(snprintf(path, sizeof(path), "%s/%s", cwd, name) > 0);
	return (mt_place_worth(path));
}

static void
make_dir(const char *name, mode_t mode)
{
	ATF_REQUIRE_EQ(0, mkdir(name, 0700));
	ATF_REQUIRE_EQ(0, chmod(name, mode));
}

ATF_TC(modes);
ATF_TC_HEAD(modes, tc)
{
	atf_tc_set_md_var(tc, "descr", "who may write to a directory decides "
	    "what it is worth");
}
ATF_TC_BODY(modes, tc)
{
	(void)tc;
	make_dir("private", 0700);
	make_dir("seen", 0755);
	make_dir("sticky", 01777);
	make_dir("group", 0770);
	make_dir("open", 0777);
	ATF_CHECK_EQ(MT_PLACE_PRIVATE, worth("private"));
	ATF_CHECK_EQ(MT_PLACE_PRIVATE, worth("private/"));
	ATF_CHECK_EQ(MT_PLACE_SAFE, worth("seen"));
	ATF_CHECK_EQ(MT_PLACE_SAFE, worth("sticky"));
	ATF_CHECK_EQ(MT_PLACE_OPEN, worth("group"));
	ATF_CHECK_EQ(MT_PLACE_OPEN, worth("open"));
	/* A way that others see leads to what is private all the same. */
	make_dir("seen/private", 0700);
	make_dir("sticky/private", 0700);
	make_dir("open/private", 0700);
	ATF_CHECK_EQ(MT_PLACE_PRIVATE, worth("seen/private"));
	ATF_CHECK_EQ(MT_PLACE_PRIVATE, worth("sticky/private"));
	ATF_CHECK_EQ(MT_PLACE_OPEN, worth("open/private"));
}

ATF_TC(none);
ATF_TC_HEAD(none, tc)
{
	atf_tc_set_md_var(tc, "descr", "what is missing, relative, too long or "
	    "no directory is worth nothing");
}
ATF_TC_BODY(none, tc)
{
	char path[2 * PATH_MAX];

	(void)tc;
	atf_utils_create_file("file", "%s", "");
	ATF_CHECK_EQ(MT_PLACE_STRANGE, worth("missing"));
	ATF_CHECK_EQ(MT_PLACE_STRANGE, worth("file"));
	ATF_CHECK_EQ(MT_PLACE_STRANGE, mt_place_worth("relative"));
	ATF_CHECK_EQ(MT_PLACE_STRANGE, mt_place_worth(""));
	for (size_t i = 0; i < sizeof(path) - 1; i++)
		path[i] = '/';
	path[sizeof(path) - 1] = '\0';
	ATF_CHECK_EQ(MT_PLACE_STRANGE, mt_place_worth(path));
	ATF_CHECK(mt_place_worth("/") != MT_PLACE_STRANGE);
}

ATF_TC_WITHOUT_HEAD(links);
ATF_TC_BODY(links, tc)
{
	(void)tc;
	make_dir("private", 0700);
	make_dir("open", 0777);
	make_dir("open/private", 0700);
	ATF_REQUIRE_EQ(0, symlink("private", "link"));
	ATF_REQUIRE_EQ(0, symlink("../private", "open/link"));
	ATF_REQUIRE_EQ(0, symlink("open/private", "through"));
	ATF_REQUIRE_EQ(0, symlink("loop", "loop"));
	ATF_CHECK_EQ(MT_PLACE_PRIVATE, worth("link"));
	ATF_CHECK_EQ(MT_PLACE_OPEN, worth("open/link"));
	ATF_CHECK_EQ(MT_PLACE_OPEN, worth("through"));
	ATF_CHECK_EQ(MT_PLACE_STRANGE, worth("loop"));
}

ATF_TC(strangers);
ATF_TC_HEAD(strangers, tc)
{
	atf_tc_set_md_var(tc, "descr", "somebody else's directory is worth "
	    "nothing, nor is what is in it");
	atf_tc_set_md_var(tc, "require.user", "root");
}
ATF_TC_BODY(strangers, tc)
{
	char cwd[PATH_MAX];

	(void)tc;
	make_dir("theirs", 0755);
	make_dir("theirs/ours", 0700);
	make_dir("ours", 0700);
	ATF_REQUIRE_EQ(0, symlink("ours", "link"));
	ATF_REQUIRE_EQ(0, chown("theirs", NOBODY, (gid_t)-1));
	ATF_REQUIRE_EQ(0, lchown("link", NOBODY, (gid_t)-1));
	ATF_CHECK_EQ(MT_PLACE_STRANGE, worth("theirs"));
	ATF_CHECK_EQ(EACCES, errno);
	ATF_CHECK_EQ(MT_PLACE_STRANGE, worth("theirs/ours"));
	ATF_CHECK_EQ(MT_PLACE_STRANGE, worth("link"));
	ATF_REQUIRE_EQ(0, chdir("theirs"));
	ATF_REQUIRE(getcwd(cwd, sizeof(cwd)) != NULL);
	ATF_REQUIRE_EQ(0, setenv("TMPDIR", cwd, 1));
	ATF_CHECK_STREQ("/tmp", mt_place_tmpdir());
	ATF_REQUIRE_EQ(0, chown(".", 0, (gid_t)-1));
	ATF_CHECK_STREQ(cwd, mt_place_tmpdir());
}

ATF_TP_ADD_TCS(tp)
{
	ATF_TP_ADD_TC(tp, modes);
	ATF_TP_ADD_TC(tp, none);
	ATF_TP_ADD_TC(tp, links);
	ATF_TP_ADD_TC(tp, strangers);
	return (atf_no_error());
}
