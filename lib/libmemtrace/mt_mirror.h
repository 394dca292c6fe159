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
#include <mt_token.h>

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

#define MT_MIRROR_HEAD		12u	/* bytes, that each side begins with */
#define MT_MIRROR_OLD		32u	/* in version 1 */
#define MT_MIRROR_RECORD	2u	/* in front of one that is sealed */
#define MT_MIRROR_REQUEST	8u
#define MT_MIRROR_FRAME		64u	/* bytes of the frames below, at most */

/* What each side says first; the version that it tells, 0 if it is nonsense. */
MT_API void		mt_mirror_head(uint8_t head[MT_MIRROR_HEAD]);
MT_API unsigned		mt_mirror_version(const uint8_t head[MT_MIRROR_HEAD]);
/*
 * The answer to a viewer of version 1, which is told of ours; false: he has
 * not read our file.
 */
MT_API bool		mt_mirror_old(const uint8_t said[MT_MIRROR_OLD],
			    const struct mt_token *,
			    uint8_t answer[MT_MIRROR_OLD]);
/* What a viewer asks for: false if it is nonsense. */
MT_API bool		mt_mirror_request(
			    const uint8_t request[MT_MIRROR_REQUEST],
			    unsigned *interval_ms);

/* Frames, and their length. */
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
