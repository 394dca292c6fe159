/* UTF-8, its width, and what must not reach a terminal. */

#include <stdio.h>
#include <string.h>
#include <wchar.h>

#include "fe_alloc.h"
#include "fe_text.h"

#define ESCAPE_MAX	7	/* "\uNNNN" and the NUL */

static bool
is_tail(char c)
{
	return (((unsigned char)c & 0xc0) == 0x80);
}

/* Length that a first byte promises, 0 if it cannot be a first byte. */
static size_t
promised(unsigned char c)
{
	if (c < 0x80)
		return (1);
	if (c >= 0xc2 && c <= 0xdf)
		return (2);
	if ((c & 0xf0) == 0xe0)
		return (3);
	if (c >= 0xf0 && c <= 0xf4)
		return (4);
	return (0);
}

/* Overlong forms, surrogates, and what lies beyond Unicode. */
static bool
is_character(uint32_t cp, size_t len)
{
	if (len == 3)
		return (cp >= 0x800 && (cp < 0xd800 || cp > 0xdfff));
	if (len == 4)
		return (cp >= 0x10000 && cp <= 0x10ffff);
	return (true);
}

size_t
fe_text_next(const char *s, size_t n, uint32_t *cp)
{
	static const unsigned char mask[] = { 0, 0x7f, 0x1f, 0x0f, 0x07 };
	size_t len = promised((unsigned char)*s);
	uint32_t c;

	*cp = FE_TEXT_BAD;
	if (len == 0 || len > n)
		return (1);
	c = (unsigned char)*s & mask[len];
	for (size_t i = 1; i < len; i++) {
		if (!is_tail(s[i]))
			return (1);
		c = c << 6 | ((unsigned char)s[i] & 0x3f);
	}
	if (!is_character(c, len))
		return (1);
	*cp = c;
	return (len);
}

unsigned
fe_text_cells(uint32_t cp)
{
	int w;

	if (cp < 0x80)
		return (1);
	/* Unassigned, or a C library whose locale knows no Unicode. */
	if ((w = wcwidth((wchar_t)cp)) < 0)
		return (1);
	return ((unsigned)w);
}

bool
fe_text_is_unsafe(uint32_t cp)
{
	return (cp < 0x20 || (cp >= 0x7f && cp <= 0x9f) ||
	    cp == 0x61c || cp == 0x200e || cp == 0x200f ||
	    (cp >= 0x2028 && cp <= 0x202e) ||
	    (cp >= 0x2066 && cp <= 0x2069) || cp == FE_TEXT_BAD);
}

/* Write the escape of the len bytes at s, which are the character cp. */
static size_t
escape(char *out, const char *s, uint32_t cp)
{
	int n;

	if (cp == '\n')
		n = snprintf(out, ESCAPE_MAX, "\\n");
	else if (cp == '\t')
		n = snprintf(out, ESCAPE_MAX, "\\t");
	else if (cp == FE_TEXT_BAD || cp < 0x80)
		n = snprintf(out, ESCAPE_MAX, "\\x%02x", (unsigned char)*s);
	else
		n = snprintf(out, ESCAPE_MAX, "\\u%04x", (unsigned)cp);
	return ((size_t)n);
}

/* What spreadsheets take for the beginning of a formula. */
static bool
is_formula(uint32_t cp)
{
	static const uint16_t wide[] = { 0xff0b, 0xff0d, 0xff1d, 0xff20 };

	if (cp < 0x80)
		return (cp != 0 && strchr("=+-@", (int)cp) != NULL);
	for (size_t i = 0; i < sizeof(wide) / sizeof(wide[0]); i++)
		if (cp == wide[i])
			return (true);
	return (false);
}

static bool
is_one_of(uint32_t cp, const char *separators)
{
	return (cp != 0 && cp < 0x80 && strchr(separators, (int)cp) != NULL);
}

/* separators: NULL if it is no field. */
static char *
clean(const char *s, bool reversible, const char *separators)
{
	size_t n = strlen(s), len;
	char *out = fe_alloc(n, ESCAPE_MAX, 1), *o = out;
	bool first = true, bad;
	uint32_t cp;

	for (; n > 0; s += len, n -= len, first = false) {
		len = fe_text_next(s, n, &cp);
		bad = fe_text_is_unsafe(cp) || (separators != NULL &&
		    ((first && is_formula(cp)) || is_one_of(cp, separators)));
		if (bad) {
			o += escape(o, s, cp);
			continue;
		}
		if (reversible && cp == '\\')
			*o++ = '\\';
		memcpy(o, s, len);
		o += len;
	}
	*o = '\0';
	return (out);
}

char *
fe_text_clean(const char *s, bool reversible)
{
	return (clean(s, reversible, NULL));
}

char *
fe_text_field(const char *s, const char *separators)
{
	return (clean(s, true, separators));
}

unsigned
fe_text_width(const char *s, size_t n)
{
	unsigned w = 0;
	uint32_t cp;
	size_t len;

	for (; n > 0; s += len, n -= len) {
		len = fe_text_next(s, n, &cp);
		w += fe_text_cells(cp);
	}
	return (w);
}

/* Bytes of the longest beginning of s that fits into the cells. */
static size_t
fitting(const char *s, size_t n, unsigned cells)
{
	size_t done = 0, len;
	unsigned w;
	uint32_t cp;

	for (; done < n; done += len) {
		len = fe_text_next(s + done, n - done, &cp);
		if ((w = fe_text_cells(cp)) > cells)
			break;
		cells -= w;
	}
	return (done);
}

/* Where the shortest end of s begins that leaves out `skip` cells or more. */
static size_t
skipping(const char *s, size_t n, unsigned skip)
{
	size_t done = 0, len;
	unsigned gone = 0, w;
	uint32_t cp;

	for (; done < n; done += len) {
		len = fe_text_next(s + done, n - done, &cp);
		w = fe_text_cells(cp);
		/* A combining mark goes with the letter before it. */
		if (gone >= skip && w > 0)
			break;
		gone += w;
	}
	return (done);
}

void
fe_text_cut(const char *s, size_t n, unsigned head_cells,
    unsigned tail_cells, size_t *head, size_t *tail)
{
	*head = fitting(s, n, head_cells);
	*tail = skipping(s, n, fe_text_width(s, n) - tail_cells);
}
