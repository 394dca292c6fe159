/* The aggregator. */

#include <stdlib.h>
#include <string.h>

#include "mt_agg.h"

_Static_assert(sizeof(struct mt_agg_site) == 64, "a site is a cache line");

void
mt_agg_fini(struct mt_agg *a)
{
	size_t i;

	for (i = 0; i < a->nchunks; i++)
		free(a->chunk[i]);
	free(a->chunk);
	free(a->hint);
	mt_hash_fini(&a->index);
	mt_live_fini(&a->live);
	mt_mapping_fini(&a->mapping);
	memset(a, 0, sizeof(*a));
}

/* ---- Sites ----------------------------------------------------------- */

static bool
agg_chunk_new(struct mt_agg *a)
{
	struct mt_agg_site **chunk;
	size_t cap;

	if (a->nchunks == a->chunk_cap) {
		cap = a->chunk_cap == 0 ? 16 : a->chunk_cap * 2;
		chunk = realloc(a->chunk, cap * sizeof(*chunk));
		if (chunk == NULL)
			return (false);
		a->chunk = chunk;
		a->chunk_cap = cap;
	}
	chunk = &a->chunk[a->nchunks];
	*chunk = aligned_alloc(sizeof(**chunk),
	    MT_AGG_CHUNK * sizeof(**chunk));
	if (*chunk == NULL)
		return (false);
	a->nchunks++;
	return (true);
}

static uint32_t
agg_site_new(struct mt_agg *a, uint64_t hash, uint32_t thread, uint32_t node,
    unsigned allocator)
{
	struct mt_agg_site *s;

	/* The live table stores site numbers plus one. */
	if (a->nsites >= UINT32_MAX - 1 ||
	    (a->nsites >> MT_AGG_CHUNK_BITS == a->nchunks &&
	    !agg_chunk_new(a)))
		return (MT_AGG_NONE);
	if (!mt_hash_add(&a->index, hash, a->nsites))
		return (MT_AGG_NONE);
	s = mt_agg_at(a, a->nsites);
	memset(s, 0, sizeof(*s));
	s->node = node;
	s->thread = thread;
	s->allocator = allocator & 0xff;
	s->peak = a->peaks & 0xffffffffffffff;
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
		p = realloc(a->hint, n * sizeof(*p));
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

	h = mt_hash_mix(((uint64_t)node << 32 | thread) ^
	    (uint64_t)allocator << 24);
	pos = mt_hash_start(&a->index, h);
	while ((i = mt_hash_next(&a->index, h, &pos)) != MT_HASH_NONE)
		if (mt_agg_is_site(a, i, thread, node, allocator))
			break;
	if (i == MT_HASH_NONE)
		i = agg_site_new(a, h, thread, node, allocator);
	if (i != MT_AGG_NONE)
		agg_hint(a, node, i);
	return (i);
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
	uint64_t end;
	uint32_t site;

	end = range_end(addr, size);
	site = mt_agg_site_of(a, thread, node, allocator);
	if (site == MT_AGG_NONE ||
	    (end > addr && !mt_mapping_put(&a->mapping, addr, end, site)))
		return (false);
	mt_agg_add(a, site, end - addr);
	/* A mapping without bytes has no address that could be unmapped. */
	if (end == addr)
		mt_agg_remove(a, site, 0, 1);
	return (true);
}

bool
mt_agg_unmap(struct mt_agg *a, uint64_t addr, uint64_t size, bool *touched)
{
	struct mt_mapping_cut cut;
	enum mt_status st;
	uint64_t end;

	*touched = false;
	end = range_end(addr, size);
	while ((st = mt_mapping_cut(&a->mapping, addr, end, &cut)) == MT_OK) {
		*touched = true;
		mt_agg_remove(a, cut.site, cut.bytes, cut.last);
	}
	return (st == MT_END);
}

void
mt_agg_site(const struct mt_agg *a, uint32_t i, struct mt_site *out)
{
	const struct mt_agg_site *s = mt_agg_at(a, i);
	bool current = s->peak == a->peaks;

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
