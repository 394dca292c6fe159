/*
 * What is in the golden capture of format 1.2: frames of other languages
 * than Python.  Nothing here changes, see golden.h.
 */

#ifndef GOLDEN12_H
#define GOLDEN12_H

#include "golden.h"

static const struct mt_code golden12_codes[] = {
	{ "<unknown>", "<unknown>", 0, NULL, 0, MT_TABLE_NONE },
	{ "f", "app.py", 1, NULL, 0, MT_TABLE_OFFSET_IS_LINE },
	{ "", "/lib/libx.so", 0, (const uint8_t *)"\253\0\315", 3,
	    MT_TABLE_MODULE },
	{ "", "/lib/liby.so", 0, NULL, 0, MT_TABLE_MODULE }
};

static const struct mt_node golden12_nodes[] = {
	{ 0, 0, -1 },
	{ 0, 1, 7 },			/* f */
	{ 1, 2, 16 },			/* libx */
	{ 2, 3, -2147478988 },		/* liby, at 0x80001234 */
	{ 0, 3, 32 }			/* liby */
};

static const struct mt_thread golden12_thread = { 5, "" };

static const struct mt_site golden12_sites[] = {
	{ 2, 0, MT_ALLOCATOR_MALLOC, 1, 1, 1, 1, 1, 1 },
	{ 3, 0, MT_ALLOCATOR_MALLOC, 1, 2, 1, 2, 1, 2 },
	{ 1, 0, MT_ALLOCATOR_MALLOC, 1, 4, 1, 4, 1, 4 },
	{ 4, 0, MT_ALLOCATOR_MALLOC, 1, 8, 1, 8, 1, 8 }
};

static const struct mt_frame golden12_frames[] = {
	{ "outer", "x.c", 30 },
	{ "inner", "x.c", 10 },
	{ "unsure", "", 0 }
};

static const struct {
	uint32_t		 code;
	const char		*note;
	uint32_t		 address;
	const struct mt_frame	*frame;
	size_t			 n;
} golden12_symbols[] = {
	{ 2, "", 16, golden12_frames, 3 },
	{ 3, "it is gone", 32, NULL, 0 }
};

#endif /* GOLDEN12_H */
