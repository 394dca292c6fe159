/*
 * The Python stack of the calling thread, as a difference to the last one.
 *
 * The chain of frames is read from the interpreter's own structures, at an
 * allocation and only then: never in a free, where greenlets may be between
 * two stacks.
 */

#ifndef AGENT_PYSTACK_H
#define AGENT_PYSTACK_H

#include "agent.h"
#include "agent_pyoffsets.h"

enum agent_walk {
	AGENT_WALK_NONE,	/* no Python stacks */
	AGENT_WALK_FRAMES,	/* the frame chain, by agent_pyoffsets.def */
	AGENT_WALK_API		/* the public functions; slow */
};

/*
 * Choose how to walk from now on.  The row may be NULL with AGENT_WALK_NONE
 * and AGENT_WALK_API.
 */
void	agent_pystack_init(enum agent_walk, const struct agent_pyoffsets *);

enum agent_walk	agent_pystack_mode(void);

/* Tell the collector how the stack of this thread has changed. */
void	agent_pystack_update(struct agent_thread *);

/*
 * Room for n entries in the stack's array; false if there is no memory.  For
 * the implementations of a walk.
 */
bool	agent_pystack_reserve(struct agent_stack *, uint32_t n);
/*
 * Tell the collector that the gone topmost frames it knows are replaced by
 * those that are in the array from index keep on.
 */
void	agent_pystack_emit(struct agent_thread *, uint32_t gone,
	    uint32_t keep);

/* Walk the calling thread into an array, the top first; for the self-check. */
uint32_t agent_pystack_walk(struct agent_thread *, struct agent_frame *,
	    uint32_t max);

/* The innermost C frame that runs Python, as 3.11 and 3.12 note it, or NULL. */
const char *agent_pystack_cframe(void);

/* The code object and first local variable of the top frame, or NULL. */
const char *agent_pystack_top(const char **local);

#endif /* AGENT_PYSTACK_H */
