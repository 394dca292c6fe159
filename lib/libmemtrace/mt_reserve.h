/*
 * Disk space that belongs to a file but lies behind its end.  One of
 * mt_reserve_*.c implements this, chosen in the Makefile.
 */

#ifndef MT_RESERVE_H
#define MT_RESERVE_H

#include <stdint.h>

/*
 * Make sure that writing n bytes at offset will find room.  0, or an errno
 * value; EOPNOTSUPP where this system or file system knows no such thing.
 */
int	mt_reserve(int fd, uint64_t offset, uint64_t n);

#endif /* MT_RESERVE_H */
