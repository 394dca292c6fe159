/* What standard output is: its size and whether it takes colours. */

#ifndef FE_TERM_H
#define FE_TERM_H

#include <stdbool.h>

struct fe_term {
	bool		tty;	/* for a person; else for a program */
	bool		color;
	bool		utf8;	/* may show more than ASCII of our own */
	unsigned	columns;
	unsigned	lines;
};

/* Escape sequences of the few styles that the programs use. */
#define FE_BOLD		"\033[1m"
#define FE_FUNCTION	"\033[1;35m"
#define FE_FILE		"\033[36m"
#define FE_DIM		"\033[2m"
#define FE_RED		"\033[31m"
#define FE_YELLOW	"\033[33m"
#define FE_GREEN	"\033[32m"
#define FE_LIGHTGREEN	"\033[92m"
#define FE_NORMAL	"\033[0m"

/*
 * Look at the descriptor fd.  COLUMNS and LINES win over the terminal's own
 * answer; NO_COLOR (not empty), no TERM and TERM=dumb turn colours off.  Sets
 * the LC_CTYPE locale, because the width of characters depends on it.
 */
void	fe_term_init(struct fe_term *, int fd);

/* The sequence if there are colours, else "". */
const char	*fe_term_style(const struct fe_term *, const char *);

/* A style for a share of the whole, in per cent; memray's thresholds. */
const char	*fe_term_share(double percent);

#endif /* FE_TERM_H */
