/* When the user's code runs: from the audit hook to the atexit callback. */

#ifndef AGENT_PYHOOK_H
#define AGENT_PYHOOK_H

#include <stdbool.h>

/*
 * Called from the hooks while the agent waits: installs the audit hook at the
 * first moment at which that neither disturbs the allocators nor is seen.
 */
void	agent_pyhook_poll(void);

/*
 * The same when no stacks can be had, as after the end of an interpreter that
 * was embedded, of which there may be another one.
 */
void	agent_pyhook_again(void);

/* Between the two, in this process or in the one that it was forked from. */
bool	agent_pyhook_tracing(void);

#endif /* AGENT_PYHOOK_H */
