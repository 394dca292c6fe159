#include <sys/mman.h>

#include <atf-c.h>
#include <stdlib.h>
#include <string.h>
#include <unwind.h>

#include "agent_cfi.h"
#include "agent_early.h"
#include "agent_expr.h"
#include "agent_unwind.h"

#define DEPTH	100

static bool
load(void *arg, uintptr_t p, uintptr_t *v)
{
	(void)arg;
	if (p != 0x1000)
		return (false);
	*v = 0x1122334455667788;
	return (true);
}

/* Expressions with their length; register 1 is 100, 2 is not known. */
static const struct {
	const char	*what;
	bool		 ok;
	uintptr_t	 value;
	uint8_t		 code[12];
} expressions[] = {
	{ "constant", true, 7, { 1, 0x37 } },
	{ "negative", true, (uintptr_t)-2, { 2, 0x09, 0xfe } },
	{ "register", true, 92, { 2, 0x71, 0x78 } },
	{ "unknown register", false, 0, { 2, 0x72, 0 } },
	{ "no such register", false, 0, { 3, 0x92, 0x7f, 0 } },
	{ "memory", true, 0x1122334455667788, { 4, 0x0a, 0, 0x10, 0x06 } },
	{ "part of memory", true, 0x7788, { 5, 0x0a, 0, 0x10, 0x94, 2 } },
	{ "no memory", false, 0, { 2, 0x30, 0x06 } },
	{ "sum", true, 5, { 3, 0x32, 0x33, 0x22 } },
	{ "difference", true, (uintptr_t)-1, { 3, 0x32, 0x33, 0x1c } },
	{ "as in a PLT", true, 108, { 11, 0x71, 0, 0x71, 11, 0x3f, 0x1a, 0x3b,
	    0x2a, 0x33, 0x24, 0x22 } },
	{ "swap", true, 1, { 4, 0x32, 0x33, 0x16, 0x1c } },
	{ "jump", true, 3, { 6, 0x33, 0x31, 0x28, 1, 0, 0x34 } },
	{ "empty", false, 0, { 0 } },
	{ "underflow", false, 0, { 2, 0x31, 0x22 } },
	{ "for ever", false, 0, { 3, 0x2f, 0xfd, 0xff } },
	{ "away", false, 0, { 3, 0x2f, 0x70, 0 } },
	{ "before", false, 0, { 3, 0x2f, 0x70, 0xff } },
	{ "cut", false, 0, { 2, 0x0e, 1 } },
	{ "unknown", false, 0, { 1, 0xe0 } },
	{ "endless stack", false, 0, { 5, 0x31, 0x12, 0x2f, 0xfc, 0xff } }
};

ATF_TC(expression);
ATF_TC_HEAD(expression, tc)
{
	atf_tc_set_md_var(tc, "descr", "expressions, also those of fools");
}
ATF_TC_BODY(expression, tc)
{
	uintptr_t reg[AGENT_ARCH_REGS] = { 0, 100 }, v;
	const struct agent_expr_view view = { reg, 1u << 1, load, NULL };
	size_t i;
	bool ok;

	for (i = 0; i < sizeof(expressions) / sizeof(expressions[0]); i++) {
		v = 0;
		ok = agent_expr_value(expressions[i].code, &view, NULL, &v);
		ATF_CHECK_EQ_MSG(expressions[i].ok, ok, "%s",
		    expressions[i].what);
		ATF_CHECK_MSG(!ok || v == expressions[i].value, "%s: %zx",
		    expressions[i].what, (size_t)v);
	}
}

/* ---- The stack of this program --------------------------------------- */

static uintptr_t	ours[DEPTH];
static uintptr_t	theirs[DEPTH];
static int		nours, ntheirs;

/* Not by backtrace(3), which sanitizers put a frame of theirs before. */
static _Unwind_Reason_Code
see(struct _Unwind_Context *context, void *arg)
{
	uintptr_t ip = _Unwind_GetIP(context);

	(void)arg;
	/* Some end with a caller that is none. */
	if (ntheirs == DEPTH || ip == 0)
		return (_URC_END_OF_STACK);
	theirs[ntheirs++] = ip;
	return (_URC_NO_REASON);
}

static __attribute__((__noinline__)) void
look(void)
{
	struct agent_unwind_state u = { .low = 0 };
	struct agent_unwind_step step;
	enum agent_unwind how;

	(void)_Unwind_Backtrace(see, NULL);
	agent_unwind_here(&u);
	/* Quick steps from here on, as far as they go. */
	u.whole = false;
	do {
		ours[nours++] = agent_arch_code(u.r.ra);
		how = agent_unwind_step(&u, &step);
	} while (nours < DEPTH &&
	    (how == AGENT_UNWIND_OK || how == AGENT_UNWIND_ODD));
}

static __attribute__((__noinline__)) int
nested(int n, volatile char *p)
{
	volatile char *q = alloca((size_t)n * 40 + 16);

	q[0] = p[0];
	if (n == 0)
		look();
	else
		(void)nested(n - 1, q);
	return (q[0] + p[0]);
}

static void
check_stack(void)
{
	volatile char c = 1;
	int i;

	ATF_REQUIRE(agent_real_init());
	ATF_REQUIRE(agent_unwind_init());
	(void)nested(12, &c);
	ATF_REQUIRE(nours >= 14);
	ATF_CHECK_EQ(ntheirs, nours);
	/* The first is where each of them was called. */
	for (i = 1; i < nours && i < ntheirs; i++)
		ATF_CHECK_EQ_MSG(theirs[i], ours[i], "%d", i);
}

ATF_TC(stack);
ATF_TC_HEAD(stack, tc)
{
	atf_tc_set_md_var(tc, "descr", "as the compiler's library sees it");
}
ATF_TC_BODY(stack, tc)
{
	agent_object_init();
	check_stack();
}

ATF_TC(older_libc);
ATF_TC_HEAD(older_libc, tc)
{
	atf_tc_set_md_var(tc, "descr", "objects are found by their headers");
}
ATF_TC_BODY(older_libc, tc)
{
	/* Without agent_object_init(), which looks for something better. */
	check_stack();
}

ATF_TC(function);
ATF_TC_HEAD(function, tc)
{
	atf_tc_set_md_var(tc, "descr", "where functions are, and are not");
}
ATF_TC_BODY(function, tc)
{
	uintptr_t start = 0, end = 0, p = (uintptr_t)look;
	struct agent_cfi_row row;

	agent_object_init();
	ATF_REQUIRE(agent_cfi_function(p + 4, &start, &end));
	ATF_CHECK_EQ(p, start);
	ATF_CHECK(end > p + 4);
	ATF_CHECK(!agent_cfi_find(0, &row));
	ATF_CHECK(!agent_cfi_find((uintptr_t)&row, &row));
	ATF_CHECK(!agent_cfi_find((uintptr_t)expressions, &row));
	ATF_CHECK(!agent_cfi_find(UINTPTR_MAX, &row));
}

ATF_TC_WITHOUT_HEAD(readable);
ATF_TC_BODY(readable, tc)
{
	char *p;

	p = mmap(NULL, 3 * 4096, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS, -1,
	    0);
	ATF_REQUIRE(p != MAP_FAILED);
	ATF_REQUIRE_EQ(0, mprotect(p + 4096, 4096, PROT_NONE));
	ATF_REQUIRE_EQ(0, munmap(p + 2 * 4096, 4096));
	ATF_CHECK(agent_object_readable((uintptr_t)p, 4096));
	ATF_CHECK(!agent_object_readable((uintptr_t)p, 4097));
	ATF_CHECK(!agent_object_readable((uintptr_t)p + 4100, 1));
	ATF_CHECK(!agent_object_readable((uintptr_t)p + 8192, 1));
	ATF_CHECK(!agent_object_readable(0, 8));
	ATF_CHECK(!agent_object_readable(UINTPTR_MAX - 8, 16));
}

ATF_TP_ADD_TCS(tp)
{
	ATF_TP_ADD_TC(tp, expression);
	ATF_TP_ADD_TC(tp, stack);
	ATF_TP_ADD_TC(tp, older_libc);
	ATF_TP_ADD_TC(tp, function);
	ATF_TP_ADD_TC(tp, readable);
	return (atf_no_error());
}
