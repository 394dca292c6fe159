#include <sys/stat.h>

#include <atf-c.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <mt_feed.h>
#include <mt_wire.h>

#include "mt_collect_live.h"
#include "mt_collect_port.h"
#include "mt_collect_session.h"

/* The drain thread's part is played by the test. */
struct play {
	struct mt_collect_session	 session;
	struct mt_collect_live		*live;
	struct mt_recorder		*r;
	uint32_t			 process;
	unsigned			 rounds;
};

static void
own_directory(void)
{
	char cwd[100];

	ATF_REQUIRE_EQ(0, chmod(".", 0700));
	ATF_REQUIRE(getcwd(cwd, sizeof(cwd)) != NULL);
	ATF_REQUIRE_EQ(0, setenv("XDG_RUNTIME_DIR", cwd, 1));
}

/* address NULL: for viewers of this machine only. */
static void
start_at(struct play *p, const char *address)
{
	struct mt_error e;
	uint32_t thread;

	own_directory();
	memset(p, 0, sizeof(*p));
	ATF_REQUIRE_EQ(MT_OK, mt_collect_session_init(&p->session, 1000, &e));
	ATF_REQUIRE_EQ_MSG(MT_OK, mt_collect_live_new(&p->live, address,
	    0, &p->session, 1000, &e), "%s", e.text);
	ATF_REQUIRE_EQ(MT_OK, mt_collect_live_start(p->live, &e));
	ATF_REQUIRE_EQ(MT_OK, mt_recorder_new(&p->r, NULL, MT_RECORDER_FEED,
	    &e));
	ATF_REQUIRE_EQ(MT_OK, mt_recorder_thread_new(p->r, 7, "Main", &thread,
	    &e));
	p->process = mt_collect_live_begin(p->live, 70, 69, 5);
	ATF_REQUIRE_EQ(0, p->process);
}

static void
start(struct play *p)
{
	start_at(p, NULL);
}

static void
stop(struct play *p)
{
	mt_collect_live_free(p->live);
	mt_collect_session_fini(&p->session);
	mt_recorder_free(p->r);
}

static void
allocate(struct play *p, uint64_t addr, uint64_t size)
{
	ATF_REQUIRE_EQ(MT_OK, mt_recorder_alloc(p->r, 0, 0,
	    MT_ALLOCATOR_MALLOC, addr, size, NULL));
}

static void
drain(struct play *p)
{
	uint64_t now = mt_collect_session_tick(&p->session);
	struct mt_take *t;

	if (!mt_collect_live_wants(p->live, now))
		return;
	ATF_REQUIRE_EQ(MT_OK, mt_recorder_take(p->r, &t, NULL));
	mt_collect_live_push(p->live, p->process, t);
	mt_collect_live_round(p->live, now);
	p->rounds++;
}

static struct mt_feed *
come_to(struct play *p, const char *host)
{
	const struct mt_feed_options o = {
		.host = host,
		.port = mt_collect_live_port(p->live),
		.interval_ms = 100
	};
	struct mt_feed *f;
	struct mt_error e;

	ATF_REQUIRE_EQ_MSG(MT_OK, mt_feed_open(&f, &o, &e), "%s", e.text);
	return (f);
}

static struct mt_feed *
come(struct play *p)
{
	return (come_to(p, NULL));
}

/* Until the next update, or the end: false. */
static bool
update(struct play *p, struct mt_feed *f)
{
	struct pollfd pfd = { .fd = mt_feed_fd(f), .events = POLLIN };
	enum mt_status st;
	bool updated;

	for (;;) {
		drain(p);
		(void)poll(&pfd, 1, 10);
		st = mt_feed_step(f, &updated, NULL);
		ATF_REQUIRE(st >= MT_OK);
		if (updated || st == MT_END)
			return (updated);
	}
}

ATF_TC_WITHOUT_HEAD(watched);
ATF_TC_BODY(watched, tc)
{
	struct mt_feed_process fp;
	struct mt_feed_info info;
	struct mt_feed *f, *late;
	struct play p;

	(void)tc;
	start(&p);
	allocate(&p, 4096, 100);
	/* Nobody is there: nothing is wanted. */
	drain(&p);
	ATF_CHECK_EQ(0, p.rounds);
	ATF_CHECK_EQ(0, mt_collect_live_came(p.live));
	f = come(&p);
	ATF_REQUIRE(update(&p, f));
	ATF_CHECK_EQ(1, mt_collect_live_came(p.live));
	mt_feed_process(f, 0, &fp);
	ATF_CHECK_EQ(70, fp.pid);
	ATF_CHECK_EQ(69, fp.parent_pid);
	ATF_CHECK_EQ(100, fp.heap);
	allocate(&p, 8192, 200);
	do
		ATF_REQUIRE(update(&p, f));
	while (mt_feed_process(f, 0, &fp), fp.heap == 100);
	ATF_CHECK_EQ(300, fp.heap);
	late = come(&p);
	ATF_REQUIRE(update(&p, late));
	mt_feed_process(late, 0, &fp);
	ATF_CHECK_EQ(300, fp.heap);
	mt_feed_close(late);
	mt_collect_live_end(p.live, 0, NULL, false, 0x200);
	mt_collect_live_stop(p.live, 0x200);
	while (update(&p, f))
		continue;
	mt_feed_info(f, &info);
	ATF_CHECK_EQ(MT_FEED_ENDED, info.state);
	ATF_CHECK_EQ(0x200, info.exit_status);
	ATF_CHECK_EQ((uint64_t)getpid(), info.collector);
	mt_feed_process(f, 0, &fp);
	ATF_CHECK(!fp.running);
	mt_feed_close(f);
	stop(&p);
}

ATF_TC(sealed);
ATF_TC_HEAD(sealed, tc)
{
	atf_tc_set_md_var(tc, "descr", "the same numbers through a network, "
	    "in more than one record");
}
ATF_TC_BODY(sealed, tc)
{
	struct mt_feed_process fp;
	struct mt_feed_info info;
	struct mt_feed *f, *local;
	static char line[200000];
	struct play p;
	int i;

	(void)tc;
	memset(line, 'x', sizeof(line) - 1);
	start_at(&p, "127.0.0.1");
	ATF_REQUIRE_EQ(MT_OK, mt_recorder_text(p.r, "command_line", line,
	    NULL));
	allocate(&p, 4096, 100);
	f = come_to(&p, "127.0.0.1");
	local = come(&p);
	for (i = 0; i < 5; i++) {
		ATF_REQUIRE(update(&p, f));
		ATF_REQUIRE_EQ(MT_OK, mt_feed_interval(f, 100, NULL));
	}
	ATF_REQUIRE(update(&p, local));
	mt_feed_process(f, 0, &fp);
	ATF_CHECK_EQ(100, fp.heap);
	ATF_CHECK_STREQ(line, fp.command_line);
	mt_feed_process(local, 0, &fp);
	ATF_CHECK_STREQ(line, fp.command_line);
	mt_feed_close(local);
	mt_collect_live_stop(p.live, 0);
	while (update(&p, f))
		continue;
	mt_feed_info(f, &info);
	ATF_CHECK_EQ(MT_FEED_ENDED, info.state);
	mt_feed_close(f);
	stop(&p);
}

ATF_TC(crowd);
ATF_TC_HEAD(crowd, tc)
{
	atf_tc_set_md_var(tc, "descr", "a bounded number of processes is "
	    "listed, of fewer there are tables");
}
ATF_TC_BODY(crowd, tc)
{
	struct mt_feed_process fp;
	struct mt_feed_info info;
	struct mt_feed *f;
	struct play p;
	uint32_t i, n;

	(void)tc;
	start(&p);
	for (i = 1; i < MT_COLLECT_LIVE_MAX; i++) {
		n = mt_collect_live_begin(p.live, 70 + (pid_t)i, 70, 5);
		ATF_REQUIRE_EQ(i, n);
		mt_collect_live_end(p.live, n, NULL, false, 0);
	}
	ATF_CHECK_EQ(MT_COLLECT_LIVE_NONE,
	    mt_collect_live_begin(p.live, 1, 1, 5));
	mt_collect_live_push(p.live, MT_COLLECT_LIVE_NONE, NULL);
	mt_collect_live_end(p.live, MT_COLLECT_LIVE_NONE, NULL, true, 0);
	f = come(&p);
	ATF_REQUIRE(update(&p, f));
	mt_feed_info(f, &info);
	ATF_REQUIRE_EQ(MT_COLLECT_LIVE_MAX, info.processes);
	mt_feed_process(f, 0, &fp);
	ATF_CHECK(fp.running && fp.capture != NULL);
	n = MT_COLLECT_LIVE_MAX - MT_COLLECT_LIVE_ENDED;
	mt_feed_process(f, n - 1, &fp);
	ATF_CHECK(!fp.running && fp.capture == NULL);
	mt_feed_process(f, n, &fp);
	ATF_CHECK(!fp.running && fp.capture != NULL);
	mt_feed_close(f);
	stop(&p);
}

ATF_TC(rest);
ATF_TC_HEAD(rest, tc)
{
	atf_tc_set_md_var(tc, "descr", "a round that took long is followed by "
	    "a rest");
}
ATF_TC_BODY(rest, tc)
{
	struct mt_feed *f;
	struct play p;
	uint64_t now;

	(void)tc;
	start(&p);
	f = come(&p);
	while (!mt_collect_live_wants(p.live, UINT64_MAX))
		(void)usleep(1000);
	now = mt_collect_session_tick(&p.session);
	/* As if it had taken an hour, nearly all of which is in the past. */
	mt_collect_live_round(p.live, now - UINT64_C(3600000000));
	while (!mt_collect_live_wants(p.live, UINT64_MAX))
		(void)usleep(1000);
	ATF_CHECK(!mt_collect_live_wants(p.live, now + 3600000000u));
	ATF_CHECK(mt_collect_live_wants(p.live,
	    now + 22 * UINT64_C(3600000000)));
	mt_feed_close(f);
	stop(&p);
}

/* ---- The place --------------------------------------------------------- */

static mode_t
mode_of(const struct mt_collect_port *p, const char *name)
{
	struct stat st;

	return (fstatat(p->dir, name, &st, AT_SYMLINK_NOFOLLOW) == 0 ?
	    st.st_mode : 0);
}

ATF_TC_WITHOUT_HEAD(port);
ATF_TC_BODY(port, tc)
{
	struct mt_collect_port a, b;
	struct mt_error e;
	struct stat st;

	(void)tc;
	own_directory();
	(void)umask(0);
	ATF_REQUIRE_EQ(MT_OK, mt_collect_port_init(&a, "127.0.0.1", 0, &e));
	ATF_CHECK(a.port > 0 && a.net != -1 && a.local != -1 && !a.is_hidden);
	ATF_CHECK_EQ(S_IFREG | 0600, mode_of(&a, a.file));
	ATF_CHECK_EQ(S_IFSOCK | 0600, mode_of(&a, a.sock));
	ATF_REQUIRE_EQ(0, fstatat(a.dir, a.file, &st, 0));
	ATF_CHECK_EQ(MT_TOKEN_TEXT, st.st_size);
	ATF_CHECK_EQ(MT_ERR_LIMIT, mt_collect_port_init(&b, NULL, a.port,
	    &e));
	ATF_CHECK_MSG(strstr(e.text, "in use") != NULL, "%s", e.text);
	/* Nor on another address: viewers find it by the number. */
	ATF_CHECK_EQ(MT_ERR_LIMIT, mt_collect_port_init(&b, "127.0.0.2",
	    a.port, &e));
	ATF_CHECK_MSG(strstr(e.text, "another memray-run") != NULL, "%s",
	    e.text);
	/* Who did not get the port leaves the token alone. */
	ATF_CHECK_EQ(S_IFREG | 0600, mode_of(&a, a.file));
	ATF_REQUIRE_EQ(MT_OK, mt_collect_port_init(&b, "127.0.0.1", 0, &e));
	ATF_CHECK(memcmp(&a.token, &b.token, sizeof(a.token)) != 0);
	mt_collect_port_fini(&b);
	mt_collect_port_fini(&a);
	ATF_CHECK_EQ(0, rmdir("memtrace"));
	mt_collect_port_fini(&a);
}

ATF_TC(local);
ATF_TC_HEAD(local, tc)
{
	atf_tc_set_md_var(tc, "descr", "without an address or a port, no "
	    "network leads there, and nothing is secret");
}
ATF_TC_BODY(local, tc)
{
	struct mt_collect_port a, b;
	struct mt_error e;
	struct stat st;

	(void)tc;
	own_directory();
	ATF_REQUIRE_EQ(MT_OK, mt_collect_port_init(&a, NULL, 0, &e));
	ATF_CHECK_EQ(-1, a.net);
	ATF_CHECK(a.local != -1 && a.port >= 32768 && a.port <= 65535);
	ATF_REQUIRE_EQ(0, fstatat(a.dir, a.file, &st, 0));
	ATF_CHECK_EQ(0, st.st_size);
	ATF_REQUIRE_EQ(MT_OK, mt_collect_port_init(&b, NULL, 0, &e));
	ATF_CHECK(a.port != b.port);
	mt_collect_port_fini(&a);
	mt_collect_port_fini(&b);
	ATF_CHECK_EQ(0, rmdir("memtrace"));
}

/* All places as if they belonged to somebody else; run as one who has none. */
ATF_TC(places);
ATF_TC_HEAD(places, tc)
{
	atf_tc_set_md_var(tc, "descr", "what others have taken or can enter is "
	    "not used: the next place is");
	atf_tc_set_md_var(tc, "require.user", "root");
}
ATF_TC_BODY(places, tc)
{
	struct mt_collect_port a;
	struct mt_error e;
	char cwd[200], want[300];

	(void)tc;
	ATF_REQUIRE_EQ(0, chmod(".", 0777));
	ATF_REQUIRE(getcwd(cwd, sizeof(cwd)) != NULL);
	ATF_REQUIRE_EQ(0, mkdir("theirs", 0700));
	ATF_REQUIRE_EQ(0, mkdir("home", 0755));
	ATF_REQUIRE_EQ(0, chown("home", 54321, 54321));
	(void)snprintf(want, sizeof(want), "%s/theirs", cwd);
	ATF_REQUIRE_EQ(0, setenv("XDG_RUNTIME_DIR", want, 1));
	(void)snprintf(want, sizeof(want), "%s/home", cwd);
	ATF_REQUIRE_EQ(0, setenv("HOME", want, 1));
	ATF_REQUIRE_EQ(0, setenv("TMPDIR", cwd, 1));
	/* The name in /tmp is taken. */
	(void)mkdir("/tmp/memtrace-54321", 0700);
	ATF_REQUIRE_EQ(0, setegid(54321));
	ATF_REQUIRE_EQ(0, seteuid(54321));
	ATF_REQUIRE_EQ_MSG(MT_OK, mt_collect_port_init(&a, NULL, 0, &e), "%s",
	    e.text);
	(void)snprintf(want, sizeof(want), "%s/home/.local/state/memtrace",
	    cwd);
	ATF_CHECK_STREQ(want, a.dir_path);
	ATF_CHECK(!a.is_hidden);
	mt_collect_port_fini(&a);
	/* Nothing is made in somebody else's home: a new place, then. */
	ATF_REQUIRE_EQ(0, setenv("HOME", cwd, 1));
	ATF_REQUIRE_EQ_MSG(MT_OK, mt_collect_port_init(&a, NULL, 0, &e), "%s",
	    e.text);
	ATF_CHECK(a.is_hidden);
	ATF_CHECK_EQ(0, strncmp(a.dir_path, cwd, strlen(cwd)));
	ATF_CHECK_EQ(0, access(a.dir_path, F_OK));
	memcpy(want, a.dir_path, sizeof(a.dir_path));
	mt_collect_port_fini(&a);
	ATF_CHECK_EQ(-1, access(want, F_OK));
	ATF_REQUIRE_EQ(0, seteuid(0));
	ATF_CHECK_EQ(-1, access(".local", F_OK));
	ATF_CHECK_EQ(0, rmdir("/tmp/memtrace-54321"));
	ATF_CHECK_EQ(0, rmdir("theirs"));
}

ATF_TC(left_behind);
ATF_TC_HEAD(left_behind, tc)
{
	atf_tc_set_md_var(tc, "descr", "what a killed collector left behind is "
	    "replaced, a link not followed");
}
ATF_TC_BODY(left_behind, tc)
{
	struct mt_collect_port a;
	struct mt_error e;
	char file[100];

	(void)tc;
	own_directory();
	ATF_REQUIRE_EQ(MT_OK, mt_collect_port_init(&a, "127.0.0.1", 0, &e));
	(void)snprintf(file, sizeof(file), "memtrace/live-%u", a.port);
	mt_collect_port_fini(&a);
	atf_utils_create_file("other", "mine");
	ATF_REQUIRE_EQ(0, symlink("../other", file));
	ATF_REQUIRE_EQ(MT_OK, mt_collect_port_init(&a, NULL, a.port, &e));
	ATF_CHECK_EQ(S_IFREG | 0600, mode_of(&a, a.file));
	mt_collect_port_fini(&a);
	ATF_CHECK(atf_utils_compare_file("other", "mine"));
	atf_utils_create_file(file, "old");
	(void)strcat(file, ".sock");
	ATF_REQUIRE_EQ(0, symlink("../other", file));
	ATF_REQUIRE_EQ(MT_OK, mt_collect_port_init(&a, NULL, a.port, &e));
	ATF_CHECK_EQ(S_IFSOCK | 0600, mode_of(&a, a.sock));
	mt_collect_port_fini(&a);
	ATF_CHECK(atf_utils_compare_file("other", "mine"));
}

static void
make_old(const char *name)
{
	const struct timespec old[2] = { { 1000, 0 }, { 1000, 0 } };

	ATF_REQUIRE_EQ(0, utimensat(AT_FDCWD, name, old, 0));
}

ATF_TC(swept);
ATF_TC_HEAD(swept, tc)
{
	atf_tc_set_md_var(tc, "descr", "tokens of collectors that were killed "
	    "are removed, others not");
}
ATF_TC_BODY(swept, tc)
{
	struct mt_collect_port a, b;
	char file[100];
	struct mt_error e;

	(void)tc;
	own_directory();
	ATF_REQUIRE_EQ(MT_OK, mt_collect_port_init(&a, NULL, 0, &e));
	atf_utils_create_file("memtrace/live-1", "old");
	atf_utils_create_file("memtrace/live-1.sock", "old");
	atf_utils_create_file("memtrace/live-2", "new");
	atf_utils_create_file("memtrace/other", "old");
	make_old("memtrace/live-1");
	make_old("memtrace/other");
	(void)snprintf(file, sizeof(file), "memtrace/live-%u", a.port);
	make_old(file);
	ATF_REQUIRE_EQ(MT_OK, mt_collect_port_init(&b, NULL, 0, &e));
	ATF_CHECK_EQ(-1, access("memtrace/live-1", F_OK));
	ATF_CHECK_EQ(-1, access("memtrace/live-1.sock", F_OK));
	ATF_CHECK_EQ(0, access("memtrace/live-2", F_OK));
	ATF_CHECK_EQ(0, access("memtrace/other", F_OK));
	ATF_CHECK_EQ(0, access(file, F_OK));
	mt_collect_port_fini(&a);
	mt_collect_port_fini(&b);
}

ATF_TP_ADD_TCS(tp)
{
	ATF_TP_ADD_TC(tp, watched);
	ATF_TP_ADD_TC(tp, sealed);
	ATF_TP_ADD_TC(tp, crowd);
	ATF_TP_ADD_TC(tp, rest);
	ATF_TP_ADD_TC(tp, port);
	ATF_TP_ADD_TC(tp, local);
	ATF_TP_ADD_TC(tp, places);
	ATF_TP_ADD_TC(tp, left_behind);
	ATF_TP_ADD_TC(tp, swept);
	return (atf_no_error());
}
