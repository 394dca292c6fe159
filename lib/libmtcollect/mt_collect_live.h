/*
 * The live feed: a thread that serves viewers, and what the drain thread
 * tells it.
 *
 * Nothing is taken from the recorders unless a viewer is ready for it, and
 * then one round at a time; viewers who are slower see the next one later.
 * So whatever viewers do, the drain thread has no more to do than a take of
 * each process now and then, and the program does not notice.
 */

#ifndef MT_COLLECT_LIVE_H
#define MT_COLLECT_LIVE_H

#include <sys/types.h>

#include <mt_mirror.h>

#include "mt_collect.h"
#include "mt_collect_session.h"

#define MT_COLLECT_VIEWERS	32u	/* at the same time */
#define MT_COLLECT_LIVE_HALF	48u	/* that have not proved who they are */
#define MT_COLLECT_LIVE_MAX	4096u	/* processes listed */
#define MT_COLLECT_LIVE_ENDED	64u	/* of which tables are kept */
#define MT_COLLECT_LIVE_NONE	UINT32_MAX

struct mt_collect_live;

/* ---- For the main thread ----------------------------------------------- */

/* Listens, but starts no thread; see mt_collect_port_init(). */
enum mt_status	mt_collect_live_new(struct mt_collect_live **out,
		    const char *address, unsigned port,
		    struct mt_collect_session *, uint64_t start_time_ns,
		    struct mt_error *);
enum mt_status	mt_collect_live_start(struct mt_collect_live *,
		    struct mt_error *);
unsigned	mt_collect_live_port(const struct mt_collect_live *);
void		mt_collect_live_where(const struct mt_collect_live *,
		    struct mt_collect_where *);
/* How many have come so far. */
unsigned	mt_collect_live_came(const struct mt_collect_live *);
/*
 * The program has ended like this, and the drain thread has: viewers get what
 * is left, as long as they take it.  Then the thread ends.
 */
void		mt_collect_live_stop(struct mt_collect_live *,
		    int wait_status);
/* Accepts NULL. */
void		mt_collect_live_free(struct mt_collect_live *);

/* ---- For the drain thread ---------------------------------------------- */

/* Another process; its number, or NONE: it will not be listed. */
uint32_t	mt_collect_live_begin(struct mt_collect_live *, pid_t,
		    pid_t parent, uint64_t begin_ns);
/* It has ended; take is taken over, and may be NULL. */
void		mt_collect_live_end(struct mt_collect_live *, uint32_t process,
		    struct mt_take *, bool replaced, int wait_status);

/*
 * Is a round of takes wanted now?  Then all that there is is to be pushed,
 * followed by round.
 */
bool		mt_collect_live_wants(struct mt_collect_live *,
		    uint64_t now_us);
/* Takes over the take, which may be NULL. */
void		mt_collect_live_push(struct mt_collect_live *,
		    uint32_t process, struct mt_take *);
/* The round is over; it was begun then. */
void		mt_collect_live_round(struct mt_collect_live *,
		    uint64_t begun_us);

#endif /* MT_COLLECT_LIVE_H */
