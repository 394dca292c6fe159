/* The tables of a process that is watched, as a capture. */

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "mt_feed_in.h"

#define BLOCK	(256u * 1024)	/* raw bytes, roughly */

struct save {
	struct mt_writer	*writer;
	struct mt_buf		 b;
};

static enum mt_status
put_block(struct save *s, enum mt_block_type type, struct mt_error *e)
{
	enum mt_status st = MT_OK;

	if (s->b.failed)
		st = mt_error_set(e, MT_ERR_NOMEM, "out of memory");
	else if (s->b.len > 0)
		st = mt_writer_put(s->writer, type, s->b.data, s->b.len, e);
	s->b.len = 0;
	return (st);
}

static void
put_number(struct mt_buf *b, const char *key, uint64_t n)
{
	char text[24];

	(void)snprintf(text, sizeof(text), "%" PRIu64, n);
	mt_tables_put_meta(b, key, text);
}

static void
put_meta(struct mt_buf *b, const struct mt_feed *f,
    const struct mt_feed_member *m)
{
	const struct mt_meta *meta = &m->capture->meta;

	mt_tables_put_meta(b, "command_line", meta->command_line);
	mt_tables_put_meta(b, "python_version", meta->python_version);
	if (*meta->python_allocator != '\0')
		mt_tables_put_meta(b, "python_allocator",
		    meta->python_allocator);
	put_number(b, "aggregated", 1);
	put_number(b, "pid", meta->pid);
	put_number(b, "parent_pid", m->status.parent_pid);
	put_number(b, "end_time_ns", f->info.start_time_ns +
	    m->status.time_ns);
	put_number(b, "total_allocations", meta->total_allocations);
	put_number(b, "total_bytes", meta->total_bytes);
	put_number(b, "peak_bytes", meta->peak_bytes);
	put_number(b, "peak_time_ns", m->status.peak_time_ns);
	put_number(b, "leaked_allocations", meta->leaked_allocations);
	put_number(b, "leaked_bytes", meta->leaked_bytes);
	put_number(b, "lost_events", meta->lost_events);
	put_number(b, "has_native_traces", meta->has_native_traces);
	put_number(b, "trace_python_allocators",
	    meta->trace_python_allocators);
	if (meta->has_exit_status)
		put_number(b, "exit_status", (uint32_t)meta->exit_status);
}

static enum mt_status
put_stacks(struct save *s, const struct mt_capture *c, struct mt_error *e)
{
	enum mt_status st = MT_OK;
	size_t i;

	for (i = 0; i < c->ncodes && st == MT_OK; i++) {
		mt_tables_put_code(&s->b, (uint32_t)i, &c->codes[i]);
		if (s->b.len >= BLOCK || i + 1 == c->ncodes)
			st = put_block(s, MT_BLOCK_CODES, e);
	}
	for (i = 0; i < c->nnodes && st == MT_OK; i++) {
		mt_tables_put_node(&s->b, (uint32_t)i, &c->nodes[i]);
		if (s->b.len >= BLOCK || i + 1 == c->nnodes)
			st = put_block(s, MT_BLOCK_NODES, e);
	}
	for (i = 0; i < c->nthreads && st == MT_OK; i++) {
		mt_tables_put_thread(&s->b, (uint32_t)i, &c->threads[i]);
		if (s->b.len >= BLOCK || i + 1 == c->nthreads)
			st = put_block(s, MT_BLOCK_THREADS, e);
	}
	return (st);
}

static enum mt_status
put_samples(struct save *s, const struct mt_capture *c, struct mt_error *e)
{
	size_t i;

	for (i = 0; i < c->nsamples; i++)
		mt_tables_put_sample(&s->b, i == 0 ? NULL :
		    &c->samples[i - 1], &c->samples[i]);
	return (put_block(s, MT_BLOCK_SAMPLES, e));
}

static enum mt_status
put_all(struct save *s, const struct mt_feed *f,
    const struct mt_feed_member *m, struct mt_error *e)
{
	enum mt_status st;

	put_meta(&s->b, f, m);
	st = put_block(s, MT_BLOCK_META, e);
	if (st == MT_OK)
		st = put_stacks(s, m->capture, e);
	if (st == MT_OK)
		st = put_samples(s, m->capture, e);
	if (st == MT_OK) {
		mt_tables_put_sites(&s->b, m->capture->sites,
		    m->capture->nsites);
		st = put_block(s, MT_BLOCK_SITES, e);
	}
	if (st == MT_OK)
		st = mt_writer_finish(s->writer, e);
	return (st);
}

enum mt_status
mt_feed_save(struct mt_feed *f, size_t i, int fd, struct mt_error *e)
{
	const struct mt_feed_member *m;
	struct save s;
	enum mt_status st;

	memset(&s, 0, sizeof(s));
	if (i >= f->info.processes || f->member[i].capture == NULL)
		return (mt_error_set(e, MT_ERR_LIMIT,
		    "nothing is left of that process"));
	m = &f->member[i];
	st = mt_writer_new(&s.writer, fd, 0, f->info.start_time_ns, e);
	if (st == MT_OK)
		st = put_all(&s, f, m, e);
	mt_writer_free(s.writer);
	mt_buf_fini(&s.b);
	return (st);
}
