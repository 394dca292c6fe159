/* Names of functions of Rust: which manner it is, and the older one. */

#include <ctype.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "mt_sym_rust.h"
#include "mt_sym_rust_v0.h"

#define HASH_BYTES	17	/* "h" and 16 digits */

void
mt_sym_rust_put(struct mt_sym_rust *r, const char *s, size_t n)
{
	size_t cap = r->cap;
	char *out;

	if (r->quiet || r->bad)
		return;
	while (cap - r->n < n + 1)
		cap = cap == 0 ? 256 : 2 * cap;
	if (cap > MT_SYM_RUST_MAX) {
		r->bad = true;
		return;
	}
	if (cap != r->cap) {
		out = realloc(r->out, cap);
		if (out == NULL) {
			r->bad = true;
			return;
		}
		r->out = out;
		r->cap = cap;
	}
	if (n > 0)
		memcpy(r->out + r->n, s, n);
	r->n += n;
	r->out[r->n] = '\0';
}

void
mt_sym_rust_text(struct mt_sym_rust *r, const char *s)
{
	mt_sym_rust_put(r, s, strlen(s));
}

void
mt_sym_rust_number(struct mt_sym_rust *r, uint64_t v)
{
	char text[24];

	(void)snprintf(text, sizeof(text), "%" PRIu64, v);
	mt_sym_rust_text(r, text);
}

/* ---- The older manner: _ZN3foo3bar17h0123456789abcdefE ----------------- */

/* A part; false if there is none. */
static bool
part(const char **s, const char **name, size_t *n)
{
	const char *p = *s;

	for (*n = 0; isdigit((unsigned char)*p) && *n < 1000000; p++)
		*n = *n * 10 + (size_t)(*p - '0');
	if (p == *s || strnlen(p, *n) < *n)
		return (false);
	*name = p;
	*s = p + *n;
	return (true);
}

static bool
is_hash(const char *s, size_t n)
{
	size_t i;

	if (n != HASH_BYTES || *s != 'h')
		return (false);
	for (i = 1; i < n; i++)
		if (!isdigit((unsigned char)s[i]) &&
		    (s[i] < 'a' || s[i] > 'f'))
			return (false);
	return (true);
}

/* "$LT$" and the like; how many bytes it is, or 0. */
static size_t
escape(struct mt_sym_rust *r, const char *s, size_t n)
{
	static const struct {
		const char	*from;
		const char	*to;
	} escapes[] = {
		{ "$SP$", "@" }, { "$BP$", "*" }, { "$RF$", "&" },
		{ "$LT$", "<" }, { "$GT$", ">" }, { "$LP$", "(" },
		{ "$RP$", ")" }, { "$C$", "," }
	};
	size_t i, len;
	char c;

	for (i = 0; i < sizeof(escapes) / sizeof(escapes[0]); i++) {
		len = strlen(escapes[i].from);
		if (n >= len && memcmp(s, escapes[i].from, len) == 0) {
			mt_sym_rust_text(r, escapes[i].to);
			return (len);
		}
	}
	/* "$u7e$": the code of a character, here of ASCII only. */
	if (n < 5 || s[1] != 'u' || s[4] != '$' ||
	    !isxdigit((unsigned char)s[2]) || !isxdigit((unsigned char)s[3]))
		return (0);
	c = (char)strtoul(s + 2, NULL, 16);
	if (c < ' ' || c > '~')
		return (0);
	mt_sym_rust_put(r, &c, 1);
	return (5);
}

static void
legacy_part(struct mt_sym_rust *r, const char *s, size_t n)
{
	size_t i = 0, k;

	/* An escape in front has an underscore before it. */
	if (n > 1 && s[0] == '_' && s[1] == '$')
		i = 1;
	for (; i < n; i += k) {
		k = 1;
		if (s[i] == '.' && i + 1 < n && s[i + 1] == '.') {
			mt_sym_rust_text(r, "::");
			k = 2;
		} else if (s[i] == '.') {
			mt_sym_rust_text(r, ".");
		} else if (s[i] != '$' ||
		    (k = escape(r, s + i, n - i)) == 0) {
			mt_sym_rust_put(r, s + i, 1);
			k = 1;
		}
	}
}

static void
legacy(struct mt_sym_rust *r, const char *s)
{
	const char *name, *next, *p = s;
	size_t n, next_n;
	bool any = false;

	/* The last part must be a hash, or it is C++. */
	while (part(&p, &name, &n))
		any = is_hash(name, n);
	if (!any || *p != 'E' || p[1] != '\0') {
		r->bad = true;
		return;
	}
	if (!part(&s, &name, &n))
		return;
	for (any = false; part(&s, &next, &next_n); any = true) {
		if (any)
			mt_sym_rust_text(r, "::");
		legacy_part(r, name, n);
		name = next;
		n = next_n;
	}
}

/* ---- Both -------------------------------------------------------------- */

/* What follows the path: the crate that made an instance of it. */
static void
v0(struct mt_sym_rust *r)
{
	mt_sym_rust_path(r, true);
	if (!r->bad && r->at < r->len && r->s[r->at] != '.' &&
	    r->s[r->at] != '$') {
		r->quiet = true;
		mt_sym_rust_path(r, false);
	}
	if (r->at < r->len && r->s[r->at] != '.' && r->s[r->at] != '$')
		r->bad = true;
}

char *
mt_sym_rust(const char *symbol)
{
	struct mt_sym_rust r;

	memset(&r, 0, sizeof(r));
	if (strncmp(symbol, "_R", 2) == 0) {
		r.s = symbol + 2;
		r.len = strlen(r.s);
		v0(&r);
	} else if (strncmp(symbol, "_ZN", 3) == 0) {
		legacy(&r, symbol + 3);
	} else {
		return (NULL);
	}
	if (r.bad || r.n == 0) {
		free(r.out);
		return (NULL);
	}
	return (r.out);
}
