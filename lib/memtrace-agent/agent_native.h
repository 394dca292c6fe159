/*
 * The native stack of the calling thread, merged with its Python stack.
 *
 *	agent_object	what the dynamic linker and the kernel know
 *	agent_cfi	call frame information, agent_expr its expressions
 *	agent_unwind	from a frame to its caller
 *	agent_module	the modules that frames are in
 *	agent_native	the stack as it was at the last event, and is now
 *	agent_branch	what it was before
 *	agent_merge	both stacks as one
 *
 * The last stack is kept, with the addresses that its return addresses were
 * at.  Most of a stack is the same from one allocation to the next, so it is
 * unwound from the top until a frame that is known, in the same state; then
 * the rest is the same as well if the words that it was read from are.
 */

#ifndef AGENT_NATIVE_H
#define AGENT_NATIVE_H

#include <string.h>

#include "agent.h"
#include "agent_module.h"
#include "agent_pyoffsets.h"
#include "agent_unwind.h"

enum agent_native_flag {
	AGENT_NATIVE_USES_FP = 1, /* the caller's place follows from fp */
	AGENT_NATIVE_NEEDS_FP = 2, /* so does that of some caller's */
	AGENT_NATIVE_ODD = 4	/* not by two words in memory alone */
};

/* One frame, found by its return address; a cache line. */
struct agent_native_frame {
	uintptr_t	slot;		/* where ra was read, */
	uintptr_t	ra;		/* which is in the frame's function */
	uintptr_t	fp_slot;	/* where the caller's fp was read, */
	uintptr_t	fp_word;	/* or slot and ra if it is no matter */
	uintptr_t	sp;		/* the frame begins here */
	uintptr_t	fp;
	uint64_t	word;		/* MT_OP_NPUSH; 0: in no module */
	uint8_t		flags;		/* enum agent_native_flag */
	uint8_t		class;		/* enum agent_module_class, of which
					   AGENT_MODULE_EVAL is a bit */
	uint8_t		exact;		/* ra is an instruction */
};

/* Is this the frame that an unwinder has come to, in the same state? */
static inline bool
agent_native_is(const struct agent_native_frame *f, const struct agent_regs *r)
{
	return (f->slot == r->slot && f->ra == r->ra && f->sp == r->sp &&
	    (f->fp == r->fp || (f->flags & AGENT_NATIVE_NEEDS_FP) == 0));
}

/*
 * Are the words still there that n frames, the bottom first, were found by?
 * Returns how many are left below the first, from the top, for which they are
 * not, and that one.  All of them are on the thread's own stack.
 */
static inline uint32_t
agent_native_verify(const struct agent_native_frame *frames, uint32_t n)
{
	const struct agent_native_frame *f = frames + n;
	uintptr_t ra, word;

	while (f-- > frames) {
		memcpy(&ra, (const void *)f->slot, sizeof(ra));
		memcpy(&word, (const void *)f->fp_slot, sizeof(word));
		if (AGENT_UNLIKELY(((ra ^ f->ra) | (word ^ f->fp_word)) != 0))
			return ((uint32_t)(f - frames) + 1);
	}
	return (0);
}

#define AGENT_NATIVE_WORDS	512	/* a power of two */

/* The word of a place in the code, so that modules need not be searched. */
struct agent_native_word {
	uint64_t	key;		/* code << 8 | class */
	uint64_t	word;
};

/* Python frames that one C frame runs. */
struct agent_native_group {
	uintptr_t	mark;		/* in the C frame; 0: there is none */
	uint32_t	frame;		/* index of the C frame */
	uint32_t	python;		/* of the first Python frame */
	uint32_t	merged;		/* of what it has become */
	uint32_t	solid;		/* so many words, a frame each */
};

struct agent_native {
	struct agent_native_frame *frames;	/* the bottom first */
	uint32_t	 n;
	uint32_t	 cap;
	uint32_t	 regular;	/* of the bottom: neither odd nor on
					   another stack than the thread's */
	uint32_t	 generation;	/* of modules, then */
	uintptr_t	 home_low;	/* of the thread's stack, as far as */
	uintptr_t	 home_high;	/* it is known to be readable */
	struct agent_branch *branches;
	/* Both stacks as one: what the collector has. */
	uint64_t	*merged;
	uint32_t	 nmerged;
	uint32_t	 merged_cap;
	struct agent_native_group *groups;	/* the bottom first */
	uint32_t	 ngroups;
	uint32_t	 groups_cap;
	/* For statistics. */
	uint64_t	 events;
	uint64_t	 same;		/* events with an unchanged stack */
	uint64_t	 remembered;	/* events with a branch */
	uint64_t	 steps;
	struct agent_native_word words[AGENT_NATIVE_WORDS];
	struct agent_unwind_state u;
};

/* Get ready, before tracing.  False if there is no memory. */
bool	agent_native_init(void);

/* What a thread needs; NULL if there is no memory. */
struct agent_native *agent_native_new(void);

/* The thread is another one, or the collector has forgotten its stack. */
void	agent_native_reset(struct agent_native *);
/* The process is another one, in which no module has been described. */
void	agent_native_forked(struct agent_native *);

/*
 * Bring the stack up to date, and tell the collector how both stacks have
 * changed; of Python's, the lowest frames are kept.
 */
void	agent_native_update(struct agent_thread *);

/* Room for n entries of a size in an array that has cap of them. */
bool	agent_native_reserve(void *array, uint32_t *cap, uint32_t used,
	    uint32_t n, size_t size);

/*
 * Send what was counted of the calling thread: events, those with an unchanged
 * stack or a remembered one, steps, those that were interpreted, rules that
 * were learnt.
 */
void	agent_native_statistics(struct agent_thread *);

/* ---- Both stacks (agent_merge.c) ------------------------------------- */

/* Python frames are walked by this row; NULL: their order is all there is. */
void	agent_merge_init(const struct agent_pyoffsets *);

/* Is this code the function that runs Python? */
bool	agent_merge_is_eval(uintptr_t code);

/*
 * Merge, and tell the collector what is different.  As many native frames
 * from the bottom are as they were the last time.
 */
void	agent_merge(struct agent_thread *, uint32_t kept);

#endif /* AGENT_NATIVE_H */
