/* Arenas, as the collector has them. */

#include <errno.h>
#include <stdlib.h>
#include <unistd.h>

#include "mt_collect_arena.h"
#include "mt_collect_map.h"
#include "mt_collect_os.h"

struct mt_collect_arena *
mt_collect_arena_new(struct mt_arena *shared)
{
	struct mt_collect_arena *a;
	unsigned i;

	if ((a = calloc(1, sizeof(*a))) == NULL) {
		mt_collect_unmap(shared, MT_ARENA_BYTES);
		return (NULL);
	}
	a->shared = shared;
	for (i = 0; i < MT_ARENA_RINGS; i++)
		mt_collect_ring_init(&a->ring[i], shared, i);
	return (a);
}

void
mt_collect_arena_free(struct mt_collect_arena *a)
{
	unsigned i;

	if (a == NULL)
		return;
	for (i = 0; i < MT_ARENA_RINGS; i++) {
		mt_collect_ring_wake(&a->ring[i]);
		mt_collect_ring_fini(&a->ring[i]);
	}
	mt_collect_unmap(a->shared, MT_ARENA_BYTES);
	free(a);
}

static struct mt_arena *
map(int fd)
{
	struct mt_arena *a = mt_collect_map(fd, MT_ARENA_BYTES);

	if (a == NULL)
		return (NULL);
	a->magic = MT_ARENA_MAGIC;
	a->version = MT_WIRE_VERSION;
	a->nrings = MT_ARENA_RINGS;
	a->ring_words = MT_RING_WORDS;
	a->data_offset = MT_ARENA_DATA_OFFSET;
	return (a);
}

struct mt_collect_arena *
mt_collect_arena_make(int *fd)
{
	struct mt_collect_arena *arena;
	struct mt_error error;
	struct mt_arena *a;
	int saved;

	if (mt_collect_os_shm(fd, MT_ARENA_BYTES, &error) != MT_OK) {
		errno = error.sys;
		return (NULL);
	}
	arena = NULL;
	if ((a = map(*fd)) != NULL &&
	    (arena = mt_collect_arena_new(a)) == NULL)
		errno = ENOMEM;
	if (arena == NULL) {
		saved = errno;
		(void)close(*fd);
		errno = saved;
	}
	return (arena);
}
