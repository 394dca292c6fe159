/* A copy of the tables of a process that runs. */

#include <stdlib.h>
#include <string.h>

#include "mt_mirror_in.h"

static enum mt_status
nomem(struct mt_error *e)
{
	return (mt_error_set(e, MT_ERR_NOMEM, "out of memory"));
}

enum mt_status
mt_mirror_new(struct mt_mirror **out, uint64_t pid, uint64_t parent_pid,
    uint64_t begin_ns, struct mt_error *e)
{
	struct mt_mirror *m;

	*out = NULL;
	m = calloc(1, sizeof(*m));
	if (m == NULL)
		return (nomem(e));
	m->status.pid = pid;
	m->status.parent_pid = parent_pid;
	m->status.begin_ns = begin_ns;
	m->status.time_ns = begin_ns;
	m->version = 1;
	m->status_version = 1;
	*out = m;
	return (MT_OK);
}

static void
free_tables(struct mt_mirror *m)
{
	mt_buf_fini(&m->meta);
	mt_buf_fini(&m->codes);
	mt_buf_fini(&m->threads);
	free(m->node);
	free(m->row);
	free(m->point);
	m->node = NULL;
	m->row = NULL;
	m->point = NULL;
	m->nnodes = m->nrows = m->npoints = m->complete = 0;
	m->node_cap = m->row_cap = m->point_cap = 0;
}

void
mt_mirror_free(struct mt_mirror *m)
{
	if (m == NULL)
		return;
	free_tables(m);
	free(m);
}

void
mt_mirror_drop(struct mt_mirror *m)
{
	free_tables(m);
	m->status.flags |= MT_STATUS_DROPPED;
	m->status_version++;
}

void
mt_mirror_finish(struct mt_mirror *m, bool replaced, int wait_status)
{
	m->status.flags |= MT_STATUS_ENDED;
	if (replaced)
		m->status.flags |= MT_STATUS_REPLACED;
	else if (wait_status != -1) {
		m->status.flags |= MT_STATUS_KNOWN;
		m->status.exit_status = (uint32_t)wait_status;
	}
	m->status_version++;
}

/* ---- Takes ------------------------------------------------------------ */

/* The array, with room for n entries of that size; NULL: out of memory. */
static void *
reach(void *array, uint32_t *cap, uint64_t n, size_t size)
{
	uint64_t want = n + n / 4 + 64;
	void *p;

	if (n <= *cap && array != NULL)
		return (array);
	if (want > UINT32_MAX || (p = realloc(array, want * size)) == NULL)
		return (NULL);
	*cap = (uint32_t)want;
	return (p);
}

static bool
push_text(struct mt_buf *to, const struct mt_buf *b)
{
	if (b->len > 0)
		mt_buf_put(to, b->data, b->len);
	return (!to->failed && !b->failed);
}

static bool
push_nodes(struct mt_mirror *m, const struct mt_take *t)
{
	const uint64_t n = (uint64_t)t->first_node + t->nnodes;
	struct mt_node *p;

	if ((p = reach(m->node, &m->node_cap, n, sizeof(*p))) == NULL)
		return (false);
	m->node = p;
	if (t->nnodes > 0)
		memcpy(m->node + t->first_node, t->nodes,
		    t->nnodes * sizeof(*t->nodes));
	m->nnodes = (uint32_t)n;
	return (true);
}

/* Rows that never were taken have version 0, which everybody has seen. */
static bool
push_rows(struct mt_mirror *m, const struct mt_take *t)
{
	struct mt_mirror_row *p, *r;
	uint32_t i, n;

	m->peak_stamp = t->peak_stamp;
	if (t->nrows == 0)
		return (true);
	n = t->id[t->nrows - 1] + 1;
	if ((p = reach(m->row, &m->row_cap, n, sizeof(*p))) == NULL)
		return (false);
	m->row = p;
	if (n > m->nrows) {
		memset(m->row + m->nrows, 0,
		    (n - m->nrows) * sizeof(*m->row));
		m->nrows = n;
	}
	m->version++;
	for (i = 0; i < t->nrows; i++) {
		r = &m->row[t->id[i]];
		r->site = t->row[i];
		r->stamp = t->peak_stamp;
		r->version = m->version;
	}
	return (true);
}

static bool
push_points(struct mt_mirror *m, const struct mt_take *t)
{
	const uint64_t n = (uint64_t)t->first_point + t->npoints;
	struct mt_sample *p;

	if ((p = reach(m->point, &m->point_cap, n, sizeof(*p))) == NULL)
		return (false);
	m->point = p;
	if (t->npoints > 0)
		memcpy(m->point + t->first_point, t->point,
		    t->npoints * sizeof(*t->point));
	m->npoints = (uint32_t)n;
	m->complete = t->complete;
	m->shift = t->shift;
	return (true);
}

static void
push_status(struct mt_mirror *m, const struct mt_take *t)
{
	struct mt_feed_status *s = &m->status;

	s->time_ns = t->clock_ns;
	s->heap = t->totals.heap;
	s->live = t->totals.live;
	s->peak = t->totals.peak;
	s->peak_time_ns = t->peak_time_ns;
	s->rss = t->sample.rss;
	s->anon_rss = t->sample.anon_rss;
	s->peak_rss = t->peak_rss;
	s->allocations = t->totals.allocations;
	s->bytes = t->totals.bytes;
	s->lost = t->totals.lost;
	m->status_version++;
}

enum mt_status
mt_mirror_push(struct mt_mirror *m, const struct mt_take *t,
    struct mt_error *e)
{
	push_status(m, t);
	if ((m->status.flags & MT_STATUS_DROPPED) != 0)
		return (MT_OK);
	if (push_text(&m->meta, &t->meta) && push_text(&m->codes, &t->codes) &&
	    push_text(&m->threads, &t->threads) && push_nodes(m, t) &&
	    push_rows(m, t) && push_points(m, t))
		return (MT_OK);
	mt_mirror_drop(m);
	return (nomem(e));
}
