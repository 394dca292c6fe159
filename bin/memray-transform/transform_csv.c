/*
 * Comma-separated values (RFC 4180) with memray's columns.  Names are fields
 * in fe_text_field()'s sense, each for itself: a spreadsheet may also be told
 * that cells end at semicolons.
 */

#include <inttypes.h>
#include <stdlib.h>

#include <fe_alloc.h>
#include <fe_allocator.h>
#include <fe_text.h>

#include "transform.h"

#define SEPARATORS	";|"	/* in the column of stacks */

struct field {
	char	*text;		/* with quotes doubled */
	size_t	 len;
	bool	 quoted;	/* has to be in quotes */
};

/* Takes the text, which is freed by field_fini(). */
static struct field
field_new(char *text)
{
	struct field f = { .quoted = strpbrk(text, ",\"\r\n") != NULL };
	size_t n = strlen(text);

	f.text = fe_alloc(n, 2, 1);
	for (size_t i = 0; i < n; i++) {
		if (text[i] == '"')
			f.text[f.len++] = '"';
		f.text[f.len++] = text[i];
	}
	f.text[f.len] = '\0';
	free(text);
	return (f);
}

static void
field_put(struct fe_buf *b, const struct field *f)
{
	if (f->quoted)
		fe_buf_char(b, '"');
	fe_buf_put(b, f->text, f->len);
	if (f->quoted)
		fe_buf_char(b, '"');
}

/* "function;file;line"; nothing for what is no place. */
static struct field
place_field(const struct transform *t, uint32_t place)
{
	const struct mt_place *p = &t->places[place];
	const struct mt_function *f = &t->functions[p->function];
	char *name, *file, *text;

	if (place == 0)
		return (field_new(fe_strdup("")));
	name = fe_text_field(f->name, SEPARATORS);
	file = fe_text_field(f->file, SEPARATORS);
	text = fe_format("%s;%s;%" PRIu32, name, file, p->line);
	free(name);
	free(file);
	return (field_new(text));
}

/* "0x4d2 (MainThread)" */
static struct field
thread_field(const struct mt_thread *thread)
{
	char *name, *text;

	if (*thread->name == '\0')
		return (field_new(fe_format("0x%" PRIx64, thread->tid)));
	name = fe_text_field(thread->name, SEPARATORS);
	text = fe_format("0x%" PRIx64 " (%s)", thread->tid, name);
	free(name);
	return (field_new(text));
}

static void
put_stack(struct fe_buf *b, const struct transform *t,
    const struct field *places, uint32_t call)
{
	size_t n = transform_chain(t, call);
	bool quoted = false;

	for (size_t i = 0; i < n; i++)
		quoted |= places[t->chain[i]].quoted;
	if (quoted)
		fe_buf_char(b, '"');
	for (size_t i = 0; i < n; i++) {
		if (i > 0)
			fe_buf_char(b, '|');
		fe_buf_put(b, places[t->chain[i]].text,
		    places[t->chain[i]].len);
	}
	if (quoted)
		fe_buf_char(b, '"');
}

static void
put_record(struct fe_buf *b, const struct transform *t,
    const struct field *places, const struct transform_record *r)
{
	struct field thread = thread_field(&t->threads[r->thread]);
	char allocator[FE_ALLOCATOR_MAX];

	fe_buf_str(b, fe_allocator(allocator, r->allocator));
	fe_buf_char(b, ',');
	fe_buf_uint(b, r->allocations);
	fe_buf_char(b, ',');
	fe_buf_uint(b, r->bytes);
	fe_buf_char(b, ',');
	fe_buf_uint(b, t->threads[r->thread].tid);
	fe_buf_char(b, ',');
	field_put(b, &thread);
	fe_buf_char(b, ',');
	put_stack(b, t, places, r->call);
	fe_buf_str(b, "\r\n");
	free(thread.text);
}

void
transform_csv(const struct transform *t, FILE *out)
{
	struct field *places = fe_alloc(t->nplaces, sizeof(*places), 0);
	static struct fe_buf b;

	for (size_t i = 0; i < t->nplaces; i++)
		places[i] = place_field(t, (uint32_t)i);
	fe_buf_init(&b, out);
	fe_buf_str(&b,
	    "allocator,num_allocations,size,tid,thread_name,stack_trace\r\n");
	for (size_t i = 0; i < t->nrecords; i++)
		put_record(&b, t, places, &t->records[i]);
	(void)fe_buf_flush(&b);
	for (size_t i = 0; i < t->nplaces; i++)
		free(places[i].text);
	free(places);
}
