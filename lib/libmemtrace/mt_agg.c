/* The aggregator. */

#include <stdlib.h>
#include <string.h>

#include "mt_agg.h"
#include "mt_pages.h"

#define GROUP	8u		/* chunks that are allocated together */

_Static_assert(sizeof(struct mt_agg_site) == 64, "a site is a cache line");

/* The first chunks come one by one, later ones in huge pages. */
static size_t
chunk_bytes(size_t i)
{
	return ((i < GROUP ? 1 : GROUP) * MT_AGG_CHUNK *
	    sizeof(struct mt_agg_site));
}

void
mt_agg_charge(struct mt_agg *a, struct mt_budget *b)
{
	a->budget = b;
	a->index.budget = b;
	a->live.budget = b;
	a->mapping.budget = b;
	a->tally.carried.index.budget = b;
	a->life.set.index.budget = b;
}

void
mt_agg_fini(struct mt_agg *a)
{
	size_t i;

	for (i = 0; i < a->nchunks; i++)
		if (i < GROUP || i % GROUP == 0)
			mt_pages_free(a->chunk[i], chunk_bytes(i));
	free(a->chunk);
	free(a->hint);
	free(a->thread);
	free(a->changed);
	mt_hash_fini(&a->index);
	mt_live_fini(&a->live);
	mt_mapping_fini(&a->mapping);
	mt_tally_fini(&a->tally);
	mt_life_fini(&a->life);
	memset(a, 0, sizeof(*a));
}

/* ---- Sites ----------------------------------------------------------- */

static bool
agg_chunks_grow(struct mt_agg *a)
{
	void *p;
	size_t cap;

	cap = a->chunk_cap == 0 ? 1 : a->chunk_cap * 2;
	p = mt_budget_realloc(a->budget, a->chunk,
	    a->chunk_cap * sizeof(*a->chunk), cap * sizeof(*a->chunk));
	if (p == NULL)
		return (false);
	a->chunk = p;
	p = mt_budget_realloc(a->budget, a->changed,
	    a->chunk_cap * MT_AGG_CHUNK * sizeof(*a->changed),
	    cap * MT_AGG_CHUNK * sizeof(*a->changed));
	if (p == NULL)
		return (false);
	a->changed = p;
	a->chunk_cap = cap;
	return (true);
}

static bool
agg_chunk_new(struct mt_agg *a)
{
	const size_t i = a->nchunks;

	if (i == a->chunk_cap && !agg_chunks_grow(a))
		return (false);
	if (i >= GROUP && i % GROUP != 0)
		a->chunk[i] = a->chunk[i - 1] + MT_AGG_CHUNK;
	else if (mt_budget_take(a->budget, chunk_bytes(i)))
		a->chunk[i] = mt_pages_new(chunk_bytes(i));
	else
		a->chunk[i] = NULL;
	if (a->chunk[i] == NULL)
		return (false);
	a->nchunks++;
	return (true);
}

static bool
agg_thread_reserve(struct mt_agg *a, uint32_t thread)
{
	struct mt_agg_thread *t;
	size_t n;

	if (thread < a->nthreads)
		return (true);
	n = thread < 16 ? 16 : (size_t)thread * 2;
	n = n > MT_AGG_NONE ? MT_AGG_NONE : n;
	t = mt_budget_realloc(a->budget, a->thread, a->nthreads * sizeof(*t),
	    n * sizeof(*t));
	if (t == NULL)
		return (false);
	memset(t + a->nthreads, 0, (n - a->nthreads) * sizeof(*t));
	a->thread = t;
	a->nthreads = (uint32_t)n;
	return (true);
}

static uint32_t
agg_site_new(struct mt_agg *a, uint64_t hash, uint32_t thread, uint32_t node,
    unsigned allocator)
{
	struct mt_agg_site *s;

	/* The live table stores site numbers plus one. */
	if (thread == MT_AGG_NONE || a->nsites >= UINT32_MAX - 1 ||
	    (a->nsites >> MT_AGG_CHUNK_BITS == a->nchunks &&
	    !agg_chunk_new(a)) || !agg_thread_reserve(a, thread))
		return (MT_AGG_NONE);
	if (!mt_hash_add(&a->index, hash, a->nsites))
		return (MT_AGG_NONE);
	s = mt_agg_at(a, a->nsites);
	memset(s, 0, sizeof(*s));
	s->node = node;
	s->thread = thread;
	s->allocator = allocator & 0xff;
	/* The stamp is 0: its first change is one since any checkpoint. */
	return (a->nsites++);
}

/* Remember the site for its node; without memory only speed is lost. */
static void
agg_hint(struct mt_agg *a, uint32_t node, uint32_t site)
{
	uint32_t n, *p;

	if (node >= a->nhints) {
		n = node < 4096 ? 4096 : node;
		n = n > UINT32_MAX / 2 ? UINT32_MAX : n * 2;
		p = mt_budget_realloc(a->budget, a->hint,
		    a->nhints * sizeof(*p), n * sizeof(*p));
		if (p == NULL)
			return;
		memset(p + a->nhints, 0, (n - a->nhints) * sizeof(*p));
		a->hint = p;
		a->nhints = n;
	}
	a->hint[node] = site + 1;
}

uint32_t
mt_agg_site_find(struct mt_agg *a, uint32_t thread, uint32_t node,
    unsigned allocator)
{
	uint64_t h;
	uint32_t i, pos;

	h = ((uint64_t)node << 32 | thread) ^ (uint64_t)allocator << 24;
	pos = mt_hash_start(&a->index, h);
	while ((i = mt_hash_next(&a->index, h, &pos)) != MT_HASH_NONE)
		if (mt_agg_is_site(mt_agg_at(a, i), thread, node, allocator))
			break;
	if (i == MT_HASH_NONE)
		i = agg_site_new(a, h, thread, node, allocator);
	if (i != MT_AGG_NONE && !mt_agg_is_mapping(allocator))
		agg_hint(a, node, i);
	return (i);
}

/* ---- Blocks ----------------------------------------------------------- */

bool
mt_agg_alloc(struct mt_agg *a, uint32_t thread, uint32_t node,
    unsigned allocator, uint64_t addr, uint64_t size, bool *replaced,
    uint64_t *ref)
{
	struct mt_agg_thread *t;
	struct mt_block b, old;
	enum mt_live_put res;

	*replaced = false;
	b.site = mt_agg_site_find(a, thread, node, allocator);
	if (b.site == MT_AGG_NONE)
		return (false);
	t = &a->thread[thread];
	b.addr = addr;
	b.size = size;
	b.number = a->allocations;
	b.order = (uint16_t)t->made;
	res = mt_live_put(&a->live, &b, &old);
	if (res == MT_LIVE_NOMEM)
		return (false);
	if (res == MT_LIVE_REPLACED) {
		*replaced = true;
		*ref = old.number;
		mt_agg_gone(a, MT_AGG_NONE, &old);
	}
	mt_agg_add(a, mt_agg_at(a, b.site), b.site, t, size);
	return (true);
}

bool
mt_agg_free(struct mt_agg *a, uint32_t thread, uint64_t addr, uint64_t *ref)
{
	struct mt_block b;

	if (!mt_live_take(&a->live, addr, &b))
		return (false);
	*ref = b.number;
	mt_agg_gone(a, thread, &b);
	return (true);
}

/* ---- Mappings --------------------------------------------------------- */

/* No range goes beyond the end of the address space. */
static uint64_t
range_end(uint64_t addr, uint64_t size)
{
	return (size > UINT64_MAX - addr ? UINT64_MAX : addr + size);
}

bool
mt_agg_map(struct mt_agg *a, uint32_t thread, uint32_t node,
    unsigned allocator, uint64_t addr, uint64_t size)
{
	struct mt_mapping_origin o;
	struct mt_agg_site *s;
	uint64_t end;

	memset(&o, 0, sizeof(o));
	end = range_end(addr, size);
	o.site = mt_agg_site_find(a, thread, node, allocator);
	if (o.site == MT_AGG_NONE)
		return (false);
	o.number = a->allocations;
	o.order = a->thread[thread].made;
	if (end > addr && !mt_mapping_put(&a->mapping, addr, end, &o))
		return (false);
	s = mt_agg_at(a, o.site);
	mt_agg_add(a, s, o.site, &a->thread[thread], end - addr);
	/* A mapping without bytes has no address that could be unmapped. */
	if (end == addr)
		mt_agg_remove(a, s, o.site, 0, 1);
	return (true);
}

bool
mt_agg_unmap(struct mt_agg *a, uint32_t thread, uint64_t addr, uint64_t size,
    bool *touched)
{
	struct mt_mapping_cut cut;
	struct mt_agg_site *s;
	enum mt_status st;
	uint64_t end;

	*touched = false;
	end = range_end(addr, size);
	while ((st = mt_mapping_cut(&a->mapping, addr, end, &cut)) == MT_OK) {
		*touched = true;
		s = mt_agg_at(a, cut.site);
		mt_agg_remove(a, s, cut.site, cut.bytes, cut.last);
		/* Temporary is what was unmapped as it was mapped. */
		if (cut.whole && s->thread == thread)
			mt_agg_count_temporary(a, s, cut.site, cut.number,
			    cut.order, cut.bytes);
		mt_life_gone(&a->life, cut.site, cut.number, cut.last,
		    cut.bytes);
	}
	return (st == MT_END);
}

/* ---- Results ---------------------------------------------------------- */

void
mt_agg_site(const struct mt_agg *a, uint32_t i, struct mt_site *out)
{
	const struct mt_agg_site *s = mt_agg_at(a, i);
	bool current = s->stamp >= a->peak_stamp;

	out->node = s->node;
	out->thread = s->thread;
	out->allocator = s->allocator;
	out->allocations = s->allocations;
	out->bytes = s->bytes;
	out->peak_allocations = current ? s->peak_allocations :
	    s->live_allocations;
	out->peak_bytes = current ? s->peak_bytes : s->live_bytes;
	out->leaked_allocations = s->live_allocations;
	out->leaked_bytes = s->live_bytes;
}

uint64_t
mt_agg_checkpoint(struct mt_agg *a)
{
	a->checkpoint = ++a->stamp;
	a->nchanged = 0;
	return (a->checkpoint);
}

bool
mt_agg_alive(const struct mt_agg *a, struct mt_sums *set)
{
	const struct mt_mapping_origin *o;
	struct mt_block b;
	uint32_t i;
	size_t pos;

	for (pos = 0; mt_live_each(&a->live, &pos, &b);)
		if (!mt_sums_add(set, b.site,
		    mt_life_interval(&a->life, b.number), 1, b.size))
			return (false);
	for (i = 0; (o = mt_mapping_each(&a->mapping, &i)) != NULL;)
		if (!mt_sums_add(set, o->site,
		    mt_life_interval(&a->life, o->number), 1, o->left))
			return (false);
	return (true);
}
