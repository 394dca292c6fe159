/* The session page: clock, sign of life, bell. */

#include <string.h>
#include <time.h>
#include <unistd.h>

#include "mt_collect_error.h"
#include "mt_collect_map.h"
#include "mt_collect_session.h"

/* A start time further back than this is a mistake, not a delay. */
#define START_MAX_NS	3600000000000ull

/* So many sleeps that were so short, one after the other, are too many. */
#define FALSE_ALARMS	64u
#define FALSE_ALARM_NS	20000u

static uint64_t
clock_ns(clockid_t clock)
{
	struct timespec ts;

	(void)clock_gettime(clock, &ts);
	return ((uint64_t)ts.tv_sec * 1000000000u + (uint64_t)ts.tv_nsec);
}

static enum mt_status
page_init(struct mt_collect_session *s, struct mt_error *error)
{
	enum mt_status st;

	st = mt_collect_os_shm_open(&s->fd, MT_SESSION_BYTES, error);
	if (st != MT_OK)
		return (st);
	if ((s->page = mt_collect_map(s->fd, MT_SESSION_BYTES)) == NULL) {
		st = mt_collect_fail(error, MT_ERR_SYS, "session page");
		(void)close(s->fd);
		return (st);
	}
	mt_collect_os_shm_close(&s->fd);
	return (MT_OK);
}

static enum mt_status
bell_init(struct mt_collect_session *s, struct mt_error *error)
{
	enum mt_status st;

	st = mt_collect_os_shm(&s->bell_fd, MT_SESSION_BYTES, error);
	if (st != MT_OK)
		return (st);
	s->bell = mt_collect_map(s->bell_fd, MT_SESSION_BYTES);
	if (s->bell == NULL) {
		st = mt_collect_fail(error, MT_ERR_SYS, "bell");
		(void)close(s->bell_fd);
		return (st);
	}
	return (MT_OK);
}

enum mt_status
mt_collect_session_init(struct mt_collect_session *s, uint64_t start_time_ns,
    struct mt_error *error)
{
	enum mt_status st;
	uint64_t since;

	memset(s, 0, sizeof(*s));
	s->fd = s->bell_fd = -1;
	if ((st = page_init(s, error)) != MT_OK ||
	    (st = bell_init(s, error)) != MT_OK) {
		mt_collect_session_fini(s);
		return (st);
	}
	since = clock_ns(CLOCK_REALTIME) - start_time_ns;
	if (since > START_MAX_NS)
		since = 0;
	s->zero_ns = clock_ns(CLOCK_MONOTONIC) - since;
	s->page->magic = MT_SESSION_MAGIC;
	s->page->version = MT_WIRE_VERSION;
	(void)mt_collect_session_tick(s);
	return (MT_OK);
}

/* One that was zeroed has no pages, and so no descriptors. */
void
mt_collect_session_fini(struct mt_collect_session *s)
{
	if (s->page != NULL) {
		mt_collect_unmap(s->page, MT_SESSION_BYTES);
		(void)close(s->fd);
	}
	if (s->bell != NULL) {
		mt_collect_unmap(s->bell, MT_SESSION_BYTES);
		(void)close(s->bell_fd);
	}
	s->page = NULL;
	s->bell = NULL;
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
	return (atomic_load_explicit(&s->bell->unheard,
	    memory_order_relaxed));
}

unsigned
mt_collect_session_unfollowed(const struct mt_collect_session *s)
{
	uint32_t n = atomic_load_explicit(&s->bell->unfollowed,
	    memory_order_relaxed);

	/* One that died between two steps may have taken back too much. */
	return (n > INT32_MAX ? 0 : n);
}

bool
mt_collect_session_hold(struct mt_collect_session *s)
{
	bool robust;

	robust = mt_collect_os_lifeline(&s->lifeline, &s->page->lifeline);
	atomic_store(&s->page->robust, robust);
	return (robust);
}

void
mt_collect_session_end(struct mt_collect_session *s)
{
	atomic_fetch_or(&s->page->lifeline, MT_OWNER_DIED);
}

void
mt_collect_session_round(struct mt_collect_session *s)
{
	atomic_fetch_add_explicit(&s->page->rounds, 1, memory_order_relaxed);
}

void
mt_collect_session_doze(struct mt_collect_session *s)
{
	atomic_store(&s->bell->bell, 1);
	/* The caller's last look must not be ordered before this. */
	atomic_thread_fence(memory_order_seq_cst);
}

/* Who rings all the time for nothing does not keep us awake. */
static void
count_alarm(struct mt_collect_session *s, uint64_t slept_ns)
{
	struct timespec ts = { 0, 1000000 };

	if (slept_ns > FALSE_ALARM_NS)
		s->false_alarms = 0;
	else if (++s->false_alarms > FALSE_ALARMS)
		(void)nanosleep(&ts, NULL);
}

void
mt_collect_session_sleep(struct mt_collect_session *s, unsigned timeout_us)
{
	uint64_t begun;

	begun = clock_ns(CLOCK_MONOTONIC);
	mt_collect_os_wait(&s->bell->bell, 1, timeout_us);
	count_alarm(s, clock_ns(CLOCK_MONOTONIC) - begun);
	mt_collect_session_rise(s);
}

void
mt_collect_session_rise(struct mt_collect_session *s)
{
	atomic_store(&s->bell->bell, 0);
}

void
mt_collect_session_ring(struct mt_collect_session *s)
{
	if (atomic_exchange(&s->bell->bell, 0) == 1)
		mt_collect_os_wake(&s->bell->bell);
}
