/* The port of the live feed, and its secret. */

#include <sys/file.h>
#include <sys/socket.h>
#include <sys/stat.h>

#include <arpa/inet.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <netdb.h>
#include <netinet/in.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "mt_collect_error.h"
#include "mt_collect_port.h"

#define BACKLOG	128
#define HEX	(2 * MT_MIRROR_SECRET)
#define YOUNG	10	/* seconds: may not be locked yet */

/* ---- Listening --------------------------------------------------------- */

static int
listen_on(const struct addrinfo *ai)
{
	const int on = 1;
	int error, fd;

	fd = socket(ai->ai_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK,
	    0);
	if (fd == -1)
		return (-1);
	(void)setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on));
	if (bind(fd, ai->ai_addr, ai->ai_addrlen) == 0 &&
	    listen(fd, BACKLOG) == 0)
		return (fd);
	error = errno;
	(void)close(fd);
	errno = error;
	return (-1);
}

static unsigned
port_of(int fd)
{
	union {
		struct sockaddr		sa;
		struct sockaddr_in	in;
		struct sockaddr_in6	in6;
		struct sockaddr_storage	any;
	} a;
	socklen_t len = sizeof(a);

	if (getsockname(fd, &a.sa, &len) == -1)
		return (0);
	return (ntohs(a.sa.sa_family == AF_INET6 ? a.in6.sin6_port :
	    a.in.sin_port));
}

static enum mt_status
open_port(struct mt_collect_port *p, const char *address, unsigned port,
    struct mt_error *error)
{
	const struct addrinfo hints = {
		.ai_socktype = SOCK_STREAM,
		.ai_flags = AI_PASSIVE | AI_NUMERICSERV
	};
	struct addrinfo *ai;
	char service[16];
	int failed;

	(void)snprintf(service, sizeof(service), "%u", port);
	failed = getaddrinfo(address == NULL ? "127.0.0.1" : address, service,
	    &hints, &ai);
	if (failed != 0)
		return (mt_collect_fail(error, MT_ERR_LIMIT,
		    "address %.80s: %s", address, gai_strerror(failed)));
	p->fd = listen_on(ai);
	failed = errno;
	freeaddrinfo(ai);
	errno = failed;
	if (p->fd == -1 && errno == EADDRINUSE)
		return (mt_collect_fail(error, MT_ERR_LIMIT,
		    "port %u is in use by another program", port));
	if (p->fd == -1)
		return (mt_collect_fail(error, MT_ERR_SYS,
		    "cannot listen on port %u", port));
	p->port = port_of(p->fd);
	return (MT_OK);
}

/* ---- The secret -------------------------------------------------------- */

static bool
is_private(const char *dir)
{
	struct stat st;

	if (mkdir(dir, 0700) == -1 && errno != EEXIST)
		return (false);
	errno = EACCES;
	return (lstat(dir, &st) == 0 && S_ISDIR(st.st_mode) &&
	    st.st_uid == geteuid() && (st.st_mode & 077) == 0);
}

static bool
is_left_behind(int dir, const char *name)
{
	struct stat st;
	bool left;
	int fd;

	if (strncmp(name, "live-", 5) != 0)
		return (false);
	fd = openat(dir, name, O_RDONLY | O_NOFOLLOW | O_CLOEXEC | O_NONBLOCK);
	if (fd == -1)
		return (false);
	left = fstat(fd, &st) == 0 && S_ISREG(st.st_mode) &&
	    st.st_mtime < time(NULL) - YOUNG &&
	    flock(fd, LOCK_EX | LOCK_NB) == 0;
	(void)close(fd);
	return (left);
}

static void
remove_left_behind(const char *path)
{
	struct dirent *d;
	DIR *dir;

	if ((dir = opendir(path)) == NULL)
		return;
	while ((d = readdir(dir)) != NULL)
		if (is_left_behind(dirfd(dir), d->d_name))
			(void)unlinkat(dirfd(dir), d->d_name, 0);
	(void)closedir(dir);
}

/* The port is ours, so what has this name was left behind, too. */
static int
write_secret(const char *file, const uint8_t secret[MT_MIRROR_SECRET])
{
	char text[HEX + 2];
	unsigned i;
	int fd;

	for (i = 0; i < MT_MIRROR_SECRET; i++)
		(void)snprintf(text + 2 * i, 3, "%02x", secret[i]);
	text[HEX] = '\n';
	(void)unlink(file);
	fd = open(file, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC,
	    0600);
	if (fd == -1)
		return (-1);
	if (fchmod(fd, 0600) == 0 && flock(fd, LOCK_EX | LOCK_NB) == 0 &&
	    write(fd, text, HEX + 1) == (ssize_t)HEX + 1)
		return (fd);
	(void)close(fd);
	(void)unlink(file);
	return (-1);
}

static enum mt_status
keep_secret(struct mt_collect_port *p, struct mt_error *error)
{
	char dir[MT_MIRROR_PATH], file[MT_MIRROR_PATH];
	unsigned i;

	if (getentropy(p->secret, sizeof(p->secret)) == -1)
		return (mt_collect_fail(error, MT_ERR_SYS, "random numbers"));
	for (i = 0; mt_mirror_place(i, p->port, dir, file); i++) {
		if (!is_private(dir))
			continue;
		remove_left_behind(dir);
		p->file_fd = write_secret(file, p->secret);
		if (p->file_fd == -1)
			continue;
		memcpy(p->file, file, sizeof(p->file));
		return (MT_OK);
	}
	return (mt_collect_fail(error, MT_ERR_SYS,
	    "no private place for the token of the live feed"));
}

enum mt_status
mt_collect_port_init(struct mt_collect_port *p, const char *address,
    unsigned port, struct mt_error *error)
{
	enum mt_status st;

	memset(p, 0, sizeof(*p));
	p->fd = p->file_fd = -1;
	st = open_port(p, address, port, error);
	if (st == MT_OK)
		st = keep_secret(p, error);
	if (st != MT_OK)
		mt_collect_port_fini(p);
	return (st);
}

void
mt_collect_port_fini(struct mt_collect_port *p)
{
	if (p->file[0] != '\0')
		(void)unlink(p->file);
	p->file[0] = '\0';
	if (p->file_fd != -1)
		(void)close(p->file_fd);
	p->file_fd = -1;
	if (p->fd != -1)
		(void)close(p->fd);
	p->fd = -1;
}
