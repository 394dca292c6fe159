/* When the user's code runs: from the audit hook to the atexit callback. */

#ifndef AGENT_PYHOOK_H
#define AGENT_PYHOOK_H

#include <stdbool.h>

/*
 * Called from the hooks while the agent waits: installs the audit hook at the
 * first moment at which that neither disturbs the allocators nor is seen.
 */
void	agent_pyhook_poll(void);

/* Between the two, in this process or in the one that it was forked from. */
bool	agent_pyhook_tracing(void);

#endif /* AGENT_PYHOOK_H */
