/* Arenas, as the collector has them. */

#include <sys/mman.h>

#include <errno.h>
#include <stdlib.h>
#include <unistd.h>

#include "mt_collect_arena.h"
#include "mt_collect_os.h"

struct mt_collect_arena *
mt_collect_arena_new(struct mt_arena *shared)
{
	struct mt_collect_arena *a;
	unsigned i;

	if ((a = calloc(1, sizeof(*a))) == NULL) {
		(void)munmap(shared, MT_ARENA_BYTES);
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
	(void)munmap(a->shared, MT_ARENA_BYTES);
	free(a);
}

static struct mt_arena *
map(int fd)
{
	struct mt_arena *a;
	void *p;

	p = mmap(NULL, MT_ARENA_BYTES, PROT_READ | PROT_WRITE, MAP_SHARED, fd,
	    0);
	if (p == MAP_FAILED)
		return (NULL);
	a = p;
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
