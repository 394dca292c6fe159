/*
 * What is to be transformed, and the formats: each has a file, which is
 * listed in memray-transform.c.
 */

#ifndef TRANSFORM_H
#define TRANSFORM_H

#include <stdio.h>

#include <fe_buf.h>
#include <fe_meta.h>
#include <memtrace.h>

/* Allocations of one thread at one stack through one function. */
struct transform_record {
	uint32_t	call;		/* index in calls */
	uint32_t	thread;		/* index in threads */
	uint32_t	allocator;
	uint64_t	allocations;
	uint64_t	bytes;
};

struct transform {
	enum mt_view			 view;
	struct fe_metas			 metas;
	struct mt_merge			*merge;
	struct mt_capture		*capture; /* if there is but one */
	/* Filled in by transform_fill(). */
	const struct mt_function	*functions;
	const struct mt_place		*places;
	const struct mt_call		*calls;
	const struct mt_site		*sites;
	const struct mt_amount		*amounts;	/* of sites */
	const struct mt_thread		*threads;
	size_t				 nfunctions;
	size_t				 nplaces;
	size_t				 ncalls;
	size_t				 nsites;
	size_t				 nthreads;
	struct transform_record		*records;	/* of the view */
	size_t				 nrecords;
	bool				 is_empty;	/* none was written */
	/* See transform_chain(). */
	uint32_t			*chain;
	size_t				 chain_max;
	bool				 shortens;	/* some stacks */
	uint32_t			*depth_of;	/* by call */
	uint32_t			*outer_of;	/* by call */
	uint32_t			 omitted;	/* place */
	struct mt_function		*more_functions;
	struct mt_place			*more_places;
};

/* Calls of a stack that are written, at most, if they are too many in all. */
#define TRANSFORM_DEPTH	1024

/*
 * From the merged captures; afterwards nothing is added any more.  Stacks may
 * be shortened for formats that write each with all its calls.
 */
void	transform_fill(struct transform *, bool shorten);
void	transform_fini(struct transform *);

/*
 * The places of a stack, the innermost first, in chain; returns their
 * number.  An empty stack has the one that is no place in Python.  If they
 * are shortened, one of more than TRANSFORM_DEPTH calls has a place instead of
 * those in its middle.
 */
size_t	transform_chain(const struct transform *, uint32_t call);
/* Records with such stacks. */
size_t	transform_shortened(const struct transform *);

/*
 * Records whose stacks are equal, as one: thread and allocator are those of
 * the first.  In the order of the first ones; to be freed.
 */
struct transform_record	*transform_stacks(const struct transform *,
			    size_t *n);

/* What the view is, in a few words. */
const char	*transform_view(const struct transform *);

/* The command line of the captures, as far as they have one in common. */
const char	*transform_command(const struct transform *);


/*
 * The tables of a capture, which are kept until its file is closed: it may be
 * the one that is written.
 */
struct transform_tables {
	struct {
		unsigned	 type;
		void		*data;
		size_t		 len;
	}		*block;
	size_t		 n;
	size_t		 cap;
	uint64_t	 start_ns;
};

enum mt_status	transform_aggregate(struct transform_tables *,
		    struct mt_capture *, struct mt_error *);
enum mt_status	transform_aggregate_write(const struct transform_tables *,
		    int fd, struct mt_error *);
void		transform_aggregate_fini(struct transform_tables *);

void	transform_csv(const struct transform *, FILE *);
void	transform_folded(const struct transform *, FILE *);
void	transform_gprof2dot(const struct transform *, FILE *);
void	transform_memray(const struct transform *, FILE *);
void	transform_pprof(const struct transform *, FILE *);
void	transform_speedscope(const struct transform *, FILE *);

#endif /* TRANSFORM_H */
