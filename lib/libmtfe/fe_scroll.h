/*
 * A list that is longer than the screen: which row is the current one, and
 * which are shown.
 *
 *	fe_scroll_fit(&s, rows, height);	before drawing
 *	for (i = s.top; i < s.top + height && i < rows; i++)
 *		draw(i, i == s.current);
 *	if (!fe_scroll_key(&s, key))
 *		it is another key
 */

#ifndef FE_SCROLL_H
#define FE_SCROLL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct fe_scroll {
	size_t	n;		/* rows */
	size_t	height;		/* of which are shown at a time */
	size_t	top;		/* the first that is shown */
	size_t	current;	/* less than n, unless that is 0 */
};

/* Set the sizes, and bring the current row into sight. */
void	fe_scroll_fit(struct fe_scroll *, size_t n, size_t height);

/* Make this row the current one, or the last if there are less. */
void	fe_scroll_to(struct fe_scroll *, size_t row);

/*
 * Up, Down, Page Up, Page Down, Home, End, and their relatives in vi and
 * less: k, j, Control-B, Control-F, g, G.  Returns false for other keys.
 */
bool	fe_scroll_key(struct fe_scroll *, uint32_t key);

#endif /* FE_SCROLL_H */
