/* What the tables of the view take. */

#include "live_cost.h"

/* malloc(3) takes some for itself, of small blocks most. */
#define BLOCK	32u

static uint64_t
funcs_bytes(const struct live_funcs *f)
{
	return (f->cap * sizeof(*f->func) + f->nslots * sizeof(*f->slot) +
	    f->text + f->n * 2 * BLOCK);
}

static uint64_t
names_bytes(const struct live_names *n)
{
	return (n->module_cap * sizeof(*n->module) +
	    n->spot_cap * sizeof(*n->spot) + n->nslots * sizeof(*n->slot) +
	    n->frame_cap * sizeof(*n->frame) + n->text +
	    n->nmodules * 2 * BLOCK);
}

static uint64_t
proc_bytes(const struct live_proc *p)
{
	const struct live_tree *t = &p->tree;

	return (t->cap * sizeof(*t->node) + t->at_cap * sizeof(*t->at) +
	    t->code_cap * sizeof(*t->code) + p->nmarked * sizeof(*p->marked) +
	    p->npaused * sizeof(*p->paused));
}

static uint64_t
table_bytes(const struct live_table *t)
{
	return ((t->all.cap + t->shown.cap + t->callers.cap +
	    t->callees.cap) * sizeof(*t->all.row) +
	    t->sum_cap * sizeof(*t->sum) + t->below_cap * sizeof(*t->below));
}

uint64_t
live_cost(const struct live_watch *w)
{
	uint64_t bytes = funcs_bytes(&w->funcs) + names_bytes(&w->names) +
	    table_bytes(&w->table) + w->cap * sizeof(*w->proc) +
	    w->thread_cap * sizeof(*w->thread) +
	    w->amount_cap * sizeof(*w->amount);

	for (size_t i = 0; i < w->nprocs; i++)
		bytes += proc_bytes(&w->proc[i]);
	return (bytes);
}
