/*
 * Fuzz target: whatever a capture holds, reports and the formats of other
 * tools must be what their readers expect: JSON is well-formed, lines have
 * the fields that they should, nothing in a text changes a terminal.
 *
 * The first byte of the input says which, the second what the rest is: a
 * capture of anybody's, or blocks without checksums.
 */

#include <err.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "fuzz_open.h"
#include "fuzz_text.h"
#include "stats.h"
#include "transform.h"
#include "tree.h"

/* Text of names is some bytes for each, of which a stack may have many. */
#define STEPS_PER_BYTE	UINT64_C(40000)
#define STEPS		UINT64_C(600000000)

int	LLVMFuzzerTestOneInput(const uint8_t *, size_t);

static jmp_buf gave_up;

/* Programs end when there is no memory for a report; a target goes on. */
void
err(int status, const char *fmt, ...)
{
	(void)fmt;
	longjmp(gave_up, status);
}

static void
put_stats(struct mt_capture *c, struct mt_merge *m, FILE *fp, bool json)
{
	const struct mt_histogram *h;
	struct stats s;

	memset(&s, 0, sizeof(s));
	s.num_largest = 5;
	s.merge = m;
	if (mt_capture_histogram(c, &h, NULL) == MT_OK)
		stats_sizes_add_all(&s.sizes, h);
	fe_metas_add(&s.metas, "x.bin", mt_capture_meta(c));
	s.allocations = mt_capture_meta(c)->total_allocations;
	stats_top_fill(&s);
	if (json)
		stats_json(&s, fp);
	else
		stats_pipe(&s, fp);
	stats_top_fini(&s);
	stats_sizes_fini(&s.sizes);
	fe_metas_fini(&s.metas);
}

static void
put_tree(struct mt_capture *c, struct mt_merge *m, FILE *fp, bool json)
{
	struct tree t;

	memset(&t, 0, sizeof(t));
	t.biggest = 200;
	t.merge = m;
	fe_metas_add(&t.metas, "x.bin", mt_capture_meta(c));
	tree_fill(&t);
	if (json)
		tree_json(&t, fp);
	else
		tree_plain(&t, fp, false);
	/* With the captures and their metadata. */
	tree_fini(&t);
}

static void
put_transform(struct mt_capture *c, struct mt_merge *m, FILE *fp,
    void (*put)(const struct transform *, FILE *), bool shorten)
{
	struct transform t;

	memset(&t, 0, sizeof(t));
	t.merge = m;
	t.capture = c;
	fe_metas_add(&t.metas, "x.bin", mt_capture_meta(c));
	transform_fill(&t, shorten);
	put(&t, fp);
	transform_fini(&t);
	fe_metas_fini(&t.metas);
}

enum report {
	CSV, FOLDED, GPROF2DOT, SPEEDSCOPE, PPROF, MEMRAY, STATS, STATS_JSON,
	TREE, TREE_JSON, REPORTS
};

static void
put(struct mt_capture *c, struct mt_merge *m, FILE *fp, enum report r)
{
	static void (*const formats[])(const struct transform *, FILE *) = {
		transform_csv, transform_folded, transform_gprof2dot,
		transform_speedscope, transform_pprof, transform_memray
	};

	if (r <= MEMRAY)
		put_transform(c, m, fp, formats[r], r != MEMRAY);
	else if (r == STATS || r == STATS_JSON)
		put_stats(c, m, fp, r == STATS_JSON);
	else
		put_tree(c, m, fp, r == TREE_JSON);
	/* A tree has freed what it was made of. */
	if (r < TREE)
		mt_merge_free(m);
}

static void
check(const char *text, size_t n, enum report r)
{
	switch (r) {
	case GPROF2DOT:
	case SPEEDSCOPE:
	case STATS_JSON:
	case TREE_JSON:
		fuzz_require(fuzz_text_is_json(text, n));
		break;
	case CSV:
		fuzz_require(fuzz_text_is_csv(text, n));
		break;
	case FOLDED:
	case STATS:
	case TREE:
		fuzz_require(fuzz_text_is_plain(text, n));
		break;
	default:
		break;
	}
}

static void
report(struct mt_capture *c, enum report r)
{
	struct mt_merge *volatile m = NULL;
	char *volatile text = NULL;
	struct mt_merge *made;
	char *said = NULL;
	size_t n = 0;
	FILE *fp;

	if (mt_merge_new(&made, NULL) != MT_OK)
		return;
	m = made;
	if (mt_merge_push(m, c, NULL) != MT_OK) {
		mt_merge_free(m);
		return;
	}
	fp = open_memstream(&said, &n);
	fuzz_require(fp != NULL);
	if (setjmp(gave_up) != 0) {
		(void)fclose(fp);
		free(said);
		return;
	}
	put(c, m, fp, r);
	fuzz_require(fclose(fp) == 0);
	text = said;
	check(text, n, r);
	free(text);
}

static void
fuzz_report(const uint8_t *data, size_t n, enum report r)
{
	struct mt_source source;
	struct mt_capture *c;

	mt_source_memory(&source, data, n);
	fuzz_cost_begin();
	if (mt_capture_open_source(&c, &source, NULL) != MT_OK)
		return;
	/* As memray-stats does. */
	if ((r != STATS && r != STATS_JSON) ||
	    ((mt_capture_meta(c)->flags & MT_CAPTURE_NO_TOTALS) == 0 &&
	    mt_capture_hide_native(c, NULL) == MT_OK))
		report(c, r);
	mt_capture_close(c);
	fuzz_cost_end(n, STEPS_PER_BYTE, STEPS);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	struct mt_buf b = { NULL, 0, 0, false };
	enum report r;

	if (n < 2)
		return (0);
	r = data[0] % REPORTS;
	if (data[1] % 3 == 0) {
		fuzz_report(data + 2, n - 2, r);
		return (0);
	}
	fuzz_blocks(&b, data + 2, n - 2, data[1] % 3 == 1);
	fuzz_report(b.data, b.len, r);
	mt_buf_fini(&b);
	return (0);
}
