/* The recorder's half that makes tables and hands over blocks. */

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "mt_recorder.h"

enum mt_status
mt_recorder_no_memory(struct mt_error *e)
{
	return (mt_error_set(e, MT_ERR_NOMEM, "out of memory"));
}

enum mt_status
mt_recorder_bad(struct mt_error *e, const char *what, uint64_t n)
{
	return (mt_error_set(e, MT_ERR_LIMIT, "%s %" PRIu64
	    " is out of range", what, n));
}

void
mt_recorder_late(struct mt_recorder *r, enum mt_status st,
    const struct mt_error *e)
{
	if (st == MT_OK || r->late != MT_OK)
		return;
	r->late = st;
	r->late_error = *e;
}

/* ---- Blocks ---------------------------------------------------------- */

enum mt_status
mt_recorder_hand_over(struct mt_recorder *r, enum mt_block_type type,
    struct mt_buf *b, struct mt_error *e)
{
	void *data;
	size_t len;

	if (b->failed) {
		mt_buf_fini(b);
		return (mt_recorder_no_memory(e));
	}
	if (b->len == 0)
		return (MT_OK);
	if (!r->has_sink) {
		b->len = 0;
		return (MT_OK);
	}
	data = b->data;
	len = b->len;
	memset(b, 0, sizeof(*b));
	return (r->sink.put(r->sink.arg, type, data, len, e));
}

enum mt_status
mt_recorder_put(struct mt_recorder *r, enum mt_block_type type,
    struct mt_buf *b, struct mt_error *e)
{
	if (r->aggregate && !b->failed)
		mt_recorder_keep(r, type, b);
	return (mt_recorder_hand_over(r, type, b, e));
}

void
mt_recorder_try(struct mt_recorder *r, enum mt_block_type type,
    struct mt_buf *b)
{
	struct mt_error e = { 0, "" };

	mt_recorder_late(r, mt_recorder_put(r, type, b, &e), &e);
}

/* All are tried, for they may fit where larger ones did not. */
static enum mt_status
put_tables(struct mt_recorder *r, struct mt_error *e)
{
	enum mt_status codes, nodes, threads;

	codes = mt_recorder_put(r, MT_BLOCK_CODES, &r->codes, e);
	nodes = mt_recorder_put(r, MT_BLOCK_NODES, &r->nodes,
	    codes == MT_OK ? e : NULL);
	threads = mt_recorder_put(r, MT_BLOCK_THREADS, &r->threads,
	    codes == MT_OK && nodes == MT_OK ? e : NULL);
	return (codes != MT_OK ? codes : nodes != MT_OK ? nodes : threads);
}

enum mt_status
mt_recorder_put_events(struct mt_recorder *r, struct mt_error *e)
{
	enum mt_status st;
	void *data;
	size_t len;

	st = put_tables(r, e);
	if (r->enc == NULL || mt_events_enc_count(r->enc) == 0)
		return (st);
	if (st != MT_OK)
		e = NULL;
	if (mt_events_enc_take(r->enc, &data, &len, e) != MT_OK)
		return (st != MT_OK ? st : MT_ERR_NOMEM);
	if (st != MT_OK) {
		(void)r->sink.put(r->sink.arg, MT_BLOCK_EVENTS, data, len, e);
		return (st);
	}
	return (r->sink.put(r->sink.arg, MT_BLOCK_EVENTS, data, len, e));
}

/* ---- Codes, threads, stacks ------------------------------------------ */

enum mt_status
mt_recorder_code_new(struct mt_recorder *r, uint32_t *id, struct mt_error *e)
{
	uint32_t cap;
	bool *p;

	if (r->ncodes == r->codes_cap) {
		if (r->codes_cap > UINT32_MAX / 2)
			return (mt_recorder_bad(e, "code", r->ncodes));
		cap = r->codes_cap == 0 ? 1024 : r->codes_cap * 2;
		p = mt_budget_realloc(r->agg.budget, r->described,
		    r->codes_cap * sizeof(*p), cap * sizeof(*p));
		if (p == NULL)
			return (mt_recorder_no_memory(e));
		r->described = p;
		r->codes_cap = cap;
	}
	r->described[r->ncodes] = false;
	*id = r->ncodes++;
	return (MT_OK);
}

enum mt_status
mt_recorder_code_describe(struct mt_recorder *r, uint32_t id,
    const struct mt_code *code, struct mt_error *e)
{
	if (id >= r->ncodes)
		return (mt_recorder_bad(e, "code", id));
	r->described[id] = true;
	mt_tables_put_code(&r->codes, id, code);
	if (r->has_feed)
		mt_tables_put_code(&r->feed.codes, id, code);
	if (r->codes.failed || r->codes.len >= MT_RECORDER_BLOCK)
		return (mt_recorder_put(r, MT_BLOCK_CODES, &r->codes, e));
	return (mt_recorder_report(r, e));
}

enum mt_status
mt_recorder_unknown(struct mt_recorder *r, uint32_t id, struct mt_error *e)
{
	struct mt_code code;

	memset(&code, 0, sizeof(code));
	code.function = "<unknown>";
	code.file = "<unknown>";
	return (mt_recorder_code_describe(r, id, &code, e));
}

/* Readers go by the last name that they see. */
enum mt_status
mt_recorder_thread_name(struct mt_recorder *r, uint32_t id, uint64_t tid,
    const char *name, struct mt_error *e)
{
	struct mt_thread t;

	t.tid = tid;
	t.name = name;
	mt_tables_put_thread(&r->threads, id, &t);
	if (r->has_feed)
		mt_tables_put_thread(&r->feed.threads, id, &t);
	if (r->threads.failed || r->threads.len >= MT_RECORDER_BLOCK)
		return (mt_recorder_put(r, MT_BLOCK_THREADS, &r->threads, e));
	return (mt_recorder_report(r, e));
}

enum mt_status
mt_recorder_thread_new(struct mt_recorder *r, uint64_t tid, const char *name,
    uint32_t *id, struct mt_error *e)
{
	if (r->nthreads == UINT32_MAX)
		return (mt_recorder_bad(e, "thread", r->nthreads));
	*id = r->nthreads++;
	return (mt_recorder_thread_name(r, *id, tid, name, e));
}

/* The first node of a stack that was not seen before. */
static enum mt_status
node_added(struct mt_recorder *r, uint32_t id, struct mt_error *e)
{
	mt_tables_put_node(&r->nodes, id, &r->stack.node[id].key);
	if (r->nodes.failed || r->nodes.len >= MT_RECORDER_BLOCK)
		return (put_tables(r, e));
	return (mt_recorder_report(r, e));
}

/* What looking for a node has found, when there were so many before. */
static inline enum mt_status
node_found(struct mt_recorder *r, uint32_t count, uint32_t *id,
    struct mt_error *e)
{
	if (*id == MT_STACK_NONE) {
		*id = 0;
		return (mt_recorder_no_memory(e));
	}
	if (*id == count)
		return (node_added(r, *id, e));
	return (mt_recorder_report(r, e));
}

enum mt_status
mt_recorder_node(struct mt_recorder *r, uint32_t parent, uint32_t code,
    int32_t offset, uint32_t *id, struct mt_error *e)
{
	uint32_t count;

	count = r->stack.count;
	if (parent >= count)
		return (mt_recorder_bad(e, "stack", parent));
	if (code >= r->ncodes)
		return (mt_recorder_bad(e, "code", code));
	*id = mt_stack_child(&r->stack, parent, code, offset);
	return (node_found(r, count, id, e));
}

enum mt_status
mt_recorder_beside(struct mt_recorder *r, uint32_t node, uint32_t code,
    int32_t offset, uint32_t *id, struct mt_error *e)
{
	uint32_t count;

	count = r->stack.count;
	if (node == 0 || node >= count)
		return (mt_recorder_bad(e, "stack", node));
	if (code >= r->ncodes)
		return (mt_recorder_bad(e, "code", code));
	*id = mt_stack_beside(&r->stack, node, code, offset);
	return (node_found(r, count, id, e));
}

enum mt_status
mt_recorder_sibling(struct mt_recorder *r, uint32_t node, int32_t delta,
    uint32_t *id, struct mt_error *e)
{
	const struct mt_node *key;
	uint32_t count;
	int32_t to;

	count = r->stack.count;
	if (node == 0 || node >= count)
		return (mt_recorder_bad(e, "stack", node));
	key = &r->stack.node[node].key;
	/* Below 0 it is not an offset, so nothing can be added to it. */
	if (key->offset < 0 ||
	    __builtin_add_overflow(key->offset, delta, &to) || to < 0)
		return (mt_recorder_bad(e, "offset next to stack", node));
	*id = mt_stack_beside(&r->stack, node, key->code, to);
	return (node_found(r, count, id, e));
}

/* ---- Metadata, samples, totals --------------------------------------- */

enum mt_status
mt_recorder_text(struct mt_recorder *r, const char *key, const char *value,
    struct mt_error *e)
{
	mt_tables_put_meta(&r->meta, key, value);
	if (r->has_feed)
		mt_tables_put_meta(&r->feed.meta, key, value);
	if (r->meta.failed || r->meta.len >= MT_RECORDER_BLOCK)
		return (mt_recorder_put(r, MT_BLOCK_META, &r->meta, e));
	return (mt_recorder_report(r, e));
}

enum mt_status
mt_recorder_number(struct mt_recorder *r, const char *key, uint64_t n,
    struct mt_error *e)
{
	char text[24];

	(void)snprintf(text, sizeof(text), "%" PRIu64, n);
	return (mt_recorder_text(r, key, text, e));
}

enum mt_status
mt_recorder_sample(struct mt_recorder *r, uint64_t time_ns, uint64_t rss,
    uint64_t anon_rss, struct mt_error *e)
{
	struct mt_sample s;

	mt_recorder_drain(r);
	s.time_ns = time_ns;
	s.heap = r->agg.heap;
	s.rss = rss;
	s.anon_rss = anon_rss;
	r->clock_ns = time_ns > r->clock_ns ? time_ns : r->clock_ns;
	if (r->has_feed) {
		r->feed.sample = s;
		r->feed.news = true;
		if (rss > r->feed.peak_rss)
			r->feed.peak_rss = rss;
	}
	if ((r->aggregate || r->has_feed) &&
	    !mt_timeline_add(&r->timeline, &s))
		return (mt_recorder_no_memory(e));
	if (r->aggregate)
		return (mt_recorder_report(r, e));
	mt_tables_put_sample(&r->samples, &r->last_sample, &s);
	r->last_sample = s;
	if (r->samples.failed || r->samples.len >= MT_RECORDER_BLOCK)
		return (mt_recorder_put(r, MT_BLOCK_SAMPLES, &r->samples, e));
	return (mt_recorder_report(r, e));
}

