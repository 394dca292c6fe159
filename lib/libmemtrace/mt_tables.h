/*
 * Decoders of the blocks that hold tables; their encoders are in
 * mt_private.h.  Payloads are not trusted.  See memtrace(5).
 */

#ifndef MT_TABLES_H
#define MT_TABLES_H

#include "mt_private.h"

/* Columns of the sites block. */
enum mt_tables_column {
	MT_TABLES_NODE = 1,
	MT_TABLES_THREAD = 2,
	MT_TABLES_ALLOCATOR = 3,
	MT_TABLES_ALLOCATIONS = 4,
	MT_TABLES_BYTES = 5,
	MT_TABLES_PEAK_ALLOCATIONS = 6,
	MT_TABLES_PEAK_BYTES = 7,
	MT_TABLES_LEAKED_ALLOCATIONS = 8,
	MT_TABLES_LEAKED_BYTES = 9
};
#define MT_TABLES_COLUMNS	9

/* A string within a payload, not terminated. */
struct mt_bytes {
	const uint8_t	*p;
	size_t		 n;
};

struct mt_tables_code {
	uint32_t	id;
	struct mt_bytes	function;
	struct mt_bytes	file;
	uint32_t	first_line;
	uint32_t	kind;
	struct mt_bytes	table;
};

struct mt_tables_thread {
	uint32_t	id;
	uint64_t	tid;
	struct mt_bytes	name;
};

/*
 * Each takes the next entry.  MT_END: the payload ends here.  MT_ERR_FORMAT:
 * it makes no sense from here on.
 */
enum mt_status	mt_tables_get_meta(struct mt_cursor *, struct mt_bytes *key,
		    struct mt_bytes *value);
enum mt_status	mt_tables_get_code(struct mt_cursor *,
		    struct mt_tables_code *);
enum mt_status	mt_tables_get_thread(struct mt_cursor *,
		    struct mt_tables_thread *);
/* s is the previous sample of the block, all 0 before the first. */
enum mt_status	mt_tables_get_sample(struct mt_cursor *, struct mt_sample *s);

/* The first entry's id, then the entries, whose ids count from there. */
enum mt_status	mt_tables_get_first_node(struct mt_cursor *, uint32_t *id);
/*
 * Up to max of them, the first of which has this id.  *n are there whatever
 * the status is; MT_OK: that is max.
 */
enum mt_status	mt_tables_get_nodes(struct mt_cursor *, uint32_t id,
		    struct mt_node *, size_t max, size_t *n);
/* More than can be left in the payload. */
size_t		mt_tables_max_nodes(const struct mt_cursor *);

/* All rows, for free(3); indexes are as they are in the file. */
enum mt_status	mt_tables_get_sites(struct mt_cursor *, struct mt_budget *,
		    struct mt_site **, size_t *n);

/* An entry of the index. */
struct mt_tables_index {
	uint32_t	type;
	uint64_t	offset;		/* in the file */
	uint32_t	raw_len;
	/* Of events blocks only. */
	uint64_t	first_alloc;
	uint64_t	time_ns;
};

/* prev is the entry before, all 0 for the first. */
void	mt_tables_put_index(struct mt_buf *, const struct mt_tables_index *prev,
	    const struct mt_tables_index *);
/* i is the previous entry, and becomes the next. */
enum mt_status	mt_tables_get_index(struct mt_cursor *,
		    struct mt_tables_index *i);

#endif /* MT_TABLES_H */
