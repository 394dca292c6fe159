/* The interpreter's own allocators: the domains raw, mem and obj. */

#ifndef AGENT_PYALLOC_H
#define AGENT_PYALLOC_H

#include <stdbool.h>

/*
 * Record every allocation through the three domains from now on, as an event
 * of its own kind; what they ask the system for in turn is then not recorded,
 * so that no byte counts twice.  The GIL is held and no other thread is
 * inside an allocator.
 */
void	agent_pyalloc_install(void);

/*
 * Where the interpreter's calls of malloc(3) do not come to us: record what
 * goes through its domain raw, which is what it would ask malloc for, under
 * the names of malloc(3) and its relatives.  The same conditions; instead of
 * agent_pyalloc_install().
 */
void	agent_pyalloc_raw(void);

/*
 * Where stacks come from the public functions, which make objects: tell when
 * the calling thread is inside the allocator of objects, which they may then
 * not enter again.  The same conditions; instead of agent_pyalloc_install().
 */
void	agent_pyalloc_guard(void);
bool	agent_pyalloc_inside(void);

#endif /* AGENT_PYALLOC_H */
