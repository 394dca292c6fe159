/*
 * Mappings of the memory that we share with traced processes.  They have its
 * descriptor.  Where it could not be sealed (mt_collect_os_shm()), one of them
 * may make the file shorter, and to touch what is gone then is a SIGBUS: zeroes
 * take the place of the whole mapping, which is lost, and we go on.
 *
 * The handler of that signal is one for the whole program, and so is the list
 * of these mappings: this is all of the state that the collector has outside
 * of its objects.  There is a handler only once there is such a mapping.
 */

#ifndef MT_COLLECT_MAP_H
#define MT_COLLECT_MAP_H

#include <stdbool.h>
#include <stddef.h>

/* NULL with errno if that is not possible.  May be called by any thread. */
void	*mt_collect_map(int fd, size_t bytes);
/* The same, from an offset on. */
void	*mt_collect_map_at(int fd, size_t offset, size_t bytes);
/* Of these or any others. */
void	mt_collect_unmap(void *, size_t bytes);

/* Have zeroes taken the place of what was shared? */
bool	mt_collect_map_is_lost(const void *);

#endif /* MT_COLLECT_MAP_H */
