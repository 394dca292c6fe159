/*
 * What the tests of feeds share: a program that does something at random, and
 * viewers of it.
 */

#ifndef FEED_SUBR_H
#define FEED_SUBR_H

#include <sys/socket.h>

#include <atf-c.h>
#include <fcntl.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <mt_wire.h>

#include "mt_feed_in.h"
#include "mt_mirror_in.h"

#define ADDRESSES	500u
#define CODES		20u
#define DEPTH		4u

/* A program, and viewers of it who get as much as they are given. */
struct play {
	struct mt_recorder	*r;
	struct mt_mirror	*mirror;
	uint64_t		 seed;
	uint64_t		 time_ns;
	uint32_t		 threads;
};

struct viewer {
	struct mt_feed		*feed;
	struct mt_mirror_seen	 seen;
	int			 fd;
};

static inline uint32_t
dice(struct play *p, uint32_t n)
{
	p->seed = p->seed * 6364136223846793005u + 1442695040888963407u;
	return ((uint32_t)(p->seed >> 33) % n);
}

static inline enum mt_status
forget(void *arg, enum mt_block_type type, void *data, size_t n,
    struct mt_error *e)
{
	(void)arg;
	(void)type;
	(void)n;
	(void)e;
	free(data);
	return (MT_OK);
}

static inline void
play_start(struct play *p, unsigned flags)
{
	const struct mt_sink sink = { forget, NULL };
	uint32_t id;

	memset(p, 0, sizeof(*p));
	ATF_REQUIRE_EQ(MT_OK, mt_recorder_new(&p->r, &sink,
	    flags | MT_RECORDER_FEED, NULL));
	ATF_REQUIRE_EQ(MT_OK, mt_mirror_new(&p->mirror, 77, 76, 5, NULL));
	ATF_REQUIRE_EQ(MT_OK, mt_recorder_text(p->r, "command_line", "a.py",
	    NULL));
	ATF_REQUIRE_EQ(MT_OK, mt_recorder_thread_new(p->r, 770, "Main", &id,
	    NULL));
	p->threads = 1;
}

static inline void
play_stop(struct play *p)
{
	mt_recorder_free(p->r);
	mt_mirror_free(p->mirror);
}

static inline void
new_code(struct play *p)
{
	struct mt_code c;
	uint32_t id;
	char name[16];

	memset(&c, 0, sizeof(c));
	ATF_REQUIRE_EQ(MT_OK, mt_recorder_code_new(p->r, &id, NULL));
	(void)snprintf(name, sizeof(name), "f%u", id);
	c.function = name;
	c.file = "a.py";
	c.first_line = id;
	/* Some are never described. */
	if (id % 5 != 0)
		ATF_REQUIRE_EQ(MT_OK, mt_recorder_code_describe(p->r, id, &c,
		    NULL));
}

static inline void
allocate(struct play *p)
{
	uint32_t depth = dice(p, DEPTH) + 1, node = 0;
	const bool map = dice(p, 10) == 0;

	while (depth-- > 0)
		ATF_REQUIRE_EQ(MT_OK, mt_recorder_node(p->r, node,
		    1 + dice(p, CODES), (int32_t)dice(p, 3), &node, NULL));
	ATF_REQUIRE_EQ(MT_OK, mt_recorder_alloc(p->r, dice(p, p->threads),
	    node, map ? MT_ALLOCATOR_MMAP : MT_ALLOCATOR_MALLOC,
	    (map ? 1u << 20 : 0) + 4096 * (1 + dice(p, ADDRESSES)),
	    1 + dice(p, 4096), NULL));
}

static inline void
play_some(struct play *p, unsigned events)
{
	uint32_t id;

	while (events-- > 0) {
		if (dice(p, 5) < 3)
			allocate(p);
		else
			ATF_REQUIRE_EQ(MT_OK, mt_recorder_free_at(p->r,
			    dice(p, p->threads),
			    4096 * (1 + dice(p, ADDRESSES)), NULL));
	}
	p->time_ns += 1000000;
	mt_recorder_time(p->r, p->time_ns);
	ATF_REQUIRE_EQ(MT_OK, mt_recorder_sample(p->r, p->time_ns,
	    dice(p, 1u << 30), dice(p, 1u << 20), NULL));
	if (dice(p, 20) == 0) {
		ATF_REQUIRE_EQ(MT_OK, mt_recorder_thread_new(p->r,
		    770 + p->threads, "worker", &id, NULL));
		p->threads++;
	}
}

static inline void
play_take(struct play *p)
{
	struct mt_take *t;

	ATF_REQUIRE_EQ(MT_OK, mt_recorder_take(p->r, &t, NULL));
	if (t != NULL)
		ATF_REQUIRE_EQ(MT_OK, mt_mirror_push(p->mirror, t, NULL));
	mt_take_free(t);
}

/* ---- Viewers ----------------------------------------------------------- */

static inline void
viewer_open(struct viewer *v)
{
	int sv[2];

	memset(v, 0, sizeof(*v));
	ATF_REQUIRE_EQ(0, socketpair(AF_UNIX, SOCK_STREAM, 0, sv));
	v->feed = calloc(1, sizeof(*v->feed));
	ATF_REQUIRE(v->feed != NULL);
	v->feed->fd = sv[0];
	v->fd = sv[1];
	ATF_REQUIRE(fcntl(sv[1], F_SETFL, O_NONBLOCK) != -1);
}

static inline void
viewer_close(struct viewer *v)
{
	mt_feed_close(v->feed);
	(void)close(v->fd);
}

/* Say it in pieces, whatever the socket takes. */
static inline void
say(struct viewer *v, const void *data, size_t n)
{
	const uint8_t *p = data;
	bool updated;
	ssize_t k;

	while (n > 0) {
		k = send(v->fd, p, n > 40000 ? 40000 : n, MSG_NOSIGNAL);
		if (k > 0) {
			p += k;
			n -= (size_t)k;
		}
		ATF_REQUIRE_EQ(MT_OK, mt_feed_step(v->feed, &updated, NULL));
	}
}

/* At most so many pieces; true if he has seen all. */
static inline bool
show(struct viewer *v, struct play *p, unsigned pieces)
{
	struct mt_error e;
	enum mt_status st;
	void *data;
	size_t n;

	while (pieces-- > 0) {
		st = mt_mirror_next(p->mirror, 0, &v->seen, &data, &n, &e);
		if (st == MT_END)
			return (true);
		ATF_REQUIRE_EQ_MSG(MT_OK, st, "%s", e.text);
		say(v, data, n);
		free(data);
	}
	return (false);
}

static inline void
say_update(struct viewer *v, uint64_t time_ns)
{
	uint8_t frame[MT_MIRROR_FRAME];

	say(v, frame, mt_mirror_update(frame, time_ns));
}

#endif /* FEED_SUBR_H */
