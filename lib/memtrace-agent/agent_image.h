/* What a file will be when it is executed. */

#ifndef AGENT_IMAGE_H
#define AGENT_IMAGE_H

#include <stdbool.h>

#include "mt_hello.h"

/*
 * Why the program at this path will run without us, MT_WHY_NONE if it will
 * not, or if nothing is known of it.  Sets errno.
 */
enum mt_why	agent_image_why(const char *path);

/*
 * Is this a Python?  What takes privileges and the name of a Python as one of
 * its arguments counts as well: its environment will not reach that.
 */
bool	agent_image_is_python(const char *path, char *const argv[],
	    enum mt_why);

/*
 * Will this be a process of user's Python code: an interpreter, a script for
 * one, or a shell that is asked for one?
 */
bool	agent_image_runs_python(const char *path, char *const argv[]);

#endif /* AGENT_IMAGE_H */
