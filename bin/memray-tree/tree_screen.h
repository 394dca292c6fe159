/* The interactive view: what it is showing, and how that is drawn. */

#ifndef TREE_SCREEN_H
#define TREE_SCREEN_H

#include <fe_prompt.h>
#include <fe_screen.h>
#include <fe_scroll.h>

#include "tree_source.h"
#include "tree_view.h"

#define TREE_FIRST_LINE	1	/* of the screen, for rows */

struct tree_screen {
	const struct tree	*tree;
	const char		*title;
	struct fe_screen	*screen;
	struct tree_view	 view;
	struct fe_scroll	 scroll;	/* follows the view's rows */
	unsigned		 columns;	/* that rows have */
	struct tree_source	 source;
	uint64_t		 recorded_ns;	/* when, as a time of day */
	bool			 is_typing;	/* what to search for */
	struct fe_prompt	 prompt;
	char			 sought[FE_PROMPT_BYTES]; /* the last */
	const char		*message;	/* instead of the keys */
	bool			 is_help;
};

/* Draw all of it, and tell the scroll list how high it is. */
void	tree_draw(struct tree_screen *);

#endif /* TREE_SCREEN_H */
