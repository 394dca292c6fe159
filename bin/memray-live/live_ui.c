/* The view on a terminal: layout, and the loop. */

#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <fe_warn.h>

#include "live_ui.h"

#define EXIT_FAILED	1
#define MESSAGE_MS	5000u
#define CLOCK_MS	1000	/* the screen is drawn that often at least */
#define NAMES_MS	100	/* while names are looked up */

#define TALL		40u	/* lines, from which on the graph is higher */
#define GRAPH_LOW	4u
#define GRAPH_HIGH	8u
#define HEAD_TEXT	3u	/* lines of the head besides the graph */
#define SHORT		16u	/* lines, below which there is no graph */

static uint64_t
now_ms(void)
{
	struct timespec t;

	(void)clock_gettime(CLOCK_MONOTONIC, &t);
	return ((uint64_t)t.tv_sec * 1000 + (uint64_t)t.tv_nsec / 1000000);
}

void
live_ui_say(struct live_ui *u, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	(void)vsnprintf(u->message, sizeof(u->message), fmt, ap);
	va_end(ap);
	u->message_until_ms = now_ms() + MESSAGE_MS;
}

static unsigned
less(unsigned a, unsigned b)
{
	return (a > b ? a - b : 0);
}

/*
 * From the top: head, status, titles, body, log, foot.  On a screen that is
 * too small for all, the first ones win.
 */
static void
lay_out(struct live_ui *u)
{
	struct live_layout *l = &u->layout;
	unsigned lines = fe_screen_lines(u->screen), rest;

	memset(l, 0, sizeof(*l));
	l->columns = fe_screen_columns(u->screen);
	l->graph_rows = lines < SHORT ? 0 : lines < TALL ? GRAPH_LOW :
	    GRAPH_HIGH;
	l->head = HEAD_TEXT + l->graph_rows;
	l->status = l->head;
	l->titles = l->status + 1;
	l->body = l->titles + 1;
	l->foot = less(lines, 1);
	rest = less(l->foot, l->body);
	if (u->pane == LIVE_PANE_ALL) {
		l->log = l->titles;
		l->log_lines = rest;
		return;
	}
	if (u->pane == LIVE_PANE_THIRD && lines >= SHORT) {
		l->log_lines = less(lines / 3, 1);
		rest = less(rest, l->log_lines + 1);
		l->log = l->body + rest;
	}
	l->body_lines = rest;
}

static void
draw_parts(struct live_ui *u)
{
	live_head_draw(u);
	live_head_status(u);
	if (u->pane != LIVE_PANE_ALL) {
		if (u->page == LIVE_PAGE_PROCESSES)
			live_pages_processes(u);
		else
			live_body_draw(u);
	}
	if (u->layout.log_lines > 0)
		live_pages_log(u);
}

static void
draw(struct live_ui *u)
{
	lay_out(u);
	fe_screen_erase(u->screen);
	if (u->page == LIVE_PAGE_HELP)
		live_pages_help(u);
	else
		draw_parts(u);
	if (u->message_until_ms != 0 && now_ms() >= u->message_until_ms)
		u->message_until_ms = 0;
	live_head_foot(u);
	fe_screen_show(u->screen);
}

/* Once: native frames are addresses, and this is why. */
static void
say_trouble(struct live_ui *u)
{
	const char *trouble = u->watch->names.trouble;

	if (*trouble != '\0' && !u->told)
		live_ui_say(u, "No names of native frames: %s", trouble);
	u->told = *trouble != '\0';
}

/* Returns whether there is anything new to see. */
static bool
step(struct live_ui *u)
{
	struct mt_error e;
	bool news = live_log_update(&u->log);

	if (live_watch_step(u->watch, &e)) {
		live_body_follow(u);
		news = true;
	}
	if (u->watch->over && e.text[0] != '\0')
		(void)snprintf(u->error, sizeof(u->error), "%s", e.text);
	say_trouble(u);
	return (news);
}

static void
loop(struct live_ui *u)
{
	bool news = true;
	uint32_t key;
	int fd;

	while (!u->done) {
		if (news)
			draw(u);
		fd = u->watch->over ? -1 : mt_feed_fd(u->watch->feed);
		key = fe_screen_key(u->screen, live_watch_is_asking(u->watch) ?
		    NAMES_MS : CLOCK_MS, fd);
		if (key == FE_KEY_QUIT)
			break;
		news = key != FE_KEY_INPUT;
		if (key != FE_KEY_INPUT && key != FE_KEY_NONE &&
		    key != FE_KEY_RESIZE)
			live_keys(u, key);
		if (step(u))
			news = true;
	}
}

/* The virtual console has hardly more than the glyphs of the IBM PC. */
static bool
is_console(void)
{
	const char *term = getenv("TERM");

	return (term != NULL && strncmp(term, "linux", 5) == 0);
}

/*
 * The user who presses Control-C wants an end, and memray-run ends the
 * program for that status; from any other signal it learns that it lost its
 * view only.
 */
static int
leave(const struct live_ui *u, int sig)
{
	live_lookup_stop(&u->watch->names.lookup);
	if (sig != 0 && !(u->owned && sig == SIGINT))
		(void)raise(sig);
	return (u->detached ? MT_FEED_EXIT_DETACHED : 0);
}

int
live_ui_run(struct live_watch *w, const char *title, const char *log)
{
	static struct live_ui u;
	int sig;

	memset(&u, 0, sizeof(u));
	u.watch = w;
	u.title = title;
	u.owned = log != NULL;
	u.heavy = is_console();
	u.log.fd = -1;
	if (log != NULL && !live_log_open(&u.log, log))
		fe_warning(log, "cannot be shown");
	if (!fe_screen_open(&u.screen)) {
		fe_warning(NULL, "the terminal cannot be used");
		live_log_close(&u.log);
		return (EXIT_FAILED);
	}
	fe_screen_mouse(u.screen);
	loop(&u);
	sig = fe_screen_close(u.screen);
	live_log_close(&u.log);
	return (leave(&u, sig));
}
