/* The table of functions. */

#include <stdlib.h>
#include <string.h>

#include <fe_alloc.h>

#include "live_table.h"

/* What is below the last call of the function in the focus. */
#define BELOW_NOTHING	UINT32_MAX	/* it is not on the stack */
#define BELOW_ITSELF	(UINT32_MAX - 1)

void
live_table_init(struct live_table *t)
{
	memset(t, 0, sizeof(*t));
	t->focus = LIVE_TABLE_NO_FOCUS;
}

void
live_table_fini(struct live_table *t)
{
	free(t->all.row);
	free(t->shown.row);
	free(t->callers.row);
	free(t->callees.row);
	free(t->sum);
	free(t->below);
}

/* Room for n elements, whose old contents are not needed. */
static void *
reserve(void *p, size_t n, size_t size, size_t *cap)
{
	if (n <= *cap)
		return (p);
	free(p);
	*cap = n + n / 2;
	return (fe_alloc(*cap, size, 0));
}

/* A row for each function, all 0. */
static void
clear(struct live_rows *r, size_t n)
{
	r->row = reserve(r->row, n, sizeof(*r->row), &r->cap);
	r->n = n;
	memset(r->row, 0, n * sizeof(*r->row));
	for (uint32_t i = 0; i < n; i++)
		r->row[i].func = i;
}

void
live_table_begin(struct live_table *t, size_t nfuncs, uint32_t focus)
{
	t->bytes = t->allocations = 0;
	clear(&t->all, nfuncs);
	t->focus = focus;
	t->callers.n = t->callees.n = 0;
	memset(&t->focused, 0, sizeof(t->focused));
	if (focus == LIVE_TABLE_NO_FOCUS)
		return;
	clear(&t->callers, nfuncs);
	clear(&t->callees, nfuncs);
}

static void
add(struct live_row *r, const struct mt_amount *a)
{
	r->total_bytes += a->bytes;
	r->allocations += a->allocations;
}

/* Put each amount where it was allocated. */
static void
push_own(struct live_table *t, const struct live_tree *tree,
    const struct mt_site *site, const struct mt_amount *a, size_t n)
{
	struct mt_amount *sum;
	uint32_t at;

	for (size_t i = 0; i < n; i++) {
		if (a[i].allocations == 0 && a[i].bytes == 0)
			continue;
		at = tree->at[site[i].node];
		sum = &t->sum[at];
		sum->bytes += a[i].bytes;
		sum->allocations += a[i].allocations;
		t->bytes += a[i].bytes;
		t->allocations += a[i].allocations;
		t->all.row[tree->node[at].func].own_bytes += a[i].bytes;
	}
}

/* What was allocated at each node and below, from the leaves to the root. */
static void
push_total(struct live_table *t, const struct live_tree *tree)
{
	const struct live_node *l;
	struct mt_amount *sum;

	/* No function at all: what is at the root only. */
	add(&t->all.row[LIVE_FUNCS_NONE], &t->sum[0]);
	for (size_t i = tree->n - 1; i > 0; i--) {
		sum = &t->sum[i];
		if (sum->allocations == 0 && sum->bytes == 0)
			continue;
		l = &tree->node[i];
		if (!l->again) {
			add(&t->all.row[l->func], sum);
			if (l->func == t->focus)
				add(&t->callers.row[
				    tree->node[l->parent].func], sum);
		}
		if (l->parent != 0) {
			t->sum[l->parent].bytes += sum->bytes;
			t->sum[l->parent].allocations += sum->allocations;
		}
	}
}

static void
push_callees(struct live_table *t, const struct live_tree *tree,
    const struct mt_site *site, const struct mt_amount *a, size_t n)
{
	const struct live_node *l;
	struct live_row *r;

	t->below = reserve(t->below, tree->n, sizeof(*t->below),
	    &t->below_cap);
	t->below[0] = t->focus == LIVE_FUNCS_NONE ? BELOW_ITSELF :
	    BELOW_NOTHING;
	for (size_t i = 1; i < tree->n; i++) {
		l = &tree->node[i];
		if (l->func == t->focus)
			t->below[i] = BELOW_ITSELF;
		else if (t->focus == LIVE_FUNCS_NONE)
			t->below[i] = BELOW_NOTHING;
		else if (t->below[l->parent] == BELOW_ITSELF)
			t->below[i] = l->func;
		else
			t->below[i] = t->below[l->parent];
	}
	for (size_t i = 0; i < n; i++) {
		uint32_t at = tree->at[site[i].node], below = t->below[at];

		if (below >= BELOW_ITSELF)
			continue;
		r = &t->callees.row[below];
		add(r, &a[i]);
		if (tree->node[at].func == below)
			r->own_bytes += a[i].bytes;
	}
}

void
live_table_push(struct live_table *t, const struct live_tree *tree,
    const struct mt_site *site, const struct mt_amount *a, size_t n)
{
	if (tree->n == 0)
		return;
	t->sum = reserve(t->sum, tree->n, sizeof(*t->sum), &t->sum_cap);
	memset(t->sum, 0, tree->n * sizeof(*t->sum));
	push_own(t, tree, site, a, n);
	push_total(t, tree);
	if (t->focus != LIVE_TABLE_NO_FOCUS)
		push_callees(t, tree, site, a, n);
}

/* ---- Order ----------------------------------------------------------- */

static int
descending(uint64_t a, uint64_t b)
{
	return (a < b ? 1 : a > b ? -1 : 0);
}

static int
by_number(const struct live_row *a, const struct live_row *b)
{
	return (a->func < b->func ? -1 : a->func > b->func);
}

/* What is equal otherwise stays in the order of the totals. */
static int
by_total(const void *a, const void *b)
{
	const struct live_row *x = a, *y = b;
	int c;

	if ((c = descending(x->total_bytes, y->total_bytes)) != 0 ||
	    (c = descending(x->own_bytes, y->own_bytes)) != 0 ||
	    (c = descending(x->allocations, y->allocations)) != 0)
		return (c);
	return (by_number(x, y));
}

static int
by_own(const void *a, const void *b)
{
	const struct live_row *x = a, *y = b;
	int c = descending(x->own_bytes, y->own_bytes);

	return (c != 0 ? c : by_total(a, b));
}

static int
by_allocations(const void *a, const void *b)
{
	const struct live_row *x = a, *y = b;
	int c = descending(x->allocations, y->allocations);

	return (c != 0 ? c : by_total(a, b));
}

static void
sort(struct live_rows *r, enum live_sort by)
{
	static int (*const compare[])(const void *, const void *) = {
		[LIVE_SORT_TOTAL] = by_total,
		[LIVE_SORT_OWN] = by_own,
		[LIVE_SORT_ALLOCATIONS] = by_allocations
	};
	size_t kept = 0;

	for (size_t i = 0; i < r->n; i++)
		if (r->row[i].total_bytes != 0 || r->row[i].allocations != 0)
			r->row[kept++] = r->row[i];
	r->n = kept;
	if (kept > 1)
		qsort(r->row, kept, sizeof(*r->row), compare[by]);
}

void
live_table_finish(struct live_table *t, enum live_sort by)
{
	if (t->focus != LIVE_TABLE_NO_FOCUS)
		t->focused = t->all.row[t->focus];
	sort(&t->all, by);
	sort(&t->callers, by);
	sort(&t->callees, by);
}

void
live_table_match(struct live_table *t, const struct live_funcs *f,
    const char *text)
{
	const struct live_func *fn;
	struct live_rows *s = &t->shown;

	s->row = reserve(s->row, t->all.n, sizeof(*s->row), &s->cap);
	s->n = 0;
	for (size_t i = 0; i < t->all.n; i++) {
		fn = &f->func[t->all.row[i].func];
		if (*text == '\0' || strcasestr(fn->name, text) != NULL ||
		    strcasestr(fn->file, text) != NULL)
			s->row[s->n++] = t->all.row[i];
	}
}
