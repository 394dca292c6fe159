/*
 * Frames of machine code in a capture of memray.  memray itself finds their
 * names when it makes a report, and with these the places at which frames of
 * Python belong between them.  Without names, what is known is which were
 * called last: those up to the interpreter are shown, on top of the frames of
 * Python.
 */

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "mt_capture.h"
#include <mt_wire.h>

#include "mt_memray.h"

/* A code that is the interpreter's own. */
#define INTERPRETER	UINT32_MAX

/* Frames that are looked at. */
#define DEPTH_MAX	1024

/* Of a module, more than any has. */
#define SEGMENTS_MAX	65536

static enum mt_status
native_nomem(struct mt_error *e)
{
	return (mt_error_set(e, MT_ERR_NOMEM, "out of memory"));
}

/* ---- Records ---------------------------------------------------------- */

enum mt_status
mt_memray_native_frame(struct mt_memray *m, struct mt_error *e)
{
	struct mt_memray_native_frame f = { 0, 0, 0, 0 };
	void *p = m->native;

	f.ip = mt_memray_in_delta(&m->in, &m->last_ip);
	f.caller = mt_memray_in_delta(&m->in, &m->last_native);
	if (m->in.cur.bad)
		return (MT_END);
	/* A caller is there before whom it calls. */
	if (f.caller > m->nnative)
		return (MT_ERR_FORMAT);
	if (!mt_capture_grow(&p, &m->native_cap, m->nnative + 1, sizeof(f)))
		return (native_nomem(e));
	m->native = p;
	m->native[m->nnative++] = f;
	return (MT_OK);
}

enum mt_status
mt_memray_native_maps(struct mt_memray *m)
{
	/* One more than a generation has to be a number. */
	if (m->generation >= UINT32_MAX - 2)
		return (MT_ERR_FORMAT);
	m->generation++;
	return (MT_OK);
}

static enum mt_status
native_segment(struct mt_memray *m, const struct mt_memray_module *of,
    struct mt_error *e)
{
	struct mt_memray_module seg = *of;
	enum mt_status st;
	uint64_t n;
	void *p = m->module;

	st = mt_memray_in_fill(&m->in, MT_MEMRAY_RECORD, e);
	if (st != MT_OK)
		return (st);
	if (mt_memray_in_byte(&m->in) != 8)
		return (m->in.cur.bad ? MT_END : MT_ERR_FORMAT);
	seg.start = seg.bias + mt_memray_in_u64(&m->in);
	n = mt_cursor_varint(&m->in.cur);
	seg.end = seg.start + n;
	if (m->in.cur.bad)
		return (MT_END);
	if (seg.end < seg.start)
		return (MT_OK);
	if (!mt_capture_grow(&p, &m->module_cap, m->nmodules + 1,
	    sizeof(seg)))
		return (native_nomem(e));
	m->module = p;
	m->module[m->nmodules++] = seg;
	return (MT_OK);
}

enum mt_status
mt_memray_native_module(struct mt_memray *m, struct mt_error *e)
{
	struct mt_memray_module of = { 0, 0, 0, 0, 0 };
	enum mt_status st;
	uint64_t n;

	st = mt_memray_string(m, &of.path, e);
	if (st != MT_OK)
		return (st);
	st = mt_memray_in_fill(&m->in, MT_MEMRAY_RECORD, e);
	if (st != MT_OK)
		return (st);
	n = mt_cursor_varint(&m->in.cur);
	of.bias = mt_memray_in_u64(&m->in);
	of.generation = m->generation;
	if (n > SEGMENTS_MAX)
		return (MT_ERR_FORMAT);
	for (; n > 0 && st == MT_OK; n--)
		st = native_segment(m, &of, e);
	return (st == MT_OK && m->in.cur.bad ? MT_END : st);
}

/* ---- Stacks ----------------------------------------------------------- */

/* The newest are the likeliest. */
static const struct mt_memray_module *
native_module_at(const struct mt_memray *m, uint64_t ip, uint32_t generation)
{
	const struct mt_memray_module *seg;
	size_t i;

	for (i = m->nmodules; i-- > 0;) {
		seg = &m->module[i];
		if (seg->generation < generation)
			break;
		if (seg->generation == generation && ip >= seg->start &&
		    ip < seg->end)
			return (seg);
	}
	return (NULL);
}

/* Is it the program "python", whatever its version, or its library? */
static bool
native_is_interpreter(const char *path)
{
	const char *name = strrchr(path, '/');

	name = name == NULL ? path : name + 1;
	return (strncmp(name, "python", 6) == 0 ||
	    strncmp(name, "libpython", 9) == 0);
}

static enum mt_status
native_code(struct mt_memray *m, uint64_t addr, uint32_t path,
    uint32_t *code, struct mt_error *e)
{
	char name[24];
	uint32_t function;

	(void)snprintf(name, sizeof(name), "0x%" PRIx64, addr);
	function = mt_str_put(&m->strings, name);
	if (function == MT_STR_NONE)
		return (native_nomem(e));
	return (mt_memray_code_named(m, MT_TABLE_NATIVE, function, path, code,
	    e));
}

/* What a frame is called, in the address space of that time. */
static enum mt_status
native_resolve(struct mt_memray *m, struct mt_memray_native_frame *f,
    uint32_t generation, struct mt_error *e)
{
	/* It is where it will return to; the call is before that. */
	const struct mt_memray_module *seg = native_module_at(m, f->ip - 1,
	    generation);
	enum mt_status st;
	uint32_t unknown;

	if (seg != NULL && native_is_interpreter(mt_str_get(&m->strings,
	    seg->path))) {
		f->code = INTERPRETER;
		st = MT_OK;
	} else if (seg != NULL)
		st = native_code(m, f->ip - 1 - seg->bias, seg->path,
		    &f->code, e);
	else {
		unknown = mt_str_put(&m->strings, "<unknown>");
		if (unknown == MT_STR_NONE)
			return (native_nomem(e));
		st = native_code(m, f->ip - 1, unknown, &f->code, e);
	}
	f->generation = st == MT_OK ? generation + 1 : 0;
	return (st);
}

/* Codes of the frames before the interpreter, the innermost first. */
static enum mt_status
native_chain(struct mt_memray *m, uint64_t native, uint32_t generation,
    size_t *n, struct mt_error *e)
{
	struct mt_memray_native_frame *f;
	enum mt_status st;
	void *p;

	for (*n = 0; native != 0 && *n < DEPTH_MAX; native = f->caller) {
		f = &m->native[native - 1];
		if (f->generation != generation + 1) {
			st = native_resolve(m, f, generation, e);
			if (st != MT_OK)
				return (st);
		}
		if (f->code == INTERPRETER)
			break;
		p = m->chain;
		if (!mt_capture_grow(&p, &m->chain_cap, *n + 1,
		    sizeof(*m->chain)))
			return (native_nomem(e));
		m->chain = p;
		m->chain[(*n)++] = f->code;
	}
	return (MT_OK);
}

enum mt_status
mt_memray_native_node(struct mt_memray *m, uint64_t native,
    uint32_t generation, uint32_t *node, struct mt_error *e)
{
	enum mt_status st;
	size_t n;

	if (native > m->nnative)
		return (MT_ERR_FORMAT);
	st = native_chain(m, native, generation, &n, e);
	while (st == MT_OK && n > 0)
		st = mt_recorder_node(m->rec, *node, m->chain[--n], -1, node,
		    e);
	return (st);
}

void
mt_memray_native_fini(struct mt_memray *m)
{
	free(m->native);
	free(m->module);
	free(m->chain);
}
