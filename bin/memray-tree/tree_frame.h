/* What kind of frame a function is. */

#ifndef TREE_FRAME_H
#define TREE_FRAME_H

#include <stdbool.h>

/* Of the import system, in Python or in C. */
bool	tree_frame_is_import(const char *function, const char *file);

/* Of what starts a script, or of the interpreter when it calls a function. */
bool	tree_frame_is_boring(const char *function, const char *file);

#endif /* TREE_FRAME_H */
