/*
 * What the tables of the view take.  They are made of what a server sends, row
 * by row of its tables, so they are charged to the feed, which has a limit.
 */

#ifndef LIVE_COST_H
#define LIVE_COST_H

#include "live_watch.h"

/* Bytes, as of now. */
uint64_t	live_cost(const struct live_watch *);

#endif /* LIVE_COST_H */
