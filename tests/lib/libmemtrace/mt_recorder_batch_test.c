#include <atf-c.h>
#include <stdlib.h>
#include <string.h>

#include <mt_wire.h>

#include "mt_events.h"
#include "mt_private.h"

#define THREADS	3u
#define NODES	40u

/* A recorder, and the events of the blocks that it has handed over. */
struct side {
	struct mt_recorder	*r;
	struct mt_event		*event;
	size_t			 n;
	size_t			 cap;
};

static enum mt_status
keep(void *arg, enum mt_block_type type, void *data, size_t len,
    struct mt_error *e)
{
	struct side *s = arg;
	struct mt_events_dec dec;
	size_t got;

	(void)e;
	memset(&dec, 0, sizeof(dec));
	if (type == MT_BLOCK_EVENTS) {
		ATF_REQUIRE_EQ(MT_OK, mt_events_dec_start(&dec, data, len,
		    NULL));
		dec.max_node = dec.max_thread = UINT32_MAX;
		do {
			if (s->cap - s->n < 1000) {
				s->cap = s->cap * 2 + 1000;
				s->event = realloc(s->event, s->cap *
				    sizeof(*s->event));
				ATF_REQUIRE(s->event != NULL);
				/* Also what is between members. */
				memset(s->event + s->n, 0, (s->cap - s->n) *
				    sizeof(*s->event));
			}
			got = mt_events_dec_next(&dec, s->event + s->n, 1000);
			s->n += got;
		} while (got > 0);
		ATF_REQUIRE(!dec.bad);
	}
	mt_events_dec_fini(&dec);
	free(data);
	return (MT_OK);
}

static void
start(struct side *s, unsigned flags)
{
	const struct mt_sink sink = { keep, s };
	uint32_t i, id;

	memset(s, 0, sizeof(*s));
	ATF_REQUIRE_EQ(MT_OK, mt_recorder_new(&s->r, &sink, flags, NULL));
	for (i = 0; i < THREADS; i++)
		ATF_REQUIRE_EQ(MT_OK, mt_recorder_thread_new(s->r, 77 + i,
		    "T", &id, NULL));
	for (i = 1; i < NODES; i++)
		ATF_REQUIRE_EQ(MT_OK, mt_recorder_node(s->r, i / 3, 0,
		    (int32_t)i, &id, NULL));
}

static void
stop(struct side *s)
{
	mt_recorder_free(s->r);
	free(s->event);
}

static struct mt_record
alloc(uint64_t addr, uint64_t size)
{
	const struct mt_record q = { addr, size, 0, 1, MT_ALLOCATOR_MALLOC,
	    MT_EVENT_ALLOC };

	return (q);
}

/*
 * Of a few thousand blocks and some mappings, with every kind of mistake: what
 * is freed was never there, and addresses are taken twice.
 */
static struct mt_record
draw(unsigned addresses)
{
	struct mt_record q;
	unsigned kind = (unsigned)random() % 1000;

	q = alloc(((uint64_t)random() % addresses + 1) * 8,
	    (uint64_t)random() % 2000);
	q.thread = (uint32_t)random() % 20 < 18 ? 0 :
	    (uint32_t)random() % THREADS;
	q.node = (uint32_t)random() % NODES;
	if (kind < 480)
		q.type = MT_EVENT_FREE;
	else if (kind < 500)
		q.size = UINT32_MAX - 3 + (uint64_t)random() % 6;
	else if (kind < 505)
		q.size = (UINT64_C(1) << 48) - 1;
	else if (kind < 600)
		q.allocator = MT_ALLOCATOR_PYMALLOC_MALLOC;
	else if (kind < 630) {
		q.addr = (UINT64_C(1) << 40) + q.addr / 8 % 100 * 4096;
		q.size *= 64;
		q.type = kind < 615 ? MT_EVENT_UNMAP : MT_EVENT_ALLOC;
		q.allocator = MT_ALLOCATOR_MMAP;
	}
	return (q);
}

static void
feed_one(struct side *s, const struct mt_record *q)
{
	enum mt_status st;

	if (q->type == MT_EVENT_FREE)
		st = mt_recorder_free_at(s->r, q->thread, q->addr, NULL);
	else if (q->type == MT_EVENT_UNMAP)
		st = mt_recorder_unmap(s->r, q->thread, q->addr, q->size,
		    NULL);
	else
		st = mt_recorder_alloc(s->r, q->thread, q->node, q->allocator,
		    q->addr, q->size, NULL);
	ATF_REQUIRE_EQ(MT_OK, st);
}

static void
check_same(struct side *a, struct side *b)
{
	const struct mt_site *sa, *sb;
	struct mt_totals ta, tb;
	size_t i, na, nb;

	mt_recorder_totals(a->r, &ta);
	mt_recorder_totals(b->r, &tb);
	ATF_CHECK_EQ(0, memcmp(&ta, &tb, sizeof(ta)));
	ATF_REQUIRE_EQ(MT_OK, mt_recorder_sites(a->r, &sa, &na, NULL));
	ATF_REQUIRE_EQ(MT_OK, mt_recorder_sites(b->r, &sb, &nb, NULL));
	ATF_REQUIRE_EQ(na, nb);
	ATF_CHECK_EQ(0, memcmp(sa, sb, na * sizeof(*sa)));
	ATF_REQUIRE_EQ(MT_OK, mt_recorder_finish(a->r, NULL));
	ATF_REQUIRE_EQ(MT_OK, mt_recorder_finish(b->r, NULL));
	ATF_REQUIRE_EQ(a->n, b->n);
	for (i = 0; i < a->n; i++)
		ATF_REQUIRE_EQ(0, memcmp(&a->event[i], &b->event[i],
		    sizeof(a->event[i])));
}

/* The same events, one by one and in batches of all sizes. */
static void
compare(unsigned flags, unsigned addresses, unsigned rounds)
{
	struct side many, one;
	struct mt_record q[150];
	unsigned i, n, round;

	srandom(addresses);
	start(&many, flags);
	start(&one, flags);
	for (round = 0; round < rounds; round++) {
		n = (unsigned)random() % 150;
		for (i = 0; i < n; i++) {
			q[i] = draw(addresses);
			feed_one(&one, &q[i]);
		}
		ATF_REQUIRE_EQ(MT_OK, mt_recorder_events(many.r, q, n, NULL));
		if (random() % 10 == 0) {
			q[0] = alloc(8, 8);
			feed_one(&one, &q[0]);
			feed_one(&many, &q[0]);
			mt_recorder_time(one.r, round * 100000);
			mt_recorder_time(many.r, round * 100000);
		}
	}
	check_same(&many, &one);
	stop(&many);
	stop(&one);
}

ATF_TC(same);
ATF_TC_HEAD(same, tc)
{
	atf_tc_set_md_var(tc, "descr", "Many events at a time are the same as "
	    "one by one, whatever happens in them");
}
ATF_TC_BODY(same, tc)
{
	compare(0, 3000, 4000);
	compare(0, 30, 500);
	compare(0, 200000, 4000);
	compare(MT_RECORDER_AGGREGATE, 3000, 1000);
}

ATF_TC(bad);
ATF_TC_HEAD(bad, tc)
{
	atf_tc_set_md_var(tc, "descr", "A bad event ends a batch: what is "
	    "before it counts, it and what follows do not");
}
ATF_TC_BODY(bad, tc)
{
	static const struct {
		struct mt_record	 q;
		const char		*text;
	} bad[] = {
		{ { 64, 1, THREADS, 1, 1, MT_EVENT_ALLOC }, "thread 3" },
		{ { 16, 0, THREADS, 0, 0, MT_EVENT_FREE }, "thread 3" },
		{ { 16, 9, THREADS, 0, 0, MT_EVENT_UNMAP }, "thread 3" },
		{ { 64, 1, 0, NODES, 1, MT_EVENT_ALLOC }, "stack 40" },
		{ { 64, 1, 0, 1, 0, MT_EVENT_ALLOC }, "allocator 0" },
		{ { 64, 1, 0, 1, 62, MT_EVENT_ALLOC }, "allocator 62" },
		{ { 64, 1, 0, 1, 257, MT_EVENT_ALLOC }, "allocator 257" },
		{ { 64, UINT64_C(1) << 48, 0, 1, 1, MT_EVENT_ALLOC },
		    "size 281474976710656" },
		{ { 16, 1, 0, 1, 1, 0 }, "event 0" },
		{ { 16, 1, 0, 1, 1, 4 }, "event 4" },
		{ { 16, 1, 0, 1, 1, UINT32_MAX }, "event 4294967295" }
	};
	struct mt_record q[100];
	struct mt_totals t;
	struct mt_error e;
	struct side s;
	size_t at, i, n;

	for (i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		at = i * 9;
		start(&s, 0);
		for (n = 0; n < 100; n++)
			q[n] = alloc(n * 16 + 16, 10);
		q[at] = bad[i].q;
		ATF_CHECK_EQ(MT_ERR_LIMIT, mt_recorder_events(s.r, q, 100,
		    &e));
		ATF_CHECK_MSG(strncmp(e.text, bad[i].text,
		    strlen(bad[i].text)) == 0, "%s", e.text);
		mt_recorder_totals(s.r, &t);
		ATF_CHECK_EQ(at, t.events);
		ATF_CHECK_EQ(at, t.allocations);
		ATF_CHECK_EQ(at * 10, t.heap);
		ATF_REQUIRE_EQ(MT_OK, mt_recorder_finish(s.r, NULL));
		ATF_CHECK_EQ(at, s.n);
		stop(&s);
	}
}

ATF_TC(ended);
ATF_TC_HEAD(ended, tc)
{
	atf_tc_set_md_var(tc, "descr", "After the script's end, and of "
	    "nothing, nothing is recorded");
}
ATF_TC_BODY(ended, tc)
{
	struct mt_record q[2] = { alloc(16, 1), alloc(32, 1) };
	struct mt_totals t;
	struct side s;

	start(&s, 0);
	ATF_CHECK_EQ(MT_OK, mt_recorder_events(s.r, q, 0, NULL));
	ATF_CHECK_EQ(MT_OK, mt_recorder_events(s.r, q, 1, NULL));
	mt_recorder_end_of_script(s.r);
	q[0].type = 99;
	ATF_CHECK_EQ(MT_OK, mt_recorder_events(s.r, q, 2, NULL));
	mt_recorder_totals(s.r, &t);
	ATF_CHECK_EQ(1, t.events);
	stop(&s);
}

ATF_TP_ADD_TCS(tp)
{
	ATF_TP_ADD_TC(tp, same);
	ATF_TP_ADD_TC(tp, bad);
	ATF_TP_ADD_TC(tp, ended);
	return (atf_no_error());
}
