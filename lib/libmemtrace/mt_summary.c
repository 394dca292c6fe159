/*
 * Summaries: what functions allocated, over all stacks of some captures.
 *
 * A function's total is the sum over the stacks that it is on, once for each
 * however often it recurs.  Two passes over the tree of stacks find it: one
 * adds up what was allocated at and below each node, and one walks down with
 * a count of how often each function is on the path, adding the sum of a
 * node whose function was not on the path above it.  The same is done for
 * every line of a function to find the one through which most came.
 */

#include <stdlib.h>
#include <string.h>

#include "mt_capture.h"
#include "mt_pages.h"
#include "mt_private.h"
#include "mt_summary.h"

#define AHEAD		8u	/* nodes, whose places are fetched early */
#define NO_STACK	"<no Python stack>"

/*
 * A node of one capture with something at or below it: in most views that is
 * a small part of all.  They are in the order of the nodes, the root first.
 */
struct branch {
	uint32_t	func;
	uint32_t	line;
	uint32_t	child;		/* the first; 0 if there is none */
	uint32_t	next;		/* child of the parent, or the parent */
	uint64_t	bytes;		/* with all below */
	uint64_t	allocations;
};

/* Where calls are made: far fewer than nodes. */
struct place {
	uint32_t	code;
	int32_t		offset;
	uint32_t	func;
	uint32_t	line;
};

/* One push. */
struct push {
	struct mt_summary			*s;
	const struct mt_summary_tables		*t;
	bool					*has;	/* by node: a branch */
	uint32_t				*branch_of; /* by node */
	struct branch				*branch;
	uint32_t				 nbranches;
	struct mt_amount			 root;	/* of node 0 alone */
	uint32_t				*func_of; /* by code */
	struct mt_lines				*lines;
	struct mt_hash				 place_index;
	struct place				*place;
	uint32_t				 nplaces;
	uint32_t				 place_cap;
	/* How often each is on the path from the root to where we are. */
	uint32_t				*func_on_path;
	uint32_t				*line_on_path;
};

enum mt_status
mt_summary_new(struct mt_summary **out, enum mt_view view,
    struct mt_error *e)
{
	*out = calloc(1, sizeof(**out));
	if (*out == NULL)
		return (mt_error_set(e, MT_ERR_NOMEM, "out of memory"));
	(*out)->view = view;
	(*out)->strings.hash.budget = &(*out)->budget;
	(*out)->func_index.budget = &(*out)->budget;
	(*out)->line_index.budget = &(*out)->budget;
	return (MT_OK);
}

void
mt_summary_free(struct mt_summary *s)
{
	if (s == NULL)
		return;
	mt_str_fini(&s->strings);
	mt_hash_fini(&s->func_index);
	mt_hash_fini(&s->line_index);
	free(s->func);
	free(s->line);
	free(s->rows);
	mt_budget_close(&s->budget);
	free(s);
}

uint64_t
mt_summary_bytes(const struct mt_summary *s)
{
	return (s->bytes);
}

uint64_t
mt_summary_allocations(const struct mt_summary *s)
{
	return (s->allocations);
}

/* ---- Functions and lines --------------------------------------------- */

/* Room for one more entry of an array. */
static bool
grow(struct mt_summary *s, void **array, size_t size, uint32_t n,
    uint32_t *cap)
{
	uint32_t more;
	void *p;

	if (n < *cap)
		return (true);
	if (*cap > UINT32_MAX / 4)
		return (false);
	more = *cap == 0 ? 256 : *cap * 2;
	p = mt_budget_realloc(&s->budget, *array, *cap * size, more * size);
	if (p == NULL)
		return (false);
	*array = p;
	*cap = more;
	return (true);
}

/* The function of a file; MT_HASH_NONE if out of memory. */
static uint32_t
func_get(struct mt_summary *s, const char *function, const char *file)
{
	struct mt_summary_func *f;
	uint64_t h;
	uint32_t fi, fu, i, pos;
	void *array;

	fu = mt_str_put(&s->strings, function);
	fi = mt_str_put(&s->strings, file);
	if (fu == MT_STR_NONE || fi == MT_STR_NONE)
		return (MT_HASH_NONE);
	h = (uint64_t)fu << 32 | fi;
	pos = mt_hash_start(&s->func_index, h);
	while ((i = mt_hash_next(&s->func_index, h, &pos)) != MT_HASH_NONE)
		if (s->func[i].function == fu && s->func[i].file == fi)
			return (i);
	array = s->func;
	if (!grow(s, &array, sizeof(*f), s->nfuncs, &s->func_cap))
		return (MT_HASH_NONE);
	s->func = array;
	if (!mt_hash_add(&s->func_index, h, s->nfuncs))
		return (MT_HASH_NONE);
	f = &s->func[s->nfuncs];
	memset(f, 0, sizeof(*f));
	f->function = fu;
	f->file = fi;
	return (s->nfuncs++);
}

static uint32_t
line_get(struct mt_summary *s, uint32_t func, uint32_t line)
{
	struct mt_summary_line *l;
	uint64_t h;
	uint32_t i, pos;
	void *array;

	h = (uint64_t)func << 32 | line;
	pos = mt_hash_start(&s->line_index, h);
	while ((i = mt_hash_next(&s->line_index, h, &pos)) != MT_HASH_NONE)
		if (s->line[i].func == func && s->line[i].line == line)
			return (i);
	array = s->line;
	if (!grow(s, &array, sizeof(*l), s->nlines, &s->line_cap))
		return (MT_HASH_NONE);
	s->line = array;
	if (!mt_hash_add(&s->line_index, h, s->nlines))
		return (MT_HASH_NONE);
	l = &s->line[s->nlines];
	memset(l, 0, sizeof(*l));
	l->func = func;
	l->line = line;
	return (s->nlines++);
}

static uint64_t
place_hash(const struct mt_node *n)
{
	return ((uint64_t)n->code << 32 | (uint32_t)n->offset);
}

/* See mt_live_prefetch() for the attribute. */
__attribute__((__always_inline__)) static inline void
place_prefetch(const struct push *p, const struct mt_node *n)
{
	if (p->place_index.slot != NULL)
		__builtin_prefetch(&p->place_index.slot[
		    mt_hash_start(&p->place_index, place_hash(n))]);
}

/* A place that was not seen before: the only time to ask for its line. */
static const struct place *
place_new(struct push *p, const struct mt_node *n, uint64_t hash)
{
	const struct mt_code *c = &p->t->codes[n->code];
	struct place *pl;
	void *array;

	if (p->func_of[n->code] == MT_HASH_NONE)
		p->func_of[n->code] = func_get(p->s, c->function, c->file);
	array = p->place;
	if (p->func_of[n->code] == MT_HASH_NONE ||
	    !grow(p->s, &array, sizeof(*pl), p->nplaces,
	    &p->place_cap))
		return (NULL);
	p->place = array;
	pl = &p->place[p->nplaces];
	pl->code = n->code;
	pl->offset = n->offset;
	pl->func = p->func_of[n->code];
	pl->line = line_get(p->s, pl->func, mt_lines_get(p->lines, n->code,
	    n->offset));
	if (pl->line == MT_HASH_NONE ||
	    !mt_hash_add(&p->place_index, hash, p->nplaces))
		return (NULL);
	p->nplaces++;
	return (pl);
}

static const struct place *
place_get(struct push *p, const struct mt_node *n)
{
	const struct place *pl;
	uint64_t h;
	uint32_t i, pos;

	h = place_hash(n);
	pos = mt_hash_start(&p->place_index, h);
	while ((i = mt_hash_next(&p->place_index, h, &pos)) < p->nplaces) {
		pl = &p->place[i];
		if (pl->code == n->code && pl->offset == n->offset)
			return (pl);
	}
	return (place_new(p, n, h));
}

/* ---- Adding a capture ------------------------------------------------ */

static inline struct mt_amount
amount_of(const struct push *p, size_t i)
{
	const struct mt_site *s = &p->t->sites[i];

	if (p->t->amounts != NULL)
		return (p->t->amounts[i]);
	switch (p->s->view) {
	case MT_VIEW_PEAK:
		return ((struct mt_amount){ s->peak_allocations,
		    s->peak_bytes });
	case MT_VIEW_LEAKS:
		return ((struct mt_amount){ s->leaked_allocations,
		    s->leaked_bytes });
	default:
		return ((struct mt_amount){ s->allocations, s->bytes });
	}
}

static inline bool
is_empty(const struct mt_amount *a)
{
	return (a->bytes == 0 && a->allocations == 0);
}

/* Every node comes after its parent. */
static void
push_nodes(struct push *p)
{
	struct mt_amount a;
	size_t i;

	p->has[0] = true;
	for (i = 0; i < p->t->nsites; i++) {
		a = amount_of(p, i);
		p->has[p->t->sites[i].node] |= !is_empty(&a);
	}
	for (i = p->t->nnodes - 1; i > 0; i--) {
		p->has[p->t->nodes[i].parent] |= p->has[i];
		p->nbranches += p->has[i];
	}
	p->nbranches++;
}

/* Branches with their functions and lines; next is the parent for now. */
static bool
push_branches(struct push *p)
{
	const struct mt_node *nodes = p->t->nodes;
	const struct place *pl;
	struct branch *b = p->branch;
	size_t i;

	b->func = func_get(p->s, NO_STACK, "");
	if (b->func == MT_HASH_NONE)
		return (false);
	for (i = 0; i < p->t->ncodes; i++)
		p->func_of[i] = MT_HASH_NONE;
	for (i = 1; i < p->t->nnodes; i++) {
		if (!p->has[i])
			continue;
		if (i + AHEAD < p->t->nnodes)
			place_prefetch(p, &nodes[i + AHEAD]);
		pl = place_get(p, &nodes[i]);
		if (pl == NULL)
			return (false);
		b++;
		b->func = pl->func;
		b->line = pl->line;
		b->next = p->branch_of[nodes[i].parent];
		p->branch_of[i] = (uint32_t)(b - p->branch);
	}
	return (true);
}

/* What the sites have is their nodes' own. */
static void
push_sites(struct push *p)
{
	struct mt_summary_func *f;
	struct mt_amount a;
	struct branch *b;
	size_t i;

	for (i = 0; i < p->t->nsites; i++) {
		a = amount_of(p, i);
		if (is_empty(&a))
			continue;
		b = &p->branch[p->branch_of[p->t->sites[i].node]];
		b->bytes += a.bytes;
		b->allocations += a.allocations;
		f = &p->s->func[b->func];
		f->own_bytes += a.bytes;
		f->own_allocations += a.allocations;
		p->s->bytes += a.bytes;
		p->s->allocations += a.allocations;
	}
	p->root.bytes = p->branch[0].bytes;
	p->root.allocations = p->branch[0].allocations;
}

static void
push_sums(struct push *p)
{
	struct branch *b, *parent;
	uint32_t i, up;

	for (i = p->nbranches - 1; i > 0; i--) {
		b = &p->branch[i];
		up = b->next;
		parent = &p->branch[up];
		parent->bytes += b->bytes;
		parent->allocations += b->allocations;
		b->next = parent->child != 0 ? parent->child : up;
		parent->child = i;
	}
}

static void
enter(struct push *p, const struct branch *b)
{
	struct mt_summary_func *f;

	if (p->func_on_path[b->func]++ == 0) {
		f = &p->s->func[b->func];
		f->total_bytes += b->bytes;
		f->total_allocations += b->allocations;
	}
	if (p->line_on_path[b->line]++ == 0)
		p->s->line[b->line].bytes += b->bytes;
}

static void
leave(struct push *p, const struct branch *b)
{
	p->func_on_path[b->func]--;
	p->line_on_path[b->line]--;
}

/*
 * Down to the first child, else across to the next, else up: no stack of our
 * own.  Children are in ascending order, so what is less is the parent.
 */
static void
push_walk(struct push *p)
{
	const struct branch *b;
	uint32_t i;

	for (i = p->branch[0].child; i != 0;) {
		b = &p->branch[i];
		__builtin_prefetch(&p->branch[b->next]);
		enter(p, b);
		if (b->child != 0) {
			i = b->child;
			continue;
		}
		leave(p, b);
		while (b->next < i && b->next != 0) {
			i = b->next;
			b = &p->branch[i];
			leave(p, b);
		}
		i = b->next;
	}
}

/* At the root there is nothing but what is its own. */
static void
push_root(struct push *p)
{
	struct mt_summary_func *f = &p->s->func[p->branch[0].func];

	f->total_bytes += p->root.bytes;
	f->total_allocations += p->root.allocations;
}

/* Everything that can fail comes before there is anything in the sums. */
static bool
push_prepare(struct push *p)
{
	struct mt_budget *b = &p->s->budget;

	p->has = mt_budget_calloc(b, p->t->nnodes, sizeof(*p->has));
	p->branch_of = mt_budget_calloc(b, p->t->nnodes,
	    sizeof(*p->branch_of));
	p->func_of = mt_budget_calloc(b, p->t->ncodes + 1,
	    sizeof(*p->func_of));
	p->lines = mt_lines_new(p->t->codes, p->t->ncodes);
	if (p->has == NULL || p->branch_of == NULL || p->func_of == NULL ||
	    p->lines == NULL)
		return (false);
	push_nodes(p);
	if (!mt_budget_take(b, p->nbranches * sizeof(*p->branch)))
		return (false);
	p->branch = mt_pages_new(p->nbranches * sizeof(*p->branch));
	if (p->branch == NULL || !push_branches(p))
		return (false);
	p->func_on_path = mt_budget_calloc(b, p->s->nfuncs,
	    sizeof(*p->func_on_path));
	p->line_on_path = mt_budget_calloc(b, (size_t)p->s->nlines + 1,
	    sizeof(*p->line_on_path));
	return (p->func_on_path != NULL && p->line_on_path != NULL);
}

/* All that is needed for a push, and not after it. */
static void
push_fini(struct push *p)
{
	struct mt_budget *b = &p->s->budget;

	mt_budget_free(b, p->has, p->t->nnodes * sizeof(*p->has));
	mt_budget_free(b, p->branch_of,
	    p->t->nnodes * sizeof(*p->branch_of));
	if (p->branch != NULL)
		mt_budget_give(b, p->nbranches * sizeof(*p->branch));
	mt_pages_free(p->branch, p->nbranches * sizeof(*p->branch));
	mt_budget_free(b, p->func_of,
	    (p->t->ncodes + 1) * sizeof(*p->func_of));
	mt_lines_free(p->lines);
	mt_budget_free(b, p->place, p->place_cap * sizeof(*p->place));
	mt_budget_free(b, p->func_on_path,
	    p->s->nfuncs * sizeof(*p->func_on_path));
	mt_budget_free(b, p->line_on_path,
	    (p->s->nlines + (size_t)1) * sizeof(*p->line_on_path));
	mt_hash_fini(&p->place_index);
}

enum mt_status
mt_summary_push_tables(struct mt_summary *s,
    const struct mt_summary_tables *t, struct mt_error *e)
{
	struct push p;
	bool ok;

	if (t->nnodes == 0)
		return (MT_OK);
	memset(&p, 0, sizeof(p));
	p.s = s;
	p.t = t;
	if (t->budget != NULL)
		mt_budget_share(&s->budget, t->budget);
	p.place_index.budget = &s->budget;
	ok = push_prepare(&p);
	if (ok) {
		push_sites(&p);
		push_sums(&p);
		push_walk(&p);
		push_root(&p);
	}
	push_fini(&p);
	return (ok ? MT_OK : mt_budget_status(&s->budget, mt_error_set(e,
	    MT_ERR_NOMEM, "out of memory"), e));
}

static void
push_fill(struct mt_summary_tables *t, const struct mt_capture *c)
{
	t->budget = &c->budget;
	t->ncodes = mt_capture_codes(c, &t->codes);
	t->nnodes = mt_capture_nodes(c, &t->nodes);
	t->nsites = mt_capture_sites(c, &t->sites);
	t->amounts = NULL;
}

enum mt_status
mt_summary_push(struct mt_summary *s, const struct mt_capture *c,
    struct mt_error *e)
{
	struct mt_summary_tables t;

	push_fill(&t, c);
	return (mt_summary_push_tables(s, &t, e));
}

enum mt_status
mt_summary_push_selection(struct mt_summary *s, struct mt_capture *c,
    const struct mt_selection *sel, struct mt_error *e)
{
	struct mt_summary_tables t;
	struct mt_amount *amounts;
	enum mt_status st;

	push_fill(&t, c);
	amounts = mt_budget_calloc(&c->budget, t.nsites + 1,
	    sizeof(*amounts));
	if (amounts == NULL)
		return (mt_budget_status(&c->budget, mt_error_set(e,
		    MT_ERR_NOMEM, "out of memory"), e));
	st = mt_capture_select(c, sel, amounts, e);
	t.amounts = amounts;
	if (st == MT_OK)
		st = mt_summary_push_tables(s, &t, e);
	mt_budget_free(&c->budget, amounts,
	    (t.nsites + 1) * sizeof(*amounts));
	return (st);
}
