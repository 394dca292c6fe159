/*
 * Blocks on their way to the files, and the thread that writes them: one for
 * all captures of a run.
 *
 * The queue is bounded; put waits while it is full.  When events can no
 * longer be written (disk full) they are dropped here and counted, while all
 * other blocks still go to the writer, into its reserve.
 */

#ifndef MT_COLLECT_QUEUE_H
#define MT_COLLECT_QUEUE_H

#include <stdbool.h>
#include <stdint.h>

#include <mt_record.h>

#include "mt_collect_output.h"

#define MT_COLLECT_QUEUE_MAX	(64u << 20)	/* bytes of blocks */

struct mt_collect_queue;

/*
 * What the captures have in common stays the caller's, who leaves it alone
 * until free.
 */
enum mt_status	mt_collect_queue_new(struct mt_collect_queue **out,
		    struct mt_collect_outputs *, struct mt_error *);
/* Writes what is left first.  Accepts NULL. */
void		mt_collect_queue_free(struct mt_collect_queue *);

/*
 * Takes data, of malloc(3), in any case.  events is how many a block of
 * events holds.  Fails once blocks other than events cannot be written.
 */
enum mt_status	mt_collect_queue_put(struct mt_collect_queue *,
		    struct mt_collect_output *, enum mt_block_type,
		    void *data, size_t len, uint64_t events,
		    struct mt_error *);

/*
 * What is put between these two, if the first does not fail, goes into a new
 * file; see mt_collect_output_renew().  At the first, nothing of the capture
 * may be waiting that belongs to another new file.
 */
enum mt_status	mt_collect_queue_renew(struct mt_collect_queue *,
		    struct mt_collect_output *, struct mt_error *);
void		mt_collect_queue_renewed(struct mt_collect_queue *,
		    struct mt_collect_output *, bool complete);

/* The capture is complete: it is closed and freed behind its last block. */
void		mt_collect_queue_close(struct mt_collect_queue *,
		    struct mt_collect_output *);

/* Bytes of disk to keep for the tables; takes effect some blocks later. */
void		mt_collect_queue_reserve(struct mt_collect_queue *,
		    struct mt_collect_output *, uint64_t);

/* Wait until all is written. */
void		mt_collect_queue_sync(struct mt_collect_queue *);
/* How writing goes; true if nothing of this capture waits to be written. */
bool		mt_collect_queue_get(struct mt_collect_queue *,
		    const struct mt_collect_output *,
		    struct mt_collect_output_state *);

#endif /* MT_COLLECT_QUEUE_H */
