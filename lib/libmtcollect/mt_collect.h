/*
 * libmtcollect: what memray-run(1) needs to collect the events of a program.
 * A static library; only programs that start or attach to one link it.
 *
 *	mt_collect		a run, from the session to the capture
 *	mt_collect_session	the shared page: clock, lifeline, bell
 *	mt_collect_hello	the socket on which processes say hello
 *	mt_collect_ring		the consumer's side of a ring
 *	mt_collect_decode	words of a ring become calls of the recorder
 *	mt_collect_process	rings of a process merged and recorded
 *	mt_collect_drain	the thread that does so
 *	mt_collect_queue	blocks on their way to the writer, its thread
 *	mt_collect_thread	how threads are made
 *	mt_collect_proc		/proc: resident set, life of threads (Linux)
 *	mt_collect_os		what else is not POSIX (Linux)
 *	mt_collect_error	errors
 *
 * Threads: the caller's own (this interface: hellos, clock, sampling,
 * supervision), one that drains the rings and aggregates, one that compresses
 * and writes.  All signals are blocked in the latter two.
 *
 * Memory.  Shared with the program, and only as far as it was written to:
 * the session page, and per traced process at most 256 arenas of 16 rings of
 * 1 MiB; rings are used again, so that is 1 MiB for each thread that lived at
 * the same time as the others.  Of our own: at most 64 MiB of blocks that are
 * not written yet (plus one); 4 bytes a frame of each thread's stack (at most
 * 16 Mi frames) and a code object (at most 16 Mi); some 300 KiB for each
 * process; and the recorder's tables, which grow with the number of live
 * blocks and of different stacks.
 */

#ifndef MT_COLLECT_H
#define MT_COLLECT_H

#include <sys/types.h>

#include <memtrace.h>

struct mt_collect;

struct mt_collect_options {
	unsigned	recorder_flags;	/* enum mt_recorder_flag */
	unsigned	writer_flags;	/* enum mt_writer_flag */
	unsigned	agent_flags;	/* MT_FLAG_* of mt_hello.h */
	unsigned	sample_ms;	/* between points of the timeline; 10 */
	uint64_t	start_time_ns;	/* time of day */
};

/* How a run went, for the messages at its end. */
struct mt_collect_result {
	uint64_t	 allocations;
	uint64_t	 bytes;
	uint64_t	 peak_bytes;
	uint64_t	 leaked_bytes;
	uint64_t	 lost_events;
	uint64_t	 capture_bytes;	/* size of the file */
	unsigned	 traced;	/* processes that were traced */
	unsigned	 ignored;	/* Pythons that were not */
	unsigned	 unsupported;	/* Pythons that we cannot trace */
	char		 py_version[64]; /* of the last traced or unsupported */
	bool		 script_ended;	/* the end-of-script mark was seen */
	char		 notes[1024];	/* lines from the agent, '\n' between */
	enum mt_status	 status;	/* of writing the capture */
	struct mt_error	 error;		/* if status is not MT_OK */
};

/*
 * Create the session: shared page, private directory (0700) with the socket.
 * Nothing of the program exists yet.  Starts no thread.
 */
enum mt_status	mt_collect_new(struct mt_collect **out,
		    const struct mt_collect_options *, struct mt_error *);

/* Path of the socket, the value of MT_ENV_SOCKET for the program. */
const char	*mt_collect_socket(const struct mt_collect *);

/*
 * Begin to collect from the process `program` (and from whatever Python it
 * execs or, when it is not a Python itself, starts: the first to say hello
 * is the one that is traced) into capture_fd, which stays the caller's.
 * Starts the threads, so call it after fork(2).
 */
enum mt_status	mt_collect_start(struct mt_collect *, pid_t program,
		    int capture_fd, const char *command_line,
		    struct mt_error *);

/*
 * A descriptor that polls readable when mt_collect_step() has something to
 * do (a hello, a tick of the clock).  step never blocks.
 */
int		mt_collect_fd(const struct mt_collect *);
void		mt_collect_step(struct mt_collect *);

/*
 * The program has ended with this wait status (of wait(2)): drain what is
 * left, write the tables, stop the threads, remove the socket.  Fills the
 * result, always.
 */
void		mt_collect_finish(struct mt_collect *, int wait_status,
		    struct mt_collect_result *);
void		mt_collect_free(struct mt_collect *);

#endif /* MT_COLLECT_H */
