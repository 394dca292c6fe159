/* The few registers that a frame is known by. */

#ifndef AGENT_REGS_H
#define AGENT_REGS_H

#include <stdint.h>

struct agent_regs {
	uintptr_t	slot;	/* where ra was read */
	uintptr_t	ra;	/* return address, raw */
	uintptr_t	sp;	/* of the frame that it leads to */
	uintptr_t	fp;	/* likewise */
};

#endif /* AGENT_REGS_H */
