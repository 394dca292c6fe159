/*
 * What memray-stats finds out, and the two ways to print it.
 *
 *	stats_sizes	sizes of allocations, in bins
 *	stats_module	which module a file belongs to
 *	stats_top	places and modules that allocated most
 *	stats_text	for people and for pipes
 *	stats_json	for programs
 */

#ifndef STATS_H
#define STATS_H

#include <stdio.h>

#include <fe_meta.h>
#include <memtrace.h>

#include "stats_sizes.h"

#define STATS_ALLOCATORS	64u	/* a capture knows no higher number */

/* A place or a module, by number. */
struct stats_sum {
	uint32_t	what;
	uint64_t	allocations;
	uint64_t	bytes;
};

/* Numbers of things, sorted in two ways, the largest first. */
struct stats_top {
	struct stats_sum	*by_size;
	struct stats_sum	*by_count;
	size_t			 n;	/* of each */
};

struct stats {
	struct fe_metas		 metas;
	struct mt_merge		*merge;
	struct stats_sizes	 sizes;
	size_t			 num_largest;	/* to be printed */
	/* Sums over all captures. */
	uint64_t		 allocations;
	uint64_t		 bytes;
	uint64_t		 peak_bytes;
	uint64_t		 leaked_allocations;
	uint64_t		 leaked_bytes;
	/* Filled in by stats_top_fill(). */
	struct stats_sum	 allocators[STATS_ALLOCATORS];
	size_t			 nallocators;	/* used ones, sorted */
	struct stats_top	 places;
	struct stats_top	 modules;
	char			**module;	/* names, by number */
	size_t			 nmodules;
};

/* From the merged captures; afterwards nothing is added any more. */
void	stats_top_fill(struct stats *);
void	stats_top_fini(struct stats *);

void	stats_text(const struct stats *, FILE *);
void	stats_pipe(const struct stats *, FILE *);
void	stats_json(const struct stats *, FILE *);

#endif /* STATS_H */
