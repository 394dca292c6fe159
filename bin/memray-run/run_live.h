/*
 * Live views of memray-run: the wait for the first viewer of --live-remote,
 * and the view of --live, a memray-live in the foreground, while the program
 * runs behind it with its output in a log.
 */

#ifndef RUN_LIVE_H
#define RUN_LIVE_H

#include <stdbool.h>
#include <sys/signalfd.h>
#include <sys/types.h>

struct mt_collect;
struct run_spawn;

struct run_live {
	bool	 here;		/* --live */
	bool	 remote;	/* --live-remote */
	bool	 no_wait;
	const char *address;	/* NULL: loopback */
	const char *port_text;	/* NULL: any port */
	unsigned port;
	/* Of --live. */
	bool	 no_symbols;	/* native frames have no names */
	char	*program;	/* memray-live */
	char	*log;		/* path of the program's output; NULL: none */
	int	 log_fd;	/* or -1 */
	pid_t	 view;		/* -1: none (any more) */
	bool	 quit;		/* the user wants the program to end */
	bool	 leave;		/* the view has to end with it */
};

static inline bool
run_live_is_on(const struct run_live *l)
{
	return (l->here || l->remote);
}

/* Look at the options; false after a line, if they do not go together. */
bool	run_live_options(struct run_live *);

/*
 * Before anything is started: find what --live needs, and tell the spawn.
 * Returns 0, or -1 after a line.
 */
int	run_live_init(struct run_live *, struct run_spawn *);

/*
 * Before the program is started: say where it can be watched, and wait for
 * the first viewer.  Returns 0, or a wait status of the signal that ended it.
 */
int	run_live_wait(const struct run_live *, struct mt_collect *, int sigfd,
	    bool quiet);

/* The program runs: show it. */
void	run_live_show(struct run_live *, struct mt_collect *);

/* Is that child, which changed like this, the view? */
bool	run_live_child(struct run_live *, pid_t, int status, pid_t program,
	    const struct mt_collect *);

/* We got this signal: does the program hear of it from us alone? */
bool	run_live_signal(struct run_live *, const struct signalfd_siginfo *);

/* Continue the view, if it was stopped. */
void	run_live_continue(const struct run_live *);

/* The program has ended, the view stays as long as the user likes. */
void	run_live_rest(struct run_live *, const struct mt_collect *, int sigfd);

/*
 * What the program wrote, or where it is.  Returns the status to end with for
 * this one of the program.
 */
int	run_live_finish(struct run_live *, const struct mt_collect *,
	    int status, bool quiet);
void	run_live_fini(struct run_live *);

#endif /* RUN_LIVE_H */
