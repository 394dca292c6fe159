/*
 * Folded stacks: a line for each stack, its places from the outermost to the
 * innermost with semicolons between them, a blank, and a number of bytes.
 */

#include <inttypes.h>
#include <stdlib.h>

#include <fe_alloc.h>
#include <fe_text.h>

#include "transform.h"

/* "function (file:line)" */
static char *
place_text(const struct transform *t, uint32_t place)
{
	const struct mt_place *p = &t->places[place];
	const struct mt_function *f = &t->functions[p->function];
	char *raw, *text;

	if (place == 0)
		return (fe_strdup(f->name));
	raw = fe_format("%s (%s:%" PRIu32 ")", f->name, f->file, p->line);
	text = fe_text_field(raw, ";");
	free(raw);
	return (text);
}

static void
put_stack(struct fe_buf *b, const struct transform *t, char **places,
    const struct transform_record *r)
{
	size_t n = transform_chain(t, r->call);

	while (n-- > 0) {
		fe_buf_str(b, places[t->chain[n]]);
		fe_buf_char(b, n > 0 ? ';' : ' ');
	}
	fe_buf_uint(b, r->bytes);
	fe_buf_char(b, '\n');
}

void
transform_folded(const struct transform *t, FILE *out)
{
	char **places = fe_alloc(t->nplaces, sizeof(*places), 0);
	struct transform_record *stacks;
	static struct fe_buf b;
	size_t n;

	for (size_t i = 0; i < t->nplaces; i++)
		places[i] = place_text(t, (uint32_t)i);
	stacks = transform_stacks(t, &n);
	fe_buf_init(&b, out);
	for (size_t i = 0; i < n; i++)
		if (stacks[i].bytes > 0)
			put_stack(&b, t, places, &stacks[i]);
	(void)fe_buf_flush(&b);
	free(stacks);
	for (size_t i = 0; i < t->nplaces; i++)
		free(places[i]);
	free(places);
}
