/* The header of a capture of memray, and what of it is metadata. */

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "mt_memray.h"

#define MAGIC		"memray"	/* with its NUL */

#define NSEC_PER_MSEC	UINT64_C(1000000)

/* Times of day beyond this many milliseconds cannot be expressed. */
#define MSEC_MAX	(INT64_MAX / (int64_t)NSEC_PER_MSEC)

/* memray's names of the interpreter's allocators, by its numbers. */
static const char *const allocators[] = {
	"", "pymalloc", "pymalloc_debug", "malloc", "other", "mimalloc",
	"mimalloc_debug"
};
#define ALLOCATORS	(sizeof(allocators) / sizeof(allocators[0]))

bool
mt_memray_is(const uint8_t *p, size_t n)
{
	return (mt_memray_in_is_lz4(p, n) ||
	    (n >= sizeof(MAGIC) && memcmp(p, MAGIC, sizeof(MAGIC)) == 0));
}

static enum mt_status
head_damaged(struct mt_error *e)
{
	return (mt_error_set(e, MT_ERR_FORMAT,
	    "damaged header of a memray capture"));
}

static enum mt_status
head_version(struct mt_memray *m, struct mt_error *e)
{
	struct mt_memray_in *in = &m->in;
	const uint8_t *magic;
	enum mt_status st;

	st = mt_memray_in_fill(in, MT_MEMRAY_RECORD, e);
	if (st != MT_OK)
		return (st);
	magic = mt_cursor_bytes(&in->cur, sizeof(MAGIC));
	if (magic == NULL && in->lz4 != NULL && !in->damaged)
		return (mt_error_set(e, MT_ERR_FORMAT,
		    "cut short within the header"));
	if (magic == NULL || memcmp(magic, MAGIC, sizeof(MAGIC)) != 0)
		return (mt_error_set(e, MT_ERR_FORMAT,
		    "not a memtrace capture"));
	m->head.version = mt_memray_in_u32(in);
	if (in->cur.bad)
		return (head_damaged(e));
	if (m->head.version < MT_MEMRAY_OLDEST ||
	    m->head.version > MT_MEMRAY_NEWEST)
		return (mt_error_set(e, MT_ERR_VERSION, "a memray capture of "
		    "version %" PRIu32 "; this program reads %d to %d",
		    m->head.version, MT_MEMRAY_OLDEST, MT_MEMRAY_NEWEST));
	return (MT_OK);
}

static enum mt_status
head_numbers(struct mt_memray *m, struct mt_error *e)
{
	struct mt_memray_head *h = &m->head;
	struct mt_memray_in *in = &m->in;
	unsigned native, format;

	if (h->version >= MT_MEMRAY_CODES)
		h->python_version = mt_memray_in_u32(in);
	native = mt_memray_in_byte(in);
	format = mt_memray_in_byte(in);
	/* Numbers of allocations and of frames: of no use, and wrong. */
	(void)mt_memray_in_u64(in);
	(void)mt_memray_in_u64(in);
	h->start_ms = mt_memray_in_u64(in);
	h->end_ms = mt_memray_in_u64(in);
	if (in->cur.bad || native > 1 || format > 1 ||
	    h->start_ms > MSEC_MAX || h->end_ms > MSEC_MAX)
		return (head_damaged(e));
	h->native = native != 0;
	h->aggregated = format != 0;
	return (MT_OK);
}

static enum mt_status
head_process(struct mt_memray *m, struct mt_error *e)
{
	struct mt_memray_head *h = &m->head;
	struct mt_memray_in *in = &m->in;
	enum mt_status st;
	const char *s;

	st = mt_memray_in_string(in, &s, e);
	if (st == MT_OK) {
		h->command_line = strdup(s);
		if (h->command_line == NULL)
			return (mt_error_set(e, MT_ERR_NOMEM,
			    "out of memory"));
		st = mt_memray_in_fill(in, MT_MEMRAY_RECORD, e);
	}
	if (st != MT_OK)
		return (st == MT_ERR_SYS || st == MT_ERR_NOMEM ? st :
		    head_damaged(e));
	h->pid = mt_memray_in_u32(in);
	h->main_tid = mt_memray_in_u64(in);
	h->skipped_frames = mt_memray_in_u64(in);
	h->python_allocator = mt_memray_in_byte(in);
	if (h->version > 10)
		h->trace_python_allocators = mt_memray_in_byte(in) != 0;
	/* Were objects tracked?  Their records are skipped, if so. */
	if (h->version >= MT_MEMRAY_CODES)
		(void)mt_memray_in_byte(in);
	if (in->cur.bad || h->python_allocator == 0 ||
	    h->python_allocator >= ALLOCATORS)
		return (head_damaged(e));
	return (MT_OK);
}

/* Where modules were looked for: a path, then two lists of them. */
static enum mt_status
head_paths(struct mt_memray *m, struct mt_error *e)
{
	enum mt_status st;
	unsigned lists = 2;
	const char *s;

	if (m->head.version < 13)
		return (MT_OK);
	st = mt_memray_in_string(&m->in, &s, e);
	while (st == MT_OK && lists > 0) {
		st = mt_memray_in_string(&m->in, &s, e);
		if (st == MT_OK && *s == '\0')
			lists--;
	}
	return (st == MT_END || st == MT_ERR_FORMAT ? head_damaged(e) : st);
}

enum mt_status
mt_memray_head(struct mt_memray *m, struct mt_error *e)
{
	enum mt_status st;

	st = head_version(m, e);
	if (st == MT_OK)
		st = head_numbers(m, e);
	if (st == MT_OK)
		st = head_process(m, e);
	if (st == MT_OK)
		st = head_paths(m, e);
	return (st);
}

/* "3.11.2" of 0x030b02f0; what kind of release it was, too, if not final. */
static void
head_python(char *buf, size_t n, uint32_t hex)
{
	static const char *const levels[] = { "a", "b", "rc" };
	unsigned level = hex >> 4 & 15;
	int len;

	len = snprintf(buf, n, "%u.%u.%u", hex >> 24, hex >> 16 & 255,
	    hex >> 8 & 255);
	if (level >= 10 && level <= 12)
		(void)snprintf(buf + len, n - (size_t)len, "%s%u",
		    levels[level - 10], hex & 15);
}

enum mt_status
mt_memray_head_meta(struct mt_memray *m, bool has_end, struct mt_error *e)
{
	const struct mt_memray_head *h = &m->head;
	enum mt_status st;
	char python[32] = "";

	if (h->python_version != 0)
		head_python(python, sizeof(python), h->python_version);
	st = mt_recorder_text(m->rec, "command_line", h->command_line, e);
	if (st == MT_OK)
		st = mt_recorder_text(m->rec, "python_version", python, e);
	if (st == MT_OK)
		st = mt_recorder_text(m->rec, "python_allocator",
		    allocators[h->python_allocator], e);
	if (st == MT_OK)
		st = mt_recorder_number(m->rec, "pid", h->pid, e);
	if (st == MT_OK && has_end)
		st = mt_recorder_number(m->rec, "end_time_ns",
		    h->end_ms * NSEC_PER_MSEC, e);
	if (st == MT_OK)
		st = mt_recorder_number(m->rec, "has_native_traces",
		    h->native, e);
	if (st == MT_OK)
		st = mt_recorder_number(m->rec, "trace_python_allocators",
		    h->trace_python_allocators, e);
	return (st);
}
