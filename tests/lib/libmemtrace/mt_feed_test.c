#include <sys/socket.h>

#include <atf-c.h>
#include <errno.h>
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

static uint32_t
dice(struct play *p, uint32_t n)
{
	p->seed = p->seed * 6364136223846793005u + 1442695040888963407u;
	return ((uint32_t)(p->seed >> 33) % n);
}

static enum mt_status
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

static void
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

static void
play_stop(struct play *p)
{
	mt_recorder_free(p->r);
	mt_mirror_free(p->mirror);
}

static void
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

static void
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

static void
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

static void
play_take(struct play *p)
{
	struct mt_take *t;

	ATF_REQUIRE_EQ(MT_OK, mt_recorder_take(p->r, &t, NULL));
	if (t != NULL)
		ATF_REQUIRE_EQ(MT_OK, mt_mirror_push(p->mirror, t, NULL));
	mt_take_free(t);
}

/* ---- Viewers ----------------------------------------------------------- */

static void
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

static void
viewer_close(struct viewer *v)
{
	mt_feed_close(v->feed);
	(void)close(v->fd);
}

/* Say it in pieces, whatever the socket takes. */
static void
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
static bool
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

static void
say_update(struct viewer *v, uint64_t time_ns)
{
	uint8_t frame[MT_MIRROR_FRAME];

	say(v, frame, mt_mirror_update(frame, time_ns));
}

static int
by_place(const void *va, const void *vb)
{
	return (memcmp(va, vb, offsetof(struct mt_site, allocations)));
}

/* Rows of a view come in the order in which they were first seen. */
static void
check_sites(struct play *p, struct mt_capture *c)
{
	const struct mt_site *theirs, *want;
	struct mt_site *got, *sorted;
	size_t i, m, n;

	ATF_REQUIRE_EQ(MT_OK, mt_recorder_sites(p->r, &want, &n, NULL));
	m = mt_capture_sites(c, &theirs);
	ATF_REQUIRE(n > 100);
	ATF_REQUIRE_EQ(n, m);
	got = malloc(n * sizeof(*got));
	sorted = malloc(n * sizeof(*sorted));
	ATF_REQUIRE(got != NULL && sorted != NULL);
	memcpy(got, theirs, n * sizeof(*got));
	memcpy(sorted, want, n * sizeof(*sorted));
	qsort(got, n, sizeof(*got), by_place);
	qsort(sorted, n, sizeof(*sorted), by_place);
	for (i = 0; i < n; i++)
		ATF_REQUIRE_EQ_MSG(0, memcmp(&sorted[i], &got[i],
		    sizeof(*got)), "site %zu: %llu peak, not %llu", i,
		    (unsigned long long)got[i].peak_bytes,
		    (unsigned long long)sorted[i].peak_bytes);
	free(got);
	free(sorted);
}

static void
check_view(struct play *p, struct viewer *v)
{
	struct mt_feed_process fp;
	const struct mt_code *codes;
	const struct mt_thread *threads;
	struct mt_totals t;

	mt_feed_process(v->feed, 0, &fp);
	mt_recorder_totals(p->r, &t);
	ATF_CHECK_EQ(77, fp.pid);
	ATF_CHECK_EQ(76, fp.parent_pid);
	ATF_CHECK_STREQ("a.py", fp.command_line);
	ATF_CHECK(fp.running);
	ATF_CHECK_EQ(5, fp.begin_ns);
	ATF_CHECK_EQ(p->time_ns, fp.time_ns);
	ATF_CHECK_EQ(t.heap, fp.heap);
	ATF_CHECK_EQ(t.live, fp.live);
	ATF_CHECK_EQ(t.peak, fp.peak);
	ATF_CHECK_EQ(t.allocations, fp.allocations);
	ATF_CHECK_EQ(t.bytes, fp.bytes);
	ATF_CHECK_EQ(CODES + 1, mt_capture_codes(fp.capture, &codes));
	ATF_CHECK_STREQ("f7", codes[7].function);
	ATF_CHECK_STREQ("<unknown>", codes[5].function);
	ATF_CHECK_EQ(p->threads, mt_capture_threads(fp.capture, &threads));
	ATF_CHECK_EQ(770, threads[0].tid);
	check_sites(p, fp.capture);
}

static void
check_samples(struct play *p, struct viewer *v)
{
	struct mt_feed_process fp;
	const struct mt_sample *s;
	size_t i, n;

	mt_feed_process(v->feed, 0, &fp);
	ATF_REQUIRE_EQ(MT_OK, mt_capture_samples(fp.capture, &s, &n, NULL));
	ATF_CHECK_EQ(p->mirror->complete, n);
	for (i = 0; i < n; i++)
		ATF_REQUIRE_EQ(0, memcmp(&s[i], &p->mirror->point[i],
		    sizeof(*s)));
}

/* One viewer is always up to date, one is slow, one comes late. */
static void
watch(unsigned flags, unsigned rounds, unsigned events)
{
	struct viewer quick, slow, late;
	struct play p;
	unsigned i;

	play_start(&p, flags);
	viewer_open(&quick);
	viewer_open(&slow);
	viewer_open(&late);
	for (i = 0; i < CODES; i++)
		new_code(&p);
	for (i = 0; i < rounds; i++) {
		play_some(&p, dice(&p, events));
		if (dice(&p, 4) == 0)
			ATF_REQUIRE_EQ(MT_OK, mt_recorder_flush(p.r, NULL));
		play_take(&p);
		(void)show(&slow, &p, dice(&p, 2));
		if (dice(&p, 3) == 0)
			ATF_REQUIRE(show(&quick, &p, 1000));
	}
	play_take(&p);
	ATF_REQUIRE(show(&quick, &p, 1000) && show(&slow, &p, 1000) &&
	    show(&late, &p, 1000));
	check_view(&p, &quick);
	check_view(&p, &slow);
	check_view(&p, &late);
	check_samples(&p, &quick);
	check_samples(&p, &late);
	viewer_close(&quick);
	viewer_close(&slow);
	viewer_close(&late);
	play_stop(&p);
}

ATF_TC_WITHOUT_HEAD(same_tables);
ATF_TC_BODY(same_tables, tc)
{
	(void)tc;
	watch(0, 200, 300);
}

ATF_TC(beside_checkpoints);
ATF_TC_HEAD(beside_checkpoints, tc)
{
	atf_tc_set_md_var(tc, "descr", "a capture of tables only, which has "
	    "checkpoints of its own, disturbs nobody");
}
ATF_TC_BODY(beside_checkpoints, tc)
{
	(void)tc;
	watch(MT_RECORDER_AGGREGATE, 200, 300);
}

ATF_TC(long_timeline);
ATF_TC_HEAD(long_timeline, tc)
{
	atf_tc_set_md_var(tc, "descr", "points that were merged come again");
}
ATF_TC_BODY(long_timeline, tc)
{
	(void)tc;
	watch(0, 17000, 4);
}

ATF_TC_WITHOUT_HEAD(nothing_new);
ATF_TC_BODY(nothing_new, tc)
{
	struct mt_error e;
	struct mt_take *t;
	struct play p;

	(void)tc;
	play_start(&p, 0);
	new_code(&p);
	play_take(&p);
	ATF_REQUIRE_EQ(MT_OK, mt_recorder_take(p.r, &t, NULL));
	ATF_CHECK(t == NULL);
	play_stop(&p);
	ATF_REQUIRE_EQ(MT_OK, mt_recorder_new(&p.r, NULL, 0, NULL));
	ATF_CHECK_EQ(MT_ERR_LIMIT, mt_recorder_take(p.r, &t, &e));
	mt_recorder_free(p.r);
}

ATF_TC(ends);
ATF_TC_HEAD(ends, tc)
{
	atf_tc_set_md_var(tc, "descr", "how a process ends, and what is told "
	    "of the end of all");
}
ATF_TC_BODY(ends, tc)
{
	uint8_t frame[MT_MIRROR_FRAME];
	struct mt_feed_process fp;
	struct mt_feed_info info;
	struct viewer v;
	struct play p;
	bool updated;

	(void)tc;
	play_start(&p, 0);
	viewer_open(&v);
	new_code(&p);
	play_take(&p);
	mt_mirror_finish(p.mirror, false, 0x300);
	say(&v, frame, mt_mirror_info(frame, 1000, 4711));
	ATF_REQUIRE(show(&v, &p, 10));
	say_update(&v, 17);
	say(&v, frame, mt_mirror_over(frame, 0x300));
	mt_feed_info(v.feed, &info);
	ATF_CHECK_EQ(MT_FEED_ENDED, info.state);
	ATF_CHECK(info.has_exit_status);
	ATF_CHECK_EQ(0x300, info.exit_status);
	ATF_CHECK_EQ(1000, info.start_time_ns);
	ATF_CHECK_EQ(4711, info.collector);
	ATF_CHECK_EQ(17, info.time_ns);
	ATF_CHECK_EQ(1, info.updates);
	ATF_REQUIRE_EQ(1, info.processes);
	mt_feed_process(v.feed, 0, &fp);
	ATF_CHECK(!fp.running && fp.has_exit_status && !fp.replaced);
	ATF_CHECK_EQ(0x300, fp.exit_status);
	ATF_CHECK_EQ(1, fp.updates);
	ATF_CHECK(fp.capture != NULL);
	mt_mirror_drop(p.mirror);
	ATF_REQUIRE(show(&v, &p, 10));
	mt_feed_process(v.feed, 0, &fp);
	ATF_CHECK(fp.capture == NULL);
	ATF_CHECK_EQ(MT_ERR_LIMIT, mt_feed_save(v.feed, 0, 1, NULL));
	ATF_REQUIRE_EQ(0, shutdown(v.fd, SHUT_WR));
	ATF_CHECK_EQ(MT_END, mt_feed_step(v.feed, &updated, NULL));
	ATF_CHECK_EQ(MT_END, mt_feed_step(v.feed, &updated, NULL));
	viewer_close(&v);
	play_stop(&p);
}

ATF_TC(saved);
ATF_TC_HEAD(saved, tc)
{
	atf_tc_set_md_var(tc, "descr", "what is saved is a capture of the "
	    "same tables");
}
ATF_TC_BODY(saved, tc)
{
	struct mt_feed_process fp;
	struct mt_capture *c;
	struct mt_summary *s;
	struct viewer v;
	struct play p;
	unsigned i;
	int fd;

	(void)tc;
	play_start(&p, 0);
	viewer_open(&v);
	for (i = 0; i < CODES; i++)
		new_code(&p);
	play_some(&p, 3000);
	play_take(&p);
	ATF_REQUIRE(show(&v, &p, 100));
	fd = open("saved.bin", O_WRONLY | O_CREAT | O_EXCL, 0600);
	ATF_REQUIRE(fd != -1);
	ATF_REQUIRE_EQ(MT_OK, mt_feed_save(v.feed, 0, fd, NULL));
	ATF_REQUIRE_EQ(0, close(fd));
	ATF_REQUIRE_EQ(MT_OK, mt_capture_open(&c, "saved.bin", NULL));
	check_sites(&p, c);
	mt_feed_process(v.feed, 0, &fp);
	ATF_CHECK_EQ(fp.heap, mt_capture_meta(c)->leaked_bytes);
	ATF_CHECK_EQ(fp.peak, mt_capture_meta(c)->peak_bytes);
	ATF_CHECK_EQ(MT_CAPTURE_AGGREGATED, mt_capture_meta(c)->flags);
	ATF_CHECK_STREQ("a.py", mt_capture_meta(c)->command_line);
	ATF_REQUIRE_EQ(MT_OK, mt_summary_new(&s, MT_VIEW_LEAKS, NULL));
	ATF_REQUIRE_EQ(MT_OK, mt_summary_push(s, c, NULL));
	ATF_CHECK_EQ(fp.heap, mt_summary_bytes(s));
	mt_summary_free(s);
	/* Of what is watched there are the same sums, and no more. */
	ATF_REQUIRE_EQ(MT_OK, mt_summary_new(&s, MT_VIEW_LEAKS, NULL));
	ATF_REQUIRE_EQ(MT_OK, mt_summary_push(s, fp.capture, NULL));
	ATF_CHECK_EQ(fp.heap, mt_summary_bytes(s));
	mt_summary_free(s);
	ATF_REQUIRE_EQ(MT_OK, mt_summary_new(&s, MT_VIEW_TEMPORARY, NULL));
	ATF_CHECK_EQ(MT_ERR_FORMAT, mt_summary_push(s, fp.capture, NULL));
	mt_summary_free(s);
	mt_capture_close(c);
	viewer_close(&v);
	play_stop(&p);
}

/* ---- What makes no sense ----------------------------------------------- */

/* The whole stream of a viewer, for tests that spoil it. */
static size_t
stream(struct play *p, uint8_t **out)
{
	struct mt_mirror_seen seen;
	uint8_t *all = NULL;
	size_t n, len = 0;
	void *data;

	memset(&seen, 0, sizeof(seen));
	while (mt_mirror_next(p->mirror, 0, &seen, &data, &n, NULL) == MT_OK) {
		all = realloc(all, len + n);
		ATF_REQUIRE(all != NULL);
		memcpy(all + len, data, n);
		len += n;
		free(data);
	}
	*out = all;
	return (len);
}

static void
walk(struct mt_feed *f)
{
	struct mt_feed_info info;
	struct mt_feed_process fp;
	const struct mt_site *sites;
	const struct mt_node *nodes;
	size_t i, j, n;

	mt_feed_info(f, &info);
	for (i = 0; i < info.processes; i++) {
		mt_feed_process(f, i, &fp);
		if (fp.capture == NULL)
			continue;
		n = mt_capture_nodes(fp.capture, &nodes);
		for (j = 1; j < n; j++) {
			ATF_REQUIRE(nodes[j].parent < j);
			ATF_REQUIRE(nodes[j].code <
			    mt_capture_codes(fp.capture, NULL));
		}
		for (j = mt_capture_sites(fp.capture, &sites); j-- > 0;) {
			ATF_REQUIRE(sites[j].node < n);
			ATF_REQUIRE(sites[j].thread <
			    mt_capture_threads(fp.capture, NULL));
		}
	}
}

ATF_TC(spoilt);
ATF_TC_HEAD(spoilt, tc)
{
	atf_tc_set_md_var(tc, "descr", "whatever comes is refused or makes "
	    "tables without a loose end");
}
ATF_TC_BODY(spoilt, tc)
{
	struct viewer v;
	struct play p;
	uint8_t *all, *copy;
	size_t len;
	unsigned i, refused = 0, taken = 0;
	bool updated;

	(void)tc;
	play_start(&p, 0);
	for (i = 0; i < CODES; i++)
		new_code(&p);
	play_some(&p, 300);
	play_take(&p);
	len = stream(&p, &all);
	ATF_REQUIRE(len > 1000 && len < 100000);
	copy = malloc(len);
	ATF_REQUIRE(copy != NULL);
	for (i = 0; i < 2000; i++) {
		memcpy(copy, all, len);
		copy[dice(&p, (uint32_t)len)] ^= (uint8_t)(1 + dice(&p, 255));
		viewer_open(&v);
		ATF_REQUIRE_EQ((ssize_t)len, send(v.fd, copy, len, 0));
		if (mt_feed_step(v.feed, &updated, NULL) < MT_OK)
			refused++;
		else
			taken++;
		walk(v.feed);
		viewer_close(&v);
	}
	ATF_CHECK(refused > 0 && taken > 0);
	free(copy);
	free(all);
	play_stop(&p);
}

ATF_TC(nonsense);
ATF_TC_HEAD(nonsense, tc)
{
	atf_tc_set_md_var(tc, "descr", "frames that cannot be true");
}
ATF_TC_BODY(nonsense, tc)
{
	const struct {
		uint32_t	payload;
		uint32_t	type;
		uint32_t	process;
	} bad[] = {
		{ MT_FEED_PAYLOAD_MAX + 1, MT_FRAME_META, 0 },
		{ 0, MT_FRAME_INFO, 0 },
		{ 0, MT_FRAME_STATUS, 0 },
		{ 0, MT_FRAME_META, 0 },
		{ 0, MT_FRAME_CHANGES, 1 },
		{ 0, MT_FRAME_UPDATE, 0 },
		{ 0, MT_FRAME_OVER, 0 }
	};
	uint8_t head[MT_FEED_HEAD];
	struct mt_feed_info info;
	struct mt_error e;
	struct viewer v;
	bool updated;
	size_t i;

	(void)tc;
	for (i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		viewer_open(&v);
		mt_feed_put_head(head, bad[i].type, bad[i].process,
		    bad[i].payload);
		ATF_REQUIRE_EQ(MT_FEED_HEAD, send(v.fd, head, sizeof(head),
		    0));
		ATF_CHECK_EQ_MSG(MT_ERR_FORMAT, mt_feed_step(v.feed, &updated,
		    &e), "%zu", i);
		ATF_CHECK(e.text[0] != '\0');
		mt_feed_info(v.feed, &info);
		ATF_CHECK_EQ(MT_FEED_LOST, info.state);
		ATF_CHECK_EQ(MT_END, mt_feed_step(v.feed, &updated, NULL));
		viewer_close(&v);
	}
	/* What is of a later version is not for us. */
	viewer_open(&v);
	mt_feed_put_head(head, 99, 0, 0);
	say(&v, head, sizeof(head));
	say_update(&v, 1);
	viewer_close(&v);
}

/* ---- Greetings --------------------------------------------------------- */

ATF_TC_WITHOUT_HEAD(greetings);
ATF_TC_BODY(greetings, tc)
{
	uint8_t in[MT_MIRROR_GREETING], secret[MT_MIRROR_SECRET];
	uint8_t request[MT_MIRROR_REQUEST];
	unsigned i, ms = 0;

	(void)tc;
	for (i = 0; i < sizeof(secret); i++)
		secret[i] = (uint8_t)(i + 1);
	mt_feed_put_greeting(in, MT_FEED_VERSION, 250, secret);
	ATF_CHECK_EQ(MT_OK, mt_mirror_greeted(in, secret, &ms));
	ATF_CHECK_EQ(250, ms);
	for (i = 0; i < MT_FEED_TOKEN; i++) {
		in[16 + i] ^= 0x10;
		ATF_CHECK_EQ(MT_ERR_FORMAT, mt_mirror_greeted(in, secret,
		    &ms));
		in[16 + i] ^= 0x10;
	}
	mt_feed_put_greeting(in, MT_FEED_VERSION + 1, 250, secret);
	ATF_CHECK_EQ(MT_ERR_VERSION, mt_mirror_greeted(in, secret, &ms));
	in[0] = 'm';
	ATF_CHECK_EQ(MT_ERR_FORMAT, mt_mirror_greeted(in, secret, &ms));
	/* The half that we say proves nothing to us. */
	mt_mirror_greet(in, secret);
	ATF_CHECK_EQ(MT_ERR_FORMAT, mt_mirror_greeted(in, secret, &ms));
	mt_put_u32(request, MT_REQUEST_INTERVAL);
	mt_put_u32(request + 4, 1234);
	ATF_CHECK(mt_mirror_request(request, &ms));
	ATF_CHECK_EQ(1234, ms);
	mt_put_u32(request, MT_REQUEST_INTERVAL + 1);
	ATF_CHECK(!mt_mirror_request(request, &ms));
}

ATF_TP_ADD_TCS(tp)
{
	ATF_TP_ADD_TC(tp, same_tables);
	ATF_TP_ADD_TC(tp, beside_checkpoints);
	ATF_TP_ADD_TC(tp, long_timeline);
	ATF_TP_ADD_TC(tp, nothing_new);
	ATF_TP_ADD_TC(tp, ends);
	ATF_TP_ADD_TC(tp, saved);
	ATF_TP_ADD_TC(tp, spoilt);
	ATF_TP_ADD_TC(tp, nonsense);
	ATF_TP_ADD_TC(tp, greetings);
	return (atf_no_error());
}
