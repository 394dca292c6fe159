/* Inside of a take: what has changed in a recorder since the one before. */

#ifndef MT_TAKE_H
#define MT_TAKE_H

#include "mt_mirror.h"
#include "mt_private.h"

struct mt_take {
	/* Entries to append. */
	struct mt_buf	 meta;
	struct mt_buf	 codes;
	struct mt_buf	 threads;
	struct mt_node	*nodes;
	uint32_t	 nnodes;
	uint32_t	 first_node;
	/* Rows of sites, in the order of their ids. */
	uint32_t	*id;
	struct mt_site	*row;
	uint32_t	 nrows;
	uint64_t	 peak_stamp;
	/* Points of the timeline, to replace those from the first on. */
	struct mt_sample *point;
	uint32_t	 npoints;
	uint32_t	 first_point;
	uint32_t	 complete;	/* of all; the last may change */
	unsigned	 shift;
	/* The present. */
	struct mt_totals totals;
	struct mt_sample sample;
	uint64_t	 peak_rss;
	uint64_t	 peak_time_ns;
	uint64_t	 clock_ns;
};

#endif /* MT_TAKE_H */
