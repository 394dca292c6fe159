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

/*
 * The interpreter reads a domain's function and its ctx one after the other,
 * and may change both meanwhile, as it does when it ends: a function may be
 * called with the ctx of another.  So each domain has functions of its own,
 * which do not look at ctx, and gets the ctx that it had.
 */
#define PYALLOC_FUNCTIONS(kind, domain, alloc, zeroed, moved, freed)	\
static AGENT_HOT void *							\
kind##domain##_malloc(void *ctx, size_t size)				\
{									\
	(void)ctx;							\
	return (pyalloc_get(&pyalloc_old[domain], size, alloc));	\
}									\
static AGENT_HOT void *							\
kind##domain##_calloc(void *ctx, size_t n, size_t size)			\
{									\
	(void)ctx;							\
	return (pyalloc_get_zeroed(&pyalloc_old[domain], n, size,	\
	    zeroed));							\
}									\
static void *								\
kind##domain##_realloc(void *ctx, void *from, size_t size)		\
{									\
	(void)ctx;							\
	return (pyalloc_move(&pyalloc_old[domain], from, size, moved));	\
}									\
static AGENT_HOT void							\
kind##domain##_free(void *ctx, void *p)					\
{									\
	(void)ctx;							\
	pyalloc_put(&pyalloc_old[domain], p, freed);			\
}
#define PYALLOC_OBJECTS(domain)						\
PYALLOC_FUNCTIONS(pyalloc, domain, MT_ALLOCATOR_PYMALLOC_MALLOC,	\
    MT_ALLOCATOR_PYMALLOC_CALLOC, MT_ALLOCATOR_PYMALLOC_REALLOC,	\
    MT_ALLOCATOR_PYMALLOC_FREE)
#define PYALLOC_SET(kind, domain) { NULL, kind##domain##_malloc,	\
    kind##domain##_calloc, kind##domain##_realloc, kind##domain##_free }

PYALLOC_OBJECTS(0)
PYALLOC_OBJECTS(1)
PYALLOC_OBJECTS(2)
PYALLOC_FUNCTIONS(raw, 0, MT_ALLOCATOR_MALLOC, MT_ALLOCATOR_CALLOC,
    MT_ALLOCATOR_REALLOC, MT_ALLOCATOR_FREE)

/* Put ours in front of those of a domain, unless they still are there. */
static void
pyalloc_wrap(int domain, struct agent_pyallocator ours)
{
	struct agent_pyallocator now;

	agent_pyapi.get_allocator(domain, &now);
	if (now.malloc == ours.malloc)
		return;
	pyalloc_old[domain] = now;
	ours.ctx = now.ctx;
	agent_pyapi.set_allocator(domain, &ours);
}

void
agent_pyalloc_install(void)
{
	static const struct agent_pyallocator ours[AGENT_PY_DOMAINS] = {
	    PYALLOC_SET(pyalloc, 0), PYALLOC_SET(pyalloc, 1),
	    PYALLOC_SET(pyalloc, 2) };
	int domain;

	for (domain = 0; domain < AGENT_PY_DOMAINS; domain++)
		pyalloc_wrap(domain, ours[domain]);
}

void
agent_pyalloc_raw(void)
{
	static const struct agent_pyallocator ours = PYALLOC_SET(raw, 0);

	pyalloc_wrap(0, ours);
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

static AGENT_INLINE void *
guard_get(const struct agent_pyallocator *old, size_t size)
{
	bool was = guard_enter(size);
	void *p;

	p = old->malloc(old->ctx, size);
	pyalloc_inside = was;
	return (p);
}

static AGENT_INLINE void *
guard_get_zeroed(const struct agent_pyallocator *old, size_t n, size_t size)
{
	bool was = guard_enter(size == 0 || n <= PYALLOC_SMALL / size ? 0 :
	    SIZE_MAX);
	void *p;

	p = old->calloc(old->ctx, n, size);
	pyalloc_inside = was;
	return (p);
}

static AGENT_INLINE void *
guard_move(const struct agent_pyallocator *old, void *from, size_t size)
{
	bool was = guard_enter(size);
	void *p;

	p = old->realloc(old->ctx, from, size);
	pyalloc_inside = was;
	return (p);
}

#define GUARD_FUNCTIONS(domain)						\
static void *								\
guard##domain##_malloc(void *ctx, size_t size)				\
{									\
	(void)ctx;							\
	return (guard_get(&pyalloc_old[domain], size));			\
}									\
static void *								\
guard##domain##_calloc(void *ctx, size_t n, size_t size)		\
{									\
	(void)ctx;							\
	return (guard_get_zeroed(&pyalloc_old[domain], n, size));	\
}									\
static void *								\
guard##domain##_realloc(void *ctx, void *from, size_t size)		\
{									\
	(void)ctx;							\
	return (guard_move(&pyalloc_old[domain], from, size));		\
}									\
static void								\
guard##domain##_free(void *ctx, void *p)				\
{									\
	(void)ctx;							\
	pyalloc_old[domain].free(pyalloc_old[domain].ctx, p);		\
}

GUARD_FUNCTIONS(1)
GUARD_FUNCTIONS(2)

void
agent_pyalloc_guard(void)
{
	static const struct agent_pyallocator mem = PYALLOC_SET(guard, 1),
	    objects = PYALLOC_SET(guard, 2);

	/* Not the raw one, which is malloc(3) itself. */
	pyalloc_wrap(1, mem);
	pyalloc_wrap(2, objects);
}

bool
agent_pyalloc_inside(void)
{
	return (pyalloc_inside);
}
