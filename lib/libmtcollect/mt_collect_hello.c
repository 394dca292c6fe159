/* Processes that say hello. */

#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/types.h>
#include <sys/un.h>

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <mt_place.h>

#include "mt_collect_error.h"
#include "mt_collect_hello.h"
#include "mt_collect_os.h"
#include "mt_collect_stale.h"
#include "mt_wire.h"

#define SOCKET_NAME	"s"

/* Where the private directory may be, the best first. */
static const struct {
	const char		*variable;	/* NULL: /tmp */
	enum mt_place_worth	 least;
} hello_places[] = {
	{ "XDG_RUNTIME_DIR", MT_PLACE_PRIVATE },
	{ NULL, MT_PLACE_SAFE },
	{ "TMPDIR", MT_PLACE_SAFE },
	/*
	 * Others can take our directory away there, and their own is of no
	 * use to them: agents look who answers.
	 */
	{ "TMPDIR", MT_PLACE_OPEN },
	{ NULL, MT_PLACE_STRANGE }
};

/* False if there can be no private directory below this one. */
static bool
hello_dir(struct mt_collect_hello *h, const char *parent,
    enum mt_place_worth least)
{
	int n;

	if (parent == NULL || mt_place_worth(parent) < least)
		return (false);
	n = snprintf(h->path, sizeof(h->path), "%s/memtrace.XXXXXX/s", parent);
	if (n < 0 || (size_t)n >= sizeof(h->path))
		return (false);
	h->path[n - 2] = '\0';
	if (mkdtemp(h->path) == NULL)
		return (false);
	if ((h->dir_fd = mt_place_open(AT_FDCWD, h->path, false)) == -1) {
		(void)rmdir(h->path);
		return (false);
	}
	mt_collect_stale_remove(parent);
	memcpy(h->dir, h->path, sizeof(h->dir));
	h->path[n - 2] = '/';
	return (true);
}

static bool
hello_find_dir(struct mt_collect_hello *h)
{
	const size_t n = sizeof(hello_places) / sizeof(hello_places[0]);
	const char *variable;

	for (size_t i = 0; i < n; i++) {
		variable = hello_places[i].variable;
		if (hello_dir(h, variable == NULL ? "/tmp" : getenv(variable),
		    hello_places[i].least))
			return (true);
	}
	h->path[0] = '\0';
	return (false);
}

/* In the directory that was made, whatever has its name by now. */
static enum mt_status
hello_listen(struct mt_collect_hello *h, struct mt_error *error)
{
	struct sockaddr_un sun;

	h->fd = socket(AF_UNIX,
	    SOCK_SEQPACKET | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (h->fd == -1 || !mt_place_address(&sun, h->dir_fd, SOCKET_NAME) ||
	    bind(h->fd, (struct sockaddr *)&sun, sizeof(sun)) == -1 ||
	    listen(h->fd, SOMAXCONN) == -1 ||
	    !mt_collect_os_poll_add(h->poll, h->fd, h->tag))
		return (mt_collect_fail(error, MT_ERR_SYS, "socket %s",
		    h->path));
	h->spare = fcntl(h->fd, F_DUPFD_CLOEXEC, 0);
	return (MT_OK);
}

enum mt_status
mt_collect_hello_init(struct mt_collect_hello *h, int poll, uint32_t tag,
    mt_collect_hello_fn *fn, void *arg, struct mt_error *error)
{
	enum mt_status st;
	unsigned i;

	memset(h, 0, sizeof(*h));
	h->fd = h->spare = h->dir_fd = -1;
	h->poll = poll;
	h->tag = tag;
	h->fn = fn;
	h->arg = arg;
	for (i = 0; i < MT_COLLECT_HALF_OPEN; i++)
		h->half[i].fd = -1;
	if (!hello_find_dir(h))
		return (mt_collect_fail(error, MT_ERR_SYS,
		    "no private directory for the socket"));
	if ((st = hello_listen(h, error)) != MT_OK)
		mt_collect_hello_fini(h);
	return (st);
}

void
mt_collect_hello_fini(struct mt_collect_hello *h)
{
	unsigned i;

	if (h->path[0] == '\0')
		return;
	for (i = 0; i < MT_COLLECT_HALF_OPEN; i++)
		if (h->half[i].fd != -1)
			(void)close(h->half[i].fd);
	if (h->fd != -1)
		(void)close(h->fd);
	if (h->spare != -1)
		(void)close(h->spare);
	(void)unlinkat(h->dir_fd, SOCKET_NAME, 0);
	(void)close(h->dir_fd);
	(void)rmdir(h->dir);
	h->path[0] = '\0';
}

/* A half-open connection leaves the poll set by being closed. */
static void
hello_drop(struct mt_collect_hello *h, unsigned i)
{
	(void)close(h->half[i].fd);
	h->half[i].fd = -1;
}

static void
hello_keep(struct mt_collect_hello *h, int conn, uint64_t now_us)
{
	unsigned i, at;

	for (at = 0, i = 0; i < MT_COLLECT_HALF_OPEN; i++) {
		if (h->half[i].fd == -1) {
			at = i;
			break;
		}
		if (h->half[i].since_us < h->half[at].since_us)
			at = i;
	}
	if (h->half[at].fd != -1)
		hello_drop(h, at);
	if (!mt_collect_os_poll_add(h->poll, conn, h->tag)) {
		(void)close(conn);
		return;
	}
	h->half[at].fd = conn;
	h->half[at].since_us = now_us;
}

/*
 * Returns false if the peer has not said anything yet; otherwise it was
 * heard, for good or bad.
 */
static bool
hello_hear(struct mt_collect_hello *h, int conn)
{
	struct mt_hello hello;
	ssize_t n;
	pid_t pid;
	uid_t uid;

	n = recv(conn, &hello, sizeof(hello), MSG_DONTWAIT | MSG_TRUNC);
	if (n == -1 && (errno == EAGAIN || errno == EINTR))
		return (false);
	if (n != (ssize_t)sizeof(hello) || hello.magic != MT_HELLO_MAGIC)
		return (true);
	hello.py_version[sizeof(hello.py_version) - 1] = '\0';
	if (mt_collect_os_peer(conn, &pid, &uid))
		h->fn(h->arg, conn, pid, &hello);
	return (true);
}

static bool
hello_welcome_here(int conn)
{
	pid_t pid;
	uid_t uid;

	return (mt_collect_os_peer(conn, &pid, &uid) &&
	    (uid == geteuid() || uid == 0));
}

/*
 * Without a descriptor to be had, the peer would wait for us, and the
 * listening socket have us look again and again.
 */
static void
hello_refuse(struct mt_collect_hello *h)
{
	int conn;

	if ((errno != EMFILE && errno != ENFILE) || h->spare == -1)
		return;
	(void)close(h->spare);
	conn = accept4(h->fd, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);
	if (conn != -1) {
		(void)close(conn);
		h->refused++;
	}
	h->spare = fcntl(h->fd, F_DUPFD_CLOEXEC, 0);
}

void
mt_collect_hello_step(struct mt_collect_hello *h, uint64_t now_us)
{
	unsigned i;
	int conn;

	for (i = 0; i < MT_COLLECT_HALF_OPEN; i++)
		if (h->half[i].fd != -1 && hello_hear(h, h->half[i].fd))
			hello_drop(h, i);
	/* Bounded, so that a flood of peers cannot hold up the caller. */
	for (i = 0; i < 4 * MT_COLLECT_HALF_OPEN; i++) {
		conn = accept4(h->fd, NULL, NULL,
		    SOCK_CLOEXEC | SOCK_NONBLOCK);
		if (conn == -1) {
			hello_refuse(h);
			return;
		}
		if (!hello_welcome_here(conn) || hello_hear(h, conn))
			(void)close(conn);
		else
			hello_keep(h, conn, now_us);
	}
}

void
mt_collect_hello_expire(struct mt_collect_hello *h, uint64_t now_us)
{
	unsigned i;

	for (i = 0; i < MT_COLLECT_HALF_OPEN; i++)
		if (h->half[i].fd != -1 &&
		    now_us - h->half[i].since_us >= MT_COLLECT_SILENCE_US)
			hello_drop(h, i);
}

static bool
hello_send(int conn, enum mt_verdict verdict, uint32_t flags, unsigned arenas,
    void *control, size_t control_len)
{
	struct mt_welcome welcome;
	struct msghdr msg;
	struct iovec iov;

	memset(&welcome, 0, sizeof(welcome));
	welcome.magic = MT_HELLO_MAGIC;
	welcome.version = MT_WIRE_VERSION;
	welcome.verdict = (uint32_t)verdict;
	welcome.flags = flags;
	welcome.arenas = arenas;
	iov.iov_base = &welcome;
	iov.iov_len = sizeof(welcome);
	memset(&msg, 0, sizeof(msg));
	msg.msg_iov = &iov;
	msg.msg_iovlen = 1;
	msg.msg_control = control;
	msg.msg_controllen = control_len;
	return (sendmsg(conn, &msg, MSG_DONTWAIT | MSG_NOSIGNAL) ==
	    (ssize_t)sizeof(welcome));
}

bool
mt_collect_hello_trace(int conn, uint32_t flags,
    const int fds[MT_WELCOME_FDS], unsigned arenas)
{
	const size_t size = MT_WELCOME_FDS * sizeof(fds[0]);
	union {
		struct cmsghdr	head;
		char		buf[CMSG_SPACE(MT_WELCOME_FDS * sizeof(int))];
	} control;

	memset(&control, 0, sizeof(control));
	control.head.cmsg_level = SOL_SOCKET;
	control.head.cmsg_type = SCM_RIGHTS;
	control.head.cmsg_len = CMSG_LEN(size);
	memcpy(CMSG_DATA(&control.head), fds, size);
	return (hello_send(conn, MT_TRACE, flags, arenas, &control,
	    sizeof(control)));
}

bool
mt_collect_hello_ignore(int conn)
{
	return (hello_send(conn, MT_IGNORE, 0, 0, NULL, 0));
}
