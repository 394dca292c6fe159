/* Captures on their way to their files. */

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "mt_collect_error.h"
#include "mt_collect_output.h"

/* The reserve grows by this much at a time: each change is a system call. */
#define RESERVE_STEP	(64u * 1024)

struct mt_collect_output *
mt_collect_output_new(pid_t pid)
{
	struct mt_collect_output *o;

	if ((o = calloc(1, sizeof(*o))) == NULL)
		return (NULL);
	o->pid = pid;
	o->fd = o->next_fd = -1;
	return (o);
}

void
mt_collect_output_free(struct mt_collect_output *o)
{
	if (o == NULL)
		return;
	mt_writer_free(o->next);
	if (o->next_fd != -1)
		(void)close(o->next_fd);
	mt_writer_free(o->writer);
	if (o->fd != -1)
		(void)close(o->fd);
	free(o);
}

/*
 * The number of this capture among those of its process id: after exec(2),
 * or when the id is used again, there are several.
 */
static unsigned
count(struct mt_collect_outputs *os, pid_t pid)
{
	unsigned number = 1;
	pid_t *pids;
	size_t cap, i;

	for (i = 0; i < os->npids; i++)
		number += os->pids[i] == pid;
	if (os->npids == os->pids_cap) {
		cap = os->pids_cap == 0 ? 64 : 2 * os->pids_cap;
		if ((pids = realloc(os->pids, cap * sizeof(*pids))) == NULL)
			return (number);
		os->pids = pids;
		os->pids_cap = cap;
	}
	os->pids[os->npids++] = pid;
	return (number);
}

static enum mt_status
create(struct mt_collect_outputs *os, struct mt_collect_output *o,
    unsigned number, struct mt_error *error)
{
	if (os->create == NULL) {
		errno = EACCES;
		return (mt_collect_fail(error, MT_ERR_SYS, "cannot create"));
	}
	o->fd = os->create(os->create_arg, o->pid, number, o->name);
	if (o->fd == -1)
		return (mt_collect_fail(error, MT_ERR_SYS, "cannot create"));
	return (mt_writer_new(&o->writer, o->fd, os->writer_flags,
	    os->start_time_ns, error));
}

static enum mt_status
open_output(struct mt_collect_outputs *os, struct mt_collect_output *o,
    struct mt_error *error)
{
	unsigned number;

	number = count(os, o->pid);
	os->processes += number == 1;
	if (!o->first) {
		o->number = number;
		return (create(os, o, number, error));
	}
	o->writer = os->first;
	o->fd = os->first_fd;
	os->first = NULL;
	os->first_fd = -1;
	return (MT_OK);
}

/* Only the first failure is of interest; the rest follows from it. */
static void
failed(struct mt_collect_output_state *state, enum mt_status st,
    const struct mt_error *error)
{
	if (state->status == MT_OK) {
		state->status = st;
		state->error = *error;
	}
}

/* Keep the reserve; a disk without room for it has none for events. */
static enum mt_status
keep_reserve(struct mt_collect_output *o, uint64_t wanted,
    struct mt_error *error)
{
	enum mt_status st;

	wanted = (wanted + RESERVE_STEP - 1) / RESERVE_STEP * RESERVE_STEP;
	if (wanted <= o->reserved)
		return (MT_OK);
	st = mt_writer_reserve(o->writer, wanted, error);
	if (st == MT_ERR_SYS && error->sys != ENOSPC && error->sys != EDQUOT)
		st = MT_OK;
	if (st == MT_OK)
		o->reserved = wanted;
	return (st);
}

/* ---- A new file in place of one that has grown ----------------------- */

static void
drop_next(struct mt_collect_output *o)
{
	mt_writer_free(o->next);
	o->next = NULL;
	(void)close(o->next_fd);
	o->next_fd = -1;
}

/* The blocks that are still to come are for nobody. */
static void
give_up(struct mt_collect_outputs *os, struct mt_collect_output *o)
{
	drop_next(o);
	(void)os->renewed(os->create_arg, o->pid, o->number, -1);
}

static void
take_next(struct mt_collect_output *o)
{
	mt_writer_free(o->writer);
	(void)close(o->fd);
	o->writer = o->next;
	o->fd = o->next_fd;
	o->next = NULL;
	o->next_fd = -1;
	o->reserved = 0;
}

void
mt_collect_output_renew(struct mt_collect_outputs *os,
    struct mt_collect_output *o)
{
	o->renewing = true;
	if (o->writer == NULL || os->renew == NULL)
		return;
	o->next_fd = os->renew(os->create_arg, o->pid, o->number,
	    o->fd);
	if (o->next_fd != -1 && mt_writer_new(&o->next, o->next_fd,
	    os->writer_flags, os->start_time_ns, NULL) != MT_OK)
		give_up(os, o);
}

static void
put_next(struct mt_collect_outputs *os, struct mt_collect_output *o,
    enum mt_block_type type, const void *data, size_t len)
{
	if (o->next != NULL &&
	    mt_writer_put(o->next, type, data, len, NULL) != MT_OK)
		give_up(os, o);
}

void
mt_collect_output_renewed(struct mt_collect_outputs *os,
    struct mt_collect_output *o, bool complete,
    struct mt_collect_output_state *state)
{
	o->renewing = false;
	if (o->next != NULL && !complete)
		give_up(os, o);
	if (o->next != NULL && os->renewed(os->create_arg, o->pid, o->number,
	    o->next_fd) != 0)
		drop_next(o);
	if (o->next != NULL) {
		take_next(o);
		state->bytes = mt_writer_bytes(o->writer);
	}
	/* Whether there is a new file or not, the next try is a while away. */
	state->base = state->bytes;
}

/* ---- Blocks ---------------------------------------------------------- */

/*
 * What the tables at the end will say again, and better.  Where there is no
 * room for it, there may still be for those.
 */
static bool
is_checkpoint(const struct mt_collect_output *o, enum mt_block_type type)
{
	return (!o->has_sites && type >= MT_BLOCK_CHANGES &&
	    type <= MT_BLOCK_TIMELINE);
}

static void
put_checkpoint(struct mt_collect_output *o, enum mt_block_type type,
    const void *data, size_t len, uint64_t reserve,
    struct mt_collect_output_state *state)
{
	struct mt_error error;

	if (keep_reserve(o, reserve, &error) == MT_OK)
		(void)mt_writer_put(o->writer, type, data, len, &error);
	state->bytes = mt_writer_bytes(o->writer);
}

void
mt_collect_output_put(struct mt_collect_outputs *os,
    struct mt_collect_output *o, enum mt_block_type type, const void *data,
    size_t len, uint64_t n, uint64_t reserve,
    struct mt_collect_output_state *state)
{
	const bool events = type == MT_BLOCK_EVENTS;
	enum mt_status st = MT_OK;
	struct mt_error error;

	if (o->renewing) {
		put_next(os, o, type, data, len);
		return;
	}
	if (o->writer == NULL && !state->broken &&
	    (st = open_output(os, o, &error)) != MT_OK) {
		failed(state, st, &error);
		state->broken = true;
	}
	if (o->writer == NULL) {
		state->dropped += n;
		return;
	}
	if (is_checkpoint(o, type)) {
		put_checkpoint(o, type, data, len, reserve, state);
		return;
	}
	o->has_sites |= type == MT_BLOCK_SITES;
	if (events && !o->full) {
		st = keep_reserve(o, reserve, &error);
		o->full = st != MT_OK;
	}
	if (!events || !o->full)
		st = mt_writer_put(o->writer, type, data, len, &error);
	state->bytes = mt_writer_bytes(o->writer);
	if (st != MT_OK)
		failed(state, st, &error);
	if (st != MT_OK && !events)
		state->broken = true;
	if (events && (o->full || st != MT_OK)) {
		o->full = true;
		state->dropped += n;
	}
}

void
mt_collect_output_close(struct mt_collect_outputs *os,
    struct mt_collect_output *o)
{
	struct mt_error error;
	enum mt_status st;

	if (o->writer != NULL) {
		st = mt_writer_finish(o->writer, &error);
		if (st != MT_OK)
			failed(&o->state, st, &error);
		os->captures++;
		os->bytes += mt_writer_bytes(o->writer);
		if (o->first)
			os->first_bytes = mt_writer_bytes(o->writer);
	}
	if (o->state.status != MT_OK && os->status == MT_OK) {
		os->status = o->state.status;
		os->error = o->state.error;
		memcpy(os->failed, o->name, sizeof(os->failed));
	}
	mt_collect_output_free(o);
}

void
mt_collect_outputs_fini(struct mt_collect_outputs *os)
{
	if (os->first != NULL) {
		(void)mt_writer_finish(os->first, NULL);
		os->first_bytes = mt_writer_bytes(os->first);
		mt_writer_free(os->first);
		os->first = NULL;
	}
	if (os->first_fd != -1)
		(void)close(os->first_fd);
	os->first_fd = -1;
	free(os->pids);
	os->pids = NULL;
	os->npids = os->pids_cap = 0;
}
