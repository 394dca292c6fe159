/*
 * A capture of memray is opened as what memray-run(1) would have written: its
 * records go through the recorder and the writer, into a temporary file.
 */

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "mt_file.h"
#include "mt_memray.h"

#define NSEC_PER_MSEC	UINT64_C(1000000)

static enum mt_status
memray_put(void *arg, enum mt_block_type type, void *data, size_t len,
    struct mt_error *e)
{
	enum mt_status st;

	st = mt_writer_put(arg, type, data, len, e);
	free(data);
	return (st);
}

/* The file ends before its trailer, or what is there makes no sense. */
static void
memray_flags(const struct mt_memray *m, enum mt_status records,
    struct mt_memray_result *r)
{
	const struct mt_memray_in *in = &m->in;

	r->aggregated = m->head.aggregated;
	r->flags = 0;
	r->lost_bytes = 0;
	if (records == MT_OK)
		return;
	if (records == MT_END && !in->damaged)
		r->flags = MT_CAPTURE_CUT;
	else {
		r->flags = MT_CAPTURE_CUT | MT_CAPTURE_DAMAGED;
		if (in->lz4 == NULL)
			r->lost_bytes = in->end - in->at +
			    (uint64_t)(in->cur.end - in->cur.p);
	}
}

static enum mt_status
memray_finish(struct mt_memray *m, enum mt_status records, struct mt_error *e)
{
	enum mt_status st;

	/* The time of the end is written with the trailer. */
	st = mt_memray_head_meta(m, records == MT_OK, e);
	if (st != MT_OK || !m->head.aggregated)
		return (st == MT_OK ? mt_recorder_finish(m->rec, e) : st);
	st = mt_recorder_number(m->rec, "aggregated", 1, e);
	if (st == MT_OK)
		st = mt_recorder_number(m->rec, "no_totals", 1, e);
	return (st == MT_OK ? mt_recorder_flush(m->rec, e) : st);
}

static enum mt_status
memray_run(struct mt_memray *m, struct mt_memray_result *r,
    struct mt_error *e)
{
	enum mt_status records, st;

	records = m->head.aggregated ? mt_memray_sites(m, e) :
	    mt_memray_events(m, e);
	if (records != MT_OK && records != MT_END && records != MT_ERR_FORMAT)
		return (records);
	memray_flags(m, records, r);
	st = memray_finish(m, records, e);
	return (st);
}

static enum mt_status
memray_write(struct mt_memray *m, int fd, bool events,
    struct mt_memray_result *r, struct mt_error *e)
{
	struct mt_writer *w;
	enum mt_status st;

	st = mt_writer_new(&w, fd, MT_WRITER_NO_COMPRESS,
	    m->head.start_ms * NSEC_PER_MSEC, e);
	if (st != MT_OK)
		return (st);
	m->sink.put = memray_put;
	m->sink.arg = w;
	st = mt_recorder_new(&m->rec, &m->sink, events || m->head.aggregated ?
	    0 : MT_RECORDER_AGGREGATE, e);
	if (st == MT_OK) {
		mt_recorder_charge(m->rec, &m->budget);
		st = memray_run(m, r, e);
	}
	/* Some tables do without memory, but reports would not. */
	if (st == MT_OK && m->budget.wanted != 0)
		st = MT_ERR_NOMEM;
	st = mt_budget_status(&m->budget, st, e);
	mt_recorder_free(m->rec);
	if (st == MT_OK)
		st = mt_writer_finish(w, e);
	mt_writer_free(w);
	return (st);
}

static void
memray_fini(struct mt_memray *m)
{
	size_t i;

	mt_memray_in_close(&m->in);
	free(m->head.command_line);
	mt_str_fini(&m->strings);
	mt_memray_ids_fini(&m->codes.ids);
	free(m->codes.code);
	mt_memray_ids_fini(&m->named.ids);
	free(m->named.code);
	mt_memray_ids_fini(&m->frames);
	free(m->frame);
	for (i = 0; i < m->threads.n; i++)
		free(m->thread[i].stack);
	mt_memray_ids_fini(&m->threads);
	free(m->thread);
	mt_memray_native_fini(m);
	mt_budget_close(&m->budget);
	free(m);
}

static enum mt_status
memray_source(struct mt_source *out, int fd, struct mt_error *e)
{
	off_t size = lseek(fd, 0, SEEK_END);

	if (size == -1)
		return (mt_error_set(e, MT_ERR_SYS,
		    "cannot read a temporary file"));
	memset(out, 0, sizeof(*out));
	out->fd = fd;
	out->close = true;
	out->size = (uint64_t)size;
	return (MT_OK);
}

static void
memray_charge(struct mt_memray *m, const struct mt_budget *to)
{
	mt_budget_share(&m->budget, to);
	m->strings.hash.budget = &m->budget;
	m->codes.ids.hash.budget = &m->budget;
	m->named.ids.hash.budget = &m->budget;
	m->frames.hash.budget = &m->budget;
	m->threads.hash.budget = &m->budget;
	m->known.hash.budget = &m->budget;
}

enum mt_status
mt_memray_convert(struct mt_source *out, const struct mt_source *in,
    bool events, const struct mt_budget *budget, struct mt_memray_result *r,
    struct mt_error *e)
{
	struct mt_memray *m;
	enum mt_status st;
	int fd = -1;

	m = calloc(1, sizeof(*m));
	if (m == NULL)
		return (mt_error_set(e, MT_ERR_NOMEM, "out of memory"));
	m->now = MT_HASH_NONE;
	memray_charge(m, budget);
	st = mt_memray_in_open(&m->in, in, e);
	if (st == MT_OK)
		st = mt_memray_head(m, e);
	if (st == MT_OK) {
		fd = mt_file_temporary();
		if (fd == -1)
			st = mt_error_set(e, MT_ERR_SYS,
			    "cannot create a temporary file");
	}
	if (st == MT_OK)
		st = memray_write(m, fd, events, r, e);
	memray_fini(m);
	if (st == MT_OK)
		st = memray_source(out, fd, e);
	if (st != MT_OK && fd != -1)
		(void)close(fd);
	return (st);
}
