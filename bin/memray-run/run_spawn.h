/*
 * Starts the program.  The child waits until the capture, whose name needs
 * its process id, exists and the collector is ready, and then executes it.
 */

#ifndef RUN_SPAWN_H
#define RUN_SPAWN_H

#include <signal.h>
#include <stdbool.h>
#include <sys/types.h>

struct run_target;

struct run_spawn {
	const struct run_target	*target;
	const char		*agent;	/* path of the library to preload */
	const char		*socket; /* of the collector */
	bool			 follow; /* children, too */
	const sigset_t		*mask;	/* the program's signal mask */
	int			 stream_fd; /* not to be inherited, or -1 */
	int			 log_fd; /* for what it would write to the
					    terminal, which is not for it */
	char			*link;	/* to the agent, or NULL */
};

struct run_child {
	pid_t	pid;
	int	sock;		/* to the child, until it has executed */
};

/* The agent beside us, to be freed; ends memray-run if there is none. */
char	*run_spawn_agent(void);

/*
 * Decide what goes into LD_PRELOAD: the agent's path itself or, where the
 * dynamic linker would not understand it, a link in the private directory of
 * the socket.  Returns 0, or -1 with errno.
 */
int	run_spawn_init(struct run_spawn *);

/* Remove the link, if there is one.  May be called again. */
void	run_spawn_fini(struct run_spawn *);

/* Fork the child.  Returns 0, or -1 with errno. */
int	run_spawn_fork(struct run_child *, const struct run_spawn *);

/*
 * Let the child execute the program.  Returns 0 as soon as it has, or has
 * been killed, else the errno value of exec(2); the child then has ended.
 */
int	run_spawn_go(struct run_child *);

/* Let the child end, and wait for it. */
void	run_spawn_cancel(struct run_child *);

#endif /* RUN_SPAWN_H */
