/*
 * Code objects: an id at first sight, described once to the collector,
 * forgotten when the interpreter frees them.
 *
 * Looking an id up takes no lock and needs no GIL.  That is safe because a
 * code object on the caller's chain cannot be freed meanwhile, so no look-up
 * of an address ever races with its removal.
 */

#ifndef AGENT_PYCODE_H
#define AGENT_PYCODE_H

#include "agent.h"
#include "agent_pyoffsets.h"

/*
 * Set up for this layout and take notice of the death of code objects from
 * now on.  False if there is no memory.
 */
bool		agent_pycode_init(const struct agent_pyoffsets *);

/* The id of a code object; describes it through t if it is new.  0: none. */
uint32_t	agent_pycode_id(struct agent_thread *, const char *code);
/* Its id, or 0 if it has none. */
uint32_t	agent_pycode_find(const char *code);

/*
 * In the child of a fork: nobody is left who could hold the lock.  Then, once
 * no hook is running: no code object has been described yet.
 */
void		agent_pycode_forked(void);
void		agent_pycode_begin(void);

#endif /* AGENT_PYCODE_H */
