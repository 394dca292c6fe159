/* Opening captures, as all reports do. */

#ifndef FE_CAPTURE_H
#define FE_CAPTURE_H

#include <memtrace.h>

/*
 * A capture; "-" is the standard input.  NULL after a line that tells why.
 *
 * When a recorder still writes into the standard input, Control-C is meant
 * for its program: the first SIGINT until the capture is complete is ignored,
 * a second one ends us.
 */
struct mt_capture *fe_capture_open(const char *path);

#endif /* FE_CAPTURE_H */
