/*
 * The interpreter's own allocators.  Whatever was installed before is
 * wrapped and called, never replaced: free-threaded builds find their objects
 * in the heaps of its mimalloc, and blocks from before are freed through us.
 */

#include "agent_hot.h"
#include "agent_pyalloc.h"
#include "agent_pyapi.h"
#include "agent_record.h"
#include "agent_thread.h"

/* Kept outside struct agent: a forked child goes on calling through us. */
static struct agent_pyallocator pyalloc_old[AGENT_PY_DOMAINS];

/* Largest request that pymalloc serves from its own arenas. */
#define PYALLOC_SMALL	512

static _Thread_local bool pyalloc_inside
    __attribute__((__tls_model__("initial-exec")));

/*
 * The four functions, for what the interpreter hands out and, where malloc(3)
 * is out of our reach, for what it asks malloc for.
 */
static AGENT_INLINE void *
pyalloc_get(const struct agent_pyallocator *old, size_t size,
    enum mt_allocator allocator)
{
	struct agent_thread *t;
	void *p;

	if ((t = agent_enter()) == NULL)
		return (old->malloc(old->ctx, size));
	p = old->malloc(old->ctx, size);
	if (p != NULL)
		agent_hot_alloc(t, allocator, p, size);
	agent_leave(t);
	return (p);
}

static AGENT_INLINE void *
pyalloc_get_zeroed(const struct agent_pyallocator *old, size_t n, size_t size,
    enum mt_allocator allocator)
{
	struct agent_thread *t;
	void *p;

	if ((t = agent_enter()) == NULL)
		return (old->calloc(old->ctx, n, size));
	p = old->calloc(old->ctx, n, size);
	if (p != NULL)
		agent_hot_alloc(t, allocator, p, n * size);
	agent_leave(t);
	return (p);
}

static AGENT_INLINE void *
pyalloc_move(const struct agent_pyallocator *old, void *from, size_t size,
    enum mt_allocator allocator)
{
	struct agent_thread *t;
	uint64_t number;
	void *p;

	if ((t = agent_enter()) == NULL)
		return (old->realloc(old->ctx, from, size));
	number = agent_number_reserve(t);
	p = old->realloc(old->ctx, from, size);
	agent_record_move(t, number, allocator, p != NULL ? from : NULL, p,
	    size);
	agent_leave(t);
	return (p);
}

static AGENT_INLINE void
pyalloc_put(const struct agent_pyallocator *old, void *p,
    enum mt_allocator allocator)
{
	struct agent_thread *t;

	if (p == NULL || (t = agent_enter()) == NULL) {
		old->free(old->ctx, p);
		return;
	}
	agent_hot_free(t, allocator, p);
	old->free(old->ctx, p);
	agent_leave(t);
}

static AGENT_HOT void *
pyalloc_malloc(void *ctx, size_t size)
{
	return (pyalloc_get(ctx, size, MT_ALLOCATOR_PYMALLOC_MALLOC));
}

static AGENT_HOT void *
pyalloc_calloc(void *ctx, size_t n, size_t size)
{
	return (pyalloc_get_zeroed(ctx, n, size,
	    MT_ALLOCATOR_PYMALLOC_CALLOC));
}

static void *
pyalloc_realloc(void *ctx, void *from, size_t size)
{
	return (pyalloc_move(ctx, from, size, MT_ALLOCATOR_PYMALLOC_REALLOC));
}

static AGENT_HOT void
pyalloc_free(void *ctx, void *p)
{
	pyalloc_put(ctx, p, MT_ALLOCATOR_PYMALLOC_FREE);
}

static void *
raw_malloc(void *ctx, size_t size)
{
	return (pyalloc_get(ctx, size, MT_ALLOCATOR_MALLOC));
}

static void *
raw_calloc(void *ctx, size_t n, size_t size)
{
	return (pyalloc_get_zeroed(ctx, n, size, MT_ALLOCATOR_CALLOC));
}

static void *
raw_realloc(void *ctx, void *from, size_t size)
{
	return (pyalloc_move(ctx, from, size, MT_ALLOCATOR_REALLOC));
}

static void
raw_free(void *ctx, void *p)
{
	pyalloc_put(ctx, p, MT_ALLOCATOR_FREE);
}

/* Put ours in front of those of a domain, unless they still are there. */
static void
pyalloc_wrap(int domain, struct agent_pyallocator *ours)
{
	struct agent_pyallocator now;

	agent_pyapi.get_allocator(domain, &now);
	if (now.malloc == ours->malloc)
		return;
	pyalloc_old[domain] = now;
	ours->ctx = &pyalloc_old[domain];
	agent_pyapi.set_allocator(domain, ours);
}

void
agent_pyalloc_install(void)
{
	struct agent_pyallocator ours = { NULL, pyalloc_malloc,
	    pyalloc_calloc, pyalloc_realloc, pyalloc_free };
	int domain;

	for (domain = 0; domain < AGENT_PY_DOMAINS; domain++)
		pyalloc_wrap(domain, &ours);
}

void
agent_pyalloc_raw(void)
{
	struct agent_pyallocator ours = { NULL, raw_malloc, raw_calloc,
	    raw_realloc, raw_free };

	pyalloc_wrap(0, &ours);
}

/* A small request is what makes the allocator ask for an arena. */
static inline bool
guard_enter(size_t size)
{
	bool was = pyalloc_inside;

	if (size <= PYALLOC_SMALL)
		pyalloc_inside = true;
	return (was);
}

static void *
guard_malloc(void *ctx, size_t size)
{
	const struct agent_pyallocator *old = ctx;
	bool was = guard_enter(size);
	void *p;

	p = old->malloc(old->ctx, size);
	pyalloc_inside = was;
	return (p);
}

static void *
guard_calloc(void *ctx, size_t n, size_t size)
{
	const struct agent_pyallocator *old = ctx;
	bool was = guard_enter(size == 0 || n <= PYALLOC_SMALL / size ? 0 :
	    SIZE_MAX);
	void *p;

	p = old->calloc(old->ctx, n, size);
	pyalloc_inside = was;
	return (p);
}

static void *
guard_realloc(void *ctx, void *from, size_t size)
{
	const struct agent_pyallocator *old = ctx;
	bool was = guard_enter(size);
	void *p;

	p = old->realloc(old->ctx, from, size);
	pyalloc_inside = was;
	return (p);
}

static void
guard_free(void *ctx, void *p)
{
	const struct agent_pyallocator *old = ctx;

	old->free(old->ctx, p);
}

void
agent_pyalloc_guard(void)
{
	struct agent_pyallocator ours = { NULL, guard_malloc, guard_calloc,
	    guard_realloc, guard_free };
	int domain;

	/* Not the raw one, which is malloc(3) itself. */
	for (domain = 1; domain < AGENT_PY_DOMAINS; domain++)
		pyalloc_wrap(domain, &ours);
}

bool
agent_pyalloc_inside(void)
{
	return (pyalloc_inside);
}
