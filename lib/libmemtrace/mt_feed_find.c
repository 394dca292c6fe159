/* Where a feed is: its socket, or its token and the network. */

#include <sys/file.h>
#include <sys/socket.h>
#include <sys/stat.h>

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "mt_feed_in.h"
#include "mt_place.h"

#define TIMEOUT_MS	5000u

/* ---- The token --------------------------------------------------------- */

/* Somebody else's file would have us talk to him. */
static bool
is_ours(int fd)
{
	struct stat st;

	return (fstat(fd, &st) == 0 && S_ISREG(st.st_mode) &&
	    st.st_uid == geteuid() && (st.st_mode & 077) == 0);
}

/*
 * version 0: there is no token, and nobody listens on a network.  A file that
 * is not complete yet is as good as none, and so is the lock of a memray-run
 * that has not come so far as to listen.
 */
static enum mt_status
get_token(int fd, const char *path, struct mt_token *t, unsigned *version,
    struct mt_error *e)
{
	char text[MT_TOKEN_TEXT];
	ssize_t n;

	if (!is_ours(fd)) {
		errno = EACCES;
		return (mt_error_set(e, MT_ERR_SYS,
		    "%.120s belongs to another user, or others may read "
		    "it", path));
	}
	n = read(fd, text, sizeof(text));
	if (n == -1)
		return (mt_error_set(e, MT_ERR_SYS, "cannot read %.120s",
		    path));
	if (!mt_token_parse(t, version, text, (size_t)n))
		return (mt_error_set(e, MT_ERR_FORMAT,
		    "%.120s holds no token", path));
	return (MT_OK);
}

/* There is no way but the socket, which did not answer. */
static enum mt_status
nobody(int fd, unsigned port, struct mt_error *e)
{
	const bool starting = flock(fd, LOCK_SH | LOCK_NB) == -1;

	errno = starting ? ENOENT : ECONNREFUSED;
	return (mt_error_set(e, MT_ERR_SYS, starting ?
	    "no program is recorded on port %u yet" :
	    "no program is recorded on port %u any more", port));
}

static enum mt_status
through_net(struct mt_feed *f, int dir, const char *name, const char *path,
    const struct mt_feed_way *way, struct mt_error *e)
{
	struct mt_token token;
	enum mt_status st;
	unsigned version;
	int fd;

	fd = openat(dir, name,
	    O_RDONLY | O_NOFOLLOW | O_CLOEXEC | O_NONBLOCK);
	if (fd == -1)
		return (mt_error_set(e, MT_ERR_SYS, "cannot read %.120s",
		    path));
	st = get_token(fd, path, &token, &version, e);
	if (st == MT_OK && version == 0 && way->host != NULL)
		st = mt_error_set(e, MT_ERR_LIMIT, "memray-run listens on no "
		    "network without --live-port or --live-address");
	else if (st == MT_OK && version == 0)
		st = nobody(fd, way->port, e);
	(void)close(fd);
	if (st == MT_OK)
		st = mt_feed_connect_net(f, &token, version, way, e);
	explicit_bzero(&token, sizeof(token));
	return (st);
}

/* ---- Sockets ----------------------------------------------------------- */

/* Whether there may be another way than this socket, which did not answer. */
static bool
is_no_socket(enum mt_status st, const struct mt_error *e)
{
	return (st == MT_ERR_SYS &&
	    (e->sys == ENOENT || e->sys == ECONNREFUSED ||
	    e->sys == ENOTSOCK || e->sys == ENOTSUP));
}

/*
 * What is in the directory under that name: a token, and beside it perhaps
 * the socket.
 */
static enum mt_status
in_directory(struct mt_feed *f, int dir, const char *name, const char *path,
    const struct mt_feed_way *way, struct mt_error *e)
{
	struct mt_error error = { ENOENT, "" };
	enum mt_status st = MT_ERR_SYS;
	struct sockaddr_un sun;
	char sock[sizeof(sun.sun_path)];

	if (way->host == NULL && snprintf(sock, sizeof(sock), "%s.sock",
	    name) < (int)sizeof(sock) && mt_place_address(&sun, dir, sock))
		st = mt_feed_connect_local(f, &sun, way, &error);
	if (is_no_socket(st, &error))
		return (through_net(f, dir, name, path, way, e));
	if (st != MT_OK && e != NULL)
		*e = error;
	return (st);
}

static enum mt_status
by_socket(struct mt_feed *f, const char *path, const struct mt_feed_way *way,
    struct mt_error *e)
{
	struct sockaddr_un sun;

	memset(&sun, 0, sizeof(sun));
	sun.sun_family = AF_UNIX;
	if (strlen(path) >= sizeof(sun.sun_path))
		return (mt_error_set(e, MT_ERR_LIMIT,
		    "the name of the socket is too long: %.120s", path));
	strcpy(sun.sun_path, path);
	return (mt_feed_connect_local(f, &sun, way, e));
}

/* A file that was named, wherever that is. */
static enum mt_status
by_file(struct mt_feed *f, const char *path, const struct mt_feed_way *way,
    struct mt_error *e)
{
	char above[MT_PLACE_PATH];
	const char *name = strrchr(path, '/');
	enum mt_status st;
	int dir, n;

	name = name == NULL ? path : name + 1;
	n = snprintf(above, sizeof(above), "%.*s.", (int)(name - path), path);
	errno = ENAMETOOLONG;
	dir = n < 0 || n >= (int)sizeof(above) ? -1 :
	    open(above, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (dir == -1)
		return (mt_error_set(e, MT_ERR_SYS, "cannot read %.120s",
		    path));
	st = in_directory(f, dir, name, path, way, e);
	(void)close(dir);
	return (st);
}

static enum mt_status
by_port(struct mt_feed *f, const struct mt_feed_way *way, struct mt_error *e)
{
	char name[MT_TOKEN_NAME], sock[MT_TOKEN_NAME];
	char place[MT_PLACE_PATH], path[MT_PLACE_PATH + MT_TOKEN_NAME];
	struct mt_error error, none = { ENOENT, "" };
	enum mt_status st = MT_ERR_SYS, next;
	unsigned i;
	int dir;

	(void)snprintf(none.text, sizeof(none.text), way->host == NULL ?
	    "no program is recorded on port %u" :
	    "the token of port %u is not here: see --token-file", way->port);
	mt_token_name(name, sock, way->port);
	for (i = 0; i < MT_PLACE_FEEDS; i++) {
		dir = mt_place_feed(i, false, place);
		if (dir == -1)
			continue;
		(void)snprintf(path, sizeof(path), "%s/%s", place, name);
		next = in_directory(f, dir, name, path, way, &error);
		(void)close(dir);
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

enum mt_status
mt_feed_find(struct mt_feed *f, const struct mt_feed_options *o,
    struct mt_error *e)
{
	const struct mt_feed_way way = {
		.host = o->host,
		.port = o->port,
		.until = mt_feed_now_ms() +
		    (o->timeout_ms == 0 ? TIMEOUT_MS : o->timeout_ms)
	};

	if (o->socket != NULL)
		return (by_socket(f, o->socket, &way, e));
	if (o->port == 0 || o->port > 65535)
		return (mt_error_set(e, MT_ERR_LIMIT, "invalid port: %u",
		    o->port));
	if (o->token_file != NULL)
		return (by_file(f, o->token_file, &way, e));
	return (by_port(f, &way, e));
}
