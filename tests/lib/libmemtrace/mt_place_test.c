#include <sys/socket.h>
#include <sys/stat.h>

#include <atf-c.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "mt_place.h"

ATF_TC_WITHOUT_HEAD(private);
ATF_TC_BODY(private, tc)
{
	struct stat st;
	int fd;

	(void)tc;
	ATF_CHECK_EQ(-1, mt_place_open(AT_FDCWD, "mine", false));
	ATF_CHECK_EQ(ENOENT, errno);
	(void)umask(0);
	fd = mt_place_open(AT_FDCWD, "mine", true);
	ATF_REQUIRE(fd != -1);
	ATF_REQUIRE_EQ(0, fstat(fd, &st));
	ATF_CHECK_EQ(S_IFDIR | 0700, st.st_mode);
	ATF_CHECK(mt_place_is_private(fd));
	ATF_CHECK(mt_place_is_safe(fd));
	ATF_CHECK((fcntl(fd, F_GETFD) & FD_CLOEXEC) != 0);
	(void)close(fd);
	fd = mt_place_open(AT_FDCWD, "mine", true);
	ATF_CHECK(fd != -1);
	(void)close(fd);
}

ATF_TC(refused);
ATF_TC_HEAD(refused, tc)
{
	atf_tc_set_md_var(tc, "descr", "what is open to others, a link or no "
	    "directory is not used");
}
ATF_TC_BODY(refused, tc)
{
	static const mode_t open_to[] = { 0701, 0710, 0720, 0704, 0777 };
	size_t i;

	(void)tc;
	ATF_REQUIRE_EQ(0, mkdir("open", 0700));
	for (i = 0; i < sizeof(open_to) / sizeof(open_to[0]); i++) {
		ATF_REQUIRE_EQ(0, chmod("open", open_to[i]));
		errno = 0;
		ATF_CHECK_EQ(-1, mt_place_open(AT_FDCWD, "open", true));
		ATF_CHECK_EQ(EACCES, errno);
	}
	ATF_REQUIRE_EQ(0, mkdir("mine", 0700));
	ATF_REQUIRE_EQ(0, symlink("mine", "link"));
	ATF_CHECK_EQ(-1, mt_place_open(AT_FDCWD, "link", true));
	ATF_CHECK(errno == ELOOP || errno == ENOTDIR);
	atf_utils_create_file("file", "%s", "");
	ATF_CHECK_EQ(-1, mt_place_open(AT_FDCWD, "file", true));
	ATF_CHECK_EQ(ENOTDIR, errno);
}

ATF_TC(strangers);
ATF_TC_HEAD(strangers, tc)
{
	atf_tc_set_md_var(tc, "descr", "what belongs to somebody else");
	atf_tc_set_md_var(tc, "require.user", "root");
}
ATF_TC_BODY(strangers, tc)
{
	int fd;

	(void)tc;
	ATF_REQUIRE_EQ(0, mkdir("theirs", 0700));
	ATF_REQUIRE_EQ(0, chown("theirs", 65534, 65534));
	ATF_CHECK_EQ(-1, mt_place_open(AT_FDCWD, "theirs", true));
	ATF_CHECK_EQ(EACCES, errno);
	fd = open("theirs", O_RDONLY);
	ATF_REQUIRE(fd != -1);
	ATF_CHECK(!mt_place_is_private(fd));
	ATF_CHECK(!mt_place_is_safe(fd));
	/* Not even if it looks like /tmp. */
	ATF_REQUIRE_EQ(0, chmod("theirs", 01777));
	ATF_CHECK(!mt_place_is_safe(fd));
	(void)close(fd);
}

ATF_TC(safe);
ATF_TC_HEAD(safe, tc)
{
	atf_tc_set_md_var(tc, "descr", "directories for all, with and without "
	    "the sticky bit");
}
ATF_TC_BODY(safe, tc)
{
	int fd;

	(void)tc;
	ATF_REQUIRE_EQ(0, mkdir("all", 0700));
	fd = open("all", O_RDONLY);
	ATF_REQUIRE(fd != -1);
	ATF_REQUIRE_EQ(0, fchmod(fd, 0755));
	ATF_CHECK(mt_place_is_safe(fd));
	ATF_REQUIRE_EQ(0, fchmod(fd, 0777));
	ATF_CHECK(!mt_place_is_safe(fd));
	ATF_REQUIRE_EQ(0, fchmod(fd, 0770));
	ATF_CHECK(!mt_place_is_safe(fd));
	ATF_REQUIRE_EQ(0, fchmod(fd, 01777));
	ATF_CHECK(mt_place_is_safe(fd));
	ATF_CHECK(!mt_place_is_private(fd));
	(void)close(fd);
}

ATF_TC(address);
ATF_TC_HEAD(address, tc)
{
	atf_tc_set_md_var(tc, "descr", "a socket is found in its directory, "
	    "whatever the name of that stands for meanwhile");
}
ATF_TC_BODY(address, tc)
{
	struct sockaddr_un sun;
	char name[sizeof(sun.sun_path)];
	int dir, s;

	(void)tc;
	dir = mt_place_open(AT_FDCWD, "mine", true);
	ATF_REQUIRE(dir != -1);
	ATF_REQUIRE(mt_place_address(&sun, dir, "s"));
	s = socket(AF_UNIX, SOCK_STREAM, 0);
	ATF_REQUIRE(s != -1);
	ATF_REQUIRE_EQ(0, rename("mine", "moved"));
	ATF_REQUIRE_EQ(0, mkdir("mine", 0700));
	ATF_REQUIRE_EQ(0, bind(s, (struct sockaddr *)&sun, sizeof(sun)));
	ATF_CHECK_EQ(0, access("moved/s", F_OK));
	ATF_CHECK_EQ(-1, access("mine/s", F_OK));
	memset(name, 'x', sizeof(name));
	name[sizeof(name) - 1] = '\0';
	ATF_CHECK(!mt_place_address(&sun, dir, name));
	(void)close(s);
	(void)close(dir);
}

ATF_TC(no_feed);
ATF_TC_HEAD(no_feed, tc)
{
	atf_tc_set_md_var(tc, "descr", "why there is no place for a feed");
}
ATF_TC_BODY(no_feed, tc)
{
	char path[MT_PLACE_PATH], dir[MT_PLACE_PATH];

	(void)tc;
	ATF_REQUIRE_EQ(0, unsetenv("XDG_RUNTIME_DIR"));
	ATF_CHECK_ERRNO(ENOENT, mt_place_feed(0, true, path) == -1);
	ATF_REQUIRE_EQ(0, setenv("XDG_RUNTIME_DIR", "relative", 1));
	ATF_CHECK_ERRNO(ENOENT, mt_place_feed(0, true, path) == -1);
	memset(dir, 'x', sizeof(dir) - 1);
	dir[0] = '/';
	dir[sizeof(dir) - 1] = '\0';
	ATF_REQUIRE_EQ(0, setenv("XDG_RUNTIME_DIR", dir, 1));
	ATF_CHECK_ERRNO(ENAMETOOLONG, mt_place_feed(0, true, path) == -1);
	ATF_REQUIRE_EQ(0, setenv("XDG_RUNTIME_DIR", "/none", 1));
	ATF_CHECK_ERRNO(ENOENT, mt_place_feed(0, true, path) == -1);
}

ATF_TP_ADD_TCS(tp)
{
	ATF_TP_ADD_TC(tp, private);
	ATF_TP_ADD_TC(tp, refused);
	ATF_TP_ADD_TC(tp, strangers);
	ATF_TP_ADD_TC(tp, safe);
	ATF_TP_ADD_TC(tp, address);
	ATF_TP_ADD_TC(tp, no_feed);
	return (atf_no_error());
}
