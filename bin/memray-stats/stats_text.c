/* Statistics for people, as memray lays them out, and for pipes. */

#include <inttypes.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include <fe_allocator.h>
#include <fe_size.h>
#include <fe_term.h>
#include <fe_text.h>

#include "stats.h"

#define BAR		25	/* cells of the longest bar */
#define SIZE_CELLS	9	/* "123.456kB" */

struct text {
	FILE			*out;
	const struct stats	*s;
	struct fe_term		 term;
	const struct mt_function *functions;
	const struct mt_place	*places;
};

static size_t
at_most(size_t n, size_t max)
{
	return (n < max ? n : max);
}

static void
text_init(struct text *t, const struct stats *s, FILE *out)
{
	t->out = out;
	t->s = s;
	fe_term_init(&t->term, fileno(out));
	(void)mt_merge_functions(s->merge, &t->functions);
	(void)mt_merge_places(s->merge, &t->places);
}

/* Prints the text, and frees it. */
static void
put_text(FILE *out, char *text)
{
	(void)fputs(text, out);
	free(text);
}

/* ---- For people ------------------------------------------------------ */

static void
style(const struct text *t, const char *sequence)
{
	(void)fputs(fe_term_style(&t->term, sequence), t->out);
}

static void
title(const struct text *t, const char *text)
{
	style(t, FE_BOLD);
	(void)fputs(text, t->out);
	style(t, FE_NORMAL);
	(void)putc('\n', t->out);
}

static void
title_top(const struct text *t, const char *what, const char *order)
{
	(void)putc('\n', t->out);
	style(t, FE_BOLD);
	(void)fprintf(t->out, "Top %zu %s (%s):", t->s->num_largest, what,
	    order);
	style(t, FE_NORMAL);
	(void)putc('\n', t->out);
}

static void
put_totals(const struct text *t)
{
	char size[FE_SIZE_MAX];

	title(t, "Total allocations:");
	(void)fprintf(t->out, "\t%" PRIu64 "\n\n", t->s->allocations);
	title(t, "Total memory allocated:");
	(void)fprintf(t->out, "\t%s\n\n", fe_size(size, t->s->bytes));
	title(t, "Peak memory usage:");
	(void)fprintf(t->out, "\t%s\n\n", fe_size(size, t->s->peak_bytes));
	title(t, "Leaked memory:");
	(void)fprintf(t->out, "\t%s in %" PRIu64 " allocation%s\n\n",
	    fe_size(size, t->s->leaked_bytes), t->s->leaked_allocations,
	    t->s->leaked_allocations == 1 ? "" : "s");
}

static void
put_line(const struct text *t, int width)
{
	(void)putc('\t', t->out);
	while (width-- > 0)
		(void)putc('-', t->out);
	(void)putc('\n', t->out);
}

static void
put_bar(const struct text *t, uint64_t count, uint64_t most)
{
	double cells = ceil((double)count / (double)most * BAR);

	for (int i = 0; i < (int)cells; i++)
		(void)fputs(t->term.utf8 ? "\xe2\x96\x87" : "#", t->out);
}

static void
put_bins(const struct text *t, const struct stats_bin b[STATS_BINS])
{
	char size[FE_SIZE_MAX];
	uint64_t most = 0;
	int width;

	for (size_t i = 0; i < STATS_BINS; i++)
		if (b[i].count > most)
			most = b[i].count;
	width = snprintf(NULL, 0, "%" PRIu64, most);
	put_line(t, 2 + SIZE_CELLS + 2 + width + 1 + BAR);
	for (size_t i = 0; i < STATS_BINS; i++) {
		(void)fprintf(t->out, "\t%s%-*s: %*" PRIu64 "%s",
		    i == STATS_BINS - 1 ? "<=" : "< ", SIZE_CELLS,
		    fe_size(size, b[i].end), width, b[i].count,
		    b[i].count == 0 ? "" : " ");
		put_bar(t, b[i].count, most);
		(void)putc('\n', t->out);
	}
	put_line(t, 2 + SIZE_CELLS + 2 + width + 1 + BAR);
}

static void
put_histogram(const struct text *t)
{
	struct stats_bin bins[STATS_BINS];
	char size[FE_SIZE_MAX];
	uint64_t min, max;

	title(t, "Histogram of allocation size:");
	if (!stats_sizes_range(&t->s->sizes, &min, &max)) {
		(void)fputs("\t<no data for histogram>\n", t->out);
		return;
	}
	stats_sizes_bins(&t->s->sizes, bins);
	(void)fprintf(t->out, "\tmin: %s\n", fe_size(size, min));
	put_bins(t, bins);
	(void)fprintf(t->out, "\tmax: %s\n", fe_size(size, max));
}

static void
put_allocators(const struct text *t)
{
	char name[FE_ALLOCATOR_MAX];

	(void)putc('\n', t->out);
	title(t, "Allocator type distribution:");
	for (size_t i = 0; i < t->s->nallocators; i++)
		(void)fprintf(t->out, "\t %s: %" PRIu64 "\n",
		    fe_allocator(name, t->s->allocators[i].what),
		    t->s->allocators[i].allocations);
}

static void
put_place(const struct text *t, uint32_t place)
{
	const struct mt_function *f;

	(void)fputs("\t- ", t->out);
	if (place == 0) {
		(void)fputs("<stack trace unavailable>", t->out);
		return;
	}
	f = &t->functions[t->places[place].function];
	style(t, FE_FUNCTION);
	put_text(t->out, fe_text_clean(f->name, false));
	style(t, FE_NORMAL);
	(void)putc(':', t->out);
	style(t, FE_FILE);
	put_text(t->out, fe_text_clean(f->file, false));
	style(t, FE_NORMAL);
	(void)fprintf(t->out, ":%" PRIu32, t->places[place].line);
}

static void
put_places(const struct text *t)
{
	const struct stats_top *top = &t->s->places;
	size_t n = at_most(top->n, t->s->num_largest);
	char size[FE_SIZE_MAX];

	title_top(t, "largest allocating locations", "by size");
	for (size_t i = 0; i < n; i++) {
		put_place(t, top->by_size[i].what);
		(void)fprintf(t->out, " -> %s\n",
		    fe_size(size, top->by_size[i].bytes));
	}
	title_top(t, "largest allocating locations",
	    "by number of allocations");
	for (size_t i = 0; i < n; i++) {
		put_place(t, top->by_count[i].what);
		(void)fprintf(t->out, " -> %" PRIu64 "\n",
		    top->by_count[i].allocations);
	}
}

static void
put_modules(const struct text *t, const struct stats_sum *sums,
    const char *order)
{
	size_t n = at_most(t->s->modules.n, t->s->num_largest);
	char size[FE_SIZE_MAX];

	if (n == 0)
		return;
	title_top(t, "allocating modules", order);
	for (size_t i = 0; i < n; i++) {
		(void)fputs("\t- ", t->out);
		put_text(t->out,
		    fe_text_clean(t->s->module[sums[i].what], false));
		(void)fprintf(t->out, ": %s total | %" PRIu64
		    " allocation%s\n", fe_size(size, sums[i].bytes),
		    sums[i].allocations, sums[i].allocations == 1 ? "" : "s");
	}
}

void
stats_text(const struct stats *s, FILE *out)
{
	struct text t;

	text_init(&t, s, out);
	put_totals(&t);
	put_histogram(&t);
	put_allocators(&t);
	put_places(&t);
	put_modules(&t, s->modules.by_size, "by size");
	put_modules(&t, s->modules.by_count, "by number of allocations");
}

/* ---- For pipes ------------------------------------------------------- */

static void
pipe_number(FILE *out, const char *what, uint64_t n)
{
	(void)fprintf(out, "%s\t%" PRIu64 "\n", what, n);
}

static void
pipe_bins(const struct text *t)
{
	struct stats_bin b[STATS_BINS];
	uint64_t min, max;

	if (!stats_sizes_range(&t->s->sizes, &min, &max))
		return;
	stats_sizes_bins(&t->s->sizes, b);
	for (size_t i = 0; i < STATS_BINS; i++)
		(void)fprintf(t->out, "size\t%" PRIu64 "\t%" PRIu64 "\t%"
		    PRIu64 "\n", b[i].min, stats_bin_max(b, i), b[i].count);
}

static void
pipe_allocators(const struct text *t)
{
	const struct stats_sum *a = t->s->allocators;
	char name[FE_ALLOCATOR_MAX];

	for (size_t i = 0; i < t->s->nallocators; i++)
		(void)fprintf(t->out, "allocator\t%s\t%" PRIu64 "\t%" PRIu64
		    "\n", fe_allocator(name, a[i].what), a[i].bytes,
		    a[i].allocations);
}

static void
pipe_places(const struct text *t, const char *what,
    const struct stats_sum *sums)
{
	size_t n = at_most(t->s->places.n, t->s->num_largest);
	const struct mt_function *f;
	const struct mt_place *p;

	for (const struct stats_sum *end = sums + n; sums < end; sums++) {
		p = &t->places[sums->what];
		f = &t->functions[p->function];
		(void)fprintf(t->out, "%s\t", what);
		put_text(t->out, fe_text_field(f->name, ""));
		(void)putc('\t', t->out);
		put_text(t->out, fe_text_field(f->file, ""));
		(void)fprintf(t->out, "\t%" PRIu32 "\t%" PRIu64 "\t%" PRIu64
		    "\n", p->line, sums->bytes, sums->allocations);
	}
}

static void
pipe_modules(const struct text *t, const char *what,
    const struct stats_sum *sums)
{
	size_t n = at_most(t->s->modules.n, t->s->num_largest);

	for (const struct stats_sum *end = sums + n; sums < end; sums++) {
		(void)fprintf(t->out, "%s\t", what);
		put_text(t->out, fe_text_field(t->s->module[sums->what], ""));
		(void)fprintf(t->out, "\t%" PRIu64 "\t%" PRIu64 "\n",
		    sums->bytes, sums->allocations);
	}
}

void
stats_pipe(const struct stats *s, FILE *out)
{
	struct text t;

	text_init(&t, s, out);
	pipe_number(out, "total_allocations", s->allocations);
	pipe_number(out, "total_bytes", s->bytes);
	pipe_number(out, "peak_bytes", s->peak_bytes);
	pipe_number(out, "leaked_allocations", s->leaked_allocations);
	pipe_number(out, "leaked_bytes", s->leaked_bytes);
	pipe_bins(&t);
	pipe_allocators(&t);
	pipe_places(&t, "location_by_size", s->places.by_size);
	pipe_places(&t, "location_by_count", s->places.by_count);
	pipe_modules(&t, "module_by_size", s->modules.by_size);
	pipe_modules(&t, "module_by_count", s->modules.by_count);
}
