/* What the program was as a process, for when nothing came of it. */

#ifndef RUN_IMAGE_H
#define RUN_IMAGE_H

#include <sys/types.h>

#include <stdbool.h>

struct run_image {
	bool	privileged;	/* by its file, so it does not load the agent */
	bool	other_user;	/* it ended as one, */
	uid_t	uid;		/* this one */
};

/* Has just been executed: what it is then. */
void	run_image_begin(struct run_image *, pid_t);

/* Before it is waited for: if it has ended, what it was in the end. */
void	run_image_end(struct run_image *, pid_t);

#endif /* RUN_IMAGE_H */
