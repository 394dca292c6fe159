/* What is inlined into what is known here, for the tests of symbols. */

void *volatile here;

static inline __attribute__((__always_inline__)) void
innermost(void)
{
	__asm__ volatile("address_of_innermost: nop");	/* line 8 */
}

static inline __attribute__((__always_inline__)) void
middle(void)
{
	innermost();					/* line 14 */
}

static __attribute__((__noinline__)) void
local(void)
{
	middle();					/* line 20 */
	__asm__ volatile("address_of_local: nop");	/* line 21 */
}

void	outer(void);

void
outer(void)
{
	local();
	__asm__ volatile("address_of_outer: nop");	/* line 30 */
	here = (void *)0;
}
