#include <atf-c.h>
#include <stdlib.h>
#include <string.h>

#include "mt_tables.h"

static struct mt_cursor
over(const struct mt_buf *b)
{
	struct mt_cursor c = { b->data, b->data + b->len, false };

	return (c);
}

static void
check_bytes(const char *want, struct mt_bytes got)
{
	ATF_CHECK_EQ(strlen(want), got.n);
	ATF_CHECK_EQ(0, memcmp(want, got.p, got.n));
}

ATF_TC_WITHOUT_HEAD(meta);
ATF_TC_BODY(meta, tc)
{
	struct mt_buf b = { NULL, 0, 0, false };
	struct mt_bytes key, value;
	struct mt_cursor c;

	mt_tables_put_meta(&b, "pid", "17");
	mt_tables_put_meta(&b, "command_line", "");
	c = over(&b);
	ATF_REQUIRE_EQ(MT_OK, mt_tables_get_meta(&c, &key, &value));
	check_bytes("pid", key);
	check_bytes("17", value);
	ATF_REQUIRE_EQ(MT_OK, mt_tables_get_meta(&c, &key, &value));
	check_bytes("command_line", key);
	check_bytes("", value);
	ATF_CHECK_EQ(MT_END, mt_tables_get_meta(&c, &key, &value));
	c = over(&b);
	c.end--;
	ATF_REQUIRE_EQ(MT_OK, mt_tables_get_meta(&c, &key, &value));
	ATF_CHECK_EQ(MT_ERR_FORMAT, mt_tables_get_meta(&c, &key, &value));
	mt_buf_fini(&b);
}

ATF_TC_WITHOUT_HEAD(codes);
ATF_TC_BODY(codes, tc)
{
	static const struct mt_code code = { "f", "dir/a.py", UINT32_MAX,
	    (const uint8_t *)"\0\1", 2, 3 };
	struct mt_buf b = { NULL, 0, 0, false };
	struct mt_tables_code got;
	struct mt_cursor c;

	mt_tables_put_code(&b, 0, &code);
	mt_tables_put_code(&b, UINT32_MAX, &code);
	c = over(&b);
	ATF_REQUIRE_EQ(MT_OK, mt_tables_get_code(&c, &got));
	ATF_CHECK_EQ(0, got.id);
	ATF_REQUIRE_EQ(MT_OK, mt_tables_get_code(&c, &got));
	ATF_CHECK_EQ(UINT32_MAX, got.id);
	ATF_CHECK_EQ(UINT32_MAX, got.first_line);
	ATF_CHECK_EQ(3, got.kind);
	check_bytes("f", got.function);
	check_bytes("dir/a.py", got.file);
	ATF_CHECK_EQ(2, got.table.n);
	ATF_CHECK_EQ(1, got.table.p[1]);
	ATF_CHECK_EQ(MT_END, mt_tables_get_code(&c, &got));
	mt_buf_fini(&b);
}

/* Four nodes from 100 on at once, whole and cut short. */
static void
check_all_nodes(const struct mt_buf *b, const struct mt_node nodes[4])
{
	struct mt_cursor c = over(b);
	struct mt_node got[5];
	uint32_t id;
	size_t n;

	ATF_REQUIRE_EQ(MT_OK, mt_tables_get_first_node(&c, &id));
	ATF_CHECK(mt_tables_max_nodes(&c) > 4);
	ATF_REQUIRE_EQ(MT_END, mt_tables_get_nodes(&c, id, got, 5, &n));
	ATF_REQUIRE_EQ(4, n);
	ATF_CHECK_EQ(0, memcmp(nodes, got, 4 * sizeof(*got)));
	c = over(b);
	c.end--;
	ATF_REQUIRE_EQ(MT_OK, mt_tables_get_first_node(&c, &id));
	ATF_REQUIRE_EQ(MT_ERR_FORMAT, mt_tables_get_nodes(&c, id, got, 5,
	    &n));
	ATF_CHECK_EQ(3, n);
}

ATF_TC_WITHOUT_HEAD(nodes);
ATF_TC_BODY(nodes, tc)
{
	static const struct mt_node nodes[] = {
		{ 99, 5, 0 }, { 100, UINT32_MAX, -2 }, { 0, 0, INT32_MAX },
		{ 1, 1, INT32_MIN }
	};
	struct mt_buf b = { NULL, 0, 0, false };
	struct mt_node got;
	struct mt_cursor c;
	uint32_t i, id;
	size_t n;

	for (i = 0; i < 4; i++)
		mt_tables_put_node(&b, 100 + i, &nodes[i]);
	c = over(&b);
	ATF_REQUIRE_EQ(MT_OK, mt_tables_get_first_node(&c, &id));
	ATF_CHECK_EQ(100, id);
	for (i = 0; i < 4; i++) {
		ATF_REQUIRE_EQ(MT_OK, mt_tables_get_nodes(&c, 100 + i, &got, 1,
		    &n));
		ATF_CHECK_EQ(nodes[i].parent, got.parent);
		ATF_CHECK_EQ(nodes[i].code, got.code);
		ATF_CHECK_EQ(nodes[i].offset, got.offset);
	}
	ATF_CHECK_EQ(MT_END, mt_tables_get_nodes(&c, 104, &got, 1, &n));
	ATF_CHECK_EQ(0, n);
	check_all_nodes(&b, nodes);
	mt_buf_fini(&b);
}

ATF_TC_WITHOUT_HEAD(nodes_parent_comes_first);
ATF_TC_BODY(nodes_parent_comes_first, tc)
{
	struct mt_buf b = { NULL, 0, 0, false };
	struct mt_node node;
	struct mt_cursor c;
	uint32_t distance;
	size_t n;

	for (distance = 0; distance < 7; distance++) {
		b.len = 0;
		mt_buf_put_varint(&b, distance);
		mt_buf_put_varint(&b, 0);
		mt_buf_put_varint(&b, 0);
		c = over(&b);
		ATF_CHECK_EQ(distance >= 1 && distance <= 5 ? MT_OK :
		    MT_ERR_FORMAT, mt_tables_get_nodes(&c, 5, &node, 1, &n));
	}
	mt_buf_fini(&b);
}

ATF_TC_WITHOUT_HEAD(threads);
ATF_TC_BODY(threads, tc)
{
	static const struct mt_thread thread = { UINT64_MAX, "worker" };
	struct mt_buf b = { NULL, 0, 0, false };
	struct mt_tables_thread got;
	struct mt_cursor c;

	mt_tables_put_thread(&b, 3, &thread);
	c = over(&b);
	ATF_REQUIRE_EQ(MT_OK, mt_tables_get_thread(&c, &got));
	ATF_CHECK_EQ(3, got.id);
	ATF_CHECK_EQ(UINT64_MAX, got.tid);
	check_bytes("worker", got.name);
	ATF_CHECK_EQ(MT_END, mt_tables_get_thread(&c, &got));
	mt_buf_fini(&b);
}

ATF_TC_WITHOUT_HEAD(samples);
ATF_TC_BODY(samples, tc)
{
	static const struct mt_sample s[] = {
		{ 5, 10, 20, 30 }, { 6, 0, UINT64_MAX, 29 }, { 6, 1, 0, 0 }
	};
	struct mt_sample got = { 0, 0, 0, 0 };
	struct mt_buf b = { NULL, 0, 0, false };
	struct mt_cursor c;
	size_t i;

	/* Whatever came before, a block stands for itself. */
	for (i = 0; i < 3; i++)
		mt_tables_put_sample(&b, i == 0 ? &s[2] : &s[i - 1], &s[i]);
	c = over(&b);
	for (i = 0; i < 3; i++) {
		ATF_REQUIRE_EQ(MT_OK, mt_tables_get_sample(&c, &got));
		ATF_CHECK_EQ(0, memcmp(&s[i], &got, sizeof(got)));
	}
	ATF_CHECK_EQ(MT_END, mt_tables_get_sample(&c, &got));
	mt_buf_fini(&b);
}

static const struct mt_site some_sites[] = {
	{ 7, 1, 12, 1, 2, 3, 4, 5, 6 },
	{ 3, 0, 1, UINT64_MAX, UINT64_MAX, 0, 0, 0, 0 },
	{ UINT32_MAX, UINT32_MAX, UINT32_MAX, 1, 1, 1, 1, 1, 1 },
	{ 0, 0, 0, 0, 0, 0, 0, 0, 0 }
};

ATF_TC_WITHOUT_HEAD(sites);
ATF_TC_BODY(sites, tc)
{
	struct mt_buf b = { NULL, 0, 0, false };
	struct mt_site *got;
	struct mt_cursor c;
	size_t i, n;

	mt_tables_put_sites(&b, some_sites, 4);
	c = over(&b);
	ATF_REQUIRE_EQ(MT_OK, mt_tables_get_sites(&c, NULL, &got, &n));
	ATF_REQUIRE_EQ(4, n);
	for (i = 0; i < n; i++)
		ATF_CHECK_EQ(0, memcmp(&some_sites[i], &got[i],
		    sizeof(got[i])));
	free(got);
	for (i = 0; i < b.len; i++) {
		c = over(&b);
		c.end = c.p + i;
		ATF_CHECK_EQ(MT_ERR_FORMAT, mt_tables_get_sites(&c, NULL, &got,
		    &n));
	}
	mt_buf_fini(&b);
}

ATF_TC_WITHOUT_HEAD(sites_none);
ATF_TC_BODY(sites_none, tc)
{
	struct mt_buf b = { NULL, 0, 0, false };
	struct mt_site *got;
	struct mt_cursor c;
	size_t n;

	mt_tables_put_sites(&b, NULL, 0);
	c = over(&b);
	ATF_REQUIRE_EQ(MT_OK, mt_tables_get_sites(&c, NULL, &got, &n));
	ATF_CHECK_EQ(0, n);
	free(got);
	mt_buf_fini(&b);
}

ATF_TC(sites_columns);
ATF_TC_HEAD(sites_columns, tc)
{
	atf_tc_set_md_var(tc, "descr",
	    "columns may be missing, unknown, or in another order");
}
ATF_TC_BODY(sites_columns, tc)
{
	struct mt_buf b = { NULL, 0, 0, false };
	struct mt_site *got;
	struct mt_cursor c;
	size_t n;

	mt_buf_put_varint(&b, 2);
	mt_buf_put_varint(&b, 3);
	mt_buf_put_varint(&b, MT_TABLES_BYTES);
	mt_buf_put_string(&b, "\5\6", 2);
	mt_buf_put_varint(&b, 77);
	mt_buf_put_string(&b, "\377", 1);
	mt_buf_put_varint(&b, MT_TABLES_NODE);
	mt_buf_put_string(&b, "\4\1", 2);
	c = over(&b);
	ATF_REQUIRE_EQ(MT_OK, mt_tables_get_sites(&c, NULL, &got, &n));
	ATF_REQUIRE_EQ(2, n);
	ATF_CHECK_EQ(5, got[0].bytes);
	ATF_CHECK_EQ(6, got[1].bytes);
	ATF_CHECK_EQ(2, got[0].node);
	ATF_CHECK_EQ(1, got[1].node);
	ATF_CHECK_EQ(0, got[1].allocations);
	free(got);
	mt_buf_fini(&b);
}

/* Of sites that are not to be had. */
static enum mt_status
refused(struct mt_buf *b, struct mt_budget *budget)
{
	struct mt_cursor c = over(b);
	struct mt_site *got;
	enum mt_status st;
	size_t n;

	st = mt_tables_get_sites(&c, budget, &got, &n);
	mt_buf_fini(b);
	return (st);
}

ATF_TC_WITHOUT_HEAD(sites_too_many);
ATF_TC_BODY(sites_too_many, tc)
{
	struct mt_buf b = { NULL, 0, 0, false };

	mt_buf_put_varint(&b, UINT64_MAX / 2);
	mt_buf_put_varint(&b, 1);
	ATF_CHECK_EQ(MT_ERR_FORMAT, refused(&b, NULL));
}

/* Rows are those of the first column, whatever other columns there are. */
ATF_TC_WITHOUT_HEAD(sites_without_nodes);
ATF_TC_BODY(sites_without_nodes, tc)
{
	struct mt_buf b = { NULL, 0, 0, false };

	mt_buf_put_varint(&b, 3);
	mt_buf_put_varint(&b, 1);
	mt_buf_put_varint(&b, 99);
	mt_buf_put_string(&b, "abc", 3);
	ATF_CHECK_EQ(MT_ERR_FORMAT, refused(&b, NULL));
}

ATF_TC_WITHOUT_HEAD(sites_budget);
ATF_TC_BODY(sites_budget, tc)
{
	struct mt_buf b = { NULL, 0, 0, false };
	struct mt_budget budget;

	mt_buf_put_varint(&b, 2);
	mt_buf_put_varint(&b, 1);
	mt_buf_put_varint(&b, MT_TABLES_NODE);
	mt_buf_put_string(&b, "\2\2", 2);
	ATF_REQUIRE_EQ(0, setenv("MEMTRACE_MEMORY_MAX", "100", 1));
	ATF_REQUIRE_EQ(MT_OK, mt_budget_open(&budget, 1, NULL));
	ATF_CHECK_EQ(MT_ERR_NOMEM, refused(&b, &budget));
	ATF_CHECK_EQ(2 * sizeof(struct mt_site), budget.wanted);
	mt_budget_close(&budget);
}

ATF_TC_WITHOUT_HEAD(index_entries);
ATF_TC_BODY(index_entries, tc)
{
	static const struct mt_tables_index in[] = {
		{ MT_BLOCK_META, 32, 100, 0, 0 },
		{ MT_BLOCK_EVENTS, 1u << 31, 7, UINT64_MAX, 12345 },
		{ 70000, UINT64_MAX, 0, 0, 0 }
	};
	struct mt_tables_index zero = { 0, 0, 0, 0, 0 }, got = zero;
	struct mt_buf b = { NULL, 0, 0, false };
	struct mt_cursor c;
	size_t i;

	for (i = 0; i < 3; i++)
		mt_tables_put_index(&b, i == 0 ? &zero : &in[i - 1], &in[i]);
	c = over(&b);
	for (i = 0; i < 3; i++) {
		ATF_REQUIRE_EQ(MT_OK, mt_tables_get_index(&c, &got));
		ATF_CHECK_EQ(in[i].type, got.type);
		ATF_CHECK_EQ(in[i].offset, got.offset);
		ATF_CHECK_EQ(in[i].raw_len, got.raw_len);
		ATF_CHECK_EQ(in[i].first_alloc, got.first_alloc);
		ATF_CHECK_EQ(in[i].time_ns, got.time_ns);
	}
	ATF_CHECK_EQ(MT_END, mt_tables_get_index(&c, &got));
	mt_buf_fini(&b);
}

ATF_TP_ADD_TCS(tp)
{
	ATF_TP_ADD_TC(tp, meta);
	ATF_TP_ADD_TC(tp, codes);
	ATF_TP_ADD_TC(tp, nodes);
	ATF_TP_ADD_TC(tp, nodes_parent_comes_first);
	ATF_TP_ADD_TC(tp, threads);
	ATF_TP_ADD_TC(tp, samples);
	ATF_TP_ADD_TC(tp, sites);
	ATF_TP_ADD_TC(tp, sites_none);
	ATF_TP_ADD_TC(tp, sites_columns);
	ATF_TP_ADD_TC(tp, sites_too_many);
	ATF_TP_ADD_TC(tp, sites_without_nodes);
	ATF_TP_ADD_TC(tp, sites_budget);
	ATF_TP_ADD_TC(tp, index_entries);
	return (atf_no_error());
}
