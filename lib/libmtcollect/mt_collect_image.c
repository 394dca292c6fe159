/* A process image, from its hello to its finished capture. */

#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "mt_collect_error.h"
#include "mt_collect_image.h"

/* A capture without events may be so much longer than it need be. */
#define GROWTH		4u
#define GROWTH_MIN	(UINT64_C(1) << 20)

/* A question is answered by then, or is none. */
#define QUESTION_US	10000000u
/* Milliseconds to wait for a drain that is behind. */
#define WAY_MS		200u

void
mt_collect_image_begin(struct mt_collect_image *im)
{
	if (im->begun)
		return;
	im->begun = true;
	if (im->has_first != NULL && !*im->has_first)
		*im->has_first = im->output->first = true;
	if (im->live != NULL)
		im->live_process = mt_collect_live_begin(im->live, im->pid,
		    mt_collect_proc_parent(&im->proc), im->begin_ns);
}

/* ---- Fate ------------------------------------------------------------ */

static bool
fate_change(struct mt_collect_image *im, uint32_t from, uint32_t to)
{
	return (atomic_compare_exchange_strong(&im->fate, &from, to));
}

/* There is something of it in a capture, or about to be. */
static void
keep(struct mt_collect_image *im)
{
	(void)fate_change(im, MT_COLLECT_OPEN, MT_COLLECT_KEPT);
	(void)fate_change(im, MT_COLLECT_SPARE, MT_COLLECT_KEPT);
}

void
mt_collect_image_settle(struct mt_collect_image *im)
{
	const bool ran = im->process->events > 0;

	if (ran && !im->question)
		keep(im);
	if (im->drained)
		(void)fate_change(im, MT_COLLECT_OPEN, MT_COLLECT_SPARE);
	if (ran && atomic_load(&im->fate) == MT_COLLECT_KEPT)
		mt_collect_image_begin(im);
}

bool
mt_collect_image_give_way(struct mt_collect_image *im)
{
	const struct timespec ms = { 0, 1000000 };
	unsigned i;

	for (i = 0; i < WAY_MS &&
	    atomic_load(&im->fate) == MT_COLLECT_OPEN; i++)
		(void)nanosleep(&ms, NULL);
	return (fate_change(im, MT_COLLECT_SPARE, MT_COLLECT_GIVEN_UP));
}

/* ---- Blocks ---------------------------------------------------------- */

/* All that has changed since the last time, or NULL. */
static struct mt_take *
take(struct mt_collect_image *im)
{
	struct mt_take *t;

	return (mt_recorder_take(im->recorder, &t, NULL) == MT_OK ? t : NULL);
}

void
mt_collect_image_show(struct mt_collect_image *im)
{
	if (im->begun && im->live != NULL)
		mt_collect_live_push(im->live, im->live_process, take(im));
}

static enum mt_status
sink_put(void *arg, enum mt_block_type type, void *data, size_t len,
    struct mt_error *error)
{
	struct mt_collect_image *im = arg;
	uint64_t events;

	keep(im);
	mt_collect_image_begin(im);
	events = 0;
	if (type == MT_BLOCK_EVENTS) {
		events = im->process->events - im->put_events;
		im->put_events = im->process->events;
	}
	return (mt_collect_queue_put(im->queue, im->output, type, data, len,
	    events, error));
}

enum mt_status
mt_collect_image_new(struct mt_collect_image **out, pid_t pid,
    struct mt_collect_queue *queue, unsigned recorder_flags,
    struct mt_collect_arena *arenas, struct mt_error *error)
{
	struct mt_collect_image *im;
	struct mt_sink sink;

	if ((im = calloc(1, sizeof(*im))) != NULL) {
		im->pid = pid;
		im->queue = queue;
		im->tables_only = (recorder_flags & MT_RECORDER_AGGREGATE) !=
		    0;
		im->proc.statm = im->proc.dir = -1;
		im->output = mt_collect_output_new(pid);
	}
	sink.put = sink_put;
	sink.arg = im;
	if (im == NULL || im->output == NULL ||
	    mt_recorder_new(&im->recorder, queue == NULL ? NULL : &sink,
	    recorder_flags,
	    error) != MT_OK || mt_collect_process_new(&im->process, pid,
	    im->recorder, error) != MT_OK) {
		mt_collect_image_free(im);
		mt_collect_arenas_free(arenas);
		return (mt_collect_fail(error, MT_ERR_NOMEM, "process"));
	}
	mt_collect_process_arenas(im->process, arenas);
	mt_collect_proc_open(&im->proc, pid);
	*out = im;
	return (MT_OK);
}

void
mt_collect_image_free(struct mt_collect_image *im)
{
	if (im == NULL)
		return;
	mt_collect_arenas_free(im->news.arenas);
	mt_collect_process_free(im->process);
	mt_recorder_free(im->recorder);
	mt_collect_output_free(im->output);
	mt_collect_proc_close(&im->proc);
	free(im);
}

static bool
is_too_long(const struct mt_collect_image *im)
{
	struct mt_collect_output_state state;

	return (im->tables_only && im->queue != NULL &&
	    mt_collect_queue_get(im->queue, im->output, &state) &&
	    state.bytes > state.base * GROWTH + GROWTH_MIN);
}

/* All that is known, into a new file; the old one holds no less. */
static void
renew(struct mt_collect_image *im)
{
	if (mt_collect_queue_renew(im->queue, im->output, NULL) == MT_OK)
		mt_collect_queue_renewed(im->queue, im->output,
		    mt_recorder_dump(im->recorder, NULL) == MT_OK);
}

/* What is not written can still be given up. */
static bool
may_go(const struct mt_collect_image *im)
{
	uint32_t fate = atomic_load(&im->fate);

	return (fate == MT_COLLECT_SPARE || fate == MT_COLLECT_GIVEN_UP ||
	    (fate == MT_COLLECT_OPEN && im->question && im->process->now_us <
	    im->begin_ns / 1000 + QUESTION_US));
}

void
mt_collect_image_flush(struct mt_collect_image *im)
{
	struct mt_totals totals;
	bool too_long;

	mt_recorder_totals(im->recorder, &totals);
	if ((!im->awake && totals.events == 0) || may_go(im))
		return;
	im->awake = true;
	mt_collect_process_lost(im->process);
	too_long = is_too_long(im);
	if (mt_recorder_flush(im->recorder, NULL) == MT_OK && too_long)
		renew(im);
}

/* ---- The end --------------------------------------------------------- */

/* By exec(2), as the collector saw or as the image said beforehand. */
static bool
is_replaced(const struct mt_collect_image *im)
{
	return (im->end.replaced || im->process->executed[0] != '\0');
}

/*
 * A child that only executes another program is not worth a capture, nor is a
 * Python that never came to run any code.
 */
static bool
is_wanted(const struct mt_collect_image *im)
{
	struct mt_totals totals;

	mt_recorder_totals(im->recorder, &totals);
	return (im->awake || totals.events > 0 ||
	    (im->process->events > 0 && !is_replaced(im)));
}

static void
put_end(struct mt_collect_image *im, uint64_t start_time_ns)
{
	struct mt_recorder *r = im->recorder;
	const struct mt_collect_end *e = &im->end;

	(void)mt_recorder_number(r, "end_time_ns",
	    start_time_ns + e->time_us * 1000, NULL);
	if (is_replaced(im))
		(void)mt_recorder_text(r, "ended_by", "exec", NULL);
	else if (e->has_status)
		(void)mt_recorder_text(r, "ended_by",
		    (e->status & 0x7f) == 0 ? "exit" : "signal", NULL);
	if (e->has_status && !is_replaced(im))
		(void)mt_recorder_number(r, "exit_status",
		    (uint32_t)e->status, NULL);
	if (e->untraced > 0)
		(void)mt_recorder_number(r, "untraced_processes", e->untraced,
		    NULL);
	if (im->process->lost_threads > 0)
		(void)mt_recorder_number(r, "lost_threads",
		    im->process->lost_threads, NULL);
	if (im->process->lost_bytes > 0)
		(void)mt_recorder_number(r, "lost_bytes",
		    im->process->lost_bytes, NULL);
}

/* Only the first failure is reported. */
static void
failed(struct mt_collect_sum *sum, enum mt_status st,
    const struct mt_error *error)
{
	if (st == MT_OK || sum->status != MT_OK)
		return;
	sum->status = st;
	sum->error = *error;
}

/* The same line of many processes is one line. */
static void
add_notes(struct mt_collect_sum *sum, const char *notes)
{
	size_t at = strlen(sum->notes), n = strlen(notes);

	if (n == 0 || strstr(sum->notes, notes) != NULL ||
	    n + 2 > sizeof(sum->notes) - at)
		return;
	if (at > 0)
		sum->notes[at++] = '\n';
	memcpy(sum->notes + at, notes, n + 1);
}

static void
add(struct mt_collect_sum *sum, const struct mt_collect_image *im, bool first)
{
	const struct mt_collect_process *p = im->process;
	struct mt_totals totals;

	mt_recorder_totals(im->recorder, &totals);
	sum->lost_events += totals.lost;
	sum->lost_threads += p->lost_threads;
	sum->lost_bytes += p->lost_bytes;
	sum->recorded |= totals.events > 0 || p->events > 0;
	failed(sum, p->status, &p->error);
	add_notes(sum, p->notes);
	if (totals.peak > sum->most_peak) {
		sum->most_peak = totals.peak;
		sum->most_pid = im->pid;
		memcpy(sum->most_name, im->output->name,
		    sizeof(sum->most_name));
	}
	if (!first)
		return;
	sum->first = totals;
	sum->script_ended = p->script_ended;
	sum->replaced = is_replaced(im);
	memcpy(sum->executed, p->executed, sizeof(sum->executed));
	sum->has_status = im->end.has_status && !is_replaced(im);
	sum->wait_status = im->end.status;
}

static void
show_end(struct mt_collect_image *im)
{
	const struct mt_collect_end *e = &im->end;

	if (im->begun && im->live != NULL)
		mt_collect_live_end(im->live, im->live_process, take(im),
		    is_replaced(im), e->has_status ? e->status : -1);
}

/* All events are written or lost when the tables are made. */
static void
put_tables(struct mt_collect_image *im, uint64_t start_time_ns,
    struct mt_collect_sum *sum, const struct mt_collect_output_state *state)
{
	struct mt_error error;
	enum mt_status st;

	memset(&error, 0, sizeof(error));
	if (state->dropped > 0) {
		mt_recorder_lost(im->recorder, state->dropped);
		(void)mt_recorder_number(im->recorder, "disk_full", 1, NULL);
	}
	put_end(im, start_time_ns);
	st = mt_recorder_finish(im->recorder, &error);
	/* Failures to write are the queue's to tell, which knows the file. */
	if (!state->broken)
		failed(sum, st, &error);
	show_end(im);
	add(sum, im, im->output->first);
	if (im->queue == NULL)
		mt_collect_output_free(im->output);
	else
		mt_collect_queue_close(im->queue, im->output);
	im->output = NULL;
}

bool
mt_collect_image_finish(struct mt_collect_image *im, uint64_t start_time_ns,
    struct mt_collect_sum *sum)
{
	struct mt_collect_output_state state;

	if (atomic_load(&im->fate) == MT_COLLECT_GIVEN_UP) {
		sum->given_up += im->process->events > 0;
		return (true);
	}
	keep(im);
	if (!im->flushed) {
		if (!is_wanted(im)) {
			show_end(im);
			add(sum, im, false);
			return (true);
		}
		im->awake = true;
		mt_collect_image_flush(im);
		im->flushed = true;
	}
	memset(&state, 0, sizeof(state));
	if (im->queue != NULL &&
	    !mt_collect_queue_get(im->queue, im->output, &state))
		return (false);
	put_tables(im, start_time_ns, sum, &state);
	return (true);
}
