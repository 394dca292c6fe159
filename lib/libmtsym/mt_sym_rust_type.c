/* Rust's v0 symbols: types, constants, lifetimes. */

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "mt_sym_rust_v0.h"

static const char *
basic(char tag)
{
	static const char *const names['z' - 'a' + 1] = {
		"i8", "bool", "char", "f64", "str", "f32", NULL, "u8",
		"isize", "usize", NULL, "i32", "u32", "i128", "u128", "_",
		NULL, NULL, "i16", "u16", "()", "...", NULL, "i64", "u64", "!"
	};

	return (tag >= 'a' && tag <= 'z' ? names[tag - 'a'] : NULL);
}

void
mt_sym_rust_lifetime(struct mt_sym_rust *r, uint64_t i)
{
	char text[24];

	if (i == 0) {
		mt_sym_rust_text(r, "'_");
		return;
	}
	if (i > r->lifetimes) {
		r->bad = true;
		return;
	}
	i = r->lifetimes - i;
	if (i < 26)
		(void)snprintf(text, sizeof(text), "'%c", (char)('a' + i));
	else
		(void)snprintf(text, sizeof(text), "'_%" PRIu64, i);
	mt_sym_rust_text(r, text);
}

/* for<'a, 'b>; the caller restores r->lifetimes. */
static void
binder(struct mt_sym_rust *r)
{
	uint64_t i, n = mt_sym_rust_optional(r, 'G');

	if (n == 0)
		return;
	if (n > 64 || r->lifetimes > 1024) {
		r->bad = true;
		return;
	}
	mt_sym_rust_text(r, "for<");
	for (i = 0; i < n; i++) {
		r->lifetimes++;
		if (i > 0)
			mt_sym_rust_text(r, ", ");
		mt_sym_rust_lifetime(r, 1);
	}
	mt_sym_rust_text(r, "> ");
}

/* Types up to an E, with commas; how many. */
static size_t
types(struct mt_sym_rust *r)
{
	size_t n = 0;

	while (!r->bad && !mt_sym_rust_eat(r, 'E')) {
		if (n++ > 0)
			mt_sym_rust_text(r, ", ");
		mt_sym_rust_type(r, false);
	}
	return (n);
}

static void
abi(struct mt_sym_rust *r)
{
	const char *name;
	bool punycode;
	size_t i, n;

	mt_sym_rust_text(r, "extern \"");
	if (mt_sym_rust_eat(r, 'C')) {
		mt_sym_rust_text(r, "C");
	} else {
		mt_sym_rust_identifier(r, &name, &n, &punycode);
		for (i = 0; i < n; i++)
			mt_sym_rust_put(r, name[i] == '_' ? "-" : name + i,
			    1);
	}
	mt_sym_rust_text(r, "\" ");
}

static void
function(struct mt_sym_rust *r)
{
	unsigned lifetimes = r->lifetimes;

	binder(r);
	if (mt_sym_rust_eat(r, 'U'))
		mt_sym_rust_text(r, "unsafe ");
	if (mt_sym_rust_eat(r, 'K'))
		abi(r);
	mt_sym_rust_text(r, "fn(");
	(void)types(r);
	mt_sym_rust_text(r, ")");
	if (!mt_sym_rust_eat(r, 'u')) {
		mt_sym_rust_text(r, " -> ");
		mt_sym_rust_type(r, false);
	}
	r->lifetimes = lifetimes;
}

/* A trait, with types that are bound to names of it. */
static void
dyn_trait(struct mt_sym_rust *r)
{
	bool open = mt_sym_rust_open_path(r), punycode;
	const char *name;
	size_t n;

	while (mt_sym_rust_eat(r, 'p')) {
		mt_sym_rust_text(r, open ? ", " : "<");
		open = true;
		mt_sym_rust_identifier(r, &name, &n, &punycode);
		mt_sym_rust_put_identifier(r, name, n, punycode);
		mt_sym_rust_text(r, " = ");
		mt_sym_rust_type(r, false);
	}
	if (open)
		mt_sym_rust_text(r, ">");
}

static void
dyn(struct mt_sym_rust *r)
{
	unsigned lifetimes = r->lifetimes;
	bool first = true;
	uint64_t lifetime;

	mt_sym_rust_text(r, "dyn ");
	binder(r);
	while (!r->bad && !mt_sym_rust_eat(r, 'E')) {
		if (!first)
			mt_sym_rust_text(r, " + ");
		first = false;
		dyn_trait(r);
	}
	r->lifetimes = lifetimes;
	if (!mt_sym_rust_eat(r, 'L')) {
		r->bad = true;
		return;
	}
	lifetime = mt_sym_rust_base62(r);
	if (lifetime == 0)
		return;
	mt_sym_rust_text(r, " + ");
	mt_sym_rust_lifetime(r, lifetime);
}

static void
reference(struct mt_sym_rust *r, const char *mutable)
{
	uint64_t lifetime;

	mt_sym_rust_text(r, "&");
	if (mt_sym_rust_eat(r, 'L')) {
		lifetime = mt_sym_rust_base62(r);
		if (lifetime != 0) {
			mt_sym_rust_lifetime(r, lifetime);
			mt_sym_rust_text(r, " ");
		}
	}
	mt_sym_rust_text(r, mutable);
	mt_sym_rust_type(r, false);
}

static void
array(struct mt_sym_rust *r, bool has_length)
{
	mt_sym_rust_text(r, "[");
	mt_sym_rust_type(r, false);
	if (has_length) {
		mt_sym_rust_text(r, "; ");
		mt_sym_rust_const(r, true);
	}
	mt_sym_rust_text(r, "]");
}

static void
tuple(struct mt_sym_rust *r)
{
	size_t n;

	mt_sym_rust_text(r, "(");
	n = types(r);
	mt_sym_rust_text(r, n == 1 ? ",)" : ")");
}

static void
pointer(struct mt_sym_rust *r, const char *before)
{
	mt_sym_rust_text(r, before);
	mt_sym_rust_type(r, false);
}

static void
compound(struct mt_sym_rust *r, char tag)
{
	switch (tag) {
	case 'A':
	case 'S':
		array(r, tag == 'A');
		break;
	case 'T':
		tuple(r);
		break;
	case 'R':
		reference(r, "");
		break;
	case 'Q':
		reference(r, "mut ");
		break;
	case 'P':
		pointer(r, "*const ");
		break;
	case 'O':
		pointer(r, "*mut ");
		break;
	case 'F':
		function(r);
		break;
	case 'D':
		dyn(r);
		break;
	case 'B':
		mt_sym_rust_again(r, mt_sym_rust_type, false);
		break;
	default:
		r->at--;
		mt_sym_rust_path(r, false);
		break;
	}
}

/* The flag is there for mt_sym_rust_again(). */
void
mt_sym_rust_type(struct mt_sym_rust *r, bool unused)
{
	const char *name;
	char tag;

	(void)unused;
	if (!mt_sym_rust_enter(r))
		return;
	tag = mt_sym_rust_next(r);
	name = basic(tag);
	if (name != NULL)
		mt_sym_rust_text(r, name);
	else if (!r->bad)
		compound(r, tag);
	mt_sym_rust_leave(r);
}

/* Digits up to "_"; how many, or 0 and bad. */
static size_t
hex(struct mt_sym_rust *r, uint64_t *v)
{
	size_t n = 0;
	char c;

	*v = 0;
	while ((c = mt_sym_rust_next(r)) != '_' && !r->bad) {
		if (!((c >= '0' && c <= '9') || (c >= 'a' && c <= 'f')))
			r->bad = true;
		*v = *v << 4 | (uint64_t)(c <= '9' ? c - '0' : c - 'a' + 10);
		n++;
	}
	return (n);
}

static void
integer(struct mt_sym_rust *r)
{
	size_t at, n;
	uint64_t v;

	if (mt_sym_rust_eat(r, 'n'))
		mt_sym_rust_text(r, "-");
	at = r->at;
	n = hex(r, &v);
	if (r->bad)
		return;
	if (n <= 16) {
		mt_sym_rust_number(r, v);
	} else {
		mt_sym_rust_text(r, "0x");
		mt_sym_rust_put(r, r->s + at, n);
	}
}

static void
character(struct mt_sym_rust *r)
{
	char text[24];
	uint64_t v;

	(void)hex(r, &v);
	if (v >= ' ' && v <= '~' && v != '\'' && v != '\\')
		(void)snprintf(text, sizeof(text), "'%c'", (char)v);
	else
		(void)snprintf(text, sizeof(text), "'\\u{%" PRIx64 "}'", v);
	mt_sym_rust_text(r, text);
}

/* Constants of other types have names that stay as they are. */
void
mt_sym_rust_const(struct mt_sym_rust *r, bool unused)
{
	uint64_t v;
	char tag;

	(void)unused;
	if (!mt_sym_rust_enter(r))
		return;
	tag = mt_sym_rust_next(r);
	if (tag == 'B') {
		mt_sym_rust_again(r, mt_sym_rust_const, false);
	} else if (tag == 'p') {
		mt_sym_rust_text(r, "_");
	} else if (tag == 'b') {
		(void)hex(r, &v);
		r->bad |= v > 1;
		mt_sym_rust_text(r, v == 1 ? "true" : "false");
	} else if (tag == 'c') {
		character(r);
	} else if (strchr("ahijlmnostxy", tag) != NULL && tag != '\0') {
		integer(r);
	} else {
		r->bad = true;
	}
	mt_sym_rust_leave(r);
}
