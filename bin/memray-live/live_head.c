/* The upper part of the screen, the status line, and the last line. */

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <fe_size.h>

#include "live_ui.h"

#define LINE_MAX_BYTES	512
#define LABEL_CELLS	10u	/* of the left part */
#define AXIS_CELLS	11u	/* "999.999MB " and the axis */
#define GRAPH_MIN	20u	/* columns that are worth a graph */
#define GRAPH_CELLS	120u	/* columns at most */
#define NS		1000000000u

#define HEAP_STYLE	FE_STYLE_GREEN
#define RSS_STYLE	FE_STYLE_CYAN

/* Spans of the graph. */
static const struct span {
	uint64_t	 ns;
	const char	*name;
} spans[] = {
	{ 0, "whole run" },
	{ 600u * (uint64_t)NS, "last 10 min" },
	{ 60u * (uint64_t)NS, "last minute" }
};

void
live_head_next_span(struct live_ui *u)
{
	u->span = (u->span + 1) % (sizeof(spans) / sizeof(spans[0]));
}

/* ---- The left part: what is watched ----------------------------------- */

static void
put_label(struct live_ui *u, unsigned line, unsigned cells, const char *label,
    const char *text)
{
	(void)fe_screen_text(u->screen, line, 0, LABEL_CELLS, FE_STYLE_BOLD,
	    label);
	if (cells > LABEL_CELLS)
		(void)fe_screen_path(u->screen, line, LABEL_CELLS,
		    cells - LABEL_CELLS, FE_STYLE_PLAIN, text);
}

/* The process that is looked at alone, or is there alone; or NULL. */
static const struct mt_feed_process *
only_process(const struct live_watch *w)
{
	if (w->one_process && w->process < w->nprocs)
		return (&w->proc[w->process].info);
	for (size_t i = 0; w->totals.processes == 1 && i < w->nprocs; i++)
		if (live_watch_has(w, i))
			return (&w->proc[i].info);
	return (NULL);
}

static void
put_process(struct live_ui *u, unsigned line, unsigned cells)
{
	const struct live_watch *w = u->watch;
	const struct mt_feed_process *p = only_process(w);
	char text[LINE_MAX_BYTES];

	if (p == NULL) {
		(void)snprintf(text, sizeof(text), "all %zu processes (p)",
		    w->totals.processes);
		put_label(u, line, cells, "PID:", text);
		if (w->nprocs > 0)
			put_label(u, line + 1, cells, "CMD:",
			    w->proc[0].info.command_line);
		return;
	}
	(void)snprintf(text, sizeof(text), w->nprocs > 1 ?
	    "%" PRIu64 " of %zu processes" : "%" PRIu64, p->pid, w->nprocs);
	put_label(u, line, cells, "PID:", text);
	put_label(u, line + 1, cells, "CMD:", p->command_line);
}

static void
put_thread(struct live_ui *u, unsigned line, unsigned cells)
{
	const struct live_watch *w = u->watch;
	const struct mt_thread *t;
	char text[LINE_MAX_BYTES];
	size_t n;

	if (!w->one_thread || w->current.proc >= w->nprocs ||
	    w->proc[w->current.proc].info.capture == NULL) {
		(void)snprintf(text, sizeof(text), "all %zu threads",
		    w->nthreads);
		put_label(u, line, cells, "TID:", "*");
		put_label(u, line + 1, cells, "Thread:", text);
		return;
	}
	n = mt_capture_threads(w->proc[w->current.proc].info.capture, &t);
	if (w->current.thread >= n)
		return;
	t += w->current.thread;
	(void)snprintf(text, sizeof(text), "0x%" PRIx64, t->tid);
	put_label(u, line, cells, "TID:", text);
	(void)snprintf(text, sizeof(text), *t->name != '\0' ?
	    "%zu of %zu (%s)" : "%zu of %zu", live_watch_place(w) + 1,
	    w->nthreads, t->name);
	put_label(u, line + 1, cells, "Thread:", text);
}

static void
put_left(struct live_ui *u, unsigned cells)
{
	const struct live_watch *w = u->watch;
	char text[LINE_MAX_BYTES];

	put_process(u, 1, cells);
	if (u->layout.graph_rows == 0)
		return;
	put_thread(u, 3, cells);
	(void)snprintf(text, sizeof(text), "%" PRIu64 "   Allocations: %"
	    PRIu64, w->info.updates, w->totals.allocations);
	put_label(u, 5, cells, "Samples:", text);
	(void)snprintf(text, sizeof(text), "%.1f seconds",
	    (double)w->info.time_ns / NS);
	put_label(u, 6, cells, "Duration:", text);
}

/* ---- The right part: memory ------------------------------------------- */

static void
put_size(struct live_ui *u, unsigned line, unsigned column, unsigned cells,
    unsigned style, const char *label, uint64_t now, uint64_t peak)
{
	char text[LINE_MAX_BYTES], size[FE_SIZE_MAX], most[FE_SIZE_MAX];

	(void)snprintf(text, sizeof(text), "%s %s (%.0f%% of %s peak)", label,
	    fe_size(size, now), peak == 0 ? 100.0 :
	    100.0 * (double)now / (double)peak, fe_size(most, peak));
	(void)fe_screen_text(u->screen, line, column, cells, style, text);
}

static const char *
heap_glyph(const struct live_ui *u, unsigned eighths)
{
	static const char *const fine[] = {
		" ", "\u2581", "\u2582", "\u2583", "\u2584", "\u2585",
		"\u2586", "\u2587", "\u2588"
	};

	if (!fe_screen_utf8(u->screen))
		return (eighths >= 4 ? "#" : eighths > 0 ? "." : " ");
	if (u->heavy)
		return (eighths >= 6 ? fine[8] : eighths > 0 ? fine[4] : " ");
	return (fine[eighths]);
}

/*
 * One cell: the heap fills it from below, and the resident set is a line;
 * where they meet the line is cut out of the filling.
 */
static void
put_cell(struct live_ui *u, const struct live_graph *g, size_t i,
    unsigned line, unsigned column, unsigned row)
{
	const unsigned rows = u->layout.graph_rows;
	unsigned heap = live_graph_steps(g, g->column[i].heap, row, rows, 8);
	unsigned rss = live_graph_steps(g, g->column[i].rss, row, rows, 8);
	unsigned above = row + 1 == rows ? 0 :
	    live_graph_steps(g, g->column[i].rss, row + 1, rows, 8);
	bool is_line = rss > 0 && above == 0;

	if (is_line)
		(void)fe_screen_text(u->screen, line, column, 1, RSS_STYLE |
		    (heap == 8 ? FE_STYLE_REVERSE : 0),
		    fe_screen_utf8(u->screen) ? "\u2500" : "-");
	else if (heap > 0)
		(void)fe_screen_text(u->screen, line, column, 1, HEAP_STYLE,
		    heap_glyph(u, heap));
}

static void
put_graph(struct live_ui *u, unsigned line, unsigned column, unsigned cells)
{
	const unsigned rows = u->layout.graph_rows;
	const bool utf8 = fe_screen_utf8(u->screen);
	static struct live_graph g;
	char top[FE_SIZE_MAX], axis[2 * FE_SIZE_MAX];

	live_watch_graph(u->watch, &g, cells - AXIS_CELLS,
	    spans[u->span].ns);
	for (unsigned r = 0; r < rows; r++) {
		(void)snprintf(axis, sizeof(axis), "%10s%s",
		    r == 0 ? fe_size(top, g.top) :
		    r + 1 == rows ? "0" : "", utf8 ? "\u2502" : "|");
		(void)fe_screen_text(u->screen, line + r, column, AXIS_CELLS,
		    FE_STYLE_DIM, axis);
		for (size_t i = 0; i < g.n; i++)
			put_cell(u, &g, i, line + r,
			    column + AXIS_CELLS + (unsigned)i, rows - 1 - r);
	}
}

static void
put_right(struct live_ui *u, unsigned column, unsigned cells)
{
	const struct live_totals *t = &u->watch->totals;

	put_size(u, 1, column, cells, HEAP_STYLE | FE_STYLE_BOLD, "Heap",
	    t->heap, t->peak_heap);
	put_size(u, 2, column, cells, RSS_STYLE | FE_STYLE_BOLD, "RSS ",
	    t->rss, t->peak_rss);
	if (u->layout.graph_rows > 0 && cells >= AXIS_CELLS + GRAPH_MIN)
		put_graph(u, 3, column, cells);
}

/* ---- Lines across the screen ------------------------------------------ */

static void
put_end(struct live_ui *u, unsigned line, unsigned from, unsigned style,
    const char *text)
{
	unsigned n = (unsigned)strlen(text), columns = u->layout.columns;

	if (from + n + 1 < columns)
		(void)fe_screen_text(u->screen, line, columns - n, n, style,
		    text);
}

void
live_head_draw(struct live_ui *u)
{
	unsigned columns = u->layout.columns, right, used;
	char text[LINE_MAX_BYTES], clock[32];
	struct tm tm;
	time_t now = time(NULL);

	fe_screen_fill(u->screen, 0, 0, columns, FE_STYLE_REVERSE);
	(void)snprintf(text, sizeof(text), "memray-live, %s, graph: %s",
	    u->title, spans[u->span].name);
	used = fe_screen_text(u->screen, 0, 0, columns, FE_STYLE_REVERSE |
	    FE_STYLE_BOLD, text);
	if (localtime_r(&now, &tm) != NULL &&
	    strftime(clock, sizeof(clock), "%F %T", &tm) > 0)
		put_end(u, 0, used, FE_STYLE_REVERSE, clock);
	right = columns * 11 / 20;
	if (right > GRAPH_CELLS)
		right = GRAPH_CELLS;
	put_left(u, columns - right - 1);
	put_right(u, columns - right, right);
}

static const char *
view_name(const struct live_ui *u, char *buf, size_t size)
{
	const struct live_watch *w = u->watch;
	double ago = (double)(w->info.time_ns - w->mark_ns) / NS;

	if (u->page == LIVE_PAGE_CALLS) {
		(void)snprintf(buf, size, "Calls of %.*s", (int)size - 16,
		    w->funcs.func[w->focus].name);
		return (buf);
	}
	switch (w->view) {
	case LIVE_VIEW_NOW:
		return ("Live now (leaks so far)");
	case LIVE_VIEW_MARK:
		(void)snprintf(buf, size, "Growth since the mark (%.0f s)",
		    ago);
		return (buf);
	case LIVE_VIEW_PEAK:
		return ("Live at the peak");
	default:
		return ("Ever allocated");
	}
}

/* What the per cents are of. */
static uint64_t
whole(const struct live_ui *u)
{
	return (u->page == LIVE_PAGE_CALLS ?
	    u->watch->table.focused.total_bytes : u->watch->table.bytes);
}

/* The state of the program, in words; "" if it just runs. */
static const char *
state(const struct live_ui *u, char *buf, size_t size)
{
	const struct mt_feed_info *info = &u->watch->info;
	char status[LIVE_STATUS_MAX];

	if (!u->watch->over)
		return (u->watch->paused ? "Table updates paused" : "");
	(void)live_watch_status(status, info->has_exit_status,
	    info->exit_status);
	(void)snprintf(buf, size, "Remote has disconnected%s%s%s",
	    *status != '\0' ? ": " : "", status,
	    u->watch->paused ? ", table paused" : "");
	return (buf);
}

void
live_head_status(struct live_ui *u)
{
	const struct live_watch *w = u->watch;
	char text[2 * LINE_MAX_BYTES], name[LINE_MAX_BYTES],
	    size[FE_SIZE_MAX], right[128];
	const char *s = state(u, right, sizeof(right));
	unsigned line = u->layout.status, used;

	(void)snprintf(text, sizeof(text), "%s: %s%s%s",
	    view_name(u, name, sizeof(name)), fe_size(size, whole(u)),
	    *w->filter != '\0' ? ", /" : "", w->filter);
	used = fe_screen_text(u->screen, line, 0, u->layout.columns,
	    FE_STYLE_BOLD, text);
	if (*s == '\0' && w->totals.lost_events > 0) {
		(void)snprintf(right, sizeof(right), "%" PRIu64
		    " events lost", w->totals.lost_events);
		s = right;
	}
	/* It matters more than the end of the other text. */
	if (*s != '\0' && used + strlen(s) + 2 > u->layout.columns)
		fe_screen_fill(u->screen, line, 0, u->layout.columns,
		    FE_STYLE_PLAIN);
	if (*s != '\0' && used + strlen(s) + 2 > u->layout.columns)
		used = 0;
	if (*s != '\0')
		put_end(u, line, used, FE_STYLE_BOLD | (w->over ?
		    FE_STYLE_RED : FE_STYLE_YELLOW), s);
}

/* ---- The last line ---------------------------------------------------- */

static void
put_keys(struct live_ui *u, unsigned line)
{
	static const char *const keys[][2] = {
		{ "d", "Detach" }, { "l", "Log" },
		{ "q", "Quit" }, { "?", "Help" }, { "t/o/a", "Sort" },
		{ "m", "Thread" }, { "/", "Find" }, { "Enter", "Calls" },
		{ "v", "View" }, { "k", "Mark" }, { "p", "Proc" },
		{ "s", "Save" }, { "space", "Pause" }, { "w", "Graph" }
	};
	const size_t n = sizeof(keys) / sizeof(keys[0]);
	unsigned at = 0, columns = u->layout.columns, k, w;

	/* The first two are of the view of memray-run. */
	for (size_t i = u->owned ? 0 : 2; i < n; i++) {
		k = (unsigned)strlen(keys[i][0]);
		w = (unsigned)strlen(keys[i][1]);
		if (at + k + 1 + w > columns)
			break;
		(void)fe_screen_text(u->screen, line, at, k,
		    FE_STYLE_REVERSE, keys[i][0]);
		(void)fe_screen_text(u->screen, line, at + k + 1, w,
		    FE_STYLE_PLAIN, keys[i][1]);
		at += k + w + 2;
	}
}

void
live_head_foot(struct live_ui *u)
{
	unsigned line = u->layout.foot;
	const char *text = NULL;
	unsigned style = FE_STYLE_BOLD | FE_STYLE_YELLOW;

	fe_screen_fill(u->screen, line, 0, u->layout.columns, FE_STYLE_PLAIN);
	if (u->mode == LIVE_MODE_FILTER) {
		fe_screen_prompt(u->screen, line, "/", &u->prompt);
		return;
	}
	if (u->mode == LIVE_MODE_QUIT)
		text = "End the program, too?  y ends it, d detaches and "
		    "lets it run, n stays here";
	else if (u->message_until_ms != 0)
		text = u->message;
	else if (*u->error != '\0')
		text = u->error;
	if (text == NULL)
		put_keys(u, line);
	else
		(void)fe_screen_text(u->screen, line, 0, u->layout.columns,
		    style, text);
}
