/* Encoders of the blocks that hold tables; memtrace(5) has the layouts. */

#include <string.h>

#include "mt_tables.h"

static void
mt_tables_put_text(struct mt_buf *b, const char *s)
{
	mt_buf_put_string(b, s, strlen(s));
}

void
mt_tables_put_meta(struct mt_buf *b, const char *key, const char *value)
{
	mt_tables_put_text(b, key);
	mt_tables_put_text(b, value);
}

void
mt_tables_put_code(struct mt_buf *b, uint32_t id, const struct mt_code *code)
{
	mt_buf_put_varint(b, id);
	mt_tables_put_text(b, code->function);
	mt_tables_put_text(b, code->file);
	mt_buf_put_varint(b, code->first_line);
	mt_buf_put_varint(b, code->table_kind);
	mt_buf_put_string(b, (const char *)code->table, code->table_len);
}

/* A parent is usually the node before, so its distance is a small number. */
void
mt_tables_put_node(struct mt_buf *b, uint32_t id, const struct mt_node *node)
{
	if (b->len == 0)
		mt_buf_put_varint(b, id);
	mt_buf_put_varint(b, id - node->parent);
	mt_buf_put_varint(b, node->code);
	mt_buf_put_svarint(b, node->offset);
}

void
mt_tables_put_thread(struct mt_buf *b, uint32_t id,
    const struct mt_thread *thread)
{
	mt_buf_put_varint(b, id);
	mt_buf_put_varint(b, thread->tid);
	mt_tables_put_text(b, thread->name);
}

/* The first sample of a block stands for itself, whatever came before. */
void
mt_tables_put_sample(struct mt_buf *b, const struct mt_sample *prev,
    const struct mt_sample *s)
{
	static const struct mt_sample zero;

	if (prev == NULL || b->len == 0)
		prev = &zero;
	mt_buf_put_svarint(b, (int64_t)(s->time_ns - prev->time_ns));
	mt_buf_put_svarint(b, (int64_t)(s->heap - prev->heap));
	mt_buf_put_svarint(b, (int64_t)(s->rss - prev->rss));
	mt_buf_put_svarint(b, (int64_t)(s->anon_rss - prev->anon_rss));
}

static void
mt_tables_put_value(struct mt_buf *b, unsigned column,
    const struct mt_site *s, const struct mt_site *prev)
{
	switch (column) {
	case MT_TABLES_NODE:
		mt_buf_put_svarint(b, (int64_t)s->node - (int64_t)prev->node);
		break;
	case MT_TABLES_THREAD:
		mt_buf_put_varint(b, s->thread);
		break;
	case MT_TABLES_ALLOCATOR:
		mt_buf_put_varint(b, s->allocator);
		break;
	case MT_TABLES_ALLOCATIONS:
		mt_buf_put_varint(b, s->allocations);
		break;
	case MT_TABLES_BYTES:
		mt_buf_put_varint(b, s->bytes);
		break;
	case MT_TABLES_PEAK_ALLOCATIONS:
		mt_buf_put_varint(b, s->peak_allocations);
		break;
	case MT_TABLES_PEAK_BYTES:
		mt_buf_put_varint(b, s->peak_bytes);
		break;
	case MT_TABLES_LEAKED_ALLOCATIONS:
		mt_buf_put_varint(b, s->leaked_allocations);
		break;
	case MT_TABLES_LEAKED_BYTES:
		mt_buf_put_varint(b, s->leaked_bytes);
		break;
	default:
		break;
	}
}

void
mt_tables_put_sites(struct mt_buf *b, const struct mt_site *sites, size_t n)
{
	static const struct mt_site zero;
	struct mt_buf column = { NULL, 0, 0, false };
	const struct mt_site *prev;
	unsigned id;
	size_t i;

	mt_buf_put_varint(b, n);
	mt_buf_put_varint(b, MT_TABLES_COLUMNS);
	for (id = 1; id <= MT_TABLES_COLUMNS; id++) {
		column.len = 0;
		for (i = 0, prev = &zero; i < n; prev = &sites[i++])
			mt_tables_put_value(&column, id, &sites[i], prev);
		mt_buf_put_varint(b, id);
		mt_buf_put_string(b, (const char *)column.data, column.len);
	}
	b->failed |= column.failed;
	mt_buf_fini(&column);
}

void
mt_tables_put_index(struct mt_buf *b, const struct mt_tables_index *prev,
    const struct mt_tables_index *i)
{
	mt_buf_put_varint(b, i->type);
	mt_buf_put_varint(b, i->offset - prev->offset);
	mt_buf_put_varint(b, i->raw_len);
	if (i->type != MT_BLOCK_EVENTS)
		return;
	mt_buf_put_varint(b, i->first_alloc);
	mt_buf_put_varint(b, i->time_ns);
}
