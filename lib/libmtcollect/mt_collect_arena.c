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

/* The n-th arena in the file. */
static struct mt_collect_arena *
map(int fd, unsigned n)
{
	struct mt_arena *a = mt_collect_map_at(fd, n * MT_ARENA_BYTES,
	    MT_ARENA_BYTES);

	if (a == NULL)
		return (NULL);
	a->magic = MT_ARENA_MAGIC;
	a->version = MT_WIRE_VERSION;
	a->nrings = MT_ARENA_RINGS;
	a->ring_words = MT_RING_WORDS;
	a->data_offset = MT_ARENA_DATA_OFFSET;
	return (mt_collect_arena_new(a));
}

void
mt_collect_arenas_free(struct mt_collect_arena *a)
{
	struct mt_collect_arena *next;

	for (; a != NULL; a = next) {
		next = a->next;
		mt_collect_arena_free(a);
	}
}

struct mt_collect_arena *
mt_collect_arena_make(int *fd, unsigned *n)
{
	struct mt_collect_arena *first, **last;
	struct mt_error error;
	unsigned i;
	int failed;

	if (*n > 1 && !mt_collect_os_shm_lazy(fd, *n * MT_ARENA_BYTES))
		*n = 1;
	if (*n == 1 && mt_collect_os_shm(fd, MT_ARENA_BYTES, &error) !=
	    MT_OK) {
		errno = error.sys;
		return (NULL);
	}
	first = NULL;
	last = &first;
	for (i = 0; i < *n && (*last = map(*fd, i)) != NULL; i++)
		last = &(*last)->next;
	*n = i;
	if (first == NULL) {
		failed = errno;
		(void)close(*fd);
		errno = failed;
	}
	return (first);
}
