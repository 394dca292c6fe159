/*
 * Inside of selections, between their files:
 *
 *	mt_select.c		views that the tables know
 *	mt_select_time.c	moments and ranges of time, by events
 *	mt_select_temporary.c	thresholds that the tables do not have
 *	mt_select_filter.c	threads, processes, calls
 */

#ifndef MT_SELECT_H
#define MT_SELECT_H

#include "memtrace.h"

/*
 * Add to the amounts what was allocated from from_ns on and lives at to_ns,
 * as events say it.
 */
enum mt_status	mt_select_time(struct mt_capture *,
		    const struct mt_lifetimes *, uint64_t from_ns,
		    uint64_t to_ns, struct mt_amount *, struct mt_error *);
/* Add what is temporary for a threshold, as events say it. */
enum mt_status	mt_select_temporary(struct mt_capture *, uint64_t threshold,
		    struct mt_amount *, struct mt_error *);
/* Set the amounts of what is filtered out to 0. */
enum mt_status	mt_select_filter(const struct mt_capture *,
		    const struct mt_selection *, struct mt_amount *,
		    struct mt_error *);

#endif /* MT_SELECT_H */
