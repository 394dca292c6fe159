/*
 * What is in the golden captures: shared by the program that made them and
 * the tests that read them.  The captures are never made again, so nothing
 * here changes; a new one gets a new header.
 */

#ifndef GOLDEN_H
#define GOLDEN_H

#include <mt_wire.h>

#include "mt_private.h"

#define GOLDEN_START_NS	1700000000123456789u

static const struct {
	const char	*key;
	const char	*value;
} golden_meta_begin[] = {
	{ "command_line", "memray-run app.py --size 3" },
	{ "pid", "4711" },
	{ "python_version", "3.12.1" },
	{ "python_allocator", "pymalloc" },
	{ "trace_python_allocators", "1" },
	{ "has_native_traces", "0" },
	{ "of_a_later_version", "ignored" },
	{ "exit_status", "9" }
}, golden_meta_end[] = {
	{ "end_time_ns", "1700000001123456789" },
	{ "exit_status", "768" },
	{ "total_allocations", "19" },
	{ "total_bytes", "5000074200" },
	{ "peak_bytes", "5000065769" },
	{ "peak_time_ns", "1000000" },
	{ "leaked_allocations", "9" },
	{ "leaked_bytes", "58601" },
	{ "lost_events", "2" }
};

static const struct mt_code golden_codes[] = {
	{ "<unknown>", "<unknown>", 0, NULL, 0, MT_TABLE_NONE },
	{ "<module>", "app.py", 1, (const uint8_t *)"\0\1\2\3", 4,
	    MT_TABLE_LOCATIONS },
	{ "Größe.berechne", "lib/größe.py", 70000,
	    (const uint8_t *)"\377\0", 2, MT_TABLE_LNOTAB },
	{ "", "", 4294967295u, NULL, 0, MT_TABLE_OFFSET_IS_LINE },
	{ "late", "lib/late.py", 12, (const uint8_t *)"x", 1,
	    MT_TABLE_LINES310 }
};

/* Nodes from GOLDEN_NODES_LATE on and code 4 are in a block of their own. */
#define GOLDEN_NODES_LATE	5
static const struct mt_node golden_nodes[] = {
	{ 0, 0, -1 },
	{ 0, 1, 10 },
	{ 1, 2, 200 },
	{ 1, 2, -2 },
	{ 3, 3, 2147483647 },
	{ 0, 4, 4 },
	{ 5, 1, (-2147483647 - 1) }
};

static const struct mt_thread golden_threads[] = {
	{ 4711, "MainThread" },
	{ 18446744073709551615u, "" },
	{ 4713, "Thread-2 (worker)" }
};

/* Thread 1 gets its name in a later block. */
#define GOLDEN_THREAD_RENAMED	"renamed"

#define ALLOC(allocator, thread, node, addr, size, ref, time)		\
	{ MT_EVENT_ALLOC, MT_ALLOCATOR_##allocator, thread, node, addr,	\
	    size, ref, time }
#define FREE(thread, ref, time)						\
	{ MT_EVENT_FREE, 0, thread, 0, 0, 0, ref, time }
#define UNMAP(thread, addr, size, time)					\
	{ MT_EVENT_UNMAP, 0, thread, 0, addr, size, 0, time }

static const struct mt_event golden_events[] = {
	ALLOC(MALLOC, 0, 1, 0x555500000010, 100, 0, 0),
	ALLOC(CALLOC, 0, 2, 0x555500000080, 24, 1, 0),
	ALLOC(PYMALLOC_MALLOC, 0, 2, 0x7f1000000010, 48, 2, 0),
	FREE(0, 1, 0),
	ALLOC(MALLOC, 0, 3, 0x555500000080, 24, 3, 0),
	ALLOC(MMAP, 1, 4, 0x7f2000000000, 65536, 4, 1000000),
	ALLOC(MALLOC, 1, 4, 0x555500000093, 1, 5, 1000000),
	FREE(0, 2, 1000000),
	ALLOC(PYMALLOC_CALLOC, 0, 3, 0x7f1000000010, 33, 6, 1000000),
	ALLOC(SBRK, 1, 3, 0xffffffffffffffff, 75, 7, 1000000),
	ALLOC(VALLOC, 0, 1, 1, 5000000000, 8, 1000000),
	FREE(1, 8, 1000000),
	UNMAP(0, 0x7f2000004000, 0x2000, 1000000),

	ALLOC(MALLOC, 2, 5, 0x7f4000000000, 513, 9, 900000000),
	ALLOC(MALLOC, 2, 5, 0x7f4000000210, 1033, 10, 900000000),
	FREE(2, 0, 900000000),
	FREE(1, 9, 900000001),
	ALLOC(REALLOC, 1, 6, 0x7f4000000000, 520, 11, 900000001),
	ALLOC(PYMALLOC_REALLOC, 1, 6, 0x7f1000000400, 512, 12, 900000001),
	FREE(1, 12, 900000001),
	ALLOC(PYMALLOC_MALLOC, 2, 5, 0x7f1000000400, 497, 13, 900000001),
	ALLOC(PYMALLOC_MALLOC, 2, 5, 0x7f1000000200, 0, 14, 900000001),
	FREE(2, 13, 900000001),

	ALLOC(MALLOC, 2, 1, 0x555500000010, 100, 15, 999999999),
	FREE(0, 10, 999999999),
	FREE(0, 11, 1000000001),
	UNMAP(2, 0x7f2000000000, 0x1000, 1000000001),
	ALLOC(MREMAP, 0, 2, 0x7f3000000000, 4096, 16, 1000000001),
	ALLOC(POSIX_MEMALIGN, 0, 1, 0x555500001000, 1024, 17, 1000000001),
	ALLOC(MALLOC, 0, 1, 0x555500002000, 64, 18, 1000000001),
	FREE(0, 18, 1000000001)
};

#undef ALLOC
#undef FREE
#undef UNMAP

/* Blocks of events end before these. */
static const unsigned golden_blocks[] = { 13, 23, 31 };

static const struct mt_sample golden_samples[] = {
	{ 0, 0, 30000000, 20000000 },
	{ 10000000, 5000065769, 31000000, 19999999 },
	{ 20000000, 65769, 1, 0 },
	{ 1000000000, 58601, 18446744073709551615u, 1 }
};
/* The last one is in a block of its own. */
#define GOLDEN_SAMPLES_LATE	3

/* What the events add up to, worked out apart from the library. */
static const struct mt_site golden_sites[] = {
	{ 1, 0, MT_ALLOCATOR_MALLOC, 2, 164, 1, 100, 0, 0 },
	{ 2, 0, MT_ALLOCATOR_CALLOC, 1, 24, 0, 0, 0, 0 },
	{ 2, 0, MT_ALLOCATOR_PYMALLOC_MALLOC, 1, 48, 0, 0, 0, 0 },
	{ 3, 0, MT_ALLOCATOR_MALLOC, 1, 24, 1, 24, 1, 24 },
	{ 4, 1, MT_ALLOCATOR_MMAP, 1, 65536, 1, 65536, 1, 53248 },
	{ 4, 1, MT_ALLOCATOR_MALLOC, 1, 1, 1, 1, 1, 1 },
	{ 3, 0, MT_ALLOCATOR_PYMALLOC_CALLOC, 1, 33, 1, 33, 1, 33 },
	{ 3, 1, MT_ALLOCATOR_SBRK, 1, 75, 1, 75, 1, 75 },
	{ 1, 0, MT_ALLOCATOR_VALLOC, 1, 5000000000, 1, 5000000000, 0, 0 },
	{ 5, 2, MT_ALLOCATOR_MALLOC, 2, 1546, 0, 0, 0, 0 },
	{ 6, 1, MT_ALLOCATOR_REALLOC, 1, 520, 0, 0, 0, 0 },
	{ 6, 1, MT_ALLOCATOR_PYMALLOC_REALLOC, 1, 512, 0, 0, 0, 0 },
	{ 5, 2, MT_ALLOCATOR_PYMALLOC_MALLOC, 2, 497, 0, 0, 1, 0 },
	{ 1, 2, MT_ALLOCATOR_MALLOC, 1, 100, 0, 0, 1, 100 },
	{ 2, 0, MT_ALLOCATOR_MREMAP, 1, 4096, 0, 0, 1, 4096 },
	{ 1, 0, MT_ALLOCATOR_POSIX_MEMALIGN, 1, 1024, 0, 0, 1, 1024 }
};

#define GOLDEN_N(array)	(sizeof(array) / sizeof((array)[0]))

#endif /* GOLDEN_H */
