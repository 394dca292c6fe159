#include <atf-c.h>
#include <stdlib.h>
#include <string.h>

#include <mt_wire.h>

#include "mt_private.h"
#include "mt_summary.h"

/* Codes 0 and 1 are one function twice; offsets are lines. */
static const struct mt_code codes[] = {
	{ "f", "a.py", 1, NULL, 0, MT_TABLE_OFFSET_IS_LINE },
	{ "f", "a.py", 1, NULL, 0, MT_TABLE_OFFSET_IS_LINE },
	{ "g", "a.py", 5, NULL, 0, MT_TABLE_OFFSET_IS_LINE },
	{ "f", "b.py", 9, NULL, 0, MT_TABLE_OFFSET_IS_LINE },
	{ "<unknown>", "<unknown>", 0, NULL, 0, MT_TABLE_NONE }
};
#define NCODES	(sizeof(codes) / sizeof(codes[0]))

static struct mt_site
site_of(uint32_t node, uint64_t allocations, uint64_t bytes)
{
	struct mt_site s;

	memset(&s, 0, sizeof(s));
	s.node = node;
	s.allocator = MT_ALLOCATOR_MALLOC;
	s.allocations = s.peak_allocations = allocations;
	s.bytes = s.peak_bytes = bytes;
	return (s);
}

static void
push(struct mt_summary *s, const struct mt_node *nodes, size_t nnodes,
    const struct mt_site *sites, size_t nsites)
{
	struct mt_summary_tables t = { codes, nodes, sites, NULL, NCODES,
	    nnodes, nsites, NULL };

	ATF_REQUIRE_EQ(MT_OK, mt_summary_push_tables(s, &t, NULL));
}

static void
check_row(const struct mt_row *r, const char *function, const char *file,
    uint32_t line, uint64_t total, uint64_t own)
{
	ATF_CHECK_STREQ(function, r->function);
	ATF_CHECK_STREQ(file, r->file);
	ATF_CHECK_EQ_MSG(line, r->line, "%s: line %u", function, r->line);
	ATF_CHECK_EQ_MSG(total, r->total_bytes, "%s: total %zu", function,
	    (size_t)r->total_bytes);
	ATF_CHECK_EQ_MSG(own, r->own_bytes, "%s: own %zu", function,
	    (size_t)r->own_bytes);
}

static struct mt_summary *
new_summary(enum mt_view view)
{
	struct mt_summary *s;

	ATF_REQUIRE_EQ(MT_OK, mt_summary_new(&s, view, NULL));
	return (s);
}

ATF_TC_WITHOUT_HEAD(empty);
ATF_TC_BODY(empty, tc)
{
	static const struct mt_node root;
	struct mt_summary *s = new_summary(MT_VIEW_PEAK);
	size_t n;

	ATF_CHECK(mt_summary_rows(s, 1, &n) != NULL);
	ATF_CHECK_EQ(0, n);
	push(s, &root, 1, NULL, 0);
	(void)mt_summary_rows(s, 1, &n);
	ATF_CHECK_EQ(0, n);
	ATF_CHECK_EQ(0, mt_summary_bytes(s));
	mt_summary_free(s);
	mt_summary_free(NULL);
}

ATF_TC(calls);
ATF_TC_HEAD(calls, tc)
{
	atf_tc_set_md_var(tc, "descr", "Totals, own, lines, codes of one "
	    "function as one, allocations without a stack");
}
ATF_TC_BODY(calls, tc)
{
	static const struct mt_node nodes[] = {
		{ 0, 0, 0 },
		{ 0, 0, 2 },	/* f:2 */
		{ 1, 2, 6 },	/* f:2 g:6 */
		{ 0, 1, 3 },	/* f:3, another code */
		{ 3, 2, 7 },	/* f:3 g:7 */
		{ 0, 4, 8 }	/* unknown */
	};
	struct mt_site sites[] = {
		site_of(2, 1, 100), site_of(4, 2, 30), site_of(4, 1, 40),
		site_of(3, 3, 5), site_of(0, 4, 7), site_of(5, 1, 1)
	};
	struct mt_summary *s = new_summary(MT_VIEW_PEAK);
	const struct mt_row *r;
	size_t n;

	push(s, nodes, 6, sites, 6);
	r = mt_summary_rows(s, 1, &n);
	ATF_REQUIRE_EQ(4, n);
	check_row(&r[0], "f", "a.py", 2, 175, 5);
	check_row(&r[1], "g", "a.py", 6, 170, 170);
	check_row(&r[2], "<no Python stack>", "", 0, 7, 7);
	check_row(&r[3], "<unknown>", "<unknown>", 0, 1, 1);
	ATF_CHECK_EQ(7, r[0].total_allocations);
	ATF_CHECK_EQ(3, r[0].own_allocations);
	ATF_CHECK_EQ(183, mt_summary_bytes(s));
	ATF_CHECK_EQ(12, mt_summary_allocations(s));
	mt_summary_free(s);
}

ATF_TC(recursion);
ATF_TC_HEAD(recursion, tc)
{
	atf_tc_set_md_var(tc, "descr", "A function and a line count once per "
	    "stack, also when others are in between");
}
ATF_TC_BODY(recursion, tc)
{
	static const struct mt_node nodes[] = {
		{ 0, 0, 0 },
		{ 0, 0, 2 },	/* f:2 */
		{ 1, 2, 6 },	/* f:2 g:6 */
		{ 2, 0, 2 },	/* f:2 g:6 f:2 */
		{ 3, 0, 3 },	/* f:2 g:6 f:2 f:3 */
		{ 2, 0, 3 }	/* f:2 g:6 f:3 */
	};
	struct mt_site sites[] = {
		site_of(1, 1, 1), site_of(3, 1, 10), site_of(4, 1, 100),
		site_of(5, 1, 1000)
	};
	struct mt_summary *s = new_summary(MT_VIEW_PEAK);
	const struct mt_row *r;
	size_t n;

	push(s, nodes, 6, sites, 4);
	r = mt_summary_rows(s, 1, &n);
	ATF_REQUIRE_EQ(2, n);
	check_row(&r[0], "f", "a.py", 2, 1111, 1111);
	check_row(&r[1], "g", "a.py", 6, 1110, 0);
	ATF_CHECK_EQ(4, r[0].total_allocations);
	ATF_CHECK_EQ(3, r[1].total_allocations);
	mt_summary_free(s);
}

ATF_TC_WITHOUT_HEAD(views);
ATF_TC_BODY(views, tc)
{
	static const struct mt_node nodes[] = { { 0, 0, 0 }, { 0, 2, 5 } };
	static const struct mt_site site = { 1, 0, 1, 1, 10, 2, 20, 3, 30 };
	struct mt_summary *s;
	const struct mt_row *r;
	size_t n;

	s = new_summary(MT_VIEW_PEAK);
	push(s, nodes, 2, &site, 1);
	r = mt_summary_rows(s, 1, &n);
	ATF_CHECK_EQ(20, r[0].total_bytes);
	ATF_CHECK_EQ(2, r[0].total_allocations);
	mt_summary_free(s);
	s = new_summary(MT_VIEW_LEAKS);
	push(s, nodes, 2, &site, 1);
	r = mt_summary_rows(s, 1, &n);
	ATF_CHECK_EQ(30, r[0].total_bytes);
	ATF_CHECK_EQ(3, r[0].own_allocations);
	mt_summary_free(s);
	s = new_summary(MT_VIEW_ALL);
	push(s, nodes, 2, &site, 1);
	r = mt_summary_rows(s, 1, &n);
	ATF_CHECK_EQ(10, r[0].own_bytes);
	ATF_CHECK_EQ(1, r[0].own_allocations);
	mt_summary_free(s);
}

ATF_TC(merge);
ATF_TC_HEAD(merge, tc)
{
	atf_tc_set_md_var(tc, "descr", "Two captures, of which one is gone "
	    "before the rows are asked for; lines add up over both");
}
ATF_TC_BODY(merge, tc)
{
	static const struct mt_node one[] = { { 0, 0, 0 }, { 0, 0, 2 } };
	struct mt_node *two;
	struct mt_site site = site_of(1, 1, 10), more = site_of(1, 1, 6);
	struct mt_summary *s = new_summary(MT_VIEW_PEAK);
	const struct mt_row *r;
	size_t n;

	push(s, one, 2, &site, 1);
	two = calloc(2, sizeof(*two));
	ATF_REQUIRE(two != NULL);
	two[1].code = 1;
	two[1].offset = 4;
	push(s, two, 2, &more, 1);
	push(s, two, 2, &more, 1);
	free(two);
	r = mt_summary_rows(s, 1, &n);
	ATF_REQUIRE_EQ(1, n);
	check_row(&r[0], "f", "a.py", 4, 22, 22);
	ATF_CHECK_EQ(22, mt_summary_bytes(s));
	ATF_CHECK_EQ(3, mt_summary_allocations(s));
	mt_summary_free(s);
}

ATF_TC_WITHOUT_HEAD(sort);
ATF_TC_BODY(sort, tc)
{
	static const struct mt_node nodes[] = {
		{ 0, 0, 0 }, { 0, 0, 2 }, { 1, 2, 6 }, { 0, 3, 9 }
	};
	struct mt_site sites[] = {
		site_of(1, 1, 5), site_of(2, 9, 7), site_of(3, 9, 12)
	};
	static const char *const want[] = { "aba", "aba", "baa", "baa", "aba" };
	struct mt_summary *s = new_summary(MT_VIEW_PEAK);
	const struct mt_row *r;
	size_t i, n;
	int column;

	push(s, nodes, 4, sites, 3);
	for (column = 1; column <= 5; column++) {
		r = mt_summary_rows(s, column, &n);
		ATF_REQUIRE_EQ(3, n);
		for (i = 0; i < n; i++)
			ATF_CHECK_EQ_MSG(want[column - 1][i], r[i].file[0],
			    "column %d, row %zu", column, i);
	}
	mt_summary_free(s);
}

ATF_TC(deep);
ATF_TC_HEAD(deep, tc)
{
	atf_tc_set_md_var(tc, "descr", "A stack of 100 000 frames");
}
ATF_TC_BODY(deep, tc)
{
	const uint32_t depth = 100000;
	struct mt_summary *s = new_summary(MT_VIEW_PEAK);
	struct mt_site site = site_of(depth, 3, 42);
	const struct mt_row *r;
	struct mt_node *nodes;
	uint32_t i;
	size_t n;

	nodes = calloc(depth + 1, sizeof(*nodes));
	ATF_REQUIRE(nodes != NULL);
	for (i = 1; i <= depth; i++) {
		nodes[i].parent = i - 1;
		nodes[i].code = i % 2 * 2;
		nodes[i].offset = 3;
	}
	push(s, nodes, depth + 1, &site, 1);
	free(nodes);
	r = mt_summary_rows(s, 1, &n);
	ATF_REQUIRE_EQ(2, n);
	check_row(&r[0], "f", "a.py", 3, 42, 42);
	check_row(&r[1], "g", "a.py", 3, 42, 0);
	mt_summary_free(s);
}

/* ---- The model: every stack walked up, every function once ------------- */

#define NODES	3000
#define SITES	5000
#define LINES	6

struct model {
	struct mt_node	nodes[NODES];
	struct mt_site	sites[SITES];
	uint64_t	total[NCODES];
	uint64_t	own[NCODES];
	uint64_t	line[NCODES][LINES + 1];
};

/* Codes that are the same function. */
static uint32_t
func_of(uint32_t code)
{
	return (code == 1 ? 0 : code);
}

static void
model_site(struct model *m, const struct mt_site *site)
{
	bool func[NCODES] = { false }, line[NCODES][LINES + 1] = { { false } };
	uint32_t f, node;
	int32_t l;

	if (site->node == 0)
		return;
	m->own[func_of(m->nodes[site->node].code)] += site->bytes;
	for (node = site->node; node != 0; node = m->nodes[node].parent) {
		f = func_of(m->nodes[node].code);
		l = f == 4 ? 0 : m->nodes[node].offset;
		m->total[f] += func[f] ? 0 : site->bytes;
		m->line[f][l] += line[f][l] ? 0 : site->bytes;
		func[f] = line[f][l] = true;
	}
}

static void
model_fill(struct model *m)
{
	size_t i;

	for (i = 1; i < NODES; i++) {
		m->nodes[i].parent = (uint32_t)random() % 20 == 0 ?
		    (uint32_t)random() % (uint32_t)i : (uint32_t)i - 1;
		m->nodes[i].code = (uint32_t)random() % NCODES;
		m->nodes[i].offset = 1 + (int32_t)random() % LINES;
	}
	for (i = 0; i < SITES; i++) {
		m->sites[i] = site_of((uint32_t)random() % NODES, 1,
		    (uint64_t)random());
		model_site(m, &m->sites[i]);
	}
}

static void
model_check(const struct model *m, const struct mt_row *r)
{
	uint32_t f;
	size_t l;

	for (f = 0; f < NCODES; f++)
		if (strcmp(r->function, codes[f].function) == 0 &&
		    strcmp(r->file, codes[f].file) == 0)
			break;
	if (f == NCODES)
		return;		/* no stack */
	ATF_CHECK_EQ(m->total[f], r->total_bytes);
	ATF_CHECK_EQ(m->own[f], r->own_bytes);
	for (l = 0; l <= LINES; l++)
		ATF_CHECK(m->line[f][l] <= m->line[f][r->line]);
}

ATF_TC(model);
ATF_TC_HEAD(model, tc)
{
	atf_tc_set_md_var(tc, "descr", "Random trees, compared with a walk up "
	    "every single stack; own adds up to all there is");
}
ATF_TC_BODY(model, tc)
{
	static struct model m;
	struct mt_summary *s = new_summary(MT_VIEW_ALL);
	const struct mt_row *r;
	uint64_t own;
	size_t i, n;

	srandom(6);
	model_fill(&m);
	push(s, m.nodes, NODES, m.sites, SITES);
	r = mt_summary_rows(s, 3, &n);
	ATF_CHECK_EQ(NCODES, n);	/* two are one, and no stack */
	for (i = 0, own = 0; i < n; i++) {
		model_check(&m, &r[i]);
		own += r[i].own_bytes;
		ATF_CHECK(i == 0 || r[i - 1].own_bytes >= r[i].own_bytes);
	}
	ATF_CHECK_EQ(mt_summary_bytes(s), own);
	mt_summary_free(s);
}

ATF_TP_ADD_TCS(tp)
{
	ATF_TP_ADD_TC(tp, empty);
	ATF_TP_ADD_TC(tp, calls);
	ATF_TP_ADD_TC(tp, recursion);
	ATF_TP_ADD_TC(tp, views);
	ATF_TP_ADD_TC(tp, merge);
	ATF_TP_ADD_TC(tp, sort);
	ATF_TP_ADD_TC(tp, deep);
	ATF_TP_ADD_TC(tp, model);
	return (atf_no_error());
}
