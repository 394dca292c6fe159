#include <sys/stat.h>

#include <atf-c.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "fe_allocator.h"
#include "file_subr.h"

ATF_TC(overwrite);
ATF_TC_HEAD(overwrite, tc)
{
	atf_tc_set_md_var(tc, "descr", "a file is replaced only if told so");
}
ATF_TC_BODY(overwrite, tc)
{
	struct fe_file f;

	write_file("out", false, "first, and longer\n");
	ATF_CHECK(!fe_file_open(&f, "out", false));
	ATF_CHECK(atf_utils_compare_file("out", "first, and longer\n"));
	write_file("out", true, "second\n");
	ATF_CHECK(atf_utils_compare_file("out", "second\n"));
}

ATF_TC(link);
ATF_TC_HEAD(link, tc)
{
	atf_tc_set_md_var(tc, "descr", "a link counts as what it leads to");
}
ATF_TC_BODY(link, tc)
{
	struct fe_file f;

	atf_utils_create_file("there", "x\n");
	ATF_REQUIRE_EQ(0, symlink("there", "link"));
	ATF_CHECK(!fe_file_open(&f, "link", false));
	ATF_CHECK(atf_utils_compare_file("there", "x\n"));
	write_file("link", true, "y\n");
	ATF_CHECK(atf_utils_compare_file("there", "y\n"));
}

ATF_TC_WITHOUT_HEAD(devices);
ATF_TC_BODY(devices, tc)
{
	write_file("/dev/null", false, "nothing\n");
}

ATF_TC_WITHOUT_HEAD(directories);
ATF_TC_BODY(directories, tc)
{
	struct fe_file f;

	ATF_REQUIRE_EQ(0, mkdir("dir", 0700));
	ATF_CHECK(!fe_file_open(&f, "dir", true));
	ATF_CHECK(!fe_file_open(&f, "dir", false));
	ATF_CHECK(!fe_file_open(&f, "no/such/dir", false));
	ATF_CHECK(!fe_file_open(&f, "", false));
}

ATF_TC_WITHOUT_HEAD(standard_output);
ATF_TC_BODY(standard_output, tc)
{
	struct fe_file f;

	ATF_REQUIRE(fe_file_open(&f, "-", false));
	ATF_CHECK(f.fp == stdout);
	ATF_CHECK(fe_file_close(&f));
	ATF_REQUIRE(fe_file_open(&f, NULL, false));
	ATF_CHECK(f.fp == stdout);
	ATF_CHECK(fe_file_close(&f));
	ATF_CHECK(puts("still open") >= 0);
}

ATF_TC(failed);
ATF_TC_HEAD(failed, tc)
{
	atf_tc_set_md_var(tc, "descr", "a full disk leaves no half file");
}
ATF_TC_BODY(failed, tc)
{
	struct fe_file f;

	if (access("/dev/full", W_OK) != 0)
		atf_tc_skip("needs /dev/full");
	ATF_REQUIRE(fe_file_open(&f, "/dev/full", false));
	(void)fputs("text\n", f.fp);
	ATF_CHECK(!fe_file_close(&f));
	ATF_CHECK_EQ(0, access("/dev/full", W_OK));

	ATF_REQUIRE(fe_file_open(&f, "out", false));
	ATF_REQUIRE(freopen("/dev/full", "w", f.fp) != NULL);
	(void)fputs("text\n", f.fp);
	ATF_CHECK(!fe_file_close(&f));
	ATF_CHECK(access("out", F_OK) != 0);
}

static void
check_name(const char *capture, const char *want)
{
	char *got = fe_file_name(capture, "csv", ".csv");

	ATF_CHECK_STREQ(want, got);
	free(got);
}

ATF_TC_WITHOUT_HEAD(names);
ATF_TC_BODY(names, tc)
{
	check_name("memray-app.py.12.bin", "memray-csv-app.py.12.csv");
	check_name("/a/b.c/memray-x.bin", "/a/b.c/memray-csv-x.csv");
	check_name("app.bin", "memray-csv-app.csv");
	check_name("./app", "./memray-csv-app.csv");
	check_name(".hidden", "memray-csv-.hidden.csv");
	/* A child's capture, which ends in a process id. */
	check_name("memray-x.12.bin.13", "memray-csv-x.12.bin.13.csv");
	check_name("x.", "memray-csv-x..csv");
}

ATF_TC_WITHOUT_HEAD(allocators);
ATF_TC_BODY(allocators, tc)
{
	char buf[FE_ALLOCATOR_MAX];

	ATF_CHECK_STREQ("MALLOC", fe_allocator(buf, 1));
	ATF_CHECK_STREQ("PYMALLOC_CALLOC", fe_allocator(buf, 13));
	ATF_CHECK_STREQ("UNKNOWN", fe_allocator(buf, 60));
}

ATF_TP_ADD_TCS(tp)
{
	ATF_TP_ADD_TC(tp, overwrite);
	ATF_TP_ADD_TC(tp, link);
	ATF_TP_ADD_TC(tp, devices);
	ATF_TP_ADD_TC(tp, directories);
	ATF_TP_ADD_TC(tp, standard_output);
	ATF_TP_ADD_TC(tp, failed);
	ATF_TP_ADD_TC(tp, names);
	ATF_TP_ADD_TC(tp, allocators);
	return (atf_no_error());
}
