/*
 * The drain thread: takes the events of the traced process out of its rings
 * and into the recorder, whose blocks go to the queue.  Its life is the
 * session's lifeline.
 *
 * All functions are for the main thread.  Recorder and process belong to the
 * drain thread until stop has returned.
 */

#ifndef MT_COLLECT_DRAIN_H
#define MT_COLLECT_DRAIN_H

#include <stdbool.h>

#include <mt_record.h>

#include "mt_collect_proc.h"
#include "mt_collect_process.h"
#include "mt_collect_queue.h"
#include "mt_collect_session.h"

struct mt_collect_drain;

/*
 * Makes the recorder.  Nothing runs before start, so that first metadata can
 * be put.  When start returns, the lifeline is held.
 */
enum mt_status	mt_collect_drain_new(struct mt_collect_drain **out,
		    struct mt_collect_session *, struct mt_collect_queue *,
		    unsigned recorder_flags, struct mt_error *);
enum mt_status	mt_collect_drain_start(struct mt_collect_drain *,
		    struct mt_error *);
/* Stops first.  Accepts NULL. */
void		mt_collect_drain_free(struct mt_collect_drain *);

struct mt_recorder *mt_collect_drain_recorder(struct mt_collect_drain *);

/*
 * The process to trace, once.  proc is the caller's, or NULL if its threads
 * have other numbers than they think.
 */
void		mt_collect_drain_trace(struct mt_collect_drain *,
		    struct mt_collect_process *, const char *py_version,
		    const struct mt_collect_proc *proc);
/* Another arena of that process; taken over.  False: not now. */
bool		mt_collect_drain_arena(struct mt_collect_drain *,
		    struct mt_arena *);
void		mt_collect_drain_sample(struct mt_collect_drain *,
		    const struct mt_sample *);
/* The process has ended, or is another program now. */
void		mt_collect_drain_ended(struct mt_collect_drain *);

/* Take what is left, end the session and the thread. */
void		mt_collect_drain_stop(struct mt_collect_drain *);

#endif /* MT_COLLECT_DRAIN_H */
