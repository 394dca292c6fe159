/* Tables in blocks. */

#include <string.h>

#include "mt_columns.h"

void
mt_columns_finish(struct mt_columns *c, unsigned n, struct mt_buf *b)
{
	unsigned i;

	mt_buf_put_varint(b, c->rows);
	mt_buf_put_varint(b, n);
	for (i = 0; i < n; i++) {
		mt_buf_put_varint(b, i + 1);
		mt_buf_put_string(b, (const char *)c->col[i].data,
		    c->col[i].len);
		b->failed |= c->col[i].failed;
		mt_buf_fini(&c->col[i]);
	}
	c->rows = 0;
}

enum mt_status
mt_columns_get(struct mt_columns_in *in, struct mt_cursor *c)
{
	uint64_t columns, i, id, len;
	struct mt_cursor *col;

	memset(in, 0, sizeof(*in));
	in->rows = mt_cursor_varint(c);
	columns = mt_cursor_varint(c);
	for (i = 0; i < columns && !c->bad; i++) {
		id = mt_cursor_varint(c);
		len = mt_cursor_varint(c);
		if (c->bad || len > (size_t)(c->end - c->p))
			return (MT_ERR_FORMAT);
		if (id >= 1 && id <= MT_COLUMNS_MAX) {
			col = &in->col[id - 1];
			col->p = c->p;
			col->end = c->p + len;
		}
		c->p += len;
	}
	/* A value takes a byte at least. */
	if (c->bad || in->rows > (size_t)(in->col[0].end - in->col[0].p))
		return (MT_ERR_FORMAT);
	return (MT_OK);
}

enum mt_status
mt_columns_next(struct mt_columns_in *in, uint64_t v[MT_COLUMNS_MAX])
{
	unsigned i;

	if (in->rows == 0)
		return (MT_END);
	in->rows--;
	for (i = 0; i < MT_COLUMNS_MAX; i++) {
		v[i] = in->col[i].p == NULL ? 0 :
		    mt_cursor_varint(&in->col[i]);
		if (in->col[i].bad)
			return (MT_ERR_FORMAT);
	}
	return (MT_OK);
}
