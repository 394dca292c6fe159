/* Watching a program: the life of a feed. */

#include <sys/socket.h>

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "mt_feed_in.h"

#define READ_BYTES	(64u * 1024)
#define READS		64u	/* in a step, so that the caller comes on */

static enum mt_status
nomem(struct mt_error *e)
{
	return (mt_error_set(e, MT_ERR_NOMEM, "out of memory"));
}

enum mt_status
mt_feed_open(struct mt_feed **out, const struct mt_feed_options *options,
    struct mt_error *e)
{
	struct mt_feed *f;
	enum mt_status st;

	*out = NULL;
	f = calloc(1, sizeof(*f));
	if (f == NULL)
		return (nomem(e));
	f->fd = -1;
	st = mt_budget_open(&f->budget, 0, e);
	mt_budget_share(&f->spent, &f->budget);
	if (st == MT_OK)
		st = mt_feed_find(f, options, e);
	if (st == MT_OK)
		st = mt_feed_interval(f, options->interval_ms == 0 ?
		    MT_FEED_INTERVAL_MS : options->interval_ms, e);
	if (st != MT_OK) {
		mt_feed_close(f);
		return (st);
	}
	*out = f;
	return (MT_OK);
}

void
mt_feed_close(struct mt_feed *f)
{
	size_t i;

	if (f == NULL)
		return;
	if (f->fd != -1)
		(void)close(f->fd);
	for (i = 0; i < f->info.processes; i++)
		mt_capture_close(f->member[i].capture);
	free(f->member);
	mt_buf_fini(&f->sealed);
	mt_buf_fini(&f->in);
	mt_seal_free(f->seal);
	mt_budget_close(&f->spent);
	mt_budget_close(&f->budget);
	free(f);
}

int
mt_feed_fd(const struct mt_feed *f)
{
	return (f->fd);
}

/* ---- Input ------------------------------------------------------------ */

/* All whole frames that are there; what is left is the start of one. */
static enum mt_status
take_frames(struct mt_feed *f, bool *updated, struct mt_error *e)
{
	enum mt_status st = MT_OK;
	size_t at = 0, n;
	uint32_t process;
	unsigned type;

	while (st == MT_OK && !f->over && f->in.len - at >= MT_FEED_HEAD) {
		mt_feed_get_head(f->in.data + at, &type, &process, &n);
		if (n > MT_FEED_PAYLOAD_MAX)
			return (mt_error_set(e, MT_ERR_FORMAT,
			    "a frame of %zu bytes", n));
		if (f->in.len - at - MT_FEED_HEAD < n)
			break;
		st = mt_feed_frame(f, type, process,
		    f->in.data + at + MT_FEED_HEAD, n, updated, e);
		at += MT_FEED_HEAD + n;
	}
	if (at > 0)
		memmove(f->in.data, f->in.data + at, f->in.len - at);
	f->in.len -= at;
	return (st);
}

/* What was sealed, opened into f->in; what is left is the start of more. */
static enum mt_status
open_records(struct mt_feed *f, struct mt_error *e)
{
	struct mt_buf *from = &f->sealed, *to = &f->in;
	size_t at = 0, n;

	while (from->len - at >= MT_MIRROR_RECORD) {
		n = mt_get_u16(from->data + at);
		if (from->len - at - MT_MIRROR_RECORD < n)
			break;
		at += MT_MIRROR_RECORD;
		if (n >= MT_SEAL_TAG && !mt_buf_reserve(to, n))
			return (nomem(e));
		if (n < MT_SEAL_TAG || !mt_seal_open(f->seal,
		    to->data + to->len, from->data + at, n))
			return (mt_error_set(e, MT_ERR_FORMAT, "somebody has "
			    "changed what memray-run said"));
		to->len += n - MT_SEAL_TAG;
		at += n;
	}
	memmove(from->data, from->data + at, from->len - at);
	from->len -= at;
	return (MT_OK);
}

/* The collector is gone; it has said so, or not. */
static void
hang_up(struct mt_feed *f)
{
	f->over = true;
	if (f->info.state == MT_FEED_RUNNING)
		f->info.state = MT_FEED_LOST;
}

static enum mt_status
read_some(struct mt_feed *f, bool *updated, struct mt_error *e)
{
	struct mt_buf *to = f->seal != NULL ? &f->sealed : &f->in;
	uint8_t data[READ_BYTES];
	enum mt_status st;
	ssize_t n;

	n = recv(f->fd, data, sizeof(data), MSG_DONTWAIT);
	if (n == -1 && errno == EINTR)
		return (MT_OK);
	if (n == -1 && errno == EAGAIN)
		return (MT_END);
	if (n <= 0) {
		hang_up(f);
		return (MT_END);
	}
	mt_buf_put(to, data, (size_t)n);
	if (to->failed)
		return (nomem(e));
	st = f->seal != NULL ? open_records(f, e) : MT_OK;
	return (st != MT_OK ? st : take_frames(f, updated, e));
}

enum mt_status
mt_feed_step(struct mt_feed *f, bool *updated, struct mt_error *e)
{
	enum mt_status st = MT_OK, checked;
	unsigned i;

	*updated = false;
	if (f->over)
		return (MT_END);
	for (i = 0; i < READS && st == MT_OK && !f->over; i++)
		st = read_some(f, updated, e);
	checked = mt_feed_check(f, st < MT_OK ? NULL : e);
	if (st >= MT_OK)
		st = checked;
	if (st < MT_OK)
		hang_up(f);
	/* What came with the end is first told as any other. */
	return (st == MT_OK && f->over && !*updated ? MT_END : st);
}

/* A request, in a record of its own if there is a seal. */
static bool
ask(struct mt_feed *f, const uint8_t request[MT_MIRROR_REQUEST])
{
	uint8_t record[MT_MIRROR_RECORD + MT_MIRROR_REQUEST + MT_SEAL_TAG];
	size_t n = MT_MIRROR_REQUEST;

	if (f->seal == NULL)
		memcpy(record, request, n);
	else {
		mt_put_u16(record, MT_MIRROR_REQUEST + MT_SEAL_TAG);
		if (!mt_seal_close(f->seal, record + MT_MIRROR_RECORD,
		    request, n))
			return (false);
		n = sizeof(record);
	}
	return (send(f->fd, record, n, MSG_DONTWAIT | MSG_NOSIGNAL) ==
	    (ssize_t)n);
}

enum mt_status
mt_feed_interval(struct mt_feed *f, unsigned ms, struct mt_error *e)
{
	uint8_t request[MT_MIRROR_REQUEST];

	mt_put_u32(request, MT_REQUEST_INTERVAL);
	mt_put_u32(request + 4, ms);
	if (f->over || ask(f, request))
		return (MT_OK);
	return (mt_error_set(e, MT_ERR_SYS, "cannot ask for updates"));
}

enum mt_status
mt_feed_spend(struct mt_feed *f, uint64_t bytes, struct mt_error *e)
{
	mt_budget_give(&f->spent, f->spent.used);
	if (mt_budget_take(&f->spent, bytes))
		return (MT_OK);
	return (mt_budget_status(&f->spent, mt_error_set(e, MT_ERR_NOMEM,
	    "out of memory"), e));
}

/* ---- What it tells ---------------------------------------------------- */

void
mt_feed_info(const struct mt_feed *f, struct mt_feed_info *info)
{
	*info = f->info;
}

void
mt_feed_process(const struct mt_feed *f, size_t i,
    struct mt_feed_process *out)
{
	const struct mt_feed_member *m = &f->member[i];
	const struct mt_feed_status *s = &m->status;

	out->pid = s->pid;
	out->parent_pid = s->parent_pid;
	out->command_line = m->capture == NULL ? "" :
	    m->capture->meta.command_line;
	out->running = (s->flags & MT_STATUS_ENDED) == 0;
	out->replaced = (s->flags & MT_STATUS_REPLACED) != 0;
	out->has_exit_status = (s->flags & MT_STATUS_KNOWN) != 0;
	out->exit_status = (int)(uint32_t)s->exit_status;
	out->begin_ns = s->begin_ns;
	out->time_ns = s->time_ns;
	out->heap = s->heap;
	out->live = s->live;
	out->peak = s->peak;
	out->rss = s->rss;
	out->anon_rss = s->anon_rss;
	out->peak_rss = s->peak_rss;
	out->allocations = s->allocations;
	out->bytes = s->bytes;
	out->lost_events = s->lost;
	out->updates = m->updates;
	out->capture = m->capture;
}
