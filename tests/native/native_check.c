/*
 * Part of an agent for tests: after each update of a thread's native stack,
 * libunwind goes over the same stack, from here, and both must have found
 * the same frames.  The agent is linked with --wrap=agent_native_update.
 *
 * NATIVE_CHECK names a file, which gets a struct report; NATIVE_CHECK_EVERY
 * makes it every n-th update only.
 */

#define UNW_LOCAL_ONLY
#include <libunwind.h>

#include <sys/mman.h>

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "agent_native.h"
#include "agent_object.h"

struct report {
	_Atomic uint64_t	updates;
	_Atomic uint64_t	checked;
	_Atomic uint64_t	frames;
	_Atomic uint64_t	different;
	_Atomic uint64_t	whole;	/* stacks that end as they should */
	char			text[4096]; /* of the first difference */
};

static struct report		*report;
static unsigned			 every = 1;
static struct agent_object	 own;
static _Atomic uint32_t		 generation;

void	__real_agent_native_update(struct agent_thread *);
void	__wrap_agent_native_update(struct agent_thread *);

__attribute__((__constructor__)) static void
check_init(void)
{
	const char *path = getenv("NATIVE_CHECK"), *n;
	void *p;
	int fd;

	if (path == NULL || (fd = open(path, O_RDWR | O_CREAT, 0600)) == -1)
		return;
	if ((n = getenv("NATIVE_CHECK_EVERY")) != NULL)
		every = (unsigned)atoi(n);
	if (ftruncate(fd, sizeof(*report)) == 0) {
		p = mmap(NULL, sizeof(*report), PROT_READ | PROT_WRITE,
		    MAP_SHARED, fd, 0);
		report = p == MAP_FAILED ? NULL : p;
	}
	(void)close(fd);
	agent_object_init();
	(void)agent_object_find((uintptr_t)&own, &own);
}

static void
check_print(const struct agent_native *n, uint32_t at, const uintptr_t *theirs,
    uint32_t ntheirs)
{
	char *p = report->text, *end = p + sizeof(report->text);
	struct agent_object o;
	uint32_t i;
	uintptr_t a;

	p += snprintf(p, (size_t)(end - p), "%u of %u and %u\n", at, n->n,
	    ntheirs);
	for (i = at < 8 ? 0 : at - 8; i < at + 8 && end - p > 200; i++) {
		a = i < n->n ? n->frames[n->n - 1 - i].ra : 0;
		p += snprintf(p, (size_t)(end - p), "%3u %12zx", i,
		    (size_t)a);
		if (a != 0 && agent_object_find(a, &o))
			p += snprintf(p, (size_t)(end - p), " %.60s+%zx",
			    o.name, (size_t)(a - o.bias));
		a = i < ntheirs ? theirs[i] : 0;
		p += snprintf(p, (size_t)(end - p), " / %12zx", (size_t)a);
		if (a != 0 && agent_object_find(a, &o))
			p += snprintf(p, (size_t)(end - p), " %.60s+%zx",
			    o.name, (size_t)(a - o.bias));
		p += snprintf(p, (size_t)(end - p), "\n");
	}
}

static void
check_compare(const struct agent_native *n, const uintptr_t *theirs,
    uint32_t ntheirs)
{
	uint32_t i;

	for (i = 0; i < n->n && i < ntheirs; i++)
		if (n->frames[n->n - 1 - i].ra != theirs[i])
			break;
	report->checked++;
	report->frames += i;
	report->whole += n->n > 0 && (n->frames[0].flags &
	    AGENT_NATIVE_ODD) == 0;
	if (i == n->n && i == ntheirs)
		return;
	if (report->different++ == 0)
		check_print(n, i, theirs, ntheirs);
}

/* libunwind's return addresses, without those of the agent at the top. */
static uint32_t
check_walk(uintptr_t *ip, uint32_t max)
{
	unw_context_t context;
	unw_cursor_t cursor;
	unw_word_t w;
	uint32_t n = 0;

	if (generation != agent_module_generation) {
		generation = agent_module_generation;
		unw_flush_cache(unw_local_addr_space, 0, 0);
	}
	(void)unw_getcontext(&context);
	(void)unw_init_local(&cursor, &context);
	while (n < max && unw_step(&cursor) > 0) {
		(void)unw_get_reg(&cursor, UNW_REG_IP, &w);
		if (w == 0)
			break;
		if (n == 0 && w - own.start < own.end - own.start)
			continue;
		ip[n++] = w;
	}
	return (n);
}

void
__wrap_agent_native_update(struct agent_thread *t)
{
	static _Thread_local uintptr_t *theirs
	    __attribute__((__tls_model__("initial-exec")));
	const uint32_t max = 1u << 19;
	void *p;

	__real_agent_native_update(t);
	if (report == NULL || report->updates++ % every != 0)
		return;
	if (theirs == NULL) {
		p = mmap(NULL, max * sizeof(*theirs), PROT_READ | PROT_WRITE,
		    MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
		if (p == MAP_FAILED)
			return;
		theirs = p;
	}
	check_compare(t->native, theirs, check_walk(theirs, max));
}
