/*
 * The stacks of one process, prepared for adding up: each node with the
 * number of its function.  An address of a library is as many nodes as there
 * are functions, for some may be inlined.  Only what is new is worked out in
 * an update.
 */

#ifndef LIVE_TREE_H
#define LIVE_TREE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <memtrace.h>

#include "live_funcs.h"
#include "live_names.h"

/* Node 0 is the root, of no function; a parent has a smaller number. */
struct live_node {
	uint32_t	parent;
	uint32_t	func;
	bool		again;		/* its function is above it, too */
};

struct live_code {
	uint32_t	func;
	uint32_t	module;		/* if it is native */
	bool		is_native;	/* the function depends on the place */
};

struct live_tree {
	struct live_node *node;
	size_t		 n;
	size_t		 cap;
	uint32_t	*at;		/* by node of the capture: the one that
					   is called last there */
	size_t		 nat;
	size_t		 at_cap;
	bool		 has_native;
	struct live_code *code;
	size_t		 ncodes;
	size_t		 code_cap;
};

void	live_tree_init(struct live_tree *);
/* Take in what the capture has more than at the last time. */
void	live_tree_update(struct live_tree *, struct live_names *,
	    const struct mt_capture *);
/* There are more names: the next update begins from nothing. */
void	live_tree_rename(struct live_tree *);
void	live_tree_fini(struct live_tree *);

#endif /* LIVE_TREE_H */
