/* Mappings of the memory that we share with traced processes.  Linux only. */

#include <sys/mman.h>

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdint.h>
#include <string.h>

#include "mt_collect_map.h"

#define MAPS_MAX	4096u	/* that are not sealed, at a time */

/* An entry is free if it has no bytes; who sets these has it. */
static struct {
	_Atomic size_t		 bytes;
	_Atomic uintptr_t	 start;	/* 0: not yet to be looked at */
	atomic_bool		 lost;
} map[MAPS_MAX];
static _Atomic size_t	nmaps;	/* entries that were ever used */

/*
 * In the thread that touched the memory, between two of its instructions: the
 * first of them is done again when this has returned.
 */
static void
on_bus(int sig, siginfo_t *si, void *context)
{
	const uintptr_t at = (uintptr_t)si->si_addr;
	const size_t n = atomic_load(&nmaps);
	const int saved = errno;
	uintptr_t start;
	size_t bytes;

	(void)context;
	for (size_t i = 0; si->si_code > 0 && i < n; i++) {
		start = atomic_load(&map[i].start);
		bytes = atomic_load(&map[i].bytes);
		if (start == 0 || at - start >= bytes)
			continue;
		if (mmap((void *)start, bytes, PROT_READ | PROT_WRITE,
		    MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE | MAP_FIXED,
		    -1, 0) == MAP_FAILED)
			break;
		atomic_store(&map[i].lost, true);
		errno = saved;
		return;
	}
	/* Not ours: let it be what it would be without us. */
	(void)sigaction(sig, &(struct sigaction){ .sa_handler = SIG_DFL },
	    NULL);
	(void)raise(sig);
}

/* Who comes second does the same once more. */
static bool
handle_bus(void)
{
	struct sigaction sa;

	memset(&sa, 0, sizeof(sa));
	sa.sa_sigaction = on_bus;
	sa.sa_flags = SA_SIGINFO;
	(void)sigemptyset(&sa.sa_mask);
	return (sigaction(SIGBUS, &sa, NULL) == 0);
}

static bool
is_sealed(int fd)
{
	int seals = fcntl(fd, F_GET_SEALS);

	return (seals != -1 && (seals & F_SEAL_SHRINK) != 0);
}

/* An entry for a mapping of that size, or MAPS_MAX. */
static size_t
claim(size_t bytes)
{
	size_t i, last, none;

	for (i = 0; i < MAPS_MAX; i++) {
		none = 0;
		if (!atomic_compare_exchange_strong(&map[i].bytes, &none,
		    bytes))
			continue;
		last = atomic_load(&nmaps);
		while (last < i + 1 && !atomic_compare_exchange_weak(&nmaps,
		    &last, i + 1))
			continue;
		return (i);
	}
	return (MAPS_MAX);
}

void *
mt_collect_map(int fd, size_t bytes)
{
	return (mt_collect_map_at(fd, 0, bytes));
}

void *
mt_collect_map_at(int fd, size_t offset, size_t bytes)
{
	const bool sealed = is_sealed(fd);
	size_t i = MAPS_MAX;
	void *p;

	if (!sealed && (!handle_bus() || (i = claim(bytes)) == MAPS_MAX)) {
		errno = ENOMEM;
		return (NULL);
	}
	p = mmap(NULL, bytes, PROT_READ | PROT_WRITE, MAP_SHARED, fd,
	    (off_t)offset);
	if (p == MAP_FAILED) {
		if (!sealed)
			atomic_store(&map[i].bytes, 0);
		return (NULL);
	}
	if (!sealed) {
		atomic_store(&map[i].lost, false);
		atomic_store(&map[i].start, (uintptr_t)p);
	}
	return (p);
}

/* The entry of this mapping, or MAPS_MAX if it has none. */
static size_t
find(const void *p)
{
	const size_t n = atomic_load(&nmaps);

	for (size_t i = 0; i < n; i++)
		if (atomic_load(&map[i].start) == (uintptr_t)p)
			return (i);
	return (MAPS_MAX);
}

void
mt_collect_unmap(void *p, size_t bytes)
{
	const size_t i = find(p);

	if (i != MAPS_MAX)
		atomic_store(&map[i].start, 0);
	(void)munmap(p, bytes);
	if (i != MAPS_MAX)
		atomic_store(&map[i].bytes, 0);
}

bool
mt_collect_map_is_lost(const void *p)
{
	const size_t i = find(p);

	return (i != MAPS_MAX && atomic_load(&map[i].lost));
}
