/* Keys. */

#include <stdio.h>
#include <string.h>

#include "live_save.h"
#include "live_ui.h"

#define WHEEL_ROWS	3u

static bool
is_running(const struct live_ui *u)
{
	return (!u->watch->over && u->watch->info.state == MT_FEED_RUNNING);
}

/* ---- Moving ----------------------------------------------------------- */

static struct fe_scroll *
scroll_of(struct live_ui *u)
{
	switch (u->page) {
	case LIVE_PAGE_CALLS:
		return (&u->calls);
	case LIVE_PAGE_PROCESSES:
		return (&u->procs);
	case LIVE_PAGE_HELP:
		return (&u->help);
	default:
		return (&u->table);
	}
}

static void
move(struct live_ui *u, uint32_t key)
{
	if (!fe_scroll_key(scroll_of(u), key) || u->page != LIVE_PAGE_TABLE)
		return;
	u->chosen = u->table.current > 0;
	u->chosen_func = live_body_current(u);
}

/* ---- Leaving ---------------------------------------------------------- */

static void
quit(struct live_ui *u)
{
	if (u->owned && is_running(u))
		u->mode = LIVE_MODE_QUIT;
	else
		u->done = true;
}

static void
detach(struct live_ui *u)
{
	u->detached = u->owned && is_running(u);
	u->done = true;
}

static void
answer(struct live_ui *u, uint32_t key)
{
	u->mode = LIVE_MODE_KEYS;
	if (key == 'y' || key == 'Y' || key == 'q')
		u->done = true;
	else if (key == 'd' || key == 'D')
		detach(u);
}

/* ---- Filter ----------------------------------------------------------- */

static void
filter(struct live_ui *u, const char *text)
{
	(void)snprintf(u->watch->filter, sizeof(u->watch->filter), "%s", text);
	live_table_match(&u->watch->table, &u->watch->funcs,
	    u->watch->filter);
	u->chosen = false;
	fe_scroll_to(&u->table, 0);
}

static void
type(struct live_ui *u, uint32_t key)
{
	if (key == FE_KEY_UP || key == FE_KEY_DOWN) {
		move(u, key);
		return;
	}
	switch (fe_prompt_key(&u->prompt, key)) {
	case FE_PROMPT_MORE:
		filter(u, u->prompt.text);
		break;
	case FE_PROMPT_DONE:
		u->mode = LIVE_MODE_KEYS;
		break;
	case FE_PROMPT_CANCEL:
		u->mode = LIVE_MODE_KEYS;
		filter(u, "");
		break;
	}
}

static void
begin_filter(struct live_ui *u)
{
	u->page = LIVE_PAGE_TABLE;
	u->watch->focus = LIVE_TABLE_NO_FOCUS;
	u->nback = 0;
	fe_prompt_init(&u->prompt);
	filter(u, "");
	u->mode = LIVE_MODE_FILTER;
}

/* ---- Calls ------------------------------------------------------------ */

static void
focus(struct live_ui *u, uint32_t func)
{
	/* An address from before may have a name now. */
	if (func != LIVE_TABLE_NO_FOCUS)
		func = u->watch->funcs.func[func].heir;
	u->watch->focus = func;
	u->page = func == LIVE_TABLE_NO_FOCUS ? LIVE_PAGE_TABLE :
	    LIVE_PAGE_CALLS;
	live_watch_table(u->watch);
	/* Begin at the function itself. */
	fe_scroll_fit(&u->calls, live_body_calls(u), u->layout.body_lines);
	fe_scroll_to(&u->calls, u->watch->table.callers.n);
}

static void
enter(struct live_ui *u)
{
	uint32_t func = live_body_current(u);

	if (func == LIVE_TABLE_NO_FOCUS || func == u->watch->focus)
		return;
	if (u->page == LIVE_PAGE_TABLE)
		u->nback = 0;
	else if (u->nback < LIVE_FOCUS_MAX)
		u->back[u->nback++] = u->watch->focus;
	focus(u, func);
}

static void
choose_process(struct live_ui *u)
{
	struct live_watch *w = u->watch;

	w->one_process = u->procs.current > 0;
	w->process = w->one_process ? u->procs.current - 1 : 0;
	w->one_thread = false;
	u->chosen = false;
	fe_scroll_to(&u->table, 0);
	u->page = LIVE_PAGE_TABLE;
	live_watch_table(w);
}

/* One step back: from a page, then from a filter. */
static void
go_back(struct live_ui *u)
{
	switch (u->page) {
	case LIVE_PAGE_CALLS:
		focus(u, u->nback > 0 ? u->back[--u->nback] :
		    LIVE_TABLE_NO_FOCUS);
		break;
	case LIVE_PAGE_TABLE:
		filter(u, "");
		break;
	default:
		u->page = u->watch->focus == LIVE_TABLE_NO_FOCUS ?
		    LIVE_PAGE_TABLE : LIVE_PAGE_CALLS;
		break;
	}
}

/* ---- What is shown ---------------------------------------------------- */

static void
sort_by(struct live_ui *u, enum live_sort by)
{
	u->watch->sort = by;
	live_watch_table(u->watch);
	live_body_follow(u);
}

static void
next_view(struct live_ui *u)
{
	struct live_watch *w = u->watch;

	w->view = w->view == LIVE_VIEW_EVER ? LIVE_VIEW_NOW : w->view + 1;
	if (w->view == LIVE_VIEW_MARK && !w->has_mark)
		w->view++;
	live_watch_table(w);
	live_body_follow(u);
}

static void
set_mark(struct live_ui *u)
{
	live_watch_mark(u->watch);
	live_watch_table(u->watch);
	live_ui_say(u, "Marked: the table shows what was allocated since and "
	    "still lives; v for other tables");
}

static void
pause_table(struct live_ui *u)
{
	if (u->watch->over && !u->watch->paused)
		return;
	live_watch_pause(u->watch, !u->watch->paused);
	live_watch_table(u->watch);
	live_body_follow(u);
}

static void
turn(struct live_ui *u, bool forward)
{
	if (!u->watch->one_thread) {
		live_ui_say(u, "All threads are merged; m shows one at a "
		    "time");
		return;
	}
	live_watch_turn(u->watch, forward);
	live_watch_table(u->watch);
	live_body_follow(u);
}

static void
merge(struct live_ui *u)
{
	live_watch_merge(u->watch, u->watch->one_thread);
	live_watch_table(u->watch);
	live_body_follow(u);
}

static void
next_pane(struct live_ui *u)
{
	if (u->log.fd == -1) {
		live_ui_say(u, "There is no log: the program has its own "
		    "output");
		return;
	}
	u->pane = u->pane == LIVE_PANE_ALL ? LIVE_PANE_NONE : u->pane + 1;
}

static void
open_page(struct live_ui *u, enum live_page page)
{
	if (u->page == page)
		go_back(u);
	else
		u->page = page;
	if (u->pane == LIVE_PANE_ALL)
		u->pane = LIVE_PANE_NONE;
}

/* ---- Keys ------------------------------------------------------------- */

static void
wheel(struct live_ui *u, uint32_t key)
{
	for (unsigned i = 0; i < WHEEL_ROWS; i++)
		move(u, key);
}

static void
click(struct live_ui *u)
{
	unsigned line = fe_screen_mouse_line(u->screen);

	if (u->page == LIVE_PAGE_PROCESSES) {
		if (line >= u->layout.body)
			fe_scroll_to(&u->procs, u->procs.top + line -
			    u->layout.body);
		return;
	}
	if (u->page == LIVE_PAGE_HELP || u->pane == LIVE_PANE_ALL)
		return;
	live_body_click(u, line, fe_screen_mouse_column(u->screen));
	if (u->page == LIVE_PAGE_TABLE) {
		u->chosen = u->table.current > 0;
		u->chosen_func = live_body_current(u);
	}
	live_watch_table(u->watch);
	live_body_follow(u);
}

/* Returns whether it was the mouse. */
static bool
is_mouse(struct live_ui *u, uint32_t key)
{
	if (key == FE_KEY_WHEEL_UP)
		wheel(u, FE_KEY_UP);
	else if (key == FE_KEY_WHEEL_DOWN)
		wheel(u, FE_KEY_DOWN);
	else if (key == FE_KEY_CLICK)
		click(u);
	else
		return (false);
	return (true);
}

/* Keys that choose what the table shows; returns whether it was one. */
static bool
is_choice(struct live_ui *u, uint32_t key)
{
	switch (key) {
	case 't':
		sort_by(u, LIVE_SORT_TOTAL);
		return (true);
	case 'o':
		sort_by(u, LIVE_SORT_OWN);
		return (true);
	case 'a':
		sort_by(u, LIVE_SORT_ALLOCATIONS);
		return (true);
	case 'm':
		merge(u);
		return (true);
	case '<':
	case FE_KEY_LEFT:
		turn(u, false);
		return (true);
	case '>':
	case FE_KEY_RIGHT:
		turn(u, true);
		return (true);
	case 'v':
		next_view(u);
		return (true);
	case 'k':
		set_mark(u);
		return (true);
	case ' ':
		pause_table(u);
		return (true);
	case 'w':
		live_head_next_span(u);
		return (true);
	default:
		return (false);
	}
}

static void
enter_key(struct live_ui *u)
{
	if (u->page == LIVE_PAGE_PROCESSES)
		choose_process(u);
	else if (u->page == LIVE_PAGE_HELP)
		go_back(u);
	else
		enter(u);
}

static void
command(struct live_ui *u, uint32_t key)
{
	switch (key) {
	case 'q':
		quit(u);
		break;
	case 'd':
		detach(u);
		break;
	case '/':
		begin_filter(u);
		break;
	case 's':
		live_save(u);
		break;
	case 'l':
		next_pane(u);
		break;
	case 'p':
		open_page(u, LIVE_PAGE_PROCESSES);
		break;
	case '?':
	case 'h':
	case FE_KEY_F1:
		open_page(u, LIVE_PAGE_HELP);
		break;
	case FE_KEY_ENTER:
		enter_key(u);
		break;
	case FE_KEY_ESC:
	case FE_KEY_BACKSPACE:
		go_back(u);
		break;
	default:
		move(u, key);
		break;
	}
}

void
live_keys(struct live_ui *u, uint32_t key)
{
	if (is_mouse(u, key))
		return;
	if (u->mode == LIVE_MODE_QUIT)
		answer(u, key);
	else if (u->mode == LIVE_MODE_FILTER)
		type(u, key);
	else if (!is_choice(u, key))
		command(u, key);
}
