/* Summaries as tables and as JSON. */

#include <err.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include <fe_json.h>
#include <fe_size.h>
#include <fe_table.h>
#include <fe_term.h>
#include <fe_text.h>

#include "summary.h"

#define SCREEN_REST	5	/* lines for titles, prompt and command */
#define SCREEN_ROWS_MIN	10
#define COLUMNS		6
#define COLUMNS_ALL	8	/* with those that tell processes apart */

static double
percent(uint64_t part, uint64_t whole)
{
	return (whole == 0 ? 0 : 100 * (double)part / (double)whole);
}

/* A screenful for people, everything for programs, unless told otherwise. */
static uint64_t
row_limit(const struct summary_style *style, const struct fe_term *term)
{
	if (style->max_rows != 0)
		return (style->max_rows);
	if (!term->tty || style->json)
		return (UINT64_MAX);
	return (term->lines >= SCREEN_ROWS_MIN + SCREEN_REST ?
	    term->lines - SCREEN_REST : SCREEN_ROWS_MIN);
}

static const struct mt_row *
rows_of(const struct summary *s, const struct summary_style *style,
    const struct fe_term *term, size_t *n)
{
	uint64_t limit = row_limit(style, term);
	const struct mt_row *rows;

	if ((rows = mt_summary_rows(s->sum, style->sort, n)) == NULL)
		errx(1, "out of memory");
	if (*n > limit)
		*n = (size_t)limit;
	return (rows);
}

/* ---- JSON ------------------------------------------------------------- */

static void
json_rows(struct fe_json *j, const struct summary *s, const struct mt_row *r,
    size_t n)
{
	uint64_t bytes = mt_summary_bytes(s->sum);

	fe_json_key(j, "rows");
	fe_json_array(j);
	for (const struct mt_row *end = r + n; r < end; r++) {
		fe_json_object(j);
		fe_json_key(j, "function");
		fe_json_string(j, r->function);
		fe_json_key(j, "file");
		fe_json_string(j, r->file);
		fe_json_key(j, "line");
		fe_json_uint(j, r->line);
		fe_json_key(j, "total_bytes");
		fe_json_uint(j, r->total_bytes);
		fe_json_key(j, "total_percent");
		fe_json_decimal(j, percent(r->total_bytes, bytes));
		fe_json_key(j, "own_bytes");
		fe_json_uint(j, r->own_bytes);
		fe_json_key(j, "own_percent");
		fe_json_decimal(j, percent(r->own_bytes, bytes));
		fe_json_key(j, "allocations");
		fe_json_uint(j, r->total_allocations);
		fe_json_end(j);
	}
	fe_json_end(j);
}

static void
json_process(struct fe_json *j, const struct summaries *all,
    const struct summary *s)
{
	const struct mt_meta *m = &all->metas.meta[s->meta];

	fe_json_key(j, "pid");
	if (m->pid != 0)
		fe_json_uint(j, m->pid);
	else
		fe_json_null(j);
	fe_json_key(j, "command_line");
	fe_json_string(j, m->command_line);
	fe_json_key(j, "file");
	fe_json_string(j, all->metas.file[s->meta]);
	fe_json_key(j, "bytes");
	fe_json_uint(j, mt_summary_bytes(s->sum));
	fe_json_key(j, "allocations");
	fe_json_uint(j, mt_summary_allocations(s->sum));
}

static void
print_json(const struct summaries *all, const struct summary_style *style,
    const struct fe_term *term)
{
	const struct mt_row *rows;
	struct fe_json j;
	size_t n;

	fe_json_init(&j, stdout, style->by_process ? 4 : 2);
	fe_json_object(&j);
	fe_json_key(&j, "metadata");
	fe_metas_json(&all->metas, &j);
	if (style->by_process) {
		fe_json_key(&j, "processes");
		fe_json_array(&j);
	}
	for (size_t i = 0; i < all->n; i++) {
		rows = rows_of(&all->each[i], style, term, &n);
		if (style->by_process) {
			fe_json_object(&j);
			json_process(&j, all, &all->each[i]);
		}
		json_rows(&j, &all->each[i], rows, n);
		if (style->by_process)
			fe_json_end(&j);
	}
	if (style->by_process)
		fe_json_end(&j);
	fe_json_end(&j);
}

/* ---- Tables ----------------------------------------------------------- */

static struct fe_table *
table_new(const struct summary_style *style, const struct fe_term *term)
{
	static const struct fe_column columns[COLUMNS_ALL] = {
		{ "Location", FE_LOCATION },
		{ "Total Memory", FE_SIZE },
		{ "Total Memory %", FE_PERCENT },
		{ "Own Memory", FE_SIZE },
		{ "Own Memory %", FE_PERCENT },
		{ "Allocation Count", FE_COUNT },
		{ "Process", FE_COUNT },
		{ "Command", FE_TEXT }
	};

	/* People get a title for each process instead. */
	return (fe_table_new(stdout, term, columns,
	    style->by_process && !term->tty ? COLUMNS_ALL : COLUMNS,
	    (size_t)style->sort));
}

static void
table_rows(struct fe_table *t, const struct summary *s,
    const struct mt_meta *m, const struct mt_row *r, size_t n)
{
	const uint64_t bytes = mt_summary_bytes(s->sum);
	const uint64_t count = mt_summary_allocations(s->sum);

	for (const struct mt_row *end = r + n; r < end; r++) {
		const double total = percent(r->total_bytes, bytes);
		const double own = percent(r->own_bytes, bytes);
		const struct fe_cell cells[COLUMNS_ALL] = {
			{ .function = r->function, .file = r->file },
			{ .number = r->total_bytes, .share = total },
			{ .share = total },
			{ .number = r->own_bytes, .share = own },
			{ .share = own },
			{ .number = r->total_allocations,
			    .share = percent(r->total_allocations, count) },
			{ .number = m->pid },
			{ .function = m->command_line }
		};

		fe_table_row(t, cells);
	}
}

static void
print_title(const struct summary *s, const struct mt_meta *m,
    const struct fe_term *term, bool first)
{
	char *command = fe_text_clean(m->command_line, false);
	char size[FE_SIZE_MAX];

	(void)printf("%s%sProcess %" PRIu64 ": %s in %" PRIu64
	    " allocations: %s%s\n", first ? "" : "\n",
	    fe_term_style(term, FE_BOLD), m->pid,
	    fe_size(size, mt_summary_bytes(s->sum)),
	    mt_summary_allocations(s->sum), command,
	    fe_term_style(term, FE_NORMAL));
	free(command);
}

static void
print_tables(const struct summaries *all, const struct summary_style *style,
    const struct fe_term *term)
{
	const struct summary *s;
	const struct mt_row *rows;
	const struct mt_meta *m;
	struct fe_table *t;
	size_t n;

	for (size_t i = 0; i < all->n; i++) {
		s = &all->each[i];
		m = &all->metas.meta[s->meta];
		rows = rows_of(s, style, term, &n);
		if (style->by_process && term->tty)
			print_title(s, m, term, i == 0);
		t = table_new(style, term);
		table_rows(t, s, m, rows, n);
		fe_table_finish(t);
	}
}

/* The largest process first, else in the order of the command line. */
static int
by_bytes(const void *va, const void *vb)
{
	const struct summary *a = va, *b = vb;
	uint64_t m = mt_summary_bytes(a->sum), n = mt_summary_bytes(b->sum);

	if (m != n)
		return (m < n ? 1 : -1);
	return (a->meta < b->meta ? -1 : a->meta > b->meta);
}

void
summary_print(struct summaries *all, const struct summary_style *style)
{
	struct fe_term term;

	fe_term_init(&term, fileno(stdout));
	qsort(all->each, all->n, sizeof(*all->each), by_bytes);
	if (style->json)
		print_json(all, style, &term);
	else
		print_tables(all, style, &term);
}
