/* A run of a program, from the session to the finished capture. */

#include <sys/mman.h>
#include <sys/types.h>

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <mt_record.h>

#include "mt_collect.h"
#include "mt_collect_drain.h"
#include "mt_collect_error.h"
#include "mt_collect_hello.h"
#include "mt_collect_os.h"
#include "mt_collect_proc.h"
#include "mt_collect_queue.h"
#include "mt_collect_session.h"

/* The clock and a program's life are looked at at least this often. */
#define TICK_MS		10u
#define LIFE_US		100000u

enum tag {
	TAG_TICK,
	TAG_HELLO,
	TAG_WATCH
};

struct mt_collect {
	struct mt_collect_options	 options;
	struct mt_collect_session	 session;
	struct mt_collect_hello		 hello;
	int				 poll;
	int				 ticker;
	uint64_t			 sample_us;	/* when it is due */
	uint64_t			 life_us;
	struct mt_writer		*writer;
	struct mt_collect_queue		*queue;
	struct mt_collect_drain		*drain;
	/* The traced process; the drain thread frees it. */
	struct mt_collect_process	*process;
	struct mt_collect_proc		 proc;
	pid_t				 pid;
	int				 watch;		/* -1: none */
	unsigned			 arenas;
	bool				 ended;
	bool				 finished;
	struct mt_collect_result	 result;
};

/* ---- Hellos ---------------------------------------------------------- */

/* A process could not be traced, though we would. */
static void
refused(struct mt_collect *c, int error)
{
	if (c->process == NULL)
		(void)snprintf(c->result.notes, sizeof(c->result.notes),
		    "no shared memory for the program: %s", strerror(error));
}

static struct mt_arena *
arena_new(struct mt_collect *c, int *fd)
{
	struct mt_error error;
	struct mt_arena *a;
	void *m;

	if (mt_collect_os_shm(fd, MT_ARENA_BYTES, &error) != MT_OK) {
		refused(c, error.sys);
		return (NULL);
	}
	m = mmap(NULL, MT_ARENA_BYTES, PROT_READ | PROT_WRITE, MAP_SHARED,
	    *fd, 0);
	if (m == MAP_FAILED) {
		refused(c, errno);
		(void)close(*fd);
		return (NULL);
	}
	a = m;
	a->magic = MT_ARENA_MAGIC;
	a->version = MT_WIRE_VERSION;
	a->nrings = MT_ARENA_RINGS;
	a->ring_words = MT_RING_WORDS;
	a->data_offset = MT_ARENA_DATA_OFFSET;
	return (a);
}

static void
ignore(struct mt_collect *c, int conn)
{
	c->result.ignored++;
	(void)mt_collect_hello_ignore(conn);
}

static void
process_ended(struct mt_collect *c)
{
	if (c->ended)
		return;
	c->ended = true;
	if (c->watch != -1)
		(void)close(c->watch);
	c->watch = -1;
	mt_collect_drain_ended(c->drain);
}

/* The peer is to be traced; false if it cannot be. */
static bool
trace(struct mt_collect *c, int conn, pid_t pid, const struct mt_hello *h)
{
	struct mt_collect_process *p;
	struct mt_arena *a;
	bool sent;
	int fd;

	if ((a = arena_new(c, &fd)) == NULL)
		return (false);
	if (mt_collect_process_new(&p, pid,
	    mt_collect_drain_recorder(c->drain), NULL) != MT_OK) {
		(void)munmap(a, MT_ARENA_BYTES);
		(void)close(fd);
		return (false);
	}
	sent = mt_collect_process_arena(p, a, NULL) == MT_OK &&
	    mt_collect_hello_trace(conn, c->options.agent_flags,
	    c->session.fd, fd);
	(void)close(fd);
	if (!sent) {
		mt_collect_process_free(p);
		return (false);
	}
	c->process = p;
	c->pid = pid;
	c->arenas = 1;
	c->result.traced++;
	mt_collect_proc_open(&c->proc, pid);
	c->watch = mt_collect_os_watch(pid);
	if (c->watch != -1)
		(void)mt_collect_os_poll_add(c->poll, c->watch, TAG_WATCH);
	/* In another pid namespace, thread ids mean nothing to us. */
	mt_collect_drain_trace(c->drain, p, h->py_version,
	    h->pid == (uint32_t)pid ? &c->proc : NULL);
	return (true);
}

/*
 * Only the first Python is traced.  If it says hello again, exec(2) has
 * replaced it: nothing more comes from its rings.
 */
static void
hello_process(struct mt_collect *c, int conn, pid_t pid,
    const struct mt_hello *h)
{
	if (c->process != NULL) {
		if (pid == c->pid)
			process_ended(c);
		ignore(c, conn);
		return;
	}
	memcpy(c->result.py_version, h->py_version,
	    sizeof(c->result.py_version));
	if (!trace(c, conn, pid, h))
		ignore(c, conn);
}

static void
hello_more(struct mt_collect *c, int conn, pid_t pid)
{
	struct mt_arena *a;
	int fd;

	if (c->process == NULL || pid != c->pid || c->ended ||
	    c->arenas >= MT_COLLECT_ARENAS_MAX ||
	    (a = arena_new(c, &fd)) == NULL) {
		(void)mt_collect_hello_ignore(conn);
		return;
	}
	if (mt_collect_hello_trace(conn, c->options.agent_flags,
	    c->session.fd, fd) &&
	    mt_collect_drain_arena(c->drain, a))
		c->arenas++;
	else
		(void)munmap(a, MT_ARENA_BYTES);
	(void)close(fd);
}

static void
on_hello(void *arg, int conn, pid_t pid, const struct mt_hello *h)
{
	struct mt_collect *c = arg;

	if (h->version != MT_WIRE_VERSION) {
		ignore(c, conn);
		return;
	}
	switch (h->kind) {
	case MT_HELLO_PROCESS:
		hello_process(c, conn, pid, h);
		break;
	case MT_HELLO_MORE:
		hello_more(c, conn, pid);
		break;
	case MT_HELLO_UNSUPPORTED:
		c->result.unsupported++;
		if (c->process == NULL)
			memcpy(c->result.py_version, h->py_version,
			    sizeof(c->result.py_version));
		(void)mt_collect_hello_ignore(conn);
		break;
	default:
		break;
	}
}

/* ---- Begin ----------------------------------------------------------- */

enum mt_status
mt_collect_new(struct mt_collect **out,
    const struct mt_collect_options *options, struct mt_error *error)
{
	struct mt_collect *c;
	enum mt_status st;

	*out = NULL;
	if ((c = calloc(1, sizeof(*c))) == NULL)
		return (mt_collect_fail(error, MT_ERR_NOMEM, "collector"));
	c->options = *options;
	if (c->options.sample_ms == 0)
		c->options.sample_ms = TICK_MS;
	c->ticker = c->watch = c->proc.statm = c->proc.task = -1;
	c->poll = mt_collect_os_poll_new();
	if (c->poll == -1)
		st = mt_collect_fail(error, MT_ERR_SYS, "poll set");
	else if ((st = mt_collect_session_init(&c->session,
	    options->start_time_ns, error)) == MT_OK)
		st = mt_collect_hello_init(&c->hello, c->poll, TAG_HELLO,
		    on_hello, c, error);
	if (st != MT_OK) {
		mt_collect_free(c);
		return (st);
	}
	*out = c;
	return (MT_OK);
}

const char *
mt_collect_socket(const struct mt_collect *c)
{
	return (c->hello.path);
}

static enum mt_status
start_ticker(struct mt_collect *c, struct mt_error *error)
{
	unsigned ms;

	ms = c->options.sample_ms < TICK_MS ? c->options.sample_ms : TICK_MS;
	c->ticker = mt_collect_os_ticker(ms);
	if (c->ticker == -1 ||
	    !mt_collect_os_poll_add(c->poll, c->ticker, TAG_TICK))
		return (mt_collect_fail(error, MT_ERR_SYS, "timer"));
	return (MT_OK);
}

/* What is known at once, for a capture that has no proper end. */
static enum mt_status
first_metadata(struct mt_collect *c, pid_t program, const char *command_line,
    struct mt_error *error)
{
	struct mt_recorder *r;
	enum mt_status st;

	r = mt_collect_drain_recorder(c->drain);
	if ((st = mt_recorder_text(r, "command_line", command_line,
	    error)) != MT_OK ||
	    (st = mt_recorder_number(r, "pid", (uint64_t)program,
	    error)) != MT_OK ||
	    (st = mt_recorder_number(r, "has_native_traces", 0,
	    error)) != MT_OK)
		return (st);
	return (mt_recorder_number(r, "trace_python_allocators",
	    (c->options.agent_flags & MT_FLAG_PYTHON_ALLOCATORS) != 0, error));
}

enum mt_status
mt_collect_start(struct mt_collect *c, pid_t program, int capture_fd,
    const char *command_line, struct mt_error *error)
{
	enum mt_status st;

	if ((st = mt_writer_new(&c->writer, capture_fd,
	    c->options.writer_flags, c->options.start_time_ns,
	    error)) != MT_OK ||
	    (st = mt_collect_queue_new(&c->queue, c->writer,
	    error)) != MT_OK ||
	    (st = mt_collect_drain_new(&c->drain, &c->session, c->queue,
	    c->options.recorder_flags, error)) != MT_OK ||
	    (st = first_metadata(c, program, command_line,
	    error)) != MT_OK ||
	    (st = start_ticker(c, error)) != MT_OK)
		return (st);
	return (mt_collect_drain_start(c->drain, error));
}

/* ---- Step ------------------------------------------------------------ */

/*
 * The program's own memory: pages of the rings that it has written to are
 * resident in it, but ours.
 */
static void
sample(struct mt_collect *c, uint64_t now)
{
	struct mt_sample s;
	uint64_t ours;

	if (now < c->sample_us)
		return;
	c->sample_us = now + c->options.sample_ms * 1000 - 500;
	if (!mt_collect_proc_memory(&c->proc, &s.rss, &s.anon_rss))
		return;
	ours = atomic_load_explicit(&c->process->touched,
	    memory_order_relaxed);
	ours += (uint64_t)c->arenas * MT_ARENA_DATA_OFFSET + MT_SESSION_BYTES;
	s.rss -= ours < s.rss - s.anon_rss ? ours : s.rss - s.anon_rss;
	s.time_ns = now * 1000;
	s.heap = 0;
	mt_collect_drain_sample(c->drain, &s);
}

static void
tick(struct mt_collect *c, uint64_t now)
{
	(void)mt_collect_os_ticker_take(c->ticker);
	mt_collect_hello_expire(&c->hello, now);
	if (c->process == NULL || c->ended)
		return;
	sample(c, now);
	/* Where there is no watch, a process is asked now and then. */
	if (c->watch == -1 && now >= c->life_us) {
		c->life_us = now + LIFE_US;
		if (kill(c->pid, 0) == -1 && errno == ESRCH)
			process_ended(c);
	}
}

int
mt_collect_fd(const struct mt_collect *c)
{
	return (c->poll);
}

void
mt_collect_step(struct mt_collect *c)
{
	uint32_t tags[8];
	uint64_t now;
	int i, n;

	if (c->drain == NULL || c->finished)
		return;
	now = mt_collect_session_tick(&c->session);
	n = mt_collect_os_poll_ready(c->poll, tags, 8);
	for (i = 0; i < n; i++) {
		if (tags[i] == TAG_TICK)
			tick(c, now);
		else if (tags[i] == TAG_HELLO)
			mt_collect_hello_step(&c->hello, now);
		else
			process_ended(c);
	}
}

/* ---- End ------------------------------------------------------------- */

/* Only the first failure is reported. */
static void
failed(struct mt_collect *c, enum mt_status st, const struct mt_error *error)
{
	if (st == MT_OK || c->result.status != MT_OK)
		return;
	c->result.status = st;
	c->result.error = *error;
}

/* The process said how its recording went. */
static void
finish_process(struct mt_collect *c)
{
	const struct mt_collect_process *p = c->process;

	if (p == NULL)
		return;
	c->result.script_ended = p->script_ended;
	memcpy(c->result.notes, p->notes, sizeof(c->result.notes));
	failed(c, p->status, &p->error);
}

/* All events are written or lost when the tables are made. */
static void
finish_recorder(struct mt_collect *c, int wait_status)
{
	struct mt_collect_queue_state state;
	struct mt_recorder *r;
	struct mt_error error;
	uint64_t now;

	memset(&error, 0, sizeof(error));
	r = mt_collect_drain_recorder(c->drain);
	(void)mt_recorder_flush(r, NULL);
	mt_collect_queue_sync(c->queue);
	mt_collect_queue_get(c->queue, &state);
	if (state.dropped > 0) {
		mt_recorder_lost(r, state.dropped);
		(void)mt_recorder_number(r, "disk_full", 1, NULL);
	}
	now = mt_collect_session_tick(&c->session) * 1000;
	(void)mt_recorder_number(r, "end_time_ns",
	    c->options.start_time_ns + now, NULL);
	(void)mt_recorder_number(r, "exit_status", (uint32_t)wait_status,
	    NULL);
	failed(c, mt_recorder_finish(r, &error), &error);
	mt_collect_queue_sync(c->queue);
	mt_collect_queue_get(c->queue, &state);
	failed(c, state.status, &state.error);
}

static void
finish_totals(struct mt_collect *c)
{
	struct mt_totals t;

	mt_recorder_totals(mt_collect_drain_recorder(c->drain), &t);
	c->result.allocations = t.allocations;
	c->result.bytes = t.bytes;
	c->result.peak_bytes = t.peak;
	c->result.leaked_bytes = t.heap;
	c->result.lost_events = t.lost;
}

void
mt_collect_finish(struct mt_collect *c, int wait_status,
    struct mt_collect_result *result)
{
	struct mt_error error;

	if (c->drain != NULL && !c->finished) {
		c->finished = true;
		memset(&error, 0, sizeof(error));
		mt_collect_drain_stop(c->drain);
		finish_process(c);
		finish_recorder(c, wait_status);
		finish_totals(c);
		mt_collect_queue_free(c->queue);
		c->queue = NULL;
		failed(c, mt_writer_finish(c->writer, &error), &error);
		c->result.capture_bytes = mt_writer_bytes(c->writer);
	}
	mt_collect_hello_fini(&c->hello);
	*result = c->result;
}

void
mt_collect_free(struct mt_collect *c)
{
	if (c == NULL)
		return;
	mt_collect_hello_fini(&c->hello);
	if (c->drain != NULL)
		mt_collect_drain_stop(c->drain);
	/* The recorder hands nothing over any more: the queue may go. */
	mt_collect_queue_free(c->queue);
	mt_collect_drain_free(c->drain);
	mt_writer_free(c->writer);
	mt_collect_proc_close(&c->proc);
	mt_collect_session_fini(&c->session);
	if (c->watch != -1)
		(void)close(c->watch);
	if (c->ticker != -1)
		(void)close(c->ticker);
	if (c->poll != -1)
		(void)close(c->poll);
	free(c);
}
