/*
 * A process image that is traced, from its hello to its finished capture:
 * its rings, its recorder, its output.
 *
 * Made by the main thread, then the drain thread's, which frees it.  Of what
 * is left to the main thread, each item says so.
 */

#ifndef MT_COLLECT_IMAGE_H
#define MT_COLLECT_IMAGE_H

#include <sys/types.h>

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

#include <mt_record.h>

#include "mt_collect_live.h"
#include "mt_collect_proc.h"
#include "mt_collect_process.h"
#include "mt_collect_queue.h"

#define MT_COLLECT_NEWS_SAMPLES	64u

/* How a process image ended. */
struct mt_collect_end {
	uint64_t	time_us;	/* on the session's clock */
	bool		replaced;	/* by exec(2): the process goes on */
	bool		has_status;
	int		status;		/* as wait(2) reports it */
	unsigned	untraced;	/* Pythons, of the whole run so far */
};

/* From the main thread to the drain thread; taken as a whole. */
struct mt_collect_news {
	struct mt_collect_arena	*arenas;
	struct mt_sample	 sample[MT_COLLECT_NEWS_SAMPLES];
	unsigned		 nsamples;
	bool			 ended;	/* nothing more comes from it */
	bool			 finish; /* its end is known */
	struct mt_collect_end	 end;
};

/*
 * Without children to follow, only one image is recorded.  Which one that is
 * can be open until it has ended: see mt_collect_image_give_way().
 */
enum mt_collect_fate {
	MT_COLLECT_OPEN = 0,	/* as long as it runs */
	MT_COLLECT_KEPT,	/* it is one */
	MT_COLLECT_SPARE,	/* it was nothing that one would look for */
	MT_COLLECT_GIVEN_UP	/* and something else came */
};

struct mt_collect_image {
	pid_t			 pid;
	struct mt_collect_process *process;	/* main: touched only */
	struct mt_recorder	*recorder;
	struct mt_collect_queue	*queue;
	struct mt_collect_output *output;
	bool			*has_first;	/* of all images, see begin */
	struct mt_collect_live	*live;		/* or NULL */
	uint32_t		 live_process;	/* number there, once begun */
	uint64_t		 begin_ns;	/* since the start */
	struct mt_collect_proc	 proc;		/* main: statm */
	bool			 own_tids;	/* that we cannot look up */
	_Atomic uint32_t	 fate;		/* enum mt_collect_fate */
	bool			 question;	/* to an interpreter: -c */
	bool			 begun;		/* to record */
	bool			 awake;		/* there is to be a capture */
	bool			 ended;		/* nothing more will come, */
	bool			 drained;	/* nothing is left, */
	bool			 finish;	/* and the end is known */
	bool			 flushed;	/* all but the tables */
	struct mt_collect_end	 end;
	uint64_t		 put_events;	/* in blocks so far */
	bool			 tables_only;	/* no events in the capture */
	bool			 listed;	/* by the drain thread */
	struct mt_collect_image	*next;
	/* Under the lock of the drain. */
	struct mt_collect_news	 news;
	bool			 has_news;
	struct mt_collect_image	*next_news;
};

/* What became of images, added up. */
struct mt_collect_sum {
	uint64_t	 lost_events;
	uint64_t	 lost_threads;
	uint64_t	 lost_bytes;
	bool		 recorded;	/* any of them did something */
	unsigned	 given_up;	/* that did, and were not kept */
	struct mt_totals first;		/* of the first capture */
	bool		 script_ended;	/* likewise */
	bool		 replaced;	/* likewise, by exec(2) */
	char		 executed[256];	/* by what, if it said so */
	bool		 has_status;	/* likewise */
	int		 wait_status;	/* of the first, if it has */
	uint64_t	 most_peak;	/* of any capture, */
	pid_t		 most_pid;	/* which is of this process, */
	char		 most_name[MT_COLLECT_NAME]; /* "" for the first */
	char		 notes[MT_COLLECT_NOTES];
	enum mt_status	 status;	/* first failure */
	struct mt_error	 error;
};

/*
 * Takes over the arenas, also on failure.  Opens proc.  Without a queue
 * nothing is written.
 */
enum mt_status	mt_collect_image_new(struct mt_collect_image **out, pid_t,
		    struct mt_collect_queue *, unsigned recorder_flags,
		    struct mt_collect_arena *, struct mt_error *);
/* Accepts NULL. */
void		mt_collect_image_free(struct mt_collect_image *);

/*
 * The image has begun to record, which it needs not know by itself.  The
 * first to do so gets the first capture.
 */
void		mt_collect_image_begin(struct mt_collect_image *);

/*
 * Look at its fate again, after a drain.  One that runs code is kept, but one
 * that only answers a question of whoever started it, with -c, may go as long
 * as none of its blocks was written; likewise one that never ran any code.
 */
void		mt_collect_image_settle(struct mt_collect_image *);

/*
 * For the main thread: another image wants to be recorded instead of this
 * one, whose process has ended.  Whether it may; waits for the drain a little.
 */
bool		mt_collect_image_give_way(struct mt_collect_image *);

/* Push what has changed to the live feed. */
void		mt_collect_image_show(struct mt_collect_image *);

/*
 * Everything so far into the file, and room for the tables behind it.  There
 * is no file before there is an event, unless awake is set.
 */
void		mt_collect_image_flush(struct mt_collect_image *);

/*
 * The image has ended: a step towards a finished capture, which must not wait
 * for the disk.  True when there is nothing left to do but to free it.
 */
bool		mt_collect_image_finish(struct mt_collect_image *,
		    uint64_t start_time_ns, struct mt_collect_sum *);

#endif /* MT_COLLECT_IMAGE_H */
