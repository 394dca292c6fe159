/* Decoders of the blocks that hold tables; memtrace(5) has the layouts. */

#include <stdlib.h>
#include <string.h>

#include "mt_pages.h"
#include "mt_tables.h"

static struct mt_bytes
mt_tables_get_bytes(struct mt_cursor *c)
{
	uint64_t n = mt_cursor_varint(c);
	struct mt_bytes s = { NULL, 0 };

	if (n > (size_t)(c->end - c->p)) {
		c->bad = true;
		return (s);
	}
	s.n = (size_t)n;
	s.p = mt_cursor_bytes(c, s.n);
	return (s);
}

static uint32_t
mt_tables_get_u32(struct mt_cursor *c)
{
	uint64_t v = mt_cursor_varint(c);

	if (v > UINT32_MAX)
		c->bad = true;
	return ((uint32_t)v);
}

static enum mt_status
mt_tables_status(const struct mt_cursor *c)
{
	return (c->bad ? MT_ERR_FORMAT : MT_OK);
}

enum mt_status
mt_tables_get_meta(struct mt_cursor *c, struct mt_bytes *key,
    struct mt_bytes *value)
{
	if (c->p == c->end)
		return (MT_END);
	*key = mt_tables_get_bytes(c);
	*value = mt_tables_get_bytes(c);
	return (mt_tables_status(c));
}

enum mt_status
mt_tables_get_code(struct mt_cursor *c, struct mt_tables_code *code)
{
	if (c->p == c->end)
		return (MT_END);
	code->id = mt_tables_get_u32(c);
	code->function = mt_tables_get_bytes(c);
	code->file = mt_tables_get_bytes(c);
	code->first_line = mt_tables_get_u32(c);
	code->kind = mt_tables_get_u32(c);
	code->table = mt_tables_get_bytes(c);
	return (mt_tables_status(c));
}

enum mt_status
mt_tables_get_thread(struct mt_cursor *c, struct mt_tables_thread *thread)
{
	if (c->p == c->end)
		return (MT_END);
	thread->id = mt_tables_get_u32(c);
	thread->tid = mt_cursor_varint(c);
	thread->name = mt_tables_get_bytes(c);
	return (mt_tables_status(c));
}

enum mt_status
mt_tables_get_sample(struct mt_cursor *c, struct mt_sample *s)
{
	if (c->p == c->end)
		return (MT_END);
	s->time_ns += (uint64_t)mt_cursor_svarint(c);
	s->heap += (uint64_t)mt_cursor_svarint(c);
	s->rss += (uint64_t)mt_cursor_svarint(c);
	s->anon_rss += (uint64_t)mt_cursor_svarint(c);
	return (mt_tables_status(c));
}

enum mt_status
mt_tables_get_first_node(struct mt_cursor *c, uint32_t *id)
{
	if (c->p == c->end)
		return (MT_END);
	*id = mt_tables_get_u32(c);
	return (mt_tables_status(c));
}

static bool
mt_tables_get_node(struct mt_cursor *c, uint32_t id, struct mt_node *node)
{
	uint64_t distance = mt_cursor_varint(c);
	uint64_t code = mt_cursor_varint(c);
	int64_t offset = mt_cursor_svarint(c);

	if (c->bad || distance > id || (distance == 0 && id != 0) ||
	    code > UINT32_MAX || offset < INT32_MIN || offset > INT32_MAX)
		return (false);
	node->parent = id - (uint32_t)distance;
	node->code = (uint32_t)code;
	node->offset = (int32_t)offset;
	return (true);
}

size_t
mt_tables_max_nodes(const struct mt_cursor *c)
{
	/* Each has three numbers. */
	return ((size_t)(c->end - c->p) / 3 + 1);
}

enum mt_status
mt_tables_get_nodes(struct mt_cursor *c, uint32_t id, struct mt_node *nodes,
    size_t max, size_t *n)
{
	for (*n = 0; *n < max; ++*n) {
		if (c->p == c->end)
			return (MT_END);
		if (!mt_tables_get_node(c, id + (uint32_t)*n, &nodes[*n]))
			return (MT_ERR_FORMAT);
	}
	return (MT_OK);
}

/* The columns of a table of sites; those that are missing are empty. */
struct mt_tables_columns {
	struct mt_cursor	col[MT_TABLES_COLUMNS + 1];
};

static uint64_t
mt_tables_next(struct mt_tables_columns *in, unsigned column)
{
	struct mt_cursor *c = &in->col[column];

	return (c->p == NULL ? 0 : mt_cursor_varint(c));
}

static uint32_t
mt_tables_next_u32(struct mt_tables_columns *in, unsigned column)
{
	uint64_t v = mt_tables_next(in, column);

	return (v > UINT32_MAX ? UINT32_MAX : (uint32_t)v);
}

static void
mt_tables_get_row(struct mt_tables_columns *in, uint32_t *node,
    struct mt_site *s)
{
	/* What is between the members, too, so that equal rows are equal. */
	memset(s, 0, sizeof(*s));
	*node += (uint32_t)mt_unzigzag(mt_tables_next(in, MT_TABLES_NODE));
	s->node = *node;
	s->thread = mt_tables_next_u32(in, MT_TABLES_THREAD);
	s->allocator = mt_tables_next_u32(in, MT_TABLES_ALLOCATOR);
	s->allocations = mt_tables_next(in, MT_TABLES_ALLOCATIONS);
	s->bytes = mt_tables_next(in, MT_TABLES_BYTES);
	s->peak_allocations = mt_tables_next(in, MT_TABLES_PEAK_ALLOCATIONS);
	s->peak_bytes = mt_tables_next(in, MT_TABLES_PEAK_BYTES);
	s->leaked_allocations = mt_tables_next(in,
	    MT_TABLES_LEAKED_ALLOCATIONS);
	s->leaked_bytes = mt_tables_next(in, MT_TABLES_LEAKED_BYTES);
}

/* Columns of a later minor version are passed over. */
static bool
mt_tables_get_columns(struct mt_cursor *c, uint64_t n,
    struct mt_tables_columns *in)
{
	struct mt_bytes data;
	uint64_t i, id;

	memset(in, 0, sizeof(*in));
	for (i = 0; i < n; i++) {
		id = mt_cursor_varint(c);
		data = mt_tables_get_bytes(c);
		if (c->bad)
			return (false);
		if (id > MT_TABLES_COLUMNS)
			continue;
		in->col[id].p = data.p;
		in->col[id].end = data.p + data.n;
	}
	return (true);
}

static bool
mt_tables_is_bad(const struct mt_tables_columns *in)
{
	bool bad = false;
	unsigned i;

	for (i = 0; i <= MT_TABLES_COLUMNS; i++)
		bad |= in->col[i].bad;
	return (bad);
}

/*
 * A row takes at least a byte in the first column, which has to be there, so
 * the number of rows is checked against that before memory is allocated for
 * them.
 */
enum mt_status
mt_tables_get_sites(struct mt_cursor *c, struct mt_budget *budget,
    struct mt_site **out, size_t *n)
{
	uint64_t rows = mt_cursor_varint(c), i;
	uint64_t columns = mt_cursor_varint(c);
	struct mt_tables_columns in;
	const struct mt_cursor *col;
	struct mt_site *sites;
	uint32_t node = 0;

	if (c->bad || !mt_tables_get_columns(c, columns, &in))
		return (MT_ERR_FORMAT);
	col = &in.col[MT_TABLES_NODE];
	if (rows > (size_t)(col->end - col->p))
		return (MT_ERR_FORMAT);
	if (!mt_budget_take(budget, rows * sizeof(*sites)))
		return (MT_ERR_NOMEM);
	sites = mt_pages_malloc((rows == 0 ? 1 : (size_t)rows) *
	    sizeof(*sites));
	if (sites == NULL) {
		mt_budget_give(budget, rows * sizeof(*sites));
		return (MT_ERR_NOMEM);
	}
	for (i = 0; i < rows; i++)
		mt_tables_get_row(&in, &node, &sites[i]);
	if (mt_tables_is_bad(&in)) {
		mt_budget_free(budget, sites, (size_t)rows * sizeof(*sites));
		return (MT_ERR_FORMAT);
	}
	*out = sites;
	*n = (size_t)rows;
	return (MT_OK);
}

enum mt_status
mt_tables_get_index(struct mt_cursor *c, struct mt_tables_index *i)
{
	if (c->p == c->end)
		return (MT_END);
	i->type = mt_tables_get_u32(c);
	i->offset += mt_cursor_varint(c);
	i->raw_len = mt_tables_get_u32(c);
	i->first_alloc = 0;
	i->time_ns = 0;
	if (i->type == MT_BLOCK_EVENTS) {
		i->first_alloc = mt_cursor_varint(c);
		i->time_ns = mt_cursor_varint(c);
	}
	return (mt_tables_status(c));
}
