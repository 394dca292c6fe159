#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>

#include <arpa/inet.h>
#include <atf-c.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "mt_feed_in.h"

/* What the other side says to whoever comes. */
enum manner {
	RIGHT,
	OTHER_SECRET,
	OTHER_VERSION,
	STRANGER,
	SILENT,
	CLOSING
};

static uint8_t secret[MT_MIRROR_SECRET];

static int
listen_somewhere(unsigned *port)
{
	struct sockaddr_in a;
	socklen_t len = sizeof(a);
	int fd;

	memset(&a, 0, sizeof(a));
	a.sin_family = AF_INET;
	a.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	fd = socket(AF_INET, SOCK_STREAM, 0);
	ATF_REQUIRE(fd != -1);
	ATF_REQUIRE_EQ(0, bind(fd, (struct sockaddr *)&a, sizeof(a)));
	ATF_REQUIRE_EQ(0, listen(fd, 4));
	ATF_REQUIRE_EQ(0, getsockname(fd, (struct sockaddr *)&a, &len));
	*port = ntohs(a.sin_port);
	return (fd);
}

_Noreturn static void
serve(int fd, enum manner manner)
{
	uint8_t in[MT_MIRROR_GREETING], out[MT_MIRROR_GREETING];
	uint8_t frame[MT_MIRROR_FRAME];
	int conn = accept(fd, NULL, NULL);

	if (conn == -1 || manner == CLOSING)
		_exit(0);
	(void)!read(conn, in, sizeof(in));
	mt_mirror_greet(out, secret);
	if (manner == OTHER_SECRET)
		out[20] ^= 1;
	if (manner == OTHER_VERSION)
		out[8] = 7;
	if (manner == STRANGER)
		memset(out, 'x', sizeof(out));
	if (manner != SILENT)
		(void)!write(conn, out, sizeof(out));
	(void)!write(conn, frame, mt_mirror_info(frame, 1, 2));
	(void)!write(conn, frame, mt_mirror_update(frame, 3));
	(void)!read(conn, in, 1);
	_exit(0);
}

/* A token file of this name; *port is where the other side listens. */
static pid_t
start(const char *file, enum manner manner, unsigned *port)
{
	FILE *f;
	pid_t pid;
	size_t i;
	int fd;

	for (i = 0; i < sizeof(secret); i++)
		secret[i] = (uint8_t)(i * 37 + 5);
	f = fopen(file, "w");
	ATF_REQUIRE(f != NULL);
	for (i = 0; i < sizeof(secret); i++)
		(void)fprintf(f, "%02x", secret[i]);
	(void)fprintf(f, "\n");
	ATF_REQUIRE_EQ(0, fclose(f));
	ATF_REQUIRE_EQ(0, chmod(file, 0600));
	fd = listen_somewhere(port);
	pid = fork();
	ATF_REQUIRE(pid != -1);
	if (pid == 0)
		serve(fd, manner);
	(void)close(fd);
	return (pid);
}

static void
stop(pid_t pid)
{
	ATF_REQUIRE_EQ(pid, waitpid(pid, NULL, 0));
}

static enum mt_status
try_open(const char *file, unsigned port, struct mt_error *e)
{
	const struct mt_feed_options o = {
		.port = port,
		.token_file = file,
		.timeout_ms = 500
	};
	struct mt_feed *f;
	enum mt_status st;

	memset(e, 0, sizeof(*e));
	st = mt_feed_open(&f, &o, e);
	ATF_CHECK((st == MT_OK) == (f != NULL));
	mt_feed_close(f);
	return (st);
}

ATF_TC_WITHOUT_HEAD(opened);
ATF_TC_BODY(opened, tc)
{
	struct mt_feed_options o = { .token_file = "token" };
	struct mt_feed_info info;
	struct mt_feed *f;
	bool updated;
	pid_t pid;

	(void)tc;
	pid = start("token", RIGHT, &o.port);
	ATF_REQUIRE_EQ(MT_OK, mt_feed_open(&f, &o, NULL));
	do
		ATF_REQUIRE_EQ(MT_OK, mt_feed_step(f, &updated, NULL));
	while (!updated);
	mt_feed_info(f, &info);
	ATF_CHECK_EQ(1, info.start_time_ns);
	ATF_CHECK_EQ(2, info.collector);
	ATF_CHECK_EQ(3, info.time_ns);
	ATF_CHECK_EQ(MT_FEED_RUNNING, info.state);
	ATF_CHECK_EQ(0, info.processes);
	mt_feed_close(f);
	stop(pid);
}

ATF_TC(found);
ATF_TC_HEAD(found, tc)
{
	atf_tc_set_md_var(tc, "descr", "the token is found by the port");
}
ATF_TC_BODY(found, tc)
{
	char dir[MT_MIRROR_PATH], file[MT_MIRROR_PATH], cwd[100];
	struct mt_error e;
	unsigned port;
	pid_t pid;

	(void)tc;
	ATF_REQUIRE(getcwd(cwd, sizeof(cwd)) != NULL);
	ATF_REQUIRE_EQ(0, setenv("XDG_RUNTIME_DIR", cwd, 1));
	ATF_REQUIRE_EQ(0, mkdir("memtrace", 0700));
	pid = start("token", RIGHT, &port);
	ATF_CHECK_EQ(MT_ERR_SYS, try_open(NULL, port, &e));
	ATF_CHECK_EQ(ENOENT, e.sys);
	ATF_REQUIRE(mt_mirror_place(0, port, dir, file));
	ATF_CHECK_EQ(0, strncmp(cwd, dir, strlen(cwd)));
	ATF_REQUIRE_EQ(0, rename("token", file));
	ATF_CHECK_EQ_MSG(MT_OK, try_open(NULL, port, &e), "%s", e.text);
	stop(pid);
	/* Without such a directory there is one place less. */
	ATF_CHECK(mt_mirror_place(1, port, dir, file));
	ATF_CHECK(!mt_mirror_place(2, port, dir, file));
	ATF_REQUIRE_EQ(0, unsetenv("XDG_RUNTIME_DIR"));
	ATF_CHECK(mt_mirror_place(0, port, dir, file));
	ATF_CHECK(!mt_mirror_place(1, port, dir, file));
}

ATF_TC(refused);
ATF_TC_HEAD(refused, tc)
{
	atf_tc_set_md_var(tc, "descr", "who is not the memray-run that we look "
	    "for, or of another version");
}
ATF_TC_BODY(refused, tc)
{
	static const struct {
		enum manner	manner;
		enum mt_status	status;
		const char	*text;
	} other[] = {
		{ OTHER_SECRET, MT_ERR_FORMAT, "is not the memray-run" },
		{ STRANGER, MT_ERR_FORMAT, "is not the memray-run" },
		{ SILENT, MT_ERR_FORMAT, "is not the memray-run" },
		{ CLOSING, MT_ERR_FORMAT, "is not the memray-run" },
		{ OTHER_VERSION, MT_ERR_VERSION, "version 7" }
	};
	struct mt_error e;
	unsigned port;
	pid_t pid;
	size_t i;

	(void)tc;
	for (i = 0; i < sizeof(other) / sizeof(other[0]); i++) {
		pid = start("token", other[i].manner, &port);
		ATF_CHECK_EQ_MSG(other[i].status, try_open("token", port, &e),
		    "%zu: %s", i, e.text);
		ATF_CHECK_MSG(strstr(e.text, other[i].text) != NULL, "%zu: %s",
		    i, e.text);
		stop(pid);
	}
}

ATF_TC(bad_token);
ATF_TC_HEAD(bad_token, tc)
{
	atf_tc_set_md_var(tc, "descr", "token files that are not to be used, "
	    "and programs that have ended");
}
ATF_TC_BODY(bad_token, tc)
{
	struct mt_error e;
	unsigned port;
	pid_t pid;

	(void)tc;
	/* The other side is gone before anybody comes. */
	pid = start("token", CLOSING, &port);
	ATF_REQUIRE_EQ(0, kill(pid, SIGKILL));
	stop(pid);
	ATF_CHECK_EQ(MT_ERR_SYS, try_open("token", port, &e));
	ATF_CHECK_EQ(ECONNREFUSED, e.sys);
	ATF_CHECK(strstr(e.text, "any more") != NULL);
	ATF_CHECK_EQ(MT_ERR_SYS, try_open("none", port, &e));
	ATF_CHECK_EQ(ENOENT, e.sys);
	ATF_REQUIRE_EQ(0, chmod("token", 0640));
	ATF_CHECK_EQ(MT_ERR_SYS, try_open("token", port, &e));
	ATF_CHECK_EQ(EACCES, e.sys);
	ATF_REQUIRE_EQ(0, symlink("token", "link"));
	ATF_CHECK_EQ(MT_ERR_SYS, try_open("link", port, &e));
	ATF_CHECK_EQ(ELOOP, e.sys);
	ATF_REQUIRE_EQ(0, mkfifo("fifo", 0600));
	ATF_CHECK_EQ(MT_ERR_SYS, try_open("fifo", port, &e));
	ATF_CHECK_EQ(EACCES, e.sys);
	ATF_REQUIRE_EQ(0, chmod("token", 0600));
	ATF_REQUIRE_EQ(0, truncate("token", 63));
	ATF_CHECK_EQ(MT_ERR_FORMAT, try_open("token", port, &e));
	ATF_CHECK_EQ(MT_ERR_LIMIT, try_open("token", 0, &e));
	ATF_CHECK_EQ(MT_ERR_LIMIT, try_open("token", 65536, &e));
}

ATF_TP_ADD_TCS(tp)
{
	ATF_TP_ADD_TC(tp, opened);
	ATF_TP_ADD_TC(tp, found);
	ATF_TP_ADD_TC(tp, refused);
	ATF_TP_ADD_TC(tp, bad_token);
	return (atf_no_error());
}
