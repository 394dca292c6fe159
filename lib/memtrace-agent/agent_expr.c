/* Expressions of call frame information. */

#include <string.h>

#include "agent_cfi.h"
#include "agent_expr.h"

#define EXPR_DEPTH	16
#define EXPR_STEPS	256	/* there may be loops */

struct expr {
	const struct agent_expr_view	*view;
	struct agent_cfi_bytes		 b;
	const uint8_t			*begin;
	unsigned			 n;
	uintptr_t			 stack[EXPR_DEPTH];
};

static void
expr_push(struct expr *x, uintptr_t v)
{
	if (x->n == EXPR_DEPTH)
		x->b.bad = true;
	else
		x->stack[x->n++] = v;
}

static uintptr_t
expr_pop(struct expr *x)
{
	if (x->n == 0) {
		x->b.bad = true;
		return (0);
	}
	return (x->stack[--x->n]);
}

/* The value that lies so deep in the stack. */
static uintptr_t
expr_peek(struct expr *x, uint64_t depth)
{
	if (depth >= x->n) {
		x->b.bad = true;
		return (0);
	}
	return (x->stack[x->n - 1 - depth]);
}

static void
expr_register(struct expr *x, uint64_t reg)
{
	int64_t offset = agent_cfi_sleb(&x->b);

	if (reg >= AGENT_ARCH_REGS || (x->view->valid >> reg & 1) == 0) {
		x->b.bad = true;
		return;
	}
	expr_push(x, x->view->reg[reg] + (uintptr_t)offset);
}

static void
expr_deref(struct expr *x, unsigned size)
{
	uintptr_t v = 0;

	if (size == 0 || size > 8 ||
	    !x->view->load(x->view->arg, expr_pop(x), &v)) {
		x->b.bad = true;
		return;
	}
	if (size < 8)
		v &= ((uintptr_t)1 << 8 * size) - 1;
	expr_push(x, v);
}

/* const1u to consts; false if it is none of them. */
static bool
expr_constant(struct expr *x, uint8_t op)
{
	unsigned size;
	uint64_t v;

	if (op == 0x10)
		v = agent_cfi_uleb(&x->b);
	else if (op == 0x11)
		v = (uint64_t)agent_cfi_sleb(&x->b);
	else if (op >= 0x08 && op <= 0x0f) {
		size = 1u << (op - 0x08) / 2;
		v = agent_cfi_number(&x->b, size);
		if ((op & 1) != 0 && size < 8 &&
		    (v >> (8 * size - 1) & 1) != 0)
			v |= ~(uint64_t)0 << 8 * size;
	} else if (op == 0x03)
		v = agent_cfi_number(&x->b, 8);
	else if (op >= 0x30 && op <= 0x4f)
		v = op - 0x30u;
	else
		return (false);
	expr_push(x, (uintptr_t)v);
	return (true);
}

/* What moves values on the stack. */
static bool
expr_shuffle(struct expr *x, uint8_t op)
{
	uintptr_t a, b, c;

	switch (op) {
	case 0x12:	/* dup */
		expr_push(x, expr_peek(x, 0));
		break;
	case 0x13:	/* drop */
		(void)expr_pop(x);
		break;
	case 0x14:	/* over */
		expr_push(x, expr_peek(x, 1));
		break;
	case 0x15:	/* pick */
		expr_push(x, expr_peek(x, agent_cfi_number(&x->b, 1)));
		break;
	case 0x16:	/* swap */
		a = expr_pop(x);
		b = expr_pop(x);
		expr_push(x, a);
		expr_push(x, b);
		break;
	case 0x17:	/* rot */
		a = expr_pop(x);
		b = expr_pop(x);
		c = expr_pop(x);
		expr_push(x, a);
		expr_push(x, c);
		expr_push(x, b);
		break;
	default:
		return (false);
	}
	return (true);
}

/* One operand. */
static bool
expr_unary(struct expr *x, uint8_t op)
{
	uintptr_t a;

	if (op != 0x19 && op != 0x1f && op != 0x20 && op != 0x23)
		return (false);
	a = expr_pop(x);
	if (op == 0x19)		/* abs */
		a = (intptr_t)a < 0 ? 0 - a : a;
	else if (op == 0x1f)	/* neg */
		a = 0 - a;
	else if (op == 0x20)	/* not */
		a = ~a;
	else			/* plus_uconst */
		a += (uintptr_t)agent_cfi_uleb(&x->b);
	expr_push(x, a);
	return (true);
}

static uintptr_t
expr_compare(uint8_t op, intptr_t a, intptr_t b)
{
	switch (op) {
	case 0x29:
		return (a == b);
	case 0x2a:
		return (a >= b);
	case 0x2b:
		return (a > b);
	case 0x2c:
		return (a <= b);
	case 0x2d:
		return (a < b);
	default:
		return (a != b);
	}
}

/* Two operands, the second on top. */
static uintptr_t
expr_binary(struct expr *x, uint8_t op, uintptr_t a, uintptr_t b)
{
	switch (op) {
	case 0x1a:
		return (a & b);
	case 0x1c:
		return (a - b);
	case 0x1e:
		return (a * b);
	case 0x21:
		return (a | b);
	case 0x22:
		return (a + b);
	case 0x24:
		return (b < 64 ? a << b : 0);
	case 0x25:
		return (b < 64 ? a >> b : 0);
	case 0x26:
		return ((uintptr_t)((intptr_t)a >> (b < 64 ? b : 63)));
	case 0x27:
		return (a ^ b);
	case 0x29: case 0x2a: case 0x2b: case 0x2c: case 0x2d: case 0x2e:
		return (expr_compare(op, (intptr_t)a, (intptr_t)b));
	default:
		/* div and mod among them, which no compiler needs. */
		x->b.bad = true;
		return (0);
	}
}

/* bra and skip. */
static void
expr_jump(struct expr *x, bool always)
{
	int16_t by = (int16_t)agent_cfi_number(&x->b, 2);

	if (!always && expr_pop(x) == 0)
		return;
	if (by < x->begin - x->b.p || by > x->b.end - x->b.p)
		x->b.bad = true;
	else
		x->b.p += by;
}

static void
expr_step(struct expr *x)
{
	uint8_t op = (uint8_t)agent_cfi_number(&x->b, 1);
	uintptr_t b;

	if (op == 0x96)		/* nop */
		return;
	if (op == 0x28 || op == 0x2f)
		expr_jump(x, op == 0x2f);
	else if (op >= 0x70 && op <= 0x8f)
		expr_register(x, op - 0x70u);
	else if (op == 0x92)
		expr_register(x, agent_cfi_uleb(&x->b));
	else if (op == 0x06)
		expr_deref(x, 8);
	else if (op == 0x94)
		expr_deref(x, (unsigned)agent_cfi_number(&x->b, 1));
	else if (!expr_constant(x, op) && !expr_shuffle(x, op) &&
	    !expr_unary(x, op)) {
		b = expr_pop(x);
		expr_push(x, expr_binary(x, op, expr_pop(x), b));
	}
}

bool
agent_expr_value(const uint8_t *p, const struct agent_expr_view *view,
    const uintptr_t *push, uintptr_t *value)
{
	struct expr x = { .view = view, .b = { p, p + 16, false } };
	uint64_t len = agent_cfi_uleb(&x.b);
	unsigned steps;

	/* That it is there was checked when its entry was read. */
	x.begin = x.b.p;
	x.b.end = x.b.p + len;
	if (push != NULL)
		expr_push(&x, *push);
	for (steps = 0; x.b.p < x.b.end && !x.b.bad; steps++) {
		if (steps == EXPR_STEPS)
			return (false);
		expr_step(&x);
	}
	*value = expr_pop(&x);
	return (!x.b.bad);
}
