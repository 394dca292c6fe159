/* The real functions, and memory for the calls that come before them. */

#include <dlfcn.h>
#include <errno.h>
#include <string.h>

#include "agent_early.h"

struct agent_real agent_real;
_Alignas(16) unsigned char agent_early_pool[AGENT_EARLY_BYTES];

static size_t		early_used;
/* Volatile: the compiler is told that dlsym() never calls us, but it does. */
static volatile bool	real_busy;
static volatile bool	real_done;

bool
agent_real_init(void)
{
	void *fn;
	int saved;

	if (real_done)
		return (true);
	if (real_busy)
		return (false);
	real_busy = true;
	saved = errno;
	/* The only portable way to turn what dlsym returns into a function. */
#define AGENT_HOOK(result, name, params)				\
	fn = dlsym(RTLD_NEXT, #name);					\
	memcpy(&agent_real.name, &fn, sizeof(fn));
#define AGENT_HOOK_OURS(name)
#include "agent_hooks.def"
#undef AGENT_HOOK
#undef AGENT_HOOK_OURS
	/* Where files are always large, there may be but one of them. */
	if (agent_real.mmap64 == NULL)
		agent_real.mmap64 = agent_real.mmap;
	errno = saved;
	real_done = agent_real.malloc != NULL && agent_real.free != NULL &&
	    agent_real.calloc != NULL && agent_real.realloc != NULL;
	real_busy = false;
	return (real_done);
}

/* Before each block stands its size, in as many bytes as keep it aligned. */
void *
agent_early_alloc(size_t size)
{
	unsigned char *p;
	size_t need;

	if (size > AGENT_EARLY_BYTES)
		return (NULL);
	need = 16 + ((size + 15) & ~(size_t)15);
	if (need > AGENT_EARLY_BYTES - early_used)
		return (NULL);
	p = agent_early_pool + early_used;
	early_used += need;
	memcpy(p, &size, sizeof(size));
	return (p + 16);
}

size_t
agent_early_size(const void *p)
{
	size_t size;

	memcpy(&size, (const unsigned char *)p - 16, sizeof(size));
	return (size);
}
