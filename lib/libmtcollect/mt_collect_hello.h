/*
 * The socket on which processes say hello (mt_hello.h): in a fresh private
 * directory, for peers of our own user (or root) only.  The directory is below
 * XDG_RUNTIME_DIR, /tmp or TMPDIR, where these are what they should be: what
 * the environment names may be somebody else's.  Bounded: a peer that
 * says nothing for five seconds is dropped, and of too many silent ones the
 * oldest.  Both are generous: of hundreds of processes that are forked at
 * once, each can be interrupted between connecting and speaking.
 */

#ifndef MT_COLLECT_HELLO_H
#define MT_COLLECT_HELLO_H

#include <sys/types.h>
#include <sys/un.h>

#include <stdbool.h>
#include <stdint.h>

#include <memtrace.h>

#include "mt_hello.h"

#define MT_COLLECT_HALF_OPEN	256u	/* peers that have not spoken yet */
#define MT_COLLECT_SILENCE_US	5000000u
#define MT_COLLECT_PATH		sizeof(((struct sockaddr_un *)0)->sun_path)

/*
 * Called for each well-formed hello; answers with trace or ignore.
 * The hello's strings end; its numbers are as the peer sent them.
 */
typedef void	mt_collect_hello_fn(void *arg, int conn, pid_t pid,
		    const struct mt_hello *);

struct mt_collect_hello {
	int			 fd;		/* listening */
	int			 spare;		/* given up to refuse a peer */
	unsigned		 refused;	/* for want of descriptors */
	int			 poll;		/* set of the caller */
	uint32_t		 tag;		/* of our members there */
	mt_collect_hello_fn	*fn;
	void			*arg;
	struct {
		int		 fd;		/* -1: none */
		uint64_t	 since_us;
	}			 half[MT_COLLECT_HALF_OPEN];
	int			 dir_fd;	/* the private directory */
	char			 dir[MT_COLLECT_PATH];
	char			 path[MT_COLLECT_PATH];
};

enum mt_status	mt_collect_hello_init(struct mt_collect_hello *, int poll,
		    uint32_t tag, mt_collect_hello_fn *, void *arg,
		    struct mt_error *);
/* Removes socket and directory; accepts one that was zeroed. */
void		mt_collect_hello_fini(struct mt_collect_hello *);

/* Something of ours is readable. */
void		mt_collect_hello_step(struct mt_collect_hello *,
		    uint64_t now_us);
/* Drop who has been silent too long. */
void		mt_collect_hello_expire(struct mt_collect_hello *,
		    uint64_t now_us);

/*
 * The agent is to trace, with these MT_FLAG_* and so many arenas in the file
 * of the last descriptor (mt_hello.h); or not.  False: the peer is gone.
 */
bool		mt_collect_hello_trace(int conn, uint32_t flags,
		    const int fds[MT_WELCOME_FDS], unsigned arenas);
bool		mt_collect_hello_ignore(int conn);

#endif /* MT_COLLECT_HELLO_H */
