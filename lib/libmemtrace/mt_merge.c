/*
 * Several captures as one: functions, places, stacks and sites, each there
 * once, with calls told apart by line.
 *
 * A capture is added table by table, and each of its entries is looked up by
 * what the tables before made of its parts: so every comparison is one of
 * numbers, and strings are compared once for each code object.
 */

#include <stdlib.h>
#include <string.h>

#include "mt_capture.h"
#include "mt_hash.h"
#include "mt_merge.h"
#include "mt_private.h"
#include "mt_select.h"
#include "mt_str.h"

#define NO_STACK	"<no Python stack>"

/* What a report has of its own for a call and for a site, at most. */
#define REPORT_CALL	80u
#define REPORT_SITE	64u

/* An array and where to find its entries. */
struct merge_table {
	void		*data;
	uint32_t	 n;
	uint32_t	 cap;
	struct mt_hash	 index;
};

struct mt_merge {
	struct mt_budget	 budget;	/* of all captures together */
	struct mt_str		 strings;
	struct merge_table	 functions;	/* struct mt_function */
	struct merge_table	 places;	/* struct mt_place */
	struct merge_table	 calls;		/* struct mt_call */
	struct merge_table	 sites;		/* struct mt_site */
	struct merge_table	 threads;	/* struct mt_thread; no index */
	struct merge_table	 amounts;	/* struct mt_amount; by site */
};

/* A call of the capture that is being added: far fewer than nodes. */
struct merge_spot {
	uint32_t	code;
	int32_t		offset;
	uint32_t	place;
};

struct merge_push {
	struct mt_merge			*m;
	const struct mt_merge_tables	*t;
	uint32_t			*function_of;	/* by code */
	uint32_t			*call_of;	/* by node */
	struct merge_table		 spots;	/* struct merge_spot */
	struct mt_lines			*lines;
};

/* ---- Tables ---------------------------------------------------------- */

/* Room for one more entry; NULL if there is no memory. */
static void *
table_room(struct merge_table *t, size_t size)
{
	uint32_t cap;
	void *p;

	if (t->n == t->cap) {
		if (t->cap > UINT32_MAX / 4)
			return (NULL);
		cap = t->cap == 0 ? 64 : t->cap * 2;
		p = mt_budget_realloc(t->index.budget, t->data,
		    t->cap * size, cap * size);
		if (p == NULL)
			return (NULL);
		t->data = p;
		t->cap = cap;
	}
	return ((char *)t->data + (size_t)t->n * size);
}

/* Add an entry; its number, or MT_HASH_NONE if out of memory. */
static uint32_t
table_add(struct merge_table *t, uint64_t hash, const void *entry,
    size_t size)
{
	void *room;

	room = table_room(t, size);
	if (room == NULL || !mt_hash_add(&t->index, hash, t->n))
		return (MT_HASH_NONE);
	memcpy(room, entry, size);
	return (t->n++);
}

static void
table_fini(struct merge_table *t, size_t size)
{
	mt_budget_free(t->index.budget, t->data, t->cap * size);
	mt_hash_fini(&t->index);
}

static uint64_t
pair_hash(uint32_t a, uint32_t b)
{
	return ((uint64_t)a << 32 | b);
}

/* ---- Entries --------------------------------------------------------- */

/* Interned strings are equal if they are in the same place. */
static uint32_t
function_get(struct mt_merge *m, const char *name, const char *file,
    uint32_t first_line)
{
	struct mt_function *all = m->functions.data, f;
	uint32_t na, fi, i, pos;
	uint64_t h;

	na = mt_str_put(&m->strings, name);
	fi = mt_str_put(&m->strings, file);
	if (na == MT_STR_NONE || fi == MT_STR_NONE)
		return (MT_HASH_NONE);
	f.name = mt_str_get(&m->strings, na);
	f.file = mt_str_get(&m->strings, fi);
	f.first_line = first_line;
	h = pair_hash(na, fi);
	pos = mt_hash_start(&m->functions.index, h);
	while ((i = mt_hash_next(&m->functions.index, h, &pos)) !=
	    MT_HASH_NONE)
		if (all[i].name == f.name && all[i].file == f.file) {
			if (first_line < all[i].first_line)
				all[i].first_line = first_line;
			return (i);
		}
	return (table_add(&m->functions, h, &f, sizeof(f)));
}

static uint32_t
place_get(struct mt_merge *m, uint32_t function, uint32_t line)
{
	const struct mt_place *all = m->places.data, p = { function, line };
	uint64_t h = pair_hash(function, line);
	uint32_t i, pos = mt_hash_start(&m->places.index, h);

	while ((i = mt_hash_next(&m->places.index, h, &pos)) != MT_HASH_NONE)
		if (all[i].function == function && all[i].line == line)
			return (i);
	return (table_add(&m->places, h, &p, sizeof(p)));
}

static uint32_t
call_get(struct mt_merge *m, uint32_t parent, uint32_t place)
{
	const struct mt_call *all = m->calls.data, c = { parent, place };
	uint64_t h = pair_hash(parent, place);
	uint32_t i, pos = mt_hash_start(&m->calls.index, h);

	while ((i = mt_hash_next(&m->calls.index, h, &pos)) != MT_HASH_NONE)
		if (all[i].parent == parent && all[i].place == place)
			return (i);
	return (table_add(&m->calls, h, &c, sizeof(c)));
}

static bool
is_same_site(const struct mt_site *a, const struct mt_site *b)
{
	return (a->node == b->node && a->thread == b->thread &&
	    a->allocator == b->allocator);
}

static void
site_add(struct mt_site *to, const struct mt_site *s)
{
	to->allocations += s->allocations;
	to->bytes += s->bytes;
	to->peak_allocations += s->peak_allocations;
	to->peak_bytes += s->peak_bytes;
	to->leaked_allocations += s->leaked_allocations;
	to->leaked_bytes += s->leaked_bytes;
}

/* The number of a site, with which this one comes together. */
static uint32_t
site_put(struct mt_merge *m, const struct mt_site *s)
{
	struct mt_site *all = m->sites.data;
	struct mt_amount *a;
	uint64_t h = ((uint64_t)s->node << 32 | s->thread) +
	    ((uint64_t)s->allocator << 56);
	uint32_t i, pos = mt_hash_start(&m->sites.index, h);

	while ((i = mt_hash_next(&m->sites.index, h, &pos)) != MT_HASH_NONE)
		if (is_same_site(&all[i], s)) {
			site_add(&all[i], s);
			return (i);
		}
	a = table_room(&m->amounts, sizeof(*a));
	if (a == NULL)
		return (MT_HASH_NONE);
	memset(a, 0, sizeof(*a));
	i = table_add(&m->sites, h, s, sizeof(*s));
	m->amounts.n = m->sites.n;
	return (i);
}

static void
amount_add(struct mt_merge *m, uint32_t site, const struct mt_amount *a)
{
	struct mt_amount *to = m->amounts.data;

	to[site].allocations += a->allocations;
	to[site].bytes += a->bytes;
}

/* ---- Adding a capture ------------------------------------------------ */

/* A call that was not seen before: the only time to ask for its line. */
static uint32_t
spot_new(struct merge_push *p, const struct mt_node *n, uint64_t hash)
{
	const struct mt_code *c = &p->t->codes[n->code];
	struct merge_spot s = { n->code, n->offset, 0 };
	uint32_t *f = &p->function_of[n->code];

	if (*f == MT_HASH_NONE)
		*f = function_get(p->m, c->function, c->file, c->first_line);
	if (*f == MT_HASH_NONE)
		return (MT_HASH_NONE);
	s.place = place_get(p->m, *f, mt_lines_get(p->lines, n->code,
	    n->offset));
	if (s.place == MT_HASH_NONE ||
	    table_add(&p->spots, hash, &s, sizeof(s)) == MT_HASH_NONE)
		return (MT_HASH_NONE);
	return (s.place);
}

/* The place of a node; MT_HASH_NONE if out of memory. */
static uint32_t
spot_place(struct merge_push *p, const struct mt_node *n)
{
	const struct merge_spot *all = p->spots.data;
	uint64_t h = pair_hash(n->code, (uint32_t)n->offset);
	uint32_t i, pos = mt_hash_start(&p->spots.index, h);

	while ((i = mt_hash_next(&p->spots.index, h, &pos)) != MT_HASH_NONE)
		if (all[i].code == n->code && all[i].offset == n->offset)
			return (all[i].place);
	return (spot_new(p, n, h));
}

/* Most stacks of a capture are new, so the table need not grow in steps. */
static bool
reserve_calls(struct merge_push *p)
{
	size_t n = p->m->calls.n + p->t->nnodes;

	return (n < MT_HASH_NONE && mt_hash_reserve(&p->m->calls.index,
	    (uint32_t)n));
}

/* Every node comes after its parent. */
static bool
push_calls(struct merge_push *p)
{
	uint32_t i, place;

	if (!reserve_calls(p))
		return (false);
	for (i = 0; i < p->t->ncodes; i++)
		p->function_of[i] = MT_HASH_NONE;
	p->call_of[0] = 0;
	for (i = 1; i < p->t->nnodes; i++) {
		place = spot_place(p, &p->t->nodes[i]);
		if (place == MT_HASH_NONE)
			return (false);
		p->call_of[i] = call_get(p->m,
		    p->call_of[p->t->nodes[i].parent], place);
		if (p->call_of[i] == MT_HASH_NONE)
			return (false);
	}
	return (true);
}

static bool
push_sites(struct merge_push *p, uint32_t first_thread)
{
	struct mt_site s;
	uint32_t to;
	size_t i;

	for (i = 0; i < p->t->nsites; i++) {
		s = p->t->sites[i];
		s.node = p->call_of[s.node];
		s.thread += first_thread;
		to = site_put(p->m, &s);
		if (to == MT_HASH_NONE)
			return (false);
		if (p->t->amounts != NULL)
			amount_add(p->m, to, &p->t->amounts[i]);
	}
	return (true);
}

static bool
push_threads(struct merge_push *p)
{
	struct mt_thread *t;
	uint32_t name;
	size_t i;

	for (i = 0; i < p->t->nthreads; i++) {
		name = mt_str_put(&p->m->strings, p->t->threads[i].name);
		t = table_room(&p->m->threads, sizeof(*t));
		if (name == MT_STR_NONE || t == NULL)
			return (false);
		t->tid = p->t->threads[i].tid;
		t->name = mt_str_get(&p->m->strings, name);
		p->m->threads.n++;
	}
	return (true);
}

/* Reports are programs, which have no account. */
static bool
charge_report(struct mt_merge *m, uint32_t calls, uint32_t sites)
{
	return (mt_budget_take(&m->budget,
	    (m->calls.n - calls) * (uint64_t)REPORT_CALL +
	    (m->sites.n - sites) * (uint64_t)REPORT_SITE));
}

enum mt_status
mt_merge_push_tables(struct mt_merge *m, const struct mt_merge_tables *t,
    struct mt_error *e)
{
	uint32_t first_thread = m->threads.n;
	uint32_t calls = m->calls.n, sites = m->sites.n;
	struct merge_push p;
	bool ok;

	memset(&p, 0, sizeof(p));
	p.m = m;
	p.t = t;
	if (t->budget != NULL)
		mt_budget_share(&m->budget, t->budget);
	p.spots.index.budget = &m->budget;
	p.function_of = mt_budget_calloc(&m->budget, t->ncodes + 1,
	    sizeof(*p.function_of));
	p.call_of = mt_budget_calloc(&m->budget, t->nnodes + 1,
	    sizeof(*p.call_of));
	p.lines = mt_lines_new(t->codes, t->ncodes);
	ok = p.function_of != NULL && p.call_of != NULL && p.lines != NULL &&
	    push_threads(&p) && push_calls(&p) &&
	    push_sites(&p, first_thread) && charge_report(m, calls, sites);
	mt_budget_free(&m->budget, p.function_of,
	    (t->ncodes + 1) * sizeof(*p.function_of));
	mt_budget_free(&m->budget, p.call_of,
	    (t->nnodes + 1) * sizeof(*p.call_of));
	table_fini(&p.spots, sizeof(struct merge_spot));
	mt_lines_free(p.lines);
	return (ok ? MT_OK : mt_budget_status(&m->budget, mt_error_set(e,
	    MT_ERR_NOMEM, "out of memory"), e));
}

static void
push_fill(struct mt_merge_tables *t, const struct mt_capture *c)
{
	t->ncodes = mt_capture_codes(c, &t->codes);
	t->nnodes = mt_capture_nodes(c, &t->nodes);
	t->nsites = mt_capture_sites(c, &t->sites);
	t->nthreads = mt_capture_threads(c, &t->threads);
	t->amounts = NULL;
	t->budget = &c->budget;
}

enum mt_status
mt_merge_push(struct mt_merge *m, const struct mt_capture *c,
    struct mt_error *e)
{
	struct mt_merge_tables t;

	push_fill(&t, c);
	return (mt_merge_push_tables(m, &t, e));
}

/* Leave out the sites that no view of the selection has; n remain. */
static enum mt_status
keep_filtered(const struct mt_capture *c, const struct mt_selection *sel,
    struct mt_site *sites, struct mt_amount *amounts, size_t *n,
    struct mt_error *e)
{
	struct mt_amount *all;
	enum mt_status st;
	size_t i, kept;

	all = calloc(*n + 1, sizeof(*all));
	if (all == NULL)
		return (mt_error_set(e, MT_ERR_NOMEM, "out of memory"));
	for (i = 0; i < *n; i++)
		all[i].allocations = mt_capture_is_selected(c, sel);
	st = mt_select_filter(c, sel, all, e);
	for (i = kept = 0; i < *n; i++)
		if (all[i].allocations != 0) {
			sites[kept] = sites[i];
			amounts[kept++] = amounts[i];
		}
	*n = kept;
	free(all);
	return (st);
}

enum mt_status
mt_merge_push_selection(struct mt_merge *m, struct mt_capture *c,
    const struct mt_selection *sel, struct mt_error *e)
{
	struct mt_merge_tables t;
	struct mt_amount *amounts;
	struct mt_site *sites;
	enum mt_status st;
	size_t room;

	push_fill(&t, c);
	room = t.nsites + 1;
	amounts = mt_budget_calloc(&c->budget, room, sizeof(*amounts));
	sites = mt_budget_calloc(&c->budget, room, sizeof(*sites));
	if (amounts == NULL || sites == NULL) {
		st = mt_budget_status(&c->budget, mt_error_set(e,
		    MT_ERR_NOMEM, "out of memory"), e);
		goto out;
	}
	if (t.nsites > 0)
		memcpy(sites, t.sites, t.nsites * sizeof(*sites));
	t.sites = sites;
	t.amounts = amounts;
	st = mt_capture_select(c, sel, amounts, e);
	if (st == MT_OK)
		st = keep_filtered(c, sel, sites, amounts, &t.nsites, e);
	if (st == MT_OK)
		st = mt_merge_push_tables(m, &t, e);
out:
	mt_budget_free(&c->budget, amounts, room * sizeof(*amounts));
	mt_budget_free(&c->budget, sites, room * sizeof(*sites));
	return (st);
}

/* Its tables are charged to the captures that are added. */
static struct mt_merge *
merge_new(void)
{
	struct mt_merge *m = calloc(1, sizeof(*m));

	if (m == NULL)
		return (NULL);
	m->strings.hash.budget = &m->budget;
	m->functions.index.budget = &m->budget;
	m->places.index.budget = &m->budget;
	m->calls.index.budget = &m->budget;
	m->sites.index.budget = &m->budget;
	m->threads.index.budget = &m->budget;
	m->amounts.index.budget = &m->budget;
	return (m);
}

enum mt_status
mt_merge_new(struct mt_merge **out, struct mt_error *e)
{
	struct mt_merge *m;

	*out = NULL;
	m = merge_new();
	if (m == NULL || function_get(m, NO_STACK, "", 0) != 0 ||
	    place_get(m, 0, 0) != 0 || call_get(m, 0, 0) != 0) {
		mt_merge_free(m);
		return (mt_error_set(e, MT_ERR_NOMEM, "out of memory"));
	}
	*out = m;
	return (MT_OK);
}

void
mt_merge_free(struct mt_merge *m)
{
	if (m == NULL)
		return;
	table_fini(&m->functions, sizeof(struct mt_function));
	table_fini(&m->places, sizeof(struct mt_place));
	table_fini(&m->calls, sizeof(struct mt_call));
	table_fini(&m->sites, sizeof(struct mt_site));
	table_fini(&m->threads, sizeof(struct mt_thread));
	table_fini(&m->amounts, sizeof(struct mt_amount));
	mt_str_fini(&m->strings);
	mt_budget_close(&m->budget);
	free(m);
}

/* ---- Tables handed out ----------------------------------------------- */

size_t
mt_merge_functions(const struct mt_merge *m, const struct mt_function **p)
{
	if (p != NULL)
		*p = m->functions.data;
	return (m->functions.n);
}

size_t
mt_merge_places(const struct mt_merge *m, const struct mt_place **p)
{
	if (p != NULL)
		*p = m->places.data;
	return (m->places.n);
}

size_t
mt_merge_calls(const struct mt_merge *m, const struct mt_call **p)
{
	if (p != NULL)
		*p = m->calls.data;
	return (m->calls.n);
}

size_t
mt_merge_sites(const struct mt_merge *m, const struct mt_site **p)
{
	if (p != NULL)
		*p = m->sites.data;
	return (m->sites.n);
}

size_t
mt_merge_threads(const struct mt_merge *m, const struct mt_thread **p)
{
	if (p != NULL)
		*p = m->threads.data;
	return (m->threads.n);
}

size_t
mt_merge_amounts(const struct mt_merge *m, const struct mt_amount **p)
{
	if (p != NULL)
		*p = m->amounts.data;
	return (m->amounts.n);
}
