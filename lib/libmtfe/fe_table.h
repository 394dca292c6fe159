/*
 * Tables: for people on a terminal, aligned, coloured and fitted to its
 * width; for programs, all of it in tab-separated columns.
 *
 * On a terminal only locations are ever shortened, in their middle; if the
 * numbers alone need more than the width, lines are longer than the screen.
 * Otherwise there is no header, sizes are bytes, per cents have two decimals
 * and no sign, and texts are what fe_text_field() makes of them; a location
 * is "function at file".
 */

#ifndef FE_TABLE_H
#define FE_TABLE_H

#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include "fe_term.h"

#define FE_TABLE_COLUMNS	16	/* at most */

enum fe_kind {
	FE_LOCATION,		/* function, file; at most one column */
	FE_SIZE,		/* number, share */
	FE_PERCENT,		/* share */
	FE_COUNT,		/* number, share */
	FE_TEXT			/* function, which may be any text */
};

struct fe_column {
	const char	*title;
	enum fe_kind	 kind;
};

struct fe_cell {
	const char	*function;
	const char	*file;		/* "" if it is no function's */
	uint64_t	 number;
	double		 share;		/* per cent of the whole */
};

struct fe_table;

/*
 * A table of n columns on out; both must outlive it, as must the terminal.
 * The title of the column number `marked` is put in angle brackets.
 */
struct fe_table	*fe_table_new(FILE *out, const struct fe_term *,
		    const struct fe_column *, size_t n, size_t marked);

/* Add a row of n cells.  Its strings are used until fe_table_finish(). */
void		 fe_table_row(struct fe_table *, const struct fe_cell *);

/* Write what is not yet written, and free the table. */
void		 fe_table_finish(struct fe_table *);

#endif /* FE_TABLE_H */
