/*
 * Captures that memray opens, between the files of this format:
 *
 *	transform_memray.c		the header, and which of its two kinds
 *	transform_memray_events.c	all allocations, of one capture
 *	transform_memray_sites.c	what lived, of any number of them
 *	transform_memray_lines.c	functions and their lines
 *	transform_memray_live.c		blocks that may be freed
 *	transform_memray_put.c		numbers and strings
 */

#ifndef TRANSFORM_MEMRAY_H
#define TRANSFORM_MEMRAY_H

#include "transform.h"

/* Types of records that both kinds have. */
enum memray_record {
	MEMRAY_THREAD = 10,
	MEMRAY_SWITCH = 12,
	MEMRAY_CODE = 14
};

/* memray's number of one of our allocators, and those that it frees with. */
unsigned	memray_allocator(unsigned);
#define MEMRAY_PYMALLOC_FREE	1u
#define MEMRAY_PYMALLOC_REALLOC	4u	/* the last that frees so */
#define MEMRAY_FREE		5u
#define MEMRAY_SHORT		7u	/* the last that fits in a record's
					   first byte */
#define MEMRAY_MMAP		14u
#define MEMRAY_MUNMAP		15u

/* ---- transform_memray_put.c ---- */

void	memray_put_byte(struct fe_buf *, unsigned);
void	memray_put_u32(struct fe_buf *, uint32_t);
void	memray_put_u64(struct fe_buf *, uint64_t);
void	memray_put_varint(struct fe_buf *, uint64_t);
void	memray_put_svarint(struct fe_buf *, int64_t);
/* The difference to the last one, which becomes this. */
void	memray_put_delta(struct fe_buf *, uint64_t *last, uint64_t);
/* With its NUL, as UTF-8. */
void	memray_put_string(struct fe_buf *, const char *);

/*
 * Numbers of threads as memray knows them, by our indexes: the kernel's, but
 * for those that the kernel gave out again, which are made unique.
 */
uint64_t	*memray_tids(const struct mt_thread *, size_t n);
/* Go on with a thread, and its name, if it has one. */
void	memray_put_switch(struct fe_buf *, uint64_t tid);
void	memray_put_thread(struct fe_buf *, uint64_t tid, const char *name);

/* ---- transform_memray_lines.c ---- */

/* A line of a function that some stack passes through. */
struct memray_line {
	uint32_t	function;
	uint32_t	line;
};

/*
 * memray wants functions with tables from instructions to lines, like those
 * that CPython has.  The tables here have one instruction for each line that
 * occurs, in ascending order.
 */
struct memray_lines {
	struct memray_line	*line;		/* sorted, each once */
	size_t			 n;
	uint32_t		 version;	/* as PY_VERSION_HEX */
};

/* The version is of Python, as in metadata: it says how tables look. */
void	memray_lines_init(struct memray_lines *, struct memray_line *, size_t,
	    const char *version);
void	memray_lines_fini(struct memray_lines *);
/* The instruction of a line that is there. */
int64_t	memray_lines_offset(const struct memray_lines *,
	    const struct memray_line *);
/* The record of a function; last_line is of the one before, at first 0. */
void	memray_lines_put(const struct memray_lines *, struct fe_buf *,
	    uint32_t function, const struct mt_function *,
	    uint64_t *last_line);

/* ---- transform_memray_live.c ---- */

struct memray_block {
	uint64_t	addr;
	unsigned	allocator;	/* memray's number */
};

struct memray_live_slot {
	uint64_t		ref_plus1;	/* 0: empty */
	struct memray_block	block;
};

/* Addresses of blocks by the numbers of their allocations. */
struct memray_live {
	struct memray_live_slot	*slot;
	size_t			 mask;	/* number of slots minus one */
	size_t			 used;
	uint64_t		 secret; /* numbers come from anybody */
};

/* All zeroes is an empty table; what is put is not there. */
void	memray_live_put(struct memray_live *, uint64_t ref,
	    const struct memray_block *);
bool	memray_live_take(struct memray_live *, uint64_t ref,
	    struct memray_block *);
void	memray_live_fini(struct memray_live *);

/* ---- The two kinds ---- */

void	memray_put_events(const struct transform *, struct fe_buf *,
	    const struct mt_sample *, size_t nsamples);
/* With the lines of the places of the merged captures. */
void	memray_put_sites(const struct transform *, struct fe_buf *,
	    const struct memray_lines *, const struct mt_sample *,
	    size_t nsamples);

#endif /* TRANSFORM_MEMRAY_H */
