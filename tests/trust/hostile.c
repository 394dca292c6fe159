/*
 * A process that is traced, and means harm: says hello as a Python would, and
 * makes the memory that it gets shorter, or writes to what it may but read.
 *
 *	usage: hostile arena | session | bell
 *
 * It does so with the descriptor that it got, and with one of its own making.
 * Prints "sealed" if nothing of that can be done, "shorter" or "written".
 */

#include <err.h>
#include <fcntl.h>
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

/* The same file, opened anew; -1 if that is not possible. */
static int
reopen(int fd)
{
	char path[40];

	(void)snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	return (open(path, O_RDWR | O_CLOEXEC));
}

/* As if the collector had died. */
static bool
write_to(int fd)
{
	struct mt_session_page *page = mmap(NULL, MT_SESSION_BYTES,
	    PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	const uint32_t died = MT_OWNER_DIED;

	if (page != MAP_FAILED)
		atomic_store(&page->lifeline, died);
	return (page != MAP_FAILED || pwrite(fd, &died, sizeof(died),
	    offsetof(struct mt_session_page, lifeline)) == sizeof(died));
}

static const char *
harm(int fd, bool may_write)
{
	const int own = reopen(fd);

	if (ftruncate(fd, 0) == 0 || (own != -1 && ftruncate(own, 0) == 0))
		return ("shorter");
	if (!may_write && (write_to(fd) || (own != -1 && write_to(own))))
		return ("written");
	return ("sealed");
}

int
main(int argc, char *argv[])
{
	static const char *const names[MT_WELCOME_FDS] = { "session", "bell",
	    "arena" };
	struct mt_hello h = { .magic = MT_HELLO_MAGIC,
	    .version = MT_WIRE_VERSION, .kind = MT_HELLO_PROCESS,
	    .pid = (uint32_t)getpid(), .py_version = "3.11.0 (hostile)" };
	const char *path = getenv(MT_ENV_SOCKET);
	int fd[MT_WELCOME_FDS], s;
	size_t which = 0;

	while (argc == 2 && which < MT_WELCOME_FDS &&
	    strcmp(argv[1], names[which]) != 0)
		which++;
	if (argc != 2 || which == MT_WELCOME_FDS || path == NULL)
		errx(2, "usage: hostile arena | session | bell");
	if ((s = producer_connect(path + (*path == MT_ENV_FOLLOW))) == -1 ||
	    send(s, &h, sizeof(h), MSG_NOSIGNAL) != sizeof(h))
		err(1, "%s", path);
	receive(s, fd);
	(void)puts(harm(fd[which], which != 0));
	(void)fflush(stdout);
	/* Long enough for somebody to look at it. */
	(void)usleep(300000);
	return (0);
}
