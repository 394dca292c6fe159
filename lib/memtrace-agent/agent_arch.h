/*
 * What unwinding needs to know of the machine.  Each machine's header has
 *
 *	AGENT_ARCH_REGS		DWARF registers that are followed
 *	AGENT_ARCH_FP, _SP, _RA	those that are special; where the return
 *				address is no register, _RA is its column
 *	agent_arch_code()	a return address as it was stored -> code
 *	agent_arch_start()	the caller of a hook, from within a function
 *				that is not inlined and that the hook called
 *	agent_arch_here()	all registers that a function may rely on
 *	AGENT_ARCH_JUMP()	code of a function that is called like pick,
 *				by at most three arguments, and goes on with
 *				the function that pick returns as if that one
 *				had been called
 */

#ifndef AGENT_ARCH_H
#define AGENT_ARCH_H

#if defined(__x86_64__)
#include "agent_arch_x86_64.h"
#elif defined(__aarch64__)
#include "agent_arch_aarch64.h"
#else
#error "no native stacks on this machine yet: it needs a header"
#endif

#endif /* AGENT_ARCH_H */
