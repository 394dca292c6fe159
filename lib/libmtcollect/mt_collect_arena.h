/*
 * Arenas, as the collector has them: the memory that is shared with a process,
 * and what is known of each ring in it.
 */

#ifndef MT_COLLECT_ARENA_H
#define MT_COLLECT_ARENA_H

#include "mt_collect_ring.h"

struct mt_collect_arena {
	struct mt_arena		*shared;
	bool			 used;	/* a thread has had a ring of it */
	struct mt_collect_arena	*next;	/* on their way to the process */
	struct mt_collect_ring	 ring[MT_ARENA_RINGS];
};

/*
 * A list of at most *n arenas that nobody else has yet, the number of them,
 * and the descriptor of the file in which they lie, one after the other; NULL
 * with errno if there can be none.  More than one only where such as nobody
 * uses take up no memory.
 */
struct mt_collect_arena *mt_collect_arena_make(int *fd, unsigned *n);
/* Of a list. */
void		mt_collect_arenas_free(struct mt_collect_arena *);

/* Takes over the mapping, also on failure, which is NULL. */
struct mt_collect_arena *mt_collect_arena_new(struct mt_arena *);
/* Whoever waits for room in its rings is woken.  Accepts NULL. */
void		mt_collect_arena_free(struct mt_collect_arena *);

#endif /* MT_COLLECT_ARENA_H */
