/*
 * Can the frame chain be read as agent_pyoffsets.def says?  And the way to
 * get stacks when it cannot: the public functions.
 */

#ifndef AGENT_PYCHECK_H
#define AGENT_PYCHECK_H

#include "agent_pystack.h"

/*
 * Choose and set up the walk of this interpreter: compares the row of its
 * version, NULL if there is none, with what the interpreter says of itself and
 * the walk of a known stack with the answer of the public functions.  True if
 * they agree.  If not, it is the public functions, or nothing in a
 * free-threaded build, and a note says so.  The GIL is held and no exception
 * is set.  api is as if they differed.
 */
bool	agent_pycheck_choose(struct agent_thread *,
	    const struct agent_pyoffsets *, bool api);

/* As agent_pystack_update(), by the public functions. */
void	agent_pycheck_update(struct agent_thread *);

/* As the description of a code object, by the public functions. */
void	agent_pycheck_describe(struct agent_thread *, const char *code,
	    uint32_t id);

#endif /* AGENT_PYCHECK_H */
