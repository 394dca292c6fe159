/* Where viewers of the live feed come in. */

#include <sys/socket.h>

#include <arpa/inet.h>
#include <errno.h>
#include <netdb.h>
#include <netinet/in.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "mt_collect_error.h"
#include "mt_collect_port.h"

#define BACKLOG	128

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
	if (address == NULL)
		address = "127.0.0.1";
	failed = getaddrinfo(address, service, &hints, &ai);
	if (failed != 0)
		return (mt_collect_fail(error, MT_ERR_LIMIT,
		    "address %.80s: %s", address, gai_strerror(failed)));
	p->net = listen_on(ai);
	failed = errno;
	freeaddrinfo(ai);
	errno = failed;
	if (p->net == -1 && errno == EADDRINUSE)
		return (mt_collect_fail(error, MT_ERR_LIMIT,
		    "port %u is in use by another program", port));
	if (p->net == -1)
		return (mt_collect_fail(error, MT_ERR_SYS,
		    "cannot listen on port %u", port));
	p->port = port_of(p->net);
	return (MT_OK);
}

/* ---- Both -------------------------------------------------------------- */

enum mt_status
mt_collect_port_init(struct mt_collect_port *p, const char *address,
    unsigned port, struct mt_error *error)
{
	enum mt_status st = MT_OK;

	memset(p, 0, sizeof(*p));
	p->net = p->local = p->dir = p->file_fd = -1;
	if (getentropy(&p->token, sizeof(p->token)) == -1)
		return (mt_collect_fail(error, MT_ERR_SYS, "random numbers"));
	if (address != NULL || port != 0)
		st = open_port(p, address, port, error);
	if (st == MT_OK)
		st = mt_collect_place_init(p, error);
	/* Where there are no local sockets, the loopback has to do. */
	if (st == MT_OK && p->local == -1 && p->net == -1) {
		mt_collect_place_fini(p);
		st = open_port(p, NULL, 0, error);
		if (st == MT_OK)
			st = mt_collect_place_init(p, error);
	}
	if (st == MT_OK && p->net != -1)
		st = mt_collect_place_publish(p, error);
	if (st != MT_OK)
		mt_collect_port_fini(p);
	return (st);
}

void
mt_collect_port_fini(struct mt_collect_port *p)
{
	mt_collect_place_fini(p);
	if (p->net != -1)
		(void)close(p->net);
	p->net = -1;
	explicit_bzero(&p->token, sizeof(p->token));
}
