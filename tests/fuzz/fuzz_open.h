/* Shared by the fuzz targets. */

#ifndef FUZZ_OPEN_H
#define FUZZ_OPEN_H

#include "fuzz_cost.h"
#include "mt_capture.h"

/*
 * Open a file with these bytes.  What the library hands out must keep the
 * promises of memtrace.h, twice, and cost no more than a file of that size may.
 */
void	fuzz_open(const uint8_t *, size_t);

/*
 * A capture around these: of each block the type, flags and the length of its
 * payload in four bytes, and the payload.  whole: with an index and an end.
 */
void	fuzz_blocks(struct mt_buf *out, const uint8_t *, size_t, bool whole);

#endif /* FUZZ_OPEN_H */
