/* Decoders of the blocks that hold tables; memtrace(5) has the layouts. */

#include <stdlib.h>
#include <string.h>

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

enum mt_status
mt_tables_get_node(struct mt_cursor *c, uint32_t id, struct mt_node *node)
{
	uint32_t distance;
	int64_t offset;

	if (c->p == c->end)
		return (MT_END);
	distance = mt_tables_get_u32(c);
	node->code = mt_tables_get_u32(c);
	offset = mt_cursor_svarint(c);
	if (c->bad || offset < INT32_MIN || offset > INT32_MAX ||
	    distance > id || (distance == 0 && id != 0))
		return (MT_ERR_FORMAT);
	node->parent = id - distance;
	node->offset = (int32_t)offset;
	return (MT_OK);
}

static void
mt_tables_set(struct mt_site *s, uint64_t column, uint64_t v)
{
	switch (column) {
	case MT_TABLES_THREAD:
		s->thread = v > UINT32_MAX ? UINT32_MAX : (uint32_t)v;
		break;
	case MT_TABLES_ALLOCATOR:
		s->allocator = v > UINT32_MAX ? UINT32_MAX : (uint32_t)v;
		break;
	case MT_TABLES_ALLOCATIONS:
		s->allocations = v;
		break;
	case MT_TABLES_BYTES:
		s->bytes = v;
		break;
	case MT_TABLES_PEAK_ALLOCATIONS:
		s->peak_allocations = v;
		break;
	case MT_TABLES_PEAK_BYTES:
		s->peak_bytes = v;
		break;
	case MT_TABLES_LEAKED_ALLOCATIONS:
		s->leaked_allocations = v;
		break;
	case MT_TABLES_LEAKED_BYTES:
		s->leaked_bytes = v;
		break;
	default:
		break;		/* of a later minor version */
	}
}

static bool
mt_tables_get_column(struct mt_bytes data, uint64_t column,
    struct mt_site *sites, size_t n)
{
	struct mt_cursor c = { data.p, data.p + data.n, false };
	uint32_t node = 0;
	size_t i;

	if (column > MT_TABLES_COLUMNS)
		return (true);
	for (i = 0; i < n && !c.bad; i++) {
		if (column == MT_TABLES_NODE) {
			node += (uint32_t)mt_cursor_svarint(&c);
			sites[i].node = node;
		} else {
			mt_tables_set(&sites[i], column,
			    mt_cursor_varint(&c));
		}
	}
	return (!c.bad);
}

/*
 * A row takes at least a byte in every column, so the number of rows is
 * checked against the payload before memory is allocated for them.
 */
enum mt_status
mt_tables_get_sites(struct mt_cursor *c, struct mt_site **out, size_t *n)
{
	uint64_t rows = mt_cursor_varint(c);
	uint64_t columns = mt_cursor_varint(c);
	struct mt_bytes data;
	struct mt_site *sites;
	uint64_t i, id;

	if (c->bad || rows > (size_t)(c->end - c->p))
		return (MT_ERR_FORMAT);
	sites = calloc(rows == 0 ? 1 : (size_t)rows, sizeof(*sites));
	if (sites == NULL)
		return (MT_ERR_NOMEM);
	for (i = 0; i < columns; i++) {
		id = mt_cursor_varint(c);
		data = mt_tables_get_bytes(c);
		if (c->bad || !mt_tables_get_column(data, id, sites,
		    (size_t)rows)) {
			free(sites);
			return (MT_ERR_FORMAT);
		}
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
