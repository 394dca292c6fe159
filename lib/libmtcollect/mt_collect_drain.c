/* The drain thread. */

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

struct mt_collect_drain {
	struct mt_collect_session	*session;
	struct mt_collect_queue		*queue;
	struct mt_collect_live		*live;	/* or NULL */
	uint64_t			 start_time_ns;
	bool				 alone;
	pthread_t			 thread;
	bool				 has_thread;
	pthread_mutex_t			 lock;	/* of news, ready, stop */
	pthread_cond_t			 readied;
	struct mt_collect_image		*news;
	struct mt_collect_image		**last_news;
	bool				 ready;
	bool				 stop;
	_Atomic bool			 has_news;
	/* The drain thread's own. */
	struct mt_collect_image		*images;
	struct mt_collect_sum		 sum;
	bool				 has_first; /* some image is first */
	bool				 stopping;
	bool				 finishing; /* some images are */
	uint64_t			 reap_us;	/* when it is due */
	uint64_t			 check_us;
	uint64_t			 flush_us;
	unsigned			 sleep_us;
};

/* ---- The drain thread ------------------------------------------------ */

static void
take_news_of(struct mt_collect_drain *d, struct mt_collect_image *im)
{
	struct mt_collect_news n;
	unsigned i;

	(void)pthread_mutex_lock(&d->lock);
	n = im->news;
	memset(&im->news, 0, sizeof(im->news));
	(void)pthread_mutex_unlock(&d->lock);
	mt_collect_process_arenas(im->process, n.arenas);
	for (i = 0; i < n.nsamples; i++)
		mt_collect_process_sample(im->process, &n.sample[i]);
	im->ended |= n.ended;
	if (n.finish) {
		im->finish = true;
		im->end = n.end;
	}
}

static struct mt_collect_image *
next_news(struct mt_collect_drain *d)
{
	struct mt_collect_image *im;

	(void)pthread_mutex_lock(&d->lock);
	if ((im = d->news) != NULL) {
		if ((d->news = im->next_news) == NULL)
			d->last_news = &d->news;
		im->next_news = NULL;
		im->has_news = false;
	}
	d->stopping = d->stop;
	(void)pthread_mutex_unlock(&d->lock);
	return (im);
}

/* The oldest comes first, everywhere. */
static void
list(struct mt_collect_drain *d, struct mt_collect_image *im)
{
	struct mt_collect_image **at;

	for (at = &d->images; *at != NULL;)
		at = &(*at)->next;
	*at = im;
	im->listed = true;
	im->has_first = &d->has_first;
	im->live = d->live;
	im->begin_ns = mt_collect_session_tick(d->session) * 1000;
}

static void
take_news(struct mt_collect_drain *d)
{
	struct mt_collect_image *im;

	if (!atomic_exchange(&d->has_news, false))
		return;
	while ((im = next_news(d)) != NULL) {
		if (!im->listed)
			list(d, im);
		take_news_of(d, im);
	}
}

/*
 * In order of age, so that a child never begins before its parent.  Returns
 * how many words there were.
 */
static size_t
drain_all(struct mt_collect_drain *d, uint64_t now)
{
	struct mt_collect_image *im;
	size_t words;

	words = 0;
	for (im = d->images; im != NULL; im = im->next) {
		if (im->drained)
			continue;
		if (im->ended)
			mt_collect_process_end(im->process);
		else
			words += mt_collect_process_drain(im->process, now);
		im->drained = im->ended;
		mt_collect_image_settle(im);
	}
	return (words);
}

/* A step for each image that is to be finished. */
static void
finish_all(struct mt_collect_drain *d)
{
	struct mt_collect_image *im, **at;

	d->finishing = false;
	for (at = &d->images; (im = *at) != NULL;) {
		if (im->finish && mt_collect_image_finish(im,
		    d->start_time_ns, &d->sum)) {
			*at = im->next;
			mt_collect_image_free(im);
			continue;
		}
		d->finishing |= im->finish;
		at = &im->next;
	}
}

/* What viewers are to see, if one of them is ready for it. */
static void
show_all(struct mt_collect_drain *d, uint64_t now)
{
	struct mt_collect_image *im;
	uint64_t begun;

	if (d->live == NULL || !mt_collect_live_wants(d->live, now))
		return;
	begun = mt_collect_session_tick(d->session);
	for (im = d->images; im != NULL; im = im->next)
		mt_collect_image_show(im);
	mt_collect_live_round(d->live, begun);
}

static void
reserve(struct mt_collect_drain *d, struct mt_collect_image *im)
{
	struct mt_totals totals;

	mt_recorder_totals(im->recorder, &totals);
	mt_collect_queue_reserve(d->queue, im->output,
	    totals.tables_bytes / 4 * 5 + 256 * 1024);
}

static void
chores(struct mt_collect_drain *d, uint64_t now)
{
	const bool check = now >= d->check_us, flush = now >= d->flush_us;
	struct mt_collect_image *im;

	if (now < d->reap_us)
		return;
	d->reap_us = now + PERIOD_REAP;
	if (check)
		d->check_us = now + PERIOD_CHECK;
	if (flush)
		d->flush_us = now + PERIOD_FLUSH;
	for (im = d->images; im != NULL; im = im->next) {
		if (!im->drained && !im->own_tids)
			mt_collect_process_reap(im->process, &im->proc,
			    check);
		if (check)
			reserve(d, im);
		if (flush && !im->flushed)
			mt_collect_image_flush(im);
		/* Nothing can be recorded: let the program run untraced. */
		if (im->process->state == MT_COLLECT_FAILED && d->alone)
			mt_collect_session_end(d->session);
	}
}

/* The last look before the sleep. */
static bool
is_urgent(struct mt_collect_drain *d)
{
	struct mt_collect_image *im;
	bool urgent;

	urgent = atomic_load(&d->has_news);
	for (im = d->images; im != NULL; im = im->next)
		if (!im->drained)
			urgent |= mt_collect_process_is_urgent(im->process);
	return (urgent);
}

static unsigned
sleep_max(const struct mt_collect_drain *d)
{
	const struct mt_collect_image *im;

	if (d->finishing)
		return (SLEEP_MIN);
	for (im = d->images; im != NULL; im = im->next)
		if (im->process->nheld > 0)
			return (SLEEP_HELD);
	return (SLEEP_MAX);
}

static void
rest(struct mt_collect_drain *d, size_t words)
{
	unsigned max;

	max = sleep_max(d);
	if (words >= WORDS_SOME)
		d->sleep_us = SLEEP_MIN;
	else if ((d->sleep_us *= 2) > max)
		d->sleep_us = max;
	if (words >= WORDS_BUSY)
		return;
	mt_collect_session_doze(d->session);
	if (is_urgent(d))
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
		if (d->stopping)
			break;
		now = mt_collect_session_tick(d->session);
		words = drain_all(d, now);
		mt_collect_session_round(d->session);
		finish_all(d);
		show_all(d, now);
		chores(d, now);
		rest(d, words);
	}
	/* Who still writes must stop now, not wait for us. */
	mt_collect_session_end(d->session);
	(void)drain_all(d, mt_collect_session_tick(d->session));
	for (finish_all(d); d->finishing; finish_all(d))
		mt_collect_queue_sync(d->queue);
	return (NULL);
}

/* ---- The main thread ------------------------------------------------- */

enum mt_status
mt_collect_drain_new(struct mt_collect_drain **out,
    struct mt_collect_session *session, struct mt_collect_queue *queue,
    struct mt_collect_live *live, uint64_t start_time_ns, bool alone,
    struct mt_error *error)
{
	struct mt_collect_drain *d;

	if ((d = calloc(1, sizeof(*d))) == NULL)
		return (mt_collect_fail(error, MT_ERR_NOMEM, "drain"));
	d->session = session;
	d->queue = queue;
	d->live = live;
	d->start_time_ns = start_time_ns;
	d->alone = alone;
	d->sleep_us = SLEEP_MIN;
	d->last_news = &d->news;
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
	struct mt_collect_image *im;

	if (d == NULL)
		return;
	mt_collect_drain_stop(d);
	while ((im = d->images) != NULL) {
		d->images = im->next;
		mt_collect_image_free(im);
	}
	(void)pthread_cond_destroy(&d->readied);
	(void)pthread_mutex_destroy(&d->lock);
	free(d);
}

/* Has the drain thread look at the image.  The caller holds the lock. */
static void
tell(struct mt_collect_drain *d, struct mt_collect_image *im)
{
	if (!im->has_news) {
		im->has_news = true;
		*d->last_news = im;
		d->last_news = &im->next_news;
	}
	atomic_store(&d->has_news, true);
}

void
mt_collect_drain_image(struct mt_collect_drain *d,
    struct mt_collect_image *im)
{
	(void)pthread_mutex_lock(&d->lock);
	tell(d, im);
	mt_collect_session_ring(d->session);
	(void)pthread_mutex_unlock(&d->lock);
}

void
mt_collect_drain_arena(struct mt_collect_drain *d,
    struct mt_collect_image *im, struct mt_collect_arena *a)
{
	(void)pthread_mutex_lock(&d->lock);
	a->next = im->news.arenas;
	im->news.arenas = a;
	tell(d, im);
	mt_collect_session_ring(d->session);
	(void)pthread_mutex_unlock(&d->lock);
}

/* A drain that is so far behind can do without a point; it need not wake. */
void
mt_collect_drain_sample(struct mt_collect_drain *d,
    struct mt_collect_image *im, const struct mt_sample *s)
{
	struct mt_collect_news *n = &im->news;

	(void)pthread_mutex_lock(&d->lock);
	if (n->nsamples < MT_COLLECT_NEWS_SAMPLES) {
		n->sample[n->nsamples++] = *s;
		tell(d, im);
	}
	(void)pthread_mutex_unlock(&d->lock);
}

void
mt_collect_drain_ended(struct mt_collect_drain *d,
    struct mt_collect_image *im)
{
	(void)pthread_mutex_lock(&d->lock);
	im->news.ended = true;
	tell(d, im);
	mt_collect_session_ring(d->session);
	(void)pthread_mutex_unlock(&d->lock);
}

void
mt_collect_drain_finish(struct mt_collect_drain *d,
    struct mt_collect_image *im, const struct mt_collect_end *end)
{
	(void)pthread_mutex_lock(&d->lock);
	im->news.ended = true;
	im->news.finish = true;
	im->news.end = *end;
	tell(d, im);
	mt_collect_session_ring(d->session);
	(void)pthread_mutex_unlock(&d->lock);
}

void
mt_collect_drain_stop(struct mt_collect_drain *d)
{
	if (!d->has_thread)
		return;
	(void)pthread_mutex_lock(&d->lock);
	d->stop = true;
	atomic_store(&d->has_news, true);
	mt_collect_session_ring(d->session);
	(void)pthread_mutex_unlock(&d->lock);
	(void)pthread_join(d->thread, NULL);
	d->has_thread = false;
}

const struct mt_collect_sum *
mt_collect_drain_sum(const struct mt_collect_drain *d)
{
	return (&d->sum);
}
