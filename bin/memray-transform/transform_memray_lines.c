/* Functions and their lines, for memray. */

#include <stdlib.h>

#include <fe_alloc.h>

#include "transform_memray.h"

/* Versions from which on tables look otherwise. */
#define PYTHON_3_10	0x030a0000u
#define PYTHON_3_11	0x030b0000u

/* Steps in line of the older tables are a byte with a sign. */
#define STEP_MAX	127

static int
line_cmp(const void *pa, const void *pb)
{
	const struct memray_line *a = pa, *b = pb;

	if (a->function != b->function)
		return (a->function < b->function ? -1 : 1);
	return (a->line < b->line ? -1 : a->line > b->line);
}

/* "3.11.2" as 0x030b02f0; what is unknown is as good as 3.11. */
static uint32_t
python_hex(const char *s)
{
	unsigned long part[3] = { 0, 0, 0 };
	char *end;

	for (size_t i = 0; i < 3 && *s >= '0' && *s <= '9'; i++) {
		part[i] = strtoul(s, &end, 10) & 0xff;
		s = *end == '.' ? end + 1 : end;
	}
	if (part[0] != 3)
		return (PYTHON_3_11 | 0xf0);
	return ((uint32_t)(part[0] << 24 | part[1] << 16 | part[2] << 8) |
	    0xf0);
}

void
memray_lines_init(struct memray_lines *l, struct memray_line *line, size_t n,
    const char *version)
{
	l->line = line;
	l->version = python_hex(version);
	l->n = 0;
	qsort(line, n, sizeof(*line), line_cmp);
	for (size_t i = 0; i < n; i++)
		if (i == 0 || line_cmp(&line[i], &line[i - 1]) != 0)
			line[l->n++] = line[i];
}

void
memray_lines_fini(struct memray_lines *l)
{
	free(l->line);
}

/* Index of the first line that is not before this one. */
static size_t
lines_at(const struct memray_lines *l, const struct memray_line *key)
{
	size_t from = 0, to = l->n, i;

	while (from < to) {
		i = from + (to - from) / 2;
		if (line_cmp(&l->line[i], key) < 0)
			from = i + 1;
		else
			to = i;
	}
	return (from);
}

/* All Pythons but 3.10 count bytes, of which an instruction has two. */
int64_t
memray_lines_offset(const struct memray_lines *l,
    const struct memray_line *line)
{
	const struct memray_line first = { line->function, 0 };
	int64_t i = (int64_t)(lines_at(l, line) - lines_at(l, &first));

	return (l->version >= PYTHON_3_10 && l->version < PYTHON_3_11 ? i :
	    i * 2);
}

/* ---- Tables ----------------------------------------------------------- */

struct table {
	uint8_t		*data;
	size_t		 n;
	size_t		 cap;
};

static void
table_byte(struct table *t, unsigned v)
{
	t->data = fe_grow(t->data, t->n, 1, &t->cap);
	t->data[t->n++] = (uint8_t)v;
}

/* CPython 3.11: an instruction without columns, and its step in line. */
static void
table_311(struct table *t, int64_t step)
{
	uint64_t v = step < 0 ? (uint64_t)-step << 1 | 1 : (uint64_t)step << 1;

	table_byte(t, 0x80 | 13 << 3);
	for (; v >= 0x40; v >>= 6)
		table_byte(t, 0x40 | (v & 0x3f));
	table_byte(t, (unsigned)v);
}

/*
 * Before: pairs of bytes and steps.  In 3.10 the bytes are those of the line,
 * which the last pair has if there are several; earlier, those of the line
 * before, which the first pair has.
 */
static void
table_old(struct table *t, int64_t step, bool is_310, unsigned before)
{
	int64_t part;

	do {
		part = step > STEP_MAX ? STEP_MAX : step < -STEP_MAX ?
		    -STEP_MAX : step;
		step -= part;
		table_byte(t, !is_310 ? before : step == 0 ? 2 : 0);
		table_byte(t, (uint8_t)part);
		before = 0;
	} while (step != 0);
}

static void
table_of(struct table *t, const struct memray_lines *l, uint32_t function,
    uint32_t first_line)
{
	const struct memray_line key = { function, 0 };
	int64_t last = first_line;
	size_t first = lines_at(l, &key);

	for (size_t i = first; i < l->n && l->line[i].function == function;
	    i++) {
		int64_t step = (int64_t)l->line[i].line - last;

		last = l->line[i].line;
		if (l->version >= PYTHON_3_11)
			table_311(t, step);
		else
			table_old(t, step, l->version >= PYTHON_3_10,
			    i == first ? 0 : 2);
	}
}

void
memray_lines_put(const struct memray_lines *l, struct fe_buf *b,
    uint32_t function, const struct mt_function *f, uint64_t *last_line)
{
	const uint32_t first = f->first_line > INT32_MAX ? 0 : f->first_line;
	struct table t = { NULL, 0, 0 };

	table_of(&t, l, function, first);
	memray_put_byte(b, MEMRAY_CODE);
	memray_put_varint(b, function);
	memray_put_string(b, f->name);
	memray_put_string(b, f->file);
	memray_put_delta(b, last_line, first);
	memray_put_varint(b, t.n);
	if (t.n > 0)
		fe_buf_put(b, (const char *)t.data, t.n);
	free(t.data);
}
