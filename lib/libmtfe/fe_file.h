/*
 * Files that programs write their reports to: for their owner alone, never
 * over one that is there, unless told so, and never half of one.  See
 * fe_create.h.
 */

#ifndef FE_FILE_H
#define FE_FILE_H

#include <stdbool.h>
#include <stdio.h>

#include "fe_create.h"

struct fe_file {
	FILE			*fp;
	char			*name;	/* NULL: standard output */
	struct fe_create	 made;
};

/*
 * Open the file of that name; NULL and "-" are standard output.  What is
 * there already and is a plain file is replaced only if `force`, and not
 * before the new one is closed.  Returns false after a line on standard error.
 */
bool	fe_file_open(struct fe_file *, const char *name, bool force);

/*
 * Close it; standard output stays open, for fe_out_close().  Returns false
 * after a line on standard error if not all of it could be written; a file
 * that was made is then removed, and one that it was to replace stays.
 */
bool	fe_file_close(struct fe_file *);

/*
 * Close a file that is no good, for a reason that was told already; it is
 * removed if it was made.
 */
void	fe_file_discard(struct fe_file *);

/*
 * The name of a report that has none: memray-<report>-<capture><suffix>
 * beside the capture, without the "memray-" that the capture's own name
 * begins with and, unless it is a number (the process id of a child), the
 * suffix of that name.  To be freed.
 */
char	*fe_file_name(const char *capture, const char *report,
	    const char *suffix);

#endif /* FE_FILE_H */
