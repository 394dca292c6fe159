/* Runs of many processes: one capture for each image, and how they ended. */

#include <sys/types.h>
#include <sys/wait.h>

#include <atf-c.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "run.h"

static unsigned created;
static int create_error;

static int
create(void *arg, pid_t pid, unsigned number, char name[MT_COLLECT_NAME])
{
	ATF_CHECK_EQ(&created, arg);
	(void)snprintf(name, MT_COLLECT_NAME, "child.%u.%u",
	    (unsigned)pid, number);
	created++;
	errno = create_error;
	return (create_error != 0 ? -1 :
	    open(name, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0600));
}

static void
begin(void)
{
	session_options.create = create;
	session_options.create_arg = &created;
	agent_flags = MT_FLAG_FOLLOW;
}

/* What the capture says; empty strings and -1 for what it does not. */
static struct {
	uint64_t	allocations;
	uint64_t	pid;
	int		status;
	unsigned	flags;
} said;

static void
read_capture(const char *name)
{
	const struct mt_meta *m;
	struct mt_capture *c;
	struct mt_error e;

	ATF_REQUIRE_EQ_MSG(MT_OK, mt_capture_open(&c, name, &e), "%s: %s",
	    name, e.text);
	m = mt_capture_meta(c);
	said.allocations = m->total_allocations;
	said.pid = m->pid;
	said.status = m->has_exit_status ? m->exit_status : -1;
	said.flags = m->flags;
	mt_capture_close(c);
}

static void
read_child(pid_t pid, unsigned number)
{
	char name[64];

	(void)snprintf(name, sizeof(name), "child.%u.%u", (unsigned)pid,
	    number);
	read_capture(name);
	ATF_CHECK_EQ(pid, (pid_t)said.pid);
	ATF_CHECK_EQ(0, said.flags);
}

/* A pid of a process of the program, as it told us. */
static pid_t
told(unsigned i)
{
	return ((pid_t)atomic_load(&shared[i]));
}

static bool
ask(struct program *p, uint32_t kind)
{
	return (producer_ask(p->socket, kind, MT_WIRE_VERSION, &p->page,
	    &p->arena) == MT_TRACE);
}

/* Say hello, mark the start, allocate n times. */
static int
record(struct program *p, uint32_t kind, struct producer *o, uint64_t n)
{
	uint64_t i;

	if (!ask(p, kind) || !producer_claim(o, p->page, p->arena, 0))
		return (1);
	producer_thread(o, (uint64_t)getpid(), "MainThread");
	producer_event(o, 0, MT_OP_MARK, MT_MARK_START, 0);
	for (i = 0; i < n; i++)
		producer_alloc(o, 1 + i, 0x1000 + i * 16, 8);
	return (0);
}

/* Children whose pids go to shared[], and who end as fn does. */
static void
child(struct program *p, unsigned i, int (*fn)(struct program *, unsigned))
{
	pid_t pid;

	if ((pid = fork()) == 0)
		_exit(fn(p, i));
	atomic_store(&shared[i], (uint64_t)pid);
}

static int
child_allocates(struct program *p, unsigned i)
{
	struct producer o;

	return (record(p, MT_HELLO_FORKED, &o, 10 * i) + (int)i);
}

static int
child_is_killed(struct program *p, unsigned i)
{
	struct producer o;

	(void)record(p, MT_HELLO_FORKED, &o, 10 * i);
	(void)raise(SIGKILL);
	return (0);
}

static int
program_forks(struct program *p)
{
	struct producer o;
	unsigned i;

	if (record(p, MT_HELLO_PROCESS, &o, 5) != 0)
		return (1);
	for (i = 1; i <= 3; i++)
		child(p, i, child_allocates);
	child(p, 4, child_is_killed);
	while (wait(NULL) > 0)
		continue;
	return (9);
}

ATF_TC(forks);
ATF_TC_HEAD(forks, tc)
{
	atf_tc_set_md_var(tc, "descr", "each child has a capture, the parent "
	    "keeps the first");
}
ATF_TC_BODY(forks, tc)
{
	unsigned i;

	begin();
	(void)run(program_forks);
	ATF_CHECK_EQ(MT_OK, result.status);
	ATF_CHECK_EQ(5, result.captures);
	ATF_CHECK_EQ(5, result.processes);
	ATF_CHECK_EQ(5, result.allocations);
	ATF_CHECK_EQ(0, result.lost_events);
	ATF_CHECK_EQ(4, created);
	read_capture("x.bin");
	ATF_CHECK_EQ(5, said.allocations);
	ATF_CHECK_EQ(9 << 8, said.status);
	for (i = 1; i <= 4; i++) {
		read_child(told(i), 1);
		ATF_CHECK_EQ(10 * i, said.allocations);
		/* On old systems, it can have been too late to see it. */
		if (said.status != -1)
			ATF_CHECK_EQ(i == 4 ? SIGKILL : (int)i << 8,
			    said.status);
	}
}

static int
program_image(struct program *p)
{
	struct producer o;
	int i;

	for (i = 0; i < 3; i++)
		if (record(p, MT_HELLO_PROCESS, &o, 100) != 0)
			return (1);
	atomic_store(&shared[0], (uint64_t)getpid());
	return (2);
}

ATF_TC(images);
ATF_TC_HEAD(images, tc)
{
	atf_tc_set_md_var(tc, "descr", "a hello from a known process is a new "
	    "image; nothing of the old ones is lost");
}
ATF_TC_BODY(images, tc)
{
	begin();
	(void)run(program_image);
	ATF_CHECK_EQ(3, result.captures);
	ATF_CHECK_EQ(1, result.processes);
	ATF_CHECK(result.replaced);
	read_capture("x.bin");
	ATF_CHECK_EQ(100, said.allocations);
	ATF_CHECK_EQ(-1, said.status);
	read_child(told(0), 2);
	ATF_CHECK_EQ(100, said.allocations);
	ATF_CHECK_EQ(-1, said.status);
	read_child(told(0), 3);
	ATF_CHECK_EQ(100, said.allocations);
	ATF_CHECK_EQ(2 << 8, said.status);
}

/* ---- What is not worth a capture ------------------------------------- */

static int
child_says_hello(struct program *p, unsigned i)
{
	(void)i;
	return (!ask(p, MT_HELLO_PROCESS));
}

static int
child_marks(struct program *p, unsigned i)
{
	struct producer o;

	(void)i;
	return (record(p, MT_HELLO_FORKED, &o, 0));
}

static int
child_executes(struct program *p, unsigned i)
{
	static const char word[] = MT_INFO_EXEC "\0/bin/sh";
	struct producer o;

	(void)i;
	if (record(p, MT_HELLO_FORKED, &o, 0) != 0)
		return (1);
	producer_payload(&o, MT_OP_INFO, word, sizeof(word) - 1);
	return (0);
}

static int
child_fails_to_execute(struct program *p, unsigned i)
{
	static const char word[] = MT_INFO_EXEC "\0/bin/sh";
	struct producer o;

	(void)i;
	if (record(p, MT_HELLO_FORKED, &o, 0) != 0)
		return (1);
	producer_payload(&o, MT_OP_INFO, word, sizeof(word) - 1);
	producer_payload(&o, MT_OP_INFO, word, sizeof(MT_INFO_EXEC));
	return (0);
}

static int
program_wants_little(struct program *p)
{
	struct producer o;

	if (record(p, MT_HELLO_PROCESS, &o, 5) != 0)
		return (1);
	child(p, 1, child_says_hello);
	child(p, 2, child_marks);
	child(p, 3, child_executes);
	child(p, 4, child_fails_to_execute);
	while (wait(NULL) > 0)
		continue;
	return (0);
}

ATF_TC(wanted);
ATF_TC_HEAD(wanted, tc)
{
	atf_tc_set_md_var(tc, "descr", "no capture of who never began, nor of "
	    "who did nothing but execute a program");
}
ATF_TC_BODY(wanted, tc)
{
	begin();
	ATF_CHECK_EQ(0, run(program_wants_little));
	ATF_CHECK_EQ(5, result.traced);
	ATF_CHECK_EQ(3, result.captures);
	read_child(told(2), 1);
	ATF_CHECK_EQ(0, said.allocations);
	read_child(told(4), 1);
	ATF_CHECK(!result.replaced);
}

static int
program_begins_late(struct program *p)
{
	struct producer o;

	atomic_store(&shared[0], (uint64_t)getpid());
	if (!ask(p, MT_HELLO_PROCESS))
		return (1);
	child(p, 1, child_allocates);
	if (wait(NULL) < 0)
		return (2);
	return (record(p, MT_HELLO_PROCESS, &o, 3));
}

ATF_TC(first);
ATF_TC_HEAD(first, tc)
{
	atf_tc_set_md_var(tc, "descr", "the first to record gets the first "
	    "capture, not the first to say hello");
}
ATF_TC_BODY(first, tc)
{
	begin();
	ATF_CHECK_EQ(0, run(program_begins_late));
	ATF_CHECK_EQ(2, result.captures);
	read_capture("x.bin");
	ATF_CHECK_EQ(told(1), (pid_t)said.pid);
	read_child(told(0), 1);
	ATF_CHECK_EQ(3, said.allocations);
}

/* ---- Who is left ----------------------------------------------------- */

static int
child_stays(struct program *p, unsigned i)
{
	struct producer o;

	if (record(p, MT_HELLO_FORKED, &o, 20) != 0)
		return (1);
	atomic_store(&shared[i + 1], 1);
	while ((atomic_load(&p->page->lifeline) & MT_OWNER_DIED) == 0)
		(void)usleep(1000);
	atomic_store(&shared[i + 1], 2);
	return (0);
}

static int
program_leaves(struct program *p)
{
	struct producer o;

	if (record(p, MT_HELLO_PROCESS, &o, 5) != 0)
		return (1);
	child(p, 1, child_stays);
	while (atomic_load(&shared[2]) != 1)
		(void)usleep(1000);
	return (3);
}

ATF_TC(left);
ATF_TC_HEAD(left, tc)
{
	atf_tc_set_md_var(tc, "descr", "who still runs at the end is told, and "
	    "has a whole capture without an end");
}
ATF_TC_BODY(left, tc)
{
	pid_t pid;
	int status;

	begin();
	new_session(0);
	pid = start_program(program_leaves);
	start_collecting(pid, "x.bin");
	status = supervise(pid);
	mt_collect_child(collect, pid, status);
	while (mt_collect_running(collect) != 1)
		step();
	ATF_CHECK_EQ(1, atomic_load(&shared[2]));
	mt_collect_finish(collect, status, &result);
	while (atomic_load(&shared[2]) != 2)
		(void)usleep(1000);
	mt_collect_free(collect);
	ATF_CHECK_EQ(2, result.captures);
	read_capture("x.bin");
	ATF_CHECK_EQ(3 << 8, said.status);
	read_child(told(1), 1);
	ATF_CHECK_EQ(20, said.allocations);
	ATF_CHECK_EQ(-1, said.status);
}

/* ---- Who is not traced ----------------------------------------------- */

static int
program_untraced(struct program *p)
{
	struct producer o;

	if (record(p, MT_HELLO_PROCESS, &o, 5) != 0)
		return (1);
	if (fork() == 0)
		_exit(ask(p, MT_HELLO_UNSUPPORTED));
	if (fork() == 0)
		_exit(ask(p, MT_HELLO_UNTRACEABLE));
	while (wait(NULL) > 0)
		continue;
	return (0);
}

ATF_TC(untraced);
ATF_TC_HEAD(untraced, tc)
{
	atf_tc_set_md_var(tc, "descr", "Pythons out of reach are counted and "
	    "named");
}
ATF_TC_BODY(untraced, tc)
{
	begin();
	ATF_CHECK_EQ(0, run(program_untraced));
	ATF_CHECK_EQ(1, result.captures);
	ATF_CHECK_EQ(1, result.unsupported);
	ATF_CHECK_EQ(1, result.untraceable);
	ATF_CHECK(strstr(result.untraced, "Python 3.99.1") != NULL);
	ATF_CHECK(strstr(result.untraced, "it ") != NULL);
}

/* Says hello and does not wait for the answer. */
static void
hurried(struct program *p)
{
	struct mt_hello h = { .magic = MT_HELLO_MAGIC,
	    .version = MT_WIRE_VERSION, .kind = MT_HELLO_PROCESS,
	    .pid = (uint32_t)getpid(), .py_version = "3.99.1 (test)" };
	int s;

	if ((s = producer_connect(p->socket)) != -1 &&
	    send(s, &h, sizeof(h), MSG_NOSIGNAL) == sizeof(h))
		atomic_store(&shared[0], 1);
	(void)close(s);
}

static int
program_killed(struct program *p)
{
	hurried(p);
	(void)raise(SIGKILL);
	return (0);
}

static int
program_impatient(struct program *p)
{
	hurried(p);
	atomic_store(&shared[1], 1);
	(void)pause();
	return (0);
}

/* The collector looks when the program has ended, or has said shared[1]. */
static void
run_unanswered(program_fn *fn)
{
	siginfo_t si;
	pid_t pid;
	int status;

	begin();
	new_session(0);
	pid = start_program(fn);
	si.si_pid = 0;
	while (si.si_pid == 0 && atomic_load(&shared[1]) == 0) {
		(void)usleep(1000);
		ATF_REQUIRE_EQ(0, waitid(P_PID, (id_t)pid, &si, WEXITED |
		    WNOHANG | WNOWAIT));
	}
	ATF_CHECK_EQ(1, atomic_load(&shared[0]));
	start_collecting(pid, "x.bin");
	step();
	(void)kill(pid, SIGKILL);
	status = supervise(pid);
	mt_collect_finish(collect, status, &result);
	mt_collect_free(collect);
	ATF_CHECK_EQ(0, result.traced);
}

ATF_TC(unanswered);
ATF_TC_HEAD(unanswered, tc)
{
	atf_tc_set_md_var(tc, "descr", "who ends before the answer has missed "
	    "nothing, who goes on without it is named");
}
ATF_TC_BODY(unanswered, tc)
{
	run_unanswered(program_killed);
	ATF_CHECK_EQ(0, result.ignored);
	ATF_CHECK_STREQ("", result.untraced);
	run_unanswered(program_impatient);
	ATF_CHECK_EQ(1, result.ignored);
	ATF_CHECK(strstr(result.untraced, "gave up waiting") != NULL);
}

ATF_TC(no_room);
ATF_TC_HEAD(no_room, tc)
{
	atf_tc_set_md_var(tc, "descr", "captures that cannot be created: the "
	    "first is complete, and it is said of which there is none");
}
ATF_TC_BODY(no_room, tc)
{
	begin();
	create_error = ENOSPC;
	(void)run(program_forks);
	ATF_CHECK_EQ(1, result.captures);
	ATF_CHECK_EQ(MT_ERR_SYS, result.status);
	ATF_CHECK_EQ(ENOSPC, result.error.sys);
	ATF_CHECK_EQ(0, strncmp(result.failed, "child.", 6));
	ATF_CHECK(result.lost_events > 0);
	read_capture("x.bin");
	ATF_CHECK_EQ(5, said.allocations);
	ATF_CHECK_EQ(0, said.flags);
}

ATF_TP_ADD_TCS(tp)
{
	ATF_TP_ADD_TC(tp, forks);
	ATF_TP_ADD_TC(tp, images);
	ATF_TP_ADD_TC(tp, wanted);
	ATF_TP_ADD_TC(tp, first);
	ATF_TP_ADD_TC(tp, left);
	ATF_TP_ADD_TC(tp, untraced);
	ATF_TP_ADD_TC(tp, unanswered);
	ATF_TP_ADD_TC(tp, no_room);
	return (atf_no_error());
}
