/*
 * The drain thread: takes the events of all traced processes out of their
 * rings and into their recorders, whose blocks go to the queue.  Its life is
 * the session's lifeline.
 *
 * All functions are for the main thread.
 */

#ifndef MT_COLLECT_DRAIN_H
#define MT_COLLECT_DRAIN_H

#include <stdbool.h>

#include <mt_record.h>

#include "mt_collect_image.h"
#include "mt_collect_live.h"
#include "mt_collect_session.h"

struct mt_collect_drain;

/*
 * There may be no live feed (NULL).  alone: there is no other process than
 * the first, so that the session ends when that one cannot be recorded.
 */
enum mt_status	mt_collect_drain_new(struct mt_collect_drain **out,
		    struct mt_collect_session *, struct mt_collect_queue *,
		    struct mt_collect_live *, uint64_t start_time_ns,
		    bool alone, struct mt_error *);
/* When start returns, the lifeline is held. */
enum mt_status	mt_collect_drain_start(struct mt_collect_drain *,
		    struct mt_error *);
/* Stops first.  Accepts NULL. */
void		mt_collect_drain_free(struct mt_collect_drain *);

/* Another image to drain; taken over. */
void		mt_collect_drain_image(struct mt_collect_drain *,
		    struct mt_collect_image *);
/*
 * Another arena of an image, as mt_collect_process_arenas(); to be called
 * before the process is told of it.
 */
void		mt_collect_drain_arena(struct mt_collect_drain *,
		    struct mt_collect_image *, struct mt_collect_arena *);
void		mt_collect_drain_sample(struct mt_collect_drain *,
		    struct mt_collect_image *, const struct mt_sample *);
/* Nothing more comes from the image. */
void		mt_collect_drain_ended(struct mt_collect_drain *,
		    struct mt_collect_image *);
/*
 * The image ended like this; nothing more comes from it, and it is no longer
 * for the caller.
 */
void		mt_collect_drain_finish(struct mt_collect_drain *,
		    struct mt_collect_image *, const struct mt_collect_end *);

/*
 * End the session and the thread.  Images that are to be finished are, the
 * others are left as they are.
 */
void		mt_collect_drain_stop(struct mt_collect_drain *);

/* What became of the images that were finished; after stop. */
const struct mt_collect_sum *mt_collect_drain_sum(
		    const struct mt_collect_drain *);

#endif /* MT_COLLECT_DRAIN_H */
