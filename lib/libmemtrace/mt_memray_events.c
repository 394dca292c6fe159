/*
 * A capture of memray of all allocations: the records go to the recorder as
 * if the program ran.
 */

#include <string.h>

#include <mt_wire.h>

#include "mt_memray.h"

#define NSEC_PER_MSEC	UINT64_C(1000000)

/* Times beyond this many milliseconds are wrong. */
#define MSEC_MAX	(INT64_MAX / (int64_t)NSEC_PER_MSEC)

/* Kinds of records in both encodings of their first byte. */
enum record {
	REC_BAD,
	REC_TRAILER,
	REC_MEMORY,
	REC_NATIVE,
	REC_MAPS,
	REC_MODULE,
	REC_THREAD,
	REC_SWITCH,
	REC_CODE,
	REC_FRAME,
	REC_PUSH,
	REC_POP,
	REC_OBJECT,
	REC_ALLOC,
	REC_ALLOC_NATIVE
};

/* memray's numbers of allocators since MT_MEMRAY_CODES; before, ours. */
static const uint8_t allocators[16] = {
	0,
	MT_ALLOCATOR_PYMALLOC_FREE,
	MT_ALLOCATOR_PYMALLOC_MALLOC,
	MT_ALLOCATOR_PYMALLOC_CALLOC,
	MT_ALLOCATOR_PYMALLOC_REALLOC,
	MT_ALLOCATOR_FREE,
	MT_ALLOCATOR_MALLOC,
	MT_ALLOCATOR_REALLOC,
	MT_ALLOCATOR_CALLOC,
	MT_ALLOCATOR_POSIX_MEMALIGN,
	MT_ALLOCATOR_ALIGNED_ALLOC,
	MT_ALLOCATOR_MEMALIGN,
	MT_ALLOCATOR_VALLOC,
	MT_ALLOCATOR_PVALLOC,
	MT_ALLOCATOR_MMAP,
	MT_ALLOCATOR_MUNMAP
};

unsigned
mt_memray_allocator(const struct mt_memray *m, unsigned number)
{
	if (number > 15)
		return (0);
	return (m->head.version >= MT_MEMRAY_CODES ? allocators[number] :
	    number);
}

/* ---- The first byte --------------------------------------------------- */

/* Since MT_MEMRAY_CODES: the highest bit that is set says how many follow. */
static enum record
record_of(unsigned byte, unsigned *flags)
{
	static const uint8_t plain[16] = {
		[1] = REC_TRAILER, [2] = REC_MEMORY, [5] = REC_NATIVE,
		[6] = REC_MAPS, [7] = REC_MODULE, [10] = REC_THREAD,
		[12] = REC_SWITCH, [14] = REC_CODE
	};

	if (byte & 0x80) {
		*flags = byte & 0x7f;
		return (REC_ALLOC);
	} else if (byte & 0x40) {
		*flags = byte & 0x3f;
		return (REC_PUSH);
	} else if (byte & 0x20) {
		*flags = byte & 0x1f;
		return (REC_OBJECT);
	} else if (byte & 0x10) {
		*flags = byte & 0x0f;
		return (REC_POP);
	}
	*flags = 0;
	return ((enum record)plain[byte]);
}

/* Before: four bits each. */
static enum record
record_of_old(unsigned byte, unsigned *flags)
{
	static const uint8_t plain[16] = {
		[1] = REC_ALLOC, [2] = REC_ALLOC_NATIVE, [3] = REC_FRAME,
		[4] = REC_PUSH, [5] = REC_NATIVE, [6] = REC_MAPS,
		[7] = REC_MODULE, [9] = REC_POP, [10] = REC_THREAD,
		[11] = REC_MEMORY, [12] = REC_SWITCH
	};

	*flags = byte >> 4;
	return (byte == 0x10 ? REC_TRAILER :
	    (enum record)plain[byte & 0x0f]);
}

/* ---- Allocations ------------------------------------------------------ */

/* An address is one of the last that were new, or new and follows. */
static uint64_t
event_addr(struct mt_memray *m, unsigned recent)
{
	uint64_t addr;

	if (recent < sizeof(m->recent) / sizeof(m->recent[0]))
		return (m->recent[recent]);
	addr = mt_memray_in_delta(&m->in, &m->last_addr) << 3;
	memmove(m->recent + 1, m->recent,
	    sizeof(m->recent) - sizeof(m->recent[0]));
	m->recent[0] = addr;
	return (addr);
}

static bool
event_is_free(unsigned allocator)
{
	return (allocator == MT_ALLOCATOR_FREE ||
	    allocator == MT_ALLOCATOR_PYMALLOC_FREE);
}

/* An allocation, or the end of one; native is 0 if there is no such stack. */
static enum mt_status
event_put(struct mt_memray *m, unsigned allocator, uint64_t addr,
    uint64_t size, uint64_t native, struct mt_error *e)
{
	const struct mt_memray_thread *t;
	enum mt_status st = MT_OK;
	uint32_t node;

	if (m->in.cur.bad)
		return (MT_END);
	if (m->now == MT_HASH_NONE || allocator == 0)
		return (MT_ERR_FORMAT);
	if (event_is_free(allocator))
		return (mt_recorder_free_at(m->rec, m->now, addr, e));
	if (allocator == MT_ALLOCATOR_MUNMAP)
		return (mt_recorder_unmap(m->rec, m->now, addr, size, e));
	t = &m->thread[m->now];
	node = t->depth == 0 ? 0 : t->stack[t->depth - 1];
	if (native != 0)
		st = mt_memray_native_node(m, native, m->generation, &node,
		    e);
	if (st == MT_OK)
		st = mt_recorder_alloc(m->rec, m->now, node, allocator, addr,
		    size, e);
	/* No program allocates that much. */
	return (st == MT_ERR_LIMIT ? MT_ERR_FORMAT : st);
}

static enum mt_status
event_alloc(struct mt_memray *m, unsigned flags, struct mt_error *e)
{
	uint64_t addr, native = 0, size = 0;
	unsigned allocator, number = flags & 7;

	addr = event_addr(m, flags >> 3);
	if (number == 0)
		number = mt_memray_in_byte(&m->in);
	allocator = mt_memray_allocator(m, number);
	if (!event_is_free(allocator)) {
		if (m->head.native)
			native = mt_memray_in_delta(&m->in, &m->last_native);
		size = mt_cursor_varint(&m->in.cur);
	}
	return (event_put(m, allocator, addr, size, native, e));
}

static enum mt_status
event_alloc_old(struct mt_memray *m, unsigned number, bool has_native,
    struct mt_error *e)
{
	uint64_t addr, native = 0, size = 0;
	unsigned allocator = mt_memray_allocator(m, number);

	addr = mt_memray_in_delta(&m->in, &m->last_addr);
	if (has_native || !event_is_free(allocator))
		size = mt_cursor_varint(&m->in.cur);
	if (has_native)
		native = mt_memray_in_delta(&m->in, &m->last_native);
	return (event_put(m, allocator, addr, size, native, e));
}

/* Of an object of Python: it is memory that was allocated elsewhere. */
static enum mt_status
event_object(struct mt_memray *m, unsigned flags)
{
	(void)event_addr(m, flags >> 1);
	if (m->head.native && (flags & 1) != 0)
		(void)mt_memray_in_delta(&m->in, &m->last_native);
	return (m->in.cur.bad ? MT_END : MT_OK);
}

/* ---- The others ------------------------------------------------------- */

static enum mt_status
event_memory(struct mt_memray *m, struct mt_error *e)
{
	uint64_t ms, rss;

	rss = mt_cursor_varint(&m->in.cur);
	ms = mt_cursor_varint(&m->in.cur);
	if (m->in.cur.bad)
		return (MT_END);
	if (ms > MSEC_MAX)
		return (MT_ERR_FORMAT);
	mt_recorder_time(m->rec, ms * NSEC_PER_MSEC);
	return (mt_recorder_sample(m->rec, ms * NSEC_PER_MSEC, rss, 0, e));
}

/* Before MT_MEMRAY_CODES: what a number of a frame means. */
static enum mt_status
event_frame(struct mt_memray *m, struct mt_error *e)
{
	struct mt_memray_frame f;
	uint32_t function, file;
	enum mt_status st;
	uint64_t id;
	int64_t line;

	id = mt_memray_in_delta(&m->in, &m->last_frame);
	st = mt_memray_string(m, &function, e);
	if (st == MT_OK)
		st = mt_memray_string(m, &file, e);
	if (st == MT_OK)
		st = mt_memray_in_fill(&m->in, MT_MEMRAY_RECORD, e);
	if (st != MT_OK)
		return (st);
	line = (int64_t)mt_memray_in_delta(&m->in, &m->last_line);
	if (m->in.cur.bad)
		return (MT_END);
	f.offset = line < 0 || line > INT32_MAX ? -1 : (int32_t)line;
	st = mt_memray_code_named(m, MT_TABLE_OFFSET_IS_LINE, function, file,
	    &f.code, e);
	return (st == MT_OK ? mt_memray_frame_put(m, id, &f, e) : st);
}

static enum mt_status
event_push(struct mt_memray *m, struct mt_error *e)
{
	struct mt_memray_frame f = { 0, 0 };
	enum mt_status st;
	uint64_t id;

	if (m->head.version >= MT_MEMRAY_CODES) {
		id = mt_cursor_varint(&m->in.cur);
		f.offset = mt_memray_offset(m,
		    mt_cursor_svarint(&m->in.cur));
		st = m->in.cur.bad ? MT_END :
		    mt_memray_code_of(m, id, &f.code, e);
	} else {
		id = mt_memray_in_delta(&m->in, &m->last_frame);
		st = m->in.cur.bad ? MT_END : mt_memray_frame_of(m, id, &f);
	}
	return (st == MT_OK ? mt_memray_push(m, &f, e) : st);
}

static enum mt_status
event_take(struct mt_memray *m, enum record type, unsigned flags,
    struct mt_error *e)
{
	switch (type) {
	case REC_ALLOC:
		if (m->head.version >= MT_MEMRAY_CODES)
			return (event_alloc(m, flags, e));
		return (event_alloc_old(m, flags, false, e));
	case REC_ALLOC_NATIVE:
		return (event_alloc_old(m, flags, true, e));
	case REC_PUSH:
		return (event_push(m, e));
	case REC_POP:
		return (mt_memray_pop(m, flags + 1));
	case REC_OBJECT:
		return (event_object(m, flags));
	case REC_MEMORY:
		return (event_memory(m, e));
	case REC_FRAME:
		return (event_frame(m, e));
	case REC_CODE:
		return (mt_memray_code(m, e));
	case REC_NATIVE:
		return (mt_memray_native_frame(m, e));
	case REC_MAPS:
		return (mt_memray_native_maps(m));
	case REC_MODULE:
		return (mt_memray_native_module(m, e));
	case REC_THREAD:
		return (mt_memray_thread_name(m, e));
	case REC_SWITCH:
		return (mt_memray_switch(m, e));
	default:
		return (MT_ERR_FORMAT);
	}
}

enum mt_status
mt_memray_events(struct mt_memray *m, struct mt_error *e)
{
	enum record type;
	enum mt_status st;
	unsigned byte, flags;

	for (;;) {
		st = mt_memray_in_fill(&m->in, MT_MEMRAY_RECORD, e);
		if (st != MT_OK)
			return (st);
		byte = mt_memray_in_byte(&m->in);
		if (m->in.cur.bad)
			return (MT_END);
		type = m->head.version >= MT_MEMRAY_CODES ?
		    record_of(byte, &flags) : record_of_old(byte, &flags);
		if (type == REC_TRAILER)
			return (MT_OK);
		st = event_take(m, type, flags, e);
		if (st != MT_OK)
			return (st);
	}
}
