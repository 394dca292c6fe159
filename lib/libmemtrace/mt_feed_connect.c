/* The connection of a viewer, and the greetings. */

#include <sys/socket.h>

#include <errno.h>
#include <netdb.h>
#include <netinet/in.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "mt_feed_in.h"
#include "mt_place.h"

#define AGAIN_MS	10	/* until a local socket is tried again */

/* ---- Within a time ----------------------------------------------------- */

uint64_t
mt_feed_now_ms(void)
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
		now = mt_feed_now_ms();
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

static bool
say(int fd, const uint8_t *data, size_t n)
{
	return (send(fd, data, n, MSG_NOSIGNAL) == (ssize_t)n);
}

/* A new socket, connected in time, or -1 with errno. */
static int
connect_to(const struct sockaddr *sa, socklen_t len, uint64_t until)
{
	socklen_t error_len = sizeof(int);
	int error, fd;

	fd = socket(sa->sa_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK,
	    0);
	if (fd == -1)
		return (-1);
	/* A local one never is in progress: it says when it has no room. */
	while ((error = connect(fd, sa, len) == 0 ? 0 : errno) == EAGAIN &&
	    mt_feed_now_ms() < until)
		(void)poll(NULL, 0, AGAIN_MS);
	if (error == EINPROGRESS) {
		error = ETIMEDOUT;
		if (wait_for(fd, POLLOUT, until) && getsockopt(fd, SOL_SOCKET,
		    SO_ERROR, &error, &error_len) != 0)
			error = errno;
	}
	if (error == 0)
		return (fd);
	(void)close(fd);
	errno = error;
	return (-1);
}

/* ---- Greetings --------------------------------------------------------- */

static enum mt_status
stranger(const struct mt_feed_way *way, struct mt_error *e)
{
	return (mt_error_set(e, MT_ERR_FORMAT, way->port == 0 ?
	    "who listens there is no memray-run" :
	    "who listens on port %u is not the memray-run that the "
	    "token is of", way->port));
}

static enum mt_status
other_version(unsigned version, struct mt_error *e)
{
	return (mt_error_set(e, MT_ERR_VERSION,
	    "memray-run speaks version %u of the protocol, and this is a "
	    "viewer of version %u: they have to be of the same release",
	    version, MT_FEED_VERSION));
}

/* What the other side begins with. */
static enum mt_status
hear_head(int fd, const struct mt_feed_way *way, struct mt_error *e)
{
	uint8_t head[MT_MIRROR_HEAD];
	unsigned version;

	if (!receive(fd, head, sizeof(head), way->until) ||
	    (version = mt_mirror_version(head)) == 0)
		return (stranger(way, e));
	return (version == MT_FEED_VERSION ? MT_OK :
	    other_version(version, e));
}

static enum mt_status
greet_local(int fd, const struct mt_feed_way *way, struct mt_error *e)
{
	uint8_t head[MT_MIRROR_HEAD];

	mt_mirror_head(head);
	return (say(fd, head, sizeof(head)) ? hear_head(fd, way, e) :
	    stranger(way, e));
}

static enum mt_status
greet_sealed(int fd, struct mt_seal *seal, const struct mt_feed_way *way,
    struct mt_error *e)
{
	uint8_t data[MT_MIRROR_HEAD + MT_SEAL_GREETING];
	enum mt_status st;

	mt_mirror_head(data);
	if (!mt_seal_write(seal, data + MT_MIRROR_HEAD, NULL, 0) ||
	    !say(fd, data, sizeof(data)))
		return (stranger(way, e));
	if ((st = hear_head(fd, way, e)) != MT_OK)
		return (st);
	if (!receive(fd, data, MT_SEAL_GREETING, way->until) ||
	    !mt_seal_read(seal, NULL, data, MT_SEAL_GREETING))
		return (stranger(way, e));
	return (MT_OK);
}

/* ---- Ways -------------------------------------------------------------- */

enum mt_status
mt_feed_connect_local(struct mt_feed *f, const struct sockaddr_un *sun,
    const struct mt_feed_way *way, struct mt_error *e)
{
	enum mt_status st;
	int fd;

	fd = connect_to((const struct sockaddr *)sun, sizeof(*sun),
	    way->until);
	if (fd == -1)
		return (mt_error_set(e, MT_ERR_SYS, "cannot connect"));
	if (mt_place_is_friend(fd))
		st = greet_local(fd, way, e);
	else {
		errno = EACCES;
		st = mt_error_set(e, MT_ERR_SYS,
		    "who listens there is neither of this user nor root");
	}
	if (st == MT_OK)
		f->fd = fd;
	else
		(void)close(fd);
	return (st);
}

static int
connect_any(const struct mt_feed_way *way, struct mt_error *e)
{
	const struct addrinfo hints = {
		.ai_socktype = SOCK_STREAM,
		.ai_flags = AI_NUMERICSERV
	};
	const char *host = way->host == NULL ? "127.0.0.1" : way->host;
	struct addrinfo *ai, *all;
	char port[16];
	int error, fd = -1;

	(void)snprintf(port, sizeof(port), "%u", way->port);
	error = getaddrinfo(host, port, &hints, &all);
	if (error != 0) {
		(void)mt_error_set(e, MT_ERR_LIMIT, "%.80s: %s", host,
		    gai_strerror(error));
		return (-1);
	}
	for (ai = all; ai != NULL && fd == -1; ai = ai->ai_next)
		fd = connect_to(ai->ai_addr, ai->ai_addrlen, way->until);
	error = errno;
	freeaddrinfo(all);
	errno = error;
	if (fd == -1)
		(void)mt_error_set(e, MT_ERR_SYS,
		    errno == ECONNREFUSED && way->host == NULL ?
		    "no program is recorded on port %u any more" :
		    "cannot connect to port %u", way->port);
	return (fd);
}

enum mt_status
mt_feed_connect_net(struct mt_feed *f, const struct mt_token *token,
    unsigned version, const struct mt_feed_way *way, struct mt_error *e)
{
	struct mt_error error = { 0, "" };
	uint8_t head[MT_MIRROR_HEAD];
	struct mt_seal *seal = NULL;
	enum mt_status st;
	int fd;

	mt_mirror_head(head);
	fd = connect_any(way, &error);
	if (fd == -1) {
		if (e != NULL)
			*e = error;
		return (error.sys != 0 ? MT_ERR_SYS : MT_ERR_LIMIT);
	}
	/* The file tells who listens, who would have us say its secret. */
	st = version != MT_FEED_VERSION ? other_version(version, e) :
	    mt_seal_new(&seal, MT_SEAL_VIEWER, token->token, head,
	    sizeof(head), e);
	if (st == MT_OK)
		st = greet_sealed(fd, seal, way, e);
	if (st == MT_OK) {
		f->fd = fd;
		f->seal = seal;
		return (MT_OK);
	}
	mt_seal_free(seal);
	(void)close(fd);
	return (st);
}
