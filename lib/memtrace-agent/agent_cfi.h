/*
 * Call frame information: how to get from a place in the code to the caller,
 * as the compiler has written it into .eh_frame.
 *
 * Only what was written by a broken tool makes no sense, but everything is
 * checked: what cannot be read or understood is as if it were not there.
 */

#ifndef AGENT_CFI_H
#define AGENT_CFI_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "agent_arch.h"
#include "agent_object.h"

enum agent_cfi_how {
	AGENT_CFI_SAME = 0,	/* the register has the caller's value */
	AGENT_CFI_UNDEFINED,	/* lost; of the return address: no caller */
	AGENT_CFI_AT,		/* in memory, at CFA + value */
	AGENT_CFI_IS,		/* CFA + value itself */
	AGENT_CFI_REGISTER,	/* in the register value */
	AGENT_CFI_AT_EXPR,	/* in memory, where an expression says */
	AGENT_CFI_IS_EXPR	/* what an expression says */
};

struct agent_cfi_rule {
	uint8_t	how;		/* enum agent_cfi_how */
	uint8_t	reg;		/* of the CFA: plus value */
	int32_t	value;		/* or the expression, from base */
};

struct agent_cfi_row {
	const uint8_t		*base;
	struct agent_cfi_rule	 cfa;	/* IS: reg + value; or IS_EXPR */
	struct agent_cfi_rule	 reg[AGENT_ARCH_REGS];
	uint8_t			 ra;	/* column of the return address */
	bool			 signal; /* made by the kernel for a signal */
};

/*
 * The row for an instruction.  False if there is none.  Where the caller goes
 * on, the instruction is the one before: pass its last byte.
 */
bool	agent_cfi_find(uintptr_t ip, struct agent_cfi_row *);

/* The function, or the part of it, that the code is in. */
bool	agent_cfi_function(uintptr_t ip, uintptr_t *start, uintptr_t *end);

/*
 * The part of the function at ip that the compiler has put elsewhere, as it
 * is unlikely to run: it starts with the frame that the function has at ip.
 * False if there is none, or more than one candidate.
 */
bool	agent_cfi_elsewhere(uintptr_t ip, uintptr_t *start, uintptr_t *end);

/* A number of an expression or of the information itself; see agent_bytes. */
struct agent_cfi_bytes {
	const uint8_t	*p;
	const uint8_t	*end;
	bool		 bad;	/* it was shorter than that */
};
uint64_t agent_cfi_number(struct agent_cfi_bytes *, unsigned bytes);
uint64_t agent_cfi_uleb(struct agent_cfi_bytes *);
int64_t	agent_cfi_sleb(struct agent_cfi_bytes *);

#endif /* AGENT_CFI_H */
