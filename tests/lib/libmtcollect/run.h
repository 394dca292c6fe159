/* Runs of fake programs, in other processes, into real captures. */

#ifndef RUN_H
#define RUN_H

#include <sys/types.h>
#include <sys/mman.h>
#include <sys/wait.h>

#include <atf-c.h>
#include <fcntl.h>
#include <poll.h>
#include <stdatomic.h>
#include <string.h>
#include <unistd.h>

#include <mt_record.h>

#include "mt_collect.h"
#include "producer.h"

/* What a program of the tests has, in its own process. */
struct program {
	const char		*socket;
	struct mt_session_page	*page;
	struct mt_arena		*arena;
};

typedef int	program_fn(struct program *);

static struct mt_collect *collect;
static struct mt_collect_result result;
static unsigned agent_flags;
static struct mt_collect_options session_options;
/* Shared between the processes of a test. */
static _Atomic uint64_t *shared;

static void
new_session(unsigned writer_flags)
{
	struct mt_collect_options o = session_options;
	struct mt_error e;

	o.writer_flags = writer_flags;
	o.agent_flags = agent_flags;
	o.sample_ms = 10;
	o.start_time_ns = 1000000000;
	shared = mmap(NULL, 4096, PROT_READ | PROT_WRITE,
	    MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	ATF_REQUIRE(shared != MAP_FAILED);
	ATF_REQUIRE_EQ(MT_OK, mt_collect_new(&collect, &o, &e));
}

static bool
hello(struct program *p)
{
	return (producer_ask(p->socket, MT_HELLO_PROCESS, MT_WIRE_VERSION,
	    &p->page, &p->arena) == MT_TRACE);
}

/* A program that says hello and then does what it does. */
static pid_t
start_program(program_fn *fn)
{
	struct program p = { .socket = mt_collect_socket(collect) };
	pid_t pid;

	ATF_REQUIRE((pid = fork()) != -1);
	if (pid == 0)
		_exit(fn(&p));
	return (pid);
}

static void
start_collecting(pid_t pid, const char *file)
{
	struct mt_error e;
	int fd;

	fd = open(file, O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
	ATF_REQUIRE(fd != -1);
	ATF_REQUIRE_EQ_MSG(MT_OK, mt_collect_start(collect, pid, fd,
	    "fake program", &e), "%s", e.text);
}

static void
step(void)
{
	struct pollfd pfd = { .fd = mt_collect_fd(collect), .events = POLLIN };

	if (poll(&pfd, 1, 50) == 1)
		mt_collect_step(collect);
}

/* Until the program ends; returns its status. */
static int
supervise(pid_t pid)
{
	int status;

	while (waitpid(pid, &status, WNOHANG) == 0)
		step();
	return (status);
}

static inline int
run(program_fn *fn)
{
	int status;
	pid_t pid;

	new_session(0);
	pid = start_program(fn);
	start_collecting(pid, "x.bin");
	status = supervise(pid);
	mt_collect_finish(collect, status, &result);
	mt_collect_free(collect);
	return (status);
}

static inline struct mt_capture *
open_capture(void)
{
	struct mt_capture *c;
	struct mt_error e;

	ATF_REQUIRE_EQ_MSG(MT_OK, mt_capture_open(&c, "x.bin", &e), "%s",
	    e.text);
	return (c);
}

#define MANY	400000u		/* allocations; more than fit in a ring */

static inline int
program_many(struct program *p)
{
	struct producer o;
	uint64_t i;

	if (!hello(p) || !producer_claim(&o, p->page, p->arena, 0))
		return (1);
	producer_thread(&o, (uint64_t)getpid(), "MainThread");
	producer_code(&o, 1, "f", "a.py");
	producer_push(&o, 1, 0);
	for (i = 0; i < MANY; i++)
		producer_alloc(&o, i, 0x1000 + i * 16, 8);
	return (0);
}

static inline int
program_endless(struct program *p)
{
	struct producer o;
	uint64_t i;

	if (!hello(p) || !producer_claim(&o, p->page, p->arena, 0))
		return (1);
	producer_thread(&o, (uint64_t)getpid(), "MainThread");
	for (i = 0;; i++) {
		producer_alloc(&o, i, 0x1000 + (i % 1000) * 16, 8);
		atomic_store(shared, i + 1);
	}
}

#endif /* RUN_H */
