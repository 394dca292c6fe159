/* Patterns. */

#include <stddef.h>
#include <stdint.h>

#include "mt_glob.h"

#define NOT_UTF8	0x110000u	/* plus the byte */

/* The next character, and *s behind it; 0 at the end, which is not passed. */
static uint32_t
next(const char **s)
{
	const unsigned char *p = (const unsigned char *)*s;
	unsigned i, n;
	uint32_t c;

	if (*p == '\0')
		return (0);
	n = *p < 0xc2 ? 0 : *p < 0xe0 ? 1 : *p < 0xf0 ? 2 : *p < 0xf5 ? 3 : 0;
	c = n == 0 ? *p : *p & (0x3fu >> n);
	for (i = 1; i <= n; i++) {
		if ((p[i] & 0xc0) != 0x80)
			break;
		c = c << 6 | (p[i] & 0x3fu);
	}
	if (*p >= 0x80 && (n == 0 || i <= n)) {
		*s += 1;
		return (NOT_UTF8 + *p);
	}
	*s += n + 1;
	return (c);
}

/* A character of a pattern that stands for itself. */
static uint32_t
literal(const char **p)
{
	if (**p == '\\' && (*p)[1] != '\0')
		++*p;
	return (next(p));
}

/*
 * A set, *p behind its bracket: is the character in it?  Sets *p behind the
 * set; false and *p NULL if the set has no end.
 */
static bool
in_set(const char **p, uint32_t c)
{
	const char *q = *p;
	bool found = false, first = true, not;
	uint32_t from, to;

	not = *q == '!' || *q == '^';
	q += not;
	for (; *q != ']' || first; first = false) {
		if (*q == '\0') {
			*p = NULL;
			return (false);
		}
		from = to = literal(&q);
		if (*q == '-' && q[1] != ']' && q[1] != '\0') {
			q++;
			to = literal(&q);
		}
		found |= from <= c && c <= to;
	}
	*p = q + 1;
	return (found != not);
}

/* One character of s and what stands for it; both are passed. */
static bool
step(const char **pattern, const char **s)
{
	const char *p = *pattern;
	uint32_t c;

	c = next(s);
	if (*p == '?') {
		++*pattern;
		return (true);
	}
	if (*p == '[') {
		p++;
		if (in_set(&p, c)) {
			*pattern = p;
			return (true);
		}
		if (p != NULL)
			return (false);
		/* Without its end it is just a bracket. */
	}
	return (literal(pattern) == c);
}

/* Of all stars only the last one may have to take more than it did. */
bool
mt_glob_match(const char *pattern, const char *s)
{
	const char *star = NULL, *from = s;

	for (;;) {
		if (*pattern == '*') {
			star = ++pattern;
			from = s;
			continue;
		}
		if (*s == '\0')
			return (*pattern == '\0');
		if (*pattern != '\0' && step(&pattern, &s))
			continue;
		if (star == NULL)
			return (false);
		(void)next(&from);
		s = from;
		pattern = star;
	}
}

bool
mt_glob_any(const struct mt_patterns *ps, const char *s)
{
	size_t i;

	for (i = 0; i < ps->n; i++)
		if (mt_glob_match(ps->pattern[i], s))
			return (true);
	return (false);
}
