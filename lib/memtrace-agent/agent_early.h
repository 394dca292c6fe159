/*
 * The real functions, and memory for the calls that come before them.
 *
 * The real functions come from the next object after us, so that an
 * allocator that the user preloads keeps working.  Looking them up may itself
 * allocate: such calls are served from a small static pool that is never
 * given back.
 */

#ifndef AGENT_EARLY_H
#define AGENT_EARLY_H

#include <sys/types.h>

#include <pthread.h>
#include <signal.h>
#include <spawn.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* NULL for what the C library below us lacks. */
struct agent_real {
#define AGENT_HOOK(result, name, params)	result (*name) params;
#define AGENT_HOOK_OURS(name)
#include "agent_hooks.def"
#undef AGENT_HOOK
#undef AGENT_HOOK_OURS
};
extern struct agent_real	agent_real;

/*
 * Look the real functions up, once.  False while that is going on, in a call
 * made by the look-up itself.
 */
bool	agent_real_init(void);

/* Zeroed memory from the pool, aligned to 16 bytes; NULL when it is used up. */
void	*agent_early_alloc(size_t);
/* Bytes asked for at p, which must be of the pool. */
size_t	 agent_early_size(const void *);

#define AGENT_EARLY_BYTES	16384
extern unsigned char	agent_early_pool[AGENT_EARLY_BYTES];

static inline bool
agent_early_owns(const void *p)
{
	return ((uintptr_t)p - (uintptr_t)agent_early_pool <
	    AGENT_EARLY_BYTES);
}

#endif /* AGENT_EARLY_H */
