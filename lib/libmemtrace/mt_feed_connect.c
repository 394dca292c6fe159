/* The connection of a viewer: its secret, and the greetings. */

#include <sys/socket.h>
#include <sys/stat.h>

#include <errno.h>
#include <fcntl.h>
#include <netdb.h>
#include <netinet/in.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "mt_feed_in.h"

#define TIMEOUT_MS	5000u
#define HEX		(2 * MT_MIRROR_SECRET)

/* ---- The secret -------------------------------------------------------- */

static bool
unhex(const char *text, uint8_t secret[MT_MIRROR_SECRET])
{
	static const char digits[] = "0123456789abcdef";
	const char *d;
	unsigned i;

	memset(secret, 0, MT_MIRROR_SECRET);
	for (i = 0; i < HEX; i++) {
		if (text[i] == '\0' || (d = strchr(digits, text[i])) == NULL)
			return (false);
		secret[i / 2] = (uint8_t)((unsigned)secret[i / 2] << 4 |
		    (unsigned)(d - digits));
	}
	return (true);
}

/* Somebody else's file would have us talk to him. */
static bool
is_ours(int fd)
{
	struct stat st;

	return (fstat(fd, &st) == 0 && S_ISREG(st.st_mode) &&
	    st.st_uid == geteuid() && (st.st_mode & 077) == 0);
}

static enum mt_status
read_secret(const char *file, uint8_t secret[MT_MIRROR_SECRET],
    struct mt_error *e)
{
	char text[HEX + 1] = "";
	ssize_t n = -1;
	bool ours;
	int fd;

	fd = open(file, O_RDONLY | O_NOFOLLOW | O_CLOEXEC | O_NONBLOCK);
	if (fd == -1)
		return (mt_error_set(e, MT_ERR_SYS, "cannot read %.120s",
		    file));
	ours = is_ours(fd);
	if (ours)
		n = read(fd, text, HEX);
	(void)close(fd);
	if (!ours) {
		errno = EACCES;
		return (mt_error_set(e, MT_ERR_SYS,
		    "%.120s is not for our eyes only", file));
	}
	if (n != (ssize_t)HEX || !unhex(text, secret))
		return (mt_error_set(e, MT_ERR_FORMAT,
		    "%.120s holds no token", file));
	return (MT_OK);
}

/* ---- Within a time ----------------------------------------------------- */

static uint64_t
now_ms(void)
{
	struct timespec ts;

	(void)clock_gettime(CLOCK_MONOTONIC, &ts);
	return ((uint64_t)ts.tv_sec * 1000 + (uint64_t)ts.tv_nsec / 1000000);
}

/* False with errno if the descriptor is not ready by then. */
static bool
wait_for(int fd, short events, uint64_t until)
{
	struct pollfd pfd = { .fd = fd, .events = events };
	uint64_t now;
	int n;

	for (;;) {
		now = now_ms();
		n = poll(&pfd, 1, now >= until ? 0 : (int)(until - now));
		if (n > 0)
			return (true);
		if (n == 0) {
			errno = ETIMEDOUT;
			return (false);
		}
		if (errno != EINTR)
			return (false);
	}
}

/* All n bytes; fewer than that with errno, which is 0 at their end. */
static bool
receive(int fd, uint8_t *to, size_t n, uint64_t until)
{
	ssize_t got;

	while (n > 0) {
		if (!wait_for(fd, POLLIN, until))
			return (false);
		got = recv(fd, to, n, MSG_DONTWAIT);
		if (got == -1 && (errno == EAGAIN || errno == EINTR))
			continue;
		if (got <= 0) {
			errno = got == 0 ? 0 : errno;
			return (false);
		}
		to += got;
		n -= (size_t)got;
	}
	return (true);
}

static int
connect_to(const struct addrinfo *ai, uint64_t until)
{
	socklen_t len = sizeof(int);
	int error, fd;

	fd = socket(ai->ai_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK,
	    0);
	if (fd == -1)
		return (-1);
	error = connect(fd, ai->ai_addr, ai->ai_addrlen) == 0 ? 0 : errno;
	if (error == EINPROGRESS) {
		error = ETIMEDOUT;
		if (wait_for(fd, POLLOUT, until) &&
		    getsockopt(fd, SOL_SOCKET, SO_ERROR, &error, &len) != 0)
			error = errno;
	}
	if (error == 0)
		return (fd);
	(void)close(fd);
	errno = error;
	return (-1);
}

static int
connect_any(const struct mt_feed_options *o, uint64_t until,
    struct mt_error *e)
{
	const struct addrinfo hints = {
		.ai_socktype = SOCK_STREAM,
		.ai_flags = AI_NUMERICSERV
	};
	struct addrinfo *ai, *all;
	char port[16];
	int error, fd = -1;

	(void)snprintf(port, sizeof(port), "%u", o->port);
	error = getaddrinfo(o->host == NULL ? "127.0.0.1" : o->host, port,
	    &hints, &all);
	if (error != 0) {
		(void)mt_error_set(e, MT_ERR_LIMIT, "%.80s: %s", o->host,
		    gai_strerror(error));
		return (-1);
	}
	for (ai = all; ai != NULL && fd == -1; ai = ai->ai_next)
		fd = connect_to(ai, until);
	error = errno;
	freeaddrinfo(all);
	errno = error;
	if (fd == -1)
		(void)mt_error_set(e, MT_ERR_SYS, errno == ECONNREFUSED ?
		    "nobody is watched on port %u any more" :
		    "cannot connect to port %u", o->port);
	return (fd);
}

/* ---- Greetings --------------------------------------------------------- */

static enum mt_status
greet(int fd, const struct mt_feed_options *o,
    const uint8_t secret[MT_MIRROR_SECRET], uint64_t until,
    struct mt_error *e)
{
	uint8_t in[MT_MIRROR_GREETING], out[MT_MIRROR_GREETING];
	uint8_t token[MT_FEED_TOKEN];
	uint32_t interval, version;

	interval = o->interval_ms == 0 ? MT_FEED_INTERVAL_MS : o->interval_ms;
	mt_feed_put_greeting(out, MT_FEED_VERSION, interval, secret);
	if (send(fd, out, sizeof(out), MSG_NOSIGNAL) != (ssize_t)sizeof(out) ||
	    !receive(fd, in, sizeof(in), until) ||
	    !mt_feed_get_greeting(in, &version, &interval, token) ||
	    !mt_feed_is_equal(token, secret + MT_FEED_TOKEN, MT_FEED_TOKEN))
		return (mt_error_set(e, MT_ERR_FORMAT,
		    "who listens on port %u is not the memray-run that the "
		    "token is of", o->port));
	if (version != MT_FEED_VERSION)
		return (mt_error_set(e, MT_ERR_VERSION, "memray-run on port "
		    "%u speaks version %u of the protocol, not %u", o->port,
		    version, MT_FEED_VERSION));
	return (MT_OK);
}

static enum mt_status
try_file(int *fdp, const struct mt_feed_options *o, const char *file,
    uint64_t until, struct mt_error *e)
{
	uint8_t secret[MT_MIRROR_SECRET];
	struct mt_error error = { 0, "" };
	enum mt_status st;
	int fd;

	st = read_secret(file, secret, e);
	if (st != MT_OK)
		return (st);
	fd = connect_any(o, until, &error);
	if (fd == -1) {
		if (e != NULL)
			*e = error;
		return (error.sys != 0 ? MT_ERR_SYS : MT_ERR_LIMIT);
	}
	st = greet(fd, o, secret, until, e);
	if (st != MT_OK)
		(void)close(fd);
	else
		*fdp = fd;
	return (st);
}

enum mt_status
mt_feed_connect(int *fd, const struct mt_feed_options *o, struct mt_error *e)
{
	const uint64_t until = now_ms() +
	    (o->timeout_ms == 0 ? TIMEOUT_MS : o->timeout_ms);
	char dir[MT_MIRROR_PATH], file[MT_MIRROR_PATH];
	enum mt_status st = MT_ERR_SYS, next;
	struct mt_error error, none = { ENOENT, "" };
	unsigned i;

	if (o->port == 0 || o->port > 65535)
		return (mt_error_set(e, MT_ERR_LIMIT, "invalid port: %u",
		    o->port));
	if (o->token_file != NULL)
		return (try_file(fd, o, o->token_file, until, e));
	(void)snprintf(none.text, sizeof(none.text),
	    "nobody is watched on port %u", o->port);
	for (i = 0; mt_mirror_place(i, o->port, dir, file); i++) {
		next = try_file(fd, o, file, until, &error);
		if (next == MT_OK)
			return (MT_OK);
		/* What was left behind there says less than what is here. */
		if (error.sys == ENOENT)
			continue;
		st = next;
		none = error;
	}
	if (e != NULL)
		*e = none;
	return (st);
}
