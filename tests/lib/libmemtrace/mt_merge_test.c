#include <atf-c.h>
#include <stdlib.h>
#include <string.h>

#include <mt_wire.h>

#include "mt_merge.h"
#include "mt_private.h"

/* Codes 0 and 1 are one function twice; offsets are lines. */
static const struct mt_code codes[] = {
	{ "f", "a.py", 7, NULL, 0, MT_TABLE_OFFSET_IS_LINE },
	{ "f", "a.py", 1, NULL, 0, MT_TABLE_OFFSET_IS_LINE },
	{ "f", "b.py", 9, NULL, 0, MT_TABLE_OFFSET_IS_LINE }
};
/* root; f:3; f:3 of the other code; from there f of b.py at line 4, twice. */
static const struct mt_node nodes[] = {
	{ 0, 0, 0 }, { 0, 0, 3 }, { 0, 1, 3 }, { 1, 2, 4 }, { 2, 2, 4 }
};
static const struct mt_thread threads[] = { { 11, "main" }, { 12, "" } };

static struct mt_site
site(uint32_t node, uint32_t thread, uint32_t allocator, uint64_t n)
{
	struct mt_site s = { node, thread, allocator, n, 10 * n, n + 1,
	    20 * n, n + 2, 30 * n };

	return (s);
}

static void
push(struct mt_merge *m, const struct mt_site *sites, size_t nsites)
{
	struct mt_merge_tables t = { codes, nodes, sites, threads, NULL, 3, 5,
	    nsites, 2, NULL };

	ATF_REQUIRE_EQ(MT_OK, mt_merge_push_tables(m, &t, NULL));
}

static struct mt_merge *
new_merge(void)
{
	struct mt_merge *m;

	ATF_REQUIRE_EQ(MT_OK, mt_merge_new(&m, NULL));
	return (m);
}

ATF_TC_WITHOUT_HEAD(empty);
ATF_TC_BODY(empty, tc)
{
	struct mt_merge_tables none;
	struct mt_merge *m = new_merge();
	const struct mt_function *f;
	const struct mt_call *calls;

	memset(&none, 0, sizeof(none));
	ATF_REQUIRE_EQ(MT_OK, mt_merge_push_tables(m, &none, NULL));
	ATF_REQUIRE_EQ(1, mt_merge_functions(m, &f));
	ATF_CHECK_STREQ("<no Python stack>", f[0].name);
	ATF_CHECK_STREQ("", f[0].file);
	ATF_CHECK_EQ(1, mt_merge_places(m, NULL));
	ATF_REQUIRE_EQ(1, mt_merge_calls(m, &calls));
	ATF_CHECK_EQ(0, calls[0].parent);
	ATF_CHECK_EQ(0, calls[0].place);
	ATF_CHECK_EQ(0, mt_merge_sites(m, NULL));
	ATF_CHECK_EQ(0, mt_merge_threads(m, NULL));
	mt_merge_free(m);
	mt_merge_free(NULL);
}

ATF_TC_WITHOUT_HEAD(functions);
ATF_TC_BODY(functions, tc)
{
	struct mt_merge *m = new_merge();
	const struct mt_function *f;
	const struct mt_place *p;

	push(m, NULL, 0);
	ATF_REQUIRE_EQ(3, mt_merge_functions(m, &f));
	ATF_CHECK_STREQ("f", f[1].name);
	ATF_CHECK_STREQ("a.py", f[1].file);
	/* Of code objects that are one function, the first line is first. */
	ATF_CHECK_EQ(1, f[1].first_line);
	ATF_CHECK_STREQ("b.py", f[2].file);
	ATF_REQUIRE_EQ(3, mt_merge_places(m, &p));
	ATF_CHECK_EQ(1, p[1].function);
	ATF_CHECK_EQ(3, p[1].line);
	ATF_CHECK_EQ(2, p[2].function);
	ATF_CHECK_EQ(4, p[2].line);
	mt_merge_free(m);
}

ATF_TC_WITHOUT_HEAD(sites);
ATF_TC_BODY(sites, tc)
{
	const struct mt_site in[] = { site(3, 0, 1, 5), site(4, 0, 1, 7),
	    site(4, 0, 3, 1), site(4, 1, 1, 2), site(0, 1, 1, 3) };
	struct mt_merge *m = new_merge();
	const struct mt_call *calls;
	const struct mt_site *s;

	push(m, in, 5);
	ATF_REQUIRE_EQ(3, mt_merge_calls(m, &calls));
	ATF_CHECK_EQ(0, calls[1].parent);
	ATF_CHECK_EQ(1, calls[2].parent);
	ATF_REQUIRE_EQ(4, mt_merge_sites(m, &s));
	ATF_CHECK_EQ(2, s[0].node);
	ATF_CHECK_EQ(12, s[0].allocations);
	ATF_CHECK_EQ(120, s[0].bytes);
	ATF_CHECK_EQ(14, s[0].peak_allocations);
	ATF_CHECK_EQ(240, s[0].peak_bytes);
	ATF_CHECK_EQ(16, s[0].leaked_allocations);
	ATF_CHECK_EQ(360, s[0].leaked_bytes);
	ATF_CHECK_EQ(3, s[1].allocator);
	ATF_CHECK_EQ(1, s[2].thread);
	ATF_CHECK_EQ(0, s[3].node);
	mt_merge_free(m);
}

ATF_TC(captures);
ATF_TC_HEAD(captures, tc)
{
	atf_tc_set_md_var(tc, "descr", "stacks of several captures are one, "
	    "their threads are not");
}
ATF_TC_BODY(captures, tc)
{
	const struct mt_site in[] = { site(3, 1, 1, 5) };
	struct mt_merge *m = new_merge();
	const struct mt_thread *t;
	const struct mt_site *s;

	push(m, in, 1);
	push(m, in, 1);
	ATF_CHECK_EQ(3, mt_merge_functions(m, NULL));
	ATF_CHECK_EQ(3, mt_merge_calls(m, NULL));
	ATF_REQUIRE_EQ(2, mt_merge_sites(m, &s));
	ATF_CHECK_EQ(s[0].node, s[1].node);
	ATF_CHECK_EQ(1, s[0].thread);
	ATF_CHECK_EQ(3, s[1].thread);
	ATF_REQUIRE_EQ(4, mt_merge_threads(m, &t));
	ATF_CHECK_EQ(12, t[3].tid);
	ATF_CHECK_STREQ("main", t[2].name);
	mt_merge_free(m);
}

ATF_TC(many);
ATF_TC_HEAD(many, tc)
{
	atf_tc_set_md_var(tc, "descr", "tables grow");
}
ATF_TC_BODY(many, tc)
{
	enum { N = 5000 };
	struct mt_node *n = calloc(N, sizeof(*n));
	struct mt_site *in = calloc(N, sizeof(*in));
	struct mt_merge *m = new_merge();
	const struct mt_call *calls;
	const struct mt_place *p;

	ATF_REQUIRE(n != NULL && in != NULL);
	for (uint32_t i = 1; i < N; i++) {
		n[i].parent = i / 2;
		n[i].code = i % 3;
		n[i].offset = (int32_t)i;
		in[i] = site(i, 0, 1, i);
	}
	for (int twice = 0; twice < 2; twice++) {
		struct mt_merge_tables t = { codes, n, in + 1, threads, NULL,
		    3, N, N - 1, 1, NULL };

		ATF_REQUIRE_EQ(MT_OK, mt_merge_push_tables(m, &t, NULL));
	}
	ATF_REQUIRE_EQ(N, mt_merge_calls(m, &calls));
	ATF_REQUIRE_EQ(N, mt_merge_places(m, &p));
	for (uint32_t i = 1; i < N; i++) {
		ATF_CHECK_EQ(i / 2, calls[i].parent);
		ATF_CHECK_EQ(i, p[calls[i].place].line);
	}
	ATF_CHECK_EQ(2 * (N - 1), mt_merge_sites(m, NULL));
	free(n);
	free(in);
	mt_merge_free(m);
}

ATF_TP_ADD_TCS(tp)
{
	ATF_TP_ADD_TC(tp, empty);
	ATF_TP_ADD_TC(tp, functions);
	ATF_TP_ADD_TC(tp, sites);
	ATF_TP_ADD_TC(tp, captures);
	ATF_TP_ADD_TC(tp, many);
	return (atf_no_error());
}
