#include "feed_subr.h"

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
	const struct mt_temporary *temporary;
	struct mt_feed_process fp;
	struct mt_capture *c;
	struct mt_summary *s;
	struct viewer v;
	struct play p;
	unsigned i;
	size_t n;
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
	ATF_CHECK_EQ(MT_ERR_FORMAT, mt_capture_temporaries(fp.capture,
	    &temporary, &n, NULL));
	mt_capture_close(c);
	viewer_close(&v);
	play_stop(&p);
}

ATF_TC(spend);
ATF_TC_HEAD(spend, tc)
{
	atf_tc_set_md_var(tc, "descr", "what a viewer keeps counts with what "
	    "he was sent");
}
ATF_TC_BODY(spend, tc)
{
	struct mt_feed f;
	struct mt_error e;

	memset(&f, 0, sizeof(f));
	ATF_REQUIRE_EQ(MT_OK, mt_budget_open(&f.budget, 0, &e));
	mt_budget_share(&f.spent, &f.budget);
	ATF_CHECK_EQ(MT_OK, mt_feed_spend(&f, 40000000, &e));
	/* Instead, not in addition. */
	ATF_CHECK_EQ(MT_OK, mt_feed_spend(&f, 60000000, &e));
	ATF_CHECK(!mt_budget_take(&f.budget, 5000000));
	ATF_CHECK_EQ(MT_OK, mt_feed_spend(&f, 50000000, &e));
	ATF_CHECK(mt_budget_take(&f.budget, 5000000));
	ATF_CHECK_EQ(MT_ERR_NOMEM, mt_feed_spend(&f, 60000000, &e));
	ATF_CHECK_STREQ("needs 65.0 MB of memory or more, and may have "
	    "64.0 MB; set MEMTRACE_MEMORY_MAX to let it have more", e.text);
	mt_budget_close(&f.spent);
	mt_budget_close(&f.budget);
}

ATF_TP_ADD_TCS(tp)
{
	ATF_TP_ADD_TC(tp, same_tables);
	ATF_TP_ADD_TC(tp, beside_checkpoints);
	ATF_TP_ADD_TC(tp, long_timeline);
	ATF_TP_ADD_TC(tp, nothing_new);
	ATF_TP_ADD_TC(tp, ends);
	ATF_TP_ADD_TC(tp, saved);
	ATF_TP_ADD_TC(tp, spend);
	return (atf_no_error());
}
