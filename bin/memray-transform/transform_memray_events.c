/* All allocations of a capture, as memray 1.20 would have written them. */

#include <err.h>
#include <stdlib.h>

#include <fe_alloc.h>
#include <fe_warn.h>

#include "transform_memray.h"

#define NSEC_PER_MSEC	UINT64_C(1000000)
#define BATCH		1024

/* memray's numbers in the first byte of a record. */
#define REC_TRAILER	0x01u
#define REC_MEMORY	0x02u
#define REC_POP		0x10u		/* and the number of frames minus 1 */
#define REC_PUSH	0x41u		/* with a flag: as C would call it */
#define REC_ALLOC	0x80u		/* and address and allocator */

#define POP_MAX		16u
#define RECENT		15u		/* addresses that memray remembers */

/* Mappings end with their pages. */
#define PAGE		UINT64_C(4096)

struct events {
	struct fe_buf			*b;
	const struct mt_code		*codes;
	size_t				 ncodes;
	const struct mt_node		*nodes;
	size_t				 nnodes;
	const struct mt_thread		*threads;
	size_t				 nthreads;
	uint64_t			*tids;
	struct memray_lines		 lines;
	uint32_t			*depth;	/* by node */
	int64_t				*offset; /* by node, for memray */
	uint32_t			*chain;	/* scratch */
	/* What memray knows. */
	uint32_t			*at;	/* by thread: node */
	uint32_t			 thread; /* running; nthreads: none */
	uint64_t			 last_addr;
	uint64_t			 recent[RECENT];
	struct memray_live		 live;
	const struct mt_sample		*samples; /* still to come */
	size_t				 nsamples;
};

/* ---- Tables ----------------------------------------------------------- */

static struct mt_lines *
new_lines(const struct events *ev)
{
	struct mt_lines *lines = mt_lines_new(ev->codes, ev->ncodes);

	if (lines == NULL)
		err(1, NULL);
	return (lines);
}

static struct memray_line
line_of(const struct events *ev, struct mt_lines *lines, uint32_t node)
{
	const struct mt_node *n = &ev->nodes[node];

	return ((struct memray_line){ n->code,
	    mt_lines_get(lines, n->code, n->offset) });
}

/* Every node comes after that of its caller. */
static void
fill_nodes(struct events *ev, const struct mt_meta *m)
{
	struct memray_line *all = fe_alloc(ev->nnodes, sizeof(*all), 0);
	struct mt_lines *lines = new_lines(ev);
	uint32_t deepest = 0;

	ev->depth = fe_alloc(ev->nnodes, sizeof(*ev->depth), 0);
	ev->offset = fe_alloc(ev->nnodes, sizeof(*ev->offset), 0);
	for (uint32_t i = 0; i < ev->nnodes; i++) {
		all[i] = line_of(ev, lines, i);
		ev->depth[i] = i == 0 ? 0 :
		    ev->depth[ev->nodes[i].parent] + 1;
		if (ev->depth[i] > deepest)
			deepest = ev->depth[i];
	}
	memray_lines_init(&ev->lines, all, ev->nnodes, m->python_version);
	for (uint32_t i = 0; i < ev->nnodes; i++) {
		const struct memray_line l = line_of(ev, lines, i);

		ev->offset[i] = memray_lines_offset(&ev->lines, &l);
	}
	mt_lines_free(lines);
	ev->chain = fe_alloc((size_t)deepest + 1, sizeof(*ev->chain), 0);
}

static void
init(struct events *ev, const struct transform *t, struct fe_buf *b)
{
	memset(ev, 0, sizeof(*ev));
	ev->b = b;
	ev->ncodes = mt_capture_codes(t->capture, &ev->codes);
	ev->nnodes = mt_capture_nodes(t->capture, &ev->nodes);
	ev->nthreads = mt_capture_threads(t->capture, &ev->threads);
	ev->tids = memray_tids(ev->threads, ev->nthreads);
	fill_nodes(ev, mt_capture_meta(t->capture));
	ev->at = fe_alloc(ev->nthreads, sizeof(*ev->at), 0);
	memset(ev->at, 0, ev->nthreads * sizeof(*ev->at));
	ev->thread = (uint32_t)ev->nthreads;
}

static void
fini(struct events *ev)
{
	free(ev->tids);
	memray_lines_fini(&ev->lines);
	free(ev->depth);
	free(ev->offset);
	free(ev->chain);
	free(ev->at);
	memray_live_fini(&ev->live);
}

static void
put_tables(struct events *ev)
{
	uint64_t last_line = 0;

	for (uint32_t i = 0; i < ev->ncodes; i++) {
		const struct mt_code *code = &ev->codes[i];
		const struct mt_function f = { code->function, code->file,
		    code->first_line };

		memray_lines_put(&ev->lines, ev->b, i, &f, &last_line);
	}
	for (size_t i = 0; i < ev->nthreads; i++)
		memray_put_thread(ev->b, ev->tids[i], ev->threads[i].name);
}

/* ---- Records ---------------------------------------------------------- */

static void
put_samples(struct events *ev, uint64_t until_ns)
{
	for (; ev->nsamples > 0 && ev->samples->time_ns <= until_ns;
	    ev->samples++, ev->nsamples--) {
		memray_put_byte(ev->b, REC_MEMORY);
		memray_put_varint(ev->b, ev->samples->rss);
		memray_put_varint(ev->b,
		    ev->samples->time_ns / NSEC_PER_MSEC);
	}
}

static void
put_pops(struct events *ev, uint32_t n)
{
	for (; n > POP_MAX; n -= POP_MAX)
		memray_put_byte(ev->b, REC_POP | (POP_MAX - 1));
	if (n > 0)
		memray_put_byte(ev->b, REC_POP | (n - 1));
}

/* What was returned from since the thread's last allocation, and called. */
static void
put_stack(struct events *ev, uint32_t node)
{
	uint32_t from = ev->at[ev->thread], to = node, pops = 0;
	size_t n = 0;

	while (from != to) {
		if (ev->depth[from] >= ev->depth[to]) {
			from = ev->nodes[from].parent;
			pops++;
		} else {
			ev->chain[n++] = to;
			to = ev->nodes[to].parent;
		}
	}
	put_pops(ev, pops);
	while (n-- > 0) {
		memray_put_byte(ev->b, REC_PUSH);
		memray_put_varint(ev->b, ev->nodes[ev->chain[n]].code);
		memray_put_svarint(ev->b, ev->offset[ev->chain[n]]);
	}
	ev->at[ev->thread] = node;
}

static void
put_record(struct events *ev, unsigned allocator, uint64_t addr)
{
	unsigned first = allocator <= MEMRAY_SHORT ? allocator : 0;
	unsigned i;

	for (i = 0; i < RECENT && ev->recent[i] != addr; i++)
		;
	memray_put_byte(ev->b, REC_ALLOC | i << 3 | first);
	if (i == RECENT) {
		memmove(ev->recent + 1, ev->recent,
		    sizeof(ev->recent) - sizeof(ev->recent[0]));
		ev->recent[0] = addr;
		memray_put_delta(ev->b, &ev->last_addr, addr >> 3);
	}
	if (first == 0)
		memray_put_byte(ev->b, allocator);
}

static void
put_alloc(struct events *ev, const struct mt_event *e)
{
	const struct memray_block block = { e->addr & ~UINT64_C(7),
	    memray_allocator(e->allocator) };

	put_stack(ev, e->node);
	put_record(ev, block.allocator, block.addr);
	memray_put_varint(ev->b, e->size);
	if (block.allocator != MEMRAY_MMAP)
		memray_live_put(&ev->live, e->ref, &block);
}

static void
put_free(struct events *ev, const struct mt_event *e)
{
	struct memray_block block;

	if (!memray_live_take(&ev->live, e->ref, &block))
		return;
	put_record(ev, block.allocator <= MEMRAY_PYMALLOC_REALLOC ?
	    MEMRAY_PYMALLOC_FREE : MEMRAY_FREE, block.addr);
}

static void
put_unmap(struct events *ev, const struct mt_event *e)
{
	const uint64_t size = e->size > UINT64_MAX - PAGE ? e->size :
	    (e->size + PAGE - 1) & ~(PAGE - 1);

	put_record(ev, MEMRAY_MUNMAP, e->addr & ~UINT64_C(7));
	memray_put_varint(ev->b, size);
}

static void
put_event(struct events *ev, const struct mt_event *e)
{
	put_samples(ev, e->time_ns);
	if (e->thread != ev->thread) {
		memray_put_switch(ev->b, ev->tids[e->thread]);
		ev->thread = e->thread;
	}
	switch (e->type) {
	case MT_EVENT_ALLOC:
		put_alloc(ev, e);
		break;
	case MT_EVENT_FREE:
		put_free(ev, e);
		break;
	default:
		put_unmap(ev, e);
		break;
	}
}

void
memray_put_events(const struct transform *t, struct fe_buf *b,
    const struct mt_sample *samples, size_t nsamples)
{
	static struct mt_event batch[BATCH];
	struct events ev;
	struct mt_error e;
	enum mt_status st;
	size_t n;

	init(&ev, t, b);
	ev.samples = samples;
	ev.nsamples = nsamples;
	put_tables(&ev);
	while ((st = mt_capture_events(t->capture, batch, BATCH, &n, &e)) ==
	    MT_OK && ferror(b->out) == 0)
		for (size_t i = 0; i < n; i++)
			put_event(&ev, &batch[i]);
	if (st < MT_OK) {
		fe_warn(NULL, &e);
		exit(1);
	}
	put_samples(&ev, UINT64_MAX);
	memray_put_byte(b, REC_TRAILER);
	fini(&ev);
}
