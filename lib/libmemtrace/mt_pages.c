/* Memory for large tables. */

#include <sys/mman.h>

#include <stdint.h>
#include <stdlib.h>

#include "mt_pages.h"

#define HUGE_BYTES	(2u * 1024 * 1024)

static void
advise(void *p, size_t bytes)
{
#ifdef MADV_HUGEPAGE
	(void)madvise(p, bytes, MADV_HUGEPAGE);
#else
	(void)p;
	(void)bytes;
#endif
}

static void *
map(size_t bytes)
{
	void *p;

	p = mmap(NULL, bytes, PROT_READ | PROT_WRITE,
	    MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	return (p == MAP_FAILED ? NULL : p);
}

/* Huge pages only fill aligned ranges. */
static void *
map_aligned(size_t bytes)
{
	uint8_t *p;
	size_t before;

	p = map(bytes + HUGE_BYTES);
	if (p == NULL)
		return (NULL);
	before = HUGE_BYTES - (uintptr_t)p % HUGE_BYTES;
	(void)munmap(p, before);
	p += before;
	if (before < HUGE_BYTES)
		(void)munmap(p + bytes, HUGE_BYTES - before);
	advise(p, bytes);
	return (p);
}

static size_t
round_up(size_t bytes)
{
	return ((bytes + HUGE_BYTES - 1) / HUGE_BYTES * HUGE_BYTES);
}

void *
mt_pages_new(size_t bytes)
{
	if (bytes > SIZE_MAX - 2 * HUGE_BYTES)
		return (NULL);
	return (bytes < HUGE_BYTES ? map(bytes) :
	    map_aligned(round_up(bytes)));
}

void
mt_pages_free(void *p, size_t bytes)
{
	if (p != NULL)
		(void)munmap(p, bytes < HUGE_BYTES ? bytes :
		    round_up(bytes));
}

void *
mt_pages_malloc(size_t bytes)
{
	void *p;

	if (bytes < HUGE_BYTES || bytes > SIZE_MAX - HUGE_BYTES)
		return (malloc(bytes));
	bytes = round_up(bytes);
	p = aligned_alloc(HUGE_BYTES, bytes);
	if (p != NULL)
		advise(p, bytes);
	return (p);
}
