/*
 * Frames into captures.  Nothing in a frame is believed: payloads are decoded
 * by what reads them from files, and what they may cost in memory is bounded
 * by the bytes that came.
 */

#include <stdlib.h>
#include <string.h>

#include "mt_feed_in.h"

#define PROCESSES_MAX	65536u
#define SAMPLES_MAX	(1u << 20)

static enum mt_status
nomem(struct mt_error *e)
{
	return (mt_error_set(e, MT_ERR_NOMEM, "out of memory"));
}

static enum mt_status
nonsense(struct mt_error *e, unsigned type)
{
	return (mt_error_set(e, MT_ERR_FORMAT, "a frame of type %u that "
	    "makes no sense", type));
}

/* ---- Processes --------------------------------------------------------- */

/* What the metadata of a capture says at its end. */
static void
fill_meta(struct mt_feed *f, struct mt_feed_member *m)
{
	const struct mt_feed_status *s = &m->status;
	struct mt_meta *meta;

	if (m->capture == NULL)
		return;
	meta = &m->capture->meta;
	meta->pid = s->pid;
	meta->start_time_ns = f->info.start_time_ns;
	meta->end_time_ns = (s->flags & MT_STATUS_ENDED) == 0 ? 0 :
	    f->info.start_time_ns + s->time_ns;
	meta->total_allocations = s->allocations;
	meta->total_bytes = s->bytes;
	meta->peak_bytes = s->peak;
	meta->peak_time_ns = f->info.start_time_ns + s->peak_time_ns;
	meta->leaked_allocations = s->live;
	meta->leaked_bytes = s->heap;
	meta->lost_events = s->lost;
	meta->has_exit_status = (s->flags & MT_STATUS_KNOWN) != 0;
	meta->exit_status = (int)(uint32_t)s->exit_status;
	meta->flags |= MT_CAPTURE_AGGREGATED;
}

static struct mt_capture *
empty_capture(void)
{
	struct mt_capture *c;
	struct mt_source none;

	mt_source_memory(&none, NULL, 0);
	c = mt_capture_new(&none);
	if (c == NULL)
		return (NULL);
	c->head.major = MT_FORMAT_MAJOR;
	c->head.minor = MT_FORMAT_MINOR;
	c->loaded = MT_LOADED_SAMPLES;
	if (mt_capture_check(c, 0, NULL) == MT_OK)
		return (c);
	mt_capture_close(c);
	return (NULL);
}

/* The member of this number, or a new one behind the last. */
static enum mt_status
member_of(struct mt_feed *f, uint32_t i, struct mt_feed_member **out,
    struct mt_error *e)
{
	struct mt_feed_member *m;
	void *p = f->member;

	if (i > f->info.processes || i >= PROCESSES_MAX)
		return (nonsense(e, MT_FRAME_STATUS));
	if (i == f->info.processes) {
		if (!mt_budget_grow(&f->budget, &p, &f->member_cap,
		    (size_t)i + 1,
		    sizeof(*f->member)))
			return (nomem(e));
		f->member = p;
		m = &f->member[i];
		memset(m, 0, sizeof(*m));
		m->capture = empty_capture();
		if (m->capture == NULL)
			return (nomem(e));
		mt_budget_share(&m->capture->budget, &f->budget);
		f->info.processes++;
	}
	*out = &f->member[i];
	return (MT_OK);
}

static enum mt_status
take_status(struct mt_feed *f, uint32_t process, struct mt_cursor *c,
    struct mt_error *e)
{
	struct mt_feed_member *m = NULL;
	struct mt_feed_status s;
	enum mt_status st;

	if (!mt_feed_get_status(c, &s))
		return (nonsense(e, MT_FRAME_STATUS));
	st = member_of(f, process, &m, e);
	if (st != MT_OK)
		return (st);
	m->status = s;
	m->changed = true;
	if ((s.flags & MT_STATUS_DROPPED) != 0) {
		mt_capture_close(m->capture);
		m->capture = NULL;
	}
	fill_meta(f, m);
	return (MT_OK);
}

/* ---- Tables ------------------------------------------------------------ */

static uint32_t
block_of(unsigned type)
{
	static const uint8_t block[] = {
		[MT_FRAME_META] = MT_BLOCK_META,
		[MT_FRAME_CODES] = MT_BLOCK_CODES,
		[MT_FRAME_NODES] = MT_BLOCK_NODES,
		[MT_FRAME_THREADS] = MT_BLOCK_THREADS,
		[MT_FRAME_CHANGES] = MT_BLOCK_CHANGES,
		[MT_FRAME_SAMPLES] = MT_BLOCK_SAMPLES,
		[MT_FRAME_TIMELINE] = MT_BLOCK_TIMELINE
	};

	return (type < sizeof(block) ? block[type] : 0);
}

/* Nodes that were checked may come again, though there is no need to. */
static void
uncheck(struct mt_feed_member *m, struct mt_cursor c)
{
	uint32_t id;

	if (mt_tables_get_first_node(&c, &id) == MT_OK && id < m->checked)
		m->checked = id;
}

static enum mt_status
take_table(struct mt_feed *f, unsigned type, uint32_t process,
    struct mt_cursor *c, struct mt_error *e)
{
	struct mt_feed_member *m;
	enum mt_status st;

	if (process >= f->info.processes)
		return (nonsense(e, type));
	m = &f->member[process];
	if (m->capture == NULL)
		return (nonsense(e, type));
	/* What the tables may cost is measured by this. */
	m->capture->source.size += (uint64_t)(c->end - c->p);
	mt_budget_extend(&f->budget, (uint64_t)(c->end - c->p));
	m->touched = true;
	m->changed = true;
	if (type == MT_FRAME_NODES)
		uncheck(m, *c);
	st = mt_budget_status(&m->capture->budget, mt_capture_load_payload(
	    m->capture, block_of(type), c, e), e);
	if (st == MT_ERR_FORMAT || m->capture->nsamples > SAMPLES_MAX)
		return (nonsense(e, type));
	return (st < MT_OK ? st : MT_OK);
}

enum mt_status
mt_feed_check(struct mt_feed *f, struct mt_error *e)
{
	struct mt_feed_member *m;
	enum mt_status st;

	for (m = f->member; m != NULL && m < f->member + f->info.processes;
	    m++) {
		if (!m->touched || m->capture == NULL)
			continue;
		mt_capture_settle(m->capture);
		st = mt_capture_expect(m->capture, m->checked, e);
		if (st == MT_OK)
			st = mt_capture_check(m->capture, m->checked, e);
		if (st != MT_OK)
			return (st);
		m->checked = m->capture->nnodes;
		m->touched = false;
		fill_meta(f, m);
	}
	return (MT_OK);
}

/* ---- The whole --------------------------------------------------------- */

static void
take_update(struct mt_feed *f, uint64_t time_ns)
{
	struct mt_feed_member *m;

	f->info.time_ns = time_ns;
	f->info.updates++;
	for (m = f->member; m != NULL && m < f->member + f->info.processes;
	    m++) {
		m->updates += m->changed;
		m->changed = false;
	}
}

static void
take_over(struct mt_feed *f, const uint8_t *p)
{
	f->info.state = MT_FEED_ENDED;
	f->info.has_exit_status = mt_get_u32(p) != 0;
	f->info.exit_status = (int)mt_get_u32(p + 4);
}

/* Frames of other types are of later versions, and not for us. */
enum mt_status
mt_feed_frame(struct mt_feed *f, unsigned type, uint32_t process,
    const uint8_t *p, size_t n, bool *updated, struct mt_error *e)
{
	struct mt_cursor c = { p, p + n, false };

	switch (type) {
	case MT_FRAME_INFO:
		if (n < 16)
			return (nonsense(e, type));
		f->info.start_time_ns = mt_get_u64(p);
		f->info.collector = mt_get_u64(p + 8);
		return (MT_OK);
	case MT_FRAME_STATUS:
		return (take_status(f, process, &c, e));
	case MT_FRAME_UPDATE:
		if (n < 8)
			return (nonsense(e, type));
		take_update(f, mt_get_u64(p));
		*updated = true;
		return (MT_OK);
	case MT_FRAME_OVER:
		if (n < 8)
			return (nonsense(e, type));
		take_over(f, p);
		return (MT_OK);
	default:
		return (block_of(type) == 0 ? MT_OK :
		    take_table(f, type, process, &c, e));
	}
}
