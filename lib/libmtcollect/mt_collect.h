/*
 * libmtcollect: what memray-run(1) needs to collect the events of a program.
 * A static library; only programs that start or attach to one link it.
 *
 *	mt_collect		a run, from the session to the captures
 *	mt_collect_session	the shared page: clock, lifeline, bell
 *	mt_collect_hello	the socket on which processes say hello
 *	mt_collect_tree		who said hello, and has not ended
 *	mt_collect_image	a process image, from hello to finished capture
 *	mt_collect_arena	rings that are shared with a process
 *	mt_collect_ring		the consumer's side of a ring
 *	mt_collect_decode	words of a ring become calls of the recorder
 *	mt_collect_process	rings of a process merged and recorded
 *	mt_collect_drain	the thread that does so, for all processes
 *	mt_collect_command	what command lines tell
 *	mt_collect_untraced	who is not recorded
 *	mt_collect_stale	what killed collectors left behind
 *	mt_collect_queue	blocks on their way to the writer, its thread
 *	mt_collect_output	captures as the writer's thread sees them
 *	mt_collect_live		the live feed, its thread
 *	mt_collect_port		where viewers come in, the local socket and
 *				the network; mt_collect_place: and its token
 *	mt_collect_viewer	a connection there
 *	mt_collect_thread	how threads are made
 *	mt_collect_proc		/proc: resident set, life of threads (Linux)
 *	mt_collect_map		mappings of shared memory (Linux)
 *	mt_collect_os		what else is not POSIX (Linux)
 *	mt_collect_error	errors
 *
 * Threads: the caller's own (this interface: hellos, clock, sampling,
 * supervision), one that drains the rings of all processes and aggregates,
 * one that compresses and writes all captures, and perhaps one that serves
 * viewers.  All signals but SIGBUS (mt_collect_map.h) are blocked in all but
 * the first.
 *
 * Memory.  Shared with the program, and only as far as it was written to:
 * the session page, and per traced process at most 256 arenas of 16 rings of
 * 1 MiB; rings are used again, so that is 1 MiB for each thread that lived at
 * the same time as the others.  Of our own: at most 64 MiB of blocks that are
 * not written yet (plus one); 4 bytes a frame of each thread's stack (at most
 * 16 Mi frames) and a code object (at most 16 Mi); some 400 KiB for each
 * process that runs, most of it for compression; 4 bytes for each that ever
 * was traced; and the recorders' tables, which grow with the number of live
 * blocks and of different stacks.  All of a process but those 4 bytes is
 * given back when it has ended and its capture is written.  With a live feed
 * there is, once somebody watches, a second copy of the tables, without the
 * live blocks; of processes that have ended 64 are kept.
 *
 * Descriptors: four for each process that runs, and a few; one for each
 * viewer, of whom there are at most 80.
 */

#ifndef MT_COLLECT_H
#define MT_COLLECT_H

#include <sys/types.h>

#include <memtrace.h>

struct mt_collect;

#define MT_COLLECT_NAME		1024u	/* bytes, with the NUL */
#define MT_COLLECT_UNTRACED	512u	/* bytes of lines, with the NUL */

/*
 * Creates the capture of another process than the first one that had
 * something to record, or of another image of that: the number-th capture of
 * this process id in this run.  Returns a descriptor, which the collector
 * closes, or -1 with errno; in any case with a name for messages.  Called by
 * a thread of the collector, one call at a time, between start and finish.
 */
typedef int	mt_collect_create_fn(void *arg, pid_t, unsigned number,
		    char name[MT_COLLECT_NAME]);

/*
 * Without events, a capture grows with each checkpoint; when it is much longer
 * than its tables need to be, a new file takes its place.  renew creates that,
 * under a name that nobody knows, for the number-th capture of the process id,
 * 0 being the one that the caller has opened; fd is the capture as it is.  It
 * returns a descriptor, which the collector closes, or -1: the capture then
 * stays as it is, and grows.  renewed gives the file, here fd, the name of the
 * capture, at once, and returns 0; or it removes the file, if it has to or fd
 * is -1, and returns -1.  Called like the above.
 */
typedef int	mt_collect_renew_fn(void *arg, pid_t, unsigned number, int fd);
typedef int	mt_collect_renewed_fn(void *arg, pid_t, unsigned number,
		    int fd);

struct mt_collect_options {
	unsigned	recorder_flags;	/* enum mt_recorder_flag */
	unsigned	writer_flags;	/* enum mt_writer_flag */
	unsigned	agent_flags;	/* MT_FLAG_* of mt_hello.h */
	unsigned	sample_ms;	/* between points of the timeline; 10 */
	uint64_t	start_time_ns;	/* time of day */
	mt_collect_create_fn *create;	/* with MT_FLAG_FOLLOW */
	mt_collect_renew_fn *renew;	/* NULL: files only grow */
	mt_collect_renewed_fn *renewed;
	void		*create_arg;	/* of all three */
	bool		no_capture;	/* nothing is written */
	bool		live;		/* there is a live feed */
	/*
	 * If there is any, viewers may come through a network, too; without
	 * an address, through the loopback, without a port, any that is free.
	 */
	const char	*live_address;
	unsigned	live_port;
};

/* Where viewers find the live feed. */
struct mt_collect_where {
	unsigned	port;		/* or, without a network, its number */
	bool		is_local;	/* through a local socket, */
	bool		is_net;		/* through a network */
	bool		is_hidden;	/* only if they are told the file */
	char		file[MT_COLLECT_NAME];	/* that has the token */
};

/* How a run went, for the messages at its end. */
struct mt_collect_result {
	/* Of the first capture. */
	uint64_t	 allocations;
	uint64_t	 bytes;
	uint64_t	 peak_bytes;
	uint64_t	 leaked_bytes;
	uint64_t	 capture_bytes;	/* size of the file */
	bool		 script_ended;	/* the end-of-script mark was seen */
	bool		 replaced;	/* by another program, with exec(2) */
	char		 executed[256];	/* path of that, "" if unknown */
	bool		 has_status;	/* it is known how it ended: */
	int		 wait_status;	/* so, as of wait(2) */
	/* Of all. */
	uint64_t	 most_peak;	/* of the one with the largest, */
	pid_t		 most_pid;	/* which is this process, */
	char		 most_name[MT_COLLECT_NAME]; /* in this capture; "" if
					    it is the first */
	uint64_t	 lost_events;
	uint64_t	 lost_threads;	/* whose events some of these were, */
	uint64_t	 lost_bytes;	/* and what they allocated, if known */
	uint64_t	 all_bytes;	/* size of the files */
	unsigned	 captures;	/* files with something in them */
	bool		 recorded;	/* there was something to record */
	unsigned	 processes;	/* to which these belong */
	unsigned	 traced;	/* process images that said hello */
	unsigned	 ignored;	/* Pythons that were not traced, */
	unsigned	 starved;	/* of these for want of memory, */
	unsigned	 unsupported;	/* that we cannot trace, */
	unsigned	 untraceable;	/* that cannot load the agent, */
	unsigned	 unheard;	/* that could not say hello, */
	unsigned	 unfollowed;	/* children that were not asked to */
	char		 untraced[MT_COLLECT_UNTRACED]; /* lines about some */
	char		 opaque[128];	/* a program that hides what it
					   starts, and why; or "" */
	char		 py_version[64]; /* of the first traced, or of the last
					    unsupported */
	char		 notes[1024];	/* lines from the agent, '\n' between */
	enum mt_status	 status;	/* of writing the captures */
	struct mt_error	 error;		/* if status is not MT_OK */
	char		 failed[MT_COLLECT_NAME]; /* the capture that this is
					    about, "" if it is the first */
};

/*
 * Create the session: shared page, private directory (0700) with the socket.
 * Nothing of the program exists yet.  Starts no thread.
 */
enum mt_status	mt_collect_new(struct mt_collect **out,
		    const struct mt_collect_options *, struct mt_error *);

/* Where the live feed is, and how many viewers have come so far. */
void		mt_collect_where(const struct mt_collect *,
		    struct mt_collect_where *);
unsigned	mt_collect_viewers(const struct mt_collect *);

/* Path of the socket, the value of MT_ENV_SOCKET for the program. */
const char	*mt_collect_socket(const struct mt_collect *);

/*
 * Begin to collect from the process `program` (and from whatever Python it
 * execs or, when it is not a Python itself, starts) into capture_fd, of which
 * the collector makes a copy of its own.  The first to say hello is traced;
 * with MT_FLAG_FOLLOW all are, each into a capture of its own.  The first
 * process with anything to record gets capture_fd.  Starts the threads, so
 * call it after fork(2).
 */
/* Without a capture, capture_fd is ignored. */
enum mt_status	mt_collect_start(struct mt_collect *, pid_t program,
		    int capture_fd, const char *command_line,
		    struct mt_error *);

/*
 * A descriptor that polls readable when mt_collect_step() has something to
 * do (a hello, a tick of the clock).  step never blocks.
 */
int		mt_collect_fd(const struct mt_collect *);
void		mt_collect_step(struct mt_collect *);

/* The caller has waited for this child of his, which is perhaps traced. */
void		mt_collect_child(struct mt_collect *, pid_t, int wait_status);

/* How many processes are being traced now. */
unsigned	mt_collect_running(const struct mt_collect *);

/*
 * Whether there is a Python of this session that is not traced, and so may be
 * about to say hello.
 */
bool		mt_collect_expects(const struct mt_collect *);

/*
 * The program has ended with this wait status (of wait(2)): drain what is
 * left, write the tables, stop the threads, remove the socket.  Processes
 * that are still traced run on untraced.  Fills the result, always.
 */
void		mt_collect_finish(struct mt_collect *, int wait_status,
		    struct mt_collect_result *);
void		mt_collect_free(struct mt_collect *);

#endif /* MT_COLLECT_H */
