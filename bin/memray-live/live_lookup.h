/*
 * Asks memray-symbolize(1).  It is a filter of captures: the question is one
 * in which each address has allocated something, and so is the answer.
 */

#ifndef LIVE_LOOKUP_H
#define LIVE_LOOKUP_H

#include <sys/types.h>

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <memtrace.h>

#define LIVE_TROUBLE_MAX	256

struct live_names;

/* A question that was asked, if there is a process. */
struct live_lookup {
	pid_t		pid;		/* 0: there is none */
	int		answer;		/* descriptor */
	size_t		n;		/* addresses */
	uint64_t	asked_ms;
	uint64_t	rest_ms;	/* nothing is asked before */
};

enum live_answer { LIVE_ANSWER_NONE, LIVE_ANSWER_CAME, LIVE_ANSWER_FAILED };

/*
 * Ask about n addresses from the first unknown one on.  False, with a line
 * in trouble, if that cannot be done.
 */
bool	live_lookup_ask(struct live_names *, size_t n,
	    char trouble[LIVE_TROUBLE_MAX]);

/*
 * Look whether the answer is there; if it has come it is open in *c, to be
 * closed.  If it will not come, there is a line in trouble.
 */
enum live_answer live_lookup_answer(struct live_lookup *,
	    struct mt_capture **c, char trouble[LIVE_TROUBLE_MAX]);

/* Nobody wants to know any more. */
void	live_lookup_stop(struct live_lookup *);

#endif /* LIVE_LOOKUP_H */
