/* Tops of native stacks that were unwound before. */

#include <sys/mman.h>

#include <string.h>

#include "agent_branch.h"
#include "agent_early.h"

#define BRANCH_ENTRIES	128	/* a power of two */
#define BRANCH_FRAMES	14	/* longer ones are unwound each time */

/* 1 KiB. */
struct agent_branch {
	struct agent_native_frame on;	/* what it stands on */
	uint32_t	keep;		/* index of its first frame */
	uint32_t	n;		/* frames; 0: there is no branch */
	char		pad[56];
	struct agent_native_frame frames[BRANCH_FRAMES];
};

_Static_assert(sizeof(struct agent_branch) == 1024, "16 cache lines");

static inline struct agent_branch *
branch_at(struct agent_branch *all, uintptr_t slot, uintptr_t ra)
{
	uintptr_t key = slot / 8 ^ ra ^ ra >> 7;

	return (&all[(key ^ key >> 5) & (BRANCH_ENTRIES - 1)]);
}

struct agent_branch *
agent_branch_new(void)
{
	void *p;

	p = agent_real.mmap(NULL, BRANCH_ENTRIES *
	    sizeof(struct agent_branch), PROT_READ | PROT_WRITE,
	    MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	return (p == MAP_FAILED ? NULL : p);
}

void
agent_branch_forget(struct agent_branch *all)
{
	unsigned i;

	for (i = 0; i < BRANCH_ENTRIES; i++)
		all[i].n = 0;
}

/* Does the stack still have, below the branch, what it stands on? */
static inline bool
branch_stands(const struct agent_branch *b, const struct agent_native *n)
{
	const struct agent_native_frame *f;

	if (b->keep > n->regular || b->keep + b->n > n->cap)
		return (false);
	if (b->keep == 0)
		return (true);
	f = &n->frames[b->keep - 1];
	return (f->slot == b->on.slot && f->ra == b->on.ra &&
	    f->sp == b->on.sp && f->fp == b->on.fp &&
	    f->flags == b->on.flags);
}

bool
agent_branch_take(struct agent_native *n, uint32_t *keep)
{
	const struct agent_branch *b = branch_at(n->branches, n->u.r.slot,
	    n->u.r.ra);

	if (b->n == 0 || !agent_native_is(&b->frames[b->n - 1], &n->u.r) ||
	    !branch_stands(b, n) ||
	    agent_native_verify(b->frames, b->n) != 0 ||
	    agent_native_verify(n->frames, b->keep) != 0)
		return (false);
	memcpy(&n->frames[b->keep], b->frames, b->n * sizeof(b->frames[0]));
	n->n = n->regular = b->keep + b->n;
	*keep = b->keep;
	return (true);
}

void
agent_branch_put(const struct agent_native *n, uint32_t keep)
{
	const struct agent_native_frame *f;
	struct agent_branch *b;

	if (n->n == keep || n->n - keep > BRANCH_FRAMES ||
	    n->regular != n->n)
		return;
	f = &n->frames[n->n - 1];
	b = branch_at(n->branches, f->slot, f->ra);
	b->keep = keep;
	b->n = n->n - keep;
	memcpy(b->frames, &n->frames[keep], b->n * sizeof(*f));
	if (keep > 0)
		b->on = n->frames[keep - 1];
}
