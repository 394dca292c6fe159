#include <sys/stat.h>

#include <atf-c.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "fe_create.h"
#include "file_subr.h"

#define NOBODY	65534

static enum fe_create_status
status_of(const char *name, unsigned flags)
{
	struct fe_create c;
	enum fe_create_status status = fe_create_open(&c, name, flags);

	if (status == FE_CREATE_OK) {
		fe_create_discard(&c);
		(void)close(c.fd);
		fe_create_fini(&c);
	}
	return (status);
}

ATF_TC(private);
ATF_TC_HEAD(private, tc)
{
	atf_tc_set_md_var(tc, "descr", "what is written is its owner's alone, "
	    "whatever was there");
}
ATF_TC_BODY(private, tc)
{
	struct stat st;

	(void)tc;
	(void)umask(0);
	write_file("new", false, "x\n");
	ATF_REQUIRE_EQ(0, stat("new", &st));
	ATF_CHECK_EQ(S_IFREG | 0600, st.st_mode);
	ATF_REQUIRE_EQ(0, chmod("new", 0644));
	write_file("new", true, "y\n");
	ATF_REQUIRE_EQ(0, stat("new", &st));
	ATF_CHECK_EQ(S_IFREG | 0600, st.st_mode);
}

ATF_TC(at_once);
ATF_TC_HEAD(at_once, tc)
{
	atf_tc_set_md_var(tc, "descr", "a file is replaced when the new one is "
	    "whole, at once, or not at all");
}
ATF_TC_BODY(at_once, tc)
{
	struct fe_file f;
	FILE *old;

	(void)tc;
	atf_utils_create_file("out", "old\n");
	ATF_REQUIRE((old = fopen("out", "r")) != NULL);
	ATF_REQUIRE(fe_file_open(&f, "out", true));
	(void)fputs("new\n", f.fp);
	(void)fflush(f.fp);
	ATF_CHECK(atf_utils_compare_file("out", "old\n"));
	fe_file_discard(&f);
	ATF_CHECK(atf_utils_compare_file("out", "old\n"));
	write_file("out", true, "new\n");
	ATF_CHECK(atf_utils_compare_file("out", "new\n"));
	/* Who had it open still reads the one that he has opened. */
	ATF_CHECK_EQ('o', getc(old));
	(void)fclose(old);
	/* Nothing is left beside it. */
	ATF_CHECK_EQ(0, system("test -z \"$(ls -A | grep 'out[.]')\""));
}

ATF_TC_WITHOUT_HEAD(kinds);
ATF_TC_BODY(kinds, tc)
{
	(void)tc;
	ATF_REQUIRE_EQ(0, mkdir("dir", 0700));
	ATF_REQUIRE_EQ(0, mkfifo("fifo", 0600));
	ATF_REQUIRE_EQ(0, symlink("none", "nowhere"));
	ATF_REQUIRE_EQ(0, symlink("file", "link"));
	atf_utils_create_file("file", "x\n");
	ATF_CHECK_EQ(FE_CREATE_DIR, status_of("dir", FE_CREATE_FORCE));
	ATF_CHECK_EQ(FE_CREATE_STREAM, status_of("fifo", FE_CREATE_FILES));
	ATF_CHECK_EQ(FE_CREATE_STREAM, status_of("/dev/fd/1",
	    FE_CREATE_FILES));
	ATF_CHECK_EQ(FE_CREATE_EXISTS, status_of("file", 0));
	ATF_CHECK_EQ(FE_CREATE_EXISTS, status_of("link", 0));
	ATF_CHECK_EQ(FE_CREATE_EXISTS, status_of("nowhere", 0));
	ATF_CHECK_EQ(FE_CREATE_OK, status_of("nowhere", FE_CREATE_FORCE));
	ATF_CHECK_EQ(FE_CREATE_ERRNO, status_of("no/such", 0));
	ATF_CHECK_EQ(FE_CREATE_OK, status_of("/dev/fd/1", 0));
	ATF_CHECK_EQ(FE_CREATE_ERRNO, status_of("/dev/fd/999", 0));
	ATF_CHECK(atf_utils_compare_file("file", "x\n"));
	ATF_CHECK_EQ(7, fe_create_descriptor("/proc/self/fd/7"));
	ATF_CHECK_EQ(-1, fe_create_descriptor("/dev/fd/7x"));
}

ATF_TC(strangers);
ATF_TC_HEAD(strangers, tc)
{
	atf_tc_set_md_var(tc, "descr", "what somebody else has put in the "
	    "place of a file is not written to");
	atf_tc_set_md_var(tc, "require.user", "root");
}
ATF_TC_BODY(strangers, tc)
{
	(void)tc;
	atf_utils_create_file("victim", "precious\n");
	ATF_REQUIRE_EQ(0, symlink("victim", "link"));
	ATF_REQUIRE_EQ(0, lchown("link", NOBODY, (gid_t)-1));
	ATF_REQUIRE_EQ(0, mkfifo("fifo", 0666));
	ATF_REQUIRE_EQ(0, chown("fifo", NOBODY, (gid_t)-1));
	ATF_CHECK_EQ(FE_CREATE_STRANGE, status_of("link", 0));
	ATF_CHECK_EQ(FE_CREATE_STRANGE, status_of("link", FE_CREATE_FORCE));
	ATF_CHECK_EQ(FE_CREATE_STRANGE, status_of("fifo", FE_CREATE_FORCE));
	ATF_CHECK(atf_utils_compare_file("victim", "precious\n"));
}

ATF_TC(no_room);
ATF_TC_HEAD(no_room, tc)
{
	atf_tc_set_md_var(tc, "descr", "where the directory takes no new file, "
	    "our own one is written over, and nobody else's");
	atf_tc_set_md_var(tc, "require.user", "root");
}
ATF_TC_BODY(no_room, tc)
{
	struct fe_file f;
	struct stat st;

	(void)tc;
	ATF_REQUIRE_EQ(0, mkdir("dir", 0755) | chmod(".", 0755));
	atf_utils_create_file("dir/ours", "longer than the new one\n");
	atf_utils_create_file("dir/theirs", "x\n");
	ATF_REQUIRE_EQ(0, chown("dir/ours", NOBODY, (gid_t)-1));
	ATF_REQUIRE_EQ(0, chmod("dir/ours", 0644));
	ATF_REQUIRE_EQ(0, chmod("dir/theirs", 0666));
	ATF_REQUIRE_EQ(0, chdir("dir"));
	ATF_REQUIRE_EQ(0, seteuid(NOBODY));
	write_file("ours", true, "new\n");
	ATF_CHECK(!fe_file_open(&f, "theirs", true));
	ATF_REQUIRE_EQ(0, seteuid(0));
	ATF_CHECK(atf_utils_compare_file("ours", "new\n"));
	ATF_CHECK(atf_utils_compare_file("theirs", "x\n"));
	ATF_REQUIRE_EQ(0, stat("ours", &st));
	ATF_CHECK_EQ(S_IFREG | 0600, st.st_mode);
}

ATF_TP_ADD_TCS(tp)
{
	ATF_TP_ADD_TC(tp, private);
	ATF_TP_ADD_TC(tp, at_once);
	ATF_TP_ADD_TC(tp, kinds);
	ATF_TP_ADD_TC(tp, strangers);
	ATF_TP_ADD_TC(tp, no_room);
	return (atf_no_error());
}
