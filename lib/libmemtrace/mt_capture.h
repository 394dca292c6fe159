/*
 * An open capture, between the files mt_capture*.c:
 *
 *	mt_capture.c		open, close, and the tables handed out
 *	mt_capture_blocks.c	finding blocks, by the index or by a scan
 *	mt_capture_load.c	payloads into tables
 *	mt_capture_changes.c	sites from checkpoints
 *	mt_capture_more.c	what is known about sites besides totals
 *	mt_capture_events.c	reading events
 *	mt_capture_rebuild.c	tables from events
 *	mt_capture_native.c	frames of other languages than Python
 *	mt_capture_extend.c	more blocks behind those that are there
 *	mt_capture_aggregate.c	tables for another capture
 */

#ifndef MT_CAPTURE_H
#define MT_CAPTURE_H

#include "mt_block.h"
#include "mt_events.h"
#include "mt_source.h"
#include "mt_str.h"
#include "mt_tables.h"

struct mt_capture_block {
	uint64_t	offset;
	uint32_t	type;
	/*
	 * Of events only: numbers that the index gives, or the block itself
	 * once it was decoded.
	 */
	bool		known;
	uint64_t	first_alloc;
	uint64_t	time_ns;
};

/* Which tables were read when somebody asked for them. */
enum mt_capture_loaded {
	MT_LOADED_SAMPLES = 1,
	MT_LOADED_TEMPORARY = 2,
	MT_LOADED_SIZES = 4,
	MT_LOADED_LIFETIMES = 8
};

/* The tables that can be made again from events, see mt_capture_rebuild(). */
enum mt_capture_made {
	MT_MADE_TEMPORARY,
	MT_MADE_SIZES,
	MT_MADE_LIFETIMES,
	MT_MADE
};

/*
 * Sites by the ids that the recorder gave them.  Without a map an id is an
 * index.
 */
struct mt_capture_ids {
	uint32_t	*row;		/* plus one; 0: no such site */
	size_t		 n;
	size_t		 cap;
};

struct mt_native_frame {
	uint32_t	code;
	uint32_t	line;
};

/* An address of a module. */
struct mt_native_spot {
	uint32_t	code;		/* the module */
	uint32_t	address;
	uint32_t	first;		/* of its frames */
	uint32_t	n;
	bool		named;		/* there are symbols */
	bool		occurs;		/* on some stack */
};

/* What is known of native frames; all zeroes if there are none. */
struct mt_native {
	bool			 any;		/* module among the codes */
	struct mt_str		 strings;
	uint32_t		 first_code;	/* that came from symbols */
	struct mt_hash		 code_index;	/* of these, by name and file */
	struct mt_hash		 spot_index;
	struct mt_native_spot	*spot;
	size_t			 nspots;
	size_t			 spots_cap;
	struct mt_native_frame	*frame;
	size_t			 nframes;
	size_t			 frames_cap;
	const char		**note;		/* by code; NULL: none */
	size_t			 nnotes;
	struct mt_module	*module;
	uint32_t		*address;	/* of the modules */
	uint32_t		*node_of;	/* by node in the file */
	size_t			 nnode_of;
};

/* Room for payloads, reused; always a few bytes larger than asked for. */
struct mt_capture_room {
	uint8_t	*data;
	size_t	 cap;
};

/* Which totals the metadata has; others are summed up. */
enum mt_capture_has {
	MT_HAS_ALLOCATIONS = 1,
	MT_HAS_BYTES = 2,
	MT_HAS_PEAK = 4,
	MT_HAS_LEAKED_ALLOCATIONS = 8,
	MT_HAS_LEAKED_BYTES = 16,
	MT_HAS_PEAK_TIME = 32
};

struct mt_capture {
	/* For all that is made of the file while it is open. */
	struct mt_budget	 budget;
	struct mt_source	 source;
	/* If it is one of memray, whose events nobody has asked for yet. */
	struct mt_source	 memray;
	bool			 has_memray;
	struct mt_file_head	 head;
	struct mt_meta		 meta;
	unsigned		 has;		/* enum mt_capture_has */

	struct mt_capture_block	*blocks;	/* in the order of the file */
	size_t			 nblocks;
	size_t			 blocks_cap;
	uint64_t		 blocks_end;	/* of the last, at most */

	/* Strings and line tables; freed together. */
	void			**keep;
	size_t			 nkeep;
	size_t			 keep_cap;

	struct mt_code		*codes;
	size_t			 ncodes;
	size_t			 codes_cap;
	size_t			 codes_seen;	/* bytes of payload */
	struct mt_node		*nodes;
	size_t			 nnodes;
	size_t			 nodes_cap;
	struct mt_thread	*threads;
	size_t			 nthreads;
	size_t			 threads_cap;
	size_t			 threads_seen;
	struct mt_site		*sites;
	size_t			 nsites;
	bool			 has_sites;
	size_t			 sites_cap;
	/* If the sites are from checkpoints: their ids, and stamps. */
	struct mt_capture_ids	 ids;
	uint64_t		*stamp;
	size_t			 stamp_cap;
	uint64_t		 last_stamp;
	unsigned		 loaded;	/* enum mt_capture_loaded */
	struct mt_sample	*samples;
	size_t			 nsamples;
	size_t			 samples_cap;
	struct mt_temporary	*temporary;
	size_t			 ntemporary;
	struct mt_histogram	 sizes;
	struct mt_lifetimes	 lifetimes;
	/* Of these tables: the rows that there is room for. */
	size_t			 temporary_cap;
	size_t			 buckets_cap;
	size_t			 bits_cap;
	size_t			 lifetimes_cap;
	/* Made from the events, with ids of their own if there is a map. */
	struct mt_buf		 made[MT_MADE];
	struct mt_capture_ids	 made_ids;
	bool			 has_made;

	struct mt_native	 native;
	uint64_t		 end_bytes;	/* of the last whole block */
	struct mt_buf		 index;		/* payload, if it was used */

	struct mt_inflate	*inflate;
	struct mt_capture_room	 stored;
	struct mt_capture_room	 table;		/* payload of a table */
	struct mt_capture_room	 payload;	/* of the events decoded now */
	struct mt_events_dec	 dec;
	size_t			 next_block;	/* to look for events */
	bool			 decoding;
};

/* ---- mt_capture.c ---- */

/*
 * One without anything in it, which has the source, and no limit of memory;
 * NULL: no memory.
 */
struct mt_capture *mt_capture_new(const struct mt_source *);
/* Open what is in *source, which becomes the capture's. */
enum mt_status	mt_capture_open_source(struct mt_capture **out,
		    struct mt_source *source, struct mt_error *);
/* Have the events of a capture of memray. */
enum mt_status	mt_capture_convert_events(struct mt_capture *,
		    struct mt_error *);
/* Keep p, from malloc(3), until the capture is closed; frees it if it
   cannot. */
bool		mt_capture_keep(struct mt_capture *, void *p);
/* Put others in the place of the sites, with room for as many as they are. */
void		mt_capture_set_sites(struct mt_capture *, struct mt_site *,
		    size_t n);

/* ---- mt_capture_blocks.c ---- */

/* Fill in blocks; flags say what was found. */
enum mt_status	mt_capture_find(struct mt_capture *, struct mt_error *);
/*
 * Read the payload that begins with block *i < nblocks into room and set *i
 * to the block to go on with.  MT_ERR_FORMAT: it is damaged; other errors
 * leave *i alone.
 */
enum mt_status	mt_capture_read(struct mt_capture *, size_t *i,
		    struct mt_capture_room *, size_t *len, struct mt_error *);

/* ---- mt_capture_load.c ---- */

enum mt_status	mt_capture_load(struct mt_capture *, struct mt_error *);
/*
 * A block of this type into the tables; MT_END, or an error.  Afterwards
 * mt_capture_check() is to be called.
 */
enum mt_status	mt_capture_load_payload(struct mt_capture *, uint32_t type,
		    struct mt_cursor *, struct mt_error *);
/* Codes of nodes from this one on may be described later. */
enum mt_status	mt_capture_expect(struct mt_capture *, size_t node,
		    struct mt_error *);
/*
 * An index, of nodes from this one on and of all sites, that points at
 * nothing becomes one of an entry "<unknown>".  There is always one of each,
 * so that index 0 is valid.
 */
enum mt_status	mt_capture_check(struct mt_capture *, size_t node,
		    struct mt_error *);
enum mt_status	mt_capture_load_samples(struct mt_capture *,
		    struct mt_error *);

/* ---- mt_capture_changes.c ---- */

/* Add a checkpoint to the sites: MT_END, or an error. */
enum mt_status	mt_capture_load_changes(struct mt_capture *,
		    struct mt_cursor *, struct mt_error *);
/* The sites are now as the last one says; there may be more. */
void		mt_capture_settle(struct mt_capture *);
/* There are no more of them. */
void		mt_capture_end_changes(struct mt_capture *);

/* ---- mt_capture_more.c ---- */

void		mt_capture_free_more(struct mt_capture *);

/* ---- mt_capture_events.c ---- */

/*
 * Pass over blocks of events that end before this time, or before this
 * allocation, as far as that is known.
 */
void		mt_capture_skip_time(struct mt_capture *, uint64_t time_ns);
void		mt_capture_skip_alloc(struct mt_capture *, uint64_t number);

/* ---- mt_capture_rebuild.c ---- */

/* Sites and totals from the events, and what mt_capture_remake() makes. */
enum mt_status	mt_capture_rebuild(struct mt_capture *, struct mt_error *);
/* The tables that an older capture lacks, from its events. */
enum mt_status	mt_capture_remake(struct mt_capture *, struct mt_error *);

/* ---- mt_capture_native.c ---- */

/* The codes are complete: are there modules among them? */
enum mt_status	mt_capture_begin_native(struct mt_capture *,
		    struct mt_error *);
/* Add a block of symbols: MT_END, or an error. */
enum mt_status	mt_capture_load_symbols(struct mt_capture *,
		    struct mt_cursor *, struct mt_error *);
/* Replace the nodes of modules by those of their functions. */
enum mt_status	mt_capture_expand_native(struct mt_capture *,
		    struct mt_error *);
void		mt_capture_free_native(struct mt_capture *);

#endif /* MT_CAPTURE_H */
