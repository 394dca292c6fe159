/*
 * From instruction offsets to lines: the line tables of CPython's code
 * objects, as they are in its memory.  They come from captures and may be
 * damaged or cut, so every step is bounded by the end of the table.
 */

#include <mt_wire.h>

#include "mt_line.h"

/* Behind the end there are zeroes. */
static uint8_t
next_byte(struct mt_line_reader *r)
{
	return (r->p < r->code->table + r->code->table_len ? *r->p++ : 0);
}

static size_t
bytes_left(const struct mt_line_reader *r)
{
	return ((size_t)(r->code->table + r->code->table_len - r->p));
}

static uint32_t
next_varint(struct mt_line_reader *r)
{
	uint32_t v;
	unsigned shift;
	uint8_t c;

	v = 0;
	shift = 0;
	do {
		c = next_byte(r);
		if (shift < 32)
			v |= (uint32_t)(c & 0x3f) << shift;
		shift += 6;
	} while (c & 0x40);
	return (v);
}

static int64_t
next_svarint(struct mt_line_reader *r)
{
	uint32_t v;

	v = next_varint(r);
	return (v & 1 ? -(int64_t)(v >> 1) : (int64_t)(v >> 1));
}

/* CPython 3.8, 3.9: steps in offset and line; the line is that before. */
static void
range_lnotab(struct mt_line_reader *r)
{
	r->at += next_byte(r);
	r->found = r->line;
	r->line += (int8_t)next_byte(r);
}

/*
 * CPython 3.10: lengths of ranges and their steps in line; -128 is a range
 * without a line, for which the range before it speaks.
 */
static void
range_310(struct mt_line_reader *r)
{
	int8_t step;

	r->at += next_byte(r);
	step = (int8_t)next_byte(r);
	if (step != -128)
		r->found = r->line += step;
}

/* The step in line of an entry of the next format, whose rest is skipped. */
static int64_t
location_step(struct mt_line_reader *r, unsigned kind)
{
	int64_t step;
	unsigned i;

	switch (kind) {
	case 10:
	case 11:
	case 12:
		(void)next_byte(r);
		(void)next_byte(r);
		return (kind - 10);
	case 13:
		return (next_svarint(r));
	case 14:
		step = next_svarint(r);
		for (i = 0; i < 3; i++)
			(void)next_varint(r);
		return (step);
	default:
		(void)next_byte(r);
		return (0);
	}
}

/* CPython 3.11 and later; kind 15 is a range without a line. */
static void
range_location(struct mt_line_reader *r)
{
	uint8_t c = next_byte(r);
	unsigned kind = (c >> 3) & 15;

	r->at += 2 * ((c & 7) + 1);
	if (kind != 15)
		r->found = r->line += location_step(r, kind);
}

bool
mt_line_has_table(const struct mt_code *code)
{
	return (code->table != NULL &&
	    (code->table_kind == MT_TABLE_LNOTAB ||
	    code->table_kind == MT_TABLE_LINES310 ||
	    code->table_kind == MT_TABLE_LOCATIONS));
}

void
mt_line_begin(struct mt_line_reader *r, const struct mt_code *code)
{
	r->code = code;
	r->p = code->table;
	r->at = 0;
	r->line = r->found = code->first_line;
}

void
mt_line_next(struct mt_line_reader *r, struct mt_line_range *range)
{
	unsigned kind = r->code->table_kind;

	if (bytes_left(r) < (kind == MT_TABLE_LOCATIONS ? 1 : 2)) {
		/* The last step of this format is one to what follows. */
		if (kind == MT_TABLE_LNOTAB)
			r->found = r->line;
		r->at = INT64_MAX;
	} else if (kind == MT_TABLE_LOCATIONS) {
		range_location(r);
	} else if (kind == MT_TABLE_LINES310) {
		range_310(r);
	} else {
		range_lnotab(r);
	}
	range->end = r->at;
	range->line = r->found < 0 || r->found > UINT32_MAX ?
	    r->code->first_line : (uint32_t)r->found;
}

bool
mt_code_is_native(const struct mt_code *code)
{
	return (code->table_kind == MT_TABLE_MODULE ||
	    code->table_kind == MT_TABLE_NATIVE);
}

uint32_t
mt_line_of(const struct mt_code *code, int32_t offset)
{
	struct mt_line_reader reader;
	struct mt_line_range range;

	if (code->table_kind == MT_TABLE_OFFSET_IS_LINE ||
	    code->table_kind == MT_TABLE_NATIVE)
		return (offset > 0 ? (uint32_t)offset : code->first_line);
	if (offset < 0 || !mt_line_has_table(code))
		return (code->first_line);
	mt_line_begin(&reader, code);
	do
		mt_line_next(&reader, &range);
	while (range.end <= offset);
	return (range.line);
}
