/* Rust's v0 symbols: characters, numbers, identifiers, paths. */

#include <ctype.h>
#include <string.h>

#include "mt_sym_rust_v0.h"

bool
mt_sym_rust_eat(struct mt_sym_rust *r, char c)
{
	if (r->bad || r->at >= r->len || r->s[r->at] != c)
		return (false);
	r->at++;
	return (true);
}

char
mt_sym_rust_next(struct mt_sym_rust *r)
{
	if (r->bad || r->at >= r->len) {
		r->bad = true;
		return ('\0');
	}
	return (r->s[r->at++]);
}

/* "_" is 0, and a number with "_" behind is one more than that. */
uint64_t
mt_sym_rust_base62(struct mt_sym_rust *r)
{
	uint64_t v = 0;
	unsigned digit;
	char c;

	if (mt_sym_rust_eat(r, '_'))
		return (0);
	while ((c = mt_sym_rust_next(r)) != '_' && !r->bad) {
		if (c >= '0' && c <= '9')
			digit = (unsigned)(c - '0');
		else if (c >= 'a' && c <= 'z')
			digit = (unsigned)(c - 'a') + 10;
		else if (c >= 'A' && c <= 'Z')
			digit = (unsigned)(c - 'A') + 36;
		else
			digit = 62;
		r->bad |= digit == 62 || v > (UINT64_MAX - 64) / 62;
		v = v * 62 + digit;
	}
	return (v + 1);
}

uint64_t
mt_sym_rust_optional(struct mt_sym_rust *r, char tag)
{
	return (mt_sym_rust_eat(r, tag) ? mt_sym_rust_base62(r) + 1 : 0);
}

void
mt_sym_rust_identifier(struct mt_sym_rust *r, const char **name, size_t *n,
    bool *punycode)
{
	char c;

	*n = 0;
	*name = "";
	*punycode = mt_sym_rust_eat(r, 'u');
	c = mt_sym_rust_next(r);
	if (!isdigit((unsigned char)c)) {
		r->bad = true;
		return;
	}
	*n = (size_t)(c - '0');
	while (c != '0' && !r->bad && r->at < r->len &&
	    isdigit((unsigned char)r->s[r->at])) {
		*n = *n * 10 + (size_t)(r->s[r->at++] - '0');
		r->bad |= *n > r->len;
	}
	(void)mt_sym_rust_eat(r, '_');
	if (r->bad || *n > r->len - r->at) {
		r->bad = true;
		*n = 0;
		return;
	}
	*name = r->s + r->at;
	r->at += *n;
}

void
mt_sym_rust_put_identifier(struct mt_sym_rust *r, const char *name, size_t n,
    bool punycode)
{
	if (punycode)
		mt_sym_rust_text(r, "punycode{");
	mt_sym_rust_put(r, name, n);
	if (punycode)
		mt_sym_rust_text(r, "}");
}

bool
mt_sym_rust_enter(struct mt_sym_rust *r)
{
	if (r->bad || r->depth >= MT_SYM_RUST_DEPTH) {
		r->bad = true;
		return (false);
	}
	r->depth++;
	return (true);
}

void
mt_sym_rust_leave(struct mt_sym_rust *r)
{
	r->depth--;
}

/*
 * Where nothing is written there is no need to read it again, either; so the
 * work is bounded by what is written.
 */
void
mt_sym_rust_again(struct mt_sym_rust *r,
    void (*read)(struct mt_sym_rust *, bool), bool value)
{
	size_t start = r->at - 1, back;
	uint64_t to = mt_sym_rust_base62(r);

	if (r->bad || to >= start) {
		r->bad = true;
		return;
	}
	if (r->quiet)
		return;
	back = r->at;
	r->at = (size_t)to;
	read(r, value);
	r->at = back;
}

/* A crate, or something in a path. */
static void
nested(struct mt_sym_rust *r, bool value)
{
	char kind = mt_sym_rust_next(r);
	uint64_t number;
	const char *name;
	bool punycode;
	size_t n;

	if (!isalpha((unsigned char)kind)) {
		r->bad = true;
		return;
	}
	mt_sym_rust_path(r, value);
	number = mt_sym_rust_optional(r, 's');
	mt_sym_rust_identifier(r, &name, &n, &punycode);
	if (islower((unsigned char)kind)) {
		if (n > 0)
			mt_sym_rust_text(r, "::");
		mt_sym_rust_put_identifier(r, name, n, punycode);
		return;
	}
	mt_sym_rust_text(r, "::{");
	if (kind == 'C')
		mt_sym_rust_text(r, "closure");
	else if (kind == 'S')
		mt_sym_rust_text(r, "shim");
	else
		mt_sym_rust_put(r, &kind, 1);
	if (n > 0)
		mt_sym_rust_text(r, ":");
	mt_sym_rust_put_identifier(r, name, n, punycode);
	mt_sym_rust_text(r, "#");
	mt_sym_rust_number(r, number);
	mt_sym_rust_text(r, "}");
}

/* Where an implementation is does not matter, only of what it is one. */
static void
skip_impl(struct mt_sym_rust *r)
{
	bool quiet = r->quiet;

	r->quiet = true;
	(void)mt_sym_rust_optional(r, 's');
	mt_sym_rust_path(r, false);
	r->quiet = quiet;
}

static void
argument(struct mt_sym_rust *r)
{
	if (mt_sym_rust_eat(r, 'L'))
		mt_sym_rust_lifetime(r, mt_sym_rust_base62(r));
	else if (mt_sym_rust_eat(r, 'K'))
		mt_sym_rust_const(r, false);
	else
		mt_sym_rust_type(r, false);
}

/* "<" and the arguments. */
static void
generic(struct mt_sym_rust *r, bool value)
{
	bool first = true;

	mt_sym_rust_path(r, value);
	mt_sym_rust_text(r, value ? "::<" : "<");
	while (!r->bad && !mt_sym_rust_eat(r, 'E')) {
		if (!first)
			mt_sym_rust_text(r, ", ");
		first = false;
		argument(r);
	}
}

/* <type as trait>, or <type>. */
static void
qualified(struct mt_sym_rust *r, char tag)
{
	if (tag != 'Y')
		skip_impl(r);
	mt_sym_rust_text(r, "<");
	mt_sym_rust_type(r, false);
	if (tag != 'M') {
		mt_sym_rust_text(r, " as ");
		mt_sym_rust_path(r, false);
	}
	mt_sym_rust_text(r, ">");
}

static void
crate(struct mt_sym_rust *r)
{
	const char *name;
	bool punycode;
	size_t n;

	(void)mt_sym_rust_optional(r, 's');
	mt_sym_rust_identifier(r, &name, &n, &punycode);
	mt_sym_rust_put_identifier(r, name, n, punycode);
}

void
mt_sym_rust_path(struct mt_sym_rust *r, bool value)
{
	char tag;

	if (!mt_sym_rust_enter(r))
		return;
	tag = mt_sym_rust_next(r);
	switch (tag) {
	case 'C':
		crate(r);
		break;
	case 'N':
		nested(r, value);
		break;
	case 'M':
	case 'X':
	case 'Y':
		qualified(r, tag);
		break;
	case 'I':
		generic(r, value);
		mt_sym_rust_text(r, ">");
		break;
	case 'B':
		mt_sym_rust_again(r, mt_sym_rust_path, value);
		break;
	default:
		r->bad = true;
		break;
	}
	mt_sym_rust_leave(r);
}

/*
 * Returns whether a list of arguments is open, to which the caller adds its
 * own.
 */
bool
mt_sym_rust_open_path(struct mt_sym_rust *r)
{
	size_t start = r->at, back;
	bool open = false;
	uint64_t to;

	if (!mt_sym_rust_enter(r))
		return (false);
	if (mt_sym_rust_eat(r, 'I')) {
		generic(r, false);
		open = true;
	} else if (mt_sym_rust_eat(r, 'B')) {
		to = mt_sym_rust_base62(r);
		if (r->bad || to >= start) {
			r->bad = true;
		} else if (!r->quiet) {
			back = r->at;
			r->at = (size_t)to;
			open = mt_sym_rust_open_path(r);
			r->at = back;
		}
	} else {
		mt_sym_rust_path(r, false);
	}
	mt_sym_rust_leave(r);
	return (open);
}
