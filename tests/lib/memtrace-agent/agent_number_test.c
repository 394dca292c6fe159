#include <sys/prctl.h>
#include <sys/syscall.h>

#include <atf-c.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <pthread.h>
#include <sched.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "agent_number.h"
#include "agent_sys.h"

#define THREADS	4
#define EVENTS	600000u		/* each */

static _Atomic uint8_t	*times_seen;

struct worker {
	struct agent_thread	t;
	struct mt_ring		ring;
	uint64_t		data[MT_RING_WORDS];
	uint64_t		assumed;	/* by the collector */
	unsigned		wrong;
	unsigned		pause;		/* events without one */
	pthread_t		thread;
};

static struct worker *
worker_new(unsigned pause)
{
	struct worker *w = calloc(1, sizeof(*w));

	ATF_REQUIRE(w != NULL);
	w->t.ring = &w->ring;
	w->t.data = w->data;
	w->t.limit = UINT64_MAX;
	w->pause = pause;
	return (w);
}

/* As the collector does: what the word before says, or one more. */
static void
worker_check(struct worker *w, uint64_t number)
{
	uint64_t last;

	if (w->t.head > 0) {
		last = w->data[(w->t.head - 1) & (MT_RING_WORDS - 1)];
		w->assumed = MT_WORD_SEQ(last);
		w->t.head = 0;
	}
	if (w->assumed++ != number)
		w->wrong++;
	if (number < THREADS * EVENTS)
		atomic_fetch_add(&times_seen[number], 1);
	else
		w->wrong++;
}

/* An event as most are, or one with a number that was reserved for it. */
static void
worker_event(struct worker *w, unsigned i)
{
	uint64_t number;

	if (i % 7 != 0) {
		agent_number_count(&w->t);
		worker_check(w, w->t.next_seq - 1);
		return;
	}
	number = agent_number_reserve(&w->t);
	if (i % 3 == 0)
		(void)sched_yield();
	agent_number_use(&w->t, number);
	worker_check(w, number);
}

static void *
worker_main(void *arg)
{
	struct worker *w = arg;
	unsigned i;

	w->t.tid = (uint32_t)agent_syscall(SYS_gettid);
	agent_number_begin(&w->t);
	for (i = 0; i < EVENTS; i++) {
		worker_event(w, i);
		if (i % w->pause == 0)
			(void)usleep(w->pause / 100);
	}
	return (NULL);
}

ATF_TC(each_once);
ATF_TC_HEAD(each_once, tc)
{
	atf_tc_set_md_var(tc, "descr", "threads that take turns in bursts, "
	    "short and long, get each number once, and say which it is");
}
ATF_TC_BODY(each_once, tc)
{
	static const unsigned pause[THREADS] = { 5003, 20011, 50021, 7919 };
	struct worker *w[THREADS];
	unsigned i, wrong = 0;

	agent->has_barrier = agent_barrier_register();
	times_seen = calloc(THREADS * EVENTS, 1);
	ATF_REQUIRE(times_seen != NULL);
	for (i = 0; i < THREADS; i++) {
		w[i] = worker_new(pause[i]);
		ATF_REQUIRE_EQ(0, pthread_create(&w[i]->thread, NULL,
		    worker_main, w[i]));
	}
	for (i = 0; i < THREADS; i++) {
		ATF_REQUIRE_EQ(0, pthread_join(w[i]->thread, NULL));
		ATF_CHECK_EQ(0, w[i]->wrong);
	}
	/* As in the agent, a block outlives its thread. */
	for (i = 0; i < THREADS; i++)
		free(w[i]);
	for (i = 0; i < THREADS * EVENTS; i++)
		wrong += times_seen[i] != 1;
	ATF_CHECK_EQ(0, wrong);
}

/* One that counts for itself, having taken 10000 numbers. */
static struct worker *
worker_alone(void)
{
	struct worker *w = worker_new(1);
	unsigned i;

	agent->has_barrier = agent_barrier_register();
	ATF_REQUIRE(agent->has_barrier);
	w->t.tid = (uint32_t)agent_syscall(SYS_gettid);
	agent_number_begin(&w->t);
	for (i = 0; i < 10000; i++)
		agent_number_count(&w->t);
	ATF_REQUIRE(w->t.alone);
	ATF_CHECK_EQ(0, w->t.head);
	ATF_CHECK_EQ(10000, w->t.next_seq);
	return (w);
}

ATF_TC(alone);
ATF_TC_HEAD(alone, tc)
{
	atf_tc_set_md_var(tc, "descr", "a thread that is alone takes over, and "
	    "gives back to one that begins, also after a jump");
}
ATF_TC_BODY(alone, tc)
{
	struct worker *a = worker_alone(), *b = worker_new(1);
	unsigned n;

	b->t.tid = a->t.tid;
	/* As if a handler had jumped out of the middle of it. */
	a->t.counting = true;
	agent_number_jumped(&a->t);
	ATF_CHECK(!a->t.counting);
	ATF_CHECK(!a->t.alone);
	ATF_CHECK_EQ(10000, agent->seq);
	agent_number_begin(&b->t);
	agent_number_count(&b->t);
	ATF_CHECK(!a->t.alone);
	ATF_CHECK_EQ(10001, b->t.next_seq);
	ATF_CHECK_EQ(10000, MT_WORD_SEQ(b->data[0]));
	agent_number_count(&a->t);
	ATF_CHECK_EQ(10002, a->t.next_seq);
	ATF_CHECK_EQ(10001, MT_WORD_SEQ(a->data[0]));
	/* The next user of the block of a thread that is gone. */
	for (n = 0; n < 10000; n++)
		agent_number_count(&a->t);
	ATF_CHECK(a->t.alone);
	agent_number_begin(&a->t);
	ATF_CHECK(!a->t.alone);
	ATF_CHECK_EQ(20002, agent_number_shared());
	free(a);
	free(b);
}

ATF_TC(jumps);
ATF_TC_HEAD(jumps, tc)
{
	atf_tc_set_md_var(tc, "descr", "a jump while numbers are taken back, "
	    "or taken over, leaves them as they were");
}
ATF_TC_BODY(jumps, tc)
{
	struct worker *w = worker_alone();

	/* Another one has begun to take back. */
	w->t.alone = false;
	agent_number_jumped(&w->t);
	agent_number_count(&w->t);
	ATF_CHECK_EQ(10001, w->t.next_seq);
	ATF_CHECK_EQ(10001, agent->seq);
	/* It was about to take over. */
	w->t.alone = true;
	agent_number_jumped(&w->t);
	agent_number_count(&w->t);
	ATF_CHECK(!w->t.alone);
	ATF_CHECK_EQ(10002, w->t.next_seq);
	ATF_CHECK_EQ(10002, agent->seq);
	free(w);
}

static void *
other_main(void *arg)
{
	agent_number_begin(arg);
	agent_number_count(arg);
	return (NULL);
}

ATF_TC(in_between);
ATF_TC_HEAD(in_between, tc)
{
	atf_tc_set_md_var(tc, "descr", "who takes numbers back waits for the "
	    "one that is being taken");
}
ATF_TC_BODY(in_between, tc)
{
	struct worker *a = worker_alone(), *b = worker_new(1);

	a->t.counting = true;
	ATF_REQUIRE_EQ(0, pthread_create(&b->thread, NULL, other_main, &b->t));
	while (a->t.alone)
		(void)sched_yield();
	a->t.next_seq++;
	a->t.counting = false;
	ATF_REQUIRE_EQ(0, pthread_join(b->thread, NULL));
	ATF_CHECK_EQ(10002, b->t.next_seq);
	free(a);
	free(b);
}

/* A number that is being taken for ever; another one is given all the same. */
static void
give_up_on(uint32_t tid)
{
	struct worker *a = worker_alone(), *b = worker_new(1);

	a->t.tid = tid;
	a->t.counting = true;
	b->t.tid = (uint32_t)agent_syscall(SYS_gettid);
	agent_number_begin(&b->t);
	agent_number_count(&b->t);
	ATF_CHECK(!a->t.alone);
	ATF_CHECK_EQ(10001, b->t.next_seq);
	ATF_CHECK_EQ(10001, agent->seq);
	free(a);
	free(b);
}

ATF_TC(never_ends);
ATF_TC_HEAD(never_ends, tc)
{
	atf_tc_set_md_var(tc, "descr", "who takes numbers back does not wait "
	    "for ever for a thread that is stopped in between");
	atf_tc_set_md_var(tc, "timeout", "60");
}
ATF_TC_BODY(never_ends, tc)
{
	give_up_on((uint32_t)agent_syscall(SYS_gettid));
}

static void *
tid_main(void *arg)
{
	*(uint32_t *)arg = (uint32_t)agent_syscall(SYS_gettid);
	return (NULL);
}

ATF_TC(gone);
ATF_TC_HEAD(gone, tc)
{
	atf_tc_set_md_var(tc, "descr", "nor for one that is gone");
	atf_tc_set_md_var(tc, "timeout", "60");
}
ATF_TC_BODY(gone, tc)
{
	pthread_t thread;
	uint32_t tid;

	ATF_REQUIRE_EQ(0, pthread_create(&thread, NULL, tid_main, &tid));
	ATF_REQUIRE_EQ(0, pthread_join(thread, NULL));
	give_up_on(tid);
}

/* As a program does that shuts itself up: who asks for a barrier is killed. */
static void
filter_barrier(void)
{
	struct sock_filter code[] = {
		BPF_STMT(BPF_LD | BPF_W | BPF_ABS,
		    offsetof(struct seccomp_data, nr)),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_membarrier, 0, 1),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_KILL),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW)
	};
	struct sock_fprog prog = { sizeof(code) / sizeof(code[0]), code };

	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == -1 ||
	    prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &prog) == -1)
		atf_tc_skip("no seccomp filters");
}

ATF_TC(barrier_lost);
ATF_TC_HEAD(barrier_lost, tc)
{
	atf_tc_set_md_var(tc, "descr", "numbers are taken back without a "
	    "barrier where a filter may forbid it, and not taken over again");
}
ATF_TC_BODY(barrier_lost, tc)
{
	struct worker *a = worker_alone(), *b = worker_new(1);
	unsigned i;

	filter_barrier();
	agent_number_begin(&b->t);
	for (i = 0; i < 20000; i++)
		agent_number_count(&b->t);
	ATF_CHECK(!agent->has_barrier);
	ATF_CHECK(!a->t.alone);
	ATF_CHECK(!b->t.alone);
	ATF_CHECK_EQ(30000, b->t.next_seq);
	ATF_CHECK_EQ(30000, agent->seq);
	free(a);
	free(b);
}

ATF_TC(no_barrier);
ATF_TC_HEAD(no_barrier, tc)
{
	atf_tc_set_md_var(tc, "descr",
	    "nothing is taken over without a barrier");
}
ATF_TC_BODY(no_barrier, tc)
{
	struct worker *w = worker_new(1);
	unsigned i;

	agent_number_begin(&w->t);
	for (i = 0; i < 20000; i++)
		agent_number_count(&w->t);
	ATF_CHECK(!w->t.alone);
	ATF_CHECK_EQ(20000, w->t.next_seq);
	ATF_CHECK_EQ(20000, agent->seq);
	free(w);
}

ATF_TP_ADD_TCS(tp)
{
	ATF_TP_ADD_TC(tp, each_once);
	ATF_TP_ADD_TC(tp, alone);
	ATF_TP_ADD_TC(tp, jumps);
	ATF_TP_ADD_TC(tp, in_between);
	ATF_TP_ADD_TC(tp, never_ends);
	ATF_TP_ADD_TC(tp, gone);
	ATF_TP_ADD_TC(tp, barrier_lost);
	ATF_TP_ADD_TC(tp, no_barrier);
	return (atf_no_error());
}
