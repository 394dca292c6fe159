/*
 * libmemtrace: watch programs while memray-run(1) records them, the viewer's
 * side of the live feed.  See libmemtrace(3); the protocol is specified in
 * memtrace-live(5).
 *
 * A feed keeps a model of what the collector knows: the processes and, for
 * each, a capture that grows.  It is one as any other: mt_capture_sites()
 * and the other tables, mt_capture_samples(), mt_summary_push(),
 * mt_merge_push() and mt_capture_select() work on it, as far as they need
 * neither events nor lifetimes nor temporary allocations (MT_ERR_FORMAT).
 * What lives now is what it says is leaked: MT_VIEW_LEAKS.
 *
 * What a call on the capture returns is valid until the next
 * mt_feed_step().  Its entries keep their indexes for ever: site 7 is the
 * same site in every update, so that growth since a moment is the difference
 * to a copy of the sites made then.
 */

#ifndef MT_FEED_H
#define MT_FEED_H

#include <memtrace.h>

#ifdef __cplusplus
extern "C" {
#endif

#define MT_FEED_VERSION		2u	/* of the protocol */
#define MT_FEED_INTERVAL_MS	500u	/* between updates, by default */
#define MT_FEED_INTERVAL_MIN	100u	/* nobody gets them more often */

/*
 * memray-run --live executes memray-live, which tells by its exit status what
 * is to become of the program: 0, the user wants it to end; this, he has
 * detached from it.  After any other the program goes on, too.
 */
#define MT_FEED_EXIT_DETACHED	3

struct mt_feed;

/*
 * A feed is found by its port, which is but a number if no network leads to
 * it: through the socket beside the file with the token, or else through the
 * network, with the token.  With a host, only through the network.
 */
struct mt_feed_options {
	const char	*host;		/* NULL: this one */
	unsigned	 port;		/* 1 to 65535; 0: see socket */
	const char	*token_file;	/* NULL: found by the port */
	unsigned	 interval_ms;	/* between updates; 0: the default */
	unsigned	 timeout_ms;	/* for the greeting; 0: 5 seconds */
	const char	*socket;	/* the path of a local one, or NULL */
};

enum mt_feed_state {
	MT_FEED_RUNNING,	/* the program runs, or has not started yet */
	MT_FEED_ENDED,		/* it has ended, and we have all of it */
	MT_FEED_LOST		/* the collector went away without a word */
};

/* About the whole run. */
struct mt_feed_info {
	enum mt_feed_state state;
	bool		 has_exit_status;
	int		 exit_status;	/* of the program, as wait(2) has it */
	uint64_t	 start_time_ns;	/* time of day */
	uint64_t	 time_ns;	/* of the last update, since then */
	uint64_t	 updates;	/* so far, each of all processes */
	uint64_t	 collector;	/* process id of memray-run */
	size_t		 processes;
};

/* About one process image; after exec(2) there is another one. */
struct mt_feed_process {
	uint64_t	 pid;
	uint64_t	 parent_pid;	/* 0 if unknown */
	const char	*command_line;
	bool		 running;
	bool		 replaced;	/* ended by exec(2) */
	bool		 has_exit_status;
	int		 exit_status;	/* as wait(2) has it */
	uint64_t	 begin_ns;	/* since start_time_ns */
	uint64_t	 time_ns;	/* of what follows, likewise */
	uint64_t	 heap;		/* bytes */
	uint64_t	 live;		/* allocations */
	uint64_t	 peak;		/* bytes of heap */
	uint64_t	 rss;		/* bytes, 0 if unknown */
	uint64_t	 anon_rss;
	uint64_t	 peak_rss;	/* as far as it was sampled */
	uint64_t	 allocations;	/* ever */
	uint64_t	 bytes;		/* likewise */
	uint64_t	 lost_events;
	uint64_t	 updates;	/* counts the changes of its tables */
	/*
	 * NULL: of a process that ended long ago the collector has nothing
	 * left but the above.
	 */
	struct mt_capture *capture;
};

/*
 * Connect and exchange greetings; waits at most for the timeout.  Failures,
 * each with a line that says what is wrong:
 *
 *	MT_ERR_SYS	ENOENT: there is no such feed (yet); ECONNREFUSED:
 *			there was, but the program has ended; EACCES: the
 *			token file is not ours alone, or who listens is
 *			neither of our user nor root; and others of the
 *			system
 *	MT_ERR_FORMAT	somebody listens there, but it is not memray-run
 *	MT_ERR_VERSION	it speaks another version
 */
MT_API enum mt_status	mt_feed_open(struct mt_feed **out,
			    const struct mt_feed_options *, struct mt_error *);
MT_API void		mt_feed_close(struct mt_feed *);

/* To be polled for input; stays until close. */
MT_API int		mt_feed_fd(const struct mt_feed *);

/*
 * Read what has arrived; never waits.  MT_OK: *updated tells whether an
 * update was completed by it.  MT_END: nothing more will come, see state of
 * the info; the model stays.  MT_ERR_FORMAT: they sent nonsense, and will
 * not be listened to any more.
 */
MT_API enum mt_status	mt_feed_step(struct mt_feed *, bool *updated,
			    struct mt_error *);

/* Ask for updates at another interval; 0: for none, until asked again. */
MT_API enum mt_status	mt_feed_interval(struct mt_feed *, unsigned ms,
			    struct mt_error *);

MT_API void		mt_feed_info(const struct mt_feed *,
			    struct mt_feed_info *);
/* Process i < processes, which keeps this number; the program is 0. */
MT_API void		mt_feed_process(const struct mt_feed *, size_t i,
			    struct mt_feed_process *);

/*
 * What the caller keeps of its own of what it was sent takes so many bytes in
 * all, instead of what it said before: a server could have it take any number
 * of them.  MT_ERR_NOMEM: with the model, that is more than memory may be
 * spent on the feed, see memtrace(7), LIMITS.
 */
MT_API enum mt_status	mt_feed_spend(struct mt_feed *, uint64_t bytes,
			    struct mt_error *);

/*
 * Write the tables of a process as they are now to fd, a new file, as a
 * capture: what lives is in it as leaked, what lived at the high-water mark
 * as the peak.  MT_ERR_LIMIT: there are no tables of that process.
 */
MT_API enum mt_status	mt_feed_save(struct mt_feed *, size_t i, int fd,
			    struct mt_error *);

#ifdef __cplusplus
}
#endif

#endif /* MT_FEED_H */
