/*
 * The layout of events blocks and their decoder; the encoder's interface is
 * in mt_private.h.  See memtrace(5).
 */

#ifndef MT_EVENTS_H
#define MT_EVENTS_H

#include "mt_private.h"

/* One byte for every event or change of the clock. */
#define MT_EVENTS_FREE		0	/* 1 to 61: allocation through that */
#define MT_EVENTS_UNMAP		62
#define MT_EVENTS_TIME		63
#define MT_EVENTS_KIND		0x3f
#define MT_EVENTS_THREAD	0x40	/* not the previous event's thread */
#define MT_EVENTS_NODE		0x80	/* not this thread's previous node */
#define MT_EVENTS_ALLOCATOR_MAX	61

/* Columns, in this order. */
enum mt_events_column {
	MT_EVENTS_COL_OPS,
	MT_EVENTS_COL_THREADS,	/* ids of the block's threads */
	MT_EVENTS_COL_SWITCHES,	/* indexes in the former */
	MT_EVENTS_COL_NODES,
	MT_EVENTS_COL_SIZES,
	MT_EVENTS_COL_ADDRS,
	MT_EVENTS_COL_FREES,
	MT_EVENTS_COL_TIMES,
	MT_EVENTS_COLS
};

/* What a block says about itself in front of its columns. */
struct mt_events_head {
	uint64_t	first_event;	/* numbers of the first of each */
	uint64_t	first_alloc;
	uint64_t	count;		/* events */
	uint64_t	time_ns;	/* of the first event */
};

/* A thread as far as one block is concerned. */
struct mt_events_thread {
	uint32_t	id;
	uint32_t	node;		/* of its last allocation here */
};

/* Zero it before its first use. */
struct mt_events_dec {
	struct mt_cursor	 col[MT_EVENTS_COLS];
	struct mt_events_thread	*threads;	/* malloc(3) */
	size_t			 nthreads;
	size_t			 cap;
	struct mt_events_thread	*cur;
	uint64_t		 left;		/* events */
	uint64_t		 allocs;	/* number of the next */
	uint64_t		 addr;
	uint64_t		 time_ns;
	/* Indexes at or above these become 0. */
	uint32_t		 max_node;
	uint32_t		 max_thread;
	bool			 bad;
};

/* False if the bytes do not begin as an events block does. */
bool	mt_events_get_head(struct mt_cursor *, struct mt_events_head *);

/*
 * Begin to decode a payload, which must stay until the last event was taken.
 * MT_ERR_FORMAT if it cannot be one.
 */
enum mt_status	mt_events_dec_start(struct mt_events_dec *, const uint8_t *,
		    size_t, struct mt_error *);
/*
 * Decode up to n events; fewer only at the end of the block or, with bad
 * set, where it makes no sense.
 */
size_t	mt_events_dec_next(struct mt_events_dec *, struct mt_event *,
	    size_t n);
void	mt_events_dec_fini(struct mt_events_dec *);

#endif /* MT_EVENTS_H */
