/* A JSON writer. */

#include <assert.h>
#include <math.h>
#include <string.h>

#include "fe_json.h"
#include "fe_text.h"

void
fe_json_init(struct fe_json *j, FILE *fp, unsigned broken)
{
	j->depth = 0;
	j->broken = broken;
	j->after_key = false;
	fe_buf_init(&j->buf, fp);
}

static void
put(struct fe_json *j, const char *s)
{
	fe_buf_str(&j->buf, s);
}

/* Does each element of the level we are in get a line? */
static bool
is_broken(const struct fe_json *j)
{
	if (j->depth <= j->broken)
		return (true);
	return (j->broken > 0 && j->depth == j->broken + 1 &&
	    j->closer[j->depth - 1] == ']');
}

/* The white space before an element, or before the end of a level. */
static void
space(struct fe_json *j, unsigned depth, const char *otherwise)
{
	if (!is_broken(j)) {
		put(j, otherwise);
		return;
	}
	fe_buf_char(&j->buf, '\n');
	for (unsigned i = 0; i < depth; i++)
		put(j, "  ");
}

/* Whatever has to come before a value or a key. */
static void
element(struct fe_json *j)
{
	bool *filled;

	if (j->after_key || j->depth == 0) {
		j->after_key = false;
		return;
	}
	filled = &j->filled[j->depth - 1];
	if (*filled)
		fe_buf_char(&j->buf, ',');
	space(j, j->depth, *filled ? " " : "");
	*filled = true;
}

static void
begin(struct fe_json *j, char opener, char closer)
{
	assert(j->depth < FE_JSON_DEPTH);
	element(j);
	fe_buf_char(&j->buf, opener);
	j->filled[j->depth] = false;
	j->closer[j->depth] = closer;
	j->depth++;
}

void
fe_json_object(struct fe_json *j)
{
	begin(j, '{', '}');
}

void
fe_json_array(struct fe_json *j)
{
	begin(j, '[', ']');
}

void
fe_json_end(struct fe_json *j)
{
	assert(j->depth > 0);
	if (j->filled[j->depth - 1])
		space(j, j->depth - 1, "");
	j->depth--;
	fe_buf_char(&j->buf, j->closer[j->depth]);
	if (j->depth == 0) {
		fe_buf_char(&j->buf, '\n');
		(void)fe_buf_flush(&j->buf);
	}
}

static void
put_escape(struct fe_json *j, uint32_t cp)
{
	static const char letters[] = "\"\\\b\f\n\r\t";
	const char *l = strchr(letters, (int)cp);
	char text[16];

	if (cp != 0 && l != NULL)
		(void)snprintf(text, sizeof(text), "\\%c",
		    "\"\\bfnrt"[l - letters]);
	else
		(void)snprintf(text, sizeof(text), "\\u%04x", (unsigned)cp);
	put(j, text);
}

static bool
is_plain(uint32_t cp)
{
	return (cp != '"' && cp != '\\' && !fe_text_is_unsafe(cp));
}

static void
quote(struct fe_json *j, const char *s)
{
	size_t n = strlen(s), len;
	uint32_t cp;

	fe_buf_char(&j->buf, '"');
	for (; n > 0; s += len, n -= len) {
		len = fe_text_next(s, n, &cp);
		if (cp == FE_TEXT_BAD)
			put(j, "\xef\xbf\xbd");
		else if (is_plain(cp))
			fe_buf_put(&j->buf, s, len);
		else
			put_escape(j, cp);
	}
	fe_buf_char(&j->buf, '"');
}

void
fe_json_key(struct fe_json *j, const char *key)
{
	element(j);
	quote(j, key);
	put(j, ": ");
	j->after_key = true;
}

void
fe_json_string(struct fe_json *j, const char *s)
{
	if (s == NULL) {
		fe_json_null(j);
		return;
	}
	element(j);
	quote(j, s);
}

void
fe_json_uint(struct fe_json *j, uint64_t v)
{
	element(j);
	fe_buf_uint(&j->buf, v);
}

void
fe_json_bool(struct fe_json *j, bool v)
{
	element(j);
	put(j, v ? "true" : "false");
}

void
fe_json_null(struct fe_json *j)
{
	element(j);
	put(j, "null");
}

void
fe_json_decimal(struct fe_json *j, double v)
{
	char text[512];		/* the largest double has 309 digits */

	element(j);
	if (isfinite(v)) {
		(void)snprintf(text, sizeof(text), "%.2f", v);
		put(j, text);
	} else {
		put(j, "null");
	}
}
