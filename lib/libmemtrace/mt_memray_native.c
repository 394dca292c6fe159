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

/*
 * Frames that are looked at in all: so many, and so many more for each byte
 * of the file.  Real captures stay far below, since what was found is kept;
 * a file that names a new address space for each of its stacks does not.
 */
#define STEPS		(UINT64_C(1) << 24)
#define STEPS_PER_BYTE	64

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
	struct mt_memray_native_frame f = { 0, 0, 0, 0, 0 };
	void *p = m->native;

	f.ip = mt_memray_in_delta(&m->in, &m->last_ip);
	f.caller = mt_memray_in_delta(&m->in, &m->last_native);
	if (m->in.cur.bad)
		return (MT_END);
	/* A caller is there before whom it calls. */
	if (f.caller > m->nnative || m->nnative >= UINT32_MAX)
		return (MT_ERR_FORMAT);
	if (!mt_budget_grow(&m->budget, &p, &m->native_cap, m->nnative + 1,
	    sizeof(f)))
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
	if (!mt_budget_grow(&m->budget, &p, &m->module_cap, m->nmodules + 1,
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

/* ---- Address spaces --------------------------------------------------- */

/* The segments of a generation, all of which come together. */
static const struct mt_memray_module *
native_segments(const struct mt_memray *m, uint32_t generation, size_t *n)
{
	size_t low = 0, high = m->nmodules, first, mid;

	while (low < high) {
		mid = low + (high - low) / 2;
		if (m->module[mid].generation < generation)
			low = mid + 1;
		else
			high = mid;
	}
	first = low;
	high = m->nmodules;
	while (low < high) {
		mid = low + (high - low) / 2;
		if (m->module[mid].generation <= generation)
			low = mid + 1;
		else
			high = mid;
	}
	*n = low - first;
	return (m->module + first);
}

static int
native_compare(const void *va, const void *vb)
{
	const struct mt_memray_module *a = va, *b = vb;

	if (a->start != b->start)
		return (a->start < b->start ? -1 : 1);
	return (a->end < b->end ? -1 : a->end > b->end);
}

/* Sort the segments of the address spaces that are complete. */
static void
native_sort(struct mt_memray *m)
{
	size_t i = m->nsorted, end;

	for (; i < m->nmodules; i = end) {
		for (end = i + 1; end < m->nmodules &&
		    m->module[end].generation == m->module[i].generation;)
			end++;
		qsort(m->module + i, end - i, sizeof(*m->module),
		    native_compare);
	}
	m->nsorted = m->nmodules;
}

/* The last segment that begins before an address must hold it. */
static const struct mt_memray_module *
native_module_at(struct mt_memray *m, uint64_t ip, uint32_t generation)
{
	const struct mt_memray_module *seg;
	size_t low = 0, mid, n;

	if (m->nmodules == 0)
		return (NULL);
	native_sort(m);
	seg = native_segments(m, generation, &n);
	while (n > low) {
		mid = low + (n - low) / 2;
		if (seg[mid].start <= ip)
			low = mid + 1;
		else
			n = mid;
	}
	return (low > 0 && ip < seg[low - 1].end ? &seg[low - 1] : NULL);
}

/* ---- Frames ----------------------------------------------------------- */

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

/* What was found for another generation holds if nothing has moved. */
static bool
native_is_same(const struct mt_memray *m,
    const struct mt_memray_native_frame *f, const struct mt_memray_module *seg)
{
	const struct mt_memray_module *old;

	if (f->generation == 0 || seg == NULL || f->segment == 0)
		return (f->generation != 0 && seg == NULL && f->segment == 0);
	old = &m->module[f->segment - 1];
	return (old->path == seg->path && old->bias == seg->bias);
}

/* What a frame is called, in the address space of that time. */
static enum mt_status
native_resolve(struct mt_memray *m, struct mt_memray_native_frame *f,
    uint32_t generation, struct mt_error *e)
{
	/* It is where it will return to; the call is before that. */
	const struct mt_memray_module *seg = native_module_at(m, f->ip - 1,
	    generation);
	enum mt_status st = MT_OK;
	uint32_t unknown;

	if (!native_is_same(m, f, seg)) {
		f->generation = 0;
		if (seg != NULL && native_is_interpreter(mt_str_get(
		    &m->strings, seg->path)))
			f->code = INTERPRETER;
		else if (seg != NULL)
			st = native_code(m, f->ip - 1 - seg->bias, seg->path,
			    &f->code, e);
		else {
			unknown = mt_str_put(&m->strings, "<unknown>");
			if (unknown == MT_STR_NONE)
				return (native_nomem(e));
			st = native_code(m, f->ip - 1, unknown, &f->code, e);
		}
	}
	if (st == MT_OK) {
		f->generation = generation + 1;
		f->segment = seg == NULL ? 0 :
		    (uint32_t)(seg - m->module) + 1;
	}
	return (st);
}

/* ---- Stacks ----------------------------------------------------------- */

static uint64_t
native_key(uint32_t native, uint32_t base)
{
	return ((uint64_t)native << 32 | base);
}

/* Keep the node of a stack of frames on top of that of a stack of Python. */
static bool
native_keep(struct mt_memray *m, uint32_t native, uint32_t base,
    uint32_t node)
{
	uint32_t i = mt_memray_id(&m->known, native_key(native, base));
	void *p = m->known_node;

	if (i == MT_HASH_NONE || !mt_budget_grow(&m->budget, &p, &m->known_cap,
	    m->known.n, sizeof(*m->known_node)))
		return (false);
	m->known_node = p;
	m->known_node[i] = node;
	return (true);
}

/*
 * The frames before the interpreter, or before those whose node is known, the
 * innermost first; *node is what they are on.
 */
static enum mt_status
native_chain(struct mt_memray *m, uint32_t native, uint32_t generation,
    uint32_t *node, size_t *n, struct mt_error *e)
{
	struct mt_memray_native_frame *f;
	uint32_t base = *node, i;
	enum mt_status st;
	void *p;

	for (*n = 0; native != 0 && *n < DEPTH_MAX;
	    native = (uint32_t)f->caller) {
		i = mt_memray_id_find(&m->known, native_key(native, base));
		if (i != MT_HASH_NONE) {
			*node = m->known_node[i];
			return (MT_OK);
		}
		m->steps++;
		f = &m->native[native - 1];
		if (f->generation != generation + 1) {
			st = native_resolve(m, f, generation, e);
			if (st != MT_OK)
				return (st);
		}
		if (f->code == INTERPRETER)
			break;
		p = m->chain;
		if (!mt_budget_grow(&m->budget, &p, &m->chain_cap, *n + 1,
		    sizeof(*m->chain)))
			return (native_nomem(e));
		m->chain = p;
		m->chain[(*n)++] = native;
	}
	return (MT_OK);
}

enum mt_status
mt_memray_native_node(struct mt_memray *m, uint64_t native,
    uint32_t generation, uint32_t *node, struct mt_error *e)
{
	uint32_t base = *node, frame;
	enum mt_status st;
	size_t n;

	if (native > m->nnative || m->steps / STEPS_PER_BYTE >
	    STEPS / STEPS_PER_BYTE + m->in.source->size)
		return (MT_ERR_FORMAT);
	if (m->known_generation != generation) {
		mt_memray_ids_fini(&m->known);
		m->known_generation = generation;
	}
	st = native_chain(m, (uint32_t)native, generation, node, &n, e);
	while (st == MT_OK && n > 0) {
		frame = m->chain[--n];
		st = mt_recorder_node(m->rec, *node, m->native[frame - 1].code,
		    -1, node, e);
		if (st == MT_OK && !native_keep(m, frame, base, *node))
			st = native_nomem(e);
	}
	return (st);
}

void
mt_memray_native_fini(struct mt_memray *m)
{
	free(m->native);
	free(m->module);
	free(m->chain);
	mt_memray_ids_fini(&m->known);
	free(m->known_node);
}
