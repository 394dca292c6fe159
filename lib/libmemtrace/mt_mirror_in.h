/*
 * Inside of a mirror, between its files:
 *
 *	mt_mirror.c		takes in, life
 *	mt_mirror_next.c	frames out
 *	mt_mirror_say.c		what is not about tables
 */

#ifndef MT_MIRROR_IN_H
#define MT_MIRROR_IN_H

#include "mt_feed_wire.h"
#include "mt_tables.h"
#include "mt_take.h"

/*
 * A site.  If its stamp is not the mirror's, the heap was largest after the
 * site had changed for the last time; see mt_agg.h.
 */
struct mt_mirror_row {
	struct mt_site	site;
	uint64_t	stamp;
	uint64_t	version;	/* of its last change */
};

struct mt_mirror {
	struct mt_feed_status	 status;
	uint64_t		 status_version;
	/* Entries of blocks, one after the other. */
	struct mt_buf		 meta;
	struct mt_buf		 codes;
	struct mt_buf		 threads;
	struct mt_node		*node;
	uint32_t		 nnodes;
	uint32_t		 node_cap;
	struct mt_mirror_row	*row;		/* by id */
	uint32_t		 nrows;
	uint32_t		 row_cap;
	uint64_t		 version;	/* of the newest rows */
	uint64_t		 peak_stamp;
	struct mt_sample	*point;		/* of the timeline */
	uint32_t		 npoints;
	uint32_t		 point_cap;
	uint32_t		 complete;	/* points that stay as is */
	unsigned		 shift;
};

#endif /* MT_MIRROR_IN_H */
