/*
 * Fuzz target: captures of memray, see mt_capture_fuzz.c.
 *
 * The first byte of the input says what the rest is: a whole file, or the
 * records of a capture of some version and kind, behind a header that is
 * made here, with or without an LZ4 frame around.
 */

#include <lz4frame.h>
#include <stdlib.h>
#include <string.h>

#include "fuzz_open.h"
#include "mt_memray.h"

int	LLVMFuzzerTestOneInput(const uint8_t *, size_t);

enum fuzz_bit {
	FUZZ_VERSION = 3,	/* since the oldest */
	FUZZ_AGGREGATED = 4,
	FUZZ_NATIVE = 8,
	FUZZ_SKIPPED = 16,	/* frames of memray itself */
	FUZZ_LZ4 = 32,
	FUZZ_RECORDS = 64	/* else a file */
};

static void
fuzz_word(struct mt_buf *b, uint64_t v, size_t n)
{
	uint8_t bytes[8];

	mt_put_u64(bytes, v);
	mt_buf_put(b, bytes, n);
}

static void
fuzz_head(struct mt_buf *b, unsigned bits, unsigned python)
{
	unsigned version = MT_MEMRAY_OLDEST + (bits & FUZZ_VERSION);

	mt_buf_put(b, "memray", 7);
	fuzz_word(b, version, 4);
	if (version >= MT_MEMRAY_CODES)
		fuzz_word(b, 0x03080000 + ((uint64_t)(python & 7) << 16), 4);
	fuzz_word(b, (bits & FUZZ_NATIVE) != 0, 1);
	fuzz_word(b, (bits & FUZZ_AGGREGATED) != 0, 1);
	fuzz_word(b, 0, 8);
	fuzz_word(b, 0, 8);
	fuzz_word(b, 1000, 8);
	fuzz_word(b, 2000, 8);
	mt_buf_put(b, "command", 8);
	fuzz_word(b, 1, 4);
	fuzz_word(b, 1, 8);
	fuzz_word(b, (bits & FUZZ_SKIPPED) != 0, 8);
	fuzz_word(b, 1, 1);
	if (version > 10)
		fuzz_word(b, 0, 1);
	if (version >= MT_MEMRAY_CODES)
		fuzz_word(b, 0, 1);
	if (version >= 13)
		fuzz_word(b, 0, 3);
}

static void
fuzz_lz4(const uint8_t *p, size_t n)
{
	size_t cap = LZ4F_compressFrameBound(n, NULL), got;
	uint8_t *out = malloc(cap);

	got = LZ4F_compressFrame(out, cap, p, n, NULL);
	fuzz_require(!LZ4F_isError(got));
	fuzz_open(out, got);
	free(out);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	struct mt_buf b = { NULL, 0, 0, false };

	if (n < 2)
		return (0);
	if ((data[0] & FUZZ_RECORDS) == 0) {
		fuzz_open(data + 1, n - 1);
		return (0);
	}
	fuzz_head(&b, data[0], data[1]);
	mt_buf_put(&b, data + 2, n - 2);
	if (data[0] & FUZZ_LZ4)
		fuzz_lz4(b.data, b.len);
	else
		fuzz_open(b.data, b.len);
	mt_buf_fini(&b);
	return (0);
}
