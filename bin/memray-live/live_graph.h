/*
 * The graph of heap and resident set over time: what stands in each of its
 * cells, whatever draws it.
 */

#ifndef LIVE_GRAPH_H
#define LIVE_GRAPH_H

#include <stddef.h>
#include <stdint.h>

#include <memtrace.h>

#define LIVE_GRAPH_MAX	512u	/* columns at most */

/* The largest in the time of one column. */
struct live_graph_column {
	uint64_t	heap;
	uint64_t	rss;
};

struct live_graph {
	uint64_t		 from_ns;
	uint64_t		 to_ns;		/* more than from_ns */
	size_t			 n;
	uint64_t		 top;	/* largest value, at least 1 */
	struct live_graph_column column[LIVE_GRAPH_MAX];
};

/* An empty graph of n columns for the time from from_ns up to to_ns. */
void	live_graph_init(struct live_graph *, size_t n, uint64_t from_ns,
	    uint64_t to_ns);

/*
 * Add a process, whose samples are in the order of time.  It counts until
 * end_ns.  A column without a sample is as the one before.
 */
void	live_graph_add(struct live_graph *, const struct mt_sample *, size_t n,
	    uint64_t end_ns);

/*
 * How many of `steps' steps of the row (counted from 0, at the bottom, of
 * `rows' rows) a value fills: 0 for none, `steps' for all.  A value that is
 * not 0 fills at least one step of the lowest row.
 */
unsigned	live_graph_steps(const struct live_graph *, uint64_t value,
		    unsigned row, unsigned rows, unsigned steps);

#endif /* LIVE_GRAPH_H */
