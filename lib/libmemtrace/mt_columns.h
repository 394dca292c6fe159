/*
 * Tables in blocks, written column by column: equal things come together,
 * which compresses well, and a reader can pass over columns that it does not
 * know.  All values are varints; see memtrace(5).
 */

#ifndef MT_COLUMNS_H
#define MT_COLUMNS_H

#include "mt_private.h"

#define MT_COLUMNS_MAX	6u	/* ids of columns are 1 to this */

/* All zeroes is an empty table. */
struct mt_columns {
	struct mt_buf	col[MT_COLUMNS_MAX];
	size_t		rows;
};

static inline void
mt_columns_put(struct mt_columns *c, unsigned column, uint64_t v)
{
	mt_buf_put_varint(&c->col[column - 1], v);
}

static inline void
mt_columns_put_signed(struct mt_columns *c, unsigned column, int64_t v)
{
	mt_buf_put_svarint(&c->col[column - 1], v);
}

/* Append the table to a payload, with its first n columns, and free it. */
void	mt_columns_finish(struct mt_columns *, unsigned n, struct mt_buf *);

/* A table that is being read; it is not trusted. */
struct mt_columns_in {
	struct mt_cursor	col[MT_COLUMNS_MAX];
	uint64_t		rows;	/* still to come */
};

/*
 * Begin to read a table.  MT_ERR_FORMAT: it makes no sense.  The first
 * column has to be there; values of others that are missing are 0.
 */
enum mt_status	mt_columns_get(struct mt_columns_in *, struct mt_cursor *);
/* The values of the next row, by column minus one; or MT_END. */
enum mt_status	mt_columns_next(struct mt_columns_in *,
		    uint64_t v[MT_COLUMNS_MAX]);

static inline int64_t
mt_columns_signed(uint64_t v)
{
	return ((int64_t)(v >> 1 ^ (0 - (v & 1))));
}

#endif /* MT_COLUMNS_H */
