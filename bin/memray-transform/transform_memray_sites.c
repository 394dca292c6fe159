/*
 * What lived at the peak and at the end, as memray 1.20 writes it with
 * --aggregate: without the allocations that were freed in between.
 */

#include <stdlib.h>

#include <fe_alloc.h>

#include "transform_memray.h"

#define NSEC_PER_MSEC	UINT64_C(1000000)

/* memray's types of records of such captures. */
enum {
	REC_SNAPSHOT = 1,
	REC_SITE = 2,
	REC_STACK = 3,
	REC_FRAME = 4,
	REC_TRAILER = 15
};

static void
put_samples(const struct transform *t, struct fe_buf *b,
    const struct mt_sample *s, size_t n)
{
	const uint64_t start = t->metas.meta[0].start_time_ns;

	for (; n > 0; s++, n--) {
		memray_put_byte(b, REC_SNAPSHOT);
		memray_put_u64(b, start / NSEC_PER_MSEC +
		    s->time_ns / NSEC_PER_MSEC);
		memray_put_u64(b, s->rss);
		memray_put_u64(b, s->heap);
	}
}

/* A frame for each place, a stack for each call, by the same numbers. */
static void
put_stacks(const struct transform *t, struct fe_buf *b,
    const struct memray_lines *lines)
{
	uint64_t last_line = 0;

	for (uint32_t i = 0; i < t->nfunctions; i++)
		memray_lines_put(lines, b, i, &t->functions[i], &last_line);
	for (size_t i = 0; i < t->nplaces; i++) {
		const struct memray_line l = { t->places[i].function,
		    t->places[i].line };

		memray_put_byte(b, REC_FRAME);
		memray_put_varint(b, i);
		memray_put_varint(b, l.function);
		memray_put_svarint(b, memray_lines_offset(lines, &l));
		memray_put_byte(b, 1);
	}
	for (size_t i = 1; i < t->ncalls; i++) {
		memray_put_byte(b, REC_STACK);
		memray_put_varint(b, t->calls[i].place);
		memray_put_varint(b, t->calls[i].parent);
	}
}

static void
put_site(struct fe_buf *b, const struct mt_site *s, uint64_t tid)
{
	if (s->peak_allocations == 0 && s->leaked_allocations == 0)
		return;
	memray_put_byte(b, REC_SITE);
	memray_put_u64(b, tid);
	memray_put_u64(b, memray_allocator(s->allocator));
	memray_put_u64(b, 0);
	memray_put_u64(b, s->node);
	memray_put_u64(b, 0);
	memray_put_u64(b, s->peak_allocations);
	memray_put_u64(b, s->leaked_allocations);
	memray_put_u64(b, s->peak_bytes);
	memray_put_u64(b, s->leaked_bytes);
}

void
memray_put_sites(const struct transform *t, struct fe_buf *b,
    const struct memray_lines *lines, const struct mt_sample *samples,
    size_t nsamples)
{
	uint64_t *tids = memray_tids(t->threads, t->nthreads);

	put_samples(t, b, samples, nsamples);
	for (size_t i = 0; i < t->nthreads; i++)
		memray_put_thread(b, tids[i], t->threads[i].name);
	put_stacks(t, b, lines);
	for (size_t i = 0; i < t->nsites; i++)
		put_site(b, &t->sites[i], tids[t->sites[i].thread]);
	memray_put_byte(b, REC_TRAILER);
	free(tids);
}
