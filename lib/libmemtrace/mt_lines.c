/*
 * Lines of many offsets.  A line table can only be read from its start, so
 * one that is needed more than once is kept as what it says.
 */

#include <stdlib.h>

#include "mt_line.h"

/* Offsets below the end, from the end of the range before it. */
struct range {
	uint32_t	end;
	uint32_t	line;
};

/* What a table says; without ranges it has not been read. */
struct table {
	size_t		first;
	size_t		n;
};

struct mt_lines {
	const struct mt_code	*codes;
	struct table		*tables;	/* by code */
	struct range		*ranges;	/* of one table, then another */
	size_t			 n;
	size_t			 cap;
};

struct mt_lines *
mt_lines_new(const struct mt_code *codes, size_t n)
{
	struct mt_lines *l;

	l = calloc(1, sizeof(*l));
	if (l == NULL)
		return (NULL);
	l->codes = codes;
	l->tables = calloc(n + 1, sizeof(*l->tables));
	if (l->tables == NULL) {
		free(l);
		return (NULL);
	}
	return (l);
}

void
mt_lines_free(struct mt_lines *l)
{
	if (l == NULL)
		return;
	free(l->tables);
	free(l->ranges);
	free(l);
}

static bool
range_add(struct mt_lines *l, uint32_t end, uint32_t line)
{
	size_t cap;
	void *p;

	if (l->n == l->cap) {
		cap = l->cap == 0 ? 1024 : l->cap * 2;
		p = reallocarray(l->ranges, cap, sizeof(*l->ranges));
		if (p == NULL)
			return (false);
		l->ranges = p;
		l->cap = cap;
	}
	l->ranges[l->n].end = end;
	l->ranges[l->n++].line = line;
	return (true);
}

/* Offsets are no larger than INT32_MAX. */
static bool
table_read(struct mt_lines *l, struct table *t, const struct mt_code *code)
{
	struct mt_line_reader reader;
	struct mt_line_range r;
	uint32_t end = 0;

	t->first = l->n;
	mt_line_begin(&reader, code);
	while (end <= INT32_MAX) {
		mt_line_next(&reader, &r);
		if (r.end == end)
			continue;
		end = r.end > INT32_MAX ? UINT32_MAX : (uint32_t)r.end;
		if (l->n > t->first && l->ranges[l->n - 1].line == r.line)
			l->ranges[l->n - 1].end = end;
		else if (!range_add(l, end, r.line)) {
			l->n = t->first;
			return (false);
		}
	}
	t->n = l->n - t->first;
	return (true);
}

uint32_t
mt_lines_get(struct mt_lines *l, uint32_t code, int32_t offset)
{
	const struct mt_code *c = &l->codes[code];
	struct table *t = &l->tables[code];
	const struct range *r;
	size_t i, n;

	/* Without memory it just takes longer. */
	if (offset < 0 || !mt_line_has_table(c) ||
	    (t->n == 0 && !table_read(l, t, c)))
		return (mt_line_of(c, offset));
	/* The first range that ends behind the offset; the last one does. */
	r = &l->ranges[t->first];
	for (n = t->n; n > 1; n -= i) {
		i = n / 2;
		if (r[i - 1].end <= (uint32_t)offset)
			r += i;
	}
	return (r->line);
}
