/* Inside of the merging of captures: tables from anywhere. */

#ifndef MT_MERGE_H
#define MT_MERGE_H

#include "mt_budget.h"

/* As mt_capture_codes() and so on give them, with all indexes checked. */
struct mt_merge_tables {
	const struct mt_code	*codes;
	const struct mt_node	*nodes;
	const struct mt_site	*sites;
	const struct mt_thread	*threads;
	const struct mt_amount	*amounts;	/* of the sites, or NULL */
	size_t			 ncodes;
	size_t			 nnodes;
	size_t			 nsites;
	size_t			 nthreads;
	const struct mt_budget	*budget;	/* of the captures, or NULL */
};

enum mt_status	mt_merge_push_tables(struct mt_merge *,
		    const struct mt_merge_tables *, struct mt_error *);

#endif /* MT_MERGE_H */
