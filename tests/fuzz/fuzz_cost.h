/*
 * What an input costs: memory, as malloc(3) gives it out, and steps.  A step
 * is a basic block of the code under test, which the compiler counts
 * (-fsanitize-coverage=trace-pc), so that the same input takes the same number
 * on any machine, busy or not.
 */

#ifndef FUZZ_COST_H
#define FUZZ_COST_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Abort unless this is so. */
void	fuzz_require(bool);

/* Begin to count. */
void	fuzz_cost_begin(void);
/*
 * More memory, of which the code under test says itself that it is the most
 * that one input can make it take.
 */
void	fuzz_cost_allow(uint64_t bytes);
/*
 * An input of n bytes may have cost 64 MB and 256 n bytes of memory, and so
 * many steps for each byte besides a constant number.
 */
void	fuzz_cost_end(size_t n, uint64_t steps_per_byte, uint64_t steps);

#endif /* FUZZ_COST_H */
