/* Whole runs: who is traced, and what the capture holds then. */

#include <sys/types.h>
#include <sys/stat.h>
#include <sys/wait.h>

#include <atf-c.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "run.h"

/* The capture holds so many allocations, and nothing is wrong. */
static void
check_capture(uint64_t allocations)
{
	struct mt_event e[64];
	struct mt_capture *c;
	size_t got, i;
	uint64_t n;

	ATF_CHECK_EQ(MT_OK, result.status);
	ATF_CHECK_EQ(0, result.lost_events);
	ATF_CHECK_EQ(allocations, result.allocations);
	c = open_capture();
	ATF_CHECK_EQ(0, mt_capture_meta(c)->flags);
	ATF_CHECK_EQ(allocations, mt_capture_meta(c)->total_allocations);
	for (n = 0; mt_capture_events(c, e, 64, &got, NULL) == MT_OK;)
		for (i = 0; i < got; i++)
			n += e[i].type == MT_EVENT_ALLOC;
	ATF_CHECK_EQ(allocations, n);
	mt_capture_close(c);
}

ATF_TC(many);
ATF_TC_HEAD(many, tc)
{
	atf_tc_set_md_var(tc, "descr", "more events than a ring holds; the "
	    "metadata is complete");
}
ATF_TC_BODY(many, tc)
{
	const struct mt_meta *m;
	struct mt_capture *c;

	ATF_CHECK_EQ(0, run(program_many));
	check_capture(MANY);
	ATF_CHECK_EQ(1, result.traced);
	ATF_CHECK_EQ(8 * MANY, result.peak_bytes);
	ATF_CHECK_EQ(8 * MANY, result.leaked_bytes);
	ATF_CHECK_STREQ("3.99.1 (test)", result.py_version);
	c = open_capture();
	m = mt_capture_meta(c);
	ATF_CHECK_STREQ("fake program", m->command_line);
	ATF_CHECK_STREQ("3.99.1 (test)", m->python_version);
	ATF_CHECK(m->pid > 0);
	ATF_CHECK_EQ(1000000000, m->start_time_ns);
	ATF_CHECK(m->end_time_ns > m->start_time_ns);
	ATF_CHECK(m->has_exit_status);
	ATF_CHECK_EQ(0, m->exit_status);
	mt_capture_close(c);
}

static int
program_flags(struct program *p)
{
	struct producer o;

	if (!hello(p) || !producer_claim(&o, p->page, p->arena, 0))
		return (0);
	producer_thread(&o, (uint64_t)getpid(), "MainThread");
	producer_event(&o, 0, MT_OP_MARK, MT_MARK_START, 0);
	return ((int)producer_flags);
}

ATF_TC(flags);
ATF_TC_HEAD(flags, tc)
{
	atf_tc_set_md_var(tc, "descr", "the agent hears what to record, and "
	    "the capture tells");
}
ATF_TC_BODY(flags, tc)
{
	struct mt_capture *c;

	agent_flags = MT_FLAG_PYTHON_ALLOCATORS;
	ATF_CHECK_EQ(MT_FLAG_PYTHON_ALLOCATORS,
	    WEXITSTATUS(run(program_flags)));
	c = open_capture();
	ATF_CHECK(mt_capture_meta(c)->trace_python_allocators);
	ATF_CHECK(!mt_capture_meta(c)->has_native_traces);
	mt_capture_close(c);
}

static struct program *threads_program;
static _Atomic uint64_t threads_seq;

static void *
thread_many(void *arg)
{
	struct producer o;
	uint64_t i, n;

	if (!producer_claim(&o, threads_program->page, threads_program->arena,
	    *(unsigned *)arg))
		_exit(2);
	producer_thread(&o, (uint64_t)gettid(), "worker");
	for (i = 0; i < MANY / 4; i++) {
		producer_room(&o, 3);
		n = atomic_fetch_add(&threads_seq, 1);
		producer_alloc(&o, n, 0x1000 + n * 16, 8);
	}
	return (NULL);
}

static int
program_threads(struct program *p)
{
	unsigned index[4] = { 0, 1, 2, 3 };
	pthread_t t[4];
	int i;

	if (!hello(p))
		return (1);
	threads_program = p;
	for (i = 0; i < 4; i++)
		if (pthread_create(&t[i], NULL, thread_many, &index[i]) != 0)
			return (2);
	for (i = 0; i < 4; i++)
		(void)pthread_join(t[i], NULL);
	return (0);
}

ATF_TC(threads);
ATF_TC_HEAD(threads, tc)
{
	atf_tc_set_md_var(tc, "descr", "four threads at once: nothing is lost, "
	    "all is in order");
}
ATF_TC_BODY(threads, tc)
{
	struct mt_capture *c;
	struct mt_event e;
	uint64_t i;
	size_t got;

	ATF_CHECK_EQ(0, run(program_threads));
	check_capture(MANY);
	c = open_capture();
	for (i = 0; mt_capture_events(c, &e, 1, &got, NULL) == MT_OK; i++)
		if (e.addr != 0x1000 + i * 16)
			atf_tc_fail("event %ju is not in order", (uintmax_t)i);
	ATF_CHECK_EQ(4, mt_capture_threads(c, NULL));
	mt_capture_close(c);
}

/* Takes whatever ring is free. */
static void *
thread_short(void *arg)
{
	struct producer o;
	unsigned i;
	uint64_t n;

	(void)arg;
	for (i = 0; !producer_claim(&o, threads_program->page,
	    threads_program->arena, i); i = (i + 1) % MT_ARENA_RINGS)
		if (i == 0)
			(void)usleep(1000);
	producer_thread(&o, (uint64_t)gettid(), "short");
	n = atomic_fetch_add(&threads_seq, 1);
	producer_alloc(&o, n, 0x1000 + n * 16, 8);
	if (n % 2 == 0)
		atomic_store(&o.ring->owner, MT_RING_WITH(atomic_load(
		    &o.ring->owner), MT_RING_LEAVING));
	return (NULL);
}

static int
program_short_threads(struct program *p)
{
	pthread_t t;
	int i;

	if (!hello(p))
		return (1);
	threads_program = p;
	for (i = 0; i < 200; i++)
		if (pthread_create(&t, NULL, thread_short, NULL) != 0 ||
		    pthread_join(t, NULL) != 0)
			return (2);
	return (0);
}

ATF_TC(short_threads);
ATF_TC_HEAD(short_threads, tc)
{
	atf_tc_set_md_var(tc, "descr", "200 threads, one after another, with "
	    "the rings of 16");
}
ATF_TC_BODY(short_threads, tc)
{
	struct mt_capture *c;

	ATF_CHECK_EQ(0, run(program_short_threads));
	check_capture(200);
	c = open_capture();
	ATF_CHECK_EQ(200, mt_capture_threads(c, NULL));
	mt_capture_close(c);
}

ATF_TC(killed);
ATF_TC_HEAD(killed, tc)
{
	atf_tc_set_md_var(tc, "descr", "all that a killed program published "
	    "is there");
}
ATF_TC_BODY(killed, tc)
{
	uint64_t published;
	int i, k, status;
	pid_t pid;

	srandom(3);
	for (k = 0; k < 10; k++) {
		new_session(0);
		pid = start_program(program_endless);
		start_collecting(pid, "x.bin");
		while (atomic_load(shared) == 0)
			step();
		for (i = (int)(random() % 20); i > 0; i--)
			step();
		ATF_REQUIRE_EQ(0, kill(pid, SIGKILL));
		status = supervise(pid);
		published = atomic_load(shared);
		mt_collect_finish(collect, status, &result);
		mt_collect_free(collect);
		ATF_CHECK_EQ(0, result.lost_events);
		/* It may die between the event and the number. */
		ATF_CHECK(result.allocations == published ||
		    result.allocations == published + 1);
		check_capture(result.allocations);
	}
}

/* ---- Who is traced --------------------------------------------------- */

static int
program_asks(struct program *p)
{
	struct mt_session_page *page;
	struct mt_arena *arena;

	/* Wrong versions, strange kinds, more before the first. */
	if (producer_ask(p->socket, MT_HELLO_PROCESS, MT_WIRE_VERSION + 1,
	    &page, &arena) != MT_IGNORE ||
	    producer_ask(p->socket, 77, MT_WIRE_VERSION, &page, &arena) != 0 ||
	    producer_ask(p->socket, MT_HELLO_MORE, MT_WIRE_VERSION, &page,
	    &arena) != MT_IGNORE ||
	    producer_ask(p->socket, MT_HELLO_UNSUPPORTED, MT_WIRE_VERSION,
	    &page, &arena) != MT_IGNORE)
		return (1);
	if (!hello(p))
		return (2);
	if (fork() == 0)
		_exit(hello(p) || producer_ask(p->socket, MT_HELLO_MORE,
		    MT_WIRE_VERSION, &page, &arena) != MT_IGNORE);
	return (wait(NULL) > 0 ? program_many(p) : 3);
}

ATF_TC(who);
ATF_TC_HEAD(who, tc)
{
	atf_tc_set_md_var(tc, "descr", "the first is traced, others are "
	    "counted");
}
ATF_TC_BODY(who, tc)
{
	/* program_many says hello again, as after exec(2), and gives up. */
	ATF_CHECK_EQ(1, WEXITSTATUS(run(program_asks)));
	ATF_CHECK_EQ(1, result.traced);
	ATF_CHECK_EQ(1, result.unsupported);
	ATF_CHECK_EQ(3, result.ignored);
	/* It never ran any code. */
	ATF_CHECK(!result.recorded);
	ATF_CHECK_EQ(0, result.captures);
}

static int
program_again(struct program *p)
{
	struct producer o;

	if (!hello(p) || !producer_claim(&o, p->page, p->arena, 0))
		return (1);
	producer_thread(&o, (uint64_t)getpid(), "MainThread");
	producer_alloc(&o, 0, 0xa, 1);
	producer_alloc(&o, 1, 0xb, 1);
	return (hello(p) ? 2 : 0);
}

ATF_TC(again);
ATF_TC_HEAD(again, tc)
{
	atf_tc_set_md_var(tc, "descr", "another Python in the same process: "
	    "the first one's events are kept");
}
ATF_TC_BODY(again, tc)
{
	ATF_CHECK_EQ(0, run(program_again));
	check_capture(2);
	ATF_CHECK_EQ(1, result.ignored);
}

static int
program_child(struct program *p)
{
	int status;

	if (fork() == 0)
		_exit(program_many(p));
	(void)wait(&status);
	return (WEXITSTATUS(status));
}

ATF_TC(child);
ATF_TC_HEAD(child, tc)
{
	atf_tc_set_md_var(tc, "descr", "no Python itself, but its child is");
}
ATF_TC_BODY(child, tc)
{
	ATF_CHECK_EQ(0, run(program_child));
	check_capture(MANY);
}

/* Rings of the first arena, and of as many more as there may be. */
#define MORE	((1 + 256 - MT_ARENAS_FIRST) * MT_ARENA_RINGS)

/* Ask and do not wait for the answer. */
static void
ask_and_go(const char *path)
{
	struct mt_hello h = { .magic = MT_HELLO_MAGIC,
	    .version = MT_WIRE_VERSION, .kind = MT_HELLO_MORE,
	    .pid = (uint32_t)getpid() };
	int s = producer_connect(path);

	(void)send(s, &h, sizeof(h), MSG_NOSIGNAL);
	(void)close(s);
}

static int
program_more(struct program *p)
{
	struct mt_session_page *page;
	struct producer o;
	unsigned k;
	uint64_t i;

	if (!hello(p))
		return (1);
	atomic_store(shared, 1);
	for (k = 0; k < 20; k++)
		ask_and_go(p->socket);
	atomic_store(shared, 2);
	for (i = k = 0; k < MORE; k++) {
		if (k % MT_ARENA_RINGS == 0 && k > 0 &&
		    producer_ask(p->socket, MT_HELLO_MORE, MT_WIRE_VERSION,
		    &page, &p->arena) != MT_TRACE)
			return (2);
		if (!producer_claim(&o, p->page, p->arena,
		    k % MT_ARENA_RINGS))
			return (3);
		producer_thread(&o, (uint64_t)getpid(), "x");
		producer_alloc(&o, i++, 0x1000 + k * 16, 8);
	}
	return (producer_ask(p->socket, MT_HELLO_MORE, MT_WIRE_VERSION, &page,
	    &p->arena) == MT_IGNORE ? 0 : 4);
}

ATF_TC(more);
ATF_TC_HEAD(more, tc)
{
	atf_tc_set_md_var(tc, "descr", "as many arenas as there may be, and "
	    "not one less because an answer came too late; then no more");
}
ATF_TC_BODY(more, tc)
{
	int status;
	pid_t pid;

	new_session(0);
	pid = start_program(program_more);
	start_collecting(pid, "x.bin");
	/* Nobody listens while the program asks and goes. */
	while (atomic_load(shared) == 0)
		step();
	while (atomic_load(shared) == 1)
		(void)usleep(1000);
	status = supervise(pid);
	mt_collect_finish(collect, status, &result);
	mt_collect_free(collect);
	ATF_CHECK_EQ(0, WEXITSTATUS(status));
	check_capture(MORE);
}

static int
program_nothing(struct program *p)
{
	(void)p;
	return (7);
}

ATF_TC(no_python);
ATF_TC_HEAD(no_python, tc)
{
	atf_tc_set_md_var(tc, "descr", "nobody says hello; the socket goes");
}
ATF_TC_BODY(no_python, tc)
{
	struct stat st;
	char path[256];
	pid_t pid;

	new_session(0);
	ATF_REQUIRE_EQ(0, stat(mt_collect_socket(collect), &st));
	(void)snprintf(path, sizeof(path), "%s", mt_collect_socket(collect));
	pid = start_program(program_nothing);
	start_collecting(pid, "x.bin");
	mt_collect_finish(collect, supervise(pid), &result);
	ATF_CHECK_EQ(0, result.traced);
	ATF_CHECK_EQ(0, result.captures);
	ATF_CHECK_EQ(MT_OK, result.status);
	ATF_CHECK_EQ(-1, stat(path, &st));
	mt_collect_free(collect);
}

ATF_TC(never_started);
ATF_TC_HEAD(never_started, tc)
{
	atf_tc_set_md_var(tc, "descr", "a session can end at any point");
}
ATF_TC_BODY(never_started, tc)
{
	new_session(0);
	mt_collect_free(collect);
	new_session(0);
	mt_collect_step(collect);
	mt_collect_finish(collect, 0, &result);
	ATF_CHECK_EQ(0, result.traced);
	mt_collect_free(collect);
	new_session(0);
	start_collecting(getpid(), "x.bin");
	mt_collect_free(collect);
	mt_collect_free(NULL);
}

static int
program_sleeps(struct program *p)
{
	struct producer o;

	if (!hello(p) || !producer_claim(&o, p->page, p->arena, 0))
		return (1);
	producer_thread(&o, (uint64_t)getpid(), "MainThread");
	producer_alloc(&o, 0, 0xa, 1);
	while (atomic_load(&p->page->clock_us) < 300000)
		(void)usleep(1000);
	return (0);
}

ATF_TC(samples);
ATF_TC_HEAD(samples, tc)
{
	atf_tc_set_md_var(tc, "descr", "the clock runs, memory is sampled");
}
ATF_TC_BODY(samples, tc)
{
	const struct mt_sample *s;
	struct mt_capture *c;
	size_t i, n;

	ATF_CHECK_EQ(0, run(program_sleeps));
	check_capture(1);
	c = open_capture();
	ATF_REQUIRE_EQ(MT_OK, mt_capture_samples(c, &s, &n, NULL));
	ATF_REQUIRE(n > 0);
	for (i = 0; i < n; i++) {
		ATF_CHECK(s[i].rss > 0);
		ATF_CHECK(s[i].anon_rss <= s[i].rss);
		ATF_CHECK(i == 0 || s[i].time_ns > s[i - 1].time_ns);
	}
	ATF_CHECK_EQ(1, s[n - 1].heap);
	mt_capture_close(c);
}

/* Longer than the second after which what is known is written. */
static int
program_slow(struct program *p)
{
	struct producer o;

	if (!hello(p) || !producer_claim(&o, p->page, p->arena, 0))
		return (1);
	producer_thread(&o, (uint64_t)getpid(), "MainThread");
	producer_alloc(&o, 0, 0x1000, 8);
	(void)usleep(2500000);
	return (0);
}

ATF_TC(unwritten);
ATF_TC_HEAD(unwritten, tc)
{
	atf_tc_set_md_var(tc, "descr", "tables for viewers only, no file");
}
ATF_TC_BODY(unwritten, tc)
{
	session_options.no_capture = true;
	session_options.recorder_flags = MT_RECORDER_AGGREGATE;
	ATF_CHECK_EQ(0, run(program_slow));
	ATF_CHECK_EQ(1, result.allocations);
	ATF_CHECK_EQ(0, result.lost_events);
}

ATF_TP_ADD_TCS(tp)
{
	ATF_TP_ADD_TC(tp, many);
	ATF_TP_ADD_TC(tp, flags);
	ATF_TP_ADD_TC(tp, threads);
	ATF_TP_ADD_TC(tp, short_threads);
	ATF_TP_ADD_TC(tp, killed);
	ATF_TP_ADD_TC(tp, who);
	ATF_TP_ADD_TC(tp, again);
	ATF_TP_ADD_TC(tp, child);
	ATF_TP_ADD_TC(tp, more);
	ATF_TP_ADD_TC(tp, no_python);
	ATF_TP_ADD_TC(tp, never_started);
	ATF_TP_ADD_TC(tp, samples);
	ATF_TP_ADD_TC(tp, unwritten);
	return (atf_no_error());
}
