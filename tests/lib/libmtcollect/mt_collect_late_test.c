#include "run.h"

/* A hello, and the connection that it was said on; -1: it was not. */
static int
say(const struct program *p, uint32_t kind, uint32_t why)
{
	struct mt_hello h = { .magic = MT_HELLO_MAGIC,
	    .version = MT_WIRE_VERSION, .kind = kind, .why = why,
	    .pid = (uint32_t)getpid(), .py_version = "./program" };
	int s = producer_connect(p->socket);

	return (s != -1 && send(s, &h, sizeof(h), MSG_NOSIGNAL) ==
	    sizeof(h) ? s : -1);
}

static void
wait_until(unsigned i, uint64_t value)
{
	while (atomic_load(&shared[i]) != value)
		(void)usleep(1000);
}

/* ---- A process that is gone when it is to be watched ------------------- */

/* Says hello and ends; somebody else has the connection, so it is answered. */
static void
gone(const struct program *p)
{
	if (say(p, MT_HELLO_PROCESS, MT_WHY_NONE) != -1 && fork() == 0)
		wait_until(1, 1);
	_exit(0);
}

static int
program_after_another(struct program *p)
{
	pid_t pid = fork();
	int status;

	if (pid == 0)
		gone(p);
	(void)waitpid(pid, NULL, 0);
	atomic_store(&shared[0], 1);
	status = program_many(p);
	atomic_store(&shared[1], 1);
	return (status);
}

ATF_TC(gone_at_once);
ATF_TC_HEAD(gone_at_once, tc)
{
	atf_tc_set_md_var(tc, "descr", "one that was gone before it could be "
	    "watched gives way like any other");
	atf_tc_set_md_var(tc, "timeout", "60");
}
ATF_TC_BODY(gone_at_once, tc)
{
	struct mt_capture *c;
	int status;
	pid_t pid;

	new_session(0);
	pid = start_program(program_after_another);
	wait_until(0, 1);
	start_collecting(pid, "x.bin");
	status = supervise(pid);
	mt_collect_finish(collect, status, &result);
	mt_collect_free(collect);
	ATF_CHECK_EQ(0, status);
	ATF_CHECK_EQ(2, result.traced);
	ATF_CHECK_EQ(0, result.ignored);
	c = open_capture();
	ATF_CHECK_EQ(MANY, mt_capture_meta(c)->total_allocations);
	mt_capture_close(c);
}

/* ---- What is heard when the program has ended -------------------------- */

static int
program_last_words(struct program *p)
{
	return (say(p, MT_HELLO_OPAQUE, MT_WHY_PRIVILEGED) == -1);
}

/* Nobody listens as long as the program runs. */
static void
run_unheard(program_fn *fn)
{
	int status;
	pid_t pid;

	new_session(0);
	pid = start_program(fn);
	start_collecting(pid, "x.bin");
	ATF_REQUIRE_EQ(pid, waitpid(pid, &status, 0));
	ATF_CHECK_EQ(0, status);
	mt_collect_finish(collect, status, &result);
	mt_collect_free(collect);
}

ATF_TC(last_words);
ATF_TC_HEAD(last_words, tc)
{
	atf_tc_set_md_var(tc, "descr", "what was said before the end is heard "
	    "after it");
}
ATF_TC_BODY(last_words, tc)
{
	run_unheard(program_last_words);
	ATF_CHECK_STREQ("./program has more privileges than its caller",
	    result.opaque);
}

static int
program_begun(struct program *p)
{
	return (say(p, MT_HELLO_UNTRACEABLE, MT_WHY_LATE) == -1);
}

ATF_TC(begun);
ATF_TC_HEAD(begun, tc)
{
	atf_tc_set_md_var(tc, "descr", "a Python that was running before the "
	    "agent saw it is named with that reason");
}
ATF_TC_BODY(begun, tc)
{
	const char *want = ", ./program: it had begun before that could be "
	    "seen";
	const char *got;

	run_unheard(program_begun);
	ATF_CHECK_EQ(1, result.untraceable);
	got = strchr(result.untraced, ',');
	ATF_REQUIRE(got != NULL);
	ATF_CHECK_STREQ(want, got);
}

static int
program_too_late(struct program *p)
{
	struct mt_welcome w;
	int s;

	if (fork() == 0) {
		s = say(p, MT_HELLO_PROCESS, MT_WHY_NONE);
		atomic_store(&shared[0], 1);
		atomic_store(&shared[1], recv(s, &w, sizeof(w), 0) ==
		    sizeof(w) ? w.verdict : UINT64_MAX);
		_exit(0);
	}
	wait_until(0, 1);
	return (0);
}

ATF_TC(too_late);
ATF_TC_HEAD(too_late, tc)
{
	atf_tc_set_md_var(tc, "descr", "who would be recorded then runs on "
	    "unrecorded");
	atf_tc_set_md_var(tc, "timeout", "60");
}
ATF_TC_BODY(too_late, tc)
{
	run_unheard(program_too_late);
	wait_until(1, MT_IGNORE);
	ATF_CHECK_EQ(0, result.traced);
	ATF_CHECK_EQ(0, result.ignored);
}

ATF_TP_ADD_TCS(tp)
{
	ATF_TP_ADD_TC(tp, gone_at_once);
	ATF_TP_ADD_TC(tp, last_words);
	ATF_TP_ADD_TC(tp, begun);
	ATF_TP_ADD_TC(tp, too_late);
	return (atf_no_error());
}
