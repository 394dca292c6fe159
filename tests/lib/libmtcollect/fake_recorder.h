/*
 * A recorder that only remembers what it was told, for tests of what comes
 * before it.  It defines the functions of <mt_record.h> that are called.
 */

#ifndef FAKE_RECORDER_H
#define FAKE_RECORDER_H

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <mt_record.h>

struct fake_event {
	char		what;		/* a, f, u, s(ample) or e(nd) */
	uint32_t	thread;
	uint32_t	node;
	unsigned	allocator;
	uint64_t	addr;
	uint64_t	size;		/* of a sample: its time */
	uint64_t	time_ns;
};

#define FAKE_CODES	64

struct mt_recorder {
	struct fake_event	*event;
	size_t			 n;
	size_t			 cap;
	uint64_t		 time_ns;
	uint64_t		 lost;
	uint32_t		 codes;
	char			 name[FAKE_CODES][32];
	uint64_t	 table_sum;	/* of the last code's table */
	size_t		 table_len;
	struct mt_node		 node[1024];
	uint32_t		 nodes;
	uint32_t		 threads;
	char			 thread[32][32];
	char			 info[64];
	bool			 fail;		/* the next event */
};

static struct fake_event *
fake_add(struct mt_recorder *r, char what)
{
	struct fake_event *e;

	if (r->n == r->cap) {
		r->cap = r->cap == 0 ? 1024 : 2 * r->cap;
		r->event = realloc(r->event, r->cap * sizeof(*r->event));
		if (r->event == NULL)
			abort();
	}
	e = &r->event[r->n++];
	memset(e, 0, sizeof(*e));
	e->what = what;
	e->time_ns = r->time_ns;
	return (e);
}

static struct mt_recorder *
fake_new(void)
{
	struct mt_recorder *r;

	if ((r = calloc(1, sizeof(*r))) == NULL)
		abort();
	r->codes = r->nodes = 1;
	return (r);
}

static void
fake_free(struct mt_recorder *r)
{
	free(r->event);
	free(r);
}

enum mt_status
mt_recorder_text(struct mt_recorder *r, const char *key, const char *value,
    struct mt_error *e)
{
	(void)e;
	(void)snprintf(r->info, sizeof(r->info), "%s=%s", key, value);
	return (MT_OK);
}

enum mt_status
mt_recorder_code_new(struct mt_recorder *r, uint32_t *id, struct mt_error *e)
{
	(void)e;
	*id = r->codes++;
	return (MT_OK);
}

enum mt_status
mt_recorder_code_describe(struct mt_recorder *r, uint32_t id,
    const struct mt_code *c, struct mt_error *e)
{
	size_t i;

	(void)e;
	if (id < FAKE_CODES)
		(void)snprintf(r->name[id], sizeof(r->name[id]), "%s:%s",
		    c->file, c->function);
	for (r->table_sum = 0, i = 0; i < c->table_len; i++)
		r->table_sum = 31 * r->table_sum + c->table[i];
	r->table_len = c->table_len;
	return (MT_OK);
}

enum mt_status
mt_recorder_thread_share(struct mt_recorder *r, uint64_t tid, const char *name,
    uint32_t *id, struct mt_error *e)
{
	(void)e;
	(void)tid;
	*id = r->threads++;
	if (*id < 32)
		(void)snprintf(r->thread[*id], 32, "%s", name);
	return (MT_OK);
}

enum mt_status
mt_recorder_node(struct mt_recorder *r, uint32_t parent, uint32_t code,
    int32_t offset, uint32_t *id, struct mt_error *e)
{
	uint32_t i;

	(void)e;
	for (i = 1; i < r->nodes; i++)
		if (r->node[i].parent == parent && r->node[i].code == code &&
		    r->node[i].offset == offset)
			break;
	if (i == r->nodes) {
		if (i == 1024)
			return (MT_ERR_LIMIT);
		r->node[i].parent = parent;
		r->node[i].code = code;
		r->node[i].offset = offset;
		r->nodes++;
	}
	*id = i;
	return (MT_OK);
}

enum mt_status
mt_recorder_beside(struct mt_recorder *r, uint32_t node, uint32_t code,
    int32_t offset, uint32_t *id, struct mt_error *e)
{
	if (node == 0 || node >= r->nodes)
		return (MT_ERR_LIMIT);
	return (mt_recorder_node(r, r->node[node].parent, code, offset, id,
	    e));
}

enum mt_status
mt_recorder_sibling(struct mt_recorder *r, uint32_t node, int32_t delta,
    uint32_t *id, struct mt_error *e)
{
	if (node == 0 || node >= r->nodes || r->node[node].offset < 0 ||
	    r->node[node].offset + delta < 0)
		return (MT_ERR_LIMIT);
	return (mt_recorder_node(r, r->node[node].parent, r->node[node].code,
	    r->node[node].offset + delta, id, e));
}

enum mt_status
mt_recorder_alloc(struct mt_recorder *r, uint32_t thread, uint32_t node,
    unsigned allocator, uint64_t addr, uint64_t size, struct mt_error *error)
{
	struct fake_event *e;

	(void)error;
	if (r->fail)
		return (MT_ERR_NOMEM);
	e = fake_add(r, 'a');
	e->thread = thread;
	e->node = node;
	e->allocator = allocator;
	e->addr = addr;
	e->size = size;
	return (MT_OK);
}

enum mt_status
mt_recorder_free_at(struct mt_recorder *r, uint32_t thread, uint64_t addr,
    struct mt_error *error)
{
	struct fake_event *e;

	(void)error;
	e = fake_add(r, 'f');
	e->thread = thread;
	e->addr = addr;
	return (MT_OK);
}

enum mt_status
mt_recorder_unmap(struct mt_recorder *r, uint32_t thread, uint64_t addr,
    uint64_t size, struct mt_error *error)
{
	struct fake_event *e;

	(void)error;
	e = fake_add(r, 'u');
	e->thread = thread;
	e->addr = addr;
	e->size = size;
	return (MT_OK);
}

enum mt_status
mt_recorder_events(struct mt_recorder *r, struct mt_record *q, size_t n,
    struct mt_error *e)
{
	enum mt_status st;

	for (st = MT_OK; n > 0 && st == MT_OK; q++, n--) {
		if (q->type == MT_EVENT_ALLOC)
			st = mt_recorder_alloc(r, q->thread, q->node,
			    q->allocator, q->addr, q->size, e);
		else if (q->type == MT_EVENT_FREE)
			st = mt_recorder_free_at(r, q->thread, q->addr, e);
		else
			st = mt_recorder_unmap(r, q->thread, q->addr, q->size,
			    e);
	}
	return (st);
}

void
mt_recorder_time(struct mt_recorder *r, uint64_t time_ns)
{
	r->time_ns = time_ns;
}

enum mt_status
mt_recorder_sample(struct mt_recorder *r, uint64_t time_ns, uint64_t rss,
    uint64_t anon_rss, struct mt_error *e)
{
	(void)e;
	(void)rss;
	(void)anon_rss;
	fake_add(r, 's')->size = time_ns;
	return (MT_OK);
}

void
mt_recorder_lost(struct mt_recorder *r, uint64_t n)
{
	r->lost += n;
}

void
mt_recorder_end_of_script(struct mt_recorder *r)
{
	(void)fake_add(r, 'e');
}

#endif /* FAKE_RECORDER_H */
