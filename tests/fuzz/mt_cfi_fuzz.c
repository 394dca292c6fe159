/*
 * Fuzz target: whatever an object says in its .eh_frame, the agent's reader of
 * it must stay inside of the object, must not crash or hang, and finds nothing
 * rather than what makes no sense.
 *
 * The input is an object that is mapped: its first eight bytes say where in
 * it .eh_frame_hdr is and which place of the code is looked for.
 */

#include <stdlib.h>
#include <string.h>

#include "agent_cfi.h"
#include "agent_expr.h"
#include "agent_object.h"
#include "fuzz_cost.h"

/* Whoever looks through all entries of an object does so for each byte. */
#define STEPS_PER_BYTE	UINT64_C(20000)
#define STEPS		UINT64_C(2000000)
#define HEAD		8u

int	LLVMFuzzerTestOneInput(const uint8_t *, size_t);

/* What the agent would ask of the dynamic linker. */
static struct agent_object object;

bool
agent_object_find(uintptr_t ip, struct agent_object *o)
{
	if (ip < object.start || ip >= object.end)
		return (false);
	*o = object;
	return (true);
}

bool
agent_object_readable(uintptr_t p, size_t n)
{
	return (p >= object.start && p <= object.end &&
	    n <= object.end - p);
}

static bool
fuzz_load(void *arg, uintptr_t p, uintptr_t *v)
{
	(void)arg;
	if (!agent_object_readable(p, sizeof(*v)))
		return (false);
	memcpy(v, (const void *)p, sizeof(*v));
	return (true);
}

static void
fuzz_expression(const struct agent_cfi_row *row,
    const struct agent_cfi_rule *rule)
{
	uintptr_t reg[AGENT_ARCH_REGS], value;
	const struct agent_expr_view view = { reg, 0x0f0f, fuzz_load, NULL };
	unsigned i;

	for (i = 0; i < AGENT_ARCH_REGS; i++)
		reg[i] = object.start + 8 * i;
	(void)agent_expr_value(row->base + rule->value, &view, reg, &value);
}

static void
fuzz_row(const struct agent_cfi_row *row)
{
	unsigned i;

	if (row->cfa.how == AGENT_CFI_IS_EXPR)
		fuzz_expression(row, &row->cfa);
	else
		fuzz_require(row->cfa.how == AGENT_CFI_IS &&
		    row->cfa.reg < AGENT_ARCH_REGS);
	for (i = 0; i < AGENT_ARCH_REGS; i++) {
		fuzz_require(row->reg[i].how <= AGENT_CFI_IS_EXPR);
		if (row->reg[i].how == AGENT_CFI_AT_EXPR ||
		    row->reg[i].how == AGENT_CFI_IS_EXPR)
			fuzz_expression(row, &row->reg[i]);
	}
}

static void
fuzz_find(uintptr_t ip)
{
	struct agent_cfi_row row;
	uintptr_t start, end;

	if (agent_cfi_find(ip, &row))
		fuzz_row(&row);
	if (agent_cfi_function(ip, &start, &end))
		fuzz_require(start <= ip && ip < end);
	(void)agent_cfi_elsewhere(ip, &start, &end);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	uint32_t header, place;
	uint8_t *mapped;

	if (n < HEAD + 1)
		return (0);
	memcpy(&header, data, 4);
	memcpy(&place, data + 4, 4);
	n -= HEAD;
	/* Of its own, so that a sanitizer knows where it ends. */
	mapped = malloc(n);
	fuzz_require(mapped != NULL);
	memcpy(mapped, data + HEAD, n);
	object.start = (uintptr_t)mapped;
	object.end = object.start + n;
	object.bias = object.start;
	object.frames = mapped + header % n;
	object.name = "";
	fuzz_cost_begin();
	fuzz_find(object.start + place % n);
	fuzz_find(object.start);
	fuzz_cost_end(n, STEPS_PER_BYTE, STEPS);
	free(mapped);
	return (0);
}
