/*
 * The live feed's protocol, as memtrace-live(5) specifies it: what both sides
 * need to know.
 */

#ifndef MT_FEED_WIRE_H
#define MT_FEED_WIRE_H

#include "mt_block.h"
#include "mt_feed.h"
#include "mt_mirror.h"
#include "mt_seal.h"

#define MT_FEED_MAGIC		"MTFEED\r\n"
#define MT_FEED_MAGIC_BYTES	8
#define MT_FEED_HEAD		12u		/* of a frame */
#define MT_FEED_PAYLOAD_MAX	(16u << 20)

/* Types of frames; 3 to 9 are as blocks of captures.  Never renumbered. */
enum mt_feed_frame {
	MT_FRAME_INFO = 1,
	MT_FRAME_STATUS = 2,
	MT_FRAME_META = 3,
	MT_FRAME_CODES = 4,
	MT_FRAME_NODES = 5,
	MT_FRAME_THREADS = 6,
	MT_FRAME_CHANGES = 7,
	MT_FRAME_SAMPLES = 8,
	MT_FRAME_TIMELINE = 9,
	MT_FRAME_UPDATE = 10,
	MT_FRAME_OVER = 11
};

/* Requests of a viewer. */
enum mt_feed_request {
	MT_REQUEST_INTERVAL = 1
};

enum mt_feed_status_flag {
	MT_STATUS_ENDED = 1,
	MT_STATUS_REPLACED = 2,
	MT_STATUS_KNOWN = 4,	/* how it ended */
	MT_STATUS_DROPPED = 8	/* its tables are gone */
};

/* What a status frame says of a process, in this order. */
struct mt_feed_status {
	uint64_t	flags;
	uint64_t	pid;
	uint64_t	parent_pid;
	uint64_t	begin_ns;
	uint64_t	time_ns;
	uint64_t	heap;
	uint64_t	live;
	uint64_t	peak;
	uint64_t	peak_time_ns;
	uint64_t	rss;
	uint64_t	anon_rss;
	uint64_t	peak_rss;
	uint64_t	allocations;
	uint64_t	bytes;
	uint64_t	lost;
	uint64_t	exit_status;
};

/* Two secrets are compared in the same time, whatever they are. */
bool	mt_feed_is_equal(const uint8_t *, const uint8_t *, size_t);

void	mt_feed_put_head(uint8_t[MT_FEED_HEAD], unsigned type,
	    uint32_t process, size_t payload);
/* The type, and what follows; a type of 0 is not one. */
void	mt_feed_get_head(const uint8_t[MT_FEED_HEAD], unsigned *type,
	    uint32_t *process, size_t *payload);

/* In the order of the structure; more may follow one day. */
void	mt_feed_put_status(struct mt_buf *, const struct mt_feed_status *);
bool	mt_feed_get_status(struct mt_cursor *, struct mt_feed_status *);

#endif /* MT_FEED_WIRE_H */
