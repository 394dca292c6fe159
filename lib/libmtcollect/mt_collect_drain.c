/* The drain thread. */

#include <sys/mman.h>

#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include "mt_collect_drain.h"
#include "mt_collect_error.h"
#include "mt_collect_thread.h"

/*
 * Sleep, in microseconds, while events come, while some wait for others, and
 * while there are none: producers ring the bell before a ring is full.  And
 * words in a round after which there is no sleep, or but a short one.
 */
#define SLEEP_MIN	1000u
#define SLEEP_HELD	10000u
#define SLEEP_MAX	40000u
#define WORDS_BUSY	(16u * 1024)
#define WORDS_SOME	512u

/* Periods of chores, in microseconds. */
#define PERIOD_REAP	10000u
#define PERIOD_CHECK	100000u
#define PERIOD_FLUSH	1000000u

#define NEWS_ARENAS	8u
#define NEWS_SAMPLES	64u

/* From the main thread; taken as a whole. */
struct news {
	struct mt_collect_process	*process;
	const struct mt_collect_proc	*proc;
	char				 py_version[64];
	struct mt_arena			*arena[NEWS_ARENAS];
	unsigned			 narenas;
	struct mt_sample		 sample[NEWS_SAMPLES];
	unsigned			 nsamples;
	bool				 ended;
	bool				 stop;
};

struct mt_collect_drain {
	struct mt_collect_session	*session;
	struct mt_collect_queue		*queue;
	struct mt_recorder		*recorder;
	pthread_t			 thread;
	bool				 has_thread;
	pthread_mutex_t			 lock;		/* of news, ready */
	pthread_cond_t			 readied;
	struct news			 news;
	bool				 ready;
	_Atomic bool			 has_news;
	/* The drain thread's own. */
	struct mt_collect_process	*process;
	const struct mt_collect_proc	*proc;
	struct news			 taken;
	uint64_t			 reap_us;	/* when it is due */
	uint64_t			 check_us;
	uint64_t			 flush_us;
	uint64_t			 put_events;	/* in blocks so far */
	unsigned			 sleep_us;
};

/* ---- The drain thread ------------------------------------------------ */

static enum mt_status
sink_put(void *arg, enum mt_block_type type, void *data, size_t len,
    struct mt_error *error)
{
	struct mt_collect_drain *d = arg;
	uint64_t events;

	events = 0;
	if (type == MT_BLOCK_EVENTS && d->process != NULL) {
		events = d->process->events - d->put_events;
		d->put_events = d->process->events;
	}
	return (mt_collect_queue_put(d->queue, type, data, len, events,
	    error));
}

/* Failures of metadata show again in the events, where they are handled. */
static void
begin_process(struct mt_collect_drain *d)
{
	const struct news *n = &d->taken;

	d->process = n->process;
	d->proc = n->proc;
	(void)mt_recorder_number(d->recorder, "pid",
	    (uint64_t)d->process->pid, NULL);
	(void)mt_recorder_text(d->recorder, "python_version", n->py_version,
	    NULL);
}

static void
take_news(struct mt_collect_drain *d)
{
	struct news *n = &d->taken;
	unsigned i;

	if (!atomic_exchange(&d->has_news, false))
		return;
	(void)pthread_mutex_lock(&d->lock);
	*n = d->news;
	memset(&d->news, 0, sizeof(d->news));
	(void)pthread_mutex_unlock(&d->lock);
	if (n->process != NULL)
		begin_process(d);
	if (d->process == NULL)
		return;
	for (i = 0; i < n->narenas; i++)
		(void)mt_collect_process_arena(d->process, n->arena[i], NULL);
	for (i = 0; i < n->nsamples; i++)
		mt_collect_process_sample(d->process, &n->sample[i]);
	if (n->ended)
		mt_collect_process_end(d->process);
}

/* Everything so far into the file, and room for the tables behind it. */
static void
flush(struct mt_collect_drain *d)
{
	if (d->process != NULL)
		mt_collect_process_lost(d->process);
	(void)mt_recorder_flush(d->recorder, NULL);
}

static void
reserve(struct mt_collect_drain *d)
{
	struct mt_totals totals;

	mt_recorder_totals(d->recorder, &totals);
	mt_collect_queue_reserve(d->queue,
	    totals.tables_bytes / 4 * 5 + 256 * 1024);
}

static void
chores(struct mt_collect_drain *d, uint64_t now)
{
	bool check;

	if (now < d->reap_us)
		return;
	d->reap_us = now + PERIOD_REAP;
	check = now >= d->check_us;
	if (check) {
		d->check_us = now + PERIOD_CHECK;
		reserve(d);
	}
	if (d->process != NULL) {
		if (d->proc != NULL)
			mt_collect_process_reap(d->process, d->proc, check);
		/* Nothing can be recorded: let the program run untraced. */
		if (d->process->state == MT_COLLECT_FAILED)
			mt_collect_session_end(d->session);
	}
	if (now >= d->flush_us) {
		d->flush_us = now + PERIOD_FLUSH;
		flush(d);
	}
}

static void
rest(struct mt_collect_drain *d, size_t words)
{
	unsigned max;

	max = d->process != NULL && d->process->nheld > 0 ? SLEEP_HELD :
	    SLEEP_MAX;
	if (words >= WORDS_SOME)
		d->sleep_us = SLEEP_MIN;
	else if ((d->sleep_us *= 2) > max)
		d->sleep_us = max;
	if (words >= WORDS_BUSY)
		return;
	mt_collect_session_doze(d->session);
	if (atomic_load(&d->has_news) || (d->process != NULL &&
	    mt_collect_process_is_urgent(d->process)))
		mt_collect_session_rise(d->session);
	else
		mt_collect_session_sleep(d->session, d->sleep_us);
}

static void *
drain_main(void *arg)
{
	struct mt_collect_drain *d = arg;
	uint64_t now;
	size_t words;

	(void)mt_collect_session_hold(d->session);
	(void)pthread_mutex_lock(&d->lock);
	d->ready = true;
	(void)pthread_cond_signal(&d->readied);
	(void)pthread_mutex_unlock(&d->lock);
	for (;;) {
		take_news(d);
		if (d->taken.stop)
			break;
		now = mt_collect_session_tick(d->session);
		words = d->process == NULL ? 0 :
		    mt_collect_process_drain(d->process, now);
		chores(d, now);
		rest(d, words);
	}
	/* Who still writes must stop now, not wait for us. */
	mt_collect_session_end(d->session);
	if (d->process != NULL)
		mt_collect_process_end(d->process);
	return (NULL);
}

/* ---- The main thread ------------------------------------------------- */

enum mt_status
mt_collect_drain_new(struct mt_collect_drain **out,
    struct mt_collect_session *session, struct mt_collect_queue *queue,
    unsigned recorder_flags, struct mt_error *error)
{
	struct mt_collect_drain *d;
	struct mt_sink sink;
	enum mt_status st;

	if ((d = calloc(1, sizeof(*d))) == NULL)
		return (mt_collect_fail(error, MT_ERR_NOMEM, "drain"));
	d->session = session;
	d->queue = queue;
	d->sleep_us = SLEEP_MIN;
	sink.put = sink_put;
	sink.arg = d;
	st = mt_recorder_new(&d->recorder, &sink, recorder_flags, error);
	if (st != MT_OK) {
		free(d);
		return (st);
	}
	(void)pthread_mutex_init(&d->lock, NULL);
	(void)pthread_cond_init(&d->readied, NULL);
	*out = d;
	return (MT_OK);
}

enum mt_status
mt_collect_drain_start(struct mt_collect_drain *d, struct mt_error *error)
{
	enum mt_status st;

	st = mt_collect_thread_new(&d->thread, drain_main, d, error);
	if (st != MT_OK)
		return (st);
	d->has_thread = true;
	(void)pthread_mutex_lock(&d->lock);
	while (!d->ready)
		(void)pthread_cond_wait(&d->readied, &d->lock);
	(void)pthread_mutex_unlock(&d->lock);
	return (MT_OK);
}

void
mt_collect_drain_free(struct mt_collect_drain *d)
{
	if (d == NULL)
		return;
	mt_collect_drain_stop(d);
	mt_collect_process_free(d->process);
	mt_recorder_free(d->recorder);
	(void)pthread_cond_destroy(&d->readied);
	(void)pthread_mutex_destroy(&d->lock);
	free(d);
}

struct mt_recorder *
mt_collect_drain_recorder(struct mt_collect_drain *d)
{
	return (d->recorder);
}

/* The caller holds the lock. */
static void
tell(struct mt_collect_drain *d)
{
	atomic_store(&d->has_news, true);
	mt_collect_session_ring(d->session);
}

void
mt_collect_drain_trace(struct mt_collect_drain *d,
    struct mt_collect_process *process, const char *py_version,
    const struct mt_collect_proc *proc)
{
	(void)pthread_mutex_lock(&d->lock);
	d->news.process = process;
	d->news.proc = proc;
	strncpy(d->news.py_version, py_version,
	    sizeof(d->news.py_version) - 1);
	tell(d);
	(void)pthread_mutex_unlock(&d->lock);
}

bool
mt_collect_drain_arena(struct mt_collect_drain *d, struct mt_arena *arena)
{
	bool ok;

	(void)pthread_mutex_lock(&d->lock);
	ok = d->news.narenas < NEWS_ARENAS;
	if (ok)
		d->news.arena[d->news.narenas++] = arena;
	tell(d);
	(void)pthread_mutex_unlock(&d->lock);
	return (ok);
}

/* A drain that is so far behind can do without a point. */
void
mt_collect_drain_sample(struct mt_collect_drain *d, const struct mt_sample *s)
{
	(void)pthread_mutex_lock(&d->lock);
	if (d->news.nsamples < NEWS_SAMPLES) {
		d->news.sample[d->news.nsamples++] = *s;
		atomic_store(&d->has_news, true);
	}
	(void)pthread_mutex_unlock(&d->lock);
}

void
mt_collect_drain_ended(struct mt_collect_drain *d)
{
	(void)pthread_mutex_lock(&d->lock);
	d->news.ended = true;
	tell(d);
	(void)pthread_mutex_unlock(&d->lock);
}

void
mt_collect_drain_stop(struct mt_collect_drain *d)
{
	if (!d->has_thread)
		return;
	(void)pthread_mutex_lock(&d->lock);
	d->news.stop = true;
	tell(d);
	(void)pthread_mutex_unlock(&d->lock);
	(void)pthread_join(d->thread, NULL);
	d->has_thread = false;
}
