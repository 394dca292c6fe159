/*
 * The layout of events blocks and their decoder; the encoder's interface is
 * in mt_private.h.  See memtrace(5).
 */

#ifndef MT_EVENTS_H
#define MT_EVENTS_H

#include <mt_wire.h>

#include "mt_private.h"

/* One byte for every event or change of the clock. */
#define MT_EVENTS_FREE		0	/* 1 to 61: allocation through that */
#define MT_EVENTS_UNMAP		62
#define MT_EVENTS_TIME		63
#define MT_EVENTS_KIND		0x3f
#define MT_EVENTS_THREAD	0x40	/* not the previous event's thread */
#define MT_EVENTS_NODE		0x80	/* not this thread's previous node */
#define MT_EVENTS_ALLOCATOR_MAX	61

/* Bytes of the column of operations; a block with more is refused. */
#define MT_EVENTS_OPS_MAX	(1u << 20)

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

/*
 * Allocators hand out again what was freed last, so encoder and decoder both
 * keep the blocks that were allocated and freed within the events block, by
 * size class, and an address that could be foreseen takes a zero.
 */
#define MT_EVENTS_CLASSES	99
#define MT_EVENTS_NO_CLASS	MT_EVENTS_CLASSES

struct mt_events_chunk {
	uint64_t	addr;
	uint32_t	next;		/* freed before, plus one; 0: none */
	uint32_t	class;
};

/* Zero it before its first use. */
struct mt_events_heap {
	struct mt_events_chunk	*chunks;	/* by allocation; malloc(3) */
	uint32_t		 n;
	uint32_t		 cap;
	/* Plus one; 0: none, as always in that of no class. */
	uint32_t		 top[MT_EVENTS_CLASSES + 1];
};

/* Forget all, with room for so many allocations; false if out of memory. */
bool	mt_events_heap_reset(struct mt_events_heap *, uint32_t cap);
void	mt_events_heap_fini(struct mt_events_heap *);
/* The class of a block: 16 bytes wide in pymalloc and in malloc(3). */
static inline unsigned
mt_events_class(unsigned allocator, uint64_t size)
{
	if (allocator >= MT_ALLOCATOR_PYMALLOC_MALLOC &&
	    allocator <= MT_ALLOCATOR_PYMALLOC_REALLOC)
		return (size <= 512 ? ((unsigned)size + 15) / 16 :
		    MT_EVENTS_NO_CLASS);
	return (size <= 1032 ? 33 + ((unsigned)size + 23) / 16 :
	    MT_EVENTS_NO_CLASS);
}

/* The next allocation of the block was made. */
static inline void
mt_events_heap_add(struct mt_events_heap *h, unsigned class, uint64_t addr)
{
	struct mt_events_chunk *chunk = &h->chunks[h->n++];

	chunk->addr = addr;
	chunk->next = 0;
	chunk->class = class;
}

/* Allocation i of the block was freed. */
static inline void
mt_events_heap_free(struct mt_events_heap *h, uint32_t i)
{
	struct mt_events_chunk *chunk = &h->chunks[i];

	if (chunk->class == MT_EVENTS_NO_CLASS)
		return;
	chunk->next = h->top[chunk->class];
	h->top[chunk->class] = i + 1;
}

/* What an allocation of this class will get; false if nobody knows. */
static inline bool
mt_events_heap_guess(const struct mt_events_heap *h, unsigned class,
    uint64_t *addr)
{
	if (h->top[class] == 0)
		return (false);
	*addr = h->chunks[h->top[class] - 1].addr;
	return (true);
}

/* It did. */
static inline void
mt_events_heap_take(struct mt_events_heap *h, unsigned class)
{
	h->top[class] = h->chunks[h->top[class] - 1].next;
}

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
	struct mt_events_heap	 heap;
	uint64_t		 left;		/* events */
	uint64_t		 allocs;	/* number of the next */
	uint64_t		 addr;		/* last one not guessed */
	uint64_t		 time_ns;
	/* Indexes at or above these become 0. */
	uint32_t		 max_node;
	uint32_t		 max_thread;
	bool			 bad;
	struct mt_budget	*budget;
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
