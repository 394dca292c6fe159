/* Tables for people and for programs. */

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "fe_alloc.h"
#include "fe_size.h"
#include "fe_table.h"
#include "fe_text.h"

#define GAP		2	/* cells between columns */
#define LOCATION_MIN	12	/* below this a location says nothing */
#define NUMBER_MAX	24	/* bytes of a formatted number */

struct fe_table {
	FILE			*out;
	const struct fe_term	*term;
	const struct fe_column	*column;
	size_t			 ncolumns;
	struct fe_cell		*cell;	/* of all rows, one after the other */
	size_t			 ncells;
	size_t			 cap;
	char			*title[FE_TABLE_COLUMNS];
	size_t			 break_at[FE_TABLE_COLUMNS];
	unsigned		 width[FE_TABLE_COLUMNS];
	bool			 two_lines;	/* of titles */
};

struct fe_table *
fe_table_new(FILE *out, const struct fe_term *term,
    const struct fe_column *column, size_t n, size_t marked)
{
	struct fe_table *t = fe_alloc(1, sizeof(*t), 0);

	memset(t, 0, sizeof(*t));
	t->out = out;
	t->term = term;
	t->column = column;
	t->ncolumns = n;
	for (size_t i = 0; i < n; i++) {
		size_t size = strlen(column[i].title) + sizeof("<>");

		t->title[i] = fe_alloc(size, 1, 0);
		(void)snprintf(t->title[i], size, i == marked ? "<%s>" : "%s",
		    column[i].title);
	}
	return (t);
}

static void
table_free(struct fe_table *t)
{
	for (size_t i = 0; i < t->ncolumns; i++)
		free(t->title[i]);
	free(t->cell);
	free(t);
}

/* What is no function is in no file; nor is any other text. */
static const char *
between(const struct fe_cell *c)
{
	return (c->file == NULL || *c->file == '\0' ? "" : " at ");
}

/* Left-aligned; all others are numbers. */
static bool
is_text(enum fe_kind kind)
{
	return (kind == FE_LOCATION || kind == FE_TEXT);
}

/* ---- For programs ---------------------------------------------------- */

static void
put_field(FILE *out, const char *s)
{
	char *field = fe_text_field(s, "");

	(void)fputs(field, out);
	free(field);
}

static void
put_plain(FILE *out, enum fe_kind kind, const struct fe_cell *c)
{
	switch (kind) {
	case FE_LOCATION:
		put_field(out, c->function);
		(void)fputs(between(c), out);
		put_field(out, c->file);
		break;
	case FE_SIZE:
	case FE_COUNT:
		(void)fprintf(out, "%" PRIu64, c->number);
		break;
	case FE_PERCENT:
		(void)fprintf(out, "%.2f", c->share);
		break;
	case FE_TEXT:
		put_field(out, c->function);
		break;
	}
}

void
fe_table_row(struct fe_table *t, const struct fe_cell *cells)
{
	for (size_t i = 0; i < t->ncolumns; i++) {
		if (t->term->tty) {
			t->cell = fe_grow(t->cell, t->ncells,
			    sizeof(*t->cell), &t->cap);
			t->cell[t->ncells++] = cells[i];
			continue;
		}
		if (i > 0)
			(void)putc('\t', t->out);
		put_plain(t->out, t->column[i].kind, &cells[i]);
	}
	if (!t->term->tty)
		(void)putc('\n', t->out);
}

/* ---- For people ------------------------------------------------------ */

/* A location, clean and in one piece; its parts have different colours. */
struct location {
	char	*text;
	size_t	 len;
	size_t	 function_len;
	size_t	 file_at;
};

static void
location_init(struct location *l, const struct fe_cell *c)
{
	char *function = fe_text_clean(c->function, false);
	char *file = fe_text_clean(c->file == NULL ? "" : c->file, false);
	const char *at = between(c);

	l->function_len = strlen(function);
	l->file_at = l->function_len + strlen(at);
	l->len = l->file_at + strlen(file);
	l->text = fe_alloc(l->len, 1, 1);
	(void)snprintf(l->text, l->len + 1, "%s%s%s", function, at, file);
	free(function);
	free(file);
}

static const char *
format(char buf[NUMBER_MAX], enum fe_kind kind, const struct fe_cell *c)
{
	if (kind == FE_SIZE)
		return (fe_size(buf, c->number));
	if (kind == FE_PERCENT)
		(void)snprintf(buf, NUMBER_MAX, "%.2f%%", c->share);
	else
		(void)snprintf(buf, NUMBER_MAX, "%" PRIu64, c->number);
	return (buf);
}

static unsigned
cell_width(enum fe_kind kind, const struct fe_cell *c)
{
	char buf[NUMBER_MAX];
	struct location l;
	unsigned w;

	if (!is_text(kind))
		return ((unsigned)strlen(format(buf, kind, c)));
	location_init(&l, c);
	w = fe_text_width(l.text, l.len);
	free(l.text);
	return (w);
}

static unsigned
larger(unsigned a, unsigned b)
{
	return (a > b ? a : b);
}

/*
 * The space at which a title takes least width on two lines, as *at (its
 * length if it stays on one); returns that width.
 */
static unsigned
title_width(const char *title, size_t *at)
{
	unsigned len = (unsigned)strlen(title), best = len;

	*at = len;
	for (unsigned i = 0; i < len; i++) {
		unsigned w = larger(i, len - i - 1);

		if (title[i] == ' ' && w < best) {
			best = w;
			*at = i;
		}
	}
	return (best);
}

static unsigned
sum(const unsigned *w, size_t n)
{
	unsigned s = 0;

	for (size_t i = 0; i < n; i++)
		s += w[i] + (i > 0 ? GAP : 0);
	return (s);
}

/* Take from the location what the whole has too much. */
static void
fit(struct fe_table *t)
{
	unsigned all = sum(t->width, t->ncolumns), max = t->term->columns;

	for (size_t i = 0; i < t->ncolumns && all > max; i++) {
		unsigned *w = &t->width[i];

		if (t->column[i].kind != FE_LOCATION || *w <= LOCATION_MIN)
			continue;
		*w = *w - LOCATION_MIN > all - max ? *w - (all - max) :
		    LOCATION_MIN;
	}
}

/* Titles get a second line when that spares locations from being cut. */
static void
lay_out(struct fe_table *t)
{
	unsigned wide[FE_TABLE_COLUMNS];

	for (size_t i = 0; i < t->ncells; i++) {
		unsigned *w = &t->width[i % t->ncolumns];

		*w = larger(*w, cell_width(
		    t->column[i % t->ncolumns].kind, &t->cell[i]));
	}
	for (size_t i = 0; i < t->ncolumns; i++) {
		wide[i] = larger(t->width[i], (unsigned)strlen(t->title[i]));
		t->width[i] = larger(t->width[i],
		    title_width(t->title[i], &t->break_at[i]));
	}
	t->two_lines = sum(wide, t->ncolumns) > t->term->columns;
	if (!t->two_lines)
		memcpy(t->width, wide, sizeof(wide[0]) * t->ncolumns);
	fit(t);
}

static void
pad(FILE *out, unsigned width, unsigned used)
{
	while (used++ < width)
		(void)putc(' ', out);
}

static void
style(const struct fe_table *t, const char *sequence)
{
	(void)fputs(fe_term_style(t->term, sequence), t->out);
}

/* The bytes [from, to) of a location, each part in its colour. */
static void
put_part(const struct fe_table *t, const struct location *l, size_t from,
    size_t to)
{
	const size_t end[] = { l->function_len, l->file_at, l->len };
	static const char *const colors[] = { FE_FUNCTION, NULL, FE_FILE };

	for (size_t i = 0; i < 3; i++) {
		size_t stop = to < end[i] ? to : end[i];

		if (from >= stop)
			continue;
		style(t, colors[i] == NULL ? "" : colors[i]);
		(void)fwrite(l->text + from, 1, stop - from, t->out);
		style(t, colors[i] == NULL ? "" : FE_NORMAL);
		from = stop;
	}
}

/*
 * A location that is too long keeps its function and the end of its file,
 * which say most, but at least a third of the room is for the file.
 */
static void
put_cut(const struct fe_table *t, const struct location *l, unsigned width)
{
	unsigned mark = t->term->utf8 ? 1 : 2;
	unsigned room = width > mark ? width - mark : 0;
	unsigned begin = fe_text_width(l->text, l->file_at);
	size_t head, tail;

	if (begin > room - room / 3)
		begin = room - room / 3;
	fe_text_cut(l->text, l->len, begin, room - begin, &head, &tail);
	put_part(t, l, 0, head);
	(void)fputs(t->term->utf8 ? "\xe2\x80\xa6" : "..", t->out);
	put_part(t, l, tail, l->len);
	pad(t->out, width, mark + fe_text_width(l->text, head) +
	    fe_text_width(l->text + tail, l->len - tail));
}

static void
put_location(const struct fe_table *t, const struct fe_cell *c,
    unsigned width)
{
	struct location l;
	unsigned used;

	location_init(&l, c);
	used = fe_text_width(l.text, l.len);
	if (used > width) {
		put_cut(t, &l, width);
	} else {
		put_part(t, &l, 0, l.len);
		pad(t->out, width, used);
	}
	free(l.text);
}

static void
put_number(const struct fe_table *t, enum fe_kind kind,
    const struct fe_cell *c, unsigned width)
{
	char buf[NUMBER_MAX];
	const char *s = format(buf, kind, c);

	pad(t->out, width, (unsigned)strlen(s));
	style(t, fe_term_share(c->share));
	(void)fputs(s, t->out);
	style(t, FE_NORMAL);
}

static void
put_row(const struct fe_table *t, const struct fe_cell *cells)
{
	for (size_t i = 0; i < t->ncolumns; i++) {
		enum fe_kind kind = t->column[i].kind;

		pad(t->out, i > 0 ? GAP : 0, 0);
		if (is_text(kind))
			put_location(t, &cells[i], t->width[i]);
		else
			put_number(t, kind, &cells[i], t->width[i]);
	}
	(void)putc('\n', t->out);
}

/* The n bytes at s, aligned as the column is. */
static void
put_title(const struct fe_table *t, size_t column, const char *s, size_t n)
{
	unsigned width = t->width[column];
	bool left = is_text(t->column[column].kind);

	pad(t->out, column > 0 ? GAP : 0, 0);
	if (!left)
		pad(t->out, width, (unsigned)n);
	(void)fwrite(s, 1, n, t->out);
	if (left)
		pad(t->out, width, (unsigned)n);
}

/* One of two lines of titles, or the only one. */
static void
put_titles(const struct fe_table *t, bool upper)
{
	style(t, FE_BOLD);
	for (size_t i = 0; i < t->ncolumns; i++) {
		const char *s = t->title[i];
		size_t len = strlen(s), at = t->break_at[i];

		if (!t->two_lines || at == len)
			put_title(t, i, s, upper ? 0 : len);
		else if (upper)
			put_title(t, i, s, at);
		else
			put_title(t, i, s + at + 1, len - at - 1);
	}
	style(t, FE_NORMAL);
	(void)putc('\n', t->out);
}

void
fe_table_finish(struct fe_table *t)
{
	if (t->term->tty) {
		lay_out(t);
		if (t->two_lines)
			put_titles(t, true);
		put_titles(t, false);
		for (size_t i = 0; i < t->ncells; i += t->ncolumns)
			put_row(t, &t->cell[i]);
	}
	table_free(t);
}
