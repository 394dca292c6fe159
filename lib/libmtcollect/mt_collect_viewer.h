/*
 * A connection of the live feed, from its first byte: half open until it has
 * said the secret, then a viewer.  Nothing here waits.  What is kept for a
 * viewer is the piece that is being sent, and what he has seen.
 */

#ifndef MT_COLLECT_VIEWER_H
#define MT_COLLECT_VIEWER_H

#include <stdbool.h>

#include <mt_mirror.h>

#define MT_COLLECT_VIEWER_IN	MT_MIRROR_GREETING	/* bytes */
#define MT_COLLECT_REQUESTS	32u	/* of a viewer in a second */

struct mt_collect_viewer {
	int		 fd;
	bool		 greeted;
	bool		 leaving;	/* when all is sent */
	uint64_t	 since_us;	/* half open; or of these requests */
	unsigned	 requests;
	uint8_t		 in[MT_COLLECT_VIEWER_IN];
	size_t		 in_len;
	unsigned	 interval_us;	/* 0: he wants no updates */
	/* The piece that is being sent. */
	uint8_t		*out;
	size_t		 out_len;
	size_t		 out_at;
	/* The pass through all processes that makes an update. */
	bool		 passing;
	bool		 final;		/* with the end of the program */
	uint32_t	 process;	/* to look at next */
	uint64_t	 due_us;	/* of the next one */
	uint64_t	 round;		/* of takes that it waits for */
	struct mt_mirror_seen *seen;	/* by process */
	uint32_t	 nseen;
};

/* Takes over the descriptor, which does not block; NULL: out of memory. */
struct mt_collect_viewer *mt_collect_viewer_new(int fd, uint64_t now_us);
/* Accepts NULL. */
void	mt_collect_viewer_free(struct mt_collect_viewer *);

/*
 * Hear what he says.  False: he is gone, or talks nonsense.  *came: he has
 * just said the secret.
 */
bool	mt_collect_viewer_hear(struct mt_collect_viewer *,
	    const uint8_t secret[MT_MIRROR_SECRET], uint64_t now_us,
	    bool *came);

/* Has he to be told something before there is more? */
static inline bool
mt_collect_viewer_is_busy(const struct mt_collect_viewer *v)
{
	return (v->out_len > 0);
}
/* These bytes are next; data, of malloc(3), is taken over. */
void	mt_collect_viewer_say(struct mt_collect_viewer *, void *data, size_t);
/* Send what can be sent; false: he is gone.  *moved: some of it was. */
bool	mt_collect_viewer_send(struct mt_collect_viewer *, bool *moved);

/* What he has seen of so many processes; false: out of memory. */
bool	mt_collect_viewer_reach(struct mt_collect_viewer *, uint32_t n);

#endif /* MT_COLLECT_VIEWER_H */
