#include <stdio.h>

#include "native_subr.h"

static struct mt_capture *
open_it(void)
{
	struct mt_capture *c;
	struct mt_error e;

	ATF_REQUIRE_EQ_MSG(MT_OK, mt_capture_open(&c, "c.bin", &e), "%s",
	    e.text);
	return (c);
}

/* The stack of a node, the innermost first: "inner x.c:10 < outer ..." */
static void
describe(const struct mt_capture *c, uint32_t node, char *text, size_t n)
{
	const struct mt_node *nodes;
	const struct mt_code *codes, *k;
	size_t at = 0;

	(void)mt_capture_nodes(c, &nodes);
	(void)mt_capture_codes(c, &codes);
	*text = '\0';
	for (; node != 0; node = nodes[node].parent) {
		k = &codes[nodes[node].code];
		at += (size_t)snprintf(text + at, n - at, "%s%s%s %s:%u",
		    at == 0 ? "" : " < ", k->function,
		    mt_code_is_native(k) ? "!" : "", k->file,
		    (unsigned)mt_line_of(k, nodes[node].offset));
		ATF_REQUIRE(at < n);
	}
}

/* Sites and, if there are any, events of 1, 2, 4 and 8 bytes. */
static void
check(struct mt_capture *c, const char *const want[4], bool events)
{
	const struct mt_site *sites;
	struct mt_event ev[8];
	char text[400];
	size_t i, n;

	ATF_REQUIRE_EQ(4, mt_capture_sites(c, &sites));
	for (i = 0; i < 4; i++) {
		describe(c, sites[i].node, text, sizeof(text));
		ATF_CHECK_STREQ(want[i], text);
		ATF_CHECK_EQ(UINT64_C(1) << i, sites[i].bytes);
	}
	if (!events)
		return;
	ATF_REQUIRE_EQ(MT_OK, mt_capture_events(c, ev, 8, &n, NULL));
	ATF_REQUIRE_EQ(4, n);
	for (i = 0; i < 4; i++)
		ATF_CHECK_EQ(sites[i].node, ev[i].node);
}

static const char *const unresolved[4] = {
	"0x10! /lib/libx.so:0 < f app.py:7",
	"0x80001234! /lib/liby.so:0 < 0x10! /lib/libx.so:0 < f app.py:7",
	"f app.py:7",
	"0x20! /lib/liby.so:0"
};

static const char *const resolved[4] = {
	"unsure! /lib/libx.so:0 < inner! x.c:10 < outer! x.c:30 < f app.py:7",
	("0x80001234! /lib/liby.so:0 < unsure! /lib/libx.so:0 < "
	    "inner! x.c:10 < outer! x.c:30 < f app.py:7"),
	"f app.py:7",
	"0x20! /lib/liby.so:0"
};

static const char *const hidden[4] = {
	"f app.py:7", "f app.py:7", "f app.py:7", ""
};

ATF_TC_WITHOUT_HEAD(unresolved);
ATF_TC_BODY(unresolved, tc)
{
	struct mt_capture *c;

	native_write("c.bin", 0, true);
	c = open_it();
	check(c, unresolved, true);
	ATF_CHECK(mt_capture_meta(c)->has_native_traces);
	mt_capture_close(c);
}

static void
resolve(void)
{
	void *data;
	size_t len;

	native_symbols(&data, &len);
	ATF_REQUIRE_EQ(MT_OK, native_extend("c.bin", data, len, NULL));
	free(data);
}

ATF_TC_WITHOUT_HEAD(resolved);
ATF_TC_BODY(resolved, tc)
{
	struct mt_capture *c;

	native_write("c.bin", 0, true);
	resolve();
	c = open_it();
	ATF_CHECK_EQ(0, mt_capture_meta(c)->flags);
	check(c, resolved, true);
	ATF_REQUIRE_EQ(MT_OK, mt_capture_hide_native(c, NULL));
	mt_capture_rewind(c);
	check(c, hidden, true);
	ATF_CHECK_EQ(2, mt_capture_nodes(c, NULL));
	mt_capture_close(c);
}

ATF_TC_WITHOUT_HEAD(golden);
ATF_TC_BODY(golden, tc)
{
	struct mt_capture *c;
	unsigned major, minor;
	char path[4096];

	(void)snprintf(path, sizeof(path), "%s/v1.2-native.bin",
	    atf_tc_get_config_var(tc, "srcdir"));
	ATF_REQUIRE_EQ(MT_OK, mt_capture_open(&c, path, NULL));
	ATF_CHECK_EQ(0, mt_capture_meta(c)->flags);
	mt_capture_version(c, &major, &minor);
	ATF_CHECK_EQ(1, major);
	ATF_CHECK_EQ(2, minor);
	check(c, resolved, false);
	ATF_REQUIRE_EQ(MT_OK, mt_capture_hide_native(c, NULL));
	check(c, hidden, false);
	mt_capture_close(c);
}

ATF_TC(others);
ATF_TC_HEAD(others, tc)
{
	atf_tc_set_md_var(tc, "descr",
	    "captures of tables only, and such as were cut short");
}
ATF_TC_BODY(others, tc)
{
	struct mt_capture *c;

	native_write("c.bin", MT_RECORDER_AGGREGATE, true);
	resolve();
	c = open_it();
	check(c, resolved, false);
	mt_capture_close(c);
	native_write("c.bin", 0, false);
	c = open_it();
	check(c, unresolved, true);
	mt_capture_close(c);
	resolve();
	c = open_it();
	ATF_CHECK_EQ(MT_CAPTURE_CUT | MT_CAPTURE_REBUILT,
	    mt_capture_meta(c)->flags);
	check(c, resolved, true);
	mt_capture_close(c);
}

ATF_TC(more);
ATF_TC_HEAD(more, tc)
{
	atf_tc_set_md_var(tc, "descr",
	    "what is known of sites is there whether frames are or not");
}
ATF_TC_BODY(more, tc)
{
	struct mt_selection all = { .view = MT_VIEW_TEMPORARY,
	    .threshold = 1 };
	struct mt_amount amount[4];
	const struct mt_lifetimes *l;
	struct mt_capture *c;
	uint64_t bytes = 0;
	size_t i;

	native_write("c.bin", 0, false);
	resolve();
	c = open_it();
	ATF_REQUIRE_EQ(MT_OK, mt_capture_hide_native(c, NULL));
	ATF_REQUIRE_EQ(MT_OK, mt_capture_select(c, &all, amount, NULL));
	ATF_REQUIRE_EQ(MT_OK, mt_capture_lifetimes(c, &l, NULL));
	for (i = 0; i < l->n; i++)
		bytes += l->rows[i].bytes;
	ATF_CHECK_EQ(15, bytes);
	mt_capture_close(c);
}

ATF_TC_WITHOUT_HEAD(modules);
ATF_TC_BODY(modules, tc)
{
	const struct mt_module *m;
	struct mt_capture *c;
	size_t n;

	native_write("c.bin", 0, true);
	c = open_it();
	ATF_REQUIRE_EQ(MT_OK, mt_capture_modules(c, &m, &n, NULL));
	ATF_REQUIRE_EQ(2, n);
	ATF_CHECK_STREQ("/lib/libx.so", m[0].path);
	ATF_CHECK_EQ(LIBX, m[0].code);
	ATF_REQUIRE_EQ(3, m[0].build_id_len);
	ATF_CHECK_EQ(0xcd, m[0].build_id[2]);
	ATF_REQUIRE_EQ(1, m[0].naddresses);
	ATF_CHECK_EQ(0x10, m[0].address[0]);
	ATF_CHECK_EQ(1, m[0].unresolved);
	ATF_CHECK(m[0].note == NULL);
	ATF_CHECK_EQ(0, m[1].build_id_len);
	ATF_REQUIRE_EQ(2, m[1].naddresses);
	ATF_CHECK_EQ(0x20, m[1].address[0]);
	ATF_CHECK_EQ(FAR, m[1].address[1]);
	mt_capture_close(c);
	resolve();
	c = open_it();
	ATF_REQUIRE_EQ(MT_OK, mt_capture_modules(c, &m, &n, NULL));
	ATF_REQUIRE_EQ(2, n);
	ATF_CHECK_STREQ("", m[0].note);
	ATF_CHECK_EQ(0, m[0].unresolved);
	ATF_CHECK_STREQ("it is gone", m[1].note);
	ATF_CHECK_EQ(2, m[1].unresolved);
	mt_capture_close(c);
}

ATF_TC(later);
ATF_TC_HEAD(later, tc)
{
	atf_tc_set_md_var(tc, "descr", "symbols that come later hold");
}
ATF_TC_BODY(later, tc)
{
	static const struct mt_frame frame = { "better", "y.c", 3 };
	static const char *const want[4] = {
		"better! y.c:3 < f app.py:7",
		"0x80001234! /lib/liby.so:0 < better! y.c:3 < f app.py:7",
		"f app.py:7",
		"0x20! /lib/liby.so:0"
	};
	struct mt_capture *c;
	struct mt_symbols *s;
	void *data;
	size_t len;

	native_write("c.bin", 0, true);
	resolve();
	ATF_REQUIRE_EQ(MT_OK, mt_symbols_new(&s, NULL));
	ATF_REQUIRE_EQ(MT_OK, mt_symbols_module(s, LIBX, "", NULL));
	ATF_REQUIRE_EQ(MT_OK, mt_symbols_address(s, 16, &frame, 1, NULL));
	ATF_CHECK_EQ(MT_ERR_LIMIT, mt_symbols_address(s, 16, &frame, 1,
	    NULL));
	ATF_REQUIRE_EQ(MT_OK, mt_symbols_finish(s, &data, &len, NULL));
	mt_symbols_free(s);
	ATF_REQUIRE_EQ(MT_OK, native_extend("c.bin", data, len, NULL));
	free(data);
	c = open_it();
	check(c, want, true);
	mt_capture_close(c);
}

ATF_TC(deep);
ATF_TC_HEAD(deep, tc)
{
	atf_tc_set_md_var(tc, "descr",
	    "of too many frames the inner ones stay");
}
ATF_TC_BODY(deep, tc)
{
	struct mt_frame frame[MT_FRAMES_MAX + 9];
	struct mt_capture *c;
	struct mt_symbols *s;
	char text[4000];
	const struct mt_site *sites;
	void *data;
	size_t i, len;

	for (i = 0; i < MT_FRAMES_MAX + 9; i++) {
		frame[i].function = "r";
		frame[i].file = "r.rs";
		frame[i].line = (uint32_t)i;
	}
	native_write("c.bin", 0, true);
	ATF_REQUIRE_EQ(MT_OK, mt_symbols_new(&s, NULL));
	ATF_REQUIRE_EQ(MT_OK, mt_symbols_module(s, LIBX, "", NULL));
	ATF_REQUIRE_EQ(MT_OK, mt_symbols_address(s, 16, frame,
	    MT_FRAMES_MAX + 9, NULL));
	ATF_REQUIRE_EQ(MT_OK, mt_symbols_finish(s, &data, &len, NULL));
	mt_symbols_free(s);
	ATF_REQUIRE_EQ(MT_OK, native_extend("c.bin", data, len, NULL));
	free(data);
	c = open_it();
	(void)mt_capture_sites(c, &sites);
	describe(c, sites[0].node, text, sizeof(text));
	ATF_CHECK(strncmp(text, "r! r.rs:72 <", 12) == 0);
	ATF_CHECK(strstr(text, "r! r.rs:9 < f app.py:7") != NULL);
	ATF_CHECK(strstr(text, "r.rs:8 ") == NULL);
	mt_capture_close(c);
}

ATF_TC(damage);
ATF_TC_HEAD(damage, tc)
{
	atf_tc_set_md_var(tc, "descr", "symbols cut anywhere, or of any bytes");
}
ATF_TC_BODY(damage, tc)
{
	struct mt_capture *c;
	uint8_t *data;
	size_t i, len, n;
	void *p;

	native_symbols(&p, &len);
	data = p;
	for (i = 0; i < 2 * len; i++) {
		native_write("c.bin", 0, true);
		n = i < len ? i : len;
		if (i >= len)
			data[i - len] ^= 0xff;
		ATF_REQUIRE_EQ(MT_OK, native_extend("c.bin", data, n, NULL));
		if (i >= len)
			data[i - len] ^= 0xff;
		c = open_it();
		ATF_CHECK_EQ(4, mt_capture_sites(c, NULL));
		mt_capture_close(c);
	}
	free(p);
}

ATF_TC(extend_cut);
ATF_TC_HEAD(extend_cut, tc)
{
	atf_tc_set_md_var(tc, "descr",
	    "an extension that is cut anywhere leaves the capture as it was");
}
ATF_TC_BODY(extend_cut, tc)
{
	struct mt_capture *c;
	uint64_t all, before;

	native_write("c.bin", 0, true);
	c = open_it();
	before = mt_capture_bytes(c);
	mt_capture_close(c);
	resolve();
	c = open_it();
	all = mt_capture_bytes(c);
	mt_capture_close(c);
	while (--all >= before) {
		ATF_REQUIRE_EQ(0, truncate("c.bin", (off_t)all));
		c = open_it();
		ATF_CHECK_EQ(0, mt_capture_meta(c)->flags);
		ATF_CHECK_EQ(before, mt_capture_bytes(c));
		check(c, unresolved, true);
		mt_capture_close(c);
	}
}

ATF_TC_WITHOUT_HEAD(copy);
ATF_TC_BODY(copy, tc)
{
	struct mt_capture *c;
	struct mt_error e;
	int fd = open("copy.bin", O_RDWR | O_CREAT, 0600);

	native_write("c.bin", 0, true);
	c = open_it();
	ATF_REQUIRE_EQ(MT_OK, mt_capture_copy(c, fd, &e));
	mt_capture_close(c);
	ATF_REQUIRE_EQ(0, close(fd));
	ATF_CHECK_EQ(0, system("cmp c.bin copy.bin"));
	fd = open("/dev/full", O_WRONLY);
	c = open_it();
	ATF_CHECK_EQ(MT_ERR_SYS, mt_capture_copy(c, fd, &e));
	ATF_CHECK_EQ(MT_ERR_SYS, mt_capture_extend(c, fd, MT_BLOCK_SYMBOLS,
	    "", 0, &e));
	mt_capture_close(c);
}

ATF_TP_ADD_TCS(tp)
{
	ATF_TP_ADD_TC(tp, unresolved);
	ATF_TP_ADD_TC(tp, resolved);
	ATF_TP_ADD_TC(tp, golden);
	ATF_TP_ADD_TC(tp, others);
	ATF_TP_ADD_TC(tp, more);
	ATF_TP_ADD_TC(tp, modules);
	ATF_TP_ADD_TC(tp, later);
	ATF_TP_ADD_TC(tp, deep);
	ATF_TP_ADD_TC(tp, damage);
	ATF_TP_ADD_TC(tp, extend_cut);
	ATF_TP_ADD_TC(tp, copy);
	return (atf_no_error());
}
