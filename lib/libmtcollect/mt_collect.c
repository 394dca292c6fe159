/* A run of a program, from the session to the finished captures. */

#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <mt_record.h>

#include "mt_collect.h"
#include "mt_collect_drain.h"
#include "mt_collect_error.h"
#include "mt_collect_hello.h"
#include "mt_collect_live.h"
#include "mt_collect_os.h"
#include "mt_collect_queue.h"
#include "mt_collect_session.h"
#include "mt_collect_tree.h"

/* The clock is looked at at least this often. */
#define TICK_MS		10u

enum tag {
	TAG_TICK,
	TAG_HELLO,
	TAG_WATCH		/* the first of many */
};

struct mt_collect {
	struct mt_collect_options	 options;
	struct mt_collect_session	 session;
	struct mt_collect_hello		 hello;
	int				 poll;
	int				 ticker;
	struct mt_collect_outputs	 outputs;
	struct mt_collect_queue		*queue;
	struct mt_collect_drain		*drain;
	struct mt_collect_live		*live;	/* or NULL */
	struct mt_collect_tree		 tree;
	pid_t				 program;
	char				*command_line;
	bool				 finished;
	struct mt_collect_result	 result;
};

/* ---- Begin ----------------------------------------------------------- */

static void
on_hello(void *arg, int conn, pid_t pid, const struct mt_hello *h)
{
	struct mt_collect *c = arg;

	if (h->version == MT_WIRE_VERSION) {
		mt_collect_tree_hello(&c->tree, conn, pid, h);
	} else {
		c->result.ignored++;
		(void)mt_collect_hello_ignore(conn);
	}
}

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
	if (options->live)
		c->options.recorder_flags |= MT_RECORDER_FEED;
	if (c->options.sample_ms == 0)
		c->options.sample_ms = TICK_MS;
	c->ticker = c->outputs.first_fd = -1;
	c->poll = mt_collect_os_poll_new();
	if (c->poll == -1)
		st = mt_collect_fail(error, MT_ERR_SYS, "poll set");
	else if ((st = mt_collect_session_init(&c->session,
	    options->start_time_ns, error)) == MT_OK)
		st = mt_collect_hello_init(&c->hello, c->poll, TAG_HELLO,
		    on_hello, c, error);
	if (st == MT_OK && options->live)
		st = mt_collect_live_new(&c->live, options->live_address,
		    options->live_port, &c->session, options->start_time_ns,
		    error);
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

void
mt_collect_where(const struct mt_collect *c, struct mt_collect_where *w)
{
	mt_collect_live_where(c->live, w);
}

unsigned
mt_collect_viewers(const struct mt_collect *c)
{
	return (mt_collect_live_came(c->live));
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

static void
init_tree(struct mt_collect *c)
{
	c->tree.options = &c->options;
	c->tree.session = &c->session;
	c->tree.queue = c->options.no_capture ? NULL : c->queue;
	c->tree.drain = c->drain;
	c->tree.result = &c->result;
	c->tree.command_line = c->command_line;
	c->tree.program = c->program;
	c->tree.poll = c->poll;
	c->tree.tag = TAG_WATCH;
}

enum mt_status
mt_collect_start(struct mt_collect *c, pid_t program, int capture_fd,
    const char *command_line, struct mt_error *error)
{
	const uint64_t start = c->options.start_time_ns;
	enum mt_status st;

	c->program = program;
	c->outputs.writer_flags = c->options.writer_flags;
	c->outputs.start_time_ns = start;
	c->outputs.create = c->options.create;
	c->outputs.renew = c->options.renew;
	c->outputs.renewed = c->options.renewed;
	c->outputs.create_arg = c->options.create_arg;
	if ((c->command_line = strdup(command_line)) == NULL)
		return (mt_collect_fail(error, MT_ERR_NOMEM, "collector"));
	/* Its own, so that it can let go of a file that was replaced. */
	if (!c->options.no_capture && (c->outputs.first_fd = fcntl(capture_fd,
	    F_DUPFD_CLOEXEC, capture_fd)) == -1)
		return (mt_collect_fail(error, MT_ERR_SYS, "descriptor"));
	if ((!c->options.no_capture &&
	    (st = mt_writer_new(&c->outputs.first, c->outputs.first_fd,
	    c->options.writer_flags, start, error)) != MT_OK) ||
	    (st = mt_collect_queue_new(&c->queue, &c->outputs,
	    error)) != MT_OK ||
	    (st = mt_collect_drain_new(&c->drain, &c->session, c->queue,
	    c->live, start, (c->options.agent_flags & MT_FLAG_FOLLOW) == 0,
	    error)) != MT_OK ||
	    (st = start_ticker(c, error)) != MT_OK)
		return (st);
	init_tree(c);
	st = mt_collect_drain_start(c->drain, error);
	if (st == MT_OK && c->live != NULL)
		st = mt_collect_live_start(c->live, error);
	return (st);
}

/* ---- Step ------------------------------------------------------------ */

int
mt_collect_fd(const struct mt_collect *c)
{
	return (c->poll);
}

static void
tick(struct mt_collect *c, uint64_t now)
{
	(void)mt_collect_os_ticker_take(c->ticker);
	mt_collect_hello_expire(&c->hello, now);
	mt_collect_tree_tick(&c->tree, now);
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
			mt_collect_tree_watch(&c->tree, tags[i]);
	}
}

void
mt_collect_child(struct mt_collect *c, pid_t pid, int wait_status)
{
	if (c->drain != NULL && !c->finished)
		mt_collect_tree_child(&c->tree, pid, wait_status);
}

unsigned
mt_collect_running(const struct mt_collect *c)
{
	return (c->tree.running);
}

bool
mt_collect_expects(const struct mt_collect *c)
{
	return (mt_collect_tree_expects(&c->tree, c->hello.path));
}

/* ---- End ------------------------------------------------------------- */

static void
finish_totals(struct mt_collect *c)
{
	const struct mt_collect_sum *sum = mt_collect_drain_sum(c->drain);
	struct mt_collect_result *r = &c->result;

	r->recorded = sum->recorded;
	r->allocations = sum->first.allocations;
	r->bytes = sum->first.bytes;
	r->peak_bytes = sum->first.peak;
	r->leaked_bytes = sum->first.heap;
	r->script_ended = sum->script_ended;
	r->replaced = sum->replaced;
	r->has_status = sum->has_status;
	r->wait_status = sum->wait_status;
	r->most_peak = sum->most_peak;
	r->most_pid = sum->most_pid;
	memcpy(r->most_name, sum->most_name, sizeof(r->most_name));
	memcpy(r->executed, sum->executed, sizeof(r->executed));
	memcpy(r->notes, sum->notes, sizeof(r->notes));
	r->lost_events = sum->lost_events;
	r->lost_threads = sum->lost_threads;
	r->lost_bytes = sum->lost_bytes;
	r->status = sum->status;
	r->error = sum->error;
}

/* What the writer knows is more than what its failures made of the rest. */
static void
finish_outputs(struct mt_collect *c)
{
	const struct mt_collect_outputs *os = &c->outputs;
	struct mt_collect_result *r = &c->result;

	r->capture_bytes = os->first_bytes;
	r->all_bytes = os->bytes;
	r->captures = os->captures;
	r->processes = os->processes;
	if (os->status == MT_OK)
		return;
	r->status = os->status;
	r->error = os->error;
	memcpy(r->failed, os->failed, sizeof(r->failed));
}

void
mt_collect_finish(struct mt_collect *c, int wait_status,
    struct mt_collect_result *result)
{
	if (c->drain != NULL && !c->finished) {
		c->finished = true;
		/* What was said before the end, and not heard yet. */
		c->tree.is_over = true;
		mt_collect_hello_step(&c->hello,
		    mt_collect_session_tick(&c->session));
		mt_collect_tree_end(&c->tree, c->program, wait_status);
		mt_collect_drain_stop(c->drain);
		if (c->live != NULL)
			mt_collect_live_stop(c->live, wait_status);
		finish_totals(c);
		c->result.unheard = mt_collect_session_unheard(&c->session);
		c->result.unfollowed =
		    mt_collect_session_unfollowed(&c->session);
		c->result.starved += c->hello.refused;
		c->result.ignored += c->hello.refused +
		    mt_collect_drain_sum(c->drain)->given_up;
		mt_collect_queue_free(c->queue);
		c->queue = NULL;
		mt_collect_outputs_fini(&c->outputs);
		finish_outputs(c);
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
	mt_collect_live_free(c->live);
	/* The recorders hand nothing over any more: the queue may go. */
	mt_collect_queue_free(c->queue);
	mt_collect_drain_free(c->drain);
	mt_collect_tree_fini(&c->tree);
	mt_collect_outputs_fini(&c->outputs);
	mt_collect_session_fini(&c->session);
	if (c->ticker != -1)
		(void)close(c->ticker);
	if (c->poll != -1)
		(void)close(c->poll);
	free(c->command_line);
	free(c);
}
