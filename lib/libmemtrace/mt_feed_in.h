/*
 * Inside of a feed, between its files:
 *
 *	mt_feed.c		open, step, what it tells
 *	mt_feed_find.c		where it is, and the token
 *	mt_feed_connect.c	the connection and the greetings
 *	mt_feed_model.c		frames into captures
 *	mt_feed_save.c		a capture into a file
 *	mt_feed_wire.c		the protocol, of both sides
 */

#ifndef MT_FEED_IN_H
#define MT_FEED_IN_H

#include <sys/un.h>

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
	struct mt_budget	 budget;	/* of all processes together */
	struct mt_budget	 spent;		/* by the caller */
	int			 fd;
	struct mt_seal		*seal;		/* NULL: of a local socket */
	struct mt_buf		 sealed;	/* records, likewise */
	struct mt_buf		 in;		/* frames, the last cut off */
	struct mt_feed_info	 info;
	struct mt_feed_member	*member;
	size_t			 member_cap;
	bool			 over;		/* nothing more is read */
};

/* ---- mt_feed_connect.c ---- */

/* Who and until when, by the clock of mt_feed_now_ms(). */
struct mt_feed_way {
	const char	*host;		/* NULL: by loopback */
	unsigned	 port;
	uint64_t	 until;
};

/*
 * A connection on which greetings were exchanged, in f->fd and f->seal, or an
 * error in the words of mt_feed_open(): through a local socket, or the
 * network with a token.
 */
enum mt_status	mt_feed_connect_local(struct mt_feed *,
		    const struct sockaddr_un *, const struct mt_feed_way *,
		    struct mt_error *);
enum mt_status	mt_feed_connect_net(struct mt_feed *,
		    const struct mt_token *, unsigned version,
		    const struct mt_feed_way *, struct mt_error *);
uint64_t	mt_feed_now_ms(void);

/* ---- mt_feed_find.c ---- */

/* The same, through whatever leads to what the options say. */
enum mt_status	mt_feed_find(struct mt_feed *,
		    const struct mt_feed_options *, struct mt_error *);

/* ---- mt_feed_model.c ---- */

/* The frame is MT_ERR_FORMAT if it makes no sense. */
enum mt_status	mt_feed_frame(struct mt_feed *, unsigned type,
		    uint32_t process, const uint8_t *, size_t,
		    bool *updated, struct mt_error *);
/* Make sure that no index points outside of its table. */
enum mt_status	mt_feed_check(struct mt_feed *, struct mt_error *);

#endif /* MT_FEED_IN_H */
