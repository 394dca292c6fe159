/*
 * Inside of the summaries, between their files:
 *
 *	mt_summary.c		adding captures up
 *	mt_summary_rows.c	the rows, sorted
 */

#ifndef MT_SUMMARY_H
#define MT_SUMMARY_H

#include "memtrace.h"
#include "mt_hash.h"
#include "mt_str.h"

struct mt_summary_func {
	uint32_t	function;	/* string */
	uint32_t	file;		/* string */
	uint64_t	total_bytes;
	uint64_t	own_bytes;
	uint64_t	total_allocations;
	uint64_t	own_allocations;
};

/* A line of a function. */
struct mt_summary_line {
	uint32_t	func;
	uint32_t	line;
	uint64_t	bytes;
};

struct mt_summary {
	struct mt_budget budget;	/* of all captures together */
	enum mt_view	 view;
	struct mt_str	 strings;
	struct mt_hash	 func_index;
	struct mt_summary_func	*func;
	uint32_t	 nfuncs;
	uint32_t	 func_cap;
	struct mt_hash	 line_index;
	struct mt_summary_line	*line;
	uint32_t	 nlines;
	uint32_t	 line_cap;
	struct mt_row	*rows;
	uint64_t	 bytes;
	uint64_t	 allocations;
};

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
	const struct mt_budget	*budget;	/* of the capture, or NULL */
};

enum mt_status	mt_summary_push_tables(struct mt_summary *,
		    const struct mt_summary_tables *, struct mt_error *);

#endif /* MT_SUMMARY_H */
