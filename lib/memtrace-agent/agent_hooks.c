/*
 * The wrappers of agent_hooks.def.  A free is recorded before the memory is
 * given back, an allocation after it was obtained, and errno is whatever the
 * real function left.
 */

#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/types.h>

#include <dlfcn.h>
#include <errno.h>
#include <malloc.h>
#include <pthread.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "agent_early.h"
#include "agent_hot.h"
#include "agent_module.h"
#include "agent_pythread.h"
#include "agent_record.h"
#include "agent_thread.h"
#include "mt_hello.h"

#define HOOK_DONTUNMAP	4	/* MREMAP_DONTUNMAP, of newer headers */

AGENT_EXPORT AGENT_HOT void *
malloc(size_t size)
{
	struct agent_thread *t;
	void *p;

	if (AGENT_UNLIKELY(agent_real.malloc == NULL) && !agent_real_init())
		return (agent_early_alloc(size));
	if ((t = agent_enter()) == NULL)
		return (agent_real.malloc(size));
	p = agent_real.malloc(size);
	if (p != NULL)
		agent_hot_alloc(t, MT_ALLOCATOR_MALLOC, p, size);
	agent_leave(t);
	return (p);
}

static inline void
hook_free(void *p)
{
	struct agent_thread *t;

	if (p == NULL || AGENT_UNLIKELY(agent_early_owns(p)) ||
	    (AGENT_UNLIKELY(agent_real.free == NULL) && !agent_real_init()))
		return;
	if ((t = agent_enter()) == NULL) {
		agent_real.free(p);
		return;
	}
	agent_hot_free(t, MT_ALLOCATOR_FREE, p);
	agent_real.free(p);
	agent_leave(t);
}

AGENT_EXPORT AGENT_HOT void
free(void *p)
{
	hook_free(p);
}

/* Whoever calls these knows them from a header newer than our C library. */
AGENT_EXPORT void	free_sized(void *, size_t);
AGENT_EXPORT void	free_aligned_sized(void *, size_t, size_t);

AGENT_EXPORT void
free_sized(void *p, size_t size)
{
	(void)size;
	hook_free(p);
}

AGENT_EXPORT void
free_aligned_sized(void *p, size_t alignment, size_t size)
{
	(void)alignment;
	(void)size;
	hook_free(p);
}

AGENT_EXPORT AGENT_HOT void *
calloc(size_t n, size_t size)
{
	struct agent_thread *t;
	void *p;

	if (AGENT_UNLIKELY(agent_real.calloc == NULL) && !agent_real_init())
		return (size != 0 && n > AGENT_EARLY_BYTES / size ? NULL :
		    agent_early_alloc(n * size));
	if ((t = agent_enter()) == NULL)
		return (agent_real.calloc(n, size));
	p = agent_real.calloc(n, size);
	if (p != NULL)
		agent_hot_alloc(t, MT_ALLOCATOR_CALLOC, p, n * size);
	agent_leave(t);
	return (p);
}

/* A block of the early pool grows into a real one, or within the pool. */
static void *
hook_realloc_early(void *p, size_t size)
{
	size_t old = agent_early_size(p);
	void *q;

	q = agent_real.malloc != NULL ? malloc(size) :
	    agent_early_alloc(size);
	if (q != NULL)
		memcpy(q, p, old < size ? old : size);
	return (q);
}

AGENT_EXPORT void *
realloc(void *p, size_t size)
{
	struct agent_thread *t;
	uint64_t number;
	void *q;

	if (AGENT_UNLIKELY(agent_real.realloc == NULL) && !agent_real_init())
		return (p == NULL ? agent_early_alloc(size) :
		    hook_realloc_early(p, size));
	if (AGENT_UNLIKELY(agent_early_owns(p)))
		return (hook_realloc_early(p, size));
	if ((t = agent_enter()) == NULL)
		return (agent_real.realloc(p, size));
	number = agent_number_reserve(t);
	q = agent_real.realloc(p, size);
	/* Nothing for no bytes is not a failure but a free. */
	agent_record_move(t, number, MT_ALLOCATOR_REALLOC,
	    q != NULL || size == 0 ? p : NULL, q, size);
	agent_leave(t);
	return (q);
}

AGENT_EXPORT void *
reallocarray(void *p, size_t n, size_t size)
{
	size_t bytes;

	if (__builtin_mul_overflow(n, size, &bytes)) {
		errno = ENOMEM;
		return (NULL);
	}
	return (realloc(p, bytes));
}

AGENT_EXPORT int
posix_memalign(void **out, size_t alignment, size_t size)
{
	struct agent_thread *t;
	int error;

	if (agent_real.posix_memalign == NULL && !agent_real_init())
		return (ENOMEM);
	t = agent_enter();
	error = agent_real.posix_memalign(out, alignment, size);
	if (t == NULL)
		return (error);
	if (error == 0)
		agent_record_alloc(t, MT_ALLOCATOR_POSIX_MEMALIGN, *out,
		    size);
	agent_leave(t);
	return (error);
}

/* The aligned allocators differ in name and in number only. */
static void *
hook_done(struct agent_thread *t, enum mt_allocator allocator, void *p,
    size_t size)
{
	if (t == NULL)
		return (p);
	if (p != NULL)
		agent_record_alloc(t, allocator, p, size);
	agent_leave(t);
	return (p);
}

AGENT_EXPORT void *
aligned_alloc(size_t alignment, size_t size)
{
	struct agent_thread *t;

	if (agent_real.aligned_alloc == NULL && !agent_real_init())
		return (NULL);
	t = agent_enter();
	return (hook_done(t, MT_ALLOCATOR_ALIGNED_ALLOC,
	    agent_real.aligned_alloc(alignment, size), size));
}

AGENT_EXPORT void *
memalign(size_t alignment, size_t size)
{
	struct agent_thread *t;

	if (agent_real.memalign == NULL && !agent_real_init())
		return (NULL);
	t = agent_enter();
	return (hook_done(t, MT_ALLOCATOR_MEMALIGN,
	    agent_real.memalign(alignment, size), size));
}

AGENT_EXPORT void *
valloc(size_t size)
{
	struct agent_thread *t;

	if (agent_real.valloc == NULL && !agent_real_init())
		return (NULL);
	t = agent_enter();
	return (hook_done(t, MT_ALLOCATOR_VALLOC, agent_real.valloc(size),
	    size));
}

AGENT_EXPORT void *
pvalloc(size_t size)
{
	struct agent_thread *t;

	if (agent_real.pvalloc == NULL && !agent_real_init())
		return (NULL);
	t = agent_enter();
	return (hook_done(t, MT_ALLOCATOR_PVALLOC, agent_real.pvalloc(size),
	    size));
}

/* The kernel unmaps whole pages, whatever it is asked for. */
static size_t
hook_pages(size_t len)
{
	size_t page = (size_t)sysconf(_SC_PAGESIZE);

	return ((len + page - 1) & ~(page - 1));
}

/* A fixed mapping replaces what was there, so that is unmapped first. */
static void *
hook_mmap(void *addr, size_t len, int prot, int flags, int fd, off64_t offset)
{
	struct agent_thread *t;
	uint64_t number = 0;
	void *p;

	if ((t = agent_enter()) == NULL)
		return (agent_real.mmap64(addr, len, prot, flags, fd,
		    offset));
	if ((flags & MAP_FIXED) != 0)
		number = agent_number_reserve(t);
	p = agent_real.mmap64(addr, len, prot, flags, fd, offset);
	if ((flags & MAP_FIXED) != 0)
		agent_record_remap(t, number, MT_ALLOCATOR_MMAP,
		    p == MAP_FAILED ? NULL : p, hook_pages(len),
		    p == MAP_FAILED ? NULL : p, len);
	else if (p != MAP_FAILED)
		agent_record_alloc(t, MT_ALLOCATOR_MMAP, p, len);
	agent_leave(t);
	return (p);
}

/* An allocator that is started by our look-up needs memory of the system. */
static void *
hook_mmap_early(void *addr, size_t len, int prot, int flags, int fd,
    off64_t offset)
{
	long p = syscall(SYS_mmap, addr, len, prot, flags, fd, offset);

	return ((void *)p);
}

AGENT_EXPORT void *
mmap(void *addr, size_t len, int prot, int flags, int fd, off_t offset)
{
	if (agent_real.mmap64 == NULL && !agent_real_init())
		return (hook_mmap_early(addr, len, prot, flags, fd, offset));
	return (hook_mmap(addr, len, prot, flags, fd, offset));
}

AGENT_EXPORT void *
mmap64(void *addr, size_t len, int prot, int flags, int fd, off64_t offset)
{
	if (agent_real.mmap64 == NULL && !agent_real_init())
		return (hook_mmap_early(addr, len, prot, flags, fd, offset));
	return (hook_mmap(addr, len, prot, flags, fd, offset));
}

AGENT_EXPORT int
munmap(void *addr, size_t len)
{
	struct agent_thread *t;
	uint64_t number;
	int error;

	if (agent_real.munmap == NULL && !agent_real_init())
		return ((int)syscall(SYS_munmap, addr, len));
	if ((t = agent_enter()) == NULL)
		return (agent_real.munmap(addr, len));
	number = agent_number_reserve(t);
	error = agent_real.munmap(addr, len);
	agent_record_remap(t, number, MT_ALLOCATOR_MUNMAP,
	    error == 0 ? addr : NULL, hook_pages(len), NULL, 0);
	agent_leave(t);
	return (error);
}

/* What is replaced by a move to a fixed place is unmapped first. */
static void
hook_replaced(struct agent_thread *t, uint64_t number, const void *p,
    size_t len)
{
	if (number != UINT64_MAX)
		agent_record_remap(t, number, MT_ALLOCATOR_MREMAP, p,
		    hook_pages(len), NULL, 0);
}

static void *
hook_mremap(struct agent_thread *t, void *addr, size_t oldlen, size_t len,
    int flags, void *fixed)
{
	uint64_t number, over = UINT64_MAX;
	bool moved;
	void *p;

	if ((flags & MREMAP_FIXED) != 0)
		over = agent_number_reserve(t);
	number = agent_number_reserve(t);
	p = agent_real.mremap(addr, oldlen, len, flags, fixed);
	hook_replaced(t, over, p == MAP_FAILED ? NULL : p, len);
	/* Without an old length the old mapping stays as well. */
	moved = p != MAP_FAILED && oldlen != 0 &&
	    (flags & HOOK_DONTUNMAP) == 0;
	agent_record_remap(t, number, MT_ALLOCATOR_MREMAP,
	    moved ? addr : NULL, hook_pages(oldlen),
	    p == MAP_FAILED ? NULL : p, len);
	return (p);
}

AGENT_EXPORT void *
mremap(void *addr, size_t oldlen, size_t len, int flags, ...)
{
	struct agent_thread *t;
	void *fixed = NULL, *p;
	va_list ap;

	if (agent_real.mremap == NULL && !agent_real_init()) {
		errno = ENOMEM;
		return (MAP_FAILED);
	}
	if ((flags & (MREMAP_FIXED | HOOK_DONTUNMAP)) != 0) {
		va_start(ap, flags);
		fixed = va_arg(ap, void *);
		va_end(ap);
	}
	/* A hint, or what was in a register that the caller did not set. */
	if ((flags & MREMAP_FIXED) == 0 &&
	    hook_pages((uintptr_t)fixed) != (uintptr_t)fixed)
		fixed = NULL;
	if ((t = agent_enter()) == NULL)
		return (agent_real.mremap(addr, oldlen, len, flags, fixed));
	p = hook_mremap(t, addr, oldlen, len, flags, fixed);
	agent_leave(t);
	return (p);
}

AGENT_EXPORT void *
sbrk(intptr_t increment)
{
	struct agent_thread *t;
	void *old;

	if (agent_real.sbrk == NULL && !agent_real_init()) {
		errno = ENOMEM;
		return ((void *)-1);
	}
	t = agent_enter();
	old = agent_real.sbrk(increment);
	if (t == NULL)
		return (old);
	if (old != (void *)-1 && increment > 0)
		agent_record_alloc(t, MT_ALLOCATOR_SBRK, old,
		    (size_t)increment);
	else if (old != (void *)-1 && increment < 0)
		agent_record_remap(t, agent_number_reserve(t),
		    MT_ALLOCATOR_SBRK, (char *)old + increment,
		    (size_t)-increment, NULL, 0);
	agent_leave(t);
	return (old);
}

/* In terms of sbrk, which tells where the old end was. */
AGENT_EXPORT int
brk(void *end)
{
	char *old;

	if (agent_real.brk == NULL && !agent_real_init()) {
		errno = ENOMEM;
		return (-1);
	}
	if (atomic_load(&agent->phase) != AGENT_TRACING)
		return (agent_real.brk(end));
	if ((old = sbrk(0)) == (char *)-1)
		return (-1);
	return (sbrk((char *)end - old) == (void *)-1 ? -1 : 0);
}

/* Whether a hook was jumped out of depends on which stack is which. */
AGENT_EXPORT int
sigaltstack(const stack_t *ss, stack_t *old)
{
	int error;

	if (agent_real.sigaltstack == NULL && !agent_real_init()) {
		errno = ENOMEM;
		return (-1);
	}
	error = agent_real.sigaltstack(ss, old);
	if (error == 0 && ss != NULL)
		agent_thread_altstack(ss, __builtin_frame_address(0));
	return (error);
}

/*
 * What is known of the code of a library ends with it; destructors that run
 * meanwhile may bring it back.
 */
AGENT_EXPORT int
dlclose(void *handle)
{
	bool native;
	int error;

	if (agent_real.dlclose == NULL && !agent_real_init())
		return (-1);
	native = (agent->flags & MT_FLAG_NATIVE) != 0;
	if (native)
		agent_module_unloading();
	error = agent_real.dlclose(handle);
	if (native)
		agent_module_unloading();
	return (error);
}

/*
 * Gives the new thread the name that Python knows it by.  The real
 * pthread_create allocates, but not through us.
 */
AGENT_EXPORT int
pthread_create(pthread_t *thread, const pthread_attr_t *attr,
    void *(*start)(void *), void *arg)
{
	struct agent_thread *t;
	int error;

	if (agent_real.pthread_create == NULL && !agent_real_init())
		return (EAGAIN);
	if ((t = agent_enter()) == NULL)
		return (agent_real.pthread_create(thread, attr, start, arg));
	error = agent_pythread_create(thread, attr, start, arg);
	agent_leave(t);
	return (error);
}
