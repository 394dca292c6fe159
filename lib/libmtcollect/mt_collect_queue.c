/* Blocks on their way to the files. */

#include <pthread.h>
#include <stdbool.h>
#include <stdlib.h>

#include "mt_collect_error.h"
#include "mt_collect_queue.h"
#include "mt_collect_thread.h"

struct mt_collect_queue {
	pthread_mutex_t	 lock;		/* of all that follows */
	pthread_cond_t	 filled;
	pthread_cond_t	 emptied;
	struct mt_collect_block	*first;
	struct mt_collect_block   **last;
	size_t		 bytes;		/* queued or being written, see cost */
	bool		 stop;
	/* The writer thread's own. */
	struct mt_collect_outputs *outputs;
	pthread_t	 thread;
};

/* Never 0, so that an empty queue is one without bytes. */
static size_t
cost(const struct mt_collect_block *b)
{
	return (b->len + sizeof(*b));
}

/* The lock is held when this begins and when it ends. */
static void
write_block(struct mt_collect_queue *q, struct mt_collect_block *b)
{
	struct mt_collect_output_state state;
	struct mt_collect_output *o = b->output;
	uint64_t reserve;

	state = o->state;
	reserve = o->reserve;
	(void)pthread_mutex_unlock(&q->lock);
	if (b->step == MT_COLLECT_RENEW)
		mt_collect_output_renew(q->outputs, o);
	else if (b == &o->renewed)
		mt_collect_output_renewed(q->outputs, o,
		    b->step == MT_COLLECT_RENEWED, &state);
	else
		mt_collect_output_put(q->outputs, o, b->type, b->data, b->len,
		    b->events, reserve, &state);
	free(b->data);
	(void)pthread_mutex_lock(&q->lock);
	o->state = state;
	o->queued -= cost(b);
	if (b != &o->renewed)
		free(b);
}

/* Likewise.  Even the block is freed, being a part of the output. */
static void
close_output(struct mt_collect_queue *q, struct mt_collect_block *b)
{
	(void)pthread_mutex_unlock(&q->lock);
	mt_collect_output_close(q->outputs, b->output);
	(void)pthread_mutex_lock(&q->lock);
}

static void *
writer_main(void *arg)
{
	struct mt_collect_queue *q = arg;
	struct mt_collect_block *b;
	size_t bytes;

	(void)pthread_mutex_lock(&q->lock);
	for (;;) {
		while ((b = q->first) == NULL && !q->stop)
			(void)pthread_cond_wait(&q->filled, &q->lock);
		if (b == NULL)
			break;
		if ((q->first = b->next) == NULL)
			q->last = &q->first;
		bytes = cost(b);
		if (b->step == MT_COLLECT_CLOSE)
			close_output(q, b);
		else
			write_block(q, b);
		q->bytes -= bytes;
		(void)pthread_cond_broadcast(&q->emptied);
	}
	(void)pthread_mutex_unlock(&q->lock);
	return (NULL);
}

enum mt_status
mt_collect_queue_new(struct mt_collect_queue **out,
    struct mt_collect_outputs *outputs, struct mt_error *error)
{
	struct mt_collect_queue *q;
	enum mt_status st;

	if ((q = calloc(1, sizeof(*q))) == NULL)
		return (mt_collect_fail(error, MT_ERR_NOMEM, "queue"));
	(void)pthread_mutex_init(&q->lock, NULL);
	(void)pthread_cond_init(&q->filled, NULL);
	(void)pthread_cond_init(&q->emptied, NULL);
	q->last = &q->first;
	q->outputs = outputs;
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

/* The caller holds the lock. */
static void
append(struct mt_collect_queue *q, struct mt_collect_block *b)
{
	*q->last = b;
	q->last = &b->next;
	q->bytes += cost(b);
	b->output->queued += cost(b);
	(void)pthread_cond_signal(&q->filled);
}

/* The same, when there is room.  Takes data. */
static enum mt_status
put(struct mt_collect_queue *q, const struct mt_collect_block *what,
    struct mt_error *error)
{
	struct mt_collect_output *o = what->output;
	enum mt_status st;
	struct mt_collect_block *b;

	if ((b = malloc(sizeof(*b))) == NULL) {
		free(what->data);
		return (mt_collect_fail(error, MT_ERR_NOMEM, "queue"));
	}
	*b = *what;
	(void)pthread_mutex_lock(&q->lock);
	while (q->bytes > 0 && q->bytes + cost(b) > MT_COLLECT_QUEUE_MAX)
		(void)pthread_cond_wait(&q->emptied, &q->lock);
	append(q, b);
	st = o->state.broken ? o->state.status : MT_OK;
	if (st != MT_OK && error != NULL)
		*error = o->state.error;
	(void)pthread_mutex_unlock(&q->lock);
	return (st);
}

enum mt_status
mt_collect_queue_put(struct mt_collect_queue *q,
    struct mt_collect_output *o, enum mt_block_type type, void *data,
    size_t len, uint64_t events, struct mt_error *error)
{
	const struct mt_collect_block b = {
		.output = o,
		.step = MT_COLLECT_PUT,
		.type = type,
		.data = data,
		.len = len,
		.events = events
	};

	return (put(q, &b, error));
}

enum mt_status
mt_collect_queue_renew(struct mt_collect_queue *q,
    struct mt_collect_output *o, struct mt_error *error)
{
	const struct mt_collect_block b = {
		.output = o,
		.step = MT_COLLECT_RENEW
	};

	return (put(q, &b, error));
}

void
mt_collect_queue_renewed(struct mt_collect_queue *q,
    struct mt_collect_output *o, bool complete)
{
	(void)pthread_mutex_lock(&q->lock);
	o->renewed.next = NULL;
	o->renewed.output = o;
	o->renewed.step = complete ? MT_COLLECT_RENEWED :
	    MT_COLLECT_NOT_RENEWED;
	append(q, &o->renewed);
	(void)pthread_mutex_unlock(&q->lock);
}

void
mt_collect_queue_close(struct mt_collect_queue *q,
    struct mt_collect_output *o)
{
	o->last.output = o;
	o->last.step = MT_COLLECT_CLOSE;
	(void)pthread_mutex_lock(&q->lock);
	append(q, &o->last);
	(void)pthread_mutex_unlock(&q->lock);
}

void
mt_collect_queue_reserve(struct mt_collect_queue *q,
    struct mt_collect_output *o, uint64_t bytes)
{
	(void)pthread_mutex_lock(&q->lock);
	o->reserve = bytes;
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

bool
mt_collect_queue_get(struct mt_collect_queue *q,
    const struct mt_collect_output *o, struct mt_collect_output_state *state)
{
	bool idle;

	(void)pthread_mutex_lock(&q->lock);
	*state = o->state;
	idle = o->queued == 0;
	(void)pthread_mutex_unlock(&q->lock);
	return (idle);
}
