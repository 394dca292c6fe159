/* From a frame to its caller. */

#include <sys/mman.h>

#include <stdatomic.h>
#include <string.h>

#include "agent.h"
#include "agent_cfi.h"
#include "agent_early.h"
#include "agent_expr.h"
#include "agent_unwind.h"

/*
 * An entry: the code without the bits that are its index, and the rule.
 * Addresses have 48 bits; what lies higher is interpreted.
 */
#define UNWIND_INDEX_BITS	13
#define UNWIND_ENTRIES		(1u << UNWIND_INDEX_BITS)
#define UNWIND_CODE_BITS	48
#define UNWIND_RULE_BITS	(64 - UNWIND_CODE_BITS + UNWIND_INDEX_BITS)
#define UNWIND_RULE_MASK	((1u << UNWIND_RULE_BITS) - 1)

/*
 * A rule: bits 0-1 kind, bit 2 CFA is fp plus a number (else sp), bits 3-15
 * that number in words, bits 16-27 the place of fp in words below the CFA, 0
 * if it has not changed.  The return address stands above fp where it
 * is a register, else just below the CFA.
 */
enum unwind_kind {
	UNWIND_NONE = 0,	/* not in the table */
	UNWIND_REGULAR = 1,
	UNWIND_LAST = 2,
	UNWIND_INTERPRET = 3
};
#define RULE_KIND(w)		((w) & 3)
#define RULE_IS_FP		4u
#define RULE_CFA_SHIFT		3
#define RULE_CFA_MAX		0x1fffu
#define RULE_FP_SHIFT		16
#define RULE_FP_MAX		0xfffu

/* Not in struct agent: the child of a fork goes on using it. */
static _Atomic uint64_t	*unwind_table;

bool
agent_unwind_init(void)
{
	void *p;

	if (unwind_table != NULL)
		return (true);
	p = agent_real.mmap(NULL, UNWIND_ENTRIES * sizeof(*unwind_table),
	    PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	if (p == MAP_FAILED)
		return (false);
	unwind_table = p;
	return (true);
}

void
agent_unwind_forget(void)
{
	unsigned i;

	for (i = 0; i < UNWIND_ENTRIES; i++)
		atomic_store_explicit(&unwind_table[i], 0,
		    memory_order_relaxed);
}

/* ---- Memory ---------------------------------------------------------- */

static AGENT_COLD bool
unwind_load_slow(uintptr_t p, uintptr_t *v)
{
	if ((p & 7) != 0 || !agent_object_readable(p, sizeof(*v)))
		return (false);
	memcpy(v, (const void *)p, sizeof(*v));
	return (true);
}

static inline bool
unwind_load(const struct agent_unwind_state *u, uintptr_t p, uintptr_t *v)
{
	if (AGENT_UNLIKELY(p - u->low >= u->high - u->low || (p & 7) != 0))
		return (unwind_load_slow(p, v));
	memcpy(v, (const void *)p, sizeof(*v));
	return (true);
}

static bool
unwind_load_for_expr(void *arg, uintptr_t p, uintptr_t *v)
{
	return (unwind_load(arg, p, v));
}

/* ---- Interpretation -------------------------------------------------- */

/* The registers of the frame as an expression sees them. */
static void
unwind_view(struct agent_unwind_state *u, struct agent_expr_view *view)
{
	u->reg[AGENT_ARCH_SP] = u->r.sp;
	u->reg[AGENT_ARCH_FP] = u->r.fp;
	u->valid |= 1ull << AGENT_ARCH_SP | 1ull << AGENT_ARCH_FP;
	if (!AGENT_ARCH_RA_IS_REGISTER) {
		u->reg[AGENT_ARCH_RA] = u->r.ra;
		u->valid |= 1ull << AGENT_ARCH_RA;
	}
	view->reg = u->reg;
	view->valid = u->valid;
	view->load = unwind_load_for_expr;
	view->arg = u;
}

static bool
unwind_cfa(const struct agent_cfi_row *row, const struct agent_expr_view *v,
    uintptr_t *cfa)
{
	if (row->cfa.how == AGENT_CFI_IS_EXPR)
		return (agent_expr_value(row->base + row->cfa.value, v, NULL,
		    cfa));
	if (row->cfa.how != AGENT_CFI_IS ||
	    (v->valid >> row->cfa.reg & 1) == 0)
		return (false);
	*cfa = v->reg[row->cfa.reg] + (uintptr_t)(intptr_t)row->cfa.value;
	return (true);
}

/* The caller's value of a register; slot is where it was, or 0. */
static bool
unwind_value(const struct agent_cfi_row *row, unsigned reg,
    const struct agent_expr_view *v, uintptr_t cfa, uintptr_t *value,
    uintptr_t *slot)
{
	const struct agent_cfi_rule *rule = &row->reg[reg];
	uintptr_t at = cfa + (uintptr_t)(intptr_t)rule->value;

	*slot = 0;
	switch (rule->how) {
	case AGENT_CFI_SAME:
		*value = v->reg[reg];
		return ((v->valid >> reg & 1) != 0);
	case AGENT_CFI_REGISTER:
		if (rule->value < 0 || rule->value >= AGENT_ARCH_REGS)
			return (false);
		*value = v->reg[rule->value];
		return ((v->valid >> rule->value & 1) != 0);
	case AGENT_CFI_IS:
		*value = at;
		return (true);
	case AGENT_CFI_IS_EXPR:
		return (agent_expr_value(row->base + rule->value, v, &cfa,
		    value));
	case AGENT_CFI_AT_EXPR:
		if (!agent_expr_value(row->base + rule->value, v, &cfa, &at))
			return (false);
		break;
	case AGENT_CFI_AT:
		break;
	default:
		return (false);
	}
	*slot = at;
	return (v->load(v->arg, at, value));
}

/*
 * All registers of the caller.  A stack pointer that the row says nothing of
 * is the CFA.
 */
static enum agent_unwind
unwind_apply(struct agent_unwind_state *u, const struct agent_cfi_row *row)
{
	uintptr_t cfa, new[AGENT_ARCH_REGS], slot, ra_slot = 0;
	struct agent_expr_view view;
	uint64_t valid = 0;
	unsigned i;

	unwind_view(u, &view);
	if (row->reg[row->ra].how == AGENT_CFI_UNDEFINED)
		return (AGENT_UNWIND_END);
	if (!unwind_cfa(row, &view, &cfa))
		return (u->whole ? AGENT_UNWIND_LOST : AGENT_UNWIND_WANTS);
	for (i = 0; i < AGENT_ARCH_REGS; i++) {
		if (i == AGENT_ARCH_SP && row->reg[i].how == AGENT_CFI_SAME) {
			new[i] = cfa;
			valid |= 1ull << i;
			continue;
		}
		if (!unwind_value(row, i, &view, cfa, &new[i], &slot))
			continue;
		valid |= 1ull << i;
		if (i == row->ra)
			ra_slot = slot;
	}
	/* On x86-64 the same rip again is no return address. */
	if ((valid >> row->ra & 1) == 0 || (valid >> AGENT_ARCH_SP & 1) == 0 ||
	    (!AGENT_ARCH_RA_IS_REGISTER &&
	    row->reg[row->ra].how == AGENT_CFI_SAME))
		return (u->whole ? AGENT_UNWIND_LOST : AGENT_UNWIND_WANTS);
	memcpy(u->reg, new, sizeof(new));
	u->valid = valid;
	u->r.slot = ra_slot;
	u->r.ra = new[row->ra];
	u->r.sp = new[AGENT_ARCH_SP];
	u->r.fp = (valid >> AGENT_ARCH_FP & 1) != 0 ? new[AGENT_ARCH_FP] : 0;
	u->exact = row->signal;
	return (AGENT_UNWIND_ODD);
}

static AGENT_COLD enum agent_unwind
unwind_interpret(struct agent_unwind_state *u, struct agent_unwind_step *s)
{
	struct agent_cfi_row row;
	uintptr_t sp = u->r.sp, ra = u->r.ra;
	enum agent_unwind result;

	s->uses_fp = true;
	s->fp_slot = 0;
	u->odd++;
	if (!agent_cfi_find(agent_unwind_code(u), &row))
		return (AGENT_UNWIND_LOST);
	result = unwind_apply(u, &row);
	/* No progress is no caller. */
	if (result == AGENT_UNWIND_ODD && u->r.sp == sp && u->r.ra == ra)
		return (AGENT_UNWIND_LOST);
	return (result);
}

/* ---- The table ------------------------------------------------------- */

/* A row as a rule, or UNWIND_INTERPRET if it is none. */
static uint64_t
unwind_pack(const struct agent_cfi_row *row)
{
	const struct agent_cfi_rule *fp = &row->reg[AGENT_ARCH_FP];
	const struct agent_cfi_rule *ra = &row->reg[AGENT_ARCH_RA];
	int32_t cfa = row->cfa.value, fp_at = 0;

	if (row->ra == AGENT_ARCH_RA && ra->how == AGENT_CFI_UNDEFINED)
		return (UNWIND_LAST);
	if (row->signal || row->ra != AGENT_ARCH_RA ||
	    row->cfa.how != AGENT_CFI_IS || ra->how != AGENT_CFI_AT ||
	    row->reg[AGENT_ARCH_SP].how != AGENT_CFI_SAME ||
	    (row->cfa.reg != AGENT_ARCH_SP && row->cfa.reg != AGENT_ARCH_FP))
		return (UNWIND_INTERPRET);
	if (fp->how == AGENT_CFI_AT)
		fp_at = -fp->value;
	else if (fp->how != AGENT_CFI_SAME)
		return (UNWIND_INTERPRET);
	if (cfa < 0 || cfa % 8 != 0 || cfa / 8 > (int32_t)RULE_CFA_MAX ||
	    fp_at < 0 || fp_at % 8 != 0 || fp_at / 8 > (int32_t)RULE_FP_MAX ||
	    ra->value != (AGENT_ARCH_RA_IS_REGISTER ? 8 - fp_at : -8))
		return (UNWIND_INTERPRET);
	return (UNWIND_REGULAR |
	    (row->cfa.reg == AGENT_ARCH_FP ? RULE_IS_FP : 0) |
	    (uint64_t)cfa / 8 << RULE_CFA_SHIFT |
	    (uint64_t)fp_at / 8 << RULE_FP_SHIFT);
}

static inline unsigned
unwind_index(uintptr_t code)
{
	return ((unsigned)(code ^ code >> UNWIND_INDEX_BITS) &
	    (UNWIND_ENTRIES - 1));
}

static AGENT_COLD uint64_t
unwind_learn(struct agent_unwind_state *u, uintptr_t code)
{
	struct agent_cfi_row row;
	uint64_t rule;

	u->misses++;
	if (!agent_cfi_find(code, &row))
		return (UNWIND_INTERPRET);
	rule = unwind_pack(&row);
	if (code >> UNWIND_CODE_BITS == 0)
		atomic_store_explicit(&unwind_table[unwind_index(code)],
		    code >> UNWIND_INDEX_BITS << UNWIND_RULE_BITS | rule,
		    memory_order_relaxed);
	return (rule);
}

static inline uint64_t
unwind_rule(struct agent_unwind_state *u, uintptr_t code)
{
	uint64_t w;

	w = atomic_load_explicit(&unwind_table[unwind_index(code)],
	    memory_order_relaxed);
	if (AGENT_LIKELY(w >> UNWIND_RULE_BITS ==
	    code >> UNWIND_INDEX_BITS && RULE_KIND(w) != UNWIND_NONE))
		return (w & UNWIND_RULE_MASK);
	return (unwind_learn(u, code));
}

AGENT_HOT enum agent_unwind
agent_unwind_step(struct agent_unwind_state *u, struct agent_unwind_step *s)
{
	uint64_t rule;
	uintptr_t cfa, fp_at, ra;

	if (AGENT_UNLIKELY(u->whole))
		return (unwind_interpret(u, s));
	rule = unwind_rule(u, agent_unwind_code(u));
	if (AGENT_UNLIKELY(RULE_KIND(rule) != UNWIND_REGULAR))
		return (RULE_KIND(rule) == UNWIND_LAST ? AGENT_UNWIND_END :
		    unwind_interpret(u, s));
	s->uses_fp = (rule & RULE_IS_FP) != 0;
	cfa = (s->uses_fp ? u->r.fp : u->r.sp) +
	    (rule >> RULE_CFA_SHIFT & RULE_CFA_MAX) * 8;
	fp_at = (rule >> RULE_FP_SHIFT & RULE_FP_MAX) * 8;
	s->fp_slot = fp_at == 0 ? 0 : cfa - fp_at;
	ra = AGENT_ARCH_RA_IS_REGISTER ? cfa - fp_at + 8 : cfa - 8;
	if (AGENT_UNLIKELY(cfa <= u->r.sp || !unwind_load(u, ra, &u->r.ra) ||
	    (fp_at != 0 && !unwind_load(u, s->fp_slot, &u->r.fp))))
		return (AGENT_UNWIND_LOST);
	if (AGENT_UNLIKELY(u->r.ra == 0))
		return (AGENT_UNWIND_END);
	u->r.slot = ra;
	u->r.sp = cfa;
	u->exact = false;
	u->valid = 0;
	return (AGENT_UNWIND_OK);
}

__attribute__((__noinline__)) void
agent_unwind_here(struct agent_unwind_state *u)
{
	struct agent_unwind_step s;

	u->valid = agent_arch_here(u->reg);
	u->r.slot = 0;
	u->r.ra = u->reg[AGENT_ARCH_RA];
	u->r.sp = u->reg[AGENT_ARCH_SP];
	u->r.fp = u->reg[AGENT_ARCH_FP];
	u->exact = true;
	u->whole = true;
	(void)unwind_interpret(u, &s);
}
