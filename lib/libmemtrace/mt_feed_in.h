/*
 * Inside of a feed, between its files:
 *
 *	mt_feed.c		open, step, what it tells
 *	mt_feed_connect.c	the connection and the greetings
 *	mt_feed_model.c		frames into captures
 *	mt_feed_save.c		a capture into a file
 *	mt_feed_wire.c		the protocol, of both sides
 */

#ifndef MT_FEED_IN_H
#define MT_FEED_IN_H

#include "mt_capture.h"
#include "mt_feed_wire.h"

struct mt_feed_member {
	struct mt_feed_status	 status;
	struct mt_capture	*capture;
	uint64_t		 updates;
	bool			 touched;	/* since the last check */
	bool			 changed;	/* since the last update */
	size_t			 checked;	/* nodes */
};

struct mt_feed {
	int			 fd;
	struct mt_buf		 in;		/* frames, the last cut off */
	struct mt_feed_info	 info;
	struct mt_feed_member	*member;
	size_t			 member_cap;
	bool			 over;		/* nothing more is read */
};

/* ---- mt_feed_connect.c ---- */

/*
 * A connection on which greetings were exchanged, or an error in the words of
 * mt_feed_open().
 */
enum mt_status	mt_feed_connect(int *fd, const struct mt_feed_options *,
		    struct mt_error *);

/* ---- mt_feed_model.c ---- */

/* The frame is MT_ERR_FORMAT if it makes no sense. */
enum mt_status	mt_feed_frame(struct mt_feed *, unsigned type,
		    uint32_t process, const uint8_t *, size_t,
		    bool *updated, struct mt_error *);
/* Make sure that no index points outside of its table. */
enum mt_status	mt_feed_check(struct mt_feed *, struct mt_error *);

#endif /* MT_FEED_IN_H */
