/*
 * libmemtrace: the live feed, the collector's side.  See libmemtrace(3); the
 * viewer's side is <mt_feed.h>, the protocol is in memtrace-live(5).
 *
 *	struct mt_recorder	what a process did
 *	struct mt_take		what has changed there, taken out at once
 *	struct mt_mirror	a copy of the tables, made of takes
 *	struct mt_mirror_seen	what one viewer has of a mirror
 *
 * The recorder's thread does no more than to take.  Mirrors belong to another
 * thread, which may be as slow as it likes: a viewer gets what he has not
 * seen, whenever he has room for it, and nothing is kept for him meanwhile.
 */

#ifndef MT_MIRROR_H
#define MT_MIRROR_H

#include <mt_record.h>

#ifdef __cplusplus
extern "C" {
#endif

/* ---- Takes ----------------------------------------------------------- */

struct mt_take;

/*
 * What has changed since the last take.  The recorder was made with
 * MT_RECORDER_FEED.  Takes time in proportion to that; *out is NULL if it is
 * nothing at all.
 */
MT_API enum mt_status	mt_recorder_take(struct mt_recorder *,
			    struct mt_take **out, struct mt_error *);
MT_API void		mt_take_free(struct mt_take *);

/* ---- Mirrors --------------------------------------------------------- */

struct mt_mirror;

/* Of a process whose recording began at that time since the start. */
MT_API enum mt_status	mt_mirror_new(struct mt_mirror **out, uint64_t pid,
			    uint64_t parent_pid, uint64_t begin_ns,
			    struct mt_error *);
MT_API void		mt_mirror_free(struct mt_mirror *);

/* Takes come in their order.  After a failure the mirror is dropped. */
MT_API enum mt_status	mt_mirror_push(struct mt_mirror *,
			    const struct mt_take *, struct mt_error *);
/* The process has ended, by exec(2) or like this (-1: nobody knows). */
MT_API void		mt_mirror_finish(struct mt_mirror *, bool replaced,
			    int wait_status);
/* Let go of the tables, of which most viewers have a copy. */
MT_API void		mt_mirror_drop(struct mt_mirror *);

/* ---- What a viewer gets ---------------------------------------------- */

/* All zeroes is a viewer that has seen nothing. */
struct mt_mirror_seen {
	uint64_t	status;		/* version */
	uint64_t	meta;		/* bytes */
	uint64_t	codes;		/* bytes */
	uint64_t	threads;	/* bytes */
	uint32_t	nodes;
	uint32_t	points;
	unsigned	shift;		/* that the points have */
	uint32_t	row;		/* to look at next */
	uint64_t	rows;		/* version of all before the pass */
	uint64_t	pass;		/* and behind it */
};

/*
 * Frames about the process of this number with something that the viewer has
 * not seen yet, in memory from malloc(3): not much more than 64 KiB, unless a
 * single entry is larger.  MT_END: he has seen it all.
 */
MT_API enum mt_status	mt_mirror_next(const struct mt_mirror *,
			    uint32_t process, struct mt_mirror_seen *,
			    void **data, size_t *n, struct mt_error *);

/* ---- What is said besides -------------------------------------------- */

#define MT_MIRROR_SECRET	32u	/* bytes: half for each side to say */
#define MT_MIRROR_PATH		256u
#define MT_MIRROR_GREETING	32u	/* bytes, of each side */
#define MT_MIRROR_REQUEST	8u
#define MT_MIRROR_FRAME		64u	/* bytes of the frames below, at most */

/*
 * Where the secret of a port may be: the directory i, counted from 0 in the
 * order of preference, and the file in it.  False: there is no such place.
 */
MT_API bool		mt_mirror_place(unsigned i, unsigned port,
			    char dir[MT_MIRROR_PATH],
			    char file[MT_MIRROR_PATH]);

/*
 * What a viewer said first.  MT_ERR_FORMAT: he does not know the secret;
 * MT_ERR_VERSION: he does, but speaks another version.
 */
MT_API enum mt_status	mt_mirror_greeted(
			    const uint8_t greeting[MT_MIRROR_GREETING],
			    const uint8_t secret[MT_MIRROR_SECRET],
			    unsigned *interval_ms);
/* And what he said later: false if it is nonsense. */
MT_API bool		mt_mirror_request(
			    const uint8_t request[MT_MIRROR_REQUEST],
			    unsigned *interval_ms);

/* Our greeting, and frames; the latter return their length. */
MT_API void		mt_mirror_greet(uint8_t greeting[MT_MIRROR_GREETING],
			    const uint8_t secret[MT_MIRROR_SECRET]);
MT_API size_t		mt_mirror_info(uint8_t frame[MT_MIRROR_FRAME],
			    uint64_t start_time_ns, uint64_t collector);
/* An update is complete. */
MT_API size_t		mt_mirror_update(uint8_t frame[MT_MIRROR_FRAME],
			    uint64_t time_ns);
/* The program has ended like this (-1: nobody knows). */
MT_API size_t		mt_mirror_over(uint8_t frame[MT_MIRROR_FRAME],
			    int wait_status);

#ifdef __cplusplus
}
#endif

#endif /* MT_MIRROR_H */
