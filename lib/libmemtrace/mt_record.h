/*
 * libmemtrace: make captures.  Used by the collector while a program runs,
 * and by whatever converts captures.  See libmemtrace(3) and memtrace(5).
 *
 *	struct mt_recorder	events -> tables and blocks
 *	struct mt_sink		takes the blocks: a queue, or
 *	struct mt_writer	compresses them and writes the file
 */

#ifndef MT_RECORD_H
#define MT_RECORD_H

#include <memtrace.h>

#ifdef __cplusplus
extern "C" {
#endif

/* ---- Blocks on their way ------------------------------------------- */

/* Types of blocks in a capture; never renumbered.  See memtrace(5). */
enum mt_block_type {
	MT_BLOCK_META = 1,
	MT_BLOCK_CODES = 2,
	MT_BLOCK_NODES = 3,
	MT_BLOCK_THREADS = 4,
	MT_BLOCK_EVENTS = 5,
	MT_BLOCK_SAMPLES = 6,
	MT_BLOCK_SITES = 7,
	MT_BLOCK_INDEX = 8,
	MT_BLOCK_END = 9,
	/* Since format 1.1. */
	MT_BLOCK_CHANGES = 10,
	MT_BLOCK_TEMPORARY = 11,
	MT_BLOCK_SIZES = 12,
	MT_BLOCK_LIFETIMES = 13,
	MT_BLOCK_TIMELINE = 14,
	/* Since format 1.2. */
	MT_BLOCK_SYMBOLS = 15
};

/*
 * Takes one block.  data was allocated with malloc(3) and is owned by the
 * callee, also on failure.
 */
struct mt_sink {
	enum mt_status	(*put)(void *arg, enum mt_block_type, void *data,
			    size_t len, struct mt_error *);
	void		*arg;
};

/* ---- Writer --------------------------------------------------------- */

struct mt_writer;

enum mt_writer_flag {
	MT_WRITER_NO_COMPRESS = 1
};

/*
 * Write a capture to fd, a new file or a pipe, which stays the caller's.
 * start_time_ns goes into the header.  Only appends, so fd need not seek.
 * If fd is a regular file, room for the tables is kept reserved behind its
 * end; see mt_writer_reserve().
 */
MT_API enum mt_status	mt_writer_new(struct mt_writer **out, int fd,
			    unsigned flags, uint64_t start_time_ns,
			    struct mt_error *);

/*
 * Append one block.  After a failure to write an events block (disk full)
 * the file ends behind the last whole block, later events are refused with
 * the same status, and all other types are still written, into the reserve.
 * Blocks of types that came with format 1.1 leave the reserve alone until
 * there are sites; after a failure to write one the next is welcome.
 * Does not take ownership of data.
 */
MT_API enum mt_status	mt_writer_put(struct mt_writer *, enum mt_block_type,
			    const void *data, size_t len, struct mt_error *);

/* Keep this many bytes of disk reserved for what is not events. */
MT_API enum mt_status	mt_writer_reserve(struct mt_writer *, uint64_t bytes,
			    struct mt_error *);

/* Append the index and the end block.  The file is then a whole capture. */
MT_API enum mt_status	mt_writer_finish(struct mt_writer *,
			    struct mt_error *);
MT_API uint64_t		mt_writer_bytes(const struct mt_writer *);
MT_API void		mt_writer_free(struct mt_writer *);

/*
 * The bytes of a capture up to the end of its last whole block; those up to
 * there can be copied to fd.
 */
MT_API uint64_t		mt_capture_bytes(const struct mt_capture *);
MT_API enum mt_status	mt_capture_copy(const struct mt_capture *, int fd,
			    struct mt_error *);

/*
 * Add one block to a capture.  fd is at the end of such a copy, or of the file
 * itself, which must have no more bytes than that.  If the capture has an
 * index and an end, new ones follow; up to their last byte the file is
 * a whole capture as it was before.
 */
MT_API enum mt_status	mt_capture_extend(const struct mt_capture *, int fd,
			    enum mt_block_type, const void *data, size_t len,
			    struct mt_error *);

/* ---- Symbols -------------------------------------------------------- */

/*
 * Makes the payload of a block of symbols: what is at the addresses that
 * mt_capture_modules() lists.
 */
struct mt_symbols;

/* A function that is running at an address, or that was inlined there. */
struct mt_frame {
	const char	*function;	/* not "" */
	const char	*file;		/* "" if unknown */
	uint32_t	 line;		/* 0 if unknown */
};

#define MT_FRAMES_MAX	64		/* at one address */

MT_API enum mt_status	mt_symbols_new(struct mt_symbols **out,
			    struct mt_error *);
MT_API void		mt_symbols_free(struct mt_symbols *);
/* Begin a module.  The note says in words what is wrong with it, or "". */
MT_API enum mt_status	mt_symbols_module(struct mt_symbols *, uint32_t code,
			    const char *note, struct mt_error *);
/*
 * The frames at an address of it, from the outermost to the innermost, of
 * which at most MT_FRAMES_MAX are kept.  Addresses ascend.
 */
MT_API enum mt_status	mt_symbols_address(struct mt_symbols *,
			    uint32_t address, const struct mt_frame *,
			    size_t n, struct mt_error *);
/* The payload, from malloc(3).  After this, only free. */
MT_API enum mt_status	mt_symbols_finish(struct mt_symbols *, void **data,
			    size_t *len, struct mt_error *);

/* ---- Recorder ------------------------------------------------------- */

/*
 * Consumes the events of one process in their order, aggregates them and
 * turns them into blocks.  It may be fed faster than the sink writes only as
 * far as the sink lets it: put() may block.
 */
struct mt_recorder;

enum mt_recorder_flag {
	MT_RECORDER_AGGREGATE = 1,	/* tables only, no events */
	MT_RECORDER_FEED = 2		/* for mt_recorder_take() */
};

/* Without a sink nothing is written. */
MT_API enum mt_status	mt_recorder_new(struct mt_recorder **out,
			    const struct mt_sink *, unsigned flags,
			    struct mt_error *);
MT_API void		mt_recorder_free(struct mt_recorder *);

/*
 * Metadata: keys are those of memtrace(5); the last value of a key counts.
 * Numbers are written in decimal by mt_recorder_number().
 */
MT_API enum mt_status	mt_recorder_text(struct mt_recorder *,
			    const char *key, const char *value,
			    struct mt_error *);
MT_API enum mt_status	mt_recorder_number(struct mt_recorder *,
			    const char *key, uint64_t, struct mt_error *);

/*
 * Reserve the next code id / thread id (both from 0; code 0 is "unknown").
 * A code may be used in stacks before it is described.  describe copies.
 */
MT_API enum mt_status	mt_recorder_code_new(struct mt_recorder *,
			    uint32_t *id, struct mt_error *);
MT_API enum mt_status	mt_recorder_code_describe(struct mt_recorder *,
			    uint32_t id, const struct mt_code *,
			    struct mt_error *);
MT_API enum mt_status	mt_recorder_thread_new(struct mt_recorder *,
			    uint64_t tid, const char *name, uint32_t *id,
			    struct mt_error *);
/*
 * The same for a program that may make threads without end, each of which
 * would have sites of its own.  The first MT_RECORDER_THREADS threads have an
 * id each.  Those that follow share ids, by name, in which N stands for any
 * number; such a thread has the tid 0.  There are as many ids of that kind at
 * most, and one more for the rest.
 */
#define MT_RECORDER_THREADS	256u
MT_API enum mt_status	mt_recorder_thread_share(struct mt_recorder *,
			    uint64_t tid, const char *name, uint32_t *id,
			    struct mt_error *);

/* The node of a call from the stack `parent`; the same every time. */
MT_API enum mt_status	mt_recorder_node(struct mt_recorder *,
			    uint32_t parent, uint32_t code, int32_t offset,
			    uint32_t *id, struct mt_error *);
/*
 * The same with the caller of a node in the place of `parent`, for the top
 * frame going on or being replaced: quick if it is what came after that node
 * last time.  sibling is for the same code, delta bytes further on; neither
 * offset may be negative.
 */
MT_API enum mt_status	mt_recorder_beside(struct mt_recorder *,
			    uint32_t node, uint32_t code, int32_t offset,
			    uint32_t *id, struct mt_error *);
MT_API enum mt_status	mt_recorder_sibling(struct mt_recorder *,
			    uint32_t node, int32_t delta, uint32_t *id,
			    struct mt_error *);

/*
 * Events.  An allocation at an address that is already live replaces it (the
 * old block counts as freed).  A free of an unknown address is ignored.
 * unmap shortens, splits or removes the mappings it touches; bytes are
 * whatever the program passed.
 */
MT_API enum mt_status	mt_recorder_alloc(struct mt_recorder *,
			    uint32_t thread, uint32_t node, unsigned allocator,
			    uint64_t addr, uint64_t size, struct mt_error *);
MT_API enum mt_status	mt_recorder_free_at(struct mt_recorder *,
			    uint32_t thread, uint64_t addr, struct mt_error *);
MT_API enum mt_status	mt_recorder_unmap(struct mt_recorder *,
			    uint32_t thread, uint64_t addr, uint64_t size,
			    struct mt_error *);

/*
 * The same for many events in their order, which is quicker than one by one.
 * The recorder may write to the array while the call lasts.  An event that it
 * has to refuse ends the call: those before it are recorded, those behind it
 * are not.
 */
struct mt_record {
	uint64_t	addr;
	uint64_t	size;		/* not of a free */
	uint32_t	thread;
	uint32_t	node;		/* of an allocation; likewise */
	uint32_t	allocator;
	uint32_t	type;		/* enum mt_event_type */
};
MT_API enum mt_status	mt_recorder_events(struct mt_recorder *,
			    struct mt_record *, size_t n, struct mt_error *);

/* The clock of the events that follow; never goes back. */
MT_API void		mt_recorder_time(struct mt_recorder *,
			    uint64_t time_ns);
/* A point of the timeline; the recorder adds the heap. */
MT_API enum mt_status	mt_recorder_sample(struct mt_recorder *,
			    uint64_t time_ns, uint64_t rss, uint64_t anon_rss,
			    struct mt_error *);
/* Events that did not reach the recorder. */
MT_API void		mt_recorder_lost(struct mt_recorder *, uint64_t);

/*
 * The script has ended: what lives now is leaked.  Events after this are
 * ignored.  Without this call, finish takes the live blocks at that time.
 */
MT_API void		mt_recorder_end_of_script(struct mt_recorder *);

/*
 * Hand everything so far to the sink: the file is then valid up to here.
 * Without events that is what has changed since the last call.
 */
MT_API enum mt_status	mt_recorder_flush(struct mt_recorder *,
			    struct mt_error *);
/*
 * MT_RECORDER_AGGREGATE only: hand over everything again, for a new file that
 * is to replace the one before, in which what was handed over by many flushes
 * takes much more room.
 */
MT_API enum mt_status	mt_recorder_dump(struct mt_recorder *,
			    struct mt_error *);
/* Flush, then hand over the tables and the totals. */
MT_API enum mt_status	mt_recorder_finish(struct mt_recorder *,
			    struct mt_error *);

/* What the recorder knows now, for messages and live views. */
struct mt_totals {
	uint64_t	allocations;
	uint64_t	bytes;
	uint64_t	heap;		/* live bytes */
	uint64_t	live;		/* live allocations */
	uint64_t	peak;		/* bytes */
	uint64_t	lost;		/* events */
	uint64_t	events;		/* alloc, free and unmap seen */
	uint64_t	tables_bytes;	/* estimate of the tables' blocks */
};
MT_API void		mt_recorder_totals(const struct mt_recorder *,
			    struct mt_totals *);

/* ---- Captures without their events ---------------------------------- */

/*
 * Hand over the tables of a capture as a recorder does that was made with
 * MT_RECORDER_AGGREGATE: all reports are the same, except for what needs
 * single events.  What is missing from the capture is missing here, and says
 * so.
 */
MT_API enum mt_status	mt_capture_aggregate(struct mt_capture *,
			    const struct mt_sink *, struct mt_error *);

#ifdef __cplusplus
}
#endif

#endif /* MT_RECORD_H */
