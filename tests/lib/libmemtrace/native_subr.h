/* A capture with native frames, in a file, for the tests of symbols. */

#ifndef NATIVE_SUBR_H
#define NATIVE_SUBR_H

#include <atf-c.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <mt_wire.h>

#include "mt_capture.h"

/* Ids in it. */
enum { PYTHON = 1, LIBX = 2, LIBY = 3 };

/* An address that is larger than an int. */
#define FAR	0x80001234u

static inline enum mt_status
native_put(void *arg, enum mt_block_type type, void *data, size_t len,
    struct mt_error *e)
{
	enum mt_status st = mt_writer_put(arg, type, data, len, e);

	free(data);
	return (st);
}

static inline void
native_codes(struct mt_recorder *r)
{
	static const uint8_t id[] = { 0xab, 0, 0xcd };
	static const struct mt_code codes[] = {
		{ "f", "app.py", 1, NULL, 0, MT_TABLE_OFFSET_IS_LINE },
		{ "", "/lib/libx.so", 0, id, sizeof(id), MT_TABLE_MODULE },
		{ "", "/lib/liby.so", 0, NULL, 0, MT_TABLE_MODULE }
	};
	uint32_t i, id_of;

	for (i = 0; i < 3; i++) {
		ATF_REQUIRE_EQ(MT_OK, mt_recorder_code_new(r, &id_of, NULL));
		ATF_REQUIRE_EQ(i + 1, id_of);
		ATF_REQUIRE_EQ(MT_OK, mt_recorder_code_describe(r, id_of,
		    &codes[i], NULL));
	}
}

static inline uint32_t
native_node(struct mt_recorder *r, uint32_t parent, uint32_t code,
    uint32_t offset)
{
	uint32_t id;

	ATF_REQUIRE_EQ(MT_OK, mt_recorder_node(r, parent, code,
	    (int32_t)offset, &id, NULL));
	return (id);
}

/*
 * f at line 7 calls libx at 0x10, which allocates 1 byte, and FAR in liby
 * from there 2 bytes; f itself allocates 4, liby at 0x20 without Python 8.
 */
static inline void
native_events(struct mt_recorder *r)
{
	uint32_t f = native_node(r, 0, PYTHON, 7), x, node[4], i, thread;

	x = native_node(r, f, LIBX, 0x10);
	node[0] = x;
	node[1] = native_node(r, x, LIBY, FAR);
	node[2] = f;
	node[3] = native_node(r, 0, LIBY, 0x20);
	ATF_REQUIRE_EQ(MT_OK, mt_recorder_thread_new(r, 5, "", &thread,
	    NULL));
	for (i = 0; i < 4; i++)
		ATF_REQUIRE_EQ(MT_OK, mt_recorder_alloc(r, thread, node[i],
		    MT_ALLOCATOR_MALLOC, 4096 * (i + 1), UINT64_C(1) << i,
		    NULL));
}

/* Write it; `whole' is whether it gets its tables and its end. */
static inline void
native_write(const char *path, unsigned flags, bool whole)
{
	struct mt_writer *w;
	struct mt_sink sink = { native_put, NULL };
	struct mt_recorder *r;
	int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC, 0600);

	ATF_REQUIRE(fd != -1);
	ATF_REQUIRE_EQ(MT_OK, mt_writer_new(&w, fd, 0, 1, NULL));
	sink.arg = w;
	ATF_REQUIRE_EQ(MT_OK, mt_recorder_new(&r, &sink, flags, NULL));
	native_codes(r);
	native_events(r);
	if (whole) {
		ATF_REQUIRE_EQ(MT_OK, mt_recorder_finish(r, NULL));
		ATF_REQUIRE_EQ(MT_OK, mt_writer_finish(w, NULL));
	} else {
		ATF_REQUIRE_EQ(MT_OK, mt_recorder_flush(r, NULL));
	}
	mt_recorder_free(r);
	mt_writer_free(w);
	ATF_REQUIRE_EQ(0, close(fd));
}

/* Symbols of libx at 0x10, where one function is inlined in another. */
static inline void
native_symbols(void **data, size_t *len)
{
	static const struct mt_frame frames[] = {
		{ "outer", "x.c", 30 },
		{ "inner", "x.c", 10 },
		{ "unsure", "", 0 }
	};
	struct mt_symbols *s;

	ATF_REQUIRE_EQ(MT_OK, mt_symbols_new(&s, NULL));
	ATF_REQUIRE_EQ(MT_OK, mt_symbols_module(s, LIBY, "it is gone",
	    NULL));
	ATF_REQUIRE_EQ(MT_OK, mt_symbols_module(s, LIBX, "", NULL));
	ATF_REQUIRE_EQ(MT_OK, mt_symbols_address(s, 0x10, frames, 3, NULL));
	ATF_REQUIRE_EQ(MT_OK, mt_symbols_address(s, 0x11, NULL, 0, NULL));
	ATF_REQUIRE_EQ(MT_OK, mt_symbols_finish(s, data, len, NULL));
	mt_symbols_free(s);
}

/* Add a block to the file. */
static inline enum mt_status
native_extend(const char *path, const void *data, size_t len,
    struct mt_error *e)
{
	struct mt_capture *c;
	enum mt_status st;
	int fd = open(path, O_WRONLY);

	ATF_REQUIRE(fd != -1);
	ATF_REQUIRE_EQ(MT_OK, mt_capture_open(&c, path, e));
	ATF_REQUIRE_EQ(0, ftruncate(fd, (off_t)mt_capture_bytes(c)));
	ATF_REQUIRE(lseek(fd, 0, SEEK_END) >= 0);
	st = mt_capture_extend(c, fd, MT_BLOCK_SYMBOLS, data, len, e);
	mt_capture_close(c);
	ATF_REQUIRE_EQ(0, close(fd));
	return (st);
}

#endif /* NATIVE_SUBR_H */
