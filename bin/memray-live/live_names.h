/*
 * Names of the addresses of programs and libraries, in all processes.  An
 * address is asked about when somebody first wants to know its name, which
 * comes when it comes: memray-symbolize(1) looks it up beside us, from files
 * whose build-id is that of the module, and nobody waits.
 *
 *	live_names.c	what is known
 *	live_lookup.c	how it becomes known
 */

#ifndef LIVE_NAMES_H
#define LIVE_NAMES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <memtrace.h>

#include "live_funcs.h"
#include "live_lookup.h"

/* A module that has no build-id, so that no file is known to be it. */
#define LIVE_NAMES_NONE	UINT32_MAX

/* A function that is running at an address, or was inlined there. */
struct live_frame {
	uint32_t	func;
	uint32_t	line;		/* 0 if unknown */
};

struct live_module {
	char		*path;
	uint8_t		*build_id;
	size_t		 build_id_len;
	unsigned	 kind;		/* mt_code.table_kind */
	char		*note;		/* what is wrong, "" if nothing; NULL:
					   not looked up */
};

struct live_spot {
	uint32_t	module;
	uint32_t	address;
	uint32_t	first;		/* of its frames */
	uint32_t	nframes;	/* 0: it has no name, so far */
};

struct live_names {
	struct live_funcs	*funcs;
	struct live_module	*module;
	size_t			 nmodules;
	size_t			 module_cap;
	uint64_t		 text;	/* bytes of paths and build-ids */
	struct live_spot	*spot;	/* in the order of the questions */
	size_t			 nspots;
	size_t			 spot_cap;
	size_t			 nknown;	/* spots that were answered */
	uint32_t		*slot;	/* number of a spot + 1, or 0 */
	size_t			 nslots;	/* a power of two */
	uint64_t		 secret; /* addresses come from anybody */
	struct live_frame	*frame;
	size_t			 nframes;
	size_t			 frame_cap;
	struct live_lookup	 lookup;
	bool			 off;	/* nothing is looked up */
	char			 trouble[LIVE_TROUBLE_MAX]; /* first, or "" */
};

/* Names are functions there. */
void		live_names_init(struct live_names *, struct live_funcs *);
void		live_names_fini(struct live_names *);

/* The number of a module; LIVE_NAMES_NONE if it cannot have names. */
uint32_t	live_names_module(struct live_names *, const char *path,
		    const uint8_t *build_id, size_t build_id_len,
		    unsigned kind);

/*
 * The frames of an address, from the outermost to the innermost, and their
 * number; 0 if it has no name, or none yet.
 */
size_t		live_names_get(struct live_names *, uint32_t module,
		    uint32_t address, const struct live_frame **);

/* What an address without a name is called: "0x1234". */
#define LIVE_ADDRESS_MAX	16
const char	*live_names_address(char buf[LIVE_ADDRESS_MAX],
		    uint32_t address);

/* Whether there are addresses whose names are still to come. */
bool		live_names_pending(const struct live_names *);

/*
 * Go on with looking up, without waiting; returns whether names have come.
 * After each time there is a rest, except at once.
 */
bool		live_names_step(struct live_names *, bool at_once);

#endif /* LIVE_NAMES_H */
