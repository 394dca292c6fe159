/*
 * What a viewer has not seen yet of a mirror, a piece at a time.
 *
 * Before any rows come all stacks that there are, so that a row never refers
 * to what the viewer does not have.  Rows are passed through from the first
 * to the last; what changes behind the place where we are is for the next
 * pass.
 */

#include <stdlib.h>
#include <string.h>

#include "mt_mirror_in.h"

#define PIECE		(64u * 1024)	/* bytes, roughly */
#define NODES		16384u		/* in a frame, at most */
#define ROWS		2048u
#define POINTS		8192u

/* A frame that is being put together; the head comes last. */
struct frame {
	struct mt_buf	*b;
	size_t		 at;
};

static void
frame_begin(struct frame *f, struct mt_buf *b)
{
	static const uint8_t none[MT_FEED_HEAD];

	f->b = b;
	f->at = b->len;
	mt_buf_put(b, none, sizeof(none));
}

static void
frame_end(const struct frame *f, unsigned type, uint32_t process)
{
	if (!f->b->failed)
		mt_feed_put_head(f->b->data + f->at, type, process,
		    f->b->len - f->at - MT_FEED_HEAD);
}

static void
frame_put(struct mt_buf *b, unsigned type, uint32_t process, const void *data,
    size_t n)
{
	struct frame f;

	frame_begin(&f, b);
	mt_buf_put(b, data, n);
	frame_end(&f, type, process);
}

/* ---- Text ------------------------------------------------------------- */

static enum mt_status
skip_meta(struct mt_cursor *c)
{
	struct mt_bytes key, value;

	return (mt_tables_get_meta(c, &key, &value));
}

static enum mt_status
skip_code(struct mt_cursor *c)
{
	struct mt_tables_code code;

	return (mt_tables_get_code(c, &code));
}

static enum mt_status
skip_thread(struct mt_cursor *c)
{
	struct mt_tables_thread thread;

	return (mt_tables_get_thread(c, &thread));
}

/* Some whole entries from *seen on. */
static void
put_text(struct mt_buf *b, unsigned type, uint32_t process,
    const struct mt_buf *text, uint64_t *seen,
    enum mt_status (*skip)(struct mt_cursor *))
{
	struct mt_cursor c;
	const uint8_t *from;

	if (*seen >= text->len)
		return;
	from = text->data + *seen;
	c.p = from;
	c.end = text->data + text->len;
	c.bad = false;
	while (c.p - from < (ptrdiff_t)PIECE && skip(&c) == MT_OK)
		continue;
	frame_put(b, type, process, from, (size_t)(c.p - from));
	*seen += (uint64_t)(c.p - from);
}

/* ---- Tables ------------------------------------------------------------ */

static void
put_nodes(struct mt_buf *b, uint32_t process, const struct mt_mirror *m,
    uint32_t *seen)
{
	struct mt_buf nodes = { NULL, 0, 0, false };
	uint32_t end;

	if (*seen >= m->nnodes)
		return;
	end = m->nnodes - *seen > NODES ? *seen + NODES : m->nnodes;
	for (; *seen < end; (*seen)++)
		mt_tables_put_node(&nodes, *seen, &m->node[*seen]);
	frame_put(b, MT_FRAME_NODES, process, nodes.data, nodes.len);
	b->failed |= nodes.failed;
	mt_buf_fini(&nodes);
}

static void
row_now(const struct mt_mirror *m, const struct mt_mirror_row *r,
    struct mt_site *out)
{
	*out = r->site;
	if (r->stamp == m->peak_stamp)
		return;
	out->peak_allocations = out->leaked_allocations;
	out->peak_bytes = out->leaked_bytes;
}

/* The rows of these sites as a block of changes. */
static void
put_changes(struct mt_buf *b, uint32_t process, const struct mt_mirror *m,
    const struct mt_buf *ids, const struct mt_site *rows, uint32_t n)
{
	struct frame f;

	frame_begin(&f, b);
	mt_buf_put_varint(b, m->peak_stamp);
	mt_buf_put_varint(b, m->status.peak_time_ns);
	mt_buf_put_varint(b, m->status.lost);
	mt_buf_put_string(b, (const char *)ids->data, ids->len);
	mt_tables_put_sites(b, rows, n);
	frame_end(&f, MT_FRAME_CHANGES, process);
	b->failed |= ids->failed;
}

static void
put_rows(struct mt_buf *b, uint32_t process, const struct mt_mirror *m,
    struct mt_mirror_seen *s)
{
	struct mt_buf ids = { NULL, 0, 0, false };
	struct mt_site *rows;
	uint32_t last = 0, n = 0;

	if (s->row == 0)
		s->pass = m->version;
	rows = malloc(ROWS * sizeof(*rows));
	if (rows == NULL) {
		b->failed = true;
		return;
	}
	for (; s->row < m->nrows && n < ROWS; s->row++) {
		if (m->row[s->row].version <= s->rows)
			continue;
		row_now(m, &m->row[s->row], &rows[n++]);
		mt_buf_put_varint(&ids, s->row - last);
		last = s->row;
	}
	if (n > 0)
		put_changes(b, process, m, &ids, rows, n);
	if (s->row >= m->nrows) {
		s->rows = s->pass;
		s->row = 0;
	}
	free(rows);
	mt_buf_fini(&ids);
}

/* What may still change is not sent; after a merge, all is sent again. */
static void
put_points(struct mt_buf *b, uint32_t process, const struct mt_mirror *m,
    struct mt_mirror_seen *s)
{
	struct mt_buf points = { NULL, 0, 0, false };
	const bool again = s->shift != m->shift;
	uint32_t end;

	if (again)
		s->points = 0;
	s->shift = m->shift;
	if (s->points >= m->complete)
		return;
	end = m->complete - s->points > POINTS ? s->points + POINTS :
	    m->complete;
	for (; s->points < end; s->points++)
		mt_tables_put_sample(&points, points.len == 0 ? NULL :
		    &m->point[s->points - 1], &m->point[s->points]);
	frame_put(b, again ? MT_FRAME_TIMELINE : MT_FRAME_SAMPLES, process,
	    points.data, points.len);
	b->failed |= points.failed;
	mt_buf_fini(&points);
}

static void
put_status(struct mt_buf *b, uint32_t process, const struct mt_mirror *m,
    struct mt_mirror_seen *s)
{
	struct frame f;

	if (s->status == m->status_version)
		return;
	s->status = m->status_version;
	frame_begin(&f, b);
	mt_feed_put_status(b, &m->status);
	frame_end(&f, MT_FRAME_STATUS, process);
}

static void
put_tables(struct mt_buf *b, uint32_t process, const struct mt_mirror *m,
    struct mt_mirror_seen *s)
{
	put_text(b, MT_FRAME_META, process, &m->meta, &s->meta, skip_meta);
	put_text(b, MT_FRAME_CODES, process, &m->codes, &s->codes, skip_code);
	put_text(b, MT_FRAME_THREADS, process, &m->threads, &s->threads,
	    skip_thread);
	if (s->codes < m->codes.len || s->threads < m->threads.len)
		return;
	put_nodes(b, process, m, &s->nodes);
	if (s->nodes < m->nnodes)
		return;
	while (!b->failed && b->len < PIECE && s->rows < m->version)
		put_rows(b, process, m, s);
	while (!b->failed && b->len < PIECE &&
	    (s->points < m->complete || s->shift != m->shift))
		put_points(b, process, m, s);
}

enum mt_status
mt_mirror_next(const struct mt_mirror *m, uint32_t process,
    struct mt_mirror_seen *s, void **data, size_t *n, struct mt_error *e)
{
	struct mt_buf b = { NULL, 0, 0, false };

	put_status(&b, process, m, s);
	if ((m->status.flags & MT_STATUS_DROPPED) == 0)
		put_tables(&b, process, m, s);
	if (b.failed) {
		mt_buf_fini(&b);
		return (mt_error_set(e, MT_ERR_NOMEM, "out of memory"));
	}
	*data = b.data;
	*n = b.len;
	return (b.len == 0 ? MT_END : MT_OK);
}
