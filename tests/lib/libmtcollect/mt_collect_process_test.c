#include <sys/types.h>

#include <atf-c.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "process.h"

/* ---- Order ----------------------------------------------------------- */

ATF_TC(merge);
ATF_TC_HEAD(merge, tc)
{
	atf_tc_set_md_var(tc, "descr", "four threads, in order of numbers");
}
ATF_TC_BODY(merge, tc)
{
	enum { N = 40000 };
	uint64_t addr[N];
	uint64_t i, from;
	unsigned k, owner[N];

	begin();
	srandom(1);
	for (i = 0; i < N; i++) {
		owner[i] = (unsigned)random() % RINGS;
		addr[i] = 0x1000 + i;
	}
	/* Within a window, the threads publish in another order. */
	for (from = 0; from < N; from += 100) {
		for (k = 0; k < RINGS; k++) {
			for (i = from; i < from + 100; i++)
				if (owner[i] == k)
					producer_alloc(&prod[k], i, addr[i],
					    i);
			(void)drain(0);
		}
	}
	ATF_REQUIRE_EQ(N, rec->n);
	for (i = 0; i < N; i++)
		if (rec->event[i].addr != addr[i] ||
		    rec->event[i].thread != owner[i])
			atf_tc_fail("event %zu is wrong", (size_t)i);
	mt_collect_process_end(proc);
	ATF_CHECK_EQ(0, rec->lost);
	ATF_CHECK_STREQ("main", rec->thread[0]);
	end();
}

ATF_TC(wrap);
ATF_TC_HEAD(wrap, tc)
{
	atf_tc_set_md_var(tc, "descr", "records across the end of the ring");
}
ATF_TC_BODY(wrap, tc)
{
	uint64_t i, n;
	uint32_t id;

	begin();
	for (id = 1, i = n = 0; n < 5 * MT_RING_WORDS; i++) {
		producer_alloc(&prod[0], i, i, 1);
		if (i % 1000 == 0)
			producer_code(&prod[0], id++, "function", "file.py");
		if (i % 777 == 0)
			n += drain(0);
	}
	(void)drain(0);
	ATF_CHECK_EQ(MT_COLLECT_LIVE, proc->state);
	ATF_CHECK_EQ(i, rec->n);
	ATF_CHECK_EQ(i - 1, rec->event[rec->n - 1].addr);
	ATF_CHECK_EQ(atomic_load(&prod[0].ring->head),
	    atomic_load(&prod[0].ring->tail));
	ATF_CHECK_STREQ("file.py:function", rec->name[63]);
	end();
}

ATF_TC(nop);
ATF_TC_HEAD(nop, tc)
{
	atf_tc_set_md_var(tc, "descr", "a number that was not needed");
}
ATF_TC_BODY(nop, tc)
{
	begin();
	producer_alloc(&prod[1], 1, 0xb, 1);
	(void)drain(0);
	ATF_CHECK_EQ(0, rec->n);
	producer_event(&prod[0], 0, MT_OP_NOP, 0, 0);
	(void)drain(0);
	ATF_CHECK_EQ(1, rec->n);
	end();
}

ATF_TC(gap_while_waiting);
ATF_TC_HEAD(gap_while_waiting, tc)
{
	atf_tc_set_md_var(tc, "descr", "a missing number does not block a "
	    "thread whose ring is full; what comes late is recorded");
}
ATF_TC_BODY(gap_while_waiting, tc)
{
	uint64_t i;

	begin();
	for (i = 1; prod[0].head + 3 <= MT_RING_WORDS; i++)
		producer_alloc(&prod[0], i, i, 1);
	(void)drain(0);
	(void)drain(MT_COLLECT_GAP_US / 2);
	ATF_CHECK_EQ_MSG(0, rec->n, "nobody waits, so the number may come");
	atomic_store(&prod[0].ring->waiting, 1);
	(void)drain(MT_COLLECT_GAP_US / 2 + 1);
	ATF_CHECK_EQ(i - 1, rec->n);
	ATF_CHECK_EQ(0, atomic_load(&prod[0].ring->waiting));
	mt_collect_process_lost(proc);
	ATF_CHECK_EQ(1, proc->gaps);
	ATF_CHECK_EQ(1, rec->lost);
	producer_event(&prod[1], 0, MT_OP_FREE, 2, 0xf);
	(void)drain(MT_COLLECT_GAP_US);
	ATF_CHECK_EQ(i, rec->n);
	ATF_CHECK_EQ(0, proc->gaps);
	end();
}

ATF_TC(gap_in_time);
ATF_TC_HEAD(gap_in_time, tc)
{
	atf_tc_set_md_var(tc, "descr", "a missing number is given up at last");
}
ATF_TC_BODY(gap_in_time, tc)
{
	begin();
	producer_alloc(&prod[0], 3, 0xa, 1);
	(void)drain(1);
	(void)drain(MT_COLLECT_GAP_US);
	ATF_CHECK_EQ(0, rec->n);
	(void)drain(1 + MT_COLLECT_GAP_US);
	ATF_CHECK_EQ(1, rec->n);
	ATF_CHECK_EQ(3, proc->gaps);
	end();
}

ATF_TC(gap_at_end);
ATF_TC_HEAD(gap_at_end, tc)
{
	atf_tc_set_md_var(tc, "descr", "after the end, what is there counts; "
	    "missing is what cannot have been at work");
}
ATF_TC_BODY(gap_at_end, tc)
{
	begin();
	producer_alloc(&prod[2], 29, 0xc, 1);
	producer_alloc(&prod[0], 2, 0xa, 1);
	producer_alloc(&prod[1], 5, 0xb, 1);
	(void)drain(0);
	mt_collect_process_end(proc);
	ATF_REQUIRE_EQ(3, rec->n);
	ATF_CHECK_EQ(0xa, rec->event[0].addr);
	ATF_CHECK_EQ(0xb, rec->event[1].addr);
	ATF_CHECK_EQ(0xc, rec->event[2].addr);
	ATF_CHECK_EQ(27 - 2 * RINGS, rec->lost);
	end();
}

ATF_TC(killed_at_work);
ATF_TC_HEAD(killed_at_work, tc)
{
	atf_tc_set_md_var(tc, "descr", "a thread that was killed inside of a "
	    "hook has lost nothing");
}
ATF_TC_BODY(killed_at_work, tc)
{
	begin();
	producer_alloc(&prod[0], 0, 0xa, 1);
	producer_alloc(&prod[1], 3, 0xb, 1);
	(void)drain(0);
	mt_collect_process_end(proc);
	ATF_CHECK_EQ(2, rec->n);
	ATF_CHECK_EQ(0, rec->lost);
	end();
}

/* ---- State ----------------------------------------------------------- */

ATF_TC(stack);
ATF_TC_HEAD(stack, tc)
{
	atf_tc_set_md_var(tc, "descr", "push, replace, pop some, pop all");
}
ATF_TC_BODY(stack, tc)
{
	struct producer *p = &prod[0];
	const struct mt_node *n;

	begin();
	producer_push(p, 1, 10);
	producer_push(p, 2, 20);
	producer_alloc(p, 0, 0xa, 1);
	producer_word(p, MT_FRAME_WORD(MT_OP_TOP, 2, MT_FRAME_NOWHERE));
	producer_alloc(p, 1, 0xb, 1);
	producer_word(p, MT_WORD(MT_OP_POP, 0, 1));
	producer_alloc(p, 2, 0xc, 1);
	producer_push(p, 3, 0);
	producer_word(p, MT_WORD(MT_OP_POP, 0, MT_WORD_VALUE_MASK));
	producer_alloc(p, 3, 0xd, 1);
	(void)drain(0);
	ATF_REQUIRE_EQ(4, rec->n);
	n = &rec->node[rec->event[0].node];
	ATF_CHECK_EQ(20, n->offset);
	ATF_CHECK_EQ(10, rec->node[n->parent].offset);
	ATF_CHECK_EQ(0, rec->node[n->parent].parent);
	ATF_CHECK_EQ(n->parent, rec->node[rec->event[1].node].parent);
	ATF_CHECK(rec->node[rec->event[1].node].offset < 0);
	ATF_CHECK_EQ(n->parent, rec->event[2].node);
	ATF_CHECK_EQ(0, rec->event[3].node);
	end();
}

ATF_TC(same_stacks);
ATF_TC_HEAD(same_stacks, tc)
{
	atf_tc_set_md_var(tc, "descr", "frames that come again, in the same "
	    "ring or in another one, are the same nodes");
}
ATF_TC_BODY(same_stacks, tc)
{
	enum { ROUNDS = 3, DEPTH = 200 };
	uint32_t first[2 * DEPTH + 1];
	struct producer *p;
	unsigned i, k, round;
	uint64_t seq = 0;

	begin();
	for (round = 0; round < ROUNDS * RINGS; round++) {
		p = &prod[round % RINGS];
		for (i = 0; i < DEPTH; i++) {
			producer_push(p, 1 + i % 2, i);
			producer_alloc(p, seq++, 16, 1);
			producer_word(p, MT_FRAME_WORD(MT_OP_TOP, 1 + i % 2,
			    1000 + i));
			producer_alloc(p, seq++, 16, 1);
		}
		producer_word(p, MT_WORD(MT_OP_POP, 0, DEPTH - 10));
		producer_alloc(p, seq++, 16, 1);
		producer_word(p, MT_WORD(MT_OP_POP, 0, 10));
		producer_event(p, seq++, MT_OP_FREE, 2, 16);
		(void)drain(0);
	}
	ATF_REQUIRE_EQ(seq, rec->n);
	ATF_CHECK_EQ(2 * DEPTH + 1, rec->nodes);
	for (i = 0; i <= 2 * DEPTH; i++) {
		first[i] = rec->event[i].node;
		for (k = 1; k < round; k++)
			ATF_REQUIRE_EQ(first[i],
			    rec->event[k * (2 * DEPTH + 2) + i].node);
	}
	for (i = 2; i < 2 * DEPTH; i++)
		ATF_REQUIRE_EQ(first[(i - 1) | 1],
		    i % 2 == 0 ? rec->node[first[i]].parent : first[i]);
	ATF_CHECK_EQ(first[19], first[2 * DEPTH]);
	end();
}

ATF_TC(code_before_description);
ATF_TC_HEAD(code_before_description, tc)
{
	atf_tc_set_md_var(tc, "descr", "used here, described elsewhere");
}
ATF_TC_BODY(code_before_description, tc)
{
	uint32_t code;

	begin();
	producer_push(&prod[0], 5, 0);
	producer_alloc(&prod[0], 0, 0xa, 1);
	(void)drain(0);
	producer_code(&prod[3], 5, "f", "a.py");
	producer_push(&prod[1], 5, 0);
	producer_alloc(&prod[1], 1, 0xb, 1);
	(void)drain(0);
	ATF_REQUIRE_EQ(2, rec->n);
	ATF_CHECK_EQ(rec->event[0].node, rec->event[1].node);
	code = rec->node[rec->event[0].node].code;
	ATF_CHECK_EQ(2, rec->codes);
	ATF_CHECK_STREQ("a.py:f", rec->name[code]);
	end();
}

ATF_TC(steps);
ATF_TC_HEAD(steps, tc)
{
	atf_tc_set_md_var(tc, "descr", "the top frame goes on as it allocates");
}
ATF_TC_BODY(steps, tc)
{
	struct producer *p = &prod[0];
	const struct fake_event *e;
	const struct mt_node *n;

	begin();
	producer_push(p, 1, 10);
	producer_push(p, 2, 20);
	producer_alloc(p, 0, 0xa0, 1);
	producer_word(p, MT_STEP_WORD(MT_ALLOCATOR_MALLOC, 0xb0, 511, 254));
	producer_word(p, MT_STEP_WORD(MT_ALLOCATOR_PYMALLOC_MALLOC, 0xc0, 0,
	    -256));
	producer_word(p, MT_WORD(MT_OP_POP, 0, 1));
	producer_word(p, MT_STEP_WORD(MT_ALLOCATOR_MALLOC, 0xd0, 7, -10));
	producer_publish(p);
	(void)drain(0);
	ATF_REQUIRE_EQ(4, rec->n);
	e = rec->event;
	n = rec->node;
	ATF_CHECK_EQ(0xb0, e[1].addr);
	ATF_CHECK_EQ(511, e[1].size);
	ATF_CHECK_EQ(MT_ALLOCATOR_MALLOC, e[1].allocator);
	ATF_CHECK_EQ(274, n[e[1].node].offset);
	ATF_CHECK_EQ(0xc0, e[2].addr);
	ATF_CHECK_EQ(0, e[2].size);
	ATF_CHECK_EQ(MT_ALLOCATOR_PYMALLOC_MALLOC, e[2].allocator);
	ATF_CHECK_EQ(18, n[e[2].node].offset);
	ATF_CHECK_EQ(n[e[0].node].parent, n[e[2].node].parent);
	ATF_CHECK_EQ(n[e[0].node].code, n[e[2].node].code);
	ATF_CHECK_EQ(0, n[e[3].node].offset);
	ATF_CHECK_EQ(0, n[e[3].node].parent);
	end();
}

ATF_TC(time_and_samples);
ATF_TC_HEAD(time_and_samples, tc)
{
	atf_tc_set_md_var(tc, "descr", "time does not go back between threads; "
	    "samples lie among the events of their time");
}
ATF_TC_BODY(time_and_samples, tc)
{
	struct mt_sample s = { .time_ns = 150000 };

	begin();
	mt_collect_process_sample(proc, &s);
	producer_word(&prod[0], MT_WORD(MT_OP_TIME, 0, 100));
	producer_alloc(&prod[0], 0, 0xa, 1);
	producer_word(&prod[0], MT_WORD(MT_OP_TIME, 0, 200));
	producer_alloc(&prod[0], 1, 0xb, 1);
	producer_word(&prod[1], MT_WORD(MT_OP_TIME, 0, 180));
	producer_alloc(&prod[1], 2, 0xc, 1);
	producer_word(&prod[1], MT_WORD(MT_OP_TIME, 0, UINT64_MAX / 2));
	producer_alloc(&prod[1], 3, 0xd, 1);
	(void)drain(300);
	ATF_REQUIRE_EQ(5, rec->n);
	ATF_CHECK_EQ(100000, rec->event[0].time_ns);
	ATF_CHECK_EQ('s', rec->event[1].what);
	ATF_CHECK_EQ(200000, rec->event[2].time_ns);
	ATF_CHECK_EQ(200000, rec->event[3].time_ns);
	ATF_CHECK_EQ_MSG(300000, rec->event[4].time_ns, "from the future");
	mt_collect_process_sample(proc, &s);
	(void)drain(400);
	ATF_CHECK_EQ('s', rec->event[5].what);
	end();
}

ATF_TC(events);
ATF_TC_HEAD(events, tc)
{
	atf_tc_set_md_var(tc, "descr", "each kind of event and of description");
}
ATF_TC_BODY(events, tc)
{
	struct producer *p = &prod[0];

	begin();
	producer_event(p, 0, MT_OP_MARK, MT_MARK_START, 0);
	producer_alloc(p, 1, 0xabc, 77);
	producer_event(p, 2, MT_OP_FREE, MT_ALLOCATOR_FREE, 0xabc);
	producer_number(p, 3);
	producer_word(p, MT_WORD(MT_OP_UNMAP, 0, 0x4000));
	producer_word(p, 0x1000);
	producer_publish(p);
	producer_payload(p, MT_OP_INFO, "key\0value", 9);
	producer_payload(p, MT_OP_NOTE, "a\tb\n", 4);
	producer_payload(p, MT_OP_NOTE, "second", 6);
	producer_word(p, MT_WORD(MT_OP_LOST, 0, 12));
	producer_event(p, 4, MT_OP_MARK, MT_MARK_END, 0);
	(void)drain(0);
	ATF_REQUIRE_EQ(4, rec->n);
	ATF_CHECK_EQ('a', rec->event[0].what);
	ATF_CHECK_EQ(77, rec->event[0].size);
	ATF_CHECK_EQ('f', rec->event[1].what);
	ATF_CHECK_EQ('u', rec->event[2].what);
	ATF_CHECK_EQ(0x1000, rec->event[2].size);
	ATF_CHECK_EQ('e', rec->event[3].what);
	ATF_CHECK(proc->script_ended);
	ATF_CHECK_STREQ("key=value", rec->info);
	ATF_CHECK_STREQ("a?b?\nsecond", proc->notes);
	mt_collect_process_end(proc);
	ATF_CHECK_EQ(12, rec->lost);
	end();
}

ATF_TC(notes_are_bounded);
ATF_TC_HEAD(notes_are_bounded, tc)
{
	atf_tc_set_md_var(tc, "descr", "notes end where their place ends");
}
ATF_TC_BODY(notes_are_bounded, tc)
{
	char text[1000];
	int i;

	begin();
	memset(text, 'x', sizeof(text));
	for (i = 0; i < 5; i++)
		producer_payload(&prod[0], MT_OP_NOTE, text, sizeof(text));
	(void)drain(0);
	ATF_CHECK_EQ(MT_COLLECT_NOTES - 1, strlen(proc->notes));
	end();
}

/* ---- Threads that end ------------------------------------------------ */

static void *
say_tid(void *arg)
{
	*(uint32_t *)arg = (uint32_t)gettid();
	return (NULL);
}

static void
set_owner(unsigned i, enum mt_ring_state state, uint32_t tid)
{
	atomic_store(&prod[i].ring->owner, MT_RING_OWNER(state, tid, 7));
}

static enum mt_ring_state
state_of(unsigned i)
{
	return (MT_RING_STATE(atomic_load(&prod[i].ring->owner)));
}

ATF_TC(reap);
ATF_TC_HEAD(reap, tc)
{
	atf_tc_set_md_var(tc, "descr", "rings of ended threads are free again");
}
ATF_TC_BODY(reap, tc)
{
	struct mt_collect_proc self;
	struct producer again;
	pthread_t thread;
	uint32_t tid;

	begin();
	ATF_REQUIRE_EQ(0, pthread_create(&thread, NULL, say_tid, &tid));
	ATF_REQUIRE_EQ(0, pthread_join(thread, NULL));
	mt_collect_proc_open(&self, getpid());
	/* 0 lives, 1 is gone, 2 said that it goes, 3 has something left. */
	set_owner(1, MT_RING_USED, tid);
	set_owner(2, MT_RING_LEAVING, tid);
	set_owner(3, MT_RING_USED, tid);
	producer_alloc(&prod[3], 5, 0xc, 1);
	(void)drain(0);
	mt_collect_process_reap(proc, &self, false);
	ATF_CHECK_EQ(MT_RING_FREE, state_of(2));
	ATF_CHECK_EQ(MT_RING_USED, state_of(1));
	mt_collect_process_reap(proc, &self, true);
	ATF_CHECK_EQ(MT_RING_USED, state_of(0));
	ATF_CHECK_EQ(MT_RING_FREE, state_of(1));
	ATF_CHECK_EQ(MT_RING_USED, state_of(3));
	ATF_REQUIRE(producer_claim(&again, NULL, arena, 1));
	producer_thread(&again, 200, "again");
	producer_alloc(&again, 0, 0xd, 1);
	(void)drain(0);
	ATF_REQUIRE_EQ(1, rec->n);
	ATF_CHECK_STREQ("again", rec->thread[rec->event[0].thread]);
	mt_collect_proc_close(&self);
	end();
}

ATF_TC(heir);
ATF_TC_HEAD(heir, tc)
{
	atf_tc_set_md_var(tc, "descr", "a thread goes on with the ring of one "
	    "that is gone, which is then not free");
}
ATF_TC_BODY(heir, tc)
{
	struct mt_collect_ring *r;
	uint64_t owner;

	begin();
	r = &proc->arena[0]->ring[1];
	set_owner(1, MT_RING_LEAVING, 4711);
	owner = mt_collect_ring_owner(r);
	producer_push(&prod[1], 1, 10);
	producer_alloc(&prod[1], 0, 0xa, 1);
	ATF_CHECK(!mt_collect_ring_recycle(r, owner));
	ATF_CHECK_EQ(MT_RING_LEAVING, state_of(1));
	set_owner(1, MT_RING_USED, 4712);
	producer_thread(&prod[1], 300, "heir");
	prod[1].seq = UINT64_MAX;
	producer_alloc(&prod[1], 1, 0xb, 1);
	(void)drain(0);
	ATF_REQUIRE_EQ(2, rec->n);
	ATF_CHECK_STREQ("other", rec->thread[rec->event[0].thread]);
	ATF_CHECK_STREQ("heir", rec->thread[rec->event[1].thread]);
	ATF_CHECK(rec->event[0].node != 0);
	ATF_CHECK_EQ(0, rec->event[1].node);
	ATF_CHECK(!mt_collect_ring_recycle(r, owner));
	ATF_CHECK_EQ(MT_RING_USED, state_of(1));
	ATF_CHECK(mt_collect_ring_recycle(r, mt_collect_ring_owner(r)));
	ATF_CHECK_EQ(MT_RING_FREE, state_of(1));
	end();
}

ATF_TP_ADD_TCS(tp)
{
	ATF_TP_ADD_TC(tp, merge);
	ATF_TP_ADD_TC(tp, wrap);
	ATF_TP_ADD_TC(tp, nop);
	ATF_TP_ADD_TC(tp, gap_while_waiting);
	ATF_TP_ADD_TC(tp, gap_in_time);
	ATF_TP_ADD_TC(tp, gap_at_end);
	ATF_TP_ADD_TC(tp, killed_at_work);
	ATF_TP_ADD_TC(tp, stack);
	ATF_TP_ADD_TC(tp, steps);
	ATF_TP_ADD_TC(tp, same_stacks);
	ATF_TP_ADD_TC(tp, code_before_description);
	ATF_TP_ADD_TC(tp, time_and_samples);
	ATF_TP_ADD_TC(tp, events);
	ATF_TP_ADD_TC(tp, notes_are_bounded);
	ATF_TP_ADD_TC(tp, reap);
	ATF_TP_ADD_TC(tp, heir);
	return (atf_no_error());
}
