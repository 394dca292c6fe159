/* The thread that serves viewers. */

#include <sys/socket.h>

#include <errno.h>
#include <netinet/in.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "mt_collect_live_in.h"

#define SILENCE_US	5000000u	/* of half-open connections */
#define SLEEP_US	1000000u	/* at most */
#define DEAF_US		200000u
#define ROUND		16u	/* of those who come are let in at a time */
/* When all is over: how long a viewer may take no byte, and all of them. */
#define STUCK_US	500000u
#define ENDING_US	3000000u

/* ---- News from the drain thread ---------------------------------------- */

/* Of those that have ended, the program and the last ones keep their tables. */
static void
keep(struct mt_collect_live *l, uint32_t process)
{
	uint32_t *at;

	if (process == 0)
		return;
	at = &l->last[l->nlast % MT_COLLECT_LIVE_ENDED];
	if (l->nlast++ >= MT_COLLECT_LIVE_ENDED)
		mt_mirror_drop(l->mirror[*at]);
	*at = process;
}

static void
apply(struct mt_collect_live *l, struct mt_collect_news_live *n)
{
	struct mt_mirror *m;

	if (n->mirror != NULL) {
		l->mirror[l->nmirrors++] = n->mirror;
		n->mirror = NULL;
		return;
	}
	m = l->mirror[n->process];
	if (n->take != NULL)
		(void)mt_mirror_push(m, n->take, NULL);
	if (!n->ended)
		return;
	mt_mirror_finish(m, n->replaced, n->status);
	keep(l, n->process);
}

static void
take_news(struct mt_collect_live *l, uint64_t now)
{
	struct mt_collect_news_live *n, *next;
	char drain[64];
	bool over;

	while (read(l->wake[0], drain, sizeof(drain)) > 0)
		continue;
	(void)pthread_mutex_lock(&l->lock);
	n = l->news;
	l->news = NULL;
	l->last_news = &l->news;
	l->rounds = l->rounds_done;
	over = l->over;
	(void)pthread_mutex_unlock(&l->lock);
	for (; n != NULL; n = next) {
		next = n->next;
		apply(l, n);
		mt_take_free(n->take);
		free(n);
	}
	if (over && !l->ending) {
		l->ending = true;
		l->moved_us = now;
	}
}

/* ---- What a viewer is told next ---------------------------------------- */

/* A copy, since what is said belongs to the viewer. */
static bool
say_frame(struct mt_collect_viewer *v, const uint8_t *frame, size_t n)
{
	void *copy = malloc(n);

	if (copy == NULL)
		return (false);
	memcpy(copy, frame, n);
	return (mt_collect_viewer_say(v, copy, n));
}

/* The update is complete; what is over is said with the last one. */
static bool
end_pass(struct mt_collect_live *l, struct mt_collect_viewer *v, uint64_t now)
{
	uint8_t frame[2 * MT_MIRROR_FRAME];
	size_t n;

	v->passing = false;
	n = mt_mirror_update(frame, now * 1000);
	if (v->final) {
		n += mt_mirror_over(frame + n, l->wait_status);
		v->leaving = true;
	}
	return (say_frame(v, frame, n));
}

static bool
pass(struct mt_collect_live *l, struct mt_collect_viewer *v, uint64_t now)
{
	enum mt_status st;
	size_t n;
	void *data;

	if (!mt_collect_viewer_reach(v, l->nmirrors))
		return (false);
	while (v->process < l->nmirrors) {
		st = mt_mirror_next(l->mirror[v->process], v->process,
		    &v->seen[v->process], &data, &n, NULL);
		if (st == MT_OK)
			return (mt_collect_viewer_say(v, data, n));
		if (st != MT_END)
			return (false);
		v->process++;
	}
	return (end_pass(l, v, now));
}

/*
 * He has been sent everything so far.  The next update begins when it is due
 * and a round of takes has been made for it.
 */
static bool
next_piece(struct mt_collect_live *l, struct mt_collect_viewer *v,
    uint64_t now)
{
	if (v->passing)
		return (pass(l, v, now));
	if (!l->ending) {
		if (v->interval_us == 0 || now < v->due_us)
			return (true);
		if (v->round == 0) {
			v->round = l->rounds + 1;
			atomic_store(&l->wanted, true);
			mt_collect_session_ring(l->session);
		}
		if (l->rounds < v->round)
			return (true);
	}
	v->round = 0;
	v->passing = true;
	v->final = l->ending;
	v->process = 0;
	v->due_us = now + v->interval_us;
	return (pass(l, v, now));
}

static bool
serve(struct mt_collect_live *l, struct mt_collect_viewer *v, uint64_t now)
{
	bool moved = false;

	for (;;) {
		if (!mt_collect_viewer_send(v, &moved))
			return (false);
		if (moved)
			l->moved_us = now;
		if (mt_collect_viewer_is_busy(v) ||
		    !mt_collect_viewer_is_in(v))
			return (true);
		if (!next_piece(l, v, now))
			return (false);
		if (!mt_collect_viewer_is_busy(v))
			return (true);
	}
}

/* ---- Who comes and goes ------------------------------------------------ */

static void
leave(struct mt_collect_live *l, unsigned i)
{
	mt_collect_viewer_free(l->peer[i]);
	l->peer[i] = NULL;
}

/* The first thing that he is told behind the greeting. */
static bool
welcome(struct mt_collect_live *l, struct mt_collect_viewer *v)
{
	uint8_t frame[MT_MIRROR_FRAME];
	size_t n;

	n = mt_mirror_info(frame, l->start_time_ns, (uint64_t)getpid());
	(void)atomic_fetch_add(&l->came, 1);
	return (say_frame(v, frame, n));
}

static unsigned
count(const struct mt_collect_live *l, bool in)
{
	unsigned i, n = 0;

	for (i = 0; i < MT_COLLECT_LIVE_PEERS; i++)
		n += l->peer[i] != NULL &&
		    mt_collect_viewer_is_in(l->peer[i]) == in;
	return (n);
}

/*
 * A greeting is only good for whoever has made it.  Somebody who has heard it
 * may say it again, but not so as to take more than one place.
 */
static bool
is_repeated(const struct mt_collect_live *l, const struct mt_collect_viewer *v)
{
	const struct mt_collect_viewer *other;
	unsigned i;

	if (v->local || v->state != MT_VIEWER_GREETED)
		return (false);
	for (i = 0; i < MT_COLLECT_LIVE_PEERS; i++) {
		other = l->peer[i];
		if (other != NULL && other != v && !other->local &&
		    other->state == MT_VIEWER_GREETED &&
		    memcmp(other->public, v->public, sizeof(v->public)) == 0)
			return (true);
	}
	return (false);
}

static bool
attend(struct mt_collect_live *l, struct mt_collect_viewer *v, uint64_t now)
{
	bool came;

	if (!mt_collect_viewer_hear(v, &l->port.token, now, &came) ||
	    is_repeated(l, v))
		return (false);
	if (came && (count(l, true) > MT_COLLECT_VIEWERS || !welcome(l, v)))
		return (false);
	if (!mt_collect_viewer_is_in(v) && now - v->since_us >= SILENCE_US)
		return (false);
	return (serve(l, v, now));
}

/* How many are half open from there. */
static unsigned
crowd(const struct mt_collect_live *l, const struct mt_collect_viewer *v)
{
	const struct mt_collect_viewer *other;
	unsigned i, n = 0;

	for (i = 0; i < MT_COLLECT_LIVE_PEERS; i++) {
		other = l->peer[i];
		n += other != NULL && !mt_collect_viewer_is_in(other) &&
		    other->local == v->local &&
		    memcmp(other->from, v->from, sizeof(v->from)) == 0;
	}
	return (n);
}

/*
 * Of too many that have not proved who they are, one goes: of those that have
 * not greeted, if there are any, one of those that come from where most come
 * from, and which one is left to chance, so that nobody can see to it that it
 * is somebody else.
 */
static void
make_room(struct mt_collect_live *l)
{
	unsigned i, rank, most = 0, seen = 0, victim = 0;
	uint32_t random;

	if (count(l, false) < MT_COLLECT_LIVE_HALF)
		return;
	for (i = 0; i < MT_COLLECT_LIVE_PEERS; i++) {
		if (l->peer[i] == NULL || mt_collect_viewer_is_in(l->peer[i]))
			continue;
		rank = crowd(l, l->peer[i]);
		if (l->peer[i]->state != MT_VIEWER_GREETED)
			rank += MT_COLLECT_LIVE_PEERS;
		if (rank > most) {
			most = rank;
			seen = 0;
			victim = i;
		}
		if (rank < most || getentropy(&random, sizeof(random)) == -1)
			continue;
		if (random % ++seen == 0)
			victim = i;
	}
	leave(l, victim);
}

/* Who is it, as far as it matters of whom there are too many? */
static void
origin(uint8_t from[MT_COLLECT_VIEWER_FROM],
    const struct sockaddr_storage *peer)
{
	struct sockaddr_in6 in6;
	struct sockaddr_in in;

	memset(from, 0, MT_COLLECT_VIEWER_FROM);
	if (peer->ss_family == AF_INET) {
		memcpy(&in, peer, sizeof(in));
		memcpy(from + 4, &in.sin_addr, 4);
	} else if (peer->ss_family == AF_INET6) {
		memcpy(&in6, peer, sizeof(in6));
		/* An address of version 4, or the network of the host. */
		if (IN6_IS_ADDR_V4MAPPED(&in6.sin6_addr))
			memcpy(from + 4, &in6.sin6_addr.s6_addr[12], 4);
		else
			memcpy(from, &in6.sin6_addr, MT_COLLECT_VIEWER_FROM);
	}
}

static void
let_in(struct mt_collect_live *l, int fd, bool local,
    const struct sockaddr_storage *peer, uint64_t now)
{
	uint8_t from[MT_COLLECT_VIEWER_FROM];
	unsigned i;

	if (local && !mt_place_is_friend(fd)) {
		(void)close(fd);
		return;
	}
	origin(from, peer);
	make_room(l);
	for (i = 0; l->peer[i] != NULL;)
		i++;
	l->peer[i] = mt_collect_viewer_new(fd, local ? NULL : from, now);
	/* He has said something already, so he is not taken for silent. */
	if (l->peer[i] != NULL && !attend(l, l->peer[i], now))
		leave(l, i);
}

static void
welcome_all(struct mt_collect_live *l, int listening, bool local, uint64_t now)
{
	struct sockaddr_storage peer;
	socklen_t len;
	unsigned n;
	int fd;

	/* Bounded, so that a flood of peers cannot hold up the others. */
	for (n = 0; n < ROUND && listening != -1; n++) {
		len = sizeof(peer);
		memset(&peer, 0, sizeof(peer));
		fd = accept4(listening, (struct sockaddr *)&peer, &len,
		    SOCK_CLOEXEC | SOCK_NONBLOCK);
		if (fd == -1) {
			/* Without a descriptor to be had, he keeps waiting. */
			if (errno == EMFILE || errno == ENFILE)
				l->deaf_us = now + DEAF_US;
			return;
		}
		let_in(l, fd, local, &peer, now);
	}
}

/* ---- The thread -------------------------------------------------------- */

/* How long there is nothing to do if nobody says anything. */
static int
timeout_ms(const struct mt_collect_live *l, uint64_t now)
{
	const struct mt_collect_viewer *v;
	uint64_t until = now + SLEEP_US;
	unsigned i;

	if (l->ending)
		return (20);
	if (now < l->deaf_us)
		until = l->deaf_us;
	for (i = 0; i < MT_COLLECT_LIVE_PEERS; i++) {
		v = l->peer[i];
		if (v != NULL && mt_collect_viewer_is_in(v) &&
		    v->interval_us != 0 &&
		    v->round == 0 && !mt_collect_viewer_is_busy(v) &&
		    v->due_us < until)
			until = v->due_us;
	}
	return (until <= now ? 0 : (int)((until - now + 999) / 1000));
}

static void
wait_for(struct mt_collect_live *l, uint64_t now)
{
	struct pollfd fds[MT_COLLECT_LIVE_PEERS + 3], *peer = fds + 3;
	const bool deaf = l->ending || now < l->deaf_us;
	unsigned i;

	fds[0].fd = l->wake[0];
	fds[1].fd = deaf ? -1 : l->port.local;
	fds[2].fd = deaf ? -1 : l->port.net;
	for (i = 0; i < 3; i++)
		fds[i].events = POLLIN;
	for (i = 0; i < MT_COLLECT_LIVE_PEERS; i++) {
		peer[i].fd = l->peer[i] == NULL ? -1 : l->peer[i]->fd;
		peer[i].events = POLLIN;
		if (l->peer[i] != NULL &&
		    mt_collect_viewer_is_busy(l->peer[i]))
			peer[i].events |= POLLOUT;
	}
	(void)poll(fds, MT_COLLECT_LIVE_PEERS + 3, timeout_ms(l, now));
}

/* Who does not take what is left does not keep the others waiting. */
static bool
is_done(const struct mt_collect_live *l, uint64_t ending_us, uint64_t now)
{
	return (count(l, true) == 0 || now - l->moved_us >= STUCK_US ||
	    now - ending_us >= ENDING_US);
}

void *
mt_collect_live_serve(void *arg)
{
	struct mt_collect_live *l = arg;
	uint64_t ending_us = 0, now;
	unsigned i;

	for (;;) {
		now = mt_collect_session_tick(l->session);
		take_news(l, now);
		if (l->ending && ending_us == 0)
			ending_us = now;
		if (!l->ending) {
			welcome_all(l, l->port.local, true, now);
			welcome_all(l, l->port.net, false, now);
		}
		for (i = 0; i < MT_COLLECT_LIVE_PEERS; i++)
			if (l->peer[i] != NULL &&
			    !attend(l, l->peer[i], now))
				leave(l, i);
		if (l->ending && is_done(l, ending_us, now))
			break;
		wait_for(l, now);
	}
	for (i = 0; i < MT_COLLECT_LIVE_PEERS; i++)
		leave(l, i);
	return (NULL);
}
