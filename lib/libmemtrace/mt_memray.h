/*
 * Captures of memray, made into ours when they are opened:
 *
 *	mt_memray.c		the whole of it
 *	mt_memray_in.c		bytes, out of an LZ4 frame or not
 *	mt_memray_head.c	the header
 *	mt_memray_events.c	a capture of all allocations
 *	mt_memray_sites.c	an aggregated one
 *	mt_memray_code.c	functions, stacks, threads
 *	mt_memray_native.c	frames of machine code
 *
 * memray's format is what its own reader takes and differs from version to
 * version; MT_MEMRAY_OLDEST to MT_MEMRAY_NEWEST are known here, as they are
 * on 64-bit machines.  See memtrace(5).
 */

#ifndef MT_MEMRAY_H
#define MT_MEMRAY_H

#include <mt_wire.h>

#include "mt_hash.h"
#include "mt_memray_in.h"
#include "mt_private.h"
#include "mt_str.h"
#include "mt_tables.h"

#define MT_MEMRAY_OLDEST	10	/* memray 1.7 */
#define MT_MEMRAY_NEWEST	13	/* memray 1.20 */
/* Code objects instead of lines, and another encoding of records. */
#define MT_MEMRAY_CODES		12	/* memray 1.19 */

/* ---- mt_memray.c ------------------------------------------------------ */

/* What became of a capture besides another one. */
struct mt_memray_result {
	bool		aggregated;	/* there are no events */
	unsigned	flags;		/* enum mt_capture_flag */
	uint64_t	lost_bytes;	/* of the file, if it can be told */
};

/* May these first bytes of a file be a capture of memray? */
bool		mt_memray_is(const uint8_t *, size_t);
/*
 * Make a source of a capture of ours, in a temporary file, of one of memray.
 * Without events it has the tables only, as with MT_RECORDER_AGGREGATE; ids
 * are the same in both.  An aggregated capture of memray has no events.
 * What it takes meanwhile is charged to the pool of an account.
 */
enum mt_status	mt_memray_convert(struct mt_source *out,
		    const struct mt_source *in, bool events,
		    const struct mt_budget *, struct mt_memray_result *,
		    struct mt_error *);

/* ---- Between the files ------------------------------------------------ */

struct mt_memray_head {
	uint32_t	version;
	uint32_t	python_version;	/* PY_VERSION_HEX; 0: not there */
	bool		native;
	bool		aggregated;
	uint64_t	start_ms;
	uint64_t	end_ms;
	char		*command_line;
	uint32_t	pid;
	uint64_t	main_tid;
	uint64_t	skipped_frames;	/* memray's own, of that thread */
	unsigned	python_allocator;
	bool		trace_python_allocators;
};

/* Numbers of whatever size as indexes, in the order of their appearance. */
struct mt_memray_ids {
	struct mt_hash	 hash;
	uint64_t	*key;
	size_t		 cap;
	uint32_t	 n;
};

/* Codes of the recorder's. */
struct mt_memray_codes {
	struct mt_memray_ids	 ids;
	uint32_t		*code;
	size_t			 cap;
};

/* A call: a code of the recorder's and where in it. */
struct mt_memray_frame {
	uint32_t	code;
	int32_t		offset;
};

struct mt_memray_thread {
	uint64_t	 tid;
	uint32_t	*stack;		/* nodes, the innermost last */
	size_t		 depth;
	size_t		 cap;
};

/* A frame of machine code and its caller, both counted from 1. */
struct mt_memray_native_frame {
	uint64_t	ip;
	uint64_t	caller;
	uint32_t	code;		/* of the recorder, see generation */
	uint32_t	generation;	/* for which code is; 0: none yet */
	uint32_t	segment;	/* that code is of, plus one; 0: none */
};

struct mt_memray_module {
	uint64_t	start;
	uint64_t	end;
	uint64_t	bias;
	uint32_t	path;		/* in strings */
	uint32_t	generation;
};

struct mt_memray {
	struct mt_budget		 budget;
	struct mt_memray_in		 in;
	struct mt_memray_head		 head;
	struct mt_recorder		*rec;
	struct mt_sink			 sink;

	/* What the deltas of the file are to. */
	uint64_t			 last_ip;
	uint64_t			 last_native;
	uint64_t			 last_addr;
	uint64_t			 last_frame;
	uint64_t			 last_line;
	uint64_t			 recent[15];	/* addresses */

	struct mt_str			 strings;
	struct mt_memray_codes		 codes;	/* by memray's number */
	struct mt_memray_codes		 named;	/* by function and file */
	struct mt_memray_ids		 frames; /* by memray's frame id */
	struct mt_memray_frame		*frame;
	size_t				 frame_cap;
	struct mt_memray_ids		 threads; /* by tid */
	struct mt_memray_thread		*thread;
	size_t				 thread_cap;
	uint32_t			 now;	/* running; MT_HASH_NONE */

	struct mt_memray_native_frame	*native;
	size_t				 nnative;
	size_t				 native_cap;
	struct mt_memray_module		*module;	/* of all generations */
	size_t				 nmodules;
	size_t				 nsorted;
	size_t				 module_cap;
	uint32_t			 generation;
	/* Nodes by what they are of, all in the same generation. */
	struct mt_memray_ids		 known;
	uint32_t			*known_node;
	size_t				 known_cap;
	uint32_t			 known_generation;
	uint64_t			 steps;	/* frames that were looked at */
	uint32_t			*chain;	/* scratch, of frames */
	size_t				 chain_cap;
};

/* ---- mt_memray_head.c ---- */

enum mt_status	mt_memray_head(struct mt_memray *, struct mt_error *);
/* The header as metadata; has_end is whether its time of the end is true. */
enum mt_status	mt_memray_head_meta(struct mt_memray *, bool has_end,
		    struct mt_error *);

/*
 * ---- Records ----
 *
 * What takes a record, or a part of one, from the input returns MT_OK,
 * MT_END if the input ends within it, MT_ERR_FORMAT if it makes no sense, or
 * a final error.
 */

/* ---- mt_memray_events.c, mt_memray_sites.c ---- */

/* All records; MT_OK: up to the trailer. */
enum mt_status	mt_memray_events(struct mt_memray *, struct mt_error *);
enum mt_status	mt_memray_sites(struct mt_memray *, struct mt_error *);
/* Ours for memray's number of an allocator; 0: there is no such. */
unsigned	mt_memray_allocator(const struct mt_memray *, unsigned);

/* ---- mt_memray_code.c ---- */

/* The index of a key, made if need be, or MT_HASH_NONE if out of memory. */
uint32_t	mt_memray_id(struct mt_memray_ids *, uint64_t key);
/* The same, or MT_HASH_NONE if it is not there. */
uint32_t	mt_memray_id_find(const struct mt_memray_ids *, uint64_t key);
void		mt_memray_ids_fini(struct mt_memray_ids *);

/* A string, as its number in strings. */
enum mt_status	mt_memray_string(struct mt_memray *, uint32_t *,
		    struct mt_error *);
/* A code object, since MT_MEMRAY_CODES. */
enum mt_status	mt_memray_code(struct mt_memray *, struct mt_error *);
/* A code of the recorder's by memray's number. */
enum mt_status	mt_memray_code_of(struct mt_memray *, uint64_t id,
		    uint32_t *code, struct mt_error *);
/*
 * One that is no code object, as function and file in strings; the offset is
 * its line, whatever the kind, enum mt_table.
 */
enum mt_status	mt_memray_code_named(struct mt_memray *, unsigned kind,
		    uint32_t function, uint32_t file, uint32_t *code,
		    struct mt_error *);
/* memray counts instructions in other units for some versions of Python. */
int32_t		mt_memray_offset(const struct mt_memray *, int64_t);
/* Keep what a number stands for. */
enum mt_status	mt_memray_frame_put(struct mt_memray *, uint64_t id,
		    const struct mt_memray_frame *, struct mt_error *);
/* MT_ERR_FORMAT: there is no such frame. */
enum mt_status	mt_memray_frame_of(const struct mt_memray *, uint64_t id,
		    struct mt_memray_frame *);

/* The thread of a tid, made if need be. */
enum mt_status	mt_memray_thread(struct mt_memray *, uint64_t tid,
		    uint32_t *thread, struct mt_error *);
/* Go on with the thread whose tid comes next. */
enum mt_status	mt_memray_switch(struct mt_memray *, struct mt_error *);
/* The name of the thread that runs comes next. */
enum mt_status	mt_memray_thread_name(struct mt_memray *,
		    struct mt_error *);
/* Calls and returns of the thread that runs. */
enum mt_status	mt_memray_push(struct mt_memray *,
		    const struct mt_memray_frame *, struct mt_error *);
enum mt_status	mt_memray_pop(struct mt_memray *, unsigned n);

/* ---- mt_memray_native.c ---- */

enum mt_status	mt_memray_native_frame(struct mt_memray *,
		    struct mt_error *);
/* The process's modules come next. */
enum mt_status	mt_memray_native_maps(struct mt_memray *);
/* One of them, with its segments. */
enum mt_status	mt_memray_native_module(struct mt_memray *,
		    struct mt_error *);
/*
 * The node for frames of machine code on top of a node of Python: those that
 * were called by the interpreter, without its own.
 */
enum mt_status	mt_memray_native_node(struct mt_memray *, uint64_t native,
		    uint32_t generation, uint32_t *node, struct mt_error *);
void		mt_memray_native_fini(struct mt_memray *);

#endif /* MT_MEMRAY_H */
