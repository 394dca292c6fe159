/* Connections of the live feed. */

#include <sys/socket.h>

#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <mt_feed.h>

#include "mt_collect_viewer.h"

#define SECOND_US	1000000u

struct mt_collect_viewer *
mt_collect_viewer_new(int fd, uint64_t now_us)
{
	struct mt_collect_viewer *v;
	const int on = 1;

	v = calloc(1, sizeof(*v));
	if (v == NULL) {
		(void)close(fd);
		return (NULL);
	}
	/* The end of an update is short, and must not wait for more. */
	(void)setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
	v->fd = fd;
	v->since_us = now_us;
	return (v);
}

void
mt_collect_viewer_free(struct mt_collect_viewer *v)
{
	if (v == NULL)
		return;
	(void)close(v->fd);
	free(v->out);
	free(v->seen);
	free(v);
}

/* ---- What he says ------------------------------------------------------ */

static void
set_interval(struct mt_collect_viewer *v, unsigned ms, uint64_t now_us)
{
	if (ms != 0 && ms < MT_FEED_INTERVAL_MIN)
		ms = MT_FEED_INTERVAL_MIN;
	v->interval_us = ms > UINT32_MAX / 1000 ? UINT32_MAX : ms * 1000;
	/* Who asks often does not get more. */
	if (v->due_us > now_us + v->interval_us)
		v->due_us = now_us + v->interval_us;
}

static bool
hear_greeting(struct mt_collect_viewer *v,
    const uint8_t secret[MT_MIRROR_SECRET], uint64_t now_us, bool *came)
{
	uint8_t *answer;
	enum mt_status st;
	unsigned ms = 0;

	st = mt_mirror_greeted(v->in, secret, &ms);
	if (st == MT_ERR_FORMAT ||
	    (answer = malloc(MT_MIRROR_GREETING)) == NULL)
		return (false);
	mt_mirror_greet(answer, secret);
	mt_collect_viewer_say(v, answer, MT_MIRROR_GREETING);
	v->greeted = true;
	v->leaving = st != MT_OK;
	*came = st == MT_OK;
	set_interval(v, ms, now_us);
	return (true);
}

static bool
hear_request(struct mt_collect_viewer *v, uint64_t now_us)
{
	unsigned ms;

	if (now_us - v->since_us >= SECOND_US) {
		v->since_us = now_us;
		v->requests = 0;
	}
	if (++v->requests > MT_COLLECT_REQUESTS ||
	    !mt_mirror_request(v->in, &ms))
		return (false);
	set_interval(v, ms, now_us);
	return (true);
}

bool
mt_collect_viewer_hear(struct mt_collect_viewer *v,
    const uint8_t secret[MT_MIRROR_SECRET], uint64_t now_us, bool *came)
{
	size_t want;
	ssize_t n;

	*came = false;
	for (;;) {
		want = v->greeted ? MT_MIRROR_REQUEST : MT_MIRROR_GREETING;
		n = recv(v->fd, v->in + v->in_len, want - v->in_len,
		    MSG_DONTWAIT);
		if (n == -1 && (errno == EAGAIN || errno == EINTR))
			return (true);
		if (n <= 0)
			return (false);
		v->in_len += (size_t)n;
		if (v->in_len < want)
			continue;
		v->in_len = 0;
		if (!(v->greeted ? hear_request(v, now_us) :
		    hear_greeting(v, secret, now_us, came)))
			return (false);
	}
}

/* ---- What he is told --------------------------------------------------- */

void
mt_collect_viewer_say(struct mt_collect_viewer *v, void *data, size_t n)
{
	free(v->out);
	v->out = data;
	v->out_len = n;
	v->out_at = 0;
}

bool
mt_collect_viewer_send(struct mt_collect_viewer *v, bool *moved)
{
	ssize_t n;

	while (v->out_at < v->out_len) {
		n = send(v->fd, v->out + v->out_at, v->out_len - v->out_at,
		    MSG_DONTWAIT | MSG_NOSIGNAL);
		if (n == -1 && (errno == EAGAIN || errno == EINTR))
			return (true);
		if (n <= 0)
			return (false);
		v->out_at += (size_t)n;
		*moved = true;
	}
	free(v->out);
	v->out = NULL;
	v->out_len = v->out_at = 0;
	return (!v->leaving);
}

bool
mt_collect_viewer_reach(struct mt_collect_viewer *v, uint32_t n)
{
	struct mt_mirror_seen *p;
	uint32_t want = n + n / 4 + 4;

	if (n <= v->nseen)
		return (true);
	p = realloc(v->seen, want * sizeof(*p));
	if (p == NULL)
		return (false);
	memset(p + v->nseen, 0, (want - v->nseen) * sizeof(*p));
	v->seen = p;
	v->nseen = want;
	return (true);
}
