/* Blocks on their way to the writer. */

#include <errno.h>
#include <pthread.h>
#include <stdbool.h>
#include <stdlib.h>

#include "mt_collect_error.h"
#include "mt_collect_queue.h"
#include "mt_collect_thread.h"

/* The reserve grows by this much at a time: each change is a system call. */
#define RESERVE_STEP	(64u * 1024)

struct block {
	struct block		*next;
	enum mt_block_type	 type;
	void			*data;
	size_t			 len;
	uint64_t		 events;
};

struct mt_collect_queue {
	pthread_mutex_t	 lock;		/* of all that follows */
	pthread_cond_t	 filled;
	pthread_cond_t	 emptied;
	struct block	*first;
	struct block   **last;
	size_t		 bytes;		/* queued or being written, see cost */
	uint64_t	 reserve;	/* wanted */
	bool		 stop;
	bool		 broken;	/* not even tables can be written */
	struct mt_collect_queue_state state;
	/* The writer thread's own. */
	struct mt_writer *writer;
	uint64_t	 reserved;
	bool		 full;		/* no more events */
	pthread_t	 thread;
};

/* Never 0, so that an empty queue is one without bytes. */
static size_t
cost(const struct block *b)
{
	return (b->len + sizeof(*b));
}

/* Only the first failure is of interest; the rest follows from it. */
static void
queue_failed(struct mt_collect_queue *q, enum mt_status st,
    const struct mt_error *error)
{
	if (q->state.status == MT_OK) {
		q->state.status = st;
		q->state.error = *error;
	}
}

/* Keep the reserve; a disk without room for it has none for events. */
static enum mt_status
writer_reserve(struct mt_collect_queue *q, uint64_t wanted,
    struct mt_error *error)
{
	enum mt_status st;

	wanted = (wanted + RESERVE_STEP - 1) / RESERVE_STEP * RESERVE_STEP;
	if (wanted <= q->reserved)
		return (MT_OK);
	st = mt_writer_reserve(q->writer, wanted, error);
	if (st == MT_ERR_SYS && error->sys != ENOSPC && error->sys != EDQUOT)
		st = MT_OK;
	if (st == MT_OK)
		q->reserved = wanted;
	return (st);
}

static void
writer_block(struct mt_collect_queue *q, struct block *b, uint64_t reserve)
{
	struct mt_error error;
	enum mt_status st;
	bool events;

	events = b->type == MT_BLOCK_EVENTS;
	st = MT_OK;
	if (events && !q->full) {
		st = writer_reserve(q, reserve, &error);
		q->full = st != MT_OK;
	}
	if (!events || !q->full)
		st = mt_writer_put(q->writer, b->type, b->data, b->len,
		    &error);
	(void)pthread_mutex_lock(&q->lock);
	if (st != MT_OK)
		queue_failed(q, st, &error);
	if (st != MT_OK && !events)
		q->broken = true;
	if (events && (q->full || st != MT_OK)) {
		q->full = true;
		q->state.dropped += b->events;
	}
	(void)pthread_mutex_unlock(&q->lock);
}

static void *
writer_main(void *arg)
{
	struct mt_collect_queue *q = arg;
	struct block *b;
	uint64_t reserve;

	(void)pthread_mutex_lock(&q->lock);
	for (;;) {
		while ((b = q->first) == NULL && !q->stop)
			(void)pthread_cond_wait(&q->filled, &q->lock);
		if (b == NULL)
			break;
		if ((q->first = b->next) == NULL)
			q->last = &q->first;
		reserve = q->reserve;
		(void)pthread_mutex_unlock(&q->lock);
		writer_block(q, b, reserve);
		(void)pthread_mutex_lock(&q->lock);
		q->bytes -= cost(b);
		(void)pthread_cond_broadcast(&q->emptied);
		free(b->data);
		free(b);
	}
	(void)pthread_mutex_unlock(&q->lock);
	return (NULL);
}

enum mt_status
mt_collect_queue_new(struct mt_collect_queue **out, struct mt_writer *writer,
    struct mt_error *error)
{
	struct mt_collect_queue *q;
	enum mt_status st;

	if ((q = calloc(1, sizeof(*q))) == NULL)
		return (mt_collect_fail(error, MT_ERR_NOMEM, "queue"));
	(void)pthread_mutex_init(&q->lock, NULL);
	(void)pthread_cond_init(&q->filled, NULL);
	(void)pthread_cond_init(&q->emptied, NULL);
	q->last = &q->first;
	q->writer = writer;
	st = mt_collect_thread_new(&q->thread, writer_main, q, error);
	if (st != MT_OK) {
		free(q);
		return (st);
	}
	*out = q;
	return (MT_OK);
}

void
mt_collect_queue_free(struct mt_collect_queue *q)
{
	if (q == NULL)
		return;
	(void)pthread_mutex_lock(&q->lock);
	q->stop = true;
	(void)pthread_cond_broadcast(&q->filled);
	(void)pthread_mutex_unlock(&q->lock);
	(void)pthread_join(q->thread, NULL);
	(void)pthread_cond_destroy(&q->emptied);
	(void)pthread_cond_destroy(&q->filled);
	(void)pthread_mutex_destroy(&q->lock);
	free(q);
}

enum mt_status
mt_collect_queue_put(struct mt_collect_queue *q, enum mt_block_type type,
    void *data, size_t len, uint64_t events, struct mt_error *error)
{
	enum mt_status st;
	struct block *b;

	if ((b = malloc(sizeof(*b))) == NULL) {
		free(data);
		return (mt_collect_fail(error, MT_ERR_NOMEM, "queue"));
	}
	b->next = NULL;
	b->type = type;
	b->data = data;
	b->len = len;
	b->events = events;
	(void)pthread_mutex_lock(&q->lock);
	while (q->bytes > 0 && q->bytes + cost(b) > MT_COLLECT_QUEUE_MAX)
		(void)pthread_cond_wait(&q->emptied, &q->lock);
	*q->last = b;
	q->last = &b->next;
	q->bytes += cost(b);
	st = q->broken ? q->state.status : MT_OK;
	if (st != MT_OK && error != NULL)
		*error = q->state.error;
	(void)pthread_cond_signal(&q->filled);
	(void)pthread_mutex_unlock(&q->lock);
	return (st);
}

void
mt_collect_queue_reserve(struct mt_collect_queue *q, uint64_t bytes)
{
	(void)pthread_mutex_lock(&q->lock);
	q->reserve = bytes;
	(void)pthread_mutex_unlock(&q->lock);
}

void
mt_collect_queue_sync(struct mt_collect_queue *q)
{
	(void)pthread_mutex_lock(&q->lock);
	while (q->bytes > 0)
		(void)pthread_cond_wait(&q->emptied, &q->lock);
	(void)pthread_mutex_unlock(&q->lock);
}

void
mt_collect_queue_get(struct mt_collect_queue *q,
    struct mt_collect_queue_state *state)
{
	(void)pthread_mutex_lock(&q->lock);
	*state = q->state;
	(void)pthread_mutex_unlock(&q->lock);
}
