/*
 * The stacks of one process, prepared for adding up: each node with the
 * number of its function.  Only what is new is worked out in an update.
 */

#ifndef LIVE_TREE_H
#define LIVE_TREE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <memtrace.h>

#include "live_funcs.h"

/* Node 0 is the root, of no function; a parent has a smaller number. */
struct live_node {
	uint32_t	parent;
	uint32_t	func;
	bool		again;		/* its function is above it, too */
};

struct live_tree {
	struct live_node *node;
	size_t		 n;
	size_t		 cap;
	uint32_t	*func_of;	/* code */
	size_t		 ncodes;
	size_t		 code_cap;
};

void	live_tree_init(struct live_tree *);
/* Take in what the capture has more than at the last time. */
void	live_tree_update(struct live_tree *, struct live_funcs *,
	    const struct mt_capture *);
void	live_tree_fini(struct live_tree *);

#endif /* LIVE_TREE_H */
