/*
 * libmemtrace: read and summarise captures written by memray-run(1).
 * See libmemtrace(3); the format is specified in memtrace(5).  The other
 * half, making captures, is <mt_record.h>.
 *
 * Conventions.  Functions that can fail return enum mt_status and fill the
 * caller's struct mt_error, which may be NULL.  Nothing here prints, exits,
 * or changes signals, locale or environment.  A handle may be used by one
 * thread at a time.  Sizes are in bytes, times in nanoseconds; a time of day
 * counts from 1970-01-01 UTC.  Strings returned are UTF-8 as far as the
 * program's own were, never NULL, and live as long as their handle.
 */

#ifndef MEMTRACE_H
#define MEMTRACE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

#define MT_API	__attribute__((__visibility__("default")))

#define MT_VERSION_STRING	"0.1.0"

enum mt_status {
	MT_END = 1,		/* no more */
	MT_OK = 0,
	MT_ERR_SYS = -1,	/* a system call failed; see mt_error.sys */
	MT_ERR_FORMAT = -2,	/* not a capture, or damaged beyond use */
	MT_ERR_VERSION = -3,	/* a capture of an unsupported major version */
	MT_ERR_NOMEM = -4,
	MT_ERR_LIMIT = -5	/* a value out of the range that we handle */
};

/*
 * Where a failed call says what went wrong.  Owned by the caller, so that it
 * works before there is a handle and after the handle is gone.
 */
struct mt_error {
	int	sys;		/* errno value, or 0 */
	char	text[192];	/* no newline, no program name, no file name */
};

/* Name of an allocation function ("malloc"), "unknown" for no known one. */
MT_API const char	*mt_allocator_name(unsigned);

/* ---- Captures ------------------------------------------------------- */

struct mt_capture;

enum mt_capture_flag {
	MT_CAPTURE_CUT = 1,	/* no proper end: the file was cut short */
	MT_CAPTURE_DAMAGED = 2,	/* some blocks were skipped as unreadable */
	MT_CAPTURE_AGGREGATED = 4, /* tables only, no events */
	MT_CAPTURE_REBUILT = 8,	/* tables were made from the events */
	MT_CAPTURE_DISK_FULL = 16, /* not all events could be written */
	MT_CAPTURE_NO_TOTALS = 32, /* what was ever allocated is unknown */
	MT_CAPTURE_RECORDING = 64 /* CUT, for it is still being recorded */
};

struct mt_meta {
	const char	*command_line;
	const char	*python_version;
	const char	*python_allocator;	/* "pymalloc", "malloc", ... */
	uint64_t	 pid;
	uint64_t	 start_time_ns;		/* time of day */
	uint64_t	 end_time_ns;		/* time of day; 0 if unknown */
	uint64_t	 total_allocations;
	uint64_t	 total_bytes;
	uint64_t	 peak_bytes;		/* high-water mark */
	uint64_t	 peak_time_ns;		/* time of day; 0 if unknown */
	uint64_t	 leaked_allocations;	/* live at the script's end */
	uint64_t	 leaked_bytes;
	uint64_t	 lost_events;
	bool		 has_exit_status;
	int		 exit_status;		/* as wait(2) reports it */
	bool		 has_native_traces;
	bool		 trace_python_allocators;
	unsigned	 flags;			/* enum mt_capture_flag */
	uint64_t	 lost_bytes_of_file;	/* behind the last good block */
	/*
	 * Of lost_events, as far as known: how many threads they were of that
	 * could not be recorded for a time, and the bytes they allocated.
	 */
	uint64_t	 lost_threads;
	uint64_t	 lost_bytes;
};

/* A function of the program. */
struct mt_code {
	const char	*function;	/* qualified name where there is one */
	const char	*file;
	uint32_t	 first_line;
	const uint8_t	*table;		/* line table, for mt_line_of() */
	size_t		 table_len;
	unsigned	 table_kind;	/* enum mt_table of mt_wire.h */
};

/*
 * The tree of call stacks.  Node 0 is the root and has no code; every other
 * node's parent has a smaller number.
 */
struct mt_node {
	uint32_t	parent;		/* the caller */
	uint32_t	code;		/* index in mt_capture_codes() */
	int32_t		offset;		/* bytes; <0: not started */
};

/* All that one thread allocated at one stack through one function. */
struct mt_site {
	uint32_t	node;
	uint32_t	thread;		/* index in mt_capture_threads() */
	uint32_t	allocator;	/* enum mt_allocator */
	uint64_t	allocations;	/* ever */
	uint64_t	bytes;
	uint64_t	peak_allocations; /* live at the high-water mark */
	uint64_t	peak_bytes;
	uint64_t	leaked_allocations; /* live at the script's end */
	uint64_t	leaked_bytes;
};

struct mt_thread {
	uint64_t	 tid;
	const char	*name;		/* "" if unknown */
};

/* One point of the timeline. */
struct mt_sample {
	uint64_t	time_ns;	/* since start_time_ns */
	uint64_t	heap;		/* allocated bytes */
	uint64_t	rss;		/* resident set, bytes */
	uint64_t	anon_rss;	/* its anonymous part; 0 if unknown */
};

enum mt_event_type {
	MT_EVENT_ALLOC = 1,
	MT_EVENT_FREE = 2,	/* of a block that was recorded */
	MT_EVENT_UNMAP = 3	/* of a range that touches recorded mappings */
};

struct mt_event {
	uint8_t		type;		/* enum mt_event_type */
	uint8_t		allocator;	/* of MT_EVENT_ALLOC */
	uint32_t	thread;
	uint32_t	node;		/* MT_EVENT_ALLOC only, else 0 */
	uint64_t	addr;		/* 0 for a free: see ref */
	uint64_t	size;		/* bytes; 0 for a free */
	uint64_t	ref;		/* MT_EVENT_ALLOC: its number, counted
					   from 0; MT_EVENT_FREE: the number
					   of the freed allocation */
	uint64_t	time_ns;	/* since start_time_ns, coarse */
};

/*
 * Open the capture at path; "-" is standard input, and any source that cannot
 * seek is first copied to an unlinked temporary file.  A capture whose tables
 * are missing (cut short) has them rebuilt from its events; flags of the
 * metadata say so.  On failure *out is NULL.
 */
MT_API enum mt_status	mt_capture_open(struct mt_capture **out,
			    const char *path, struct mt_error *);
/*
 * The same for all of a plain file that is open for reading: what was looked
 * at is what is read.  fd stays the caller's, open as long as the capture.
 */
MT_API enum mt_status	mt_capture_open_fd(struct mt_capture **out, int fd,
			    struct mt_error *);
MT_API void		mt_capture_close(struct mt_capture *);

MT_API const struct mt_meta *mt_capture_meta(const struct mt_capture *);

/*
 * The tables.  Each returns the number of entries and, if the pointer is not
 * NULL, sets it to the first; entries are valid until the capture is closed.
 * Every index in a table was checked: site.node < number of nodes, and so on.
 */
MT_API size_t	mt_capture_codes(const struct mt_capture *,
		    const struct mt_code **);
MT_API size_t	mt_capture_nodes(const struct mt_capture *,
		    const struct mt_node **);
MT_API size_t	mt_capture_sites(const struct mt_capture *,
		    const struct mt_site **);
MT_API size_t	mt_capture_threads(const struct mt_capture *,
		    const struct mt_thread **);
MT_API enum mt_status mt_capture_samples(struct mt_capture *,
		    const struct mt_sample **, size_t *, struct mt_error *);

/*
 * Read the next events, in the order in which they happened, at most n.
 * Returns MT_OK with *got > 0, or MT_END, or an error.  Damaged blocks are
 * skipped and flagged in the metadata.
 */
MT_API enum mt_status mt_capture_events(struct mt_capture *,
		    struct mt_event *, size_t n, size_t *got,
		    struct mt_error *);
MT_API void	mt_capture_rewind(struct mt_capture *);

/*
 * Temporary allocations.  The distance of a block is the number of later
 * allocations that its thread had made by the time that same thread freed
 * it; it is in bin 0 if that is 0, and in bin n if it is 2^(n-1) to 2^n - 1.
 * An allocation is temporary for a threshold of t if its distance is less
 * than t; t = 1 is memray's --temporary-allocations.
 */
#define MT_TEMPORARY_BINS	16
#define MT_TEMPORARY_MAX	32768	/* largest threshold */

struct mt_temporary {
	uint32_t	site;		/* index in mt_capture_sites() */
	uint32_t	bin;
	uint64_t	allocations;
	uint64_t	bytes;
};

/*
 * Sizes of all allocations, exactly below 1 KiB, then to about 1.6 per cent:
 * buckets that are not empty, in ascending order.  Of single sites there are
 * the bits of the sizes: 0 for 0, and n for 2^(n-1) to 2^n - 1.
 */
struct mt_bucket {
	uint64_t	smallest;	/* that belong there */
	uint64_t	largest;
	uint64_t	allocations;
};

struct mt_site_bits {
	uint32_t	site;
	uint32_t	bits;
	uint64_t	allocations;
};

struct mt_histogram {
	uint64_t		 smallest;	/* that were allocated */
	uint64_t		 largest;
	size_t			 nbuckets;
	const struct mt_bucket	*buckets;
	size_t			 nsites;
	const struct mt_site_bits *sites;
};

/*
 * Lifetimes.  Time is divided into intervals of equal width, the first of
 * which starts with the recording.  Each entry is what a site allocated in
 * interval `from' and was freed in the later interval `to', or never.  What
 * was freed in the interval of its allocation is not there.
 */
#define MT_NEVER	UINT32_MAX

struct mt_lifetime {
	uint32_t	site;
	uint32_t	from;
	uint32_t	to;		/* or MT_NEVER */
	uint64_t	allocations;
	uint64_t	bytes;
};

struct mt_lifetimes {
	uint64_t		 interval_ns;
	uint32_t		 intervals;
	size_t			 n;
	const struct mt_lifetime *rows;
};

/*
 * These are read when they are asked for, and then valid until the capture is
 * closed.  Entries are in no particular order; no two are equal in what is
 * not a sum.  Captures of format 1.0 have these tables made from their
 * events, which are rewound.  MT_ERR_FORMAT: there are none of either.
 */
MT_API enum mt_status mt_capture_temporaries(struct mt_capture *,
		    const struct mt_temporary **, size_t *,
		    struct mt_error *);
MT_API enum mt_status mt_capture_histogram(struct mt_capture *,
		    const struct mt_histogram **, struct mt_error *);
MT_API enum mt_status mt_capture_lifetimes(struct mt_capture *,
		    const struct mt_lifetimes **, struct mt_error *);

/*
 * The line of an instruction offset of a code object; its first line where
 * the table says nothing.
 */
MT_API uint32_t	mt_line_of(const struct mt_code *, int32_t offset);

/*
 * The same for many offsets: each table is read once, when it is first asked
 * for.  The n code objects have to stay where they are.
 */
struct mt_lines;

/* NULL: out of memory. */
MT_API struct mt_lines	*mt_lines_new(const struct mt_code *, size_t n);
/* code is an index, which is not checked. */
MT_API uint32_t	mt_lines_get(struct mt_lines *, uint32_t code,
		    int32_t offset);
MT_API void	mt_lines_free(struct mt_lines *);

/* ---- Frames of other languages --------------------------------------- */

/*
 * Captures with native stacks have frames of functions in C, C++, Rust or
 * the like.  Their names come from the capture; where it has none, a function
 * is called by its address, "0x1234", and its file is the module.  Lines and
 * files that are not known are 0 and the path of the module.
 */
MT_API bool	mt_code_is_native(const struct mt_code *);

/*
 * Take these frames out of all stacks: what they allocated is their callers'.
 * To be called before anything but the metadata is looked at.
 */
MT_API enum mt_status	mt_capture_hide_native(struct mt_capture *,
			    struct mt_error *);

/* A program or library whose code is on the stacks. */
struct mt_module {
	uint32_t	 code;		/* its index in mt_capture_codes() */
	const char	*path;
	const uint8_t	*build_id;
	size_t		 build_id_len;	/* bytes; 0: it has none */
	const uint32_t	*address;	/* that occur, as it was linked; they
					   ascend */
	size_t		 naddresses;
	size_t		 unresolved;	/* how many of these have no symbol */
	const char	*note;		/* what is wrong with its symbols, ""
					   if nothing; NULL: not looked up */
};

/* Valid until the capture is closed. */
MT_API enum mt_status	mt_capture_modules(struct mt_capture *,
			    const struct mt_module **, size_t *n,
			    struct mt_error *);

/* ---- Selections ----------------------------------------------------- */

/* Which allocations a report is about. */
enum mt_view {
	MT_VIEW_PEAK,		/* live at the high-water mark */
	MT_VIEW_LEAKS,		/* live at the script's end */
	MT_VIEW_ALL,		/* ever made */
	MT_VIEW_TEMPORARY,	/* temporary for the threshold */
	MT_VIEW_AT,		/* live at to_ns */
	MT_VIEW_RANGE		/* made from from_ns on, live at to_ns */
};

/*
 * Patterns in the manner of glob(7), where * matches slashes, too; any of
 * them has to match, if there are any.
 */
struct mt_patterns {
	const char *const	*pattern;
	size_t			 n;
};

/*
 * Zeroes select the peak, of everything.  What is not needed for the view is
 * ignored.
 *
 * Times are since start_time_ns.  In captures with events they are exact: an
 * event counts from from_ns on, and up to to_ns, that included.  In captures
 * without events they have the resolution of the intervals of
 * mt_capture_lifetimes(): an interval begins for from_ns, and ends for to_ns.
 */
struct mt_selection {
	enum mt_view		view;
	uint64_t		threshold;	/* see mt_threshold() */
	uint64_t		from_ns;
	uint64_t		to_ns;
	/* The decimal id of a thread, or its name. */
	struct mt_patterns	threads;
	/* The decimal id of a process, or its command line. */
	struct mt_patterns	processes;
	/*
	 * The function, the file, or what follows its last slash, of one of
	 * the calls of a stack; what none of these is, is "<no Python stack>".
	 */
	struct mt_patterns	include;
	struct mt_patterns	exclude;	/* wins */
};

/* How much of a site is selected. */
struct mt_amount {
	uint64_t	allocations;
	uint64_t	bytes;
};

/*
 * The threshold that is used instead of this one where there are no events to
 * look at: the largest power of two that is not larger, or MT_TEMPORARY_MAX;
 * 0 for 0.
 */
MT_API uint64_t		mt_threshold(uint64_t);
/* Is the id, or the name, of a thread or process one of the patterns? */
MT_API bool		mt_select_is_named(const struct mt_patterns *,
			    uint64_t id, const char *name);
/* Is the function, or the file, of a call one of them? */
MT_API bool		mt_select_is_call(const struct mt_patterns *,
			    const char *function, const char *file);
/* Is the process of this capture selected? */
MT_API bool		mt_capture_is_selected(const struct mt_capture *,
			    const struct mt_selection *);
/*
 * Fill in one amount for each of mt_capture_sites(); 0 for what is not
 * selected.  Times and thresholds may take a look at events, which are
 * rewound.
 */
MT_API enum mt_status	mt_capture_select(struct mt_capture *,
			    const struct mt_selection *, struct mt_amount *,
			    struct mt_error *);

/* ---- Summaries ------------------------------------------------------ */

/*
 * A function of a file, over all stacks in which it appears.  In the totals a
 * function counts once per stack, however often it recurs there.
 */
struct mt_row {
	const char	*function;
	const char	*file;
	uint32_t	 line;		/* through it most passed */
	uint64_t	 total_bytes;
	uint64_t	 own_bytes;
	uint64_t	 total_allocations;
	uint64_t	 own_allocations;
};

struct mt_summary;

MT_API enum mt_status	mt_summary_new(struct mt_summary **out, enum mt_view,
			    struct mt_error *);
/* Add a capture, which may be closed afterwards. */
MT_API enum mt_status	mt_summary_push(struct mt_summary *,
			    const struct mt_capture *, struct mt_error *);
/* The same, but what is selected, whatever the view of the summary is. */
MT_API enum mt_status	mt_summary_push_selection(struct mt_summary *,
			    struct mt_capture *, const struct mt_selection *,
			    struct mt_error *);
/* Bytes and allocations of all that was pushed. */
MT_API uint64_t		mt_summary_bytes(const struct mt_summary *);
MT_API uint64_t		mt_summary_allocations(const struct mt_summary *);

/*
 * The rows, sorted in descending order by column: 1 total bytes, 2 total
 * per cent (as 1), 3 own bytes, 4 own per cent (as 3), 5 allocations; ties
 * by function, file.  Sets *n; the array is valid until the next call.
 */
MT_API const struct mt_row *mt_summary_rows(struct mt_summary *, int column,
			    size_t *n);
MT_API void		mt_summary_free(struct mt_summary *);

/* ---- Several captures as one ---------------------------------------- */

/*
 * Where the tables of a capture tell calls apart by their instructions, these
 * tell them apart by their lines, and they are those of any number of
 * captures together.  Equal entries are there once.  The first place, of
 * the first function, is no place in Python at all.
 */
struct mt_function {
	const char	*name;
	const char	*file;		/* "" if it is no function's */
	uint32_t	 first_line;
};

struct mt_place {
	uint32_t	function;	/* index in mt_merge_functions() */
	uint32_t	line;
};

/*
 * A stack: its innermost place, and the stack of the caller, which has a
 * smaller number.  Stack 0 is empty; it is at the first place.
 */
struct mt_call {
	uint32_t	parent;
	uint32_t	place;		/* index in mt_merge_places() */
};

struct mt_merge;

MT_API enum mt_status	mt_merge_new(struct mt_merge **out,
			    struct mt_error *);
/* Add a capture, which may be closed afterwards. */
MT_API enum mt_status	mt_merge_push(struct mt_merge *,
			    const struct mt_capture *, struct mt_error *);
/*
 * The same, without the sites that are not selected whatever the view is;
 * mt_merge_amounts() says how much of the others is.
 */
MT_API enum mt_status	mt_merge_push_selection(struct mt_merge *,
			    struct mt_capture *, const struct mt_selection *,
			    struct mt_error *);
MT_API void		mt_merge_free(struct mt_merge *);

/*
 * The tables, in the manner of those of a capture; they are valid until the
 * next push.  The node of a site is an index in mt_merge_calls(), its thread
 * one in mt_merge_threads(), which has those of each capture in turn.
 */
MT_API size_t	mt_merge_functions(const struct mt_merge *,
		    const struct mt_function **);
MT_API size_t	mt_merge_places(const struct mt_merge *,
		    const struct mt_place **);
MT_API size_t	mt_merge_calls(const struct mt_merge *,
		    const struct mt_call **);
MT_API size_t	mt_merge_sites(const struct mt_merge *,
		    const struct mt_site **);
MT_API size_t	mt_merge_threads(const struct mt_merge *,
		    const struct mt_thread **);
/*
 * One for each of mt_merge_sites(); 0 for captures that were added without a
 * selection.
 */
MT_API size_t	mt_merge_amounts(const struct mt_merge *,
		    const struct mt_amount **);

/* ---- What captures are made of -------------------------------------- */

/* A block of the file, as memtrace(5) defines it. */
struct mt_block_info {
	uint64_t	offset;		/* of its header, in the capture */
	uint32_t	type;		/* enum mt_block_type of mt_record.h */
	uint32_t	flags;
	uint32_t	raw_bytes;
	uint32_t	stored_bytes;
};

/* Version of the format. */
MT_API void		mt_capture_version(const struct mt_capture *,
			    unsigned *major, unsigned *minor);
/* The block i, counted from 0 in the order of the file; MT_END behind it. */
MT_API enum mt_status	mt_capture_block(const struct mt_capture *, size_t i,
			    struct mt_block_info *, struct mt_error *);

/* ---- For writers of other formats ----------------------------------- */

/*
 * The n bytes in gzip format, in memory from malloc(3), without a name or a
 * time, so that equal bytes give equal files.
 */
MT_API enum mt_status	mt_gzip(const void *, size_t n, void **out,
			    size_t *out_n, struct mt_error *);

#ifdef __cplusplus
}
#endif

#endif /* MEMTRACE_H */
