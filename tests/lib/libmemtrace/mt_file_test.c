#include <sys/inotify.h>
#include <sys/stat.h>

#include <atf-c.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "mt_file.h"

#define NOBODY	65534

/* A directory of the working directory's worth at best, with this mode. */
static void
make_dir(const char *name, mode_t mode)
{
	ATF_REQUIRE_EQ(0, mkdir(name, 0700));
	ATF_REQUIRE_EQ(0, chmod(name, mode));
}

static void
check_private(int fd)
{
	struct stat st;

	ATF_REQUIRE(fd != -1);
	ATF_REQUIRE_EQ(0, fstat(fd, &st));
	ATF_CHECK_EQ(S_IFREG | 0600, st.st_mode);
	ATF_CHECK((fcntl(fd, F_GETFD) & FD_CLOEXEC) != 0);
	ATF_CHECK_EQ(O_RDWR, fcntl(fd, F_GETFL) & O_ACCMODE);
}

ATF_TC(plain);
ATF_TC_HEAD(plain, tc)
{
	atf_tc_set_md_var(tc, "descr", "what is no plain file is not even "
	    "opened to see what it is");
}
ATF_TC_BODY(plain, tc)
{
	char event[4096];
	struct stat st;
	int fd, in;

	(void)tc;
	ATF_REQUIRE_EQ(0, mkfifo("fifo", 0600));
	ATF_REQUIRE_EQ(0, mkdir("dir", 0700));
	atf_utils_create_file("file", "text");
	ATF_REQUIRE((in = inotify_init1(IN_NONBLOCK)) != -1);
	ATF_REQUIRE(inotify_add_watch(in, "fifo", IN_OPEN) != -1);
	ATF_CHECK_ERRNO(EINVAL, mt_file_open("fifo", &st) == -1);
	ATF_CHECK_ERRNO(EINVAL, mt_file_edit("fifo", true) == -1);
	ATF_CHECK_ERRNO(EAGAIN, read(in, event, sizeof(event)) == -1);
	ATF_CHECK_ERRNO(EINVAL, mt_file_open("dir", &st) == -1);
	ATF_CHECK_ERRNO(EINVAL, mt_file_open("/dev/null", &st) == -1);
	ATF_CHECK_ERRNO(ENOENT, mt_file_open("none", &st) == -1);
	fd = mt_file_open("file", &st);
	ATF_REQUIRE(fd != -1);
	ATF_CHECK_EQ(4, st.st_size);
	ATF_CHECK_EQ(O_RDONLY, fcntl(fd, F_GETFL) & O_ACCMODE);
	(void)close(fd);
	(void)close(in);
}

ATF_TC(links);
ATF_TC_HEAD(links, tc)
{
	atf_tc_set_md_var(tc, "descr", "our own symbolic links lead where they "
	    "lead");
}
ATF_TC_BODY(links, tc)
{
	char *place;
	int fd;

	(void)tc;
	atf_utils_create_file("file", "text");
	ATF_REQUIRE_EQ(0, symlink("file", "link"));
	ATF_REQUIRE_EQ(0, symlink("none", "nowhere"));
	ATF_REQUIRE((fd = mt_file_edit("link", true)) != -1);
	ATF_CHECK_EQ(2, write(fd, "TE", 2));
	(void)close(fd);
	ATF_CHECK(atf_utils_compare_file("file", "TExt"));
	ATF_REQUIRE_EQ(0, mt_file_place("link", &place));
	ATF_CHECK(strcmp(place, "link") != 0);
	free(place);
	ATF_REQUIRE_EQ(0, mt_file_place("nowhere", &place));
	ATF_CHECK_STREQ("nowhere", place);
	free(place);
	ATF_CHECK_ERRNO(ELOOP, mt_file_edit("nowhere", true) == -1);
}

ATF_TC(strangers_links);
ATF_TC_HEAD(strangers_links, tc)
{
	atf_tc_set_md_var(tc, "descr", "nothing is written through a symbolic "
	    "link of somebody else");
	atf_tc_set_md_var(tc, "require.user", "root");
}
ATF_TC_BODY(strangers_links, tc)
{
	char *place;

	(void)tc;
	atf_utils_create_file("file", "text");
	ATF_REQUIRE_EQ(0, symlink("file", "link"));
	ATF_REQUIRE_EQ(0, lchown("link", NOBODY, (gid_t)-1));
	ATF_CHECK_ERRNO(ELOOP, mt_file_edit("link", true) == -1);
	ATF_CHECK_ERRNO(ELOOP, mt_file_place("link", &place) == -1);
}

ATF_TC(fresh);
ATF_TC_HEAD(fresh, tc)
{
	atf_tc_set_md_var(tc, "descr", "new files are for their owner alone, "
	    "and are new");
}
ATF_TC_BODY(fresh, tc)
{
	char *name = NULL;
	int fd;

	(void)tc;
	(void)umask(0);
	check_private(mt_file_create("one"));
	ATF_CHECK_ERRNO(EEXIST, mt_file_create("one") == -1);
	ATF_REQUIRE_EQ(0, symlink("other", "link"));
	ATF_CHECK_ERRNO(EEXIST, mt_file_create("link") == -1);
	ATF_CHECK_EQ(-1, access("other", F_OK));
	make_dir("dir", 0700);
	check_private(mt_file_create_beside("dir/one", &name));
	ATF_REQUIRE(name != NULL);
	ATF_CHECK_EQ(0, strncmp("dir/.one.", name, 9));
	ATF_CHECK_EQ(0, rename(name, "dir/one"));
	free(name);
	ATF_REQUIRE((fd = mt_file_memory("mine")) != -1);
	ATF_CHECK_EQ(0, fcntl(fd, F_ADD_SEALS, F_SEAL_SHRINK));
	(void)close(fd);
}

ATF_TC(nameless);
ATF_TC_HEAD(nameless, tc)
{
	atf_tc_set_md_var(tc, "descr", "a temporary file is in TMPDIR and has "
	    "no name there");
}
ATF_TC_BODY(nameless, tc)
{
	char cwd[1024];
	struct stat st, dir;
	int fd;

	(void)tc;
	make_dir("tmp", 0700);
	ATF_REQUIRE_EQ(0, chdir("tmp"));
	ATF_REQUIRE(getcwd(cwd, sizeof(cwd)) != NULL);
	ATF_REQUIRE_EQ(0, setenv("TMPDIR", cwd, 1));
	(void)umask(0);
	check_private(fd = mt_file_temporary());
	ATF_REQUIRE_EQ(0, fstat(fd, &st));
	ATF_REQUIRE_EQ(0, stat(".", &dir));
	ATF_CHECK_EQ(dir.st_dev, st.st_dev);
	ATF_CHECK_EQ(0, st.st_nlink);
	ATF_CHECK_EQ(0, chdir("..") | rmdir("tmp"));
	(void)close(fd);
}

ATF_TP_ADD_TCS(tp)
{
	ATF_TP_ADD_TC(tp, plain);
	ATF_TP_ADD_TC(tp, links);
	ATF_TP_ADD_TC(tp, strangers_links);
	ATF_TP_ADD_TC(tp, fresh);
	ATF_TP_ADD_TC(tp, nameless);
	return (atf_no_error());
}
