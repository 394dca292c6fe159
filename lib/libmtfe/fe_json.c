/* A JSON writer. */

#include <assert.h>
#include <inttypes.h>
#include <math.h>
#include <string.h>

#include "fe_json.h"
#include "fe_text.h"

void
fe_json_init(struct fe_json *j, FILE *fp, unsigned broken)
{
	memset(j, 0, sizeof(*j));
	j->fp = fp;
	j->broken = broken;
}

static void
put(struct fe_json *j, const char *s)
{
	(void)fputs(s, j->fp);
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
	(void)putc('\n', j->fp);
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
		(void)putc(',', j->fp);
	space(j, j->depth, *filled ? " " : "");
	*filled = true;
}

static void
begin(struct fe_json *j, char opener, char closer)
{
	assert(j->depth < FE_JSON_DEPTH);
	element(j);
	(void)putc(opener, j->fp);
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
	(void)putc(j->closer[j->depth], j->fp);
	if (j->depth == 0)
		(void)putc('\n', j->fp);
}

static void
put_escape(struct fe_json *j, uint32_t cp)
{
	static const char letters[] = "\"\\\b\f\n\r\t";
	const char *l = strchr(letters, (int)cp);

	if (cp != 0 && l != NULL)
		(void)fprintf(j->fp, "\\%c", "\"\\bfnrt"[l - letters]);
	else
		(void)fprintf(j->fp, "\\u%04x", (unsigned)cp);
}

static bool
is_plain(uint32_t cp)
{
	return (cp >= 0x20 && cp != '"' && cp != '\\' && cp != 0x7f);
}

static void
quote(struct fe_json *j, const char *s)
{
	size_t n = strlen(s), len;
	uint32_t cp;

	(void)putc('"', j->fp);
	for (; n > 0; s += len, n -= len) {
		len = fe_text_next(s, n, &cp);
		if (cp == FE_TEXT_BAD)
			put(j, "\xef\xbf\xbd");
		else if (is_plain(cp))
			(void)fwrite(s, 1, len, j->fp);
		else
			put_escape(j, cp);
	}
	(void)putc('"', j->fp);
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
	(void)fprintf(j->fp, "%" PRIu64, v);
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
	element(j);
	if (isfinite(v))
		(void)fprintf(j->fp, "%.2f", v);
	else
		put(j, "null");
}
