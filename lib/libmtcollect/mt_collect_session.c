/* The session page: clock, sign of life, bell. */

#include <time.h>
#include <unistd.h>

#include "mt_collect_error.h"
#include "mt_collect_map.h"
#include "mt_collect_session.h"

/* A start time further back than this is a mistake, not a delay. */
#define START_MAX_NS	3600000000000ull

static uint64_t
clock_ns(clockid_t clock)
{
	struct timespec ts;

	(void)clock_gettime(clock, &ts);
	return ((uint64_t)ts.tv_sec * 1000000000u + (uint64_t)ts.tv_nsec);
}

enum mt_status
mt_collect_session_init(struct mt_collect_session *s, uint64_t start_time_ns,
    struct mt_error *error)
{
	enum mt_status st;
	uint64_t since;
	void *p;

	s->page = NULL;
	s->fd = -1;
	st = mt_collect_os_shm(&s->fd, MT_SESSION_BYTES, error);
	if (st != MT_OK)
		return (st);
	p = mt_collect_map(s->fd, MT_SESSION_BYTES);
	if (p == NULL) {
		st = mt_collect_fail(error, MT_ERR_SYS, "session page");
		(void)close(s->fd);
		return (st);
	}
	s->page = p;
	since = clock_ns(CLOCK_REALTIME) - start_time_ns;
	if (since > START_MAX_NS)
		since = 0;
	s->zero_ns = clock_ns(CLOCK_MONOTONIC) - since;
	s->page->magic = MT_SESSION_MAGIC;
	s->page->version = MT_WIRE_VERSION;
	(void)mt_collect_session_tick(s);
	return (MT_OK);
}

void
mt_collect_session_fini(struct mt_collect_session *s)
{
	if (s->page == NULL)
		return;
	mt_collect_unmap(s->page, MT_SESSION_BYTES);
	(void)close(s->fd);
	s->page = NULL;
}

uint64_t
mt_collect_session_tick(struct mt_collect_session *s)
{
	uint64_t now, seen;

	now = (clock_ns(CLOCK_MONOTONIC) - s->zero_ns) / 1000;
	seen = atomic_load_explicit(&s->page->clock_us, memory_order_relaxed);
	while (seen < now && !atomic_compare_exchange_weak_explicit(
	    &s->page->clock_us, &seen, now, memory_order_release,
	    memory_order_relaxed))
		continue;
	return (now);
}

unsigned
mt_collect_session_unheard(const struct mt_collect_session *s)
{
	return (atomic_load_explicit(&s->page->unheard,
	    memory_order_relaxed));
}

bool
mt_collect_session_hold(struct mt_collect_session *s)
{
	return (mt_collect_os_lifeline(&s->lifeline, &s->page->lifeline));
}

void
mt_collect_session_end(struct mt_collect_session *s)
{
	atomic_fetch_or(&s->page->lifeline, MT_OWNER_DIED);
}

void
mt_collect_session_doze(struct mt_collect_session *s)
{
	atomic_store(&s->page->bell, 1);
	/* The caller's last look must not be ordered before this. */
	atomic_thread_fence(memory_order_seq_cst);
}

void
mt_collect_session_sleep(struct mt_collect_session *s, unsigned timeout_us)
{
	mt_collect_os_wait(&s->page->bell, 1, timeout_us);
	mt_collect_session_rise(s);
}

void
mt_collect_session_rise(struct mt_collect_session *s)
{
	atomic_store(&s->page->bell, 0);
}

void
mt_collect_session_ring(struct mt_collect_session *s)
{
	if (atomic_exchange(&s->page->bell, 0) == 1)
		mt_collect_os_wake(&s->page->bell);
}
