/*
 * Loaded objects and readable memory: what unwinding asks of the dynamic
 * linker and of the kernel.  Nothing here takes a lock that the program could
 * hold in a way that matters.
 */

#ifndef AGENT_OBJECT_H
#define AGENT_OBJECT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct agent_object {
	uintptr_t	 start;		/* as mapped */
	uintptr_t	 end;
	uintptr_t	 bias;		/* added to linked addresses */
	const uint8_t	*frames;	/* .eh_frame_hdr, NULL if none */
	const char	*name;		/* the linker's, "" for the program */
};

/* Look up how to ask.  Before tracing. */
void	agent_object_init(void);

/* The object that this code is in. */
bool	agent_object_find(uintptr_t, struct agent_object *);

/* How many objects have been unloaded so far. */
uint64_t agent_object_unloads(void);

/* Can these bytes be read?  A system call a page. */
bool	agent_object_readable(uintptr_t, size_t);

#endif /* AGENT_OBJECT_H */
