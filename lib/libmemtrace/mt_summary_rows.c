/* Summaries: the rows, sorted. */

#include <stdlib.h>
#include <string.h>

#include "mt_summary.h"

#define SORT_COLUMNS	5

static int
descending(uint64_t a, uint64_t b)
{
	return (a < b ? 1 : a > b ? -1 : 0);
}

static int
by_name(const struct mt_row *a, const struct mt_row *b)
{
	int c;

	c = strcmp(a->function, b->function);
	return (c != 0 ? c : strcmp(a->file, b->file));
}

static int
by_total(const void *va, const void *vb)
{
	const struct mt_row *a = va, *b = vb;
	int c;

	c = descending(a->total_bytes, b->total_bytes);
	return (c != 0 ? c : by_name(a, b));
}

static int
by_own(const void *va, const void *vb)
{
	const struct mt_row *a = va, *b = vb;
	int c;

	c = descending(a->own_bytes, b->own_bytes);
	return (c != 0 ? c : by_name(a, b));
}

static int
by_allocations(const void *va, const void *vb)
{
	const struct mt_row *a = va, *b = vb;
	int c;

	c = descending(a->total_allocations, b->total_allocations);
	return (c != 0 ? c : by_name(a, b));
}

/* Is line a the better one to show for their function? */
static bool
is_better(const struct mt_summary_line *a, const struct mt_summary_line *b)
{
	if (a->bytes != b->bytes)
		return (a->bytes > b->bytes);
	return (a->line < b->line);
}

/* For each function its best line; MT_HASH_NONE for one without lines. */
static uint32_t *
best_lines(const struct mt_summary *s)
{
	uint32_t *best, i, *p;

	best = malloc((s->nfuncs + 1) * sizeof(*best));
	if (best == NULL)
		return (NULL);
	for (i = 0; i < s->nfuncs; i++)
		best[i] = MT_HASH_NONE;
	for (i = 0; i < s->nlines; i++) {
		p = &best[s->line[i].func];
		if (*p == MT_HASH_NONE ||
		    is_better(&s->line[i], &s->line[*p]))
			*p = i;
	}
	return (best);
}

static void
row_set(const struct mt_summary *s, const struct mt_summary_func *f,
    uint32_t line, struct mt_row *row)
{
	row->function = mt_str_get(&s->strings, f->function);
	row->file = mt_str_get(&s->strings, f->file);
	row->line = line == MT_HASH_NONE ? 0 : s->line[line].line;
	row->total_bytes = f->total_bytes;
	row->own_bytes = f->own_bytes;
	row->total_allocations = f->total_allocations;
	row->own_allocations = f->own_allocations;
}

const struct mt_row *
mt_summary_rows(struct mt_summary *s, int column, size_t *n)
{
	static int (*const order[SORT_COLUMNS])(const void *, const void *) =
	    { by_total, by_total, by_own, by_own, by_allocations };
	const struct mt_summary_func *f;
	uint32_t *best, i;

	*n = 0;
	free(s->rows);
	s->rows = calloc((size_t)s->nfuncs + 1, sizeof(*s->rows));
	best = best_lines(s);
	if (s->rows == NULL || best == NULL) {
		free(best);
		return (NULL);
	}
	for (i = 0; i < s->nfuncs; i++) {
		f = &s->func[i];
		if (f->total_bytes != 0 || f->total_allocations != 0)
			row_set(s, f, best[i], &s->rows[(*n)++]);
	}
	free(best);
	if (column < 1 || column > SORT_COLUMNS)
		column = 1;
	qsort(s->rows, *n, sizeof(*s->rows), order[column - 1]);
	return (s->rows);
}
