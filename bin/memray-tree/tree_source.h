/*
 * Lines of the source files that a capture names.  It may name anything, and
 * may be of another machine: only what is a plain file of a sensible size is
 * read, and only text is kept.
 */

#ifndef TREE_SOURCE_H
#define TREE_SOURCE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* One file, the last that was asked for. */
struct tree_source {
	char		*file;
	char		*text;		/* lines, each with a NUL; NULL: none */
	const char	**lines;
	size_t		 n;
	uint64_t	 mtime_ns;	/* time of day */
};

/* Have this file, which may be none. */
void	tree_source_load(struct tree_source *, const char *file);
void	tree_source_fini(struct tree_source *);

#endif /* TREE_SOURCE_H */
