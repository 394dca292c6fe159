/*
 * Frames of other languages.  In the file such a frame is an address of
 * a module, and what is there stands in blocks of symbols.  On opening, it
 * becomes one frame for each function that was compiled into that address,
 * so that nobody else need know of addresses; and it can be left out.
 */

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <mt_wire.h>

#include "mt_capture.h"

#define NODES_MAX	(UINT32_MAX - MT_FRAMES_MAX)
#define UNKNOWN		"<unknown>"

static enum mt_status
nomem(struct mt_error *e)
{
	return (mt_error_set(e, MT_ERR_NOMEM, "out of memory"));
}

static bool
is_module(const struct mt_capture *c, uint64_t code)
{
	return (code < c->ncodes &&
	    c->codes[code].table_kind == MT_TABLE_MODULE);
}

static uint64_t
pair_hash(uint32_t a, uint32_t b)
{
	return ((uint64_t)a << 32 | b);
}

enum mt_status
mt_capture_begin_native(struct mt_capture *c, struct mt_error *e)
{
	struct mt_native *n = &c->native;
	size_t i;

	for (i = 0; i < c->ncodes; i++) {
		if (mt_code_is_native(&c->codes[i]))
			c->meta.has_native_traces = true;
		n->any |= is_module(c, i);
	}
	if (!n->any)
		return (MT_OK);
	n->first_code = (uint32_t)c->ncodes;
	n->nnotes = c->ncodes;
	n->note = mt_budget_calloc(&c->budget, n->nnotes, sizeof(*n->note));
	return (n->note == NULL ? nomem(e) : MT_OK);
}

void
mt_capture_free_native(struct mt_capture *c)
{
	struct mt_native *n = &c->native;

	mt_str_fini(&n->strings);
	mt_hash_fini(&n->code_index);
	mt_hash_fini(&n->spot_index);
	free(n->spot);
	free(n->frame);
	free(n->note);
	free(n->module);
	free(n->address);
	free(n->node_of);
}

/* ---- Functions and addresses ----------------------------------------- */

/* The code of a function; MT_HASH_NONE if out of memory. */
static uint32_t
code_get(struct mt_capture *c, uint32_t function, uint32_t file)
{
	struct mt_native *n = &c->native;
	uint64_t h = pair_hash(function, file);
	struct mt_code code = { .table_kind = MT_TABLE_NATIVE };
	void *p = c->codes;
	uint32_t i, pos;

	code.function = mt_str_get(&n->strings, function);
	code.file = mt_str_get(&n->strings, file);
	pos = mt_hash_start(&n->code_index, h);
	while ((i = mt_hash_next(&n->code_index, h, &pos)) != MT_HASH_NONE)
		if (c->codes[i].function == code.function &&
		    c->codes[i].file == code.file)
			return (i);
	if (c->ncodes >= MT_HASH_NONE - 1 || !mt_budget_grow(&c->budget, &p,
	    &c->codes_cap, c->ncodes + 1, sizeof(code)))
		return (MT_HASH_NONE);
	c->codes = p;
	if (!mt_hash_add(&n->code_index, h, (uint32_t)c->ncodes))
		return (MT_HASH_NONE);
	c->codes[c->ncodes] = code;
	return ((uint32_t)c->ncodes++);
}

/* The spot of an address, made if it is not there; NULL: out of memory. */
static inline struct mt_native_spot *
spot_get(struct mt_capture *c, uint32_t code, uint32_t address)
{
	struct mt_native *n = &c->native;
	struct mt_native_spot *s;
	uint64_t h = pair_hash(code, address);
	uint32_t i, pos = mt_hash_start(&n->spot_index, h);
	void *p = n->spot;

	while ((i = mt_hash_next(&n->spot_index, h, &pos)) != MT_HASH_NONE)
		if (n->spot[i].code == code && n->spot[i].address == address)
			return (&n->spot[i]);
	if (n->nspots >= MT_HASH_NONE - 1 ||
	    !mt_budget_grow(&c->budget, &p, &n->spots_cap, n->nspots + 1,
	    sizeof(*s)))
		return (NULL);
	n->spot = p;
	if (!mt_hash_add(&n->spot_index, h, (uint32_t)n->nspots))
		return (NULL);
	s = &n->spot[n->nspots++];
	memset(s, 0, sizeof(*s));
	s->code = code;
	s->address = address;
	return (s);
}

static bool
frame_add(struct mt_capture *c, uint32_t code, uint32_t line)
{
	struct mt_native *n = &c->native;
	void *p = n->frame;

	if (code == MT_HASH_NONE || n->nframes >= UINT32_MAX ||
	    !mt_budget_grow(&c->budget, &p, &n->frames_cap, n->nframes + 1,
	    sizeof(*n->frame)))
		return (false);
	n->frame = p;
	n->frame[n->nframes].code = code;
	n->frame[n->nframes++].line = line;
	return (true);
}

/* ---- Blocks of symbols ------------------------------------------------ */

/* A block that is being read. */
struct symbols {
	struct mt_capture	*c;
	struct mt_cursor	*cur;
	uint32_t		*string;	/* in n->strings */
	uint64_t		 nstrings;
	struct mt_buf		 text;
};

/* A string of the payload; MT_STR_NONE if out of memory or damaged. */
static uint32_t
get_string(struct symbols *s)
{
	uint64_t len = mt_cursor_varint(s->cur);
	const uint8_t *p;

	if (s->cur->bad || len > (size_t)(s->cur->end - s->cur->p)) {
		s->cur->bad = true;
		return (MT_STR_NONE);
	}
	p = mt_cursor_bytes(s->cur, (size_t)len);
	s->text.len = 0;
	mt_buf_put(&s->text, p, (size_t)len);
	mt_buf_put(&s->text, "", 1);
	if (s->text.failed)
		return (MT_STR_NONE);
	return (mt_str_put(&s->c->native.strings,
	    (const char *)s->text.data));
}

static enum mt_status
lost(const struct symbols *s, struct mt_error *e)
{
	return (s->cur->bad ? MT_ERR_FORMAT : nomem(e));
}

static enum mt_status
get_strings(struct symbols *s, struct mt_error *e)
{
	uint64_t i;

	s->nstrings = mt_cursor_varint(s->cur);
	/* Each takes a byte at least. */
	if (s->cur->bad || s->nstrings > (size_t)(s->cur->end - s->cur->p))
		return (MT_ERR_FORMAT);
	s->string = mt_budget_calloc(&s->c->budget, (size_t)s->nstrings + 1,
	    sizeof(*s->string));
	if (s->string == NULL)
		return (nomem(e));
	for (i = 0; i < s->nstrings; i++) {
		s->string[i] = get_string(s);
		if (s->string[i] == MT_STR_NONE)
			return (lost(s, e));
	}
	return (MT_OK);
}

/* A frame; the module stands for a file that is not known. */
static enum mt_status
get_frame(struct symbols *s, uint32_t path, struct mt_error *e)
{
	uint64_t function = mt_cursor_varint(s->cur);
	uint64_t file = mt_cursor_varint(s->cur);
	uint64_t line = mt_cursor_varint(s->cur);
	uint32_t code;

	if (s->cur->bad || function >= s->nstrings || file >= s->nstrings)
		return (MT_ERR_FORMAT);
	/* Lines that no file has are none. */
	line = line > INT32_MAX ? 0 : line;
	code = code_get(s->c, s->string[function],
	    *mt_str_get(&s->c->native.strings, s->string[file]) == '\0' ?
	    path : s->string[file]);
	return (frame_add(s->c, code, (uint32_t)line) ? MT_OK :
	    nomem(e));
}

static enum mt_status
get_address(struct symbols *s, uint32_t code, uint32_t path,
    uint64_t *address, struct mt_error *e)
{
	struct mt_native *n = &s->c->native;
	struct mt_native_spot *spot;
	enum mt_status st = MT_OK;
	size_t first = n->nframes;
	uint64_t i, count;

	*address += mt_cursor_varint(s->cur);
	count = mt_cursor_varint(s->cur);
	if (s->cur->bad || *address > UINT32_MAX || count > MT_FRAMES_MAX)
		return (MT_ERR_FORMAT);
	for (i = 0; i < count && st == MT_OK; i++)
		st = get_frame(s, path, e);
	if (st != MT_OK)
		return (st);
	spot = spot_get(s->c, code, (uint32_t)*address);
	if (spot == NULL)
		return (nomem(e));
	spot->first = (uint32_t)first;
	spot->n = (uint32_t)count;
	spot->named = count > 0;
	return (MT_OK);
}

static enum mt_status
get_module(struct symbols *s, struct mt_error *e)
{
	uint64_t code = mt_cursor_varint(s->cur), address = 0, count;
	uint32_t note = get_string(s), path;
	enum mt_status st = MT_OK;

	if (note == MT_STR_NONE)
		return (lost(s, e));
	count = mt_cursor_varint(s->cur);
	if (s->cur->bad || code >= s->c->native.nnotes || !is_module(s->c,
	    code))
		return (MT_ERR_FORMAT);
	path = mt_str_put(&s->c->native.strings, s->c->codes[code].file);
	if (path == MT_STR_NONE)
		return (nomem(e));
	s->c->native.note[code] = mt_str_get(&s->c->native.strings, note);
	for (; count > 0 && st == MT_OK; count--)
		st = get_address(s, (uint32_t)code, path, &address, e);
	return (st);
}

enum mt_status
mt_capture_load_symbols(struct mt_capture *c, struct mt_cursor *cur,
    struct mt_error *e)
{
	struct symbols s = { .c = c, .cur = cur };
	enum mt_status st;

	st = get_strings(&s, e);
	while (st == MT_OK && cur->p < cur->end)
		st = get_module(&s, e);
	mt_budget_free(&c->budget, s.string,
	    (size_t)(s.nstrings + 1) * sizeof(*s.string));
	mt_buf_fini(&s.text);
	return (st == MT_OK ? MT_END : st);
}

/* ---- Expansion -------------------------------------------------------- */

/* What is not known is called by its address. */
static bool
spot_unnamed(struct mt_capture *c, struct mt_native_spot *spot)
{
	char text[16] = UNKNOWN;
	struct mt_native *n = &c->native;
	uint32_t function, path;

	if (spot->address != 0)
		(void)snprintf(text, sizeof(text), "0x%x",
		    (unsigned)spot->address);
	function = mt_str_put(&n->strings, text);
	path = mt_str_put(&n->strings, c->codes[spot->code].file);
	if (function == MT_STR_NONE || path == MT_STR_NONE)
		return (false);
	spot->first = (uint32_t)n->nframes;
	spot->n = 1;
	return (frame_add(c, code_get(c, function, path), 0));
}

/* How many frames are at the address of a node; 0: out of memory. */
static uint32_t
spot_find(struct mt_capture *c, struct mt_node *node)
{
	struct mt_native *n = &c->native;
	struct mt_native_spot *spot;

	spot = spot_get(c, node->code, (uint32_t)node->offset);
	if (spot == NULL || (spot->n == 0 && !spot_unnamed(c, spot)))
		return (0);
	spot->occurs = true;
	/* Where it is instead of the address, which is not needed again. */
	node->offset = (int32_t)(spot - n->spot);
	return (spot->n);
}

/* The last of the nodes that each will become; how many there will be. */
static enum mt_status
number_nodes(struct mt_capture *c, uint32_t *node_of, size_t *total,
    struct mt_error *e)
{
	struct mt_node *node;
	uint32_t frames;
	size_t i;

	*total = 1;
	for (i = 1; i < c->nnodes; i++) {
		node = &c->nodes[i];
		if (*total >= NODES_MAX)
			return (mt_error_set(e, MT_ERR_LIMIT,
			    "too many stacks"));
		frames = is_module(c, node->code) ? spot_find(c, node) : 1;
		if (frames == 0)
			return (nomem(e));
		*total += frames;
		node_of[i] = (uint32_t)*total - 1;
	}
	return (MT_OK);
}

/* The frames at the address of a node, of which this is the last. */
static void
expand_node(struct mt_capture *c, const struct mt_node *node, uint32_t last,
    uint32_t parent)
{
	const struct mt_native *n = &c->native;
	const struct mt_native_spot *spot = &n->spot[(uint32_t)node->offset];
	const struct mt_native_frame *f = &n->frame[spot->first];
	struct mt_node *to = &c->nodes[last + 1 - spot->n];
	uint32_t i;

	for (i = 0; i < spot->n; i++) {
		to[i].parent = i == 0 ? parent : last - spot->n + i;
		to[i].code = f[i].code;
		to[i].offset = (int32_t)f[i].line;
	}
}

/* No node becomes none, so going backwards, each only moves behind itself. */
static void
expand_nodes(struct mt_capture *c, const uint32_t *node_of)
{
	struct mt_node node;
	size_t i;

	for (i = c->nnodes - 1; i > 0; i--) {
		node = c->nodes[i];
		if (is_module(c, node.code)) {
			expand_node(c, &node, node_of[i],
			    node_of[node.parent]);
			continue;
		}
		node.parent = node_of[node.parent];
		c->nodes[node_of[i]] = node;
	}
}

/* The sites are at other nodes now. */
static void
move_sites(struct mt_capture *c, const uint32_t *node_of)
{
	size_t i;

	for (i = 0; i < c->nsites; i++)
		c->sites[i].node = node_of[c->sites[i].node];
}

enum mt_status
mt_capture_expand_native(struct mt_capture *c, struct mt_error *e)
{
	uint32_t *node_of;
	enum mt_status st;
	size_t total = 0;
	void *p = c->nodes;

	if (!c->native.any)
		return (MT_OK);
	node_of = mt_budget_calloc(&c->budget, c->nnodes, sizeof(*node_of));
	st = node_of == NULL ? nomem(e) :
	    number_nodes(c, node_of, &total, e);
	if (st == MT_OK && !mt_budget_grow(&c->budget, &p, &c->nodes_cap, total,
	    sizeof(*c->nodes)))
		st = nomem(e);
	if (st != MT_OK) {
		mt_budget_free(&c->budget, node_of,
		    c->nnodes * sizeof(*node_of));
		return (st);
	}
	c->nodes = p;
	expand_nodes(c, node_of);
	move_sites(c, node_of);
	c->native.node_of = node_of;
	c->native.nnode_of = c->nnodes;
	c->nnodes = total;
	return (MT_OK);
}

/* ---- Leaving them out -------------------------------------------------- */

/* Parents come first, so nodes only ever move forward. */
static void
hide_nodes(struct mt_capture *c, uint32_t *to)
{
	const struct mt_node *node;
	size_t i, n = 1;

	to[0] = 0;
	for (i = 1; i < c->nnodes; i++) {
		node = &c->nodes[i];
		if (mt_code_is_native(&c->codes[node->code])) {
			to[i] = to[node->parent];
			continue;
		}
		c->nodes[n] = *node;
		c->nodes[n].parent = to[node->parent];
		to[i] = (uint32_t)n++;
	}
	c->nnodes = n;
}

enum mt_status
mt_capture_hide_native(struct mt_capture *c, struct mt_error *e)
{
	struct mt_native *n = &c->native;
	uint32_t *to;
	size_t i, nnodes = c->nnodes;

	if (!c->meta.has_native_traces)
		return (MT_OK);
	to = mt_budget_calloc(&c->budget, nnodes, sizeof(*to));
	if (to == NULL)
		return (mt_budget_status(&c->budget, nomem(e), e));
	hide_nodes(c, to);
	move_sites(c, to);
	for (i = 0; i < n->nnode_of; i++)
		n->node_of[i] = to[n->node_of[i]];
	if (n->node_of != NULL) {
		mt_budget_free(&c->budget, to, nnodes * sizeof(*to));
		return (MT_OK);
	}
	n->node_of = to;
	n->nnode_of = nnodes;
	return (MT_OK);
}

/* ---- Modules ----------------------------------------------------------- */

static int
compare_spots(const void *va, const void *vb)
{
	const struct mt_native_spot *a = va, *b = vb;

	if (a->code != b->code)
		return (a->code < b->code ? -1 : 1);
	return (a->address < b->address ? -1 : a->address > b->address);
}

static void
module_begin(const struct mt_capture *c, uint32_t code, struct mt_module *m)
{
	const struct mt_code *k = &c->codes[code];

	m->code = code;
	m->path = k->file;
	m->build_id = k->table;
	m->build_id_len = k->table_len;
	m->note = c->native.note[code];
}

/* What occurs, by module and address; how many modules that is. */
static size_t
fill_modules(struct mt_capture *c, const struct mt_native_spot *s, size_t n)
{
	struct mt_module *m = c->native.module;
	uint32_t *address = c->native.address;
	size_t i;

	for (i = 0; i < n; i++) {
		if (!s[i].occurs || s[i].address == 0)
			continue;
		if (m->address == NULL || m->code != s[i].code) {
			m += m->address != NULL;
			module_begin(c, s[i].code, m);
			m->address = address;
		}
		*address++ = s[i].address;
		m->naddresses++;
		m->unresolved += !s[i].named;
	}
	return ((size_t)(m - c->native.module) + (m->address != NULL));
}

enum mt_status
mt_capture_modules(struct mt_capture *c, const struct mt_module **out,
    size_t *n, struct mt_error *e)
{
	struct mt_native *native = &c->native;
	struct mt_native_spot *sorted;

	free(native->module);
	free(native->address);
	native->module = mt_budget_calloc(&c->budget, native->nnotes + 1,
	    sizeof(*native->module));
	native->address = mt_budget_calloc(&c->budget, native->nspots + 1,
	    sizeof(*native->address));
	sorted = mt_budget_calloc(&c->budget, native->nspots + 1,
	    sizeof(*sorted));
	if (native->module == NULL || native->address == NULL ||
	    sorted == NULL) {
		free(sorted);
		return (mt_budget_status(&c->budget, nomem(e), e));
	}
	if (native->nspots > 0)
		memcpy(sorted, native->spot, native->nspots *
		    sizeof(*sorted));
	qsort(sorted, native->nspots, sizeof(*sorted), compare_spots);
	*n = fill_modules(c, sorted, native->nspots);
	*out = native->module;
	mt_budget_free(&c->budget, sorted,
	    (native->nspots + 1) * sizeof(*sorted));
	return (MT_OK);
}
