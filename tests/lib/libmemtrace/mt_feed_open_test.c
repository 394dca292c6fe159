#include <sys/file.h>
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
#include "mt_place.h"

/* What the other side says to whoever comes. */
enum manner {
	RIGHT,
	OTHER_SECRET,
	OTHER_VERSION,
	STRANGER,
	SILENT,
	CLOSING,
	CHANGED,	/* somebody in between changes what is said */
	OLD		/* of version 1, in the file */
};

static struct mt_token token;

static int
listen_at(const struct sockaddr *sa, socklen_t len)
{
	int fd;

	fd = socket(sa->sa_family, SOCK_STREAM, 0);
	ATF_REQUIRE(fd != -1);
	ATF_REQUIRE_EQ(0, bind(fd, sa, len));
	ATF_REQUIRE_EQ(0, listen(fd, 4));
	return (fd);
}

static int
listen_somewhere(unsigned *port)
{
	struct sockaddr_in a;
	socklen_t len = sizeof(a);
	int fd;

	memset(&a, 0, sizeof(a));
	a.sin_family = AF_INET;
	a.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	fd = listen_at((struct sockaddr *)&a, sizeof(a));
	ATF_REQUIRE_EQ(0, getsockname(fd, (struct sockaddr *)&a, &len));
	*port = ntohs(a.sin_port);
	return (fd);
}

static int
listen_local(const char *path)
{
	struct sockaddr_un a;

	memset(&a, 0, sizeof(a));
	a.sun_family = AF_UNIX;
	ATF_REQUIRE(strlen(path) < sizeof(a.sun_path));
	strcpy(a.sun_path, path);
	return (listen_at((struct sockaddr *)&a, sizeof(a)));
}

static void
say(int conn, struct mt_seal *seal, const uint8_t *data, size_t n)
{
	uint8_t out[MT_MIRROR_RECORD + MT_MIRROR_FRAME + MT_SEAL_TAG];

	if (seal == NULL) {
		(void)!write(conn, data, n);
		return;
	}
	mt_put_u16(out, (uint16_t)(n + MT_SEAL_TAG));
	(void)mt_seal_close(seal, out + MT_MIRROR_RECORD, data, n);
	(void)!write(conn, out, MT_MIRROR_RECORD + n + MT_SEAL_TAG);
}

static void
say_feed(int conn, struct mt_seal *seal, bool changed)
{
	uint8_t frame[MT_MIRROR_FRAME];

	say(conn, seal, frame, mt_mirror_info(frame, 1, 2));
	if (changed)
		(void)!write(conn, "\020\0sixteen bytes...", 18);
	say(conn, seal, frame, mt_mirror_update(frame, 3));
}

/* The greetings of who knows the token, or another one. */
static struct mt_seal *
greet(int conn, const uint8_t in[MT_MIRROR_HEAD + MT_SEAL_GREETING])
{
	uint8_t out[MT_MIRROR_HEAD + MT_SEAL_GREETING];
	struct mt_seal *seal;

	mt_mirror_head(out);
	if (mt_seal_new(&seal, MT_SEAL_SERVER, token.token, in,
	    MT_MIRROR_HEAD, NULL) != MT_OK || !mt_seal_read(seal, NULL,
	    in + MT_MIRROR_HEAD, MT_SEAL_GREETING) ||
	    !mt_seal_write(seal, out + MT_MIRROR_HEAD, NULL, 0))
		_exit(0);
	(void)!write(conn, out, sizeof(out));
	return (seal);
}

_Noreturn static void
serve(int fd, enum manner manner, bool local)
{
	uint8_t in[MT_MIRROR_HEAD + MT_SEAL_GREETING], out[60];
	const size_t want = local ? MT_MIRROR_HEAD : sizeof(in);
	struct mt_seal *seal = NULL;
	int conn = accept(fd, NULL, NULL);

	if (conn == -1 || manner == CLOSING)
		_exit(0);
	(void)!recv(conn, in, want, MSG_WAITALL);
	mt_mirror_head(out);
	memset(out + MT_MIRROR_HEAD, 'x', sizeof(out) - MT_MIRROR_HEAD);
	if (manner == OTHER_VERSION)
		out[8] = 7;
	if (manner == STRANGER)
		memset(out, 'x', sizeof(out));
	if (manner == OTHER_SECRET)
		token.token[7] ^= 1;
	if (manner == STRANGER || manner == OTHER_VERSION ||
	    (local && manner != SILENT))
		(void)!write(conn, out, local ? MT_MIRROR_HEAD : sizeof(out));
	else if (manner != SILENT)
		seal = greet(conn, in);
	say_feed(conn, seal, manner == CHANGED);
	(void)!read(conn, in, sizeof(in));
	(void)!read(conn, in, 1);
	_exit(0);
}

static void
write_token(const char *file, enum manner manner)
{
	char text[MT_TOKEN_TEXT];
	FILE *f;
	size_t i, n;

	for (i = 0; i < sizeof(token.token); i++) {
		token.said[i] = (uint8_t)(i * 37 + 5);
		token.token[i] = (uint8_t)(i * 59 + 7);
	}
	n = mt_token_text(text, &token);
	if (manner == OLD)
		n /= 2;
	f = fopen(file, "w");
	ATF_REQUIRE(f != NULL);
	ATF_REQUIRE_EQ(n, fwrite(text, 1, n, f));
	ATF_REQUIRE_EQ(0, fclose(f));
	ATF_REQUIRE_EQ(0, chmod(file, 0600));
}

static pid_t
start_at(int fd, enum manner manner, bool local)
{
	pid_t pid = fork();

	ATF_REQUIRE(pid != -1);
	if (pid == 0)
		serve(fd, manner, local);
	(void)close(fd);
	return (pid);
}

/* A token file of this name; *port is where the other side listens. */
static pid_t
start(const char *file, enum manner manner, unsigned *port)
{
	write_token(file, manner);
	return (start_at(listen_somewhere(port), manner, false));
}

static void
stop(pid_t pid)
{
	ATF_REQUIRE_EQ(pid, waitpid(pid, NULL, 0));
}

static enum mt_status
try_options(struct mt_feed_options *o, struct mt_error *e)
{
	struct mt_feed *f;
	enum mt_status st;

	memset(e, 0, sizeof(*e));
	o->timeout_ms = 500;
	st = mt_feed_open(&f, o, e);
	ATF_CHECK((st == MT_OK) == (f != NULL));
	mt_feed_close(f);
	return (st);
}

static enum mt_status
try_open(const char *file, unsigned port, struct mt_error *e)
{
	struct mt_feed_options o = { .port = port, .token_file = file };

	return (try_options(&o, e));
}

/* What say_feed() has said. */
static void
check_feed(const struct mt_feed_options *o)
{
	struct mt_feed_info info;
	struct mt_error e;
	struct mt_feed *f;
	bool updated;

	ATF_REQUIRE_EQ_MSG(MT_OK, mt_feed_open(&f, o, &e), "%s", e.text);
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
}

ATF_TC_WITHOUT_HEAD(opened);
ATF_TC_BODY(opened, tc)
{
	struct mt_feed_options o = { .token_file = "token" };
	pid_t pid;

	(void)tc;
	pid = start("token", RIGHT, &o.port);
	check_feed(&o);
	stop(pid);
}

/* ---- Local sockets ----------------------------------------------------- */

ATF_TC(socket);
ATF_TC_HEAD(socket, tc)
{
	atf_tc_set_md_var(tc, "descr", "a socket by its name, or beside the "
	    "token; no secret is needed");
}
ATF_TC_BODY(socket, tc)
{
	struct mt_feed_options o = { .socket = "./feed" };
	struct mt_error e;
	pid_t pid;

	(void)tc;
	pid = start_at(listen_local("feed"), RIGHT, true);
	check_feed(&o);
	stop(pid);
	ATF_CHECK_EQ(MT_ERR_SYS, try_options(&o, &e));
	ATF_CHECK_EQ(ECONNREFUSED, e.sys);
	ATF_REQUIRE_EQ(0, unlink("feed"));
	pid = start_at(listen_local("feed"), OTHER_VERSION, true);
	ATF_CHECK_EQ(MT_ERR_VERSION, try_options(&o, &e));
	ATF_CHECK_MSG(strstr(e.text, "version 7") != NULL &&
	    strstr(e.text, "version 2") != NULL, "%s", e.text);
	stop(pid);
	ATF_REQUIRE_EQ(0, unlink("feed"));
	pid = start_at(listen_local("feed"), STRANGER, true);
	ATF_CHECK_EQ(MT_ERR_FORMAT, try_options(&o, &e));
	stop(pid);
	/* The file may be empty, and nobody listens on that port. */
	o.socket = NULL;
	o.port = 1;
	o.token_file = "token";
	atf_utils_create_file("token", "%s", "");
	ATF_REQUIRE_EQ(0, chmod("token", 0600));
	ATF_CHECK_EQ(MT_ERR_SYS, try_options(&o, &e));
	ATF_CHECK_EQ(ECONNREFUSED, e.sys);
	pid = start_at(listen_local("token.sock"), RIGHT, true);
	check_feed(&o);
	stop(pid);
	/* With a host, the socket is of no use. */
	o.host = "127.0.0.1";
	ATF_CHECK_EQ(MT_ERR_LIMIT, try_options(&o, &e));
	ATF_CHECK_MSG(strstr(e.text, "--live-port") != NULL, "%s", e.text);
}

ATF_TC(others_socket);
ATF_TC_HEAD(others_socket, tc)
{
	atf_tc_set_md_var(tc, "descr", "somebody else who listens is not "
	    "talked to");
	atf_tc_set_md_var(tc, "require.user", "root");
}
ATF_TC_BODY(others_socket, tc)
{
	struct mt_feed_options o = { .socket = "./feed" };
	struct mt_error e;
	char said;
	int conn, fd;
	pid_t pid;

	(void)tc;
	ATF_REQUIRE_EQ(0, chmod(".", 0777));
	ATF_REQUIRE_EQ(0, seteuid(65534));
	fd = listen_local("feed");
	ATF_REQUIRE_EQ(0, chmod("feed", 0777));
	ATF_REQUIRE_EQ(0, seteuid(0));
	ATF_CHECK_EQ(MT_ERR_SYS, try_options(&o, &e));
	ATF_CHECK_EQ(EACCES, e.sys);
	ATF_CHECK_MSG(strstr(e.text, "neither of this user nor root") != NULL,
	    "%s", e.text);
	conn = accept(fd, NULL, NULL);
	ATF_REQUIRE(conn != -1);
	ATF_CHECK_EQ(0, read(conn, &said, 1));
	/* Root may be watched by anybody who has the socket. */
	ATF_REQUIRE_EQ(0, unlink("feed"));
	fd = listen_local("feed");
	ATF_REQUIRE_EQ(0, chmod("feed", 0777));
	pid = start_at(fd, RIGHT, true);
	ATF_REQUIRE_EQ(0, seteuid(65534));
	check_feed(&o);
	ATF_REQUIRE_EQ(0, seteuid(0));
	stop(pid);
}

ATF_TC(found);
ATF_TC_HEAD(found, tc)
{
	atf_tc_set_md_var(tc, "descr", "the token is found by the port");
}
ATF_TC_BODY(found, tc)
{
	struct mt_feed_options o = { .host = NULL };
	char place[MT_PLACE_PATH], cwd[100], name[MT_TOKEN_NAME];
	char sock[MT_TOKEN_NAME];
	struct mt_error e;
	pid_t pid;
	int dir;

	(void)tc;
	ATF_REQUIRE_EQ(0, chmod(".", 0700));
	ATF_REQUIRE(getcwd(cwd, sizeof(cwd)) != NULL);
	ATF_REQUIRE_EQ(0, setenv("XDG_RUNTIME_DIR", cwd, 1));
	ATF_CHECK_EQ(-1, mt_place_feed(0, false, place));
	dir = mt_place_feed(0, true, place);
	ATF_REQUIRE(dir != -1);
	ATF_CHECK_EQ(0, strncmp(cwd, place, strlen(cwd)));
	pid = start("token", RIGHT, &o.port);
	ATF_CHECK_EQ(MT_ERR_SYS, try_options(&o, &e));
	ATF_CHECK_EQ(ENOENT, e.sys);
	mt_token_name(name, sock, o.port);
	ATF_REQUIRE_EQ(0, renameat(AT_FDCWD, "token", dir, name));
	ATF_CHECK_EQ_MSG(MT_OK, try_options(&o, &e), "%s", e.text);
	stop(pid);
	/* The socket goes before the network. */
	ATF_REQUIRE_EQ(0, fchdir(dir));
	pid = start_at(listen_local(sock), RIGHT, true);
	ATF_CHECK_EQ_MSG(MT_OK, try_options(&o, &e), "%s", e.text);
	stop(pid);
	/* What others can enter is no place. */
	ATF_REQUIRE_EQ(0, fchmod(dir, 0750));
	ATF_CHECK_EQ(MT_ERR_SYS, try_options(&o, &e));
	ATF_CHECK_EQ(ENOENT, e.sys);
	ATF_REQUIRE_EQ(0, fchmod(dir, 0700));
	ATF_REQUIRE_EQ(0, chmod(cwd, 0755));
	ATF_CHECK_EQ(MT_ERR_SYS, try_options(&o, &e));
	ATF_CHECK_EQ(ENOENT, e.sys);
	(void)close(dir);
}

ATF_TC(starting);
ATF_TC_HEAD(starting, tc)
{
	atf_tc_set_md_var(tc, "descr", "a memray-run that does not listen yet "
	    "is waited for");
}
ATF_TC_BODY(starting, tc)
{
	struct mt_error e;
	int fd;

	(void)tc;
	fd = open("token", O_WRONLY | O_CREAT, 0600);
	ATF_REQUIRE(fd != -1);
	ATF_REQUIRE_EQ(0, flock(fd, LOCK_EX));
	ATF_CHECK_EQ(MT_ERR_SYS, try_open("token", 1, &e));
	ATF_CHECK_EQ(ENOENT, e.sys);
	(void)close(fd);
	ATF_CHECK_EQ(MT_ERR_SYS, try_open("token", 1, &e));
	ATF_CHECK_EQ(ECONNREFUSED, e.sys);
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
		{ OTHER_VERSION, MT_ERR_VERSION, "version 7" },
		{ OTHER_VERSION, MT_ERR_VERSION, "version 2" },
		{ OLD, MT_ERR_VERSION, "version 1" },
		{ OLD, MT_ERR_VERSION, "version 2" }
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

ATF_TC(changed);
ATF_TC_HEAD(changed, tc)
{
	atf_tc_set_md_var(tc, "descr", "what somebody has put in between ends "
	    "the feed");
}
ATF_TC_BODY(changed, tc)
{
	struct mt_feed_options o = { .token_file = "token" };
	struct mt_feed_info info;
	struct mt_feed *f;
	struct mt_error e;
	enum mt_status st;
	bool updated;
	pid_t pid;

	(void)tc;
	pid = start("token", CHANGED, &o.port);
	ATF_REQUIRE_EQ(MT_OK, mt_feed_open(&f, &o, NULL));
	do
		st = mt_feed_step(f, &updated, &e);
	while (st == MT_OK && !updated);
	ATF_CHECK_EQ(MT_ERR_FORMAT, st);
	ATF_CHECK_MSG(strstr(e.text, "changed") != NULL, "%s", e.text);
	mt_feed_info(f, &info);
	ATF_CHECK_EQ(MT_FEED_LOST, info.state);
	mt_feed_close(f);
	stop(pid);
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
	ATF_TP_ADD_TC(tp, socket);
	ATF_TP_ADD_TC(tp, others_socket);
	ATF_TP_ADD_TC(tp, found);
	ATF_TP_ADD_TC(tp, starting);
	ATF_TP_ADD_TC(tp, refused);
	ATF_TP_ADD_TC(tp, changed);
	ATF_TP_ADD_TC(tp, bad_token);
	return (atf_no_error());
}
