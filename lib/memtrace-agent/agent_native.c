/* The native stack of the calling thread.  Linux and its C libraries only. */

#include <sys/mman.h>

#include <dlfcn.h>
#include <pthread.h>
#include <string.h>

#include "agent_branch.h"
#include "agent_early.h"
#include "agent_native.h"
#include "agent_object.h"
#include "agent_out.h"

#define NATIVE_FRAMES	256	/* to begin with */
#define NATIVE_MAX	(1u << 22)	/* frames */
#define NATIVE_PAGE	4096u
#define NATIVE_HOME_MAX	(1u << 30)	/* bytes of a stack */

static const uintptr_t	*native_main_stack;	/* its end, or NULL */
static struct agent_object native_own;		/* ourselves */

bool
agent_native_init(void)
{
	if (!agent_unwind_init() || !agent_module_init())
		return (false);
	if (!agent_object_find((uintptr_t)&native_own, &native_own))
		return (false);
	native_main_stack = dlsym(RTLD_DEFAULT, "__libc_stack_end");
	return (true);
}

static void *
native_map(size_t size)
{
	void *p;

	p = agent_real.mmap(NULL, size, PROT_READ | PROT_WRITE,
	    MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	return (p == MAP_FAILED ? NULL : p);
}

bool
agent_native_reserve(void *array, uint32_t *cap, uint32_t used, uint32_t n,
    size_t size)
{
	uint32_t want = *cap;
	void *new, *old;

	if (n <= *cap)
		return (true);
	if (n > NATIVE_MAX)
		return (false);
	while (want < n)
		want *= 2;
	if ((new = native_map(want * size)) == NULL)
		return (false);
	memcpy(&old, array, sizeof(old));
	memcpy(new, old, used * size);
	(void)agent_real.munmap(old, *cap * size);
	memcpy(array, &new, sizeof(new));
	*cap = want;
	return (true);
}

struct agent_native *
agent_native_new(void)
{
	struct agent_native *n;

	if ((n = native_map(sizeof(*n))) == NULL)
		return (NULL);
	n->frames = native_map(NATIVE_FRAMES * sizeof(*n->frames));
	n->merged = native_map(NATIVE_FRAMES * sizeof(*n->merged));
	n->groups = native_map(NATIVE_FRAMES * sizeof(*n->groups));
	n->branches = agent_branch_new();
	if (n->frames == NULL || n->merged == NULL || n->groups == NULL ||
	    n->branches == NULL)
		return (NULL);
	n->cap = n->merged_cap = n->groups_cap = NATIVE_FRAMES;
	agent_native_reset(n);
	return (n);
}

void
agent_native_reset(struct agent_native *n)
{
	n->n = n->regular = n->nmerged = n->ngroups = 0;
	n->home_low = n->home_high = 0;
	agent_branch_forget(n->branches);
}

void
agent_native_forked(struct agent_native *n)
{
	agent_native_reset(n);
	memset(n->words, 0, sizeof(n->words));
}

/* ---- Where can be read ----------------------------------------------- */

/*
 * The end of the stack that sp is on: the first thread's is known to the
 * dynamic linker, and at that of others the C library has its own data.
 */
static uintptr_t
native_stack_end(uintptr_t sp)
{
	uintptr_t self = (uintptr_t)pthread_self();
	uintptr_t first = native_main_stack == NULL ? 0 : *native_main_stack;
	uintptr_t end = 0;

	if (first > sp)
		end = first;
	if (self > sp && (end == 0 || self < end))
		end = self;
	return ((end + NATIVE_PAGE - 1) & ~(uintptr_t)(NATIVE_PAGE - 1));
}

/*
 * The stack pointer is where it has not been yet.  If all between it and the
 * part of the thread's own stack that is known can be read, so much is known.
 * Else this is another stack, one for signals perhaps, which may be gone the
 * next time.
 */
static AGENT_COLD void
native_find_home(struct agent_native *n, uintptr_t sp)
{
	uintptr_t p = sp & ~(uintptr_t)(NATIVE_PAGE - 1);

	if (n->home_high == 0)
		n->home_low = n->home_high = native_stack_end(sp);
	n->u.low = n->u.high = 0;
	if (p >= n->home_low || n->home_low - p > NATIVE_HOME_MAX ||
	    !agent_object_readable(p, n->home_low - p))
		return;
	n->u.low = n->home_low = p;
	n->u.high = n->home_high;
}

static inline void
native_see(struct agent_native *n, uintptr_t sp)
{
	n->u.low = n->home_low;
	n->u.high = n->home_high;
	if (AGENT_UNLIKELY(sp - n->home_low >= n->home_high - n->home_low))
		native_find_home(n, sp);
}

/* ---- Unwinding ------------------------------------------------------- */

/* The frame that u has come to, behind all others. */
static inline struct agent_native_frame *
native_append(struct agent_native *n)
{
	struct agent_native_frame *f;

	if (AGENT_UNLIKELY(n->n == n->cap) && !agent_native_reserve(
	    &n->frames, &n->cap, n->n, n->n + 1, sizeof(*f)))
		return (NULL);
	f = &n->frames[n->n++];
	f->slot = n->u.r.slot;
	f->ra = n->u.r.ra;
	f->sp = n->u.r.sp;
	f->fp = n->u.r.fp;
	f->flags = 0;
	f->exact = n->u.exact;
	return (f);
}

/* A step from the frame, which is told what its caller depends on. */
static inline enum agent_unwind
native_step(struct agent_native *n, struct agent_native_frame *f)
{
	struct agent_unwind_step s = { false, 0 };
	enum agent_unwind how = agent_unwind_step(&n->u, &s);

	f->fp_slot = s.fp_slot;
	if (s.uses_fp)
		f->flags |= AGENT_NATIVE_USES_FP;
	if (how != AGENT_UNWIND_OK && how != AGENT_UNWIND_END)
		f->flags |= AGENT_NATIVE_ODD;
	n->steps++;
	return (how);
}

static inline bool
native_is_ours(const struct agent_native *n)
{
	return (agent_arch_code(n->u.r.ra) - native_own.start <
	    native_own.end - native_own.start);
}

/* Leave our own functions; false if that leads nowhere. */
static bool
native_leave(struct agent_native *n)
{
	struct agent_native_frame unused = { 0 };
	enum agent_unwind how;

	while (native_is_ours(n)) {
		how = native_step(n, &unused);
		if (how != AGENT_UNWIND_OK && how != AGENT_UNWIND_ODD)
			return (false);
	}
	return (true);
}

/*
 * Unwind to a known frame, or to the end; *keep is how many of the old frames
 * stay.  The new ones are behind the old ones, the top first.
 */
static enum agent_unwind
native_unwind(struct agent_native *n, uint32_t *keep)
{
	struct agent_native_frame *f;
	uint32_t gone, k = n->regular;
	enum agent_unwind how;

	*keep = 0;
	do {
		while (k > 0 && n->frames[k - 1].slot < n->u.r.slot)
			k--;
		if (k > 0 && agent_native_is(&n->frames[k - 1], &n->u.r)) {
			if ((gone = agent_native_verify(n->frames, k)) == 0) {
				*keep = k;
				return (AGENT_UNWIND_OK);
			}
			k = gone - 1;
		}
		if ((f = native_append(n)) == NULL)
			return (AGENT_UNWIND_LOST);
		how = native_step(n, f);
	} while (how == AGENT_UNWIND_OK || how == AGENT_UNWIND_ODD);
	return (how);
}

/* Once more, with all registers: there are frames that need one of them. */
static AGENT_COLD void
native_unwind_whole(struct agent_native *n)
{
	uint32_t keep;

	n->regular = 0;
	agent_unwind_here(&n->u);
	if (native_leave(n))
		(void)native_unwind(n, &keep);
	n->u.whole = false;
}

/* ---- What was found -------------------------------------------------- */

/* The word of a frame, its class and whether it runs Python. */
static inline void
native_describe(struct agent_thread *t, struct agent_native_frame *f)
{
	uintptr_t code = agent_arch_code(f->ra) - !f->exact;
	struct agent_native_word *w;
	enum agent_module_class class;

	w = &t->native->words[(code ^ code >> 9) & (AGENT_NATIVE_WORDS - 1)];
	if (AGENT_UNLIKELY(w->key >> 8 != code)) {
		w->word = agent_module_word(t, code, &class);
		w->key = (uint64_t)code << 8 | class;
		if (class == AGENT_MODULE_PYTHON && agent_merge_is_eval(code))
			w->key |= AGENT_MODULE_EVAL;
	}
	f->word = w->word;
	f->class = (uint8_t)(w->key & 0xff);
}

/*
 * What a frame's caller depends on besides the frame's own state and the
 * return address: the word that fp was restored from, if the place of some
 * caller follows from it.
 */
static inline void
native_relate(struct agent_native_frame *f, bool bottom)
{
	bool needed = !bottom && (f[-1].flags & AGENT_NATIVE_NEEDS_FP) != 0;

	if ((f->flags & AGENT_NATIVE_USES_FP) != 0 ||
	    (needed && f->fp_slot == 0))
		f->flags |= AGENT_NATIVE_NEEDS_FP;
	if (needed && f->fp_slot != 0)
		f->fp_word = f[-1].fp;
	else {
		f->fp_slot = f->slot;
		f->fp_word = f->ra;
	}
}

/* The new frames, which are behind the old ones, go in their place. */
static inline void
native_turn(struct agent_native *n, uint32_t keep, uint32_t old)
{
	struct agent_native_frame *from = &n->frames[old],
	    *to = &n->frames[n->n], swap;
	uint32_t new = n->n - old;

	n->n = keep + new;
	if (n->n <= old) {
		while (from < to)
			n->frames[keep++] = *--to;
		return;
	}
	for (; from < --to; from++) {
		swap = *from;
		*from = *to;
		*to = swap;
	}
	memmove(&n->frames[keep], &n->frames[old], new * sizeof(swap));
}

/* Put the new frames on those that stay, and look what they are. */
static void
native_settle(struct agent_thread *t, uint32_t keep, uint32_t old)
{
	struct agent_native *n = t->native;
	struct agent_native_frame *f;
	uint32_t i;

	native_turn(n, keep, old);
	if (n->regular > keep)
		n->regular = keep;
	for (i = keep; i < n->n; i++) {
		f = &n->frames[i];
		native_describe(t, f);
		native_relate(f, i == 0);
		if (i == n->regular && (f->flags & AGENT_NATIVE_ODD) == 0 &&
		    f->slot - n->home_low < n->home_high - n->home_low)
			n->regular++;
	}
}

/* Objects were unloaded: what was read of the stack may be wrong. */
static AGENT_COLD void
native_forget(struct agent_native *n, uint32_t generation)
{
	n->n = n->regular = 0;
	agent_branch_forget(n->branches);
	n->generation = generation;
	memset(n->words, 0, sizeof(n->words));
}

/* Something is different; returns how many frames stay. */
static uint32_t
native_renew(struct agent_thread *t)
{
	struct agent_native *n = t->native;
	uint32_t keep, old = n->n;
	uint64_t misses = n->u.misses;

	if (!native_leave(n) ||
	    native_unwind(n, &keep) == AGENT_UNWIND_WANTS) {
		n->n = old = keep = 0;
		native_unwind_whole(n);
	}
	if (AGENT_UNLIKELY(n->u.misses != misses))
		agent_module_poll();
	native_settle(t, keep, old);
	agent_branch_put(n, keep);
	return (keep);
}

AGENT_HOT void
agent_native_update(struct agent_thread *t)
{
	struct agent_native *n = t->native;
	uint32_t generation = atomic_load_explicit(&agent_module_generation,
	    memory_order_relaxed);
	uint32_t keep;

	n->events++;
	if (AGENT_UNLIKELY(generation != n->generation))
		native_forget(n, generation);
	agent_arch_start(&n->u.r, t->busy);
	n->u.exact = false;
	n->u.valid = 0;
	native_see(n, n->u.r.sp);
	if (AGENT_LIKELY(n->n > 0) && n->regular == n->n &&
	    agent_native_is(&n->frames[n->n - 1], &n->u.r) &&
	    agent_native_verify(n->frames, n->n) == 0) {
		n->same++;
		if (t->stack.kept == UINT32_MAX)
			return;
		keep = n->n;
	} else if (agent_branch_take(n, &keep))
		n->remembered++;
	else
		keep = native_renew(t);
	agent_merge(t, keep);
}

static void
native_tell(struct agent_thread *t, const char *key, uint64_t value)
{
	char text[64], *digit = text + sizeof(text);
	size_t len = strlen(key) + 1;

	do
		*--digit = (char)('0' + value % 10);
	while ((value /= 10) != 0);
	memcpy(text, key, len);
	memmove(text + len, digit, (size_t)(text + sizeof(text) - digit));
	agent_out_text(t, MT_OP_INFO, text,
	    len + (size_t)(text + sizeof(text) - digit));
}

void
agent_native_statistics(struct agent_thread *t)
{
	const struct agent_native *n = t->native;

	native_tell(t, "native_events", n->events);
	native_tell(t, "native_unchanged", n->same);
	native_tell(t, "native_remembered", n->remembered);
	native_tell(t, "native_steps", n->steps);
	native_tell(t, "native_interpreted", n->u.odd);
	native_tell(t, "native_learnt", n->u.misses);
}
