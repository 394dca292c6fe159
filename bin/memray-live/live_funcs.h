/*
 * The functions of all processes, each once for its name and file, numbered
 * from 0 in the order of first sight.
 */

#ifndef LIVE_FUNCS_H
#define LIVE_FUNCS_H

#include <stddef.h>
#include <stdint.h>

/* Where no Python function runs; it is always there. */
#define LIVE_FUNCS_NONE		0u

struct live_func {
	char		*name;
	char		*file;		/* "" if it is no function's */
	uint64_t	 hash;
	uint32_t	 heir;	/* what it turned out to be: itself, or
				   for an address the function there */
};

struct live_funcs {
	struct live_func *func;
	size_t		 n;
	size_t		 cap;
	uint32_t	*slot;		/* number of a function + 1, or 0 */
	size_t		 nslots;	/* a power of two */
	uint64_t	 text;		/* bytes of names and files */
	uint64_t	 secret;	/* names come from anybody */
};

void		live_funcs_init(struct live_funcs *);
/* The number of a function; its strings are copied if it is a new one. */
uint32_t	live_funcs_get(struct live_funcs *, const char *name,
		    const char *file);
void		live_funcs_fini(struct live_funcs *);

#endif /* LIVE_FUNCS_H */
