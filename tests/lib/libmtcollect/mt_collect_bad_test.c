/* Bad days of the collector and of what it collects from. */

#include <sys/types.h>
#include <sys/resource.h>
#include <sys/wait.h>

#include <atf-c.h>
#include <signal.h>
#include <string.h>
#include <unistd.h>

#include "run.h"

static int
program_garbage(struct program *p)
{
	struct producer o;
	uint64_t i;

	if (!hello(p) || !producer_claim(&o, p->page, p->arena, 0))
		return (1);
	producer_thread(&o, (uint64_t)getpid(), "MainThread");
	producer_alloc(&o, 0, 0xa, 1);
	producer_word(&o, UINT64_MAX);
	/* And it must not be held up because of that. */
	for (i = 1; i < MANY; i++)
		producer_alloc(&o, i, 0x1000 + i * 16, 8);
	return (0);
}

ATF_TC(garbage);
ATF_TC_HEAD(garbage, tc)
{
	atf_tc_set_md_var(tc, "descr", "a program that breaks the protocol "
	    "runs to its end; what it lost is counted and said");
}
ATF_TC_BODY(garbage, tc)
{
	ATF_CHECK_EQ(0, run(program_garbage));
	ATF_CHECK_EQ(MT_OK, result.status);
	ATF_CHECK_EQ(1, result.allocations);
	ATF_CHECK_EQ(MANY - 1, result.lost_events);
	ATF_CHECK(strstr(result.notes, "damaged") != NULL);
}

/* With what comes once a second only. */
static bool
is_written(void)
{
	struct mt_capture *c;
	bool written;

	if (mt_capture_open(&c, "x.bin", NULL) != MT_OK)
		return (false);
	written = mt_capture_meta(c)->total_allocations > 0 &&
	    mt_capture_meta(c)->python_version[0] != '\0';
	mt_capture_close(c);
	return (written);
}

ATF_TC(collector_killed);
ATF_TC_HEAD(collector_killed, tc)
{
	atf_tc_set_md_var(tc, "descr", "the collector is killed: the program "
	    "notices, the capture has all but the end");
}
ATF_TC_BODY(collector_killed, tc)
{
	struct mt_capture *c;
	pid_t collector, pid;
	int status;

	new_session(0);
	/* The program is our child, so that we see how it ends. */
	pid = start_program(program_endless);
	if ((collector = fork()) == 0) {
		start_collecting(pid, "x.bin");
		for (;;)
			step();
	}
	ATF_REQUIRE(collector > 0);
	/* Until something of it is in the file. */
	while (atomic_load(shared) < 2 * MT_RING_WORDS)
		(void)usleep(1000);
	while (!is_written())
		(void)usleep(50000);
	ATF_REQUIRE_EQ(0, kill(collector, SIGKILL));
	ATF_REQUIRE_EQ(pid, waitpid(pid, &status, 0));
	ATF_CHECK_EQ(42, WEXITSTATUS(status));
	ATF_REQUIRE_EQ(collector, waitpid(collector, NULL, 0));
	c = open_capture();
	ATF_CHECK(mt_capture_meta(c)->flags & MT_CAPTURE_CUT);
	ATF_CHECK(mt_capture_meta(c)->total_allocations > 0);
	ATF_CHECK_STREQ("3.99.1 (test)", mt_capture_meta(c)->python_version);
	mt_capture_close(c);
	mt_collect_free(collect);
}

/* Waits between its hello and its events. */
static int
program_paused(struct program *p)
{
	struct producer o;
	uint64_t i;

	if (!hello(p) || !producer_claim(&o, p->page, p->arena, 0))
		return (1);
	atomic_store(&shared[0], 1);
	while (atomic_load(&shared[1]) == 0)
		(void)usleep(1000);
	producer_thread(&o, (uint64_t)getpid(), "MainThread");
	for (i = 0; i < MANY; i++)
		producer_alloc(&o, i, 0x1000 + i * 16, 8);
	return (0);
}

ATF_TC(disk_full);
ATF_TC_HEAD(disk_full, tc)
{
	atf_tc_set_md_var(tc, "descr", "no more room: events are dropped and "
	    "counted, the tables are complete");
}
ATF_TC_BODY(disk_full, tc)
{
	struct rlimit rl = { 1 << 20, 1 << 20 };
	struct mt_capture *c;
	int status;
	pid_t pid;

	new_session(MT_WRITER_NO_COMPRESS);
	pid = start_program(program_paused);
	start_collecting(pid, "x.bin");
	while (atomic_load(&shared[0]) == 0)
		step();
	ATF_REQUIRE_EQ(0, setrlimit(RLIMIT_FSIZE, &rl));
	atomic_store(&shared[1], 1);
	status = supervise(pid);
	mt_collect_finish(collect, status, &result);
	mt_collect_free(collect);
	ATF_CHECK_EQ(0, status);
	ATF_CHECK_EQ(MT_ERR_SYS, result.status);
	ATF_CHECK(result.lost_events > 0);
	ATF_CHECK(result.lost_events <= MANY);
	c = open_capture();
	ATF_CHECK_EQ(MANY, mt_capture_meta(c)->total_allocations);
	ATF_CHECK_EQ(result.lost_events, mt_capture_meta(c)->lost_events);
	ATF_CHECK(mt_capture_meta(c)->flags & MT_CAPTURE_DISK_FULL);
	ATF_CHECK_EQ(0, mt_capture_meta(c)->flags & MT_CAPTURE_CUT);
	mt_capture_close(c);
}

ATF_TC(small_files_only);
ATF_TC_HEAD(small_files_only, tc)
{
	atf_tc_set_md_var(tc, "descr", "a limit of the size of files that "
	    "leaves no room for a ring: untraced, and told why");
}
ATF_TC_BODY(small_files_only, tc)
{
	struct rlimit rl = { 1 << 20, 1 << 20 };

	ATF_REQUIRE_EQ(0, setrlimit(RLIMIT_FSIZE, &rl));
	ATF_CHECK_EQ(1, WEXITSTATUS(run(program_many)));
	ATF_CHECK_EQ(0, result.traced);
	ATF_CHECK_EQ(1, result.ignored);
	ATF_CHECK(strstr(result.untraced, "File too large") != NULL);
}

ATF_TC(broken_pipe);
ATF_TC_HEAD(broken_pipe, tc)
{
	atf_tc_set_md_var(tc, "descr", "nobody reads the capture: the program "
	    "is told, and not held up");
}
ATF_TC_BODY(broken_pipe, tc)
{
	struct mt_error e;
	int fd[2], status;
	pid_t pid;

	new_session(0);
	pid = start_program(program_endless);
	ATF_REQUIRE_EQ(0, pipe(fd));
	ATF_REQUIRE_EQ(MT_OK, mt_collect_start(collect, pid, fd[1], "x", &e));
	(void)close(fd[0]);
	status = supervise(pid);
	ATF_CHECK_EQ_MSG(42, WEXITSTATUS(status), "the lifeline is cut");
	mt_collect_finish(collect, status, &result);
	ATF_CHECK_EQ(MT_ERR_SYS, result.status);
	mt_collect_free(collect);
}

ATF_TP_ADD_TCS(tp)
{
	ATF_TP_ADD_TC(tp, garbage);
	ATF_TP_ADD_TC(tp, collector_killed);
	ATF_TP_ADD_TC(tp, disk_full);
	ATF_TP_ADD_TC(tp, small_files_only);
	ATF_TP_ADD_TC(tp, broken_pipe);
	return (atf_no_error());
}
