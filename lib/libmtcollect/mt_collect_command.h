/* What command lines of Pythons tell, arguments with blanks between them. */

#ifndef MT_COLLECT_COMMAND_H
#define MT_COLLECT_COMMAND_H

#include <stdbool.h>

/*
 * Does it run code that it was given with -c?  Programs do that to find out
 * about an interpreter, before they start it for good.
 */
bool	mt_collect_command_is_question(const char *);

/* A helper process of the interpreter's own, with nothing of the user's. */
bool	mt_collect_command_is_helper(const char *);

#endif /* MT_COLLECT_COMMAND_H */
