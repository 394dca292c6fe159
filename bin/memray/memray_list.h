/* The memray commands that are installed: programs called memray-NAME. */

#ifndef MEMRAY_LIST_H
#define MEMRAY_LIST_H

#include <stddef.h>

struct memray_list {
	char	**names;	/* sorted, each once */
	size_t	  n;
};

/* Look in the directory dir and in those of PATH.  NULL is no directory. */
void	memray_list_init(struct memray_list *, const char *dir);
void	memray_list_fini(struct memray_list *);

/* What the command does, in a few words; "" if it is not one of ours. */
const char	*memray_list_text(const char *name);

#endif /* MEMRAY_LIST_H */
