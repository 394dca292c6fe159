/*
 * Somebody else behind the name of the collector's socket.
 *
 *	usage: impostor user path command [argument ...]
 *
 * Listens as that user, runs the command, and says what it was told: the
 * number of bytes of a hello.  Then it gives the agent memory that is not
 * sealed, which it must not take.
 */

#include <sys/stat.h>
#include <sys/wait.h>

#include <err.h>
#include <stdio.h>
#include <stdlib.h>

#include "../lib/libmtcollect/producer.h"

static int
listen_at(const char *path)
{
	struct sockaddr_un sun = { .sun_family = AF_UNIX };
	int s = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0);

	if (strlen(path) >= sizeof(sun.sun_path))
		errx(1, "%s: too long", path);
	strcpy(sun.sun_path, path);
	if (s == -1 || bind(s, (struct sockaddr *)&sun, sizeof(sun)) == -1 ||
	    chmod(path, 0777) == -1 || listen(s, 16) == -1)
		err(1, "%s", path);
	return (s);
}

/* A session page, a bell and an arena that look right. */
static void
make(int fd[MT_WELCOME_FDS])
{
	struct mt_session_page *page;
	struct mt_arena *a;

	for (unsigned i = 0; i < MT_WELCOME_FDS; i++)
		if ((fd[i] = memfd_create("x", 0)) == -1 ||
		    ftruncate(fd[i], i < 2 ? MT_SESSION_BYTES :
		    (off_t)MT_ARENA_BYTES) == -1)
			err(1, "memory");
	page = mmap(NULL, MT_SESSION_BYTES, PROT_READ | PROT_WRITE,
	    MAP_SHARED, fd[0], 0);
	a = mmap(NULL, MT_ARENA_BYTES, PROT_READ | PROT_WRITE, MAP_SHARED,
	    fd[2], 0);
	if (page == MAP_FAILED || a == MAP_FAILED)
		err(1, "memory");
	page->magic = MT_SESSION_MAGIC;
	page->version = a->version = MT_WIRE_VERSION;
	a->magic = MT_ARENA_MAGIC;
	a->nrings = MT_ARENA_RINGS;
	a->ring_words = MT_RING_WORDS;
	a->data_offset = MT_ARENA_DATA_OFFSET;
}

static void
answer(int s, const int fd[MT_WELCOME_FDS])
{
	struct mt_welcome w = { .magic = MT_HELLO_MAGIC,
	    .version = MT_WIRE_VERSION, .verdict = MT_TRACE, .arenas = 1 };
	union {
		struct cmsghdr	head;
		char		buf[CMSG_SPACE(MT_WELCOME_FDS * sizeof(int))];
	} control = { .head = {
	    .cmsg_len = CMSG_LEN(MT_WELCOME_FDS * sizeof(int)),
	    .cmsg_level = SOL_SOCKET, .cmsg_type = SCM_RIGHTS } };
	struct iovec iov = { &w, sizeof(w) };
	struct msghdr m = { .msg_iov = &iov, .msg_iovlen = 1,
	    .msg_control = control.buf,
	    .msg_controllen = sizeof(control.buf) };

	memcpy(CMSG_DATA(&control.head), fd, MT_WELCOME_FDS * sizeof(int));
	(void)sendmsg(s, &m, MSG_NOSIGNAL);
}

/* What one peer says, after which the arena's memory is taken away. */
static void
serve(int listening, const int fd[MT_WELCOME_FDS])
{
	struct mt_hello h;
	ssize_t n;
	int s;

	(void)alarm(60);
	if ((s = accept4(listening, NULL, NULL, SOCK_CLOEXEC)) == -1)
		err(1, "accept");
	n = recv(s, &h, sizeof(h), 0);
	(void)printf("heard %zd bytes\n", n == -1 ? 0 : n);
	(void)fflush(stdout);
	answer(s, fd);
	(void)usleep(100000);
	for (unsigned i = 0; i < MT_WELCOME_FDS; i++)
		(void)ftruncate(fd[i], 0);
	(void)close(s);
	_exit(0);
}

int
main(int argc, char *argv[])
{
	int fd[MT_WELCOME_FDS], s, status;
	pid_t pid;

	if (argc < 4)
		errx(2, "usage: impostor user path command ...");
	/* Who listens is who it was that called listen(2). */
	if (seteuid((uid_t)atoi(argv[1])) == -1)
		err(1, "seteuid");
	s = listen_at(argv[2]);
	if (seteuid(getuid()) == -1)
		err(1, "seteuid");
	make(fd);
	if ((pid = fork()) == 0)
		serve(s, fd);
	if (pid == -1 || (pid = fork()) == -1)
		err(1, "fork");
	if (pid == 0) {
		(void)execvp(argv[3], argv + 3);
		err(127, "%s", argv[3]);
	}
	(void)waitpid(pid, &status, 0);
	while (wait(NULL) != -1)
		continue;
	return (WIFEXITED(status) ? WEXITSTATUS(status) :
	    128 + WTERMSIG(status));
}
