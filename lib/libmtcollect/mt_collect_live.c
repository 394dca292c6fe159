/* What other threads see of the live feed. */

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "mt_collect_error.h"
#include "mt_collect_live_in.h"
#include "mt_collect_thread.h"

/* A round that took this long is followed by a rest of so many times that. */
#define REST	20u

static bool
open_wake(int wake[2])
{
	int i;

	if (pipe(wake) == -1) {
		wake[0] = wake[1] = -1;
		return (false);
	}
	for (i = 0; i < 2; i++)
		if (fcntl(wake[i], F_SETFD, FD_CLOEXEC) == -1 ||
		    fcntl(wake[i], F_SETFL, O_NONBLOCK) == -1)
			return (false);
	return (true);
}

enum mt_status
mt_collect_live_new(struct mt_collect_live **out, const char *address,
    unsigned port, struct mt_collect_session *session, uint64_t start_time_ns,
    struct mt_error *error)
{
	struct mt_collect_live *l;
	enum mt_status st;

	*out = NULL;
	l = calloc(1, sizeof(*l));
	if (l == NULL)
		return (mt_collect_fail(error, MT_ERR_NOMEM, "live feed"));
	l->session = session;
	l->start_time_ns = start_time_ns;
	l->last_news = &l->news;
	l->port.net = l->port.local = l->port.dir = l->port.file_fd = -1;
	l->wake[0] = l->wake[1] = -1;
	(void)pthread_mutex_init(&l->lock, NULL);
	l->mirror = calloc(MT_COLLECT_LIVE_MAX, sizeof(struct mt_mirror *));
	if (l->mirror == NULL)
		st = mt_collect_fail(error, MT_ERR_NOMEM, "live feed");
	else if (!open_wake(l->wake))
		st = mt_collect_fail(error, MT_ERR_SYS, "pipe");
	else
		st = mt_collect_port_init(&l->port, address, port, error);
	if (st != MT_OK) {
		mt_collect_live_free(l);
		return (st);
	}
	*out = l;
	return (MT_OK);
}

enum mt_status
mt_collect_live_start(struct mt_collect_live *l, struct mt_error *error)
{
	enum mt_status st;

	st = mt_collect_thread_new(&l->thread, mt_collect_live_serve, l,
	    error);
	l->has_thread = st == MT_OK;
	return (st);
}

unsigned
mt_collect_live_port(const struct mt_collect_live *l)
{
	return (l->port.port);
}

void
mt_collect_live_where(const struct mt_collect_live *l,
    struct mt_collect_where *w)
{
	memset(w, 0, sizeof(*w));
	w->port = l->port.port;
	w->is_local = l->port.local != -1;
	w->is_net = l->port.net != -1;
	w->is_hidden = l->port.is_hidden;
	(void)snprintf(w->file, sizeof(w->file), "%s/%s", l->port.dir_path,
	    l->port.file);
}

unsigned
mt_collect_live_came(const struct mt_collect_live *l)
{
	return (atomic_load(&l->came));
}

/* A full pipe will wake it as well. */
void
mt_collect_live_wake(struct mt_collect_live *l)
{
	(void)!write(l->wake[1], "", 1);
}

void
mt_collect_live_stop(struct mt_collect_live *l, int wait_status)
{
	if (!l->has_thread)
		return;
	(void)pthread_mutex_lock(&l->lock);
	l->over = true;
	l->wait_status = wait_status;
	(void)pthread_mutex_unlock(&l->lock);
	mt_collect_live_wake(l);
	(void)pthread_join(l->thread, NULL);
	l->has_thread = false;
	mt_collect_port_fini(&l->port);
}

void
mt_collect_live_free(struct mt_collect_live *l)
{
	struct mt_collect_news_live *n;
	uint32_t i;

	if (l == NULL)
		return;
	mt_collect_live_stop(l, -1);
	while ((n = l->news) != NULL) {
		l->news = n->next;
		mt_mirror_free(n->mirror);
		mt_take_free(n->take);
		free(n);
	}
	for (i = 0; i < MT_COLLECT_LIVE_PEERS; i++)
		mt_collect_viewer_free(l->peer[i]);
	for (i = 0; i < l->nmirrors; i++)
		mt_mirror_free(l->mirror[i]);
	free(l->mirror);
	mt_collect_port_fini(&l->port);
	if (l->wake[0] != -1)
		(void)close(l->wake[0]);
	if (l->wake[1] != -1)
		(void)close(l->wake[1]);
	(void)pthread_mutex_destroy(&l->lock);
	free(l);
}

/* ---- The drain thread -------------------------------------------------- */

static void
tell(struct mt_collect_live *l, struct mt_collect_news_live *n)
{
	(void)pthread_mutex_lock(&l->lock);
	*l->last_news = n;
	l->last_news = &n->next;
	(void)pthread_mutex_unlock(&l->lock);
}

uint32_t
mt_collect_live_begin(struct mt_collect_live *l, pid_t pid, pid_t parent,
    uint64_t begin_ns)
{
	struct mt_collect_news_live *n;

	if (l->processes == MT_COLLECT_LIVE_MAX ||
	    (n = calloc(1, sizeof(*n))) == NULL)
		return (MT_COLLECT_LIVE_NONE);
	if (mt_mirror_new(&n->mirror, (uint64_t)pid,
	    parent > 0 ? (uint64_t)parent : 0, begin_ns, NULL) != MT_OK) {
		free(n);
		return (MT_COLLECT_LIVE_NONE);
	}
	n->process = l->processes;
	tell(l, n);
	return (l->processes++);
}

void
mt_collect_live_end(struct mt_collect_live *l, uint32_t process,
    struct mt_take *take, bool replaced, int wait_status)
{
	struct mt_collect_news_live *n;

	if (process == MT_COLLECT_LIVE_NONE ||
	    (n = calloc(1, sizeof(*n))) == NULL) {
		mt_take_free(take);
		return;
	}
	n->process = process;
	n->take = take;
	n->ended = true;
	n->replaced = replaced;
	n->status = wait_status;
	tell(l, n);
	mt_collect_live_wake(l);
}

bool
mt_collect_live_wants(struct mt_collect_live *l, uint64_t now_us)
{
	return (atomic_load_explicit(&l->wanted, memory_order_relaxed) &&
	    now_us >= l->rest_us);
}

void
mt_collect_live_push(struct mt_collect_live *l, uint32_t process,
    struct mt_take *take)
{
	struct mt_collect_news_live *n;

	if (take == NULL)
		return;
	/* What is lost of a take cannot be had again. */
	if (process == MT_COLLECT_LIVE_NONE ||
	    (n = calloc(1, sizeof(*n))) == NULL) {
		mt_take_free(take);
		return;
	}
	n->process = process;
	n->take = take;
	tell(l, n);
}

void
mt_collect_live_round(struct mt_collect_live *l, uint64_t begun_us)
{
	const uint64_t now = mt_collect_session_tick(l->session);

	atomic_store(&l->wanted, false);
	l->rest_us = now + (now - begun_us) * REST;
	(void)pthread_mutex_lock(&l->lock);
	l->rounds_done++;
	(void)pthread_mutex_unlock(&l->lock);
	mt_collect_live_wake(l);
}
