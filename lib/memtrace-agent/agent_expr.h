/* Expressions of call frame information, for which there is a small machine. */

#ifndef AGENT_EXPR_H
#define AGENT_EXPR_H

#include <stdbool.h>
#include <stdint.h>

#include "agent_arch.h"

/* What an expression can look at. */
struct agent_expr_view {
	const uintptr_t	*reg;		/* AGENT_ARCH_REGS of them */
	uint64_t	 valid;		/* bits: which of them are known */
	/* Memory: false if it cannot be read. */
	bool		(*load)(void *, uintptr_t, uintptr_t *);
	void		*arg;
};

/*
 * The value of the expression at p, which begins with its length.  If push
 * is not NULL, *push is on the stack at first.  False if it makes no sense,
 * or needs what is not known.
 */
bool	agent_expr_value(const uint8_t *p, const struct agent_expr_view *,
	    const uintptr_t *push, uintptr_t *value);

#endif /* AGENT_EXPR_H */
