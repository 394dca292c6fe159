/* Tables and objects on standard output. */

#include <sys/wait.h>

#include <err.h>
#include <errno.h>
#include <inttypes.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

#include <fe_json.h>
#include <fe_out.h>
#include <fe_size.h>
#include <fe_table.h>
#include <fe_term.h>
#include <fe_text.h>
#include <fe_time.h>
#include <fe_warn.h>

#include "live_report.h"

#define NS		1000000000u
#define FIRST_MS	10000u	/* to wait for the first update */
#define NAMES_MS	10000u	/* to wait for names */
#define NAMES_NS	5000000	/* between two looks */
#define JSON_ROWS	20u	/* of an object, by default */
#define SCREEN_REST	5u	/* lines for titles, prompt and command */
#define SCREEN_MIN	10u

static uint64_t
now_ms(void)
{
	struct timespec t;

	(void)clock_gettime(CLOCK_MONOTONIC, &t);
	return ((uint64_t)t.tv_sec * 1000 + (uint64_t)t.tv_nsec / 1000000);
}

static double
percent(uint64_t part, uint64_t whole)
{
	return (whole == 0 ? 0 : 100 * (double)part / (double)whole);
}

/* ---- JSON ------------------------------------------------------------- */

static void
put_uint(struct fe_json *j, const char *key, uint64_t n)
{
	fe_json_key(j, key);
	fe_json_uint(j, n);
}

static void
put_string(struct fe_json *j, const char *key, const char *s)
{
	fe_json_key(j, key);
	fe_json_string(j, s);
}

static void
put_seconds(struct fe_json *j, const char *key, uint64_t ns)
{
	fe_json_key(j, key);
	fe_json_decimal(j, (double)ns / NS);
}

/* As a shell gives it. */
static void
put_status(struct fe_json *j, bool known, int status)
{
	fe_json_key(j, "exit_status");
	if (known && WIFEXITED(status))
		fe_json_uint(j, (unsigned)WEXITSTATUS(status));
	else if (known && WIFSIGNALED(status))
		fe_json_uint(j, 128 + (unsigned)WTERMSIG(status));
	else
		fe_json_null(j);
}

static void
put_process(struct fe_json *j, const struct mt_feed_process *p)
{
	fe_json_object(j);
	put_uint(j, "pid", p->pid);
	put_uint(j, "parent_pid", p->parent_pid);
	put_string(j, "command_line", p->command_line);
	put_string(j, "state", p->running ? "running" :
	    p->replaced ? "replaced" : "ended");
	put_status(j, p->has_exit_status, p->exit_status);
	put_seconds(j, "begin", p->begin_ns);
	put_uint(j, "heap", p->heap);
	put_uint(j, "blocks", p->live);
	put_uint(j, "peak_heap", p->peak);
	put_uint(j, "rss", p->rss);
	put_uint(j, "peak_rss", p->peak_rss);
	put_uint(j, "total_allocations", p->allocations);
	put_uint(j, "total_bytes_allocated", p->bytes);
	put_uint(j, "lost_events", p->lost_events);
	fe_json_end(j);
}

static void
put_row(struct fe_json *j, const struct live_watch *w,
    const struct live_row *r)
{
	const struct live_func *fn = &w->funcs.func[r->func];

	fe_json_object(j);
	put_string(j, "function", fn->name);
	put_string(j, "file", fn->file);
	put_uint(j, "total_bytes", r->total_bytes);
	put_uint(j, "own_bytes", r->own_bytes);
	put_uint(j, "allocations", r->allocations);
	fe_json_end(j);
}

static const char *
state_name(const struct live_watch *w)
{
	if (w->info.state == MT_FEED_ENDED)
		return ("ended");
	return (w->over ? "lost" : "running");
}

static void
print_json(const struct live_watch *w, uint64_t max_rows)
{
	const struct live_totals *t = &w->totals;
	char time[FE_TIME_MAX];
	struct fe_json j;

	fe_json_init(&j, stdout, 0);
	fe_json_object(&j);
	put_string(&j, "time", fe_time(time, w->info.start_time_ns +
	    w->info.time_ns));
	put_seconds(&j, "elapsed", w->info.time_ns);
	put_string(&j, "state", state_name(w));
	put_status(&j, w->info.has_exit_status, w->info.exit_status);
	put_uint(&j, "heap", t->heap);
	put_uint(&j, "peak_heap", t->peak_heap);
	put_uint(&j, "rss", t->rss);
	put_uint(&j, "peak_rss", t->peak_rss);
	put_uint(&j, "total_allocations", t->allocations);
	put_uint(&j, "lost_events", t->lost_events);
	fe_json_key(&j, "processes");
	fe_json_array(&j);
	for (size_t i = 0; i < w->nprocs; i++)
		put_process(&j, &w->proc[i].info);
	fe_json_end(&j);
	fe_json_key(&j, "rows");
	fe_json_array(&j);
	for (size_t i = 0; i < w->table.shown.n && i < max_rows; i++)
		put_row(&j, w, &w->table.shown.row[i]);
	fe_json_end(&j);
	fe_json_end(&j);
}

/* ---- The table -------------------------------------------------------- */

static void
print_head(const struct live_watch *w)
{
	const struct live_totals *t = &w->totals;
	char heap[FE_SIZE_MAX], peak[FE_SIZE_MAX], rss[FE_SIZE_MAX];
	char status[LIVE_STATUS_MAX], *command;

	command = fe_text_clean(w->nprocs > 0 ? w->proc[0].info.command_line :
	    "", false);
	(void)printf("%s\n%zu process%s, %.1f seconds, heap %s (peak %s), "
	    "RSS %s", command, t->processes, t->processes == 1 ? "" : "es",
	    (double)w->info.time_ns / NS, fe_size(heap, t->heap),
	    fe_size(peak, t->peak_heap), fe_size(rss, t->rss));
	free(command);
	if (w->info.state == MT_FEED_ENDED)
		(void)printf(", %s", *live_watch_status(status,
		    w->info.has_exit_status, w->info.exit_status) != '\0' ?
		    status : "ended");
	(void)putchar('\n');
}

static void
print_rows(const struct live_watch *w, const struct fe_term *term,
    uint64_t max_rows, unsigned column)
{
	static const struct fe_column columns[] = {
		{ "Location", FE_LOCATION },
		{ "Total Bytes", FE_SIZE },
		{ "% Total", FE_PERCENT },
		{ "Own Bytes", FE_SIZE },
		{ "% Own", FE_PERCENT },
		{ "Allocations", FE_COUNT }
	};
	struct fe_table *t = fe_table_new(stdout, term, columns, 6, column);

	for (size_t i = 0; i < w->table.shown.n && i < max_rows; i++) {
		const struct live_row *r = &w->table.shown.row[i];
		const struct live_func *fn = &w->funcs.func[r->func];
		const double total = percent(r->total_bytes, w->table.bytes);
		const double own = percent(r->own_bytes, w->table.bytes);
		const struct fe_cell cells[6] = {
			{ .function = fn->name, .file = fn->file },
			{ .number = r->total_bytes, .share = total },
			{ .share = total },
			{ .number = r->own_bytes, .share = own },
			{ .share = own },
			{ .number = r->allocations, .share = percent(
			    r->allocations, w->table.allocations) }
		};

		fe_table_row(t, cells);
	}
	fe_table_finish(t);
}

static void
print_table(const struct live_watch *w, const struct live_report *r)
{
	struct fe_term term;
	uint64_t max_rows = r->max_rows;

	fe_term_init(&term, fileno(stdout));
	if (max_rows == 0 && !term.tty)
		max_rows = UINT64_MAX;
	else if (max_rows == 0)
		max_rows = term.lines > SCREEN_MIN + SCREEN_REST ?
		    term.lines - SCREEN_REST : SCREEN_MIN;
	if (term.tty)
		print_head(w);
	print_rows(w, &term, max_rows, r->column);
}

/* Returns whether it went well. */
static bool
print(const struct live_watch *w, const struct live_report *r)
{
	if (r->json)
		print_json(w, r->max_rows != 0 ? r->max_rows : JSON_ROWS);
	else
		print_table(w, r);
	if (fflush(stdout) == 0 && ferror(stdout) == 0)
		return (true);
	warn("standard output");
	return (false);
}

/* ---- The loop --------------------------------------------------------- */

/* Take in updates until that time, the end, or, if `one', the next update. */
static void
follow(struct live_watch *w, uint64_t until_ms, bool one)
{
	struct pollfd fd = { .fd = mt_feed_fd(w->feed), .events = POLLIN };
	struct mt_error e;
	uint64_t now;

	while (!w->over && (now = now_ms()) < until_ms) {
		if (poll(&fd, 1, (int)(until_ms - now)) == -1 &&
		    errno != EINTR)
			err(1, "poll");
		if (live_watch_step(w, &e) && one)
			break;
		if (w->over && e.text[0] != '\0')
			fe_warn(NULL, &e);
	}
}

/* Numbers do not change meanwhile. */
static void
wait_for_names(struct live_watch *w, uint64_t ms)
{
	const struct timespec a_bit = { .tv_nsec = NAMES_NS };
	const uint64_t until = now_ms() + ms;

	(void)live_watch_names(w, true);
	while (live_names_pending(&w->names) && now_ms() < until) {
		(void)nanosleep(&a_bit, NULL);
		(void)live_watch_names(w, true);
	}
}

/* An object is never late by more than an interval, but for the last. */
static uint64_t
names_ms(const struct live_watch *w, const struct live_report *r, bool first)
{
	const uint64_t interval = r->interval_s * (uint64_t)1000;

	return (first || w->over || interval > NAMES_MS ? NAMES_MS : interval);
}

int
live_report_run(struct live_watch *w, const struct live_report *r)
{
	uint64_t next = now_ms();
	bool first = true;

	follow(w, next + FIRST_MS, true);
	if (w->info.updates == 0 && w->nprocs == 0) {
		warnx("nothing was heard of the program");
		return (1);
	}
	for (;; first = false) {
		wait_for_names(w, names_ms(w, r, first));
		if (!print(w, r))
			return (1);
		if (r->once || w->over)
			break;
		next += r->interval_s * (uint64_t)1000;
		follow(w, next, false);
	}
	if (w->names.trouble[0] != '\0')
		warnx("no names of native frames: %s", w->names.trouble);
	return (fe_out_close(w->over && w->info.state != MT_FEED_ENDED));
}
