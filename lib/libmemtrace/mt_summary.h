/* Inside of the summaries: the tables of a capture, wherever they are. */

#ifndef MT_SUMMARY_H
#define MT_SUMMARY_H

#include "memtrace.h"

/* As mt_capture_codes() and so on give them, with all indexes checked. */
struct mt_summary_tables {
	const struct mt_code	*codes;
	const struct mt_node	*nodes;
	const struct mt_site	*sites;
	/* One for each site; NULL: the view is one of the sites' own. */
	const struct mt_amount	*amounts;
	size_t			 ncodes;
	size_t			 nnodes;
	size_t			 nsites;
};

enum mt_status	mt_summary_push_tables(struct mt_summary *,
		    const struct mt_summary_tables *, struct mt_error *);

#endif /* MT_SUMMARY_H */
