#include <sys/stat.h>
#include <sys/types.h>

#include <atf-c.h>
#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "mt_collect_hello.h"
#include "mt_collect_os.h"
#include "producer.h"

#define TAG	5

static struct mt_collect_hello hello;
static int poll_set;
static unsigned heard;
static pid_t heard_pid;
static char heard_version[64];

static void
on_hello(void *arg, int conn, pid_t pid, const struct mt_hello *h)
{
	(void)arg;
	heard++;
	heard_pid = pid;
	memcpy(heard_version, h->py_version, sizeof(heard_version));
	(void)mt_collect_hello_ignore(conn);
}

static void
begin(void)
{
	ATF_REQUIRE((poll_set = mt_collect_os_poll_new()) != -1);
	ATF_REQUIRE_EQ(MT_OK, mt_collect_hello_init(&hello, poll_set, TAG,
	    on_hello, NULL, NULL));
}

static void
end(void)
{
	mt_collect_hello_fini(&hello);
	(void)close(poll_set);
}

static int
connect_peer(void)
{
	int s;

	ATF_REQUIRE((s = producer_connect(hello.path)) != -1);
	return (s);
}

static bool
was_dropped(int s)
{
	char c;

	return (recv(s, &c, 1, MSG_DONTWAIT) != -1 || errno != EAGAIN);
}

/* What the poll set says is what there is to do. */
static void
step(uint64_t now_us)
{
	uint32_t tag;

	while (mt_collect_os_poll_ready(poll_set, &tag, 1) > 0) {
		ATF_REQUIRE_EQ(TAG, tag);
		mt_collect_hello_step(&hello, now_us);
	}
}

ATF_TC(private);
ATF_TC_HEAD(private, tc)
{
	atf_tc_set_md_var(tc, "descr", "the socket's directory is ours alone "
	    "and goes away");
}
ATF_TC_BODY(private, tc)
{
	char cwd[PATH_MAX];
	struct stat st;

	ATF_REQUIRE_EQ(0, mkdir("run", 0700));
	ATF_REQUIRE_EQ(0, chdir("run"));
	ATF_REQUIRE(getcwd(cwd, sizeof(cwd)) != NULL);
	if (strlen(cwd) > 80)
		atf_tc_skip("the path of the work directory is too long");
	ATF_REQUIRE_EQ(0, setenv("XDG_RUNTIME_DIR", cwd, 1));
	begin();
	ATF_CHECK_EQ(0, strncmp(hello.path, cwd, strlen(cwd)));
	ATF_REQUIRE_EQ(0, stat(hello.dir, &st));
	ATF_CHECK_EQ(0700, st.st_mode & 07777);
	end();
	ATF_CHECK_EQ(-1, stat(hello.dir, &st));
}

ATF_TC(no_runtime_dir);
ATF_TC_HEAD(no_runtime_dir, tc)
{
	atf_tc_set_md_var(tc, "descr", "a directory that is missing, relative "
	    "or too long is not used");
}
ATF_TC_BODY(no_runtime_dir, tc)
{
	char dir[300];
	size_t i;
	const char *dirs[] = { "/nonexistent", "relative", "", dir };

	memset(dir, 'x', sizeof(dir) - 1);
	dir[0] = '/';
	dir[sizeof(dir) - 1] = '\0';
	for (i = 0; i < sizeof(dirs) / sizeof(dirs[0]); i++) {
		ATF_REQUIRE_EQ(0, setenv("XDG_RUNTIME_DIR", dirs[i], 1));
		begin();
		ATF_CHECK_EQ(0, strncmp(hello.path, "/tmp/memtrace.", 14));
		end();
	}
}

/* A directory like this is passed over. */
static void
runtime_dir_like(mode_t mode, uid_t owner)
{
	char cwd[PATH_MAX];

	ATF_REQUIRE_EQ(0, mkdir("run", 0700));
	ATF_REQUIRE_EQ(0, chmod("run", mode));
	ATF_REQUIRE_EQ(0, chown("run", owner, (gid_t)-1));
	ATF_REQUIRE_EQ(0, chdir("run"));
	ATF_REQUIRE(getcwd(cwd, sizeof(cwd)) != NULL);
	ATF_REQUIRE_EQ(0, setenv("XDG_RUNTIME_DIR", cwd, 1));
	begin();
	ATF_CHECK_EQ(0, strncmp(hello.path, "/tmp/memtrace.", 14));
	end();
}

ATF_TC(shared_runtime_dir);
ATF_TC_HEAD(shared_runtime_dir, tc)
{
	atf_tc_set_md_var(tc, "descr", "a runtime directory that others can "
	    "enter is not used");
}
ATF_TC_BODY(shared_runtime_dir, tc)
{
	runtime_dir_like(0711, geteuid());
}

ATF_TC(strangers_runtime_dir);
ATF_TC_HEAD(strangers_runtime_dir, tc)
{
	atf_tc_set_md_var(tc, "descr", "nor is somebody else's, as su without "
	    "a login leaves it");
	atf_tc_set_md_var(tc, "require.user", "root");
}
ATF_TC_BODY(strangers_runtime_dir, tc)
{
	runtime_dir_like(0700, 65534);
}

ATF_TC(renamed);
ATF_TC_HEAD(renamed, tc)
{
	atf_tc_set_md_var(tc, "descr", "whoever takes the directory's name has "
	    "nothing removed in it");
}
ATF_TC_BODY(renamed, tc)
{
	char moved[PATH_MAX];
	struct stat st;

	begin();
	(void)snprintf(moved, sizeof(moved), "%s.moved", hello.dir);
	ATF_REQUIRE_EQ(0, rename(hello.dir, moved));
	ATF_REQUIRE_EQ(0, mkdir(hello.dir, 0700));
	atf_utils_create_file(hello.path, "mine\n");
	end();
	ATF_CHECK_EQ(-1, stat(hello.path, &st));	/* "" */
	ATF_CHECK_EQ(0, rmdir(moved));
	ATF_CHECK_EQ(-1, rmdir(hello.dir));
	(void)strcat(hello.dir, "/s");
	ATF_CHECK_EQ(0, unlink(hello.dir));
	*strrchr(hello.dir, '/') = '\0';
	ATF_CHECK_EQ(0, rmdir(hello.dir));
}

ATF_TC(said);
ATF_TC_HEAD(said, tc)
{
	atf_tc_set_md_var(tc, "descr", "a hello is heard and answered, at once "
	    "or later; the version string ends");
}
ATF_TC_BODY(said, tc)
{
	struct mt_hello h = { .magic = MT_HELLO_MAGIC };
	struct mt_welcome w;
	int s;

	begin();
	memset(h.py_version, '3', sizeof(h.py_version));
	s = connect_peer();
	step(0);
	ATF_CHECK(!was_dropped(s));
	ATF_REQUIRE_EQ(sizeof(h), send(s, &h, sizeof(h), 0));
	step(0);
	ATF_CHECK_EQ(1, heard);
	ATF_CHECK_EQ(getpid(), heard_pid);
	ATF_CHECK_EQ(63, strlen(heard_version));
	ATF_REQUIRE_EQ(sizeof(w), recv(s, &w, sizeof(w), 0));
	ATF_CHECK_EQ(MT_IGNORE, w.verdict);
	(void)close(s);
	end();
}

ATF_TC(wrong);
ATF_TC_HEAD(wrong, tc)
{
	atf_tc_set_md_var(tc, "descr", "what is no hello is not heard");
}
ATF_TC_BODY(wrong, tc)
{
	char b[sizeof(struct mt_hello) + 1];
	struct mt_hello h = { .magic = MT_HELLO_MAGIC + 1 };
	size_t n;
	int s;

	begin();
	for (n = 0; n <= sizeof(b); n += sizeof(b) / 3) {
		memset(b, 'x', sizeof(b));
		s = connect_peer();
		ATF_REQUIRE_EQ((ssize_t)n, send(s, b, n, 0));
		step(0);
		ATF_CHECK(was_dropped(s));
		(void)close(s);
	}
	s = connect_peer();
	ATF_REQUIRE_EQ(sizeof(h), send(s, &h, sizeof(h), 0));
	step(0);
	ATF_CHECK(was_dropped(s));
	ATF_CHECK_EQ(0, heard);
	(void)close(s);
	end();
}

ATF_TC(silent);
ATF_TC_HEAD(silent, tc)
{
	atf_tc_set_md_var(tc, "descr", "silent peers are dropped, in time and "
	    "in number");
}
ATF_TC_BODY(silent, tc)
{
	int s[MT_COLLECT_HALF_OPEN + 2];
	unsigned i;

	begin();
	for (i = 0; i < MT_COLLECT_HALF_OPEN + 2; i++) {
		s[i] = connect_peer();
		step(i);
	}
	ATF_CHECK(was_dropped(s[0]));
	ATF_CHECK(was_dropped(s[1]));
	ATF_CHECK(!was_dropped(s[2]));
	mt_collect_hello_expire(&hello, MT_COLLECT_SILENCE_US + 2);
	ATF_CHECK(was_dropped(s[2]));
	ATF_CHECK(!was_dropped(s[3]));
	mt_collect_hello_expire(&hello, 2 * MT_COLLECT_SILENCE_US);
	ATF_CHECK(was_dropped(s[MT_COLLECT_HALF_OPEN + 1]));
	for (i = 0; i < MT_COLLECT_HALF_OPEN + 2; i++)
		(void)close(s[i]);
	end();
}

ATF_TC(stranger);
ATF_TC_HEAD(stranger, tc)
{
	atf_tc_set_md_var(tc, "descr", "other users are not heard");
	atf_tc_set_md_var(tc, "require.user", "root");
}
ATF_TC_BODY(stranger, tc)
{
	struct mt_hello h = { .magic = MT_HELLO_MAGIC };
	int s;

	begin();
	/* They do not even get there, unless somebody opens the door. */
	ATF_REQUIRE_EQ(0, chmod(hello.dir, 0777));
	ATF_REQUIRE_EQ(0, chmod(hello.path, 0777));
	ATF_REQUIRE_EQ(0, seteuid(65534));
	s = connect_peer();
	ATF_REQUIRE_EQ(0, seteuid(0));
	(void)send(s, &h, sizeof(h), MSG_NOSIGNAL);
	step(0);
	ATF_CHECK_EQ(0, heard);
	(void)close(s);
	end();
}

ATF_TP_ADD_TCS(tp)
{
	ATF_TP_ADD_TC(tp, private);
	ATF_TP_ADD_TC(tp, no_runtime_dir);
	ATF_TP_ADD_TC(tp, shared_runtime_dir);
	ATF_TP_ADD_TC(tp, strangers_runtime_dir);
	ATF_TP_ADD_TC(tp, renamed);
	ATF_TP_ADD_TC(tp, said);
	ATF_TP_ADD_TC(tp, wrong);
	ATF_TP_ADD_TC(tp, silent);
	ATF_TP_ADD_TC(tp, stranger);
	return (atf_no_error());
}
