/*
 * Points of the timeline, a bounded number of them: when there are too many,
 * two become one, with the larger values of both.
 */

#ifndef MT_TIMELINE_H
#define MT_TIMELINE_H

#include "mt_private.h"

#define MT_TIMELINE_MAX	16384u

/* All zeroes is an empty timeline. */
struct mt_timeline {
	struct mt_sample	*point;
	uint32_t		 n;
	uint32_t		 cap;
	unsigned		 shift;	/* 2^shift samples make a point */
	uint32_t		 pending;	/* of those in the last point */
};

/* False if out of memory. */
bool	mt_timeline_add(struct mt_timeline *, const struct mt_sample *);
/* Append all points to a payload. */
void	mt_timeline_put(const struct mt_timeline *, struct mt_buf *);
void	mt_timeline_fini(struct mt_timeline *);

#endif /* MT_TIMELINE_H */
