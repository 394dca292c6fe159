/* Functions, stacks and threads of a capture of memray. */

#include <stdlib.h>
#include <string.h>

#include "mt_capture.h"
#include "mt_memray.h"
#include "mt_recorder.h"

/* ---- Numbers as indexes ----------------------------------------------- */

uint32_t
mt_memray_id_find(const struct mt_memray_ids *ids, uint64_t key)
{
	uint32_t i, pos;

	pos = mt_hash_start(&ids->hash, key);
	while ((i = mt_hash_next(&ids->hash, key, &pos)) != MT_HASH_NONE)
		if (ids->key[i] == key)
			return (i);
	return (MT_HASH_NONE);
}

uint32_t
mt_memray_id(struct mt_memray_ids *ids, uint64_t key)
{
	uint32_t i = mt_memray_id_find(ids, key);
	void *p = ids->key;

	if (i != MT_HASH_NONE)
		return (i);
	if (ids->n == MT_HASH_NONE ||
	    !mt_budget_grow(ids->hash.budget, &p, &ids->cap,
	    (size_t)ids->n + 1, sizeof(*ids->key)))
		return (MT_HASH_NONE);
	ids->key = p;
	if (!mt_hash_add(&ids->hash, key, ids->n))
		return (MT_HASH_NONE);
	ids->key[ids->n] = key;
	return (ids->n++);
}

void
mt_memray_ids_fini(struct mt_memray_ids *ids)
{
	mt_hash_fini(&ids->hash);
	mt_budget_free(ids->hash.budget, ids->key,
	    ids->cap * sizeof(*ids->key));
	ids->key = NULL;
	ids->cap = ids->n = 0;
}

static enum mt_status
code_nomem(struct mt_error *e)
{
	return (mt_error_set(e, MT_ERR_NOMEM, "out of memory"));
}

/* ---- Code objects ----------------------------------------------------- */

/* The code of the recorder's for a key; *is_new if it is one. */
static enum mt_status
code_id(struct mt_memray *m, struct mt_memray_codes *codes, uint64_t key,
    uint32_t *code, bool *is_new, struct mt_error *e)
{
	uint32_t i, n = codes->ids.n;
	void *p = codes->code;
	enum mt_status st;

	i = mt_memray_id(&codes->ids, key);
	if (i == MT_HASH_NONE || !mt_budget_grow(&m->budget, &p, &codes->cap,
	    codes->ids.n, sizeof(*codes->code)))
		return (code_nomem(e));
	codes->code = p;
	*is_new = i == n;
	if (*is_new) {
		st = mt_recorder_code_new(m->rec, &codes->code[i], e);
		if (st != MT_OK)
			return (st);
	}
	*code = codes->code[i];
	return (MT_OK);
}

enum mt_status
mt_memray_code_of(struct mt_memray *m, uint64_t id, uint32_t *code,
    struct mt_error *e)
{
	bool is_new;

	return (code_id(m, &m->codes, id, code, &is_new, e));
}

enum mt_status
mt_memray_code_named(struct mt_memray *m, unsigned kind, uint32_t function,
    uint32_t file, uint32_t *code, struct mt_error *e)
{
	struct mt_code c = { .table_kind = kind };
	enum mt_status st;
	bool is_new;

	st = code_id(m, &m->named, (uint64_t)function << 32 | file, code,
	    &is_new, e);
	if (st != MT_OK || !is_new)
		return (st);
	c.function = mt_str_get(&m->strings, function);
	c.file = mt_str_get(&m->strings, file);
	return (mt_recorder_code_describe(m->rec, *code, &c, e));
}

static unsigned
code_table_kind(uint32_t python_version)
{
	if (python_version >= 0x030b0000)
		return (MT_TABLE_LOCATIONS);
	if (python_version >= 0x030a0000)
		return (MT_TABLE_LINES310);
	return (MT_TABLE_LNOTAB);
}

/* Code objects of 3.10 count instructions, all others bytes. */
int32_t
mt_memray_offset(const struct mt_memray *m, int64_t offset)
{
	if (code_table_kind(m->head.python_version) == MT_TABLE_LINES310)
		offset *= 2;
	return (offset < 0 || offset > INT32_MAX ? -1 : (int32_t)offset);
}

enum mt_status
mt_memray_string(struct mt_memray *m, uint32_t *id, struct mt_error *e)
{
	enum mt_status st;
	const char *s;

	st = mt_memray_in_string(&m->in, &s, e);
	if (st != MT_OK)
		return (st);
	*id = mt_str_put(&m->strings, s);
	return (*id == MT_STR_NONE ? code_nomem(e) : MT_OK);
}

static enum mt_status
code_table(struct mt_memray *m, struct mt_code *c, struct mt_error *e)
{
	enum mt_status st;
	int64_t line;
	uint64_t n;

	st = mt_memray_in_fill(&m->in, MT_MEMRAY_RECORD, e);
	if (st != MT_OK)
		return (st);
	line = (int64_t)mt_memray_in_delta(&m->in, &m->last_line);
	n = mt_cursor_varint(&m->in.cur);
	if (n > MT_BLOCK_RAW_MAX / 2)
		return (MT_ERR_FORMAT);
	st = mt_memray_in_fill(&m->in, (size_t)n, e);
	if (st != MT_OK)
		return (st);
	c->first_line = line < 0 || line > INT32_MAX ? 0 : (uint32_t)line;
	c->table = mt_cursor_bytes(&m->in.cur, (size_t)n);
	c->table_len = (size_t)n;
	c->table_kind = code_table_kind(m->head.python_version);
	return (m->in.cur.bad ? MT_END : MT_OK);
}

enum mt_status
mt_memray_code(struct mt_memray *m, struct mt_error *e)
{
	struct mt_code c = { NULL, NULL, 0, NULL, 0, 0 };
	uint32_t code, function, file;
	enum mt_status st;
	uint64_t id;

	id = mt_cursor_varint(&m->in.cur);
	st = mt_memray_string(m, &function, e);
	if (st == MT_OK)
		st = mt_memray_string(m, &file, e);
	if (st == MT_OK)
		st = code_table(m, &c, e);
	if (st == MT_OK)
		st = mt_memray_code_of(m, id, &code, e);
	if (st != MT_OK)
		return (st);
	c.function = mt_str_get(&m->strings, function);
	c.file = mt_str_get(&m->strings, file);
	return (mt_recorder_code_describe(m->rec, code, &c, e));
}

/* ---- Frames ----------------------------------------------------------- */

enum mt_status
mt_memray_frame_put(struct mt_memray *m, uint64_t id,
    const struct mt_memray_frame *frame, struct mt_error *e)
{
	uint32_t i = mt_memray_id(&m->frames, id);
	void *p = m->frame;

	if (i == MT_HASH_NONE || !mt_budget_grow(&m->budget, &p, &m->frame_cap,
	    m->frames.n, sizeof(*m->frame)))
		return (code_nomem(e));
	m->frame = p;
	m->frame[i] = *frame;
	return (MT_OK);
}

enum mt_status
mt_memray_frame_of(const struct mt_memray *m, uint64_t id,
    struct mt_memray_frame *frame)
{
	uint32_t i = mt_memray_id_find(&m->frames, id);

	if (i == MT_HASH_NONE)
		return (MT_ERR_FORMAT);
	*frame = m->frame[i];
	return (MT_OK);
}

/* ---- Threads ---------------------------------------------------------- */

enum mt_status
mt_memray_thread(struct mt_memray *m, uint64_t tid, uint32_t *thread,
    struct mt_error *e)
{
	uint32_t id, n = m->threads.n;
	void *p = m->thread;

	*thread = mt_memray_id(&m->threads, tid);
	if (*thread == MT_HASH_NONE || !mt_budget_grow(&m->budget, &p,
	    &m->thread_cap, m->threads.n, sizeof(*m->thread)))
		return (code_nomem(e));
	m->thread = p;
	if (*thread != n)
		return (MT_OK);
	memset(&m->thread[n], 0, sizeof(m->thread[n]));
	m->thread[n].tid = tid;
	/* The recorder counts them in the same way. */
	return (mt_recorder_thread_new(m->rec, tid, "", &id, e));
}

enum mt_status
mt_memray_switch(struct mt_memray *m, struct mt_error *e)
{
	uint64_t tid = mt_memray_in_u64(&m->in);

	return (m->in.cur.bad ? MT_END :
	    mt_memray_thread(m, tid, &m->now, e));
}

enum mt_status
mt_memray_thread_name(struct mt_memray *m, struct mt_error *e)
{
	enum mt_status st;
	const char *name;

	st = mt_memray_in_string(&m->in, &name, e);
	if (st != MT_OK)
		return (st);
	if (m->now == MT_HASH_NONE)
		return (MT_ERR_FORMAT);
	return (mt_recorder_thread_name(m->rec, m->now,
	    m->thread[m->now].tid, name, e));
}

/* The frames of memray itself, at the bottom, are no frames of anybody. */
static bool
thread_skips(const struct mt_memray *m, const struct mt_memray_thread *t)
{
	return (t->tid == m->head.main_tid &&
	    t->depth < m->head.skipped_frames);
}

enum mt_status
mt_memray_push(struct mt_memray *m, const struct mt_memray_frame *frame,
    struct mt_error *e)
{
	struct mt_memray_thread *t;
	enum mt_status st;
	uint32_t node = 0;
	void *p;

	if (m->now == MT_HASH_NONE)
		return (MT_ERR_FORMAT);
	t = &m->thread[m->now];
	p = t->stack;
	if (!mt_budget_grow(&m->budget, &p, &t->cap, t->depth + 1,
	    sizeof(*t->stack)))
		return (code_nomem(e));
	t->stack = p;
	if (!thread_skips(m, t)) {
		st = mt_recorder_node(m->rec, t->depth == 0 ? 0 :
		    t->stack[t->depth - 1], frame->code, frame->offset, &node,
		    e);
		if (st != MT_OK)
			return (st);
	}
	t->stack[t->depth++] = node;
	return (MT_OK);
}

enum mt_status
mt_memray_pop(struct mt_memray *m, unsigned n)
{
	if (m->now == MT_HASH_NONE || n > m->thread[m->now].depth)
		return (MT_ERR_FORMAT);
	m->thread[m->now].depth -= n;
	return (MT_OK);
}
