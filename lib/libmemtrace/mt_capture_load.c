/*
 * Payloads into tables.  A block that makes no sense is dropped and flagged;
 * only running out of memory and failed system calls are errors.
 */

#include <stdlib.h>
#include <string.h>

#include "mt_capture.h"

/*
 * Ids are numbered without large gaps, so one that is out of all proportion
 * to what was read would only cost memory.
 */
#define ID_SLACK	65536u

/*
 * Of a line table, what mt_lines_get() makes of each byte: a range, in an
 * array that grows by doubling.
 */
#define LINES_PER_BYTE	16

/* Entries for nodes of lost blocks, at most, for each byte of the file. */
#define NODES_PER_BYTE	16

static const struct mt_code mt_capture_no_code = {
	"<unknown>", "<unknown>", 0, NULL, 0, 0
};

static enum mt_status
mt_capture_load_nomem(struct mt_error *e)
{
	return (mt_error_set(e, MT_ERR_NOMEM, "out of memory"));
}

/* Copy a string to *to, with a terminator, and advance *to. */
static const char *
mt_capture_string(char **to, struct mt_bytes s)
{
	char *p = *to;

	if (s.n > 0)
		memcpy(p, s.p, s.n);
	p[s.n] = '\0';
	*to += s.n + 1;
	return (p);
}

/*
 * Room for all strings of a payload: each has at least one byte of length in
 * front, which pays for its terminator.
 */
static char *
mt_capture_strings(struct mt_capture *c, size_t payload)
{
	char *p = mt_budget_malloc(&c->budget, payload + 1);

	return (p != NULL && mt_capture_keep(c, p) ? p : NULL);
}

static bool
mt_capture_number(const char *s, uint64_t *out)
{
	uint64_t v = 0;

	if (*s == '\0')
		return (false);
	for (; *s != '\0'; s++) {
		if (*s < '0' || *s > '9' || v > UINT64_MAX / 10 ||
		    v * 10 > UINT64_MAX - (uint64_t)(*s - '0'))
			return (false);
		v = v * 10 + (uint64_t)(*s - '0');
	}
	*out = v;
	return (true);
}

/* Values that are numbers, in fields of 64 bits. */
static uint64_t *
mt_capture_meta_field(struct mt_capture *c, const char *key)
{
	const struct {
		const char	*key;
		uint64_t	*field;
		unsigned	 has;
	} fields[] = {
		{ "pid", &c->meta.pid, 0 },
		{ "start_time_ns", &c->meta.start_time_ns, 0 },
		{ "end_time_ns", &c->meta.end_time_ns, 0 },
		{ "total_allocations", &c->meta.total_allocations,
		    MT_HAS_ALLOCATIONS },
		{ "total_bytes", &c->meta.total_bytes, MT_HAS_BYTES },
		{ "peak_bytes", &c->meta.peak_bytes, MT_HAS_PEAK },
		{ "peak_time_ns", &c->meta.peak_time_ns, MT_HAS_PEAK_TIME },
		{ "leaked_allocations", &c->meta.leaked_allocations,
		    MT_HAS_LEAKED_ALLOCATIONS },
		{ "leaked_bytes", &c->meta.leaked_bytes,
		    MT_HAS_LEAKED_BYTES },
		{ "lost_events", &c->meta.lost_events, 0 },
		{ "lost_threads", &c->meta.lost_threads, 0 },
		{ "lost_bytes", &c->meta.lost_bytes, 0 },
	};
	size_t i;

	for (i = 0; i < sizeof(fields) / sizeof(fields[0]); i++) {
		if (strcmp(key, fields[i].key) == 0) {
			c->has |= fields[i].has;
			return (fields[i].field);
		}
	}
	return (NULL);
}

static void
mt_capture_meta_flag(struct mt_capture *c, unsigned flag, bool on)
{
	if (on)
		c->meta.flags |= flag;
	else
		c->meta.flags &= ~flag;
}

static void
mt_capture_meta_set(struct mt_capture *c, const char *key, const char *value)
{
	uint64_t *field, v;

	if (strcmp(key, "command_line") == 0)
		c->meta.command_line = value;
	else if (strcmp(key, "python_version") == 0)
		c->meta.python_version = value;
	else if (strcmp(key, "python_allocator") == 0)
		c->meta.python_allocator = value;
	else if (!mt_capture_number(value, &v))
		return;
	else if ((field = mt_capture_meta_field(c, key)) != NULL)
		*field = v;
	else if (strcmp(key, "exit_status") == 0 && v <= INT32_MAX) {
		c->meta.has_exit_status = true;
		c->meta.exit_status = (int)v;
	} else if (strcmp(key, "has_native_traces") == 0)
		c->meta.has_native_traces = v != 0;
	else if (strcmp(key, "trace_python_allocators") == 0)
		c->meta.trace_python_allocators = v != 0;
	else if (strcmp(key, "aggregated") == 0)
		mt_capture_meta_flag(c, MT_CAPTURE_AGGREGATED, v != 0);
	else if (strcmp(key, "no_totals") == 0)
		mt_capture_meta_flag(c, MT_CAPTURE_NO_TOTALS, v != 0);
	else if (strcmp(key, "cut") == 0)
		c->meta.flags |= v != 0 ? (unsigned)MT_CAPTURE_CUT : 0;
	else if (strcmp(key, "damaged") == 0)
		c->meta.flags |= v != 0 ? (unsigned)MT_CAPTURE_DAMAGED : 0;
	else if (strcmp(key, "disk_full") == 0)
		mt_capture_meta_flag(c, MT_CAPTURE_DISK_FULL, v != 0);
}

static enum mt_status
mt_capture_load_meta(struct mt_capture *c, struct mt_cursor *cur,
    struct mt_error *e)
{
	struct mt_bytes key, value;
	enum mt_status st;
	const char *k;
	char *to;

	to = mt_capture_strings(c, (size_t)(cur->end - cur->p));
	if (to == NULL)
		return (mt_capture_load_nomem(e));
	while ((st = mt_tables_get_meta(cur, &key, &value)) == MT_OK) {
		k = mt_capture_string(&to, key);
		mt_capture_meta_set(c, k, mt_capture_string(&to, value));
	}
	return (st);
}

/* Make the table of codes hold n entries. */
static bool
mt_capture_codes_reach(struct mt_capture *c, size_t n)
{
	void *p = c->codes;

	if (!mt_budget_grow(&c->budget, &p, &c->codes_cap,
	    n, sizeof(*c->codes)))
		return (false);
	c->codes = p;
	while (c->ncodes < n)
		c->codes[c->ncodes++] = mt_capture_no_code;
	return (true);
}

static enum mt_status
mt_capture_load_codes(struct mt_capture *c, struct mt_cursor *cur,
    struct mt_error *e)
{
	struct mt_tables_code in;
	struct mt_code *code;
	enum mt_status st;
	char *to;

	c->codes_seen += (size_t)(cur->end - cur->p);
	to = mt_capture_strings(c, (size_t)(cur->end - cur->p));
	if (to == NULL)
		return (mt_capture_load_nomem(e));
	while ((st = mt_tables_get_code(cur, &in)) == MT_OK) {
		if (in.id > ID_SLACK + c->codes_seen)
			return (MT_ERR_FORMAT);
		if (!mt_capture_codes_reach(c, (size_t)in.id + 1) ||
		    !mt_budget_take(&c->budget, (uint64_t)in.table.n *
		    LINES_PER_BYTE))
			return (mt_capture_load_nomem(e));
		code = &c->codes[in.id];
		code->function = mt_capture_string(&to, in.function);
		code->file = mt_capture_string(&to, in.file);
		code->first_line = in.first_line;
		code->table_kind = in.kind;
		code->table_len = in.table.n;
		code->table = (const uint8_t *)mt_capture_string(&to,
		    in.table);
	}
	return (st);
}

static bool
mt_capture_threads_reach(struct mt_capture *c, size_t n)
{
	static const struct mt_thread none = { 0, "" };
	void *p = c->threads;

	if (!mt_budget_grow(&c->budget, &p, &c->threads_cap,
	    n, sizeof(*c->threads)))
		return (false);
	c->threads = p;
	while (c->nthreads < n)
		c->threads[c->nthreads++] = none;
	return (true);
}

static enum mt_status
mt_capture_load_threads(struct mt_capture *c, struct mt_cursor *cur,
    struct mt_error *e)
{
	struct mt_tables_thread in;
	enum mt_status st;
	char *to;

	c->threads_seen += (size_t)(cur->end - cur->p);
	to = mt_capture_strings(c, (size_t)(cur->end - cur->p));
	if (to == NULL)
		return (mt_capture_load_nomem(e));
	while ((st = mt_tables_get_thread(cur, &in)) == MT_OK) {
		if (in.id > ID_SLACK + c->threads_seen)
			return (MT_ERR_FORMAT);
		if (!mt_capture_threads_reach(c, (size_t)in.id + 1))
			return (mt_capture_load_nomem(e));
		c->threads[in.id].tid = in.tid;
		c->threads[in.id].name = mt_capture_string(&to, in.name);
	}
	return (st);
}

/* Nodes whose block was lost hang below the root and have no name. */
static bool
mt_capture_nodes_reach(struct mt_capture *c, size_t n)
{
	static const struct mt_node lost = { 0, 0, -1 };
	void *p = c->nodes;

	if (!mt_budget_grow(&c->budget, &p, &c->nodes_cap,
	    n, sizeof(*c->nodes)))
		return (false);
	c->nodes = p;
	while (c->nnodes < n)
		c->nodes[c->nnodes++] = lost;
	return (true);
}

/* The rest of a payload: nodes from this id on, which is the next one. */
static enum mt_status
mt_capture_add_nodes(struct mt_capture *c, struct mt_cursor *cur, uint32_t id,
    struct mt_error *e)
{
	size_t max = mt_tables_max_nodes(cur), n;
	enum mt_status st;
	void *p;

	max = max < UINT32_MAX - id ? max : UINT32_MAX - id;
	p = c->nodes;
	if (!mt_budget_grow(&c->budget, &p, &c->nodes_cap, id + max,
	    sizeof(*c->nodes)))
		return (mt_capture_load_nomem(e));
	c->nodes = p;
	st = mt_tables_get_nodes(cur, id, &c->nodes[id], max, &n);
	if (c->nnodes < id + n)
		c->nnodes = id + n;
	/* The ids are used up. */
	return (st == MT_OK ? MT_ERR_FORMAT : st);
}

static enum mt_status
mt_capture_load_nodes(struct mt_capture *c, struct mt_cursor *cur,
    struct mt_error *e)
{
	struct mt_node first;
	enum mt_status st;
	uint32_t id;
	size_t n;

	st = mt_tables_get_first_node(cur, &id);
	if (st != MT_OK)
		return (st);
	if (id > c->nnodes + ID_SLACK &&
	    (id - c->nnodes - ID_SLACK) / NODES_PER_BYTE > c->source.size)
		return (MT_ERR_FORMAT);
	st = mt_tables_get_nodes(cur, id, &first, 1, &n);
	if (st != MT_OK)
		return (st);
	if (id == UINT32_MAX)
		return (MT_ERR_FORMAT);
	if (!mt_capture_nodes_reach(c, (size_t)id + 1))
		return (mt_capture_load_nomem(e));
	/* The root is not the file's. */
	if (id > 0)
		c->nodes[id] = first;
	return (mt_capture_add_nodes(c, cur, id + 1, e));
}

static enum mt_status
mt_capture_load_sites(struct mt_capture *c, struct mt_cursor *cur,
    struct mt_error *e)
{
	struct mt_site *sites;
	enum mt_status st;
	size_t n;

	st = mt_tables_get_sites(cur, &c->budget, &sites, &n);
	if (st == MT_ERR_NOMEM)
		return (mt_capture_load_nomem(e));
	if (st != MT_OK)
		return (st);
	mt_capture_set_sites(c, sites, n);
	return (MT_END);
}

static enum mt_status
mt_capture_add_samples(struct mt_capture *c, struct mt_cursor *cur,
    struct mt_error *e)
{
	struct mt_sample s = { 0, 0, 0, 0 };
	enum mt_status st;
	void *p;

	while ((st = mt_tables_get_sample(cur, &s)) == MT_OK) {
		p = c->samples;
		if (!mt_budget_grow(&c->budget, &p, &c->samples_cap,
		    c->nsamples + 1,
		    sizeof(s)))
			return (mt_capture_load_nomem(e));
		c->samples = p;
		c->samples[c->nsamples++] = s;
	}
	return (st);
}

enum mt_status
mt_capture_load_payload(struct mt_capture *c, uint32_t type,
    struct mt_cursor *cur, struct mt_error *e)
{
	switch (type) {
	case MT_BLOCK_META:
		return (mt_capture_load_meta(c, cur, e));
	case MT_BLOCK_CODES:
		return (mt_capture_load_codes(c, cur, e));
	case MT_BLOCK_NODES:
		return (mt_capture_load_nodes(c, cur, e));
	case MT_BLOCK_THREADS:
		return (mt_capture_load_threads(c, cur, e));
	case MT_BLOCK_SITES:
		return (mt_capture_load_sites(c, cur, e));
	case MT_BLOCK_SAMPLES:
		return (mt_capture_add_samples(c, cur, e));
	case MT_BLOCK_TIMELINE:
		/* It is complete each time. */
		c->nsamples = 0;
		return (mt_capture_add_samples(c, cur, e));
	case MT_BLOCK_CHANGES:
		return (mt_capture_load_changes(c, cur, e));
	case MT_BLOCK_SYMBOLS:
		return (mt_capture_load_symbols(c, cur, e));
	default:
		return (MT_END);
	}
}

enum mt_status
mt_capture_expect(struct mt_capture *c, size_t node, struct mt_error *e)
{
	size_t i, n = 0;
	uint32_t code;

	for (i = node; i < c->nnodes; i++) {
		code = c->nodes[i].code;
		if (code >= n && code <= ID_SLACK + c->codes_seen)
			n = (size_t)code + 1;
	}
	return (mt_capture_codes_reach(c, n) ? MT_OK :
	    mt_capture_load_nomem(e));
}

enum mt_status
mt_capture_check(struct mt_capture *c, size_t node, struct mt_error *e)
{
	size_t i;

	if (!mt_capture_codes_reach(c, 1) || !mt_capture_nodes_reach(c, 1) ||
	    !mt_capture_threads_reach(c, 1))
		return (mt_capture_load_nomem(e));
	for (i = node; i < c->nnodes; i++)
		if (c->nodes[i].code >= c->ncodes)
			c->nodes[i].code = 0;
	for (i = 0; i < c->nsites; i++) {
		if (c->sites[i].node >= c->nnodes)
			c->sites[i].node = 0;
		if (c->sites[i].thread >= c->nthreads)
			c->sites[i].thread = 0;
	}
	return (MT_OK);
}

#define BIT(type)	(1u << (type))

/* Load the blocks of these types, in the order of the file. */
static enum mt_status
mt_capture_load_types(struct mt_capture *c, unsigned types,
    struct mt_error *e)
{
	struct mt_cursor cur;
	enum mt_status st;
	size_t i = 0, len;
	uint32_t type;

	while (i < c->nblocks) {
		type = c->blocks[i].type;
		if (type >= 32 || (types & BIT(type)) == 0) {
			i++;
			continue;
		}
		st = mt_capture_read(c, &i, &c->table, &len, e);
		if (st == MT_OK) {
			cur.p = c->table.data;
			cur.end = cur.p + len;
			cur.bad = false;
			st = mt_capture_load_payload(c, type, &cur, e);
		}
		if (st == MT_ERR_FORMAT)
			c->meta.flags |= MT_CAPTURE_DAMAGED;
		else if (st < 0)
			return (st);
	}
	return (MT_OK);
}

static bool
mt_capture_has_type(const struct mt_capture *c, uint32_t type)
{
	size_t i;

	for (i = c->nblocks; i > 0; i--)
		if (c->blocks[i - 1].type == type)
			return (true);
	return (false);
}

/* Checkpoints are of no interest where there are all sites. */
enum mt_status
mt_capture_load(struct mt_capture *c, struct mt_error *e)
{
	enum mt_status st;

	st = mt_capture_load_types(c, BIT(MT_BLOCK_META) |
	    BIT(MT_BLOCK_CODES) | BIT(MT_BLOCK_NODES) |
	    BIT(MT_BLOCK_THREADS) | BIT(MT_BLOCK_SITES), e);
	if (st == MT_OK && !c->has_sites)
		st = mt_capture_load_types(c, BIT(MT_BLOCK_CHANGES), e);
	if (st == MT_OK)
		st = mt_capture_begin_native(c, e);
	if (st == MT_OK && c->native.any)
		st = mt_capture_load_types(c, BIT(MT_BLOCK_SYMBOLS), e);
	if (st != MT_OK)
		return (st);
	mt_capture_end_changes(c);
	return (mt_capture_check(c, 0, e));
}

/* So is a timeline that was not complete yet. */
enum mt_status
mt_capture_load_samples(struct mt_capture *c, struct mt_error *e)
{
	c->nsamples = 0;
	return (mt_capture_load_types(c,
	    mt_capture_has_type(c, MT_BLOCK_SAMPLES) ?
	    BIT(MT_BLOCK_SAMPLES) : BIT(MT_BLOCK_TIMELINE), e));
}
