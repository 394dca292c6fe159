/* Names of the allocation functions. */

#include <mt_wire.h>

#include "mt_private.h"

const char *
mt_allocator_name(unsigned allocator)
{
	switch (allocator) {
#define MT_ALLOCATOR(number, name, text)	case (number): return (text);
#include <mt_allocator.def>
#undef MT_ALLOCATOR
	default:
		return ("unknown");
	}
}
