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

/* Is a Python to run: this program, or one that it is given the name of? */
bool	agent_image_is_python(const char *path, char *const argv[]);

#endif /* AGENT_IMAGE_H */
