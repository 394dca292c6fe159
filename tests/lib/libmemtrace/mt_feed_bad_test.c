#include "feed_subr.h"

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
	uint8_t head[MT_MIRROR_HEAD], said[MT_MIRROR_OLD], out[MT_MIRROR_OLD];
	uint8_t request[MT_MIRROR_REQUEST];
	struct mt_token t;
	unsigned i, ms = 0;

	(void)tc;
	mt_mirror_head(head);
	ATF_CHECK_EQ(MT_FEED_VERSION, mt_mirror_version(head));
	head[8]++;
	ATF_CHECK_EQ(MT_FEED_VERSION + 1, mt_mirror_version(head));
	head[0] = 'm';
	ATF_CHECK_EQ(0, mt_mirror_version(head));
	/* A viewer of version 1 is told of ours if he has our file. */
	for (i = 0; i < sizeof(t.said); i++)
		t.said[i] = (uint8_t)(i + 1);
	memset(t.token, 0xaa, sizeof(t.token));
	memset(said, 0, sizeof(said));
	memcpy(said + 16, t.said, 16);
	ATF_REQUIRE(mt_mirror_old(said, &t, out));
	ATF_CHECK_EQ(MT_FEED_VERSION, mt_mirror_version(out));
	ATF_CHECK_EQ(0, memcmp(out + 16, t.said + 16, 16));
	ATF_CHECK(memchr(out, 0xaa, sizeof(out)) == NULL);
	for (i = 0; i < 16; i++) {
		said[16 + i] ^= 0x10;
		ATF_CHECK(!mt_mirror_old(said, &t, out));
		said[16 + i] ^= 0x10;
	}
	mt_put_u32(request, MT_REQUEST_INTERVAL);
	mt_put_u32(request + 4, 1234);
	ATF_CHECK(mt_mirror_request(request, &ms));
	ATF_CHECK_EQ(1234, ms);
	mt_put_u32(request, MT_REQUEST_INTERVAL + 1);
	ATF_CHECK(!mt_mirror_request(request, &ms));
}

ATF_TC_WITHOUT_HEAD(token_file);
ATF_TC_BODY(token_file, tc)
{
	char text[MT_TOKEN_TEXT], file[MT_TOKEN_NAME], sock[MT_TOKEN_NAME];
	struct mt_token t, back;
	unsigned version;
	size_t n;

	(void)tc;
	mt_token_name(file, sock, 4711);
	ATF_CHECK_STREQ("live-4711", file);
	ATF_CHECK_STREQ("live-4711.sock", sock);
	for (n = 0; n < sizeof(t.said); n++) {
		t.said[n] = (uint8_t)(n * 37);
		t.token[n] = (uint8_t)(n * 59 + 1);
	}
	n = mt_token_text(text, &t);
	ATF_CHECK_EQ(MT_TOKEN_TEXT, n);
	ATF_REQUIRE(mt_token_parse(&back, &version, text, n));
	ATF_CHECK_EQ(2, version);
	ATF_CHECK_EQ(0, memcmp(&t, &back, sizeof(t)));
	ATF_REQUIRE(mt_token_parse(&back, &version, text, n / 2));
	ATF_CHECK_EQ(1, version);
	ATF_REQUIRE(mt_token_parse(&back, &version, text, 0));
	ATF_CHECK_EQ(0, version);
	ATF_CHECK(!mt_token_parse(&back, &version, text, n - 1));
	ATF_CHECK(!mt_token_parse(&back, &version, text, n / 2 + 1));
	ATF_CHECK(!mt_token_parse(&back, &version, text, n / 2 - 1));
	text[100] = 'g';
	ATF_CHECK(!mt_token_parse(&back, &version, text, n));
}

ATF_TP_ADD_TCS(tp)
{
	ATF_TP_ADD_TC(tp, spoilt);
	ATF_TP_ADD_TC(tp, nonsense);
	ATF_TP_ADD_TC(tp, greetings);
	ATF_TP_ADD_TC(tp, token_file);
	return (atf_no_error());
}
