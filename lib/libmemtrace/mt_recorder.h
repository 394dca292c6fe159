/*
 * Inside of the recorder, between its files:
 *
 *	mt_recorder.c		time, totals, the end, life
 *	mt_recorder_events.c	events, one by one and many at a time
 *	mt_recorder_tables.c	codes, threads, stacks, metadata; blocks
 *	mt_recorder_threads.c	threads that share an id
 *	mt_recorder_more.c	what is known about sites besides totals
 *	mt_recorder_checkpoint.c	tables while the program runs
 *	mt_recorder_take.c	what has changed, for live feeds
 */

#ifndef MT_RECORDER_H
#define MT_RECORDER_H

#include "mt_agg.h"
#include "mt_private.h"
#include "mt_stack.h"
#include "mt_timeline.h"

#define MT_QUEUE_EVENTS		32u
#define MT_RECORDER_BATCH	32u	/* events applied at once, at most */
#define MT_RECORDER_BLOCK	(256u * 1024)	/* raw bytes, when full */

/* For takes: what there is of text since the last, and how far it went. */
struct mt_recorder_feed {
	struct mt_buf	meta;
	struct mt_buf	codes;
	struct mt_buf	threads;
	struct mt_sample sample;	/* the last */
	uint64_t	peak_rss;
	uint64_t	since;		/* checkpoint of sites */
	uint32_t	nodes;
	uint32_t	points;		/* of the timeline */
	unsigned	shift;		/* that they had */
	bool		news;		/* there was a sample */
};

/* Threads with names of this kind have one id. */
struct mt_recorder_kind {
	char		*name;		/* malloc(3) */
	uint32_t	 id;
};

struct mt_recorder {
	struct mt_sink		 sink;
	bool			 has_sink;
	bool			 ended;		/* the script has */
	bool			 aggregate;	/* tables only */
	bool			 has_feed;
	uint32_t		 nqueue;
	struct mt_record	 queue[MT_QUEUE_EVENTS];
	struct mt_agg		 agg;
	struct mt_stack		 stack;
	struct mt_events_enc	*enc;		/* NULL: no events */
	uint32_t		 nthreads;
	uint32_t		 nkinds;
	struct mt_recorder_kind	*kinds;
	uint32_t		 ncodes;
	uint32_t		 codes_cap;
	bool			*described;	/* by code id */
	struct mt_buf		 meta;
	struct mt_buf		 codes;
	struct mt_buf		 nodes;
	struct mt_buf		 threads;
	struct mt_buf		 samples;
	struct mt_sample	 last_sample;
	struct mt_site		*sites;
	uint64_t		 events;
	uint64_t		 lost;
	uint64_t		 clock_ns;	/* of events and samples */
	uint64_t		 more_bytes;	/* of blocks of more, last */
	struct mt_recorder_feed	 feed;
	struct mt_timeline	 timeline;	/* of tables only, or feeds */
	/* Of tables only, see mt_recorder_checkpoint.c. */
	uint64_t		 since;		/* checkpoint of sites */
	struct mt_buf		 kept_meta;
	struct mt_buf		 kept_codes;
	struct mt_buf		 kept_threads;
	size_t			 meta_limit;
	uint64_t		 put_lost;	/* in the last checkpoint */
	uint64_t		 more_ns;	/* when more is due */
	bool			 more_changed;
	/* The first failure that could not be reported when it happened. */
	enum mt_status		 late;
	struct mt_error		 late_error;
};

/*
 * Ids of the sites that changed since that stamp, which a checkpoint gave, in
 * order, into room for all of them; how many there are.
 */
uint32_t	mt_recorder_changed(const struct mt_agg *, uint64_t since,
		    uint32_t *id);
/* False only if it is certain that there are none. */
static inline bool
mt_recorder_may_have_changed(const struct mt_agg *a, uint64_t since)
{
	return (a->nchanged > 0 || since != a->checkpoint);
}
/* n sites have changed, and are dealt with: the stamp to go on from. */
static inline uint64_t
mt_recorder_since(struct mt_agg *a, uint32_t n)
{
	return (n > 0 ? mt_agg_checkpoint(a) : a->checkpoint);
}

enum mt_status	mt_recorder_no_memory(struct mt_error *);
enum mt_status	mt_recorder_bad(struct mt_error *, const char *what,
		    uint64_t);
/* Remember a failure for the next call that can report one. */
void		mt_recorder_late(struct mt_recorder *, enum mt_status,
		    const struct mt_error *);
/* Hand over the block in the buffer, if there is anything in it. */
enum mt_status	mt_recorder_hand_over(struct mt_recorder *,
		    enum mt_block_type, struct mt_buf *, struct mt_error *);
/* The same, and keep what may be needed again. */
enum mt_status	mt_recorder_put(struct mt_recorder *, enum mt_block_type,
		    struct mt_buf *, struct mt_error *);
/* The same; a failure is kept, for what follows is worth trying. */
void		mt_recorder_try(struct mt_recorder *, enum mt_block_type,
		    struct mt_buf *);
/* The events so far, and before them what they refer to. */
enum mt_status	mt_recorder_put_events(struct mt_recorder *,
		    struct mt_error *);
/* Describe a code as nobody else will. */
enum mt_status	mt_recorder_unknown(struct mt_recorder *, uint32_t id,
		    struct mt_error *);
void		mt_recorder_forget_kinds(struct mt_recorder *);
/* Apply the events that wait. */
void		mt_recorder_drain(struct mt_recorder *);

/* Temporary allocations, sizes, lifetimes. */
void		mt_recorder_put_more(struct mt_recorder *);
/* With the tables that go with it: all that a capture of tables needs. */
void		mt_recorder_checkpoint(struct mt_recorder *);
void		mt_recorder_keep(struct mt_recorder *, enum mt_block_type,
		    const struct mt_buf *);

/* What every call that can fail returns in the end. */
static inline enum mt_status
mt_recorder_report(struct mt_recorder *r, struct mt_error *e)
{
	enum mt_status st;

	if (__builtin_expect(r->late == MT_OK, 1))
		return (MT_OK);
	st = r->late;
	r->late = MT_OK;
	if (e != NULL)
		*e = r->late_error;
	return (st);
}

#endif /* MT_RECORDER_H */
