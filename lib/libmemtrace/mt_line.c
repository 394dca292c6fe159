/*
 * From instruction offsets to lines: the line tables of CPython's code
 * objects, as they are in its memory.  They come from captures and may be
 * damaged or cut, so every step is bounded by the end of the table.
 */

#include <mt_wire.h>

#include "mt_private.h"

/* Reads 0 behind the end. */
struct bytes {
	const uint8_t	*p;
	const uint8_t	*end;
};

static uint8_t
next_byte(struct bytes *b)
{
	return (b->p < b->end ? *b->p++ : 0);
}

static uint32_t
next_varint(struct bytes *b)
{
	uint32_t v;
	unsigned shift;
	uint8_t c;

	v = 0;
	shift = 0;
	do {
		c = next_byte(b);
		if (shift < 32)
			v |= (uint32_t)(c & 0x3f) << shift;
		shift += 6;
	} while (c & 0x40);
	return (v);
}

static int64_t
next_svarint(struct bytes *b)
{
	uint32_t v;

	v = next_varint(b);
	return (v & 1 ? -(int64_t)(v >> 1) : (int64_t)(v >> 1));
}

/* CPython 3.8, 3.9: steps in offset and line; the line is that before off. */
static int64_t
line_lnotab(struct bytes b, int64_t line, int32_t off)
{
	int64_t addr;

	addr = 0;
	while (b.end - b.p >= 2) {
		addr += next_byte(&b);
		if (addr > off)
			break;
		line += (int8_t)next_byte(&b);
	}
	return (line);
}

/*
 * CPython 3.10: lengths of ranges and their steps in line; -128 is a range
 * without a line, for which the range before it speaks.
 */
static int64_t
line_310(struct bytes b, int64_t line, int32_t off)
{
	int64_t end, found;
	int8_t step;

	end = 0;
	found = line;
	while (b.end - b.p >= 2 && end <= off) {
		end += next_byte(&b);
		step = (int8_t)next_byte(&b);
		if (step == -128)
			continue;
		line += step;
		found = line;
	}
	return (found);
}

/* The step in line of an entry of the next format, whose rest is skipped. */
static int64_t
location_step(struct bytes *b, unsigned kind)
{
	int64_t step;
	unsigned i;

	switch (kind) {
	case 10:
	case 11:
	case 12:
		(void)next_byte(b);
		(void)next_byte(b);
		return (kind - 10);
	case 13:
		return (next_svarint(b));
	case 14:
		step = next_svarint(b);
		for (i = 0; i < 3; i++)
			(void)next_varint(b);
		return (step);
	default:
		(void)next_byte(b);
		return (0);
	}
}

/* CPython 3.11 and later; kind 15 is a range without a line. */
static int64_t
line_locations(struct bytes b, int64_t line, int32_t off)
{
	int64_t end, found;
	unsigned kind;
	uint8_t c;

	end = 0;
	found = line;
	while (b.p < b.end && end <= off) {
		c = next_byte(&b);
		kind = (c >> 3) & 15;
		end += 2 * ((c & 7) + 1);
		if (kind == 15)
			continue;
		line += location_step(&b, kind);
		found = line;
	}
	return (found);
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
	struct bytes b;
	int64_t line;

	line = code->first_line;
	b.p = code->table;
	b.end = b.p == NULL ? NULL : b.p + code->table_len;
	if (offset >= 0)
		switch (code->table_kind) {
		case MT_TABLE_LNOTAB:
			line = line_lnotab(b, line, offset);
			break;
		case MT_TABLE_LINES310:
			line = line_310(b, line, offset);
			break;
		case MT_TABLE_LOCATIONS:
			line = line_locations(b, line, offset);
			break;
		case MT_TABLE_OFFSET_IS_LINE:
		case MT_TABLE_NATIVE:
			line = offset > 0 ? offset : line;
			break;
		default:
			break;
		}
	if (line < 0 || line > UINT32_MAX)
		line = code->first_line;
	return ((uint32_t)line);
}
