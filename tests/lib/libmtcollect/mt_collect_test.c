/* Whole runs: fake programs in other processes, real captures. */

#include <sys/types.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>

#include <atf-c.h>
#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
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
/* Shared between the processes of a test. */
static _Atomic uint64_t *shared;

/* ---- Running --------------------------------------------------------- */

static void
new_session(unsigned writer_flags)
{
	struct mt_collect_options o = { .writer_flags = writer_flags,
	    .agent_flags = agent_flags,
	    .sample_ms = 10, .start_time_ns = 1000000000 };
	struct mt_error e;

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

static int
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

static struct mt_capture *
open_capture(void)
{
	struct mt_capture *c;
	struct mt_error e;

	ATF_REQUIRE_EQ_MSG(MT_OK, mt_capture_open(&c, "x.bin", &e), "%s",
	    e.text);
	return (c);
}

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

/* ---- Programs -------------------------------------------------------- */

#define MANY	400000u		/* allocations; more than fit in a ring */

static int
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
	return (hello(p) ? (int)producer_flags : 0);
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
		atomic_store(&o.ring->state, MT_RING_LEAVING);
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

static int
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
	check_capture(0);
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
	atf_tc_set_md_var(tc, "descr", "the program is no Python, its child is");
}
ATF_TC_BODY(child, tc)
{
	ATF_CHECK_EQ(0, run(program_child));
	check_capture(MANY);
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
	for (i = k = 0; k < 3 * MT_ARENA_RINGS; k++) {
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
	return (0);
}

ATF_TC(more);
ATF_TC_HEAD(more, tc)
{
	atf_tc_set_md_var(tc, "descr", "arenas on request");
}
ATF_TC_BODY(more, tc)
{
	ATF_CHECK_EQ(0, run(program_more));
	check_capture(3 * MT_ARENA_RINGS);
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
	ATF_CHECK_EQ(-1, stat(path, &st));
	mt_collect_free(collect);
	check_capture(0);
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

/* ---- Bad days -------------------------------------------------------- */

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
	(void)sleep(2);
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
	ATF_CHECK(strstr(result.notes, "File too large") != NULL);
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
	ATF_TP_ADD_TC(tp, garbage);
	ATF_TP_ADD_TC(tp, collector_killed);
	ATF_TP_ADD_TC(tp, disk_full);
	ATF_TP_ADD_TC(tp, small_files_only);
	ATF_TP_ADD_TC(tp, broken_pipe);
	ATF_TP_ADD_TC(tp, samples);
	return (atf_no_error());
}
