/* A capture as one without events. */

#include <stdlib.h>
#include <string.h>

#include <fe_alloc.h>
#include <fe_warn.h>
#include <mt_record.h>

#include "transform.h"

static enum mt_status
keep(void *arg, enum mt_block_type type, void *data, size_t len,
    struct mt_error *e)
{
	struct transform_tables *t = arg;

	(void)e;
	t->block = fe_grow(t->block, t->n, sizeof(*t->block), &t->cap);
	t->block[t->n].type = type;
	t->block[t->n].data = data;
	t->block[t->n++].len = len;
	return (MT_OK);
}

enum mt_status
transform_aggregate(struct transform_tables *t, struct mt_capture *c,
    struct mt_error *e)
{
	const struct mt_sink sink = { keep, t };

	memset(t, 0, sizeof(*t));
	t->start_ns = mt_capture_meta(c)->start_time_ns;
	return (mt_capture_aggregate(c, &sink, e));
}

enum mt_status
transform_aggregate_write(const struct transform_tables *t, int fd,
    struct mt_error *e)
{
	struct mt_writer *w;
	enum mt_status st;

	st = mt_writer_new(&w, fd, 0, t->start_ns, e);
	if (st != MT_OK)
		return (st);
	for (size_t i = 0; st == MT_OK && i < t->n; i++)
		st = mt_writer_put(w, (enum mt_block_type)t->block[i].type,
		    t->block[i].data, t->block[i].len, e);
	if (st == MT_OK)
		st = mt_writer_finish(w, e);
	mt_writer_free(w);
	return (st);
}

void
transform_aggregate_fini(struct transform_tables *t)
{
	for (size_t i = 0; i < t->n; i++)
		free(t->block[i].data);
	free(t->block);
}
