/*
 * Captures on their way to their files: the writer thread's half of the
 * queue.  Nothing is created before the first block of a capture.
 */

#ifndef MT_COLLECT_OUTPUT_H
#define MT_COLLECT_OUTPUT_H

#include <sys/types.h>

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <mt_record.h>

#include "mt_collect.h"

/* How writing a capture went so far. */
struct mt_collect_output_state {
	uint64_t	bytes;		/* of the file */
	uint64_t	base;		/* when it was new */
	uint64_t	dropped;	/* events that were not written */
	bool		broken;		/* not even tables can be written */
	enum mt_status	status;		/* first failure */
	struct mt_error	error;
};

struct mt_collect_output;

enum mt_collect_step {
	MT_COLLECT_PUT,		/* the block, into its capture */
	MT_COLLECT_RENEW,	/* what follows is for a new file, */
	MT_COLLECT_RENEWED,	/* which is now complete, */
	MT_COLLECT_NOT_RENEWED,	/* or will not be */
	MT_COLLECT_CLOSE	/* the capture is */
};

/* In the queue. */
struct mt_collect_block {
	struct mt_collect_block	*next;
	struct mt_collect_output *output;
	enum mt_collect_step	 step;
	enum mt_block_type	 type;
	void			*data;
	size_t			 len;
	uint64_t		 events;
};

struct mt_collect_output {
	pid_t		 pid;
	unsigned	 number;	/* see mt_collect_renew_fn */
	bool		 first;		/* it is the first capture */
	struct mt_collect_block	renewed; /* the end of a new file, */
	struct mt_collect_block	last;	/* and that of the capture */
	/* Under the lock of the queue. */
	size_t		 queued;	/* bytes of blocks */
	uint64_t	 reserve;	/* wanted */
	struct mt_collect_output_state state;
	/* The writer thread's own. */
	struct mt_writer *writer;	/* NULL until there is a block */
	int		 fd;		/* -1: none */
	uint64_t	 reserved;
	bool		 full;		/* no more events */
	bool		 has_sites;	/* the end has begun */
	bool		 renewing;	/* blocks are for the next file, */
	struct mt_writer *next;		/* if there is one */
	int		 next_fd;
	char		 name[MT_COLLECT_NAME];
};

/* What the captures of a run have in common, and what became of them. */
struct mt_collect_outputs {
	unsigned		 writer_flags;
	uint64_t		 start_time_ns;
	mt_collect_create_fn	*create;
	mt_collect_renew_fn	*renew;
	mt_collect_renewed_fn	*renewed;
	void			*create_arg;
	struct mt_writer	*first;	/* until its output has taken it */
	int			 first_fd;	/* likewise */
	pid_t			*pids;	/* one a capture */
	size_t			 npids;
	size_t			 pids_cap;
	/* Of those that are closed. */
	unsigned		 captures;
	unsigned		 processes;
	uint64_t		 first_bytes;
	uint64_t		 bytes;
	enum mt_status		 status;
	struct mt_error		 error;
	char			 failed[MT_COLLECT_NAME];
};

struct mt_collect_output *mt_collect_output_new(pid_t);
/* Leaves a file as it is.  Accepts NULL. */
void	mt_collect_output_free(struct mt_collect_output *);

/*
 * Write a block, of so many events, with so much disk kept in reserve.  The
 * caller adds what it changes in *state, of which only a copy is at hand.
 */
void	mt_collect_output_put(struct mt_collect_outputs *,
	    struct mt_collect_output *, enum mt_block_type, const void *data,
	    size_t len, uint64_t events, uint64_t reserve,
	    struct mt_collect_output_state *);

/*
 * Between these two, blocks go into a new file, which, if it is complete,
 * takes the place of the old one.  If that fails the old one stays, so the
 * blocks must not say anything that it does not hold.
 */
void	mt_collect_output_renew(struct mt_collect_outputs *,
	    struct mt_collect_output *);
void	mt_collect_output_renewed(struct mt_collect_outputs *,
	    struct mt_collect_output *, bool complete,
	    struct mt_collect_output_state *);

/* Finish the file, count it, and free the output. */
void	mt_collect_output_close(struct mt_collect_outputs *,
	    struct mt_collect_output *);

/* Finish the first capture if nobody took it. */
void	mt_collect_outputs_fini(struct mt_collect_outputs *);

#endif /* MT_COLLECT_OUTPUT_H */
