/*
 * The table of functions: what each allocated itself and through those it
 * called, over all stacks; and for one of them, through whom it was called,
 * and whom it called.
 *
 *	live_table_begin(t, nfuncs, focus);
 *	live_table_push(t, ...);		each process
 *	live_table_finish(t, ...);
 */

#ifndef LIVE_TABLE_H
#define LIVE_TABLE_H

#include <stddef.h>
#include <stdint.h>

#include <memtrace.h>

#include "live_tree.h"

#define LIVE_TABLE_NO_FOCUS	UINT32_MAX

enum live_sort { LIVE_SORT_TOTAL, LIVE_SORT_OWN, LIVE_SORT_ALLOCATIONS };

/*
 * A function.  In the totals it counts once for a stack, however often it
 * recurs there.
 */
struct live_row {
	uint32_t	func;
	uint64_t	total_bytes;
	uint64_t	own_bytes;
	uint64_t	allocations;	/* total */
};

struct live_rows {
	struct live_row	*row;
	size_t		 n;
	size_t		 cap;
};

struct live_table {
	struct live_rows all;		/* sorted; none is all 0 */
	struct live_rows shown;		/* those of them that match */
	uint64_t	 bytes;		/* the whole */
	uint64_t	 allocations;
	/*
	 * The function in the focus: its own row; the part of its total that
	 * came through each of its callers, where it was called first; and
	 * what it called, where it was called last, so that in a recursion
	 * both add up to its total.  Where nobody called it, it was called by
	 * LIVE_FUNCS_NONE.
	 */
	uint32_t	 focus;
	struct live_row	 focused;
	struct live_rows callers;
	struct live_rows callees;
	/* Room for the work. */
	struct mt_amount *sum;		/* by node */
	size_t		 sum_cap;
	uint32_t	*below;		/* likewise */
	size_t		 below_cap;
};

void	live_table_init(struct live_table *);
void	live_table_fini(struct live_table *);

/* nfuncs is the number of functions that there are. */
void	live_table_begin(struct live_table *, size_t nfuncs, uint32_t focus);
/* Add so much of each site of a process. */
void	live_table_push(struct live_table *, const struct live_tree *,
	    const struct mt_site *, const struct mt_amount *, size_t nsites);
/* Sort. */
void	live_table_finish(struct live_table *, enum live_sort);

/*
 * Show the functions whose name or file has this text in it, in whatever
 * case; "" shows all.
 */
void	live_table_match(struct live_table *, const struct live_funcs *,
	    const char *text);

#endif /* LIVE_TABLE_H */
