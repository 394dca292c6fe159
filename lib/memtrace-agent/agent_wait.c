/*
 * Waiting for room in a ring.
 *
 * A program that allocates faster than the collector can read waits for it,
 * and so does one whose collector waits for the disk, or has been stopped.
 * But no wait is for ever.  The kernel tells when the collector is dead, or
 * else we ask.  A ring that stays unread for some time, though the collector
 * looks at all rings that it knows, is given up; and so it is at last,
 * whatever the reason.
 */

#include <time.h>

#include "agent_out.h"
#include "agent_share.h"
#include "agent_sys.h"

#define WAIT_CHECK_MS	50	/* how often a blocked thread looks around */
#define WAIT_STILL_MS	1000u	/* a clock that stands still is suspicious */
#define WAIT_UNREAD_MS	10000u	/* unread, through so many rounds */
#define WAIT_ROUNDS	100u
#define WAIT_MAX_MS	600000u	/* unread at all */

struct wait_state {
	uint64_t	tail;
	uint64_t	since_ms;	/* since when it is that */
	uint64_t	clock_us;	/* of the session, and */
	uint64_t	still_ms;	/* since when it stands still */
	uint32_t	rounds;		/* at since_ms */
};

static _Thread_local bool wait_counted
    __attribute__((__tls_model__("initial-exec")));	/* among the lost */

static uint64_t
wait_now(void)
{
	struct timespec ts;

	(void)clock_gettime(CLOCK_MONOTONIC, &ts);
	return ((uint64_t)ts.tv_sec * 1000 + (uint64_t)ts.tv_nsec / 1000000);
}

/* The collector sleeps, perhaps: wake it, also if somebody mutes the bell. */
static void
wait_ring_bell(bool surely)
{
	struct mt_bell *b = agent->bell;

	if (surely || (atomic_load(&b->bell) == 1 &&
	    atomic_exchange(&b->bell, 0) == 1)) {
		atomic_store(&b->bell, 0);
		agent_futex_wake(&b->bell);
	}
}

/* Words that the collector has made room for. */
static uint64_t
wait_free(const struct agent_thread *t)
{
	return (MT_RING_WORDS - (t->head - atomic_load_explicit(
	    &t->ring->tail, memory_order_acquire)));
}

/*
 * The next look at the tail is due when we have used what we saw free, or
 * half a ring before, to wake a collector that sleeps.
 */
static void
wait_set_limit(struct agent_thread *t, uint64_t n, uint64_t free)
{
	uint64_t half = free > MT_RING_WORDS / 2 ? free - MT_RING_WORDS / 2 :
	    free;

	t->limit = t->head + (half > n ? half : n);
	t->soft = t->limit - t->head < AGENT_OUT_ROOM ? t->head :
	    t->limit - AGENT_OUT_ROOM + 1;
	atomic_store_explicit(&t->soft_hot, atomic_load_explicit(&t->hot,
	    memory_order_relaxed) ? t->soft : 0, memory_order_relaxed);
}

/* True if the wait is over for good: nobody reads this ring. */
static bool
wait_is_vain(const struct agent_thread *t, struct wait_state *w)
{
	const struct mt_session_page *s = agent->session;
	uint64_t now = wait_now(), tail = atomic_load(&t->ring->tail);
	uint64_t clock_us = atomic_load(&s->clock_us);

	if (w->since_ms == 0 || tail != w->tail) {
		w->tail = tail;
		w->since_ms = now;
		w->rounds = atomic_load(&s->rounds);
	}
	if (w->still_ms == 0 || clock_us != w->clock_us) {
		w->clock_us = clock_us;
		w->still_ms = now;
	}
	return (now - w->since_ms >= WAIT_MAX_MS ||
	    (now - w->since_ms >= WAIT_UNREAD_MS &&
	    atomic_load(&s->rounds) - w->rounds >= WAIT_ROUNDS));
}

static bool
wait_is_over(const struct wait_state *w)
{
	const struct mt_session_page *s = agent->session;

	if (atomic_load(&s->lifeline) & MT_OWNER_DIED)
		return (true);
	return (!s->robust && wait_now() - w->still_ms >= WAIT_STILL_MS &&
	    agent_out_is_deserted());
}

static void
wait_once(struct agent_thread *t, uint64_t n)
{
	agent_out_publish(t);
	atomic_store(&t->ring->waiting, 1);
	wait_ring_bell(true);
	if (wait_free(t) < n)
		agent_futex_wait(&t->ring->waiting, 1, WAIT_CHECK_MS);
}

AGENT_COLD bool
agent_out_wait(struct agent_thread *t, uint64_t n)
{
	struct wait_state w = { 0, 0, 0, 0, 0 };
	uint64_t free;

	if (t->deaf)
		return (false);
	while ((free = wait_free(t)) < n) {
		/* Over; or forked in a hook, and nobody reads this ring. */
		if (atomic_load(&agent->phase) != AGENT_TRACING)
			return (false);
		if (wait_is_vain(t, &w)) {
			t->deaf = true;
			t->deaf_tail = w.tail;
			agent_share_instead(t);
			return (false);
		}
		wait_once(t, n);
		if (wait_is_over(&w)) {
			agent_out_abandon();
			return (false);
		}
	}
	if (free < MT_RING_WORDS / 2)
		wait_ring_bell(false);
	wait_set_limit(t, n, free);
	return (true);
}

bool
agent_out_is_read(const struct agent_thread *t)
{
	return (atomic_load(&t->ring->tail) != t->deaf_tail);
}

AGENT_COLD void
agent_out_lost(uint64_t bytes)
{
	struct mt_lost *l = agent->lost;

	if (atomic_load(&agent->phase) != AGENT_TRACING || l == NULL)
		return;
	atomic_fetch_add(&l->events, 1);
	atomic_fetch_add(&l->bytes, bytes);
	if (!wait_counted) {
		wait_counted = true;
		atomic_fetch_add(&l->threads, 1);
	}
}
