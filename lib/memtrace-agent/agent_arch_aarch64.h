/* AArch64; see agent_arch.h. */

#ifndef AGENT_ARCH_AARCH64_H
#define AGENT_ARCH_AARCH64_H

#include "agent_regs.h"

#define AGENT_ARCH_PAGE	65536	/* bytes; no page is larger */
#define AGENT_ARCH_REGS	32
#define AGENT_ARCH_FP	29
#define AGENT_ARCH_SP	31
#define AGENT_ARCH_RA	30
#define AGENT_ARCH_RA_IS_REGISTER	1

/* Without the signature that pointer authentication puts above the address. */
static inline uintptr_t
agent_arch_code(uintptr_t ra)
{
	return (ra & 0xffffffffffffu);
}

/*
 * Where a frame record lies in its frame is up to the compiler, so the caller
 * of a hook is found by unwinding, from the function that this is used in.
 */
#define agent_arch_start(r, frame) do {					\
	const uintptr_t *record = __builtin_frame_address(0);		\
									\
	(void)(frame);							\
	(r)->slot = (uintptr_t)(record + 1);				\
	(r)->ra = record[1];						\
	(r)->sp = (uintptr_t)__builtin_dwarf_cfa();			\
	(r)->fp = record[0];						\
} while (0)

static inline __attribute__((__always_inline__)) uint64_t
agent_arch_here(uintptr_t reg[AGENT_ARCH_REGS])
{
	uintptr_t ip;

	__asm__ volatile (
	    "stp x19, x20, [%1, #152]\n\t"
	    "stp x21, x22, [%1, #168]\n\t"
	    "stp x23, x24, [%1, #184]\n\t"
	    "stp x25, x26, [%1, #200]\n\t"
	    "stp x27, x28, [%1, #216]\n\t"
	    "stp x29, x30, [%1, #232]\n\t"
	    "mov %0, sp\n\t"
	    "str %0, [%1, #248]\n\t"
	    "adr %0, ."
	    : "=&r" (ip) : "r" (reg) : "memory");
	/* x30 is where the caller goes on; the place itself is what counts. */
	reg[AGENT_ARCH_RA] = ip;
	return (0xfff80000u);
}

#define AGENT_ARCH_JUMP(name, pick)					\
	".pushsection .text\n\t"					\
	".globl " name "\n\t"						\
	".type " name ", %function\n"					\
	name ":\n\t"							\
	".cfi_startproc\n\t"						\
	"stp x29, x30, [sp, #-48]!\n\t"					\
	".cfi_def_cfa_offset 48\n\t"					\
	".cfi_offset x29, -48\n\t"					\
	".cfi_offset x30, -40\n\t"					\
	"mov x29, sp\n\t"						\
	"stp x0, x1, [sp, #16]\n\t"					\
	"str x2, [sp, #32]\n\t"						\
	"bl " pick "\n\t"						\
	"mov x16, x0\n\t"						\
	"ldp x0, x1, [sp, #16]\n\t"					\
	"ldr x2, [sp, #32]\n\t"						\
	"ldp x29, x30, [sp], #48\n\t"					\
	".cfi_restore x29\n\t"						\
	".cfi_restore x30\n\t"						\
	".cfi_def_cfa_offset 0\n\t"					\
	"br x16\n\t"							\
	".cfi_endproc\n\t"						\
	".size " name ", . - " name "\n\t"				\
	".popsection\n"

#endif /* AGENT_ARCH_AARCH64_H */
