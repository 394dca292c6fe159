/*
 * A traced process: its rings, merged by event number, decoded in place and
 * fed to the recorder.  Used by one thread at a time, except for touched.
 *
 * What the process writes is untrusted.  If it breaks the protocol it is
 * damaged: from then on its rings are only emptied, so that it is not held
 * up, and what was in them counts as lost.
 */

#ifndef MT_COLLECT_PROCESS_H
#define MT_COLLECT_PROCESS_H

#include <sys/types.h>

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <mt_record.h>

#include "mt_collect_arena.h"
#include "mt_collect_proc.h"
#include "mt_collect_ring.h"

#define MT_COLLECT_ARENAS_MAX	256u		/* 4096 threads at a time */
#define MT_COLLECT_CODES_MAX	MT_FRAME_ID_MAX	/* code objects */
#define MT_COLLECT_TABLES_MAX	(64u << 20)	/* bytes of half tables */
#define MT_COLLECT_DEPTH_MAX	(16u << 20)	/* frames of a thread */
#define MT_COLLECT_GAP_MAX	(1ull << 40)	/* missing event numbers */
#define MT_COLLECT_MISSED_MAX	((1ull << 56) - 1)
#define MT_COLLECT_SAMPLES	256u		/* waiting for their time */
#define MT_COLLECT_NOTES	1024u		/* bytes, with the NUL */
#define MT_COLLECT_PAYLOAD_MAX						\
	(sizeof(struct mt_code_desc) + 2 * MT_CODE_STRING_MAX +		\
	    MT_CODE_PIECE_MAX)
/*
 * How long a missing number is waited for: while another thread is held up
 * by it, and at most.
 */
#define MT_COLLECT_GAP_HELD_US	10000u
#define MT_COLLECT_GAP_US	2000000u

enum mt_collect_state {
	MT_COLLECT_LIVE = 0,
	MT_COLLECT_DAMAGED,	/* it broke the protocol */
	MT_COLLECT_FAILED,	/* the recorder failed, see status */
	MT_COLLECT_ENDED
};

/* A frame that came on top, or in the place, of a node's; word 0: none. */
#define MT_COLLECT_HOP_BITS	11u
struct mt_collect_hop {
	uint64_t	word;		/* of the record */
	uint32_t	from;		/* node */
	uint32_t	to;
};

#define MT_COLLECT_RECORDS	32u		/* events of a batch */

/* A ring that waits for its turn. */
struct mt_collect_held {
	uint64_t		 seq;
	struct mt_collect_ring	*ring;
};

struct mt_collect_process {
	pid_t			 pid;
	struct mt_recorder	*recorder;
	enum mt_collect_state	 state;
	bool			 script_ended;
	uint64_t		 next;		/* number of the next event */
	uint64_t		 time_us;	/* of the recorder */
	uint64_t		 now_us;	/* as of the last drain */
	uint64_t		 stuck_at;	/* missing number, and */
	uint64_t		 stuck_us;	/* since when */
	uint64_t		 lost;		/* that never were in a ring */
	uint64_t		 gaps;		/* numbers that were given up */
	uint64_t		 missed;	/* that the process counted */
	uint64_t		 reported;	/* of all three, so far */
	uint64_t		 lost_bytes;	/* of those that it counted */
	uint64_t		 lost_threads;	/* likewise */
	uint64_t		 events;	/* decoded */
	struct mt_collect_arena	*arena[MT_COLLECT_ARENAS_MAX];
	unsigned		 narenas;
	unsigned		 reap_at;	/* ring whose thread is next */
	struct mt_collect_held	*held;	/* a heap by number; room for all */
	unsigned		 nheld;
	uint32_t		*codes;		/* id here -> see decode */
	uint32_t		 ncodes;
	uint32_t		*modules;	/* likewise, of modules */
	uint32_t		 nmodules;
	struct mt_sample	 sample[MT_COLLECT_SAMPLES];
	unsigned		 nsamples;
	struct mt_collect_hop	 hop[1u << MT_COLLECT_HOP_BITS];
	struct mt_record	 batch[MT_COLLECT_RECORDS];
	unsigned		 nbatch;	/* not yet with the recorder */
	uint8_t			*scratch;	/* a payload, and strings */
	size_t			 tables;	/* bytes of half tables */
	char			 notes[MT_COLLECT_NOTES];
	char			 executed[256];	/* what is to replace it */
	_Atomic uint64_t	 touched;	/* bytes of rings it has */
	enum mt_status		 status;	/* of the recorder */
	struct mt_error		 error;
};

enum mt_status	mt_collect_process_new(struct mt_collect_process **out,
		    pid_t, struct mt_recorder *, struct mt_error *);
void		mt_collect_process_free(struct mt_collect_process *);

/*
 * A list of more arenas, of which there are at most MT_COLLECT_ARENAS_MAX;
 * taken over.  This cannot fail: the process has been told of them.
 */
void		mt_collect_process_arenas(struct mt_collect_process *,
		    struct mt_collect_arena *);

/* A point of the timeline, recorded among the events of its time. */
void		mt_collect_process_sample(struct mt_collect_process *,
		    const struct mt_sample *);

/* Take what there is, within bounds, and return how many words it was. */
size_t		mt_collect_process_drain(struct mt_collect_process *,
		    uint64_t now_us);

/* The last look before the caller sleeps: true if it should not. */
bool		mt_collect_process_is_urgent(struct mt_collect_process *);

/*
 * Free the rings of threads that have ended: those that said that they are
 * about to, and if all is set, some of those that did not.
 */
void		mt_collect_process_reap(struct mt_collect_process *,
		    const struct mt_collect_proc *, bool all);

/* Tell the recorder of events that were lost since the last time. */
void		mt_collect_process_lost(struct mt_collect_process *);

/*
 * No more is to come, or none that we want: take what there is, whatever is
 * missing in between, and let go of the rings.
 */
void		mt_collect_process_end(struct mt_collect_process *);

/* A line for the user; control characters are replaced. */
void		mt_collect_process_note(struct mt_collect_process *,
		    const char *, size_t);

/* ---- Decoding (mt_collect_decode.c) ---------------------------------- */

/*
 * Decode a ring up to the head that was last seen, or up to an event that
 * is too early: then true is returned.
 */
bool		mt_collect_decode(struct mt_collect_process *,
		    struct mt_collect_ring *);
/* Have the recorder take what was decoded; no batch outlasts a drain. */
bool		mt_collect_decode_flush(struct mt_collect_process *);
/* Record the samples up to this time. */
bool		mt_collect_decode_samples(struct mt_collect_process *,
		    uint64_t time_ns);
/* The protocol was broken in this way. */
void		mt_collect_process_damage(struct mt_collect_process *,
		    const char *why);

/* ---- Modules (mt_collect_native.c) ----------------------------------- */

/* The module's code in the capture; it may be described later. */
bool		mt_collect_native_find(struct mt_collect_process *,
		    uint32_t id, uint32_t *code);
/* The payload of MT_OP_MODULE. */
bool		mt_collect_native_describe(struct mt_collect_process *,
		    const uint8_t *, size_t);

#endif /* MT_COLLECT_PROCESS_H */
