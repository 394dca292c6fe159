/*
 * A connection of the live feed, from its first byte: half open until it has
 * proved who it is, then a viewer.  Nothing here waits.  What is kept for a
 * viewer is the piece that is being sent, and what he has seen.
 *
 * Who comes through the local socket is of our user, or root; who comes
 * through a network proves that he knows the token, and all is sealed.
 */

#ifndef MT_COLLECT_VIEWER_H
#define MT_COLLECT_VIEWER_H

#include <stdbool.h>

#include <mt_mirror.h>
#include <mt_seal.h>

#define MT_COLLECT_VIEWER_IN	(MT_MIRROR_HEAD + MT_SEAL_GREETING) /* bytes */
#define MT_COLLECT_VIEWER_FROM	8u
#define MT_COLLECT_REQUESTS	32u	/* of a viewer in a second */

/* How far he has come. */
enum mt_collect_viewer_state {
	MT_VIEWER_NEW,
	MT_VIEWER_OLD,		/* he is of version 1 */
	MT_VIEWER_HELLO,	/* he is about to greet */
	MT_VIEWER_GREETED,	/* his greeting was right, or heard before */
	MT_VIEWER_IN		/* it was his */
};

struct mt_collect_viewer {
	int		 fd;
	enum mt_collect_viewer_state state;
	bool		 leaving;	/* when all is sent */
	uint8_t		 from[MT_COLLECT_VIEWER_FROM];	/* address */
	uint8_t		 public[MT_SEAL_PUBLIC];	/* of his greeting */
	struct mt_seal	*seal;		/* NULL: he is local */
	bool		 local;
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

/*
 * Takes over the descriptor, which does not block; NULL: out of memory.  from
 * tells whose too many are, NULL for who is local.
 */
struct mt_collect_viewer *mt_collect_viewer_new(int fd,
	    const uint8_t from[MT_COLLECT_VIEWER_FROM], uint64_t now_us);
/* Accepts NULL. */
void	mt_collect_viewer_free(struct mt_collect_viewer *);

/*
 * Hear what he says.  False: he is gone, or talks nonsense.  *came: he has
 * just become a viewer.
 */
bool	mt_collect_viewer_hear(struct mt_collect_viewer *,
	    const struct mt_token *, uint64_t now_us, bool *came);

/* Has he to be told something before there is more? */
static inline bool
mt_collect_viewer_is_busy(const struct mt_collect_viewer *v)
{
	return (v->out_len > 0);
}
static inline bool
mt_collect_viewer_is_in(const struct mt_collect_viewer *v)
{
	return (v->state == MT_VIEWER_IN);
}
/*
 * These bytes are next, behind what is not sent yet; data, of malloc(3), is
 * taken over.  False: out of memory.
 */
bool	mt_collect_viewer_say(struct mt_collect_viewer *, void *data, size_t);
/* Send what can be sent; false: he is gone.  *moved: some of it was. */
bool	mt_collect_viewer_send(struct mt_collect_viewer *, bool *moved);

/* What he has seen of so many processes; false: out of memory. */
bool	mt_collect_viewer_reach(struct mt_collect_viewer *, uint32_t n);

#endif /* MT_COLLECT_VIEWER_H */
