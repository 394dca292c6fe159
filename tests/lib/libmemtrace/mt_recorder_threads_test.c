#include <atf-c.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include <memtrace.h>
#include <mt_record.h>
#include <mt_wire.h>

#define MANY	(MT_RECORDER_THREADS * 10)

static uint32_t
share(struct mt_recorder *r, uint64_t tid, const char *name)
{
	uint32_t id;

	ATF_REQUIRE_EQ(MT_OK, mt_recorder_thread_share(r, tid, name, &id,
	    NULL));
	return (id);
}

/* All ids that threads can have of their own are taken. */
static struct mt_recorder *
full(const struct mt_sink *sink)
{
	struct mt_recorder *r;
	uint32_t i;

	ATF_REQUIRE_EQ(MT_OK, mt_recorder_new(&r, sink, 0, NULL));
	for (i = 0; i < MT_RECORDER_THREADS; i++)
		ATF_CHECK_EQ(i, share(r, 1000 + i, "same"));
	return (r);
}

ATF_TC_WITHOUT_HEAD(kinds);
ATF_TC_BODY(kinds, tc)
{
	struct mt_recorder *r = full(NULL);
	const uint32_t first = MT_RECORDER_THREADS;

	ATF_CHECK_EQ(first, share(r, 1, "worker-1"));
	ATF_CHECK_EQ(first, share(r, 2, "worker-22"));
	ATF_CHECK_EQ(first, share(r, 3, "worker-333"));
	ATF_CHECK_EQ(first + 1, share(r, 4, "worker"));
	ATF_CHECK_EQ(first + 2, share(r, 5, "1 worker 2"));
	ATF_CHECK_EQ(first + 2, share(r, 6, "777 worker 0"));
	ATF_CHECK_EQ(first + 3, share(r, 7, ""));
	ATF_CHECK_EQ(first + 3, share(r, 8, ""));
	ATF_CHECK_EQ(first, share(r, 9, "worker-1"));
	mt_recorder_free(r);
}

/* A program that gives each thread a name of its own. */
ATF_TC_WITHOUT_HEAD(rest);
ATF_TC_BODY(rest, tc)
{
	struct mt_recorder *r = full(NULL);
	uint32_t i, id, last;
	char name[32];

	for (i = 0, last = 0; i < MANY; i++) {
		(void)snprintf(name, sizeof(name), "%c%c%c", 'a' + i % 26,
		    'a' + i / 26 % 26, 'a' + i / 676);
		id = share(r, i, name);
		last = id > last ? id : last;
	}
	ATF_CHECK_EQ(2 * MT_RECORDER_THREADS, last);
	ATF_CHECK_EQ(last, share(r, 1, "another"));
	mt_recorder_free(r);
}

static enum mt_status
put(void *arg, enum mt_block_type type, void *data, size_t len,
    struct mt_error *e)
{
	return (mt_writer_put(arg, type, data, len, e));
}

/* What they allocate is theirs, and readers see what they are. */
ATF_TC_WITHOUT_HEAD(capture);
ATF_TC_BODY(capture, tc)
{
	const struct mt_site *site;
	const struct mt_thread *t;
	struct mt_capture *c;
	struct mt_recorder *r;
	struct mt_writer *w;
	struct mt_sink sink;
	size_t i, n;
	uint32_t id;
	int fd;

	fd = open("capture", O_WRONLY | O_CREAT | O_EXCL, 0600);
	ATF_REQUIRE(fd != -1);
	ATF_REQUIRE_EQ(MT_OK, mt_writer_new(&w, fd, 0, 1000, NULL));
	sink.put = put;
	sink.arg = w;
	r = full(&sink);
	for (i = 0; i < MANY; i++) {
		id = share(r, i, i % 2 == 0 ? "Thread-1 (f)" : "Thread-20");
		ATF_REQUIRE_EQ(MT_OK, mt_recorder_alloc(r, id, 0,
		    MT_ALLOCATOR_MALLOC, 16 * (i + 1), 5, NULL));
	}
	ATF_REQUIRE_EQ(MT_OK, mt_recorder_finish(r, NULL));
	ATF_REQUIRE_EQ(MT_OK, mt_writer_finish(w, NULL));
	mt_recorder_free(r);
	mt_writer_free(w);
	(void)close(fd);
	ATF_REQUIRE_EQ(MT_OK, mt_capture_open(&c, "capture", NULL));
	ATF_REQUIRE_EQ(MT_RECORDER_THREADS + 2, mt_capture_threads(c, &t));
	ATF_CHECK_EQ(1001, t[1].tid);
	ATF_CHECK_STREQ("same", t[1].name);
	ATF_CHECK_EQ(0, t[MT_RECORDER_THREADS].tid);
	ATF_CHECK_STREQ("Thread-N (f)", t[MT_RECORDER_THREADS].name);
	ATF_CHECK_STREQ("Thread-N", t[MT_RECORDER_THREADS + 1].name);
	n = mt_capture_sites(c, &site);
	ATF_REQUIRE_EQ(2, n);
	for (i = 0; i < n; i++) {
		ATF_CHECK_EQ(MANY / 2, site[i].allocations);
		ATF_CHECK_EQ(MANY / 2 * 5, site[i].leaked_bytes);
	}
	mt_capture_close(c);
}

ATF_TP_ADD_TCS(tp)
{
	ATF_TP_ADD_TC(tp, kinds);
	ATF_TP_ADD_TC(tp, rest);
	ATF_TP_ADD_TC(tp, capture);
	return (atf_no_error());
}
