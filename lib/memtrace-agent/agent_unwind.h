/*
 * From a frame to its caller.
 *
 * What to do at a place in the code is looked up in a table that all threads
 * share and that takes no lock: an entry is one word, which holds the place
 * and the rule.  It is filled from agent_cfi.h.  Nearly all rules fit: the
 * caller's stack pointer is that of the frame, or its frame pointer, plus a
 * number; the return address and the frame pointer are at fixed places below.
 * What does not fit, as the frames that the kernel makes for signals, PLT
 * entries or aligned stacks, is interpreted each time.
 */

#ifndef AGENT_UNWIND_H
#define AGENT_UNWIND_H

#include <stdbool.h>
#include <stdint.h>

#include "agent_arch.h"

enum agent_unwind {
	AGENT_UNWIND_OK,	/* by a rule of the table */
	AGENT_UNWIND_ODD,	/* by interpretation; see below */
	AGENT_UNWIND_END,	/* there is no caller */
	AGENT_UNWIND_WANTS,	/* it depends on a register that is unknown */
	AGENT_UNWIND_LOST	/* it cannot be told */
};

/* What a step has found out about the frame that it left. */
struct agent_unwind_step {
	bool		uses_fp;	/* its place follows from fp */
	uintptr_t	fp_slot;	/* where the caller's fp was, or 0 */
};

struct agent_unwind_state {
	struct agent_regs r;
	bool		 exact;	/* ra is an instruction, not behind a call */
	bool		 whole;	/* reg is to be kept up, at a price */
	uint64_t	 valid;	/* bits: those of reg that are known */
	uintptr_t	 reg[AGENT_ARCH_REGS];
	/* What can be read without asking. */
	uintptr_t	 low;
	uintptr_t	 high;
	uint64_t	 odd;		/* steps, for statistics */
	uint64_t	 misses;	/* of the table */
};

/* Make the table; false if there is no memory. */
bool	agent_unwind_init(void);

/* Forget everything: an object was unloaded. */
void	agent_unwind_forget(void);

/* One step.  Against AGENT_UNWIND_WANTS helps agent_unwind_here(). */
enum agent_unwind agent_unwind_step(struct agent_unwind_state *,
	    struct agent_unwind_step *);

/*
 * Begin anew, in the caller of this function, with all registers, and keep
 * them up.
 */
void	agent_unwind_here(struct agent_unwind_state *);

/* The code that the frame is in: what its rule and its line belong to. */
static inline uintptr_t
agent_unwind_code(const struct agent_unwind_state *u)
{
	return (agent_arch_code(u->r.ra) - !u->exact);
}

#endif /* AGENT_UNWIND_H */
