/* Inside of the recorder, between its two files. */

#ifndef MT_RECORDER_H
#define MT_RECORDER_H

#include "mt_agg.h"
#include "mt_private.h"
#include "mt_stack.h"

#define MT_QUEUE_EVENTS		32u
#define MT_RECORDER_BLOCK	(256u * 1024)	/* raw bytes, when full */

/* In the queue; for sizes and order see struct mt_event. */
struct mt_queued {
	uint64_t	addr;
	uint64_t	size;
	uint32_t	thread;
	uint32_t	node;
	uint8_t		type;		/* enum mt_event_type */
	uint8_t		allocator;
};

struct mt_recorder {
	struct mt_sink		 sink;
	bool			 has_sink;
	bool			 ended;		/* the script has */
	uint32_t		 nqueue;
	struct mt_queued	 queue[MT_QUEUE_EVENTS];
	struct mt_agg		 agg;
	struct mt_stack		 stack;
	struct mt_events_enc	*enc;		/* NULL: tables only */
	uint32_t		 nthreads;
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
	/* The first failure that could not be reported when it happened. */
	enum mt_status		 late;
	struct mt_error		 late_error;
};

enum mt_status	mt_recorder_no_memory(struct mt_error *);
enum mt_status	mt_recorder_bad(struct mt_error *, const char *what,
		    uint64_t);
/* Remember a failure for the next call that can report one. */
void		mt_recorder_late(struct mt_recorder *, enum mt_status,
		    const struct mt_error *);
/* Hand over the block in the buffer, if there is anything in it. */
enum mt_status	mt_recorder_put(struct mt_recorder *, enum mt_block_type,
		    struct mt_buf *, struct mt_error *);
/* The events so far, and before them what they refer to. */
enum mt_status	mt_recorder_put_events(struct mt_recorder *,
		    struct mt_error *);
/* Describe a code as nobody else will. */
enum mt_status	mt_recorder_unknown(struct mt_recorder *, uint32_t id,
		    struct mt_error *);
/* Apply the events that wait. */
void		mt_recorder_drain(struct mt_recorder *);

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
