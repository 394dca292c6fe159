/* What is watched. */

#include <sys/wait.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <fe_alloc.h>

#include "live_cost.h"
#include "live_watch.h"

void
live_watch_init(struct live_watch *w, struct mt_feed *feed)
{
	memset(w, 0, sizeof(*w));
	w->feed = feed;
	w->focus = LIVE_TABLE_NO_FOCUS;
	live_funcs_init(&w->funcs);
	live_names_init(&w->names, &w->funcs);
	live_table_init(&w->table);
	mt_feed_info(feed, &w->info);
}

void
live_watch_fini(struct live_watch *w)
{
	for (size_t i = 0; i < w->nprocs; i++) {
		live_tree_fini(&w->proc[i].tree);
		free(w->proc[i].marked);
		free(w->proc[i].paused);
	}
	free(w->proc);
	free(w->thread);
	free(w->amount);
	live_table_fini(&w->table);
	live_names_fini(&w->names);
	live_funcs_fini(&w->funcs);
}

/* ---- Which processes and threads -------------------------------------- */

/* Whether any process runs, and which is the last one when none does. */
static void
find_running(struct live_watch *w)
{
	const struct mt_feed_process *p, *last;

	w->is_any_running = false;
	w->last = 0;
	for (size_t i = 0; i < w->nprocs; i++) {
		p = &w->proc[i].info;
		last = &w->proc[w->last].info;
		if (p->running)
			w->is_any_running = true;
		if (!p->replaced &&
		    (last->replaced || p->time_ns > last->time_ns))
			w->last = i;
	}
}

bool
live_watch_has(const struct live_watch *w, size_t proc)
{
	if (w->one_process)
		return (proc == w->process);
	if (w->is_any_running)
		return (w->proc[proc].info.running);
	return (proc == w->last);
}

static void
list_threads(struct live_watch *w)
{
	const struct mt_thread *t;
	size_t n;

	w->nthreads = 0;
	for (size_t i = 0; i < w->nprocs; i++) {
		if (!live_watch_has(w, i) || w->proc[i].info.capture == NULL)
			continue;
		n = mt_capture_threads(w->proc[i].info.capture, &t);
		for (size_t k = 0; k < n; k++) {
			w->thread = fe_grow(w->thread, w->nthreads,
			    sizeof(*w->thread), &w->thread_cap);
			w->thread[w->nthreads].proc = i;
			w->thread[w->nthreads++].thread = k;
		}
	}
}

size_t
live_watch_place(const struct live_watch *w)
{
	for (size_t i = 0; i < w->nthreads; i++)
		if (w->thread[i].proc == w->current.proc &&
		    w->thread[i].thread == w->current.thread)
			return (i);
	return (0);
}

void
live_watch_merge(struct live_watch *w, bool all)
{
	w->one_thread = !all && w->nthreads > 0;
	if (w->one_thread)
		w->current = w->thread[live_watch_place(w)];
}

void
live_watch_turn(struct live_watch *w, bool forward)
{
	size_t n = w->nthreads;

	if (!w->one_thread || n == 0)
		return;
	w->current = w->thread[(live_watch_place(w) +
	    (forward ? 1 : n - 1)) % n];
}

/* ---- Numbers ---------------------------------------------------------- */

static void
raise_to(uint64_t *value, uint64_t other)
{
	if (other > *value)
		*value = other;
}

static void
add_up(struct live_watch *w)
{
	struct live_totals *t = &w->totals;

	memset(t, 0, sizeof(*t));
	for (size_t i = 0; i < w->nprocs; i++) {
		const struct mt_feed_process *p = &w->proc[i].info;

		if (!live_watch_has(w, i))
			continue;
		t->processes++;
		t->heap += p->heap;
		t->rss += p->rss;
		t->peak_heap = p->peak;
		t->peak_rss = p->peak_rss;
		t->allocations += p->allocations;
		t->lost_events += p->lost_events;
	}
	if (w->one_process)
		return;
	/* Processes have their peaks at different times. */
	raise_to(&w->peak_of_sum, t->heap);
	raise_to(&w->peak_rss_of_sum, t->rss);
	if (w->nprocs == 1) {
		raise_to(&w->peak_of_sum, t->peak_heap);
		raise_to(&w->peak_rss_of_sum, t->peak_rss);
	}
	t->peak_heap = w->peak_of_sum;
	t->peak_rss = w->peak_rss_of_sum;
}

/* The sites that count: of now, or of the beginning of the pause. */
static size_t
sites_of(const struct live_watch *w, const struct live_proc *p,
    const struct mt_site **site)
{
	if (w->paused) {
		*site = p->paused;
		return (p->npaused);
	}
	return (p->info.capture == NULL ? 0 :
	    mt_capture_sites(p->info.capture, site));
}

static uint64_t
growth(uint64_t now, uint64_t then)
{
	return (now > then ? now - then : 0);
}

static void
pick(const struct live_watch *w, const struct live_proc *p,
    const struct mt_site *s, size_t i, struct mt_amount *a)
{
	static const struct mt_amount nothing;
	const struct mt_amount *then = i < p->nmarked ? &p->marked[i] :
	    &nothing;

	switch (w->view) {
	case LIVE_VIEW_NOW:
		a->bytes = s->leaked_bytes;
		a->allocations = s->leaked_allocations;
		break;
	case LIVE_VIEW_MARK:
		a->bytes = growth(s->leaked_bytes, then->bytes);
		a->allocations = growth(s->leaked_allocations,
		    then->allocations);
		break;
	case LIVE_VIEW_PEAK:
		a->bytes = s->peak_bytes;
		a->allocations = s->peak_allocations;
		break;
	case LIVE_VIEW_EVER:
		a->bytes = s->bytes;
		a->allocations = s->allocations;
		break;
	}
}

static void
push(struct live_watch *w, const struct live_proc *p)
{
	const struct mt_site *site;
	size_t n = sites_of(w, p, &site);

	if (n == 0)
		return;
	if (n > w->amount_cap) {
		free(w->amount);
		w->amount_cap = n + n / 2;
		w->amount = fe_alloc(w->amount_cap, sizeof(*w->amount), 0);
	}
	for (size_t i = 0; i < n; i++) {
		if (w->one_thread && site[i].thread != w->current.thread)
			memset(&w->amount[i], 0, sizeof(w->amount[i]));
		else
			pick(w, p, &site[i], i, &w->amount[i]);
	}
	live_table_push(&w->table, &p->tree, site, w->amount, n);
}

/* The feed may be in the middle of an update, with sites at new nodes. */
static void
update_trees(struct live_watch *w)
{
	struct live_proc *p;

	for (size_t i = 0; i < w->nprocs; i++) {
		p = &w->proc[i];
		if (p->info.capture != NULL)
			live_tree_update(&p->tree, &w->names, p->info.capture);
	}
}

void
live_watch_table(struct live_watch *w)
{
	update_trees(w);
	list_threads(w);
	add_up(w);
	live_table_begin(&w->table, w->funcs.n, w->focus);
	for (size_t i = 0; i < w->nprocs; i++)
		if (live_watch_has(w, i) &&
		    (!w->one_thread || w->current.proc == i))
			push(w, &w->proc[i]);
	live_table_finish(&w->table, w->sort);
	live_table_match(&w->table, &w->funcs, w->filter);
}

/* ---- Updates ---------------------------------------------------------- */

/* What the feed says of processes, whose strings live until the next step. */
static void
refresh(struct live_watch *w)
{
	struct live_proc *p;

	mt_feed_info(w->feed, &w->info);
	while (w->nprocs < w->info.processes) {
		w->proc = fe_grow(w->proc, w->nprocs, sizeof(*w->proc),
		    &w->cap);
		p = &w->proc[w->nprocs++];
		memset(p, 0, sizeof(*p));
		live_tree_init(&p->tree);
	}
	for (size_t i = 0; i < w->nprocs; i++)
		mt_feed_process(w->feed, i, &w->proc[i].info);
	find_running(w);
}

/* When we come late, the graph remembers what was before us. */
static void
remember_peaks(struct live_watch *w)
{
	struct live_graph g;

	live_watch_graph(w, &g, LIVE_GRAPH_MAX, 0);
	for (size_t i = 0; i < g.n; i++) {
		raise_to(&w->peak_of_sum, g.column[i].heap);
		raise_to(&w->peak_rss_of_sum, g.column[i].rss);
	}
}

static void
update(struct live_watch *w)
{
	const bool first = w->nprocs == 0;

	refresh(w);
	if (first)
		remember_peaks(w);
	live_watch_table(w);
}

/*
 * What lives when a program has ended is seldom what it was watched for, and
 * of a short one it is nothing at all.  Whoever has chosen another view, or
 * holds this one, keeps it.
 */
static void
look_back(struct live_watch *w)
{
	if (w->info.state == MT_FEED_ENDED && w->view == LIVE_VIEW_NOW &&
	    !w->paused)
		w->view = LIVE_VIEW_PEAK;
}

static bool
take_feed(struct live_watch *w, struct mt_error *e)
{
	enum mt_status status;
	bool updated = false;

	status = mt_feed_step(w->feed, &updated, e);
	if (status == MT_END)
		memset(e, 0, sizeof(*e));
	if (status != MT_OK) {
		w->over = true;
		mt_feed_info(w->feed, &w->info);
		look_back(w);
	}
	if (updated || w->over)
		update(w);
	else
		refresh(w);
	if (!w->over && mt_feed_spend(w->feed, live_cost(w), e) != MT_OK)
		w->over = true;
	return (updated || w->over);
}

bool
live_watch_names(struct live_watch *w, bool at_once)
{
	if (!live_names_step(&w->names, at_once))
		return (false);
	for (size_t i = 0; i < w->nprocs; i++)
		live_tree_rename(&w->proc[i].tree);
	if (w->focus != LIVE_TABLE_NO_FOCUS)
		w->focus = w->funcs.func[w->focus].heir;
	live_watch_table(w);
	return (true);
}

bool
live_watch_is_asking(const struct live_watch *w)
{
	return (w->names.lookup.pid != 0);
}

bool
live_watch_step(struct live_watch *w, struct mt_error *e)
{
	bool news;

	memset(e, 0, sizeof(*e));
	news = !w->over && take_feed(w, e);
	return (live_watch_names(w, false) || news);
}

/* ---- Mark and pause --------------------------------------------------- */

static void
mark(const struct live_watch *w, struct live_proc *p)
{
	const struct mt_site *site;
	size_t n = sites_of(w, p, &site);

	free(p->marked);
	p->marked = fe_alloc(n, sizeof(*p->marked), 0);
	p->nmarked = n;
	for (size_t i = 0; i < n; i++) {
		p->marked[i].bytes = site[i].leaked_bytes;
		p->marked[i].allocations = site[i].leaked_allocations;
	}
}

void
live_watch_mark(struct live_watch *w)
{
	for (size_t i = 0; i < w->nprocs; i++)
		mark(w, &w->proc[i]);
	w->has_mark = true;
	w->mark_ns = w->paused ? w->paused_ns : w->info.time_ns;
	w->view = LIVE_VIEW_MARK;
}

static void
copy_sites(struct live_proc *p)
{
	const struct mt_site *site;
	size_t n;

	p->npaused = 0;
	if (p->info.capture == NULL)
		return;
	n = mt_capture_sites(p->info.capture, &site);
	p->paused = fe_alloc(n, sizeof(*p->paused), 0);
	p->npaused = n;
	if (n > 0)
		memcpy(p->paused, site, n * sizeof(*site));
}

void
live_watch_pause(struct live_watch *w, bool on)
{
	for (size_t i = 0; i < w->nprocs; i++) {
		free(w->proc[i].paused);
		w->proc[i].paused = NULL;
		w->proc[i].npaused = 0;
		if (on)
			copy_sites(&w->proc[i]);
	}
	w->paused = on;
	w->paused_ns = w->info.time_ns;
}

/* ---- Graph, status ---------------------------------------------------- */

void
live_watch_graph(const struct live_watch *w, struct live_graph *g, size_t n,
    uint64_t span_ns)
{
	const uint64_t to = w->info.time_ns;
	const struct mt_sample *s;
	const struct live_proc *p;
	size_t nsamples;

	live_graph_init(g, n, span_ns == 0 || span_ns > to ? 0 : to - span_ns,
	    to);
	for (size_t i = 0; i < w->nprocs; i++) {
		p = &w->proc[i];
		if ((w->one_process && i != w->process) ||
		    p->info.capture == NULL || mt_capture_samples(
		    p->info.capture, &s, &nsamples, NULL) != MT_OK)
			continue;
		live_graph_add(g, s, nsamples, p->info.running ? to :
		    p->info.time_ns);
	}
}

const char *
live_watch_status(char buf[LIVE_STATUS_MAX], bool known, int status)
{
	int sig = known && WIFSIGNALED(status) ? WTERMSIG(status) : 0;

	if (sig != 0)
		(void)snprintf(buf, LIVE_STATUS_MAX, "killed by signal %d (%s)",
		    sig, strsignal(sig));
	else if (known && WIFEXITED(status))
		(void)snprintf(buf, LIVE_STATUS_MAX, "exit status %d",
		    WEXITSTATUS(status));
	else
		*buf = '\0';
	return (buf);
}
