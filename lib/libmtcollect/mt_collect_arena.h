/*
 * Arenas, as the collector has them: the memory that is shared with a process,
 * and what is known of each ring in it.
 */

#ifndef MT_COLLECT_ARENA_H
#define MT_COLLECT_ARENA_H

#include "mt_collect_ring.h"

struct mt_collect_arena {
	struct mt_arena		*shared;
	struct mt_collect_arena	*next;	/* on their way to the process */
	struct mt_collect_ring	 ring[MT_ARENA_RINGS];
};

/*
 * An arena that nobody else has yet, and its descriptor; NULL with errno if
 * there can be none.
 */
struct mt_collect_arena *mt_collect_arena_make(int *fd);

/* Takes over the mapping, also on failure, which is NULL. */
struct mt_collect_arena *mt_collect_arena_new(struct mt_arena *);
/* Whoever waits for room in its rings is woken.  Accepts NULL. */
void		mt_collect_arena_free(struct mt_collect_arena *);

#endif /* MT_COLLECT_ARENA_H */
