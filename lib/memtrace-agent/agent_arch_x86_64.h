/* x86-64; see agent_arch.h. */

#ifndef AGENT_ARCH_X86_64_H
#define AGENT_ARCH_X86_64_H

#include "agent_regs.h"

#define AGENT_ARCH_PAGE	4096	/* bytes; no page is larger */
#define AGENT_ARCH_REGS	17
#define AGENT_ARCH_FP	6	/* rbp */
#define AGENT_ARCH_SP	7	/* rsp */
#define AGENT_ARCH_RA	16	/* rip */
#define AGENT_ARCH_RA_IS_REGISTER	0

static inline uintptr_t
agent_arch_code(uintptr_t ra)
{
	return (ra);
}

/*
 * A hook has a frame pointer, since it asks for the address of its frame:
 * there are the caller's, and the return address.
 */
#define agent_arch_start(r, frame)					\
	agent_arch_start_at((r), (const uintptr_t *)(frame))

static inline void
agent_arch_start_at(struct agent_regs *r, const uintptr_t *frame)
{
	r->slot = (uintptr_t)(frame + 1);
	r->ra = frame[1];
	r->sp = (uintptr_t)(frame + 2);
	r->fp = frame[0];
}

/* What a called function preserves, sp and ip; at the place of the call. */
static inline __attribute__((__always_inline__)) uint64_t
agent_arch_here(uintptr_t reg[AGENT_ARCH_REGS])
{
	__asm__ volatile (
	    "movq %%rbx, 24(%0)\n\t"
	    "movq %%rbp, 48(%0)\n\t"
	    "movq %%rsp, 56(%0)\n\t"
	    "movq %%r12, 96(%0)\n\t"
	    "movq %%r13, 104(%0)\n\t"
	    "movq %%r14, 112(%0)\n\t"
	    "movq %%r15, 120(%0)\n\t"
	    "leaq 0(%%rip), %%rax\n\t"
	    "movq %%rax, 128(%0)"
	    : : "r" (reg) : "rax", "memory");
	return (1u << 3 | 1u << 6 | 1u << 7 | 0xfu << 12 | 1u << 16);
}

#define AGENT_ARCH_JUMP(name, pick)					\
	".pushsection .text\n\t"					\
	".globl " name "\n\t"						\
	".type " name ", @function\n"					\
	name ":\n\t"							\
	".cfi_startproc\n\t"						\
	"pushq %rdi\n\t"						\
	".cfi_adjust_cfa_offset 8\n\t"					\
	"pushq %rsi\n\t"						\
	".cfi_adjust_cfa_offset 8\n\t"					\
	"pushq %rdx\n\t"						\
	".cfi_adjust_cfa_offset 8\n\t"					\
	"call " pick "\n\t"						\
	"popq %rdx\n\t"							\
	".cfi_adjust_cfa_offset -8\n\t"					\
	"popq %rsi\n\t"							\
	".cfi_adjust_cfa_offset -8\n\t"					\
	"popq %rdi\n\t"							\
	".cfi_adjust_cfa_offset -8\n\t"					\
	"jmp *%rax\n\t"							\
	".cfi_endproc\n\t"						\
	".size " name ", . - " name "\n\t"				\
	".popsection\n"

#endif /* AGENT_ARCH_X86_64_H */
