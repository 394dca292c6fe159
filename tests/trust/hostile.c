/*
 * A process that is traced, and means harm: says hello as a Python would, and
 * makes the memory that it gets shorter.
 *
 *	usage: hostile arena | session
 *
 * Prints "sealed" if that cannot be done, or "shorter".
 */

#include <err.h>
#include <stdio.h>
#include <stdlib.h>

#include "../lib/libmtcollect/producer.h"

/* The descriptors that come with the welcome. */
static void
receive(int s, int fd[MT_WELCOME_FDS])
{
	union {
		struct cmsghdr	align;
		char		buf[CMSG_SPACE(MT_WELCOME_FDS * sizeof(int))];
	} control;
	struct mt_welcome w;
	struct iovec iov = { &w, sizeof(w) };
	struct msghdr m = { .msg_iov = &iov, .msg_iovlen = 1,
	    .msg_control = control.buf,
	    .msg_controllen = sizeof(control.buf) };

	if (recvmsg(s, &m, MSG_CMSG_CLOEXEC) != sizeof(w))
		err(1, "no welcome");
	if (w.verdict != MT_TRACE || CMSG_FIRSTHDR(&m) == NULL)
		errx(1, "verdict %u", w.verdict);
	memcpy(fd, CMSG_DATA(CMSG_FIRSTHDR(&m)),
	    MT_WELCOME_FDS * sizeof(int));
}

int
main(int argc, char *argv[])
{
	struct mt_hello h = { .magic = MT_HELLO_MAGIC,
	    .version = MT_WIRE_VERSION, .kind = MT_HELLO_PROCESS,
	    .pid = (uint32_t)getpid(), .py_version = "3.11.0 (hostile)" };
	const char *path = getenv(MT_ENV_SOCKET);
	int fd[MT_WELCOME_FDS], s;
	size_t which;

	if (argc != 2 || path == NULL)
		errx(2, "usage: hostile arena | session");
	if ((s = producer_connect(path + (*path == MT_ENV_FOLLOW))) == -1 ||
	    send(s, &h, sizeof(h), MSG_NOSIGNAL) != sizeof(h))
		err(1, "%s", path);
	receive(s, fd);
	which = strcmp(argv[1], "arena") == 0 ? MT_WELCOME_FDS - 1 : 0;
	(void)puts(ftruncate(fd[which], 0) == -1 ? "sealed" : "shorter");
	(void)fflush(stdout);
	/* Long enough for somebody to look at it. */
	(void)usleep(300000);
	return (0);
}
