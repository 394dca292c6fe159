/* The interpreter's own allocators: the domains raw, mem and obj. */

#ifndef AGENT_PYALLOC_H
#define AGENT_PYALLOC_H

/*
 * Record every allocation through the three domains from now on, as an event
 * of its own kind; what they ask the system for in turn is then not recorded,
 * so that no byte counts twice.  The GIL is held and no other thread is
 * inside an allocator.
 */
void	agent_pyalloc_install(void);

#endif /* AGENT_PYALLOC_H */
