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
mt_collect_viewer_new(int fd, const uint8_t from[MT_COLLECT_VIEWER_FROM],
    uint64_t now_us)
{
	struct mt_collect_viewer *v;
	const int on = 1;

	v = calloc(1, sizeof(*v));
	if (v == NULL) {
		(void)close(fd);
		return (NULL);
	}
	v->local = from == NULL;
	if (from != NULL) {
		memcpy(v->from, from, sizeof(v->from));
		/* The end of an update is short, and must not wait for more. */
		(void)setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on,
		    sizeof(on));
	}
	v->fd = fd;
	v->since_us = now_us;
	return (v);
}

/*
 * Who is leaving is not listened to, but bytes that nobody has read would undo
 * what he was told.  False: he has gone.
 */
static bool
drain(const struct mt_collect_viewer *v)
{
	uint8_t scratch[256];
	ssize_t n;
	unsigned i;

	for (i = 0; i < 16; i++) {
		n = recv(v->fd, scratch, sizeof(scratch), MSG_DONTWAIT);
		if (n <= 0)
			return (n == -1 &&
			    (errno == EAGAIN || errno == EINTR));
	}
	return (true);
}

void
mt_collect_viewer_free(struct mt_collect_viewer *v)
{
	if (v == NULL)
		return;
	if (v->leaving)
		(void)drain(v);
	(void)close(v->fd);
	mt_seal_free(v->seal);
	free(v->out);
	free(v->seen);
	free(v);
}

/* ---- What he is told --------------------------------------------------- */

/* As it is, behind what is not sent yet. */
static bool
append(struct mt_collect_viewer *v, const void *data, size_t n)
{
	uint8_t *out;

	out = realloc(v->out, v->out_len + n);
	if (out == NULL)
		return (false);
	memcpy(out + v->out_len, data, n);
	v->out = out;
	v->out_len += n;
	return (true);
}

/* In as many records as it takes. */
static bool
seal_up(struct mt_collect_viewer *v, const uint8_t *data, size_t n)
{
	const size_t most = MT_SEAL_RECORD - MT_SEAL_TAG;
	const size_t more = MT_MIRROR_RECORD + MT_SEAL_TAG;
	uint8_t *out;
	size_t k;

	out = realloc(v->out, v->out_len + n + (n / most + 1) * more);
	if (out == NULL)
		return (false);
	v->out = out;
	for (; n > 0; n -= k, data += k) {
		k = n < most ? n : most;
		out = v->out + v->out_len;
		out[0] = (uint8_t)(k + MT_SEAL_TAG);
		out[1] = (uint8_t)((k + MT_SEAL_TAG) >> 8);
		if (!mt_seal_close(v->seal, out + MT_MIRROR_RECORD, data, k))
			return (false);
		v->out_len += k + more;
	}
	return (true);
}

bool
mt_collect_viewer_say(struct mt_collect_viewer *v, void *data, size_t n)
{
	bool ok = true;

	if (v->seal != NULL)
		ok = seal_up(v, data, n);
	else if (v->out_len > 0)
		ok = append(v, data, n);
	else {
		free(v->out);
		v->out = data;
		v->out_len = n;
		v->out_at = 0;
		return (true);
	}
	free(data);
	return (ok);
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

/* He is told of which version we are, and then nothing any more. */
static bool
send_away(struct mt_collect_viewer *v, const void *answer, size_t n)
{
	v->leaving = true;
	return (append(v, answer, n));
}

static bool
hear_head(struct mt_collect_viewer *v)
{
	uint8_t head[MT_MIRROR_HEAD];
	const unsigned version = mt_mirror_version(v->in);

	mt_mirror_head(head);
	switch (version) {
	case 0:
		return (false);
	case MT_FEED_VERSION:
		if (!v->local) {
			v->state = MT_VIEWER_HELLO;
			return (true);
		}
		v->state = MT_VIEWER_GREETED;
		v->in_len = 0;
		return (append(v, head, sizeof(head)));
	case 1:
		if (!v->local) {
			v->state = MT_VIEWER_OLD;
			return (true);
		}
		break;
	default:
		break;
	}
	return (send_away(v, head, sizeof(head)));
}

static bool
hear_old(struct mt_collect_viewer *v, const struct mt_token *token)
{
	uint8_t answer[MT_MIRROR_OLD];

	return (mt_mirror_old(v->in, token, answer) &&
	    send_away(v, answer, sizeof(answer)));
}

static bool
hear_greeting(struct mt_collect_viewer *v, const struct mt_token *token)
{
	uint8_t answer[MT_MIRROR_HEAD + MT_SEAL_GREETING];

	if (mt_seal_new(&v->seal, MT_SEAL_SERVER, token->token, v->in,
	    MT_MIRROR_HEAD, NULL) != MT_OK ||
	    !mt_seal_read(v->seal, NULL, v->in + MT_MIRROR_HEAD,
	    MT_SEAL_GREETING))
		return (false);
	memcpy(v->public, v->in + MT_MIRROR_HEAD, sizeof(v->public));
	mt_mirror_head(answer);
	if (!mt_seal_write(v->seal, answer + MT_MIRROR_HEAD, NULL, 0))
		return (false);
	v->state = MT_VIEWER_GREETED;
	v->in_len = 0;
	return (append(v, answer, sizeof(answer)));
}

/* The request in what he said, which is a record if there is a seal. */
static bool
open_request(struct mt_collect_viewer *v, uint8_t request[MT_MIRROR_REQUEST])
{
	const size_t n = MT_MIRROR_REQUEST + MT_SEAL_TAG;

	v->in_len = 0;
	if (v->seal == NULL) {
		memcpy(request, v->in, MT_MIRROR_REQUEST);
		return (true);
	}
	return (v->in[0] == n && v->in[1] == 0 && mt_seal_open(v->seal,
	    request, v->in + MT_MIRROR_RECORD, n));
}

static bool
hear_request(struct mt_collect_viewer *v, uint64_t now_us, bool *came)
{
	uint8_t request[MT_MIRROR_REQUEST];
	unsigned ms;

	if (v->state == MT_VIEWER_IN && now_us - v->since_us >= SECOND_US) {
		v->since_us = now_us;
		v->requests = 0;
	}
	if (++v->requests > MT_COLLECT_REQUESTS || !open_request(v, request) ||
	    !mt_mirror_request(request, &ms))
		return (false);
	if (v->state == MT_VIEWER_GREETED) {
		v->state = MT_VIEWER_IN;
		v->since_us = now_us;
		*came = true;
	}
	set_interval(v, ms, now_us);
	return (true);
}

/* How many bytes make what he says next. */
static size_t
length(const struct mt_collect_viewer *v)
{
	switch (v->state) {
	case MT_VIEWER_NEW:
		return (MT_MIRROR_HEAD);
	case MT_VIEWER_OLD:
		return (MT_MIRROR_OLD);
	case MT_VIEWER_HELLO:
		return (MT_MIRROR_HEAD + MT_SEAL_GREETING);
	default:
		return (MT_MIRROR_REQUEST + (v->seal == NULL ? 0 :
		    MT_MIRROR_RECORD + MT_SEAL_TAG));
	}
}

static bool
hear_all(struct mt_collect_viewer *v, const struct mt_token *token,
    uint64_t now_us, bool *came)
{
	switch (v->state) {
	case MT_VIEWER_NEW:
		return (hear_head(v));
	case MT_VIEWER_OLD:
		return (hear_old(v, token));
	case MT_VIEWER_HELLO:
		return (hear_greeting(v, token));
	default:
		return (hear_request(v, now_us, came));
	}
}

bool
mt_collect_viewer_hear(struct mt_collect_viewer *v,
    const struct mt_token *token, uint64_t now_us, bool *came)
{
	size_t want;
	ssize_t n;

	*came = false;
	for (;;) {
		if (v->leaving)
			return (drain(v));
		want = length(v);
		n = recv(v->fd, v->in + v->in_len, want - v->in_len,
		    MSG_DONTWAIT);
		if (n == -1 && (errno == EAGAIN || errno == EINTR))
			return (true);
		if (n <= 0)
			return (false);
		v->in_len += (size_t)n;
		if (v->in_len == want && !hear_all(v, token, now_us, came))
			return (false);
	}
}
