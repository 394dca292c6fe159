/*
 * The session: a page that every process of a run reads, and one that they
 * write to (mt_ring.h).  The clock may be published by any thread and never
 * goes back; the lifeline belongs to the thread that took hold of it.
 */

#ifndef MT_COLLECT_SESSION_H
#define MT_COLLECT_SESSION_H

#include <stdbool.h>
#include <stdint.h>

#include <memtrace.h>

#include "mt_collect_os.h"
#include "mt_ring.h"

struct mt_collect_session {
	struct mt_session_page		*page;
	struct mt_bell			*bell;
	int				 fd;		/* of the page */
	int				 bell_fd;
	unsigned			 false_alarms;	/* in a row */
	uint64_t			 zero_ns;	/* CLOCK_MONOTONIC */
	struct mt_collect_lifeline	 lifeline;
};

/* The clock starts at start_time_ns, a time of day in the recent past. */
enum mt_status	mt_collect_session_init(struct mt_collect_session *,
		    uint64_t start_time_ns, struct mt_error *);
/* Accepts a session that was zeroed, or of which init failed. */
void		mt_collect_session_fini(struct mt_collect_session *);

/* Publish the time and return it. */
uint64_t	mt_collect_session_tick(struct mt_collect_session *);

/* How many processes could not say hello; they count themselves. */
unsigned	mt_collect_session_unheard(const struct mt_collect_session *);
/* And how many nobody has asked to. */
unsigned	mt_collect_session_unfollowed(
		    const struct mt_collect_session *);

/* The calling thread is from now on the one whose end ends the session. */
bool		mt_collect_session_hold(struct mt_collect_session *);
/* The session is over: who reads the page stops waiting for us. */
void		mt_collect_session_end(struct mt_collect_session *);
/* The consumer has looked at everything. */
void		mt_collect_session_round(struct mt_collect_session *);

/*
 * The consumer's sleep: doze, look once more whether there is work, then
 * sleep or rise.  ring is for other threads of the collector.
 */
void		mt_collect_session_doze(struct mt_collect_session *);
void		mt_collect_session_sleep(struct mt_collect_session *,
		    unsigned timeout_us);
void		mt_collect_session_rise(struct mt_collect_session *);
void		mt_collect_session_ring(struct mt_collect_session *);

#endif /* MT_COLLECT_SESSION_H */
