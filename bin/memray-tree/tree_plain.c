/*
 * The tree as text, a node a line: bytes, per cent, allocations, and its
 * location, indented; for programs with tabs between them.
 */

#include <inttypes.h>
#include <stdlib.h>

#include <fe_alloc.h>
#include <fe_buf.h>
#include <fe_size.h>
#include <fe_text.h>

#include "tree.h"

/*
 * Levels that are indented: were it all of them, what is written would grow
 * with the square of the depth.  Of those below, the depth is a number.
 */
#define INDENT_MAX	40

/* "function at file:line", one line whatever is in it */
static char *
location(const struct tree *t, const struct tree_node *n, bool is_human)
{
	char *name = tree_name(t, n), *where = tree_location(t, n);
	char *raw, *clean;

	raw = fe_format("%s%s%s", name, *where == '\0' ? "" : " at ", where);
	clean = is_human ? fe_text_clean(raw, false) : fe_text_field(raw, "");
	free(name);
	free(where);
	free(raw);
	return (clean);
}

static void
put_numbers(struct fe_buf *b, const struct tree *t,
    const struct tree_node *n, bool is_human)
{
	char text[80], size[FE_SIZE_MAX];

	if (is_human)
		(void)snprintf(text, sizeof(text),
		    "%10s %6.2f%% %10" PRIu64 "  ", fe_size(size, n->bytes),
		    tree_percent(t, n), n->allocations);
	else
		(void)snprintf(text, sizeof(text),
		    "%" PRIu64 "\t%.2f\t%" PRIu64 "\t", n->bytes,
		    tree_percent(t, n), n->allocations);
	fe_buf_str(b, text);
}

static void
put_location(struct fe_buf *b, const struct tree *t,
    const struct tree_node *n, size_t depth, bool is_human)
{
	char *where = location(t, n, is_human), text[32];

	for (size_t d = 0; d < depth && d < INDENT_MAX; d++)
		fe_buf_str(b, "  ");
	if (is_human && depth > INDENT_MAX) {
		(void)snprintf(text, sizeof(text), "[%zu] ", depth);
		fe_buf_str(b, text);
	}
	fe_buf_str(b, where);
	if (!is_human && depth > INDENT_MAX) {
		fe_buf_char(b, '\t');
		fe_buf_uint(b, depth);
	}
	fe_buf_char(b, '\n');
	free(where);
}

void
tree_plain(const struct tree *t, FILE *out, bool is_human)
{
	struct fe_buf *b = fe_alloc(1, sizeof(*b), 0);
	size_t depth = 0;
	uint32_t i = 0;

	fe_buf_init(b, out);
	do {
		put_numbers(b, t, &t->nodes[i], is_human);
		put_location(b, t, &t->nodes[i], depth, is_human);
		i = tree_next(t, i, &depth);
	} while (i != TREE_NONE && ferror(out) == 0);
	(void)fe_buf_flush(b);
	free(b);
}
