/*
 * Modules: the objects that native frames are in, an id at first sight,
 * described once to the collector.
 *
 * Looking one up takes no lock.  When an object has been unloaded, all is
 * looked up anew; a module that is still as it was, by its place, its path
 * and the beginning of its contents, gets its old id.
 */

#ifndef AGENT_MODULE_H
#define AGENT_MODULE_H

#include "agent.h"

enum agent_module_class {
	AGENT_MODULE_OTHER,	/* an extension, a library */
	AGENT_MODULE_PYTHON,	/* the interpreter */
	AGENT_MODULE_LIBC,	/* and the dynamic linker */
	AGENT_MODULE_AGENT,
	AGENT_MODULE_NONE,	/* no module */
	AGENT_MODULE_EVAL = 0x80 /* a bit: the function that runs Python */
};

/* False if there is no memory. */
bool	agent_module_init(void);

/*
 * In the child of a fork: nobody is left who could hold the lock.  Then, once
 * no hook is running: nothing has been described.
 */
void	agent_module_forked(void);
void	agent_module_begin(void);

/* The word of a native frame, an MT_OP_NPUSH, for an address in code. */
uint64_t agent_module_word(struct agent_thread *, uintptr_t code,
	    enum agent_module_class *);

/*
 * How often objects were unloaded, as far as noticed: what was known of
 * addresses before a change may be wrong.
 */
extern _Atomic uint32_t	agent_module_generation;

/* Before and after an object may be unloaded. */
void	agent_module_unloading(void);
/* See whether the dynamic linker has unloaded any by itself. */
void	agent_module_poll(void);

#endif /* AGENT_MODULE_H */
