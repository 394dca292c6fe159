/* Shared by the fuzz targets. */

#ifndef FUZZ_OPEN_H
#define FUZZ_OPEN_H

#include "mt_capture.h"

/* Abort unless this is so. */
void	fuzz_require(bool);
/*
 * Open a file with these bytes.  What the library hands out must keep the
 * promises of memtrace.h, twice, and cost no more memory than a file of that
 * size may.
 */
void	fuzz_open(const uint8_t *, size_t);

#endif /* FUZZ_OPEN_H */
