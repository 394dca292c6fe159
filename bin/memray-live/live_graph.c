/* The graph of heap and resident set. */

#include <stdbool.h>
#include <string.h>

#include "live_graph.h"

/* One process, in the columns of the graph. */
struct trace {
	bool			 has[LIVE_GRAPH_MAX];
	struct live_graph_column column[LIVE_GRAPH_MAX];
	struct live_graph_column before;	/* the first column */
};

void
live_graph_init(struct live_graph *g, size_t n, uint64_t from_ns,
    uint64_t to_ns)
{
	memset(g, 0, sizeof(*g));
	g->n = n < LIVE_GRAPH_MAX ? n : LIVE_GRAPH_MAX;
	g->top = 1;
	g->from_ns = from_ns;
	g->to_ns = to_ns > from_ns ? to_ns : from_ns + 1;
}

static void
raise_to(uint64_t *value, uint64_t other)
{
	if (other > *value)
		*value = other;
}

/* The column of a time that is in the graph. */
static size_t
column_of(const struct live_graph *g, uint64_t time)
{
	size_t i = (size_t)((double)(time - g->from_ns) /
	    (double)(g->to_ns - g->from_ns) * (double)g->n);

	return (i < g->n ? i : g->n - 1);
}

static void
place(const struct live_graph *g, struct trace *t, const struct mt_sample *s)
{
	size_t i;

	if (s->time_ns < g->from_ns) {
		t->before.heap = s->heap;
		t->before.rss = s->rss;
		return;
	}
	i = column_of(g, s->time_ns);
	raise_to(&t->column[i].heap, s->heap);
	raise_to(&t->column[i].rss, s->rss);
	t->has[i] = true;
}

/* Columns up to the end of the process; last is the number of columns. */
static void
add(struct live_graph *g, const struct trace *t, size_t last)
{
	struct live_graph_column now = t->before;

	for (size_t i = 0; i < last; i++) {
		if (t->has[i])
			now = t->column[i];
		g->column[i].heap += now.heap;
		g->column[i].rss += now.rss;
	}
}

void
live_graph_add(struct live_graph *g, const struct mt_sample *s, size_t n,
    uint64_t end_ns)
{
	struct trace t;
	size_t last = g->n;

	if (g->n == 0 || end_ns < g->from_ns)
		return;
	memset(&t, 0, sizeof(t));
	for (size_t i = 0; i < n; i++) {
		if (s[i].time_ns > g->to_ns)
			break;
		place(g, &t, &s[i]);
	}
	if (end_ns < g->to_ns)
		last = column_of(g, end_ns) + 1;
	add(g, &t, last);
	for (size_t i = 0; i < last; i++) {
		raise_to(&g->top, g->column[i].heap);
		raise_to(&g->top, g->column[i].rss);
	}
}

unsigned
live_graph_steps(const struct live_graph *g, uint64_t value, unsigned row,
    unsigned rows, unsigned steps)
{
	double filled = (double)value / (double)g->top * rows * steps;
	unsigned all = (unsigned)(filled + 0.5), below = row * steps;

	if (all == 0 && value > 0)
		all = 1;
	if (all <= below)
		return (0);
	return (all - below < steps ? all - below : steps);
}
