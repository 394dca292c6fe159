/* What an input costs. */

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include "fuzz_cost.h"
#include "mt_budget.h"

/*
 * What is allocated with malloc(3), where the sanitizer tells; what lies in
 * pages of its own is charged to a budget, but not counted here.
 */
#define MEMORY_SLACK	UINT64_C(8000000)

int	__sanitizer_install_malloc_and_free_hooks(
	    void (*)(const volatile void *, size_t),
	    void (*)(const volatile void *)) __attribute__((__weak__));
size_t	__sanitizer_get_allocated_size(const volatile void *)
	    __attribute__((__weak__));
/* The linker has these in place of those that the compiler calls. */
void	__wrap___sanitizer_cov_trace_pc(void);

static struct fuzz_cost {
	bool	 installed;
	uint64_t now;
	uint64_t most;
	uint64_t steps;
	uint64_t allowed;
} cost;

/* It is not to count itself. */
#if defined(__clang__)
#define UNCOUNTED	__attribute__((__no_sanitize__("coverage")))
#else
#define UNCOUNTED	__attribute__((__no_sanitize_coverage__))
#endif

UNCOUNTED void
__wrap___sanitizer_cov_trace_pc(void)
{
	cost.steps++;
}

static void
malloced(const volatile void *p, size_t n)
{
	(void)p;
	cost.now += n;
	if (cost.now > cost.most)
		cost.most = cost.now;
}

static void
freed(const volatile void *p)
{
	uint64_t n = p == NULL ? 0 : __sanitizer_get_allocated_size(p);

	cost.now -= n < cost.now ? n : cost.now;
}

void
fuzz_require(bool ok)
{
	if (!ok)
		abort();
}

void
fuzz_cost_begin(void)
{
	if (!cost.installed &&
	    __sanitizer_install_malloc_and_free_hooks != NULL)
		(void)__sanitizer_install_malloc_and_free_hooks(malloced,
		    freed);
	cost.installed = true;
	cost.now = cost.most = cost.steps = cost.allowed = 0;
}

void
fuzz_cost_allow(uint64_t bytes)
{
	cost.allowed = bytes;
}

void
fuzz_cost_end(size_t n, uint64_t steps_per_byte, uint64_t steps)
{
	const uint64_t memory = MT_BUDGET_BASE +
	    (uint64_t)n * MT_BUDGET_PER_BYTE + cost.allowed + MEMORY_SLACK;

	if (getenv("FUZZ_COST") != NULL)
		(void)fprintf(stderr, "%zu bytes: %" PRIu64 " bytes of "
		    "memory, %" PRIu64 " steps\n", n, cost.most, cost.steps);
	fuzz_require(cost.most <= memory);
	fuzz_require(cost.steps <= steps + n * steps_per_byte);
}
