/*
 * Tops of native stacks that were unwound before.
 *
 * A loop that allocates in several places comes back to the same few stacks,
 * which differ from each other only in their topmost frames, a branch.  It is
 * kept by where it began, and is good again if the words are still there that
 * it was read from, and what it stands on is.
 */

#ifndef AGENT_BRANCH_H
#define AGENT_BRANCH_H

#include "agent_native.h"

/* The branches of a thread; NULL if there is no memory. */
struct agent_branch	*agent_branch_new(void);

/* Forget them. */
void	agent_branch_forget(struct agent_branch *);

/*
 * Where n->u is, a branch begins that is good again: it replaces what was
 * there from index *keep on.  False, with nothing done, if there is none.
 */
bool	agent_branch_take(struct agent_native *n, uint32_t *keep);

/* The frames from index keep on are a branch, if there are any that fit. */
void	agent_branch_put(const struct agent_native *n, uint32_t keep);

#endif /* AGENT_BRANCH_H */
