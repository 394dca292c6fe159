/*
 * What of the tree is seen: which nodes are open, which are hidden, and the
 * rows that this makes.  A hidden frame of the import system hides what it
 * called; an uninteresting one leaves its place to what it called.
 */

#ifndef TREE_VIEW_H
#define TREE_VIEW_H

#include "tree.h"

struct tree_row {
	uint32_t	node;
	uint32_t	depth;
	bool		has_children;	/* that are not hidden */
};

struct tree_view {
	const struct tree	*tree;
	bool			 hides_import;
	bool			 hides_boring;
	bool			*is_open;	/* by node */
	/* Up to date after each call. */
	struct tree_row		*rows;
	size_t			 nrows;
	size_t			 cap;
	size_t			 current;	/* row */
};

/* The path of the biggest is open, uninteresting frames are hidden. */
void	tree_view_init(struct tree_view *, const struct tree *);
void	tree_view_fini(struct tree_view *);

/* Of the current row: open it if it is closed, and the other way round. */
void	tree_view_toggle(struct tree_view *);
/* The same, and of what it called as long as that is one call only. */
void	tree_view_toggle_group(struct tree_view *);
/* Open it and all below. */
void	tree_view_open_all(struct tree_view *);
/* Open it, or go to its first child. */
void	tree_view_right(struct tree_view *);
/* Close it, or go to its parent. */
void	tree_view_left(struct tree_view *);

/* Hide or show; the current row remains, or its nearest caller. */
void	tree_view_hide_import(struct tree_view *, bool);
void	tree_view_hide_boring(struct tree_view *, bool);

/* Has the node this text in its function or file?  Case does not matter. */
bool	tree_view_matches(const struct tree_view *, uint32_t node,
	    const char *text);
/*
 * Go to the next node, or back to the one before, that matches and is not
 * hidden, round the ends, and open the way to it.  Returns false if none
 * does but perhaps the current one.
 */
bool	tree_view_search(struct tree_view *, const char *text, bool back);

#endif /* TREE_VIEW_H */
