#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>

#include <atf-c.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "mt_collect_stale.h"

/* A private directory of that age with a socket; returns the socket. */
static int
make(const char *name, int age, int listening)
{
	struct timespec times[2] = { { 0, 0 }, { 0, 0 } };
	struct sockaddr_un sun;
	int s;

	ATF_REQUIRE_EQ(0, mkdir(name, 0700));
	memset(&sun, 0, sizeof(sun));
	sun.sun_family = AF_UNIX;
	ATF_REQUIRE((size_t)snprintf(sun.sun_path, sizeof(sun.sun_path),
	    "%s/s", name) < sizeof(sun.sun_path));
	ATF_REQUIRE((s = socket(AF_UNIX, SOCK_SEQPACKET, 0)) != -1);
	ATF_REQUIRE_EQ(0, bind(s, (struct sockaddr *)&sun, sizeof(sun)));
	if (listening)
		ATF_REQUIRE_EQ(0, listen(s, 1));
	times[0].tv_sec = times[1].tv_sec = time(NULL) - age;
	ATF_REQUIRE_EQ(0, utimensat(AT_FDCWD, name, times, 0));
	return (s);
}

ATF_TC(dead);
ATF_TC_HEAD(dead, tc)
{
	atf_tc_set_md_var(tc, "descr",
	    "what a killed collector leaves is removed, links and all");
}
ATF_TC_BODY(dead, tc)
{
	ATF_REQUIRE_EQ(0, close(make("memtrace.abcdef", 100, 1)));
	ATF_REQUIRE_EQ(0, symlink("/nowhere", "memtrace.abcdef/agent.so"));
	/* The link has made the directory young again. */
	mt_collect_stale_remove(".");
	ATF_CHECK_EQ(0, access("memtrace.abcdef", F_OK));
	ATF_REQUIRE_EQ(0, utimensat(AT_FDCWD, "memtrace.abcdef",
	    (struct timespec[2]){ { 1, 0 }, { 1, 0 } }, 0));
	mt_collect_stale_remove(".");
	ATF_CHECK_EQ(-1, access("memtrace.abcdef", F_OK));
}

ATF_TC(kept);
ATF_TC_HEAD(kept, tc)
{
	atf_tc_set_md_var(tc, "descr",
	    "live, young and foreign directories are left alone");
}
ATF_TC_BODY(kept, tc)
{
	int live;

	live = make("memtrace.livexx", 100, 1);
	ATF_REQUIRE_EQ(0, close(make("memtrace.youngx", 0, 0)));
	ATF_REQUIRE_EQ(0, close(make("memtrace.longname", 100, 0)));
	ATF_REQUIRE_EQ(0, close(make("memtrace.openxx", 100, 0)));
	ATF_REQUIRE_EQ(0, chmod("memtrace.openxx", 0755));
	ATF_REQUIRE_EQ(0, mkdir("memtrace.emptyx", 0700));
	mt_collect_stale_remove(".");
	ATF_CHECK_EQ(0, access("memtrace.livexx/s", F_OK));
	ATF_CHECK_EQ(0, access("memtrace.youngx/s", F_OK));
	ATF_CHECK_EQ(0, access("memtrace.longname/s", F_OK));
	ATF_CHECK_EQ(0, access("memtrace.openxx/s", F_OK));
	ATF_CHECK_EQ(0, access("memtrace.emptyx", F_OK));
	ATF_CHECK_EQ(0, close(live));
}

ATF_TP_ADD_TCS(tp)
{
	ATF_TP_ADD_TC(tp, dead);
	ATF_TP_ADD_TC(tp, kept);
	return (atf_no_error());
}
