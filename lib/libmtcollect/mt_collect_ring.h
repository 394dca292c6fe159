/*
 * The consumer's side of a ring (mt_ring.h): positions, tail, waking and
 * recycling.  Nothing that the other side writes is believed: the head is
 * checked, and each word is copied once, before it is looked at.
 */

#ifndef MT_COLLECT_RING_H
#define MT_COLLECT_RING_H

#include <stdbool.h>
#include <stdint.h>

#include "mt_ring.h"

#define MT_COLLECT_BATCH	4096u	/* words between updates of the tail */
#define MT_COLLECT_NO_THREAD	UINT32_MAX

struct mt_collect_ring {
	struct mt_ring	*shared;
	const uint64_t	*data;
	uint64_t	 pos;		/* of the next word to decode */
	uint64_t	 head;		/* as last seen, plausible */
	uint64_t	 tail;		/* as the producer knows it */
	uint64_t	 seq;		/* number of the next event */
	uint64_t	 time_us;	/* of the next event */
	uint32_t	 thread;	/* or MT_COLLECT_NO_THREAD */
	uint32_t	 node;		/* of the top frame; 0: empty stack */
	uint32_t	*path;		/* nodes of all frames, bottom first */
	uint32_t	 depth;		/* frames */
	uint32_t	 depth_cap;	/* of path */
	uint32_t	 touched;	/* words of data, ever */
	/* A line table as far as it has come, of which code. */
	uint8_t		*table;
	uint32_t	 table_len;
	uint32_t	 table_id;
	bool		 held;		/* at pos is an event too early */
};

void	mt_collect_ring_init(struct mt_collect_ring *, struct mt_arena *,
	    unsigned index);
void	mt_collect_ring_fini(struct mt_collect_ring *);

/* The word at a position, copied once. */
static inline uint64_t
mt_collect_ring_word(const struct mt_collect_ring *r, uint64_t pos)
{
	return (__atomic_load_n(&r->data[pos & (MT_RING_WORDS - 1)],
	    __ATOMIC_RELAXED));
}

static inline bool
mt_collect_ring_is_empty(const struct mt_collect_ring *r)
{
	return (r->pos == r->head);
}

/* See what was published since; false if the head cannot be true. */
bool	mt_collect_ring_look(struct mt_collect_ring *);

/* n words from a position on, as bytes. */
void	mt_collect_ring_copy(const struct mt_collect_ring *, uint64_t pos,
	    void *to, uint64_t n);

/* Give the room of what was decoded back, and wake a waiting producer. */
void	mt_collect_ring_publish(struct mt_collect_ring *);

/* The producer waits, though we cannot give it more room now. */
bool	mt_collect_ring_is_stuck(const struct mt_collect_ring *);

/*
 * The last look before we sleep: wakes a producer that waits, though it has
 * room, and tells whether there is too much to be read to sleep.
 */
bool	mt_collect_ring_is_urgent(struct mt_collect_ring *);

/*
 * Throw away what is there, without believing any of it, and return how
 * many events that looks like.
 */
uint64_t mt_collect_ring_discard(struct mt_collect_ring *);

/* Let a waiting producer look around, whatever room there is. */
void	mt_collect_ring_wake(struct mt_collect_ring *);

/* Whose the ring is, as MT_RING_OWNER(); 0 if it is nobody's. */
uint64_t mt_collect_ring_owner(const struct mt_collect_ring *);

/*
 * This owner uses the ring no more: make it free for the next thread.  False
 * if there is still something in it, or another one has it.
 */
bool	mt_collect_ring_recycle(struct mt_collect_ring *, uint64_t owner);

#endif /* MT_COLLECT_RING_H */
