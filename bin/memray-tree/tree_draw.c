/* The interactive view: drawing. */

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include <fe_alloc.h>
#include <fe_size.h>

#include "tree_screen.h"

#define WIDE		110u	/* columns from which the panel is beside */
#define LOW		12u	/* lines below which there is no panel */
#define TAB		8u
#define INDENT		2u

/* A part of the screen. */
struct tree_area {
	unsigned	line;
	unsigned	column;
	unsigned	lines;
	unsigned	columns;
};

static const char *
glyph(const struct tree_screen *s, const char *utf8, const char *ascii)
{
	return (fe_screen_utf8(s->screen) ? utf8 : ascii);
}

/* Text at a line of the area; returns the column behind it. */
static unsigned
put(const struct tree_screen *s, const struct tree_area *a, unsigned line,
    unsigned column, unsigned style, const char *text)
{
	if (line >= a->lines || column >= a->columns)
		return (column);
	return (column + fe_screen_text(s->screen, a->line + line,
	    a->column + column, a->columns - column, style, text));
}

static unsigned
put_path(const struct tree_screen *s, const struct tree_area *a,
    unsigned line, unsigned column, unsigned style, const char *text)
{
	if (line >= a->lines || column >= a->columns)
		return (column);
	return (column + fe_screen_path(s->screen, a->line + line,
	    a->column + column, a->columns - column, style, text));
}

/* ---- The tree -------------------------------------------------------- */

/* Columns that are not shown, so that deep rows are not all indentation. */
static unsigned
hidden_indent(const struct tree_screen *s, const struct tree_area *a)
{
	uint32_t depth = s->view.rows[s->view.current].depth;
	unsigned third = a->columns / 3 / INDENT;

	return (depth > third ? (depth - third) * INDENT : 0);
}

static unsigned
put_size(const struct tree_screen *s, const struct tree_area *a,
    unsigned line, unsigned column, unsigned style, const struct tree_node *n)
{
	char size[FE_SIZE_MAX], *text;
	double share = tree_percent(s->tree, n);

	text = fe_format("%s (%.2f %%) ", fe_size(size, n->bytes), share);
	column = put(s, a, line, column, style | fe_screen_share(share), text);
	free(text);
	return (column);
}

static void
draw_row(const struct tree_screen *s, const struct tree_area *a,
    unsigned line, const struct tree_row *r, bool is_current)
{
	const struct tree_node *n = &s->tree->nodes[r->node];
	unsigned style = is_current ? FE_STYLE_REVERSE : FE_STYLE_PLAIN;
	unsigned hidden = hidden_indent(s, a), column = r->depth * INDENT;
	char *name, *where;

	if (is_current)
		fe_screen_fill(s->screen, a->line + line, a->column,
		    a->columns, style);
	column = column > hidden ? column - hidden : 0;
	column = put(s, a, line, column, style,
	    !r->has_children ? "  " : s->view.is_open[r->node] ?
	    glyph(s, "\xe2\x96\xbe ", "- ") : glyph(s, "\xe2\x96\xb8 ", "+ "));
	if (s->tree->nodes[0].allocations == 0) {
		(void)put(s, a, line, column, style, "<No allocations>");
		return;
	}
	column = put_size(s, a, line, column, style, n);
	name = tree_name(s->tree, n);
	where = tree_location(s->tree, n);
	column = put(s, a, line, column, style | FE_STYLE_BOLD |
	    (tree_view_matches(&s->view, r->node, s->sought) ?
	    FE_STYLE_UNDERLINE : 0), name);
	(void)put_path(s, a, line, column + 2, style | FE_STYLE_CYAN, where);
	free(name);
	free(where);
}

static void
draw_tree(struct tree_screen *s, const struct tree_area *a)
{
	size_t row;

	s->columns = a->columns;
	fe_scroll_fit(&s->scroll, s->view.nrows, a->lines);
	for (unsigned i = 0; i < a->lines; i++) {
		row = s->scroll.top + i;
		if (row < s->view.nrows)
			draw_row(s, a, i, &s->view.rows[row],
			    row == s->view.current);
	}
}

/* ---- The panel ------------------------------------------------------- */

/* A line of source with its tabs expanded, to be freed. */
static char *
expand(const char *text)
{
	char *out = fe_alloc(strlen(text), TAB, 1);
	size_t n = 0;

	for (; *text != '\0'; text++) {
		if (*text != '\t') {
			out[n++] = *text;
			continue;
		}
		do
			out[n++] = ' ';
		while (n % TAB != 0);
	}
	out[n] = '\0';
	return (out);
}

static void
draw_source_line(const struct tree_screen *s, const struct tree_area *a,
    unsigned i, size_t number, bool is_current)
{
	char *text = expand(s->source.lines[number - 1]);
	char *label = fe_format("%5zu ", number);
	unsigned style = is_current ? FE_STYLE_BOLD | FE_STYLE_YELLOW :
	    FE_STYLE_PLAIN, column;

	column = put(s, a, i, 0, is_current ? style : FE_STYLE_DIM, label);
	column = put(s, a, i, column, style, is_current ? "> " : "  ");
	(void)put(s, a, i, column, style, text);
	free(text);
	free(label);
}

static const char *
source_note(const struct tree_screen *s)
{
	if (s->source.text == NULL)
		return (" (no source here)");
	if (s->recorded_ns != 0 && s->source.mtime_ns > s->recorded_ns)
		return (" (changed since)");
	return ("");
}

/* The file's name, and its lines around this one. */
static void
draw_source(struct tree_screen *s, const struct tree_area *a,
    const struct tree_node *n)
{
	const char *file = tree_file(s->tree, n);
	struct tree_area lines = *a;
	size_t line = tree_line(s->tree, n), first;
	char *title;

	tree_source_load(&s->source, file);
	if (*file == '\0')
		return;
	title = fe_format("%s%s", file, source_note(s));
	(void)put_path(s, a, 0, 0, FE_STYLE_CYAN, title);
	free(title);
	if (a->lines < 2)
		return;
	lines.line++;
	lines.lines--;
	first = line > lines.lines / 2 ? line - lines.lines / 2 : 1;
	for (unsigned i = 0; i < lines.lines &&
	    first + i <= s->source.n; i++)
		draw_source_line(s, &lines, i, first + i, first + i == line);
}

/* "Label: text" at a column; returns the column behind it. */
static unsigned
put_field(const struct tree_screen *s, const struct tree_area *a,
    unsigned line, unsigned column, const char *label, const char *text)
{
	if (column > 0)
		column += 3;
	column = put(s, a, line, column, FE_STYLE_DIM, label);
	return (put_path(s, a, line, column, FE_STYLE_BOLD, text));
}

static void
draw_rest_help(const struct tree_screen *s, const struct tree_area *a)
{
	char *text = fe_format("Only the %zu biggest allocations are in the "
	    "tree; see --biggest-allocs.", s->tree->biggest);

	(void)put(s, a, 0, 0, FE_STYLE_PLAIN, text);
	free(text);
}

/* Three lines, or five if there is room. */
static void
draw_details(const struct tree_screen *s, const struct tree_area *a,
    const struct tree_node *n)
{
	char *name = tree_name(s->tree, n), *where = tree_location(s->tree, n);
	char *thread = tree_thread(s->tree, n), size[FE_SIZE_MAX];
	char *count = fe_format("%" PRIu64, n->allocations);
	bool roomy = a->lines >= 5;
	unsigned column;

	if (n->kind == TREE_REST) {
		draw_rest_help(s, a);
	} else if (n->kind == TREE_CALL) {
		(void)put_field(s, a, 0, 0, "Function: ", name);
		(void)put_field(s, a, 1, 0, "Location: ", where);
	}
	column = put_field(s, a, 2, 0, "Allocations: ", count);
	column = put_field(s, a, roomy ? 3 : 2, roomy ? 0 : column,
	    "Size: ", fe_size(size, n->bytes));
	(void)put_field(s, a, roomy ? 4 : 2, roomy ? 0 : column,
	    "Thread: ", thread);
	free(name);
	free(where);
	free(thread);
	free(count);
}

/* The source above, the details below. */
static void
draw_panel(struct tree_screen *s, const struct tree_area *a,
    unsigned details)
{
	const struct tree_node *n =
	    &s->tree->nodes[s->view.rows[s->view.current].node];
	struct tree_area top = *a, bottom = *a;

	bottom.lines = details;
	top.lines = a->lines > details ? a->lines - details : 0;
	bottom.line += top.lines;
	draw_source(s, &top, n);
	draw_details(s, &bottom, n);
}

/* ---- The rest of the screen ------------------------------------------ */

static void
draw_title(const struct tree_screen *s, unsigned columns)
{
	const struct tree_node *root = &s->tree->nodes[0];
	const struct tree_area a = { 0, 1, 1, columns - 1 };
	char size[FE_SIZE_MAX], *total;
	unsigned column;

	total = fe_format("%s in %" PRIu64 " allocations",
	    fe_size(size, root->bytes), root->allocations);
	fe_screen_fill(s->screen, 0, 0, columns, FE_STYLE_REVERSE);
	column = put(s, &a, 0, 0, FE_STYLE_REVERSE | FE_STYLE_BOLD, total);
	(void)put_path(s, &a, 0, column + 2, FE_STYLE_REVERSE, s->title);
	free(total);
}

static void
draw_keys(const struct tree_screen *s, unsigned line, unsigned columns)
{
	const struct tree_area a = { line, 1, 1, columns - 1 };
	char *keys;

	if (s->is_typing) {
		fe_screen_prompt(s->screen, line, "/", &s->prompt);
		return;
	}
	if (s->message != NULL) {
		(void)put(s, &a, 0, 0, FE_STYLE_BOLD, s->message);
		return;
	}
	keys = fe_format("q quit  ? help  / search  e open group  "
	    "i %s imports  u %s uninteresting",
	    s->view.hides_import ? "show" : "hide",
	    s->view.hides_boring ? "show" : "hide");
	(void)put(s, &a, 0, 0, FE_STYLE_DIM, keys);
	free(keys);
}

static void
draw_help(const struct tree_screen *s)
{
	static const char *const text[] = {
		"Enter, Space        open or close",
		"Right, l            open, or go to the first call below",
		"Left, h             close, or go to the caller",
		"e                   open or close while there is one call",
		"E                   open everything below",
		"Up, k; Down, j      one row",
		"Page Up, Page Down  one screen",
		"Home, g; End, G     first row, last row",
		"/                   search in functions and files",
		"n, N                the next one, the one before",
		"i                   hide the import system and its calls",
		"u                   hide uninteresting frames: what started",
		"                    the script, imports, the interpreter",
		"Control-Z           stop for a while",
		"q                   quit",
		"",
		"Any key goes back to the tree."
	};
	const struct tree_area a = { 1, 2, fe_screen_lines(s->screen) - 1,
	    fe_screen_columns(s->screen) - 2 };

	for (unsigned i = 0; i < sizeof(text) / sizeof(text[0]); i++)
		(void)put(s, &a, i, 0, FE_STYLE_PLAIN, text[i]);
}

static void
draw_border(const struct tree_screen *s, const struct tree_area *a)
{
	bool is_vertical = a->columns == 1;
	unsigned n = is_vertical ? a->lines : a->columns;

	for (unsigned i = 0; i < n; i++)
		(void)put(s, a, is_vertical ? i : 0, is_vertical ? 0 : i,
		    FE_STYLE_DIM, is_vertical ?
		    glyph(s, "\xe2\x94\x82", "|") :
		    glyph(s, "\xe2\x94\x80", "-"));
}

/* The panel is beside the tree, or below it. */
static void
draw_body(struct tree_screen *s, const struct tree_area *body)
{
	struct tree_area tree = *body, border = *body, panel = *body;

	if (body->lines + 2 < LOW) {
		draw_tree(s, body);
		return;
	}
	if (body->columns >= WIDE) {
		tree.columns = body->columns * 3 / 5;
		border.columns = 1;
		border.column = tree.columns;
		panel.column = tree.columns + 2;
		panel.columns = body->columns - panel.column;
	} else {
		tree.lines = body->lines * 3 / 5;
		border.lines = 1;
		border.line += tree.lines;
		panel.line = border.line + 1;
		panel.lines = body->lines - tree.lines - 1;
	}
	draw_tree(s, &tree);
	draw_border(s, &border);
	draw_panel(s, &panel, panel.lines == body->lines ? 5 : 3);
}

void
tree_draw(struct tree_screen *s)
{
	unsigned lines = fe_screen_lines(s->screen);
	unsigned columns = fe_screen_columns(s->screen);
	const struct tree_area body = { TREE_FIRST_LINE, 0, lines - 2,
	    columns };

	fe_screen_erase(s->screen);
	if (lines >= 3 && columns >= 2) {
		if (s->is_help)
			draw_help(s);
		else
			draw_body(s, &body);
		draw_title(s, columns);
		draw_keys(s, lines - 1, columns);
	}
	fe_screen_show(s->screen);
}
