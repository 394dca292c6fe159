/*
 * Inside of the live feed, between its files:
 *
 *	mt_collect_live.c	what other threads see of it
 *	mt_collect_live_serve.c	the thread
 */

#ifndef MT_COLLECT_LIVE_IN_H
#define MT_COLLECT_LIVE_IN_H

#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>

#include "mt_collect_live.h"
#include "mt_collect_port.h"
#include "mt_collect_viewer.h"

#define MT_COLLECT_LIVE_PEERS	(MT_COLLECT_VIEWERS + MT_COLLECT_LIVE_HALF)

/* From the drain thread, in order. */
struct mt_collect_news_live {
	struct mt_collect_news_live *next;
	uint32_t	 process;
	struct mt_mirror *mirror;	/* of a new process */
	struct mt_take	*take;
	bool		 ended;
	bool		 replaced;
	int		 status;
};

struct mt_collect_live {
	struct mt_collect_session *session;
	uint64_t		 start_time_ns;
	struct mt_collect_port	 port;
	pthread_t		 thread;
	bool			 has_thread;
	int			 wake[2];	/* a pipe */
	_Atomic bool		 wanted;	/* a round of takes */
	_Atomic unsigned	 came;
	/* The drain thread's own. */
	uint32_t		 processes;
	uint64_t		 rest_us;	/* no round before */
	/* Under the lock. */
	pthread_mutex_t		 lock;
	struct mt_collect_news_live *news;
	struct mt_collect_news_live **last_news;
	uint64_t		 rounds_done;
	bool			 over;
	int			 wait_status;
	/* The thread's own. */
	uint64_t		 rounds;
	bool			 ending;
	uint64_t		 moved_us;	/* when anything was sent */
	struct mt_mirror	**mirror;
	uint32_t		 nmirrors;
	/* The last processes that have ended, but for the program. */
	uint32_t		 last[MT_COLLECT_LIVE_ENDED];
	uint64_t		 nlast;		/* ever */
	uint64_t		 deaf_us;	/* nobody is let in before */
	struct mt_collect_viewer *peer[MT_COLLECT_LIVE_PEERS];
};

/* The thread, whose argument this is. */
void	*mt_collect_live_serve(void *);
void	mt_collect_live_wake(struct mt_collect_live *);

#endif /* MT_COLLECT_LIVE_IN_H */
