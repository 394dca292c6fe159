/*
 * How fast the stages between the rings and the file are: feeds the recorder
 * with streams of made-up events and prints, for each kind of stream,
 * nanoseconds per event for keeping the tables (aggregate), for encoding and
 * for compressing and writing (write); bytes per event before and after
 * compression; and how many million events a second can be read back (scan).
 * Streams are the same every time.  The first two are timed in pieces of 64 k
 * events, of which the median counts.  All is time of the processor, so that
 * other work on the machine matters less.
 *
 *	recorder_bench [millions of events [part of a stream's name]]
 */

#include <err.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include <mt_record.h>
#include <mt_wire.h>

#define CHUNK		65536u	/* events made, then fed */
#define BATCH		32u	/* of them at a time */
#define CLASSES		32u	/* sizes of blocks are multiples of 32 */
#define CODES		5000u
#define THREADS		4u

enum op_kind {
	OP_ALLOC,
	OP_FREE,
	OP_POP,			/* addr frames */
	OP_PUSH			/* a frame of the code in node */
};

struct op {
	uint64_t	addr;
	uint32_t	size;
	uint32_t	node;
	uint8_t		kind;
};

struct block {
	uint64_t	addr;
	uint32_t	size;
};

/* A heap with lists of free blocks, as malloc(3) would reuse addresses. */
struct heap {
	uint64_t	 top;
	uint64_t	*list[CLASSES];
	size_t		 nlist[CLASSES];
	size_t		 cap[CLASSES];
};

struct bench {
	struct mt_recorder	*r;
	struct heap		 heap;
	struct block		*set;	/* the working set */
	size_t			 nset;
	struct op		*op;
	size_t			 nop;
	uint32_t		*nodes;
	size_t			 nnodes;
	uint32_t		 thread;
	uint32_t		 stack[1024];
	size_t			 depth;
	uint64_t		 random;
	uint64_t		 bytes;	/* of blocks */
	struct mt_writer	*w;	/* NULL: blocks are dropped */
	int			 fd;
	double			 write_ns;
};

struct result {
	double			 ns;	/* per event, without write */
	double			 write_ns;
	double			 scan_ns;
	double			 raw;	/* bytes per event */
	double			 stored;
	uint64_t		 live;
};

struct stream {
	const char	*name;
	void		(*more)(struct bench *);
	size_t		 set;
	size_t		 stacks;
};

static uint32_t
draw(struct bench *b, size_t below)
{
	b->random ^= b->random << 13;
	b->random ^= b->random >> 7;
	b->random ^= b->random << 17;
	return ((uint32_t)((b->random >> 32) * below >> 32));
}

static void *
must(void *p)
{
	if (p == NULL)
		err(1, NULL);
	return (p);
}

/* ---- Making events --------------------------------------------------- */

static struct block
heap_get(struct bench *b)
{
	struct heap *h = &b->heap;
	struct block k;
	uint32_t c;

	/* Small blocks are the most frequent. */
	c = draw(b, 1 + draw(b, CLASSES));
	k.size = (c + 1) * 32 - draw(b, 16);
	if (h->nlist[c] > 0)
		k.addr = h->list[c][--h->nlist[c]];
	else {
		k.addr = h->top;
		h->top += (c + 1) * 32;
	}
	return (k);
}

static void
heap_put(struct bench *b, struct block k)
{
	struct heap *h = &b->heap;
	uint32_t c;

	c = (k.size + 31) / 32 - 1;
	if (h->nlist[c] == h->cap[c]) {
		h->cap[c] = h->cap[c] * 2 + 64;
		h->list[c] = must(realloc(h->list[c],
		    h->cap[c] * sizeof(*h->list[c])));
	}
	h->list[c][h->nlist[c]++] = k.addr;
}

static struct op *
op_put(struct bench *b, enum op_kind kind, uint64_t addr)
{
	struct op *o = &b->op[b->nop++];

	memset(o, 0, sizeof(*o));
	o->kind = (uint8_t)kind;
	o->addr = addr;
	return (o);
}

static struct block
put_alloc(struct bench *b)
{
	struct block k = heap_get(b);
	struct op *o = op_put(b, OP_ALLOC, k.addr);

	o->size = k.size;
	o->node = b->nodes == NULL ? 0 : b->nodes[draw(b, b->nnodes)];
	return (k);
}

static void
put_free(struct bench *b, struct block k)
{
	(void)op_put(b, OP_FREE, k.addr);
	heap_put(b, k);
}

/* Another block in the place of one of the working set. */
static void
put_exchange(struct bench *b)
{
	struct block *k = &b->set[draw(b, b->nset)];

	if (k->addr != 0)
		put_free(b, *k);
	*k = put_alloc(b);
}

/* Nine of ten blocks die at once, with two or three others in between. */
static void
more_churn(struct bench *b)
{
	struct block k[4];
	unsigned i, n;

	if (draw(b, 10) == 0) {
		put_exchange(b);
		return;
	}
	n = 1 + draw(b, 4);
	for (i = 0; i < n; i++)
		k[i] = put_alloc(b);
	while (n-- > 0)
		put_free(b, k[n]);
}

static void
more_random(struct bench *b)
{
	put_exchange(b);
}

/* Recursion between 800 and 1000 deep; a block every few calls. */
static void
more_deep(struct bench *b)
{
	uint32_t n;

	n = draw(b, 8);
	if (b->depth > 800 + n) {
		(void)op_put(b, OP_POP, n);
		b->depth -= n;
	}
	for (n = draw(b, 8); n > 0 && b->depth < 1000; n--, b->depth++)
		op_put(b, OP_PUSH, 0)->node = 1 + (uint32_t)b->depth +
		    (b->depth % 200 == 0 ? draw(b, 2) * 1000 : 0);
	put_exchange(b);
	b->op[b->nop - 1].node = UINT32_MAX;	/* the stack as it is */
}

/* ---- Feeding them ---------------------------------------------------- */

/* Time of the processor, since others may want it as well. */
static double
now(void)
{
	struct timespec ts;

	(void)clock_gettime(CLOCK_THREAD_CPUTIME_ID, &ts);
	return ((double)ts.tv_sec * 1e9 + (double)ts.tv_nsec);
}

static enum mt_status
sink_put(void *arg, enum mt_block_type type, void *data, size_t len,
    struct mt_error *e)
{
	struct bench *b = arg;
	enum mt_status st = MT_OK;
	double before;

	b->bytes += len;
	if (b->w != NULL) {
		before = now();
		st = mt_writer_put(b->w, type, data, len, e);
		b->write_ns += now() - before;
	}
	free(data);
	return (st);
}

static uint32_t
push(struct bench *b, uint32_t parent, uint32_t code)
{
	struct mt_error e;
	uint32_t id;

	if (mt_recorder_node(b->r, parent, code, (int32_t)(code % 50) * 2,
	    &id, &e) != MT_OK)
		errx(1, "%s", e.text);
	return (id);
}

static void
feed_frame(struct bench *b, const struct op *o, size_t *depth)
{
	if (o->kind == OP_POP)
		*depth -= o->addr;
	else {
		b->stack[*depth + 1] = push(b, b->stack[*depth], o->node);
		++*depth;
	}
}

static void
feed_batch(struct bench *b, struct mt_record *q, size_t n)
{
	struct mt_error e;

	if (mt_recorder_events(b->r, q, n, &e) != MT_OK)
		errx(1, "%s", e.text);
}

/*
 * Events, the number of which it returns, in batches as the collector makes
 * them; frames come for nothing.
 */
static uint64_t
feed(struct bench *b, size_t *depth)
{
	struct mt_record q[BATCH];
	const struct op *o;
	uint64_t n;
	size_t i;

	for (n = i = 0, o = b->op; o < b->op + b->nop; o++) {
		if (o->kind > OP_FREE) {
			feed_frame(b, o, depth);
			continue;
		}
		q[i].addr = o->addr;
		q[i].size = o->size;
		q[i].thread = b->thread;
		q[i].node = o->node == UINT32_MAX ? b->stack[*depth] : o->node;
		q[i].allocator = MT_ALLOCATOR_MALLOC;
		q[i].type = o->kind == OP_FREE ? MT_EVENT_FREE :
		    MT_EVENT_ALLOC;
		n++;
		if (++i == BATCH) {
			feed_batch(b, q, i);
			i = 0;
		}
	}
	feed_batch(b, q, i);
	return (n);
}

/* ---- Runs ------------------------------------------------------------ */

/* A file without a name. */
static void
start_file(struct bench *b)
{
	char path[] = "/tmp/recorder_bench.XXXXXX";
	struct mt_error e;

	if ((b->fd = mkstemp(path)) == -1 || unlink(path) != 0)
		err(1, "%s", path);
	if (mt_writer_new(&b->w, b->fd, 0, 0, &e) != MT_OK)
		errx(1, "%s", e.text);
}

static void
start(struct bench *b, const struct stream *s, unsigned flags)
{
	struct mt_sink sink = { sink_put, b };
	struct mt_error e;
	uint32_t id, parent;
	size_t i;

	memset(b, 0, sizeof(*b));
	if ((flags & MT_RECORDER_AGGREGATE) == 0)
		start_file(b);
	b->random = 88172645463325252u;
	b->heap.top = 0x7f1200000000u;
	b->op = must(malloc((CHUNK + 64) * sizeof(*b->op)));
	b->nset = s->set;
	b->set = must(calloc(s->set, sizeof(*b->set)));
	if (mt_recorder_new(&b->r, &sink, flags, &e) != MT_OK ||
	    mt_recorder_thread_new(b->r, 1, "", &b->thread, &e) != MT_OK)
		errx(1, "%s", e.text);
	for (i = 0; i < CODES; i++)
		if (mt_recorder_code_new(b->r, &id, &e) != MT_OK)
			errx(1, "%s", e.text);
	if (s->stacks == 0)
		return;
	b->nodes = must(calloc(s->stacks, sizeof(*b->nodes)));
	for (b->nnodes = 0; b->nnodes < s->stacks; b->nnodes++) {
		parent = b->nnodes == 0 ? 0 : b->nodes[draw(b, b->nnodes)];
		b->nodes[b->nnodes] = push(b, parent, 1 + draw(b, CODES));
	}
}

static void
stop(struct bench *b)
{
	size_t i;

	mt_recorder_free(b->r);
	if (b->w != NULL) {
		mt_writer_free(b->w);
		(void)close(b->fd);
	}
	for (i = 0; i < CLASSES; i++)
		free(b->heap.list[i]);
	free(b->set);
	free(b->nodes);
	free(b->op);
}

static int
ascending(const void *va, const void *vb)
{
	const double *a = va, *b = vb;

	return (*a < *b ? -1 : *a > *b);
}

static double
median(double *v, size_t n)
{
	qsort(v, n, sizeof(*v), ascending);
	return (v[n / 2]);
}

/* Nanoseconds per event for reading all of them back. */
static double
scan(struct bench *b)
{
	static struct mt_event event[4096];
	struct mt_capture *c;
	struct mt_error e;
	enum mt_status st;
	char path[32];
	double before;
	uint64_t n;
	size_t got;

	if (mt_recorder_finish(b->r, &e) != MT_OK ||
	    mt_writer_finish(b->w, &e) != MT_OK)
		errx(1, "%s", e.text);
	(void)snprintf(path, sizeof(path), "/dev/fd/%d", b->fd);
	before = now();
	if (mt_capture_open(&c, path, &e) != MT_OK)
		errx(1, "%s", e.text);
	for (n = 0; (st = mt_capture_events(c, event, 4096, &got, &e)) ==
	    MT_OK;)
		n += got;
	if (st != MT_END)
		errx(1, "%s", e.text);
	mt_capture_close(c);
	return ((now() - before) / (double)n);
}

/* A piece of the stream; returns the number of events. */
static uint64_t
more(struct bench *b, const struct stream *s, size_t *depth, double *ns)
{
	double before, written;
	uint64_t n;

	for (b->nop = 0; b->nop < CHUNK - 64;)
		s->more(b);
	written = b->write_ns;
	before = now();
	n = feed(b, depth);
	*ns = (now() - before - (b->write_ns - written)) / (double)n;
	return (n);
}

/* All is measured once the working set exists, but for the scan. */
static void
run(const struct stream *s, unsigned flags, size_t pieces, struct result *r)
{
	struct mt_totals t;
	struct bench b;
	double *ns, unused;
	uint64_t bytes, events, n, stored;
	size_t depth, i;

	start(&b, s, flags);
	ns = must(calloc(pieces, sizeof(*ns)));
	depth = 0;
	for (n = 0; n < s->set * 3;)
		n += more(&b, s, &depth, &unused);
	bytes = b.bytes;
	stored = b.w == NULL ? 0 : mt_writer_bytes(b.w);
	b.write_ns = 0;
	for (events = i = 0; i < pieces; i++)
		events += more(&b, s, &depth, &ns[i]);
	mt_recorder_totals(b.r, &t);
	r->live = t.live;
	r->ns = median(ns, pieces);
	r->raw = (double)(b.bytes - bytes) / (double)events;
	if (b.w != NULL) {
		r->write_ns = b.write_ns / (double)events;
		r->stored = (double)(mt_writer_bytes(b.w) - stored) /
		    (double)events;
		r->scan_ns = scan(&b);
	}
	free(ns);
	stop(&b);
}

int
main(int argc, char *argv[])
{
	static const struct stream streams[] = {
		{ "object churn, 100 k live", more_churn, 100000, 500 },
		{ "random, 100 k live", more_random, 100000, 500 },
		{ "random, 4 M live", more_random, 4000000, 500 },
		{ "deep stacks", more_deep, 20000, 0 },
		{ "200 k sites", more_random, 100000, 200000 }
	};
	struct result tables, all;
	size_t i, pieces;

	pieces = (argc > 1 ? strtoul(argv[1], NULL, 10) : 10) * 16;
	if (pieces == 0)
		errx(2, "usage: recorder_bench [millions of events]");
	printf("%-24s %9s %8s %8s %8s %8s %8s %8s\n", "stream", "aggregate",
	    "encode", "write", "raw", "stored", "scan", "live");
	printf("%-24s %9s %8s %8s %8s %8s %8s %8s\n", "", "ns/event",
	    "ns/event", "ns/event", "B/event", "B/event", "M ev./s", "blocks");
	for (i = 0; i < sizeof(streams) / sizeof(streams[0]); i++) {
		if (argc > 2 && strstr(streams[i].name, argv[2]) == NULL)
			continue;
		run(&streams[i], MT_RECORDER_AGGREGATE, pieces, &tables);
		run(&streams[i], 0, pieces, &all);
		printf("%-24s %9.1f %8.1f %8.1f %8.2f %8.2f %8.1f %8" PRIu64
		    "\n", streams[i].name, tables.ns, all.ns - tables.ns,
		    all.write_ns, all.raw, all.stored, 1e3 / all.scan_ns,
		    all.live);
		(void)fflush(stdout);
	}
	return (0);
}
