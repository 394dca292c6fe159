/*
 * libmemtrace: private places, the directories that are ours alone and in
 * which sockets and secrets are kept.
 *
 * A name means nothing once it was looked at: whoever owns a directory above
 * may have put something else there meanwhile.  So what is here opens first
 * and looks then, and what was found is used through its descriptor.
 */

#ifndef MT_PLACE_H
#define MT_PLACE_H

#include <sys/types.h>
#include <sys/un.h>

#include <memtrace.h>

#ifdef __cplusplus
extern "C" {
#endif

/* Is the directory our (effective) user's, and shut to all others? */
MT_API bool	mt_place_is_private(int fd);

/*
 * Can nobody but us and root rename or remove what is ours in this directory?
 * True of a private one, and of one like /tmp, which is root's and sticky.
 */
MT_API bool	mt_place_is_safe(int fd);

/*
 * A descriptor of the directory path, relative to dir as for openat(2), if it
 * is private.  With make, it is first made unless it is there.  -1 with
 * errno; EACCES: it is not private; ELOOP or ENOTDIR: it is a symbolic link,
 * or no directory.
 */
MT_API int	mt_place_open(int dir, const char *path, bool make);

/*
 * The address of the socket called name in that directory, which stays the
 * same whatever becomes of the directory's own name.  False: the name is too
 * long, or this system has no such address.
 */
MT_API bool	mt_place_address(struct sockaddr_un *, int dir,
		    const char *name);
/* Is the process at the other end of a local socket our user's, or root's? */
MT_API bool	mt_place_is_friend(int sock);

/*
 * The places where a live feed may be found, i < MT_PLACE_FEEDS, in the order
 * of preference: opened as above, -1 if there is none.  path is for messages.
 */
#define MT_PLACE_FEEDS	4u
#define MT_PLACE_PATH	256u
MT_API int	mt_place_feed(unsigned i, bool make,
		    char path[MT_PLACE_PATH]);

/* What a directory is worth to us; each is better than the one before. */
enum mt_place_worth {
	MT_PLACE_STRANGE,	/* somebody else's, none, or not absolute */
	MT_PLACE_OPEN,		/* anybody may put another file in a place */
	MT_PLACE_SAFE,		/* what we make there stays what it is */
	MT_PLACE_PRIVATE	/* and nobody else sees it */
};

/*
 * What a directory is worth of which we have but the name, from the
 * environment, say: the directories above it are looked at, too, and so are
 * symbolic links on the way.  errno tells why it is strange.
 */
MT_API enum mt_place_worth mt_place_worth(const char *path);

/*
 * Is what this user owns as good as ours?  The superuser may do what he likes
 * anywhere, so his is.  In a user namespace, so is what belongs to users that
 * have no number there: the superuser is mostly one of them.
 */
MT_API bool	mt_place_trusts(uid_t);

/*
 * TMPDIR, or /tmp if that is not set, not absolute or somebody else's.  Stays
 * until the environment changes.
 */
MT_API const char *mt_place_tmpdir(void);

#ifdef __cplusplus
}
#endif

#endif /* MT_PLACE_H */
