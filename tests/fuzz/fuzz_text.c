/* What reports may look like. */

#include <stdint.h>
#include <string.h>

#include "fuzz_text.h"

#define DEPTH_MAX	(1u << 20)	/* of objects and arrays */

/* ---- Characters -------------------------------------------------------- */

/* Bytes of the character at p, which is not ASCII; 0 if it is none. */
static size_t
character(const uint8_t *p, size_t left, uint32_t *c)
{
	size_t i, n = *p >= 0xf0 && *p < 0xf5 ? 4 : *p >= 0xe0 ? 3 :
	    *p >= 0xc2 ? 2 : 0;
	static const uint32_t least[] = { 0, 0, 0x80, 0x800, 0x10000 };

	if (n == 0 || *p >= 0xf5 || n > left)
		return (0);
	*c = *p & (0xffu >> (n + 1));
	for (i = 1; i < n; i++) {
		if ((p[i] & 0xc0) != 0x80)
			return (0);
		*c = *c << 6 | (p[i] & 0x3fu);
	}
	return (*c < least[n] || *c > 0x10ffff ||
	    (*c >= 0xd800 && *c < 0xe000) ? 0 : n);
}

/* Controls, marks of direction, separators: memtrace(7) lists them. */
static bool
is_harmful(uint32_t c)
{
	return ((c >= 0x7f && c < 0xa0) || c == 0x61c ||
	    c == 0x200e || c == 0x200f || (c >= 0x2028 && c <= 0x202e) ||
	    (c >= 0x2066 && c <= 0x2069));
}

static bool
is_harmless(const char *text, size_t n, const char *controls)
{
	const uint8_t *p = (const uint8_t *)text;
	uint32_t c;
	size_t k;

	for (; n > 0; p += k, n -= k) {
		k = 1;
		c = *p;
		if (c >= 0x80 && (k = character(p, n, &c)) == 0)
			return (false);
		if (is_harmful(c) || c == 0 ||
		    (c < ' ' && strchr(controls, (int)c) == NULL))
			return (false);
	}
	return (true);
}

bool
fuzz_text_is_plain(const char *text, size_t n)
{
	return (is_harmless(text, n, "\n\t"));
}

/* ---- JSON --------------------------------------------------------------- */

struct json {
	const char	*p;
	const char	*end;
	uint8_t		 inside[DEPTH_MAX / 8];	/* bits: an object */
	unsigned	 depth;
};

static void
blanks(struct json *j)
{
	while (j->p < j->end && strchr(" \n\t", *j->p) != NULL)
		j->p++;
}

static bool
string(struct json *j)
{
	if (j->p == j->end || *j->p++ != '"')
		return (false);
	for (; j->p < j->end && *j->p != '"'; j->p++) {
		if ((unsigned char)*j->p < ' ')
			return (false);
		if (*j->p != '\\')
			continue;
		if (++j->p == j->end || strchr("\"\\/bfnrtu", *j->p) == NULL)
			return (false);
		if (*j->p == 'u' && (j->end - j->p < 5 ||
		    strspn(j->p + 1, "0123456789abcdefABCDEF") < 4))
			return (false);
	}
	return (j->p < j->end && *j->p++ == '"');
}

static bool
word(struct json *j)
{
	static const char *const words[] = { "null", "true", "false" };
	size_t i, k = strspn(j->p, "0123456789+-.eE");

	for (i = 0; k == 0 && i < 3; i++)
		if ((size_t)(j->end - j->p) >= strlen(words[i]) &&
		    memcmp(j->p, words[i], strlen(words[i])) == 0)
			k = strlen(words[i]);
	j->p += k;
	return (k > 0 && j->p <= j->end);
}

static bool
is_object(const struct json *j)
{
	return ((j->inside[(j->depth - 1) / 8] >> (j->depth - 1) % 8 & 1) !=
	    0);
}

static bool
enter(struct json *j)
{
	const bool object = *j->p++ == '{';
	uint8_t *bits;

	if (j->depth == DEPTH_MAX)
		return (false);
	bits = &j->inside[j->depth / 8];
	*bits = (uint8_t)((*bits & ~(1u << j->depth % 8)) |
	    (unsigned)object << j->depth % 8);
	j->depth++;
	return (true);
}

/* The name of a member, if there has to be one. */
static bool
name(struct json *j)
{
	blanks(j);
	if (j->depth == 0 || !is_object(j))
		return (true);
	if (!string(j))
		return (false);
	blanks(j);
	if (j->p == j->end || *j->p++ != ':')
		return (false);
	blanks(j);
	return (true);
}

/* Behind a value: ends, and whether another one comes. */
static bool
leave(struct json *j, bool *more)
{
	*more = false;
	for (;;) {
		blanks(j);
		if (j->depth == 0)
			return (j->p == j->end);
		if (j->p == j->end)
			return (false);
		if (*j->p == ',') {
			j->p++;
			*more = true;
			return (true);
		}
		if (*j->p++ != (is_object(j) ? '}' : ']'))
			return (false);
		j->depth--;
	}
}

/* One that begins at once, or with what it has inside. */
static bool
value(struct json *j, bool *more)
{
	*more = true;
	while (name(j) && j->p < j->end) {
		if (*j->p != '{' && *j->p != '[')
			return ((*j->p == '"' ? string(j) : word(j)) &&
			    leave(j, more));
		if (!enter(j))
			return (false);
		blanks(j);
		if (j->p < j->end && (*j->p == '}' || *j->p == ']'))
			return (leave(j, more));
	}
	return (false);
}

bool
fuzz_text_is_json(const char *text, size_t n)
{
	static struct json j;
	bool more = true;

	j.p = text;
	j.end = text + n;
	j.depth = 0;
	while (more)
		if (!value(&j, &more))
			return (false);
	return (fuzz_text_is_plain(text, n));
}

/* ---- CSV ---------------------------------------------------------------- */

/* A field; what is behind it, or NULL. */
static const char *
field(const char *p, const char *end)
{
	const bool quoted = p < end && *p == '"';

	p += quoted;
	if (p < end && strchr("=+-@", *p) != NULL)
		return (NULL);
	for (; p < end; p++) {
		if (!quoted && (*p == ',' || *p == '\r'))
			return (p);
		if (*p != '"')
			continue;
		if (!quoted)
			return (NULL);
		if (p + 1 == end || p[1] != '"')
			return (p + 1);
		p++;
	}
	return (NULL);
}

bool
fuzz_text_is_csv(const char *text, size_t n)
{
	const char *p = text, *end = text + n;
	size_t fields = 0, first = 0;

	while (p < end) {
		p = field(p, end);
		if (p == NULL || p == end)
			return (false);
		fields++;
		if (*p++ == ',')
			continue;
		if (p[-1] != '\r' || p == end || *p++ != '\n' ||
		    (first != 0 && fields != first))
			return (false);
		first = fields;
		fields = 0;
	}
	return (fields == 0 && is_harmless(text, n, "\r\n"));
}
