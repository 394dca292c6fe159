/*
 * The call tree of what was selected: its biggest allocations, and one node
 * for all others.  Each way to show it has a file.
 */

#ifndef TREE_H
#define TREE_H

#include <stdio.h>

#include <fe_meta.h>
#include <memtrace.h>

#define TREE_NONE	UINT32_MAX

enum tree_kind {
	TREE_ROOT,		/* node 0 */
	TREE_CALL,
	TREE_REST		/* all smaller allocations; last of all */
};

struct tree_node {
	enum tree_kind	kind;
	uint32_t	parent;
	uint32_t	first;		/* child: the one with most bytes */
	uint32_t	next;		/* sibling with fewer */
	uint32_t	place;		/* of a call, index in places */
	uint32_t	thread;		/* index; TREE_NONE: of several */
	uint64_t	bytes;		/* with those of the children */
	uint64_t	allocations;
	bool		is_import;	/* a frame of the import system */
	bool		is_boring;	/* ... or of what started the script */
};

struct tree {
	struct fe_metas			 metas;
	struct mt_merge			*merge;
	size_t				 biggest;	/* so many are shown */
	bool				 is_partial;	/* captures are */
	/* Filled in by tree_fill(). */
	const struct mt_function	*functions;
	const struct mt_place		*places;
	const struct mt_call		*calls;
	const struct mt_thread		*threads;
	struct tree_node		*nodes;	/* callers come first */
	size_t				 nnodes;
	size_t				 cap;
	size_t				 rest;	/* allocations not shown */
};

/* From the merged captures; afterwards nothing is added any more. */
void	tree_fill(struct tree *);
void	tree_fini(struct tree *);

/*
 * The node behind this one, from the root down and children before siblings;
 * TREE_NONE behind the last.  Adds to *depth how much deeper that one is.
 */
uint32_t	tree_next(const struct tree *, uint32_t node, size_t *depth);

/* Function, file and line; "" and 0 if it is no call of Python's. */
const char	*tree_function(const struct tree *, const struct tree_node *);
const char	*tree_file(const struct tree *, const struct tree_node *);
uint32_t	 tree_line(const struct tree *, const struct tree_node *);

/*
 * What a node is called where there is only one string: "function", "<ROOT>",
 * "12 allocations from 3 locations below the threshold".  To be freed.
 */
char	*tree_name(const struct tree *, const struct tree_node *);

/* "file:line", "file" without a line, "" if there is none.  To be freed. */
char	*tree_location(const struct tree *, const struct tree_node *);

/* "0x1a2b (MainThread)", "several".  To be freed. */
char	*tree_thread(const struct tree *, const struct tree_node *);

/* The share of the whole, in per cent. */
double	tree_percent(const struct tree *, const struct tree_node *);

/* For programs, and for people whose terminal cannot do more. */
void	tree_plain(const struct tree *, FILE *, bool is_human);
void	tree_json(const struct tree *, FILE *);

/*
 * For people: until they quit.  Returns the signal that ended it, 0 if none.
 * Only if fe_screen_is_possible().
 */
int	tree_screen(const struct tree *, const char *title);

#endif /* TREE_H */
