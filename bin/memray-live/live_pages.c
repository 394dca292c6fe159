/* The pages of processes and of help, and the pane of the log. */

#include <sys/wait.h>

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include <fe_size.h>

#include "live_ui.h"

#define LINE_MAX_BYTES	512
#define COLUMN_GAP	2u

/* ---- Processes -------------------------------------------------------- */

static const struct {
	const char	*text;
	unsigned	 cells;
	bool		 left;
} titles[] = {
	{ "PID", 8, false },
	{ "State", 11, true },
	{ "Heap", 10, false },
	{ "Peak", 10, false },
	{ "RSS", 10, false }
};

#define NTITLES		(sizeof(titles) / sizeof(titles[0]))

/* What the columns of a process say; the command line comes behind them. */
struct cells {
	char	text[NTITLES][32];
};

static void
put_cells(struct live_ui *u, unsigned line, const struct cells *c,
    const char *command, unsigned style)
{
	unsigned at = 0, n, w;

	fe_screen_fill(u->screen, line, 0, u->layout.columns, style &
	    FE_STYLE_REVERSE);
	for (size_t i = 0; i < NTITLES; i++) {
		w = titles[i].cells;
		n = (unsigned)strlen(c->text[i]);
		if (n > w)
			n = w;
		(void)fe_screen_text(u->screen, line, at +
		    (titles[i].left ? 0 : w - n), n, style, c->text[i]);
		at += w + COLUMN_GAP;
	}
	if (at < u->layout.columns)
		(void)fe_screen_path(u->screen, line, at,
		    u->layout.columns - at, style, command);
}

static void
put_state(char *buf, size_t size, const struct mt_feed_process *p)
{
	if (p->running)
		(void)snprintf(buf, size, "running");
	else if (p->replaced)
		(void)snprintf(buf, size, "exec");
	else if (p->has_exit_status && WIFSIGNALED(p->exit_status))
		(void)snprintf(buf, size, "signal %d",
		    WTERMSIG(p->exit_status));
	else if (p->has_exit_status)
		(void)snprintf(buf, size, "exit %d",
		    WEXITSTATUS(p->exit_status));
	else
		(void)snprintf(buf, size, "ended");
}

static void
put_process(struct live_ui *u, unsigned line, size_t i, unsigned style)
{
	const struct mt_feed_process *p = &u->watch->proc[i].info;
	struct cells c;

	(void)snprintf(c.text[0], sizeof(c.text[0]), "%" PRIu64, p->pid);
	put_state(c.text[1], sizeof(c.text[1]), p);
	(void)fe_size(c.text[2], p->heap);
	(void)fe_size(c.text[3], p->peak);
	(void)fe_size(c.text[4], p->rss);
	put_cells(u, line, &c, p->command_line, style);
}

/* All that run, together. */
static void
put_all(struct live_ui *u, unsigned line, unsigned style)
{
	uint64_t heap = 0, rss = 0;
	size_t running = 0;
	struct cells c;

	for (size_t i = 0; i < u->watch->nprocs; i++) {
		const struct mt_feed_process *p = &u->watch->proc[i].info;

		if (!p->running)
			continue;
		running++;
		heap += p->heap;
		rss += p->rss;
	}
	(void)snprintf(c.text[0], sizeof(c.text[0]), "all");
	(void)snprintf(c.text[1], sizeof(c.text[1]), "%zu running", running);
	(void)fe_size(c.text[2], heap);
	c.text[3][0] = '\0';
	(void)fe_size(c.text[4], rss);
	put_cells(u, line, &c, "all that run, together", style);
}

void
live_pages_processes(struct live_ui *u)
{
	const struct live_layout *y = &u->layout;
	struct cells c;
	unsigned style;
	size_t i;

	for (i = 0; i < NTITLES; i++)
		(void)snprintf(c.text[i], sizeof(c.text[i]), "%s",
		    titles[i].text);
	put_cells(u, y->titles, &c, "Command", FE_STYLE_BOLD);
	fe_scroll_fit(&u->procs, u->watch->nprocs + 1, y->body_lines);
	for (unsigned k = 0; k < y->body_lines; k++) {
		if ((i = u->procs.top + k) > u->watch->nprocs)
			break;
		style = i == u->procs.current ? FE_STYLE_REVERSE :
		    FE_STYLE_PLAIN;
		if (i == 0)
			put_all(u, y->body + k, style);
		else
			put_process(u, y->body + k, i - 1, style);
	}
}

/* ---- Help ------------------------------------------------------------- */

static const char *const help[] = {
	"t o a      sort by total, by own bytes, by allocations",
	"v          what lives now, grew since the mark, lived at the peak,",
	"           was ever allocated",
	"k          mark: show what is allocated from now on and still lives",
	"m          merge threads, or show one",
	"< >        the thread before, the next one; also Left and Right",
	"space      pause the table, go on",
	"/          show functions whose name or file has this in it",
	"Enter      who called the function, and what it called, by bytes",
	"Esc        go back; show all functions again",
	"p          processes; Enter chooses one, or all",
	"s          save a capture of what lives now, for memray-summary",
	"w          the graph: whole run, last 10 minutes, last minute",
	"l          the program's output: a part of the screen, all, none",
	"q          quit; under memray-run --live, asks about the program",
	"d          detach: quit, and let the program run",
	"arrows     move; also j, Page Up, Page Down, Home, End; the mouse",
	"           chooses rows, and a click on a title sorts",
	"Total bytes were allocated by a function and by those that it called,",
	"own bytes by itself.  Per cents are of all that the table is about.",
	"Heap is what the program has allocated, RSS what it has in memory.",
	"In the graph the heap is filled, and the RSS is a line."
};

#define NHELP	(sizeof(help) / sizeof(help[0]))

/* On all of the screen but its last line. */
void
live_pages_help(struct live_ui *u)
{
	const struct live_layout *y = &u->layout;
	const unsigned height = y->foot > 1 ? y->foot - 1 : 0;
	size_t i;

	(void)fe_screen_text(u->screen, 0, 0, y->columns,
	    FE_STYLE_BOLD | FE_STYLE_UNDERLINE, "Keys (Esc goes back)");
	fe_scroll_fit(&u->help, NHELP, height);
	for (unsigned k = 0; k < height; k++) {
		if ((i = u->help.top + k) >= NHELP)
			break;
		(void)fe_screen_text(u->screen, 1 + k, 0, y->columns,
		    FE_STYLE_PLAIN, help[i]);
	}
}

/* ---- Log -------------------------------------------------------------- */

void
live_pages_log(struct live_ui *u)
{
	const struct live_layout *y = &u->layout;
	const struct live_log *l = &u->log;
	size_t first = l->n > y->log_lines ? l->n - y->log_lines : 0;
	char title[LINE_MAX_BYTES], size[FE_SIZE_MAX];

	(void)snprintf(title, sizeof(title), "Output of the program, %s%s",
	    fe_size(size, l->size), l->n == 0 ? ": nothing yet" : "");
	fe_screen_fill(u->screen, y->log, 0, y->columns, FE_STYLE_REVERSE);
	(void)fe_screen_text(u->screen, y->log, 0, y->columns,
	    FE_STYLE_REVERSE, title);
	for (size_t i = first; i < l->n; i++)
		(void)fe_screen_text(u->screen, y->log + 1 +
		    (unsigned)(i - first), 0, y->columns, FE_STYLE_PLAIN,
		    l->line[i]);
}
