/* The table of functions, and the calls of one of them. */

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <fe_alloc.h>
#include <fe_size.h>
#include <fe_text.h>

#include "live_ui.h"

#define NUMBER_MAX	32	/* bytes of a formatted number */
#define WIDE		110u	/* columns, where files get their own */
#define LOCATION_MIN	12u	/* cells, also on tiny screens */
#define FILE_MIN	6u	/* cells, below which a file says nothing */
#define GAP		1u

static const struct title {
	const char	*text;
	unsigned	 cells;
	enum live_sort	 sort;
} titles[LIVE_COLUMNS] = {
	{ "Total Bytes", 11, LIVE_SORT_TOTAL },
	{ "% Total", 7, LIVE_SORT_TOTAL },
	{ "Own Bytes", 10, LIVE_SORT_OWN },
	{ "% Own", 7, LIVE_SORT_OWN },
	{ "Allocations", 11, LIVE_SORT_ALLOCATIONS }
};

/* A line of the table, ready to be drawn. */
struct line {
	const char		*name;
	const char		*file;
	const char		*mark;	/* before the name; "" in the table */
	bool			 has_own;
	uint64_t		 total;
	uint64_t		 own;
	uint64_t		 allocations;
	uint64_t		 whole;		/* of the per cents */
	uint64_t		 all;		/* of the allocations */
};

void
live_body_columns(struct live_columns *c, unsigned columns)
{
	unsigned numbers = 0, rest, at;

	memset(c, 0, sizeof(*c));
	for (size_t i = 0; i < LIVE_COLUMNS; i++)
		numbers += titles[i].cells + GAP;
	rest = columns > numbers + LOCATION_MIN ? columns - numbers :
	    LOCATION_MIN;
	c->location_cells = rest;
	if (columns >= WIDE) {
		c->file_cells = rest * 9 / 20;
		c->location_cells = rest - c->file_cells - GAP;
	}
	at = c->location_cells;
	for (size_t i = 0; i < LIVE_COLUMNS; i++) {
		c->at[i] = at + GAP;
		c->cells[i] = titles[i].cells;
		at += titles[i].cells + GAP;
	}
	c->file_at = at + GAP;
}

static void
put_right(struct live_ui *u, unsigned line, unsigned at, unsigned cells,
    unsigned style, const char *text)
{
	unsigned n = (unsigned)strlen(text);

	if (n > cells)
		n = cells;
	(void)fe_screen_text(u->screen, line, at + cells - n, n, style, text);
}

static void
put_titles(struct live_ui *u, const struct live_columns *c)
{
	const unsigned line = u->layout.titles;
	unsigned style;

	(void)fe_screen_text(u->screen, line, 0, c->location_cells,
	    FE_STYLE_BOLD, "Location");
	for (size_t i = 0; i < LIVE_COLUMNS; i++) {
		style = FE_STYLE_BOLD;
		if (titles[i].sort == u->watch->sort)
			style |= FE_STYLE_UNDERLINE;
		put_right(u, line, c->at[i], c->cells[i], style,
		    titles[i].text);
	}
	if (c->file_cells > 0)
		(void)fe_screen_text(u->screen, line, c->file_at,
		    c->file_cells, FE_STYLE_BOLD, "File");
}

static double
percent(uint64_t part, uint64_t whole)
{
	return (whole == 0 ? 0 : 100 * (double)part / (double)whole);
}

/* ---- One line --------------------------------------------------------- */

static unsigned
styled(unsigned style, bool current)
{
	return (current ? FE_STYLE_REVERSE : style);
}

/* A file behind the function: all of its path, or its name only. */
static void
put_file(struct live_ui *u, unsigned line, unsigned at, unsigned cells,
    bool current, const char *file)
{
	char *clean = fe_text_clean(file, false), *slash;
	const char *s = clean;

	if (fe_text_width(s, strlen(s)) > cells &&
	    (slash = strrchr(clean, '/')) != NULL)
		s = slash + 1;
	(void)fe_screen_path(u->screen, line, at, cells,
	    styled(FE_STYLE_CYAN, current), s);
	free(clean);
}

static void
put_location(struct live_ui *u, const struct live_columns *c, unsigned line,
    const struct line *l, bool current)
{
	unsigned used, cells = c->location_cells;

	used = fe_screen_text(u->screen, line, 0, cells,
	    styled(FE_STYLE_YELLOW, current), l->mark);
	used += fe_screen_path(u->screen, line, used, cells - used,
	    styled(FE_STYLE_MAGENTA | FE_STYLE_BOLD, current), l->name);
	if (c->file_cells > 0)
		(void)fe_screen_path(u->screen, line, c->file_at,
		    c->file_cells, styled(FE_STYLE_CYAN, current), l->file);
	else if (cells - used >= FILE_MIN + 1 && *l->file != '\0')
		put_file(u, line, used + 1, cells - used - 1, current,
		    l->file);
}

static void
put_line(struct live_ui *u, const struct live_columns *c, unsigned line,
    const struct line *l, bool current)
{
	const double total = percent(l->total, l->whole);
	const double own = percent(l->own, l->whole);
	const double n = percent(l->allocations, l->all);
	char number[LIVE_COLUMNS][NUMBER_MAX];
	const double share[LIVE_COLUMNS] = { total, total, own, own, n };

	if (current)
		fe_screen_fill(u->screen, line, 0, u->layout.columns,
		    FE_STYLE_REVERSE);
	put_location(u, c, line, l, current);
	(void)fe_size(number[0], l->total);
	(void)snprintf(number[1], NUMBER_MAX, "%.2f%%", total);
	(void)fe_size(number[2], l->own);
	(void)snprintf(number[3], NUMBER_MAX, "%.2f%%", own);
	(void)snprintf(number[4], NUMBER_MAX, "%" PRIu64, l->allocations);
	if (!l->has_own)
		number[2][0] = number[3][0] = '\0';
	for (size_t i = 0; i < LIVE_COLUMNS; i++)
		put_right(u, line, c->at[i], c->cells[i],
		    styled(fe_screen_share(share[i]), current), number[i]);
}

static void
set_names(const struct live_ui *u, struct line *l, uint32_t func)
{
	const struct live_func *fn = &u->watch->funcs.func[func];

	l->name = fn->name;
	l->file = fn->file;
}

/* ---- The table -------------------------------------------------------- */

static void
put_table(struct live_ui *u, const struct live_columns *c)
{
	const struct live_table *t = &u->watch->table;
	const struct live_layout *y = &u->layout;
	const struct live_row *r;
	struct line l;
	size_t i;

	fe_scroll_fit(&u->table, t->shown.n, y->body_lines);
	for (unsigned k = 0; k < y->body_lines; k++) {
		if ((i = u->table.top + k) >= t->shown.n)
			break;
		r = &t->shown.row[i];
		set_names(u, &l, r->func);
		l.mark = "";
		l.has_own = true;
		l.total = r->total_bytes;
		l.own = r->own_bytes;
		l.allocations = r->allocations;
		l.whole = t->bytes;
		l.all = t->allocations;
		put_line(u, c, y->body + k, &l, i == u->table.current);
	}
	if (t->shown.n == 0 && y->body_lines > 0)
		(void)fe_screen_text(u->screen, y->body, 0, y->columns,
		    FE_STYLE_DIM, t->all.n > 0 ? "No function matches." :
		    "Nothing yet.");
}

/* ---- Calls: callers, the function itself, callees --------------------- */

size_t
live_body_calls(const struct live_ui *u)
{
	const struct live_table *t = &u->watch->table;

	return (t->callers.n + 1 + t->callees.n);
}

static const struct live_row *
call_row(const struct live_ui *u, size_t i)
{
	const struct live_table *t = &u->watch->table;

	if (i < t->callers.n)
		return (&t->callers.row[i]);
	if (i == t->callers.n)
		return (&t->focused);
	return (&t->callees.row[i - t->callers.n - 1]);
}

static const char *
call_mark(const struct live_ui *u, size_t i)
{
	const size_t self = u->watch->table.callers.n;

	return (i < self ? "from " : i == self ? "* " : "  to ");
}

static void
put_calls(struct live_ui *u, const struct live_columns *c)
{
	const struct live_table *t = &u->watch->table;
	const struct live_layout *y = &u->layout;
	const struct live_row *r;
	struct line l;
	size_t i;

	fe_scroll_fit(&u->calls, live_body_calls(u), y->body_lines);
	for (unsigned k = 0; k < y->body_lines; k++) {
		if ((i = u->calls.top + k) >= live_body_calls(u))
			break;
		r = call_row(u, i);
		set_names(u, &l, i == t->callers.n ? t->focus : r->func);
		if (i < t->callers.n && r->func == LIVE_FUNCS_NONE)
			l.name = "<nobody>";
		l.mark = call_mark(u, i);
		l.has_own = i >= t->callers.n;
		l.total = r->total_bytes;
		l.own = r->own_bytes;
		l.allocations = r->allocations;
		l.whole = t->focused.total_bytes;
		l.all = t->focused.allocations;
		put_line(u, c, y->body + k, &l, i == u->calls.current);
	}
}

void
live_body_draw(struct live_ui *u)
{
	struct live_columns c;

	live_body_columns(&c, u->layout.columns);
	put_titles(u, &c);
	if (u->page == LIVE_PAGE_CALLS)
		put_calls(u, &c);
	else
		put_table(u, &c);
}

void
live_body_click(struct live_ui *u, unsigned line, unsigned column)
{
	struct live_columns c;
	struct fe_scroll *s = u->page == LIVE_PAGE_CALLS ? &u->calls :
	    &u->table;

	if (line >= u->layout.body &&
	    line < u->layout.body + u->layout.body_lines) {
		fe_scroll_to(s, s->top + (line - u->layout.body));
		return;
	}
	live_body_columns(&c, u->layout.columns);
	for (size_t i = 0; line == u->layout.titles && i < LIVE_COLUMNS; i++)
		if (column >= c.at[i] && column < c.at[i] + c.cells[i])
			u->watch->sort = titles[i].sort;
}

/* ---- The current row -------------------------------------------------- */

uint32_t
live_body_current(const struct live_ui *u)
{
	const struct live_table *t = &u->watch->table;
	const struct live_row *r;

	if (u->page == LIVE_PAGE_TABLE)
		return (u->table.current < t->shown.n ?
		    t->shown.row[u->table.current].func :
		    LIVE_TABLE_NO_FOCUS);
	if (u->page != LIVE_PAGE_CALLS ||
	    u->calls.current >= live_body_calls(u))
		return (LIVE_TABLE_NO_FOCUS);
	r = call_row(u, u->calls.current);
	if (u->calls.current < t->callers.n && r->func == LIVE_FUNCS_NONE)
		return (LIVE_TABLE_NO_FOCUS);
	return (u->calls.current == t->callers.n ? t->focus : r->func);
}

void
live_body_follow(struct live_ui *u)
{
	const struct live_rows *r = &u->watch->table.shown;

	if (!u->chosen || u->chosen_func == LIVE_TABLE_NO_FOCUS)
		return;
	u->chosen_func = u->watch->funcs.func[u->chosen_func].heir;
	for (size_t i = 0; i < r->n; i++)
		if (r->row[i].func == u->chosen_func) {
			fe_scroll_fit(&u->table, r->n,
			    u->layout.body_lines);
			fe_scroll_to(&u->table, i);
			return;
		}
}
