/*
 * What is watched: the processes of a feed, which of them and which thread is
 * looked at, and how; and the table that follows from it.  Nothing here knows
 * of a screen.
 */

#ifndef LIVE_WATCH_H
#define LIVE_WATCH_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <mt_feed.h>

#include "live_graph.h"
#include "live_table.h"

#define LIVE_FILTER_MAX	256

enum live_view {
	LIVE_VIEW_NOW,		/* what lives */
	LIVE_VIEW_MARK,		/* how much more lives than at the mark */
	LIVE_VIEW_PEAK,		/* what lived at the high-water mark */
	LIVE_VIEW_EVER		/* all that was ever allocated */
};

struct live_proc {
	struct mt_feed_process	 info;
	struct live_tree	 tree;
	/* Copies, of when the mark was set and when the pause began. */
	struct mt_amount	*marked;
	size_t			 nmarked;
	struct mt_site		*paused;
	size_t			 npaused;
};

/* One thread of one process. */
struct live_thread {
	size_t		proc;
	size_t		thread;		/* index in the capture's table */
};

/* Of all processes that are looked at. */
struct live_totals {
	uint64_t	heap;
	uint64_t	rss;
	uint64_t	peak_heap;	/* the largest that was seen */
	uint64_t	peak_rss;
	uint64_t	allocations;	/* ever */
	uint64_t	lost_events;
	size_t		processes;	/* that are added up here */
};

struct live_watch {
	struct mt_feed		*feed;
	struct mt_feed_info	 info;
	bool			 over;	/* nothing more will come */
	struct live_proc	*proc;
	size_t			 nprocs;
	size_t			 cap;
	bool			 is_any_running;
	size_t			 last;	/* process that ended last */
	struct live_funcs	 funcs;
	struct live_names	 names;
	struct live_table	 table;
	struct live_totals	 totals;
	struct live_thread	*thread; /* of what is looked at */
	size_t			 nthreads;
	size_t			 thread_cap;
	uint64_t		 peak_of_sum;
	uint64_t		 peak_rss_of_sum;

	/* What to look at.  After a change: live_watch_table(). */
	enum live_view		 view;
	enum live_sort		 sort;
	bool			 one_process;
	size_t			 process;
	bool			 one_thread;
	struct live_thread	 current;
	bool			 paused;
	uint64_t		 paused_ns;	/* since the start */
	bool			 has_mark;
	uint64_t		 mark_ns;	/* since the start */
	uint32_t		 focus;
	char			 filter[LIVE_FILTER_MAX];
	struct mt_amount	*amount;	/* room, by site */
	size_t			 amount_cap;
};

void	live_watch_init(struct live_watch *, struct mt_feed *);
void	live_watch_fini(struct live_watch *);

/*
 * Read what has arrived, without waiting; returns whether there is an update,
 * with which the table is made anew.  At the end w->over is set; *e says why
 * if that was not properly, else it has no text.
 */
bool	live_watch_step(struct live_watch *, struct mt_error *e);

/*
 * Take in the names that were found for native frames; live_watch_step() does
 * that, too, without haste.  Returns whether there were any, in which case
 * the table is made anew.
 */
bool	live_watch_names(struct live_watch *, bool at_once);
/* Whether they are being looked up. */
bool	live_watch_is_asking(const struct live_watch *);

/* Make the table again, from the same numbers. */
void	live_watch_table(struct live_watch *);

/* Whether the process is one of those that the table is about. */
bool	live_watch_has(const struct live_watch *, size_t proc);

/* Start to count growth now, and show it. */
void	live_watch_mark(struct live_watch *);
/* Keep the table as it is, or go on. */
void	live_watch_pause(struct live_watch *, bool);
/* Look at all threads together, or at one; the next or the one before. */
void	live_watch_merge(struct live_watch *, bool);
void	live_watch_turn(struct live_watch *, bool forward);
/* The place of the current thread in w->thread. */
size_t	live_watch_place(const struct live_watch *);

/* The graph of n columns: of the last span_ns, or of all time if that is 0. */
void	live_watch_graph(const struct live_watch *, struct live_graph *,
	    size_t n, uint64_t span_ns);

/*
 * "exit status 3", "killed by signal 9 (Killed)", "" if it is not known; buf
 * is returned.
 */
#define LIVE_STATUS_MAX	64
const char *live_watch_status(char buf[LIVE_STATUS_MAX], bool known,
	    int status);

#endif /* LIVE_WATCH_H */
