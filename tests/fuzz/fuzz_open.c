/* What an open capture has to keep. */

#include <stdlib.h>
#include <string.h>

#include "fuzz_open.h"

/* Something that a compiler cannot leave out. */
static volatile uint64_t fuzz_sink;

/*
 * Steps that reading, selecting, summing and copying may take, for each byte
 * and at all: a byte can stand for a thousand, and a budget for any file has
 * room for millions of rows.
 */
#define STEPS_PER_BYTE	UINT64_C(20000)
#define STEPS		UINT64_C(400000000)

static void
fuzz_bytes(const void *p, size_t n)
{
	const uint8_t *b = p;
	size_t i;

	for (i = 0; i < n; i++)
		fuzz_sink += b[i];
}

static void
fuzz_string(const char *s)
{
	fuzz_require(s != NULL);
	fuzz_bytes(s, strlen(s));
}

static void
fuzz_tables(struct mt_capture *c)
{
	size_t ncodes, nnodes, nsites, nthreads, i;
	const struct mt_thread *threads;
	const struct mt_code *codes;
	const struct mt_node *nodes;
	const struct mt_site *sites;
	struct mt_lines *lines;

	ncodes = mt_capture_codes(c, &codes);
	nnodes = mt_capture_nodes(c, &nodes);
	nsites = mt_capture_sites(c, &sites);
	nthreads = mt_capture_threads(c, &threads);
	fuzz_require(ncodes > 0 && nnodes > 0 && nthreads > 0);
	for (i = 0; i < ncodes; i++) {
		fuzz_string(codes[i].function);
		fuzz_string(codes[i].file);
		fuzz_bytes(codes[i].table, codes[i].table_len);
	}
	lines = mt_lines_new(codes, ncodes);
	fuzz_require(lines != NULL);
	for (i = 0; i < nnodes; i++) {
		fuzz_require(nodes[i].code < ncodes);
		fuzz_require(nodes[i].parent < i || i == 0);
		fuzz_require(mt_line_of(&codes[nodes[i].code],
		    nodes[i].offset) == mt_lines_get(lines, nodes[i].code,
		    nodes[i].offset));
	}
	mt_lines_free(lines);
	for (i = 0; i < nsites; i++)
		fuzz_require(sites[i].node < nnodes &&
		    sites[i].thread < nthreads);
	for (i = 0; i < nthreads; i++)
		fuzz_string(threads[i].name);
}

static uint64_t
fuzz_events(struct mt_capture *c)
{
	size_t nnodes = mt_capture_nodes(c, NULL);
	size_t nthreads = mt_capture_threads(c, NULL);
	struct mt_event ev[100];
	uint64_t total = 0;
	size_t i, n;

	while (mt_capture_events(c, ev, 100, &n, NULL) == MT_OK) {
		fuzz_require(n > 0 && n <= 100);
		for (i = 0; i < n; i++)
			fuzz_require(ev[i].node < nnodes &&
			    ev[i].thread < nthreads && ev[i].type >= 1 &&
			    ev[i].type <= 3);
		total += n;
	}
	return (total);
}

static void
fuzz_meta(struct mt_capture *c)
{
	const struct mt_meta *m = mt_capture_meta(c);

	fuzz_string(m->command_line);
	fuzz_string(m->python_version);
	fuzz_string(m->python_allocator);
}

static void
fuzz_summary(struct mt_capture *c)
{
	struct mt_summary *s;
	size_t i, n;
	int view;

	for (view = MT_VIEW_PEAK; view <= MT_VIEW_ALL; view++) {
		if (mt_summary_new(&s, (enum mt_view)view, NULL) != MT_OK)
			continue;
		if (mt_summary_push(s, c, NULL) == MT_OK) {
			const struct mt_row *rows = mt_summary_rows(s, 1, &n);

			for (i = 0; i < n; i++)
				fuzz_string(rows[i].function);
		}
		mt_summary_free(s);
	}
}

/* Modules, and then everything without their frames. */
static void
fuzz_native(struct mt_capture *c, uint64_t events)
{
	const struct mt_module *m;
	size_t i, k, n;

	if (mt_capture_modules(c, &m, &n, NULL) != MT_OK)
		return;
	for (i = 0; i < n; i++) {
		fuzz_string(m[i].path);
		fuzz_bytes(m[i].build_id, m[i].build_id_len);
		fuzz_require(m[i].naddresses > 0 &&
		    m[i].unresolved <= m[i].naddresses);
		for (k = 1; k < m[i].naddresses; k++)
			fuzz_require(m[i].address[k - 1] < m[i].address[k]);
		if (m[i].note != NULL)
			fuzz_string(m[i].note);
	}
	if (mt_capture_hide_native(c, NULL) != MT_OK)
		return;
	fuzz_tables(c);
	mt_capture_rewind(c);
	fuzz_require(events == fuzz_events(c));
}

static enum mt_status
fuzz_put(void *arg, enum mt_block_type type, void *data, size_t n,
    struct mt_error *e)
{
	(void)arg;
	(void)type;
	(void)e;
	fuzz_bytes(data, n);
	free(data);
	return (MT_OK);
}

/* Selections look at all tables, and at events. */
static void
fuzz_select(struct mt_capture *c)
{
	static const char *const patterns[] = { "a*", "[!b]*" };
	size_t n = mt_capture_sites(c, NULL);
	struct mt_amount *amounts;
	struct mt_selection sel;
	int view;

	amounts = calloc(n + 1, sizeof(*amounts));
	fuzz_require(amounts != NULL);
	memset(&sel, 0, sizeof(sel));
	sel.threshold = 4;
	for (view = MT_VIEW_PEAK; view <= MT_VIEW_RANGE; view++) {
		sel.view = (enum mt_view)view;
		sel.from_ns = 3;
		sel.to_ns = view % 2 == 0 ? 30000000 : UINT64_MAX;
		if (mt_capture_select(c, &sel, amounts, NULL) == MT_OK)
			fuzz_bytes(amounts, n * sizeof(*amounts));
		sel.include.pattern = sel.threads.pattern = patterns;
		sel.include.n = 1;
		sel.threads.n = 2;
	}
	free(amounts);
}

static void
fuzz_aggregate(struct mt_capture *c)
{
	const struct mt_sink sink = { fuzz_put, NULL };
	struct mt_error e;

	if (mt_capture_aggregate(c, &sink, &e) != MT_OK)
		fuzz_require(e.text[0] != '\0');
}

static void
fuzz_file(const uint8_t *data, size_t n)
{
	const struct mt_sample *samples;
	struct mt_source source;
	struct mt_capture *c;
	struct mt_error e;
	uint64_t events;

	mt_source_memory(&source, data, n);
	if (mt_capture_open_source(&c, &source, &e) != MT_OK) {
		fuzz_require(c == NULL && e.text[0] != '\0');
		return;
	}
	fuzz_meta(c);
	fuzz_tables(c);
	events = fuzz_events(c);
	mt_capture_rewind(c);
	fuzz_require(events == fuzz_events(c));
	if (mt_capture_samples(c, &samples, &n, NULL) == MT_OK)
		fuzz_bytes(samples, n * sizeof(*samples));
	fuzz_summary(c);
	fuzz_select(c);
	fuzz_aggregate(c);
	fuzz_native(c, events);
	mt_capture_close(c);
}

void
fuzz_open(const uint8_t *data, size_t n)
{
	fuzz_cost_begin();
	fuzz_file(data, n);
	fuzz_cost_end(n, STEPS_PER_BYTE, STEPS);
}
