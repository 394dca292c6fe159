/* Counters in bins. */

#include <string.h>

#include "mt_pages.h"
#include "mt_tally.h"

#define MIN_CELLS	4u
#define KEY_TEMPORARY	256u	/* keys of sizes are smaller */

void
mt_tally_fini(struct mt_tally *t)
{
	mt_pages_free(t->cell, t->cap * sizeof(*t->cell));
	mt_sums_fini(&t->carried);
	memset(t, 0, sizeof(*t));
}

/* ---- Ranges ----------------------------------------------------------- */

/* The class of ranges of at least so many cells. */
static unsigned
class_of(unsigned cells)
{
	unsigned c;

	for (c = 0; MIN_CELLS << c < cells;)
		c++;
	return (c);
}

static bool
cells_grow(struct mt_tally *t)
{
	uint32_t cap, *cell;

	if (t->cap > UINT32_MAX / 4)
		return (false);
	cap = t->cap == 0 ? 1024 : t->cap * 2;
	if (!mt_budget_take(t->carried.index.budget, cap * sizeof(*cell)))
		return (false);
	cell = mt_pages_new(cap * sizeof(*cell));
	if (cell == NULL) {
		mt_budget_give(t->carried.index.budget, cap * sizeof(*cell));
		return (false);
	}
	if (t->used > 0)
		memcpy(cell, t->cell, t->used * sizeof(*cell));
	mt_pages_free(t->cell, t->cap * sizeof(*cell));
	mt_budget_give(t->carried.index.budget, t->cap * sizeof(*cell));
	t->cell = cell;
	t->cap = cap;
	return (true);
}

static void
range_put(struct mt_tally *t, unsigned class, uint32_t at)
{
	t->cell[at] = t->unused[class];
	t->unused[class] = at + 1;
}

/*
 * Take a range that is aligned to its length, so that it lies in as few
 * cache lines as possible: the longest ones come from the end, shorter ones
 * are halves of longer ones.
 */
static bool
range_get(struct mt_tally *t, unsigned class, uint32_t *at)
{
	if (t->unused[class] != 0) {
		*at = t->unused[class] - 1;
		t->unused[class] = t->cell[*at];
		return (true);
	}
	if (class + 1 < MT_TALLY_CLASSES) {
		if (!range_get(t, class + 1, at))
			return (false);
		range_put(t, class, *at + (MIN_CELLS << class));
		return (true);
	}
	if (t->cap - t->used < MIN_CELLS << class && !cells_grow(t))
		return (false);
	*at = t->used;
	t->used += MIN_CELLS << class;
	return (true);
}

/* A range of zeroes. */
static bool
range_new(struct mt_tally *t, unsigned class, uint32_t *at)
{
	if (!range_get(t, class, at))
		return (false);
	memset(&t->cell[*at], 0, (MIN_CELLS << class) * sizeof(*t->cell));
	return (true);
}

static void
range_free(struct mt_tally *t, const struct mt_tally_site *s)
{
	unsigned class;

	if (s->nsizes + s->ntemporary == 0)
		return;
	class = class_of(s->nsizes + s->ntemporary * 2u);
	range_put(t, class, s->at);
}

/* Make [*first, *first + *n) include a bin. */
static void
include(uint8_t *first, uint8_t *n, unsigned bin)
{
	unsigned end = *n == 0 ? bin + 1 : *first + (unsigned)*n;

	if (*n == 0 || bin < *first)
		*first = (uint8_t)bin;
	if (bin >= end)
		end = bin + 1;
	*n = (uint8_t)(end - *first);
}

/* What is left over in a range, bins to come may have. */
static void
spread(struct mt_tally_site *s)
{
	unsigned left, max;

	left = (MIN_CELLS << class_of(s->nsizes + s->ntemporary * 2u)) -
	    (s->nsizes + s->ntemporary * 2u);
	if (s->ntemporary > 0) {
		max = MT_TALLY_TEMPORARY - s->temporary - s->ntemporary;
		max = left / 2 < max ? left / 2 : max;
		s->ntemporary = (uint8_t)(s->ntemporary + max);
		left -= max * 2;
	}
	max = MT_TALLY_SIZES - s->size - s->nsizes;
	s->nsizes = (uint8_t)(s->nsizes + (left < max ? left : max));
}

/* Move *old to a range that has what *s, but for its place, says. */
static bool
move(struct mt_tally *t, struct mt_tally_site *old, struct mt_tally_site *s)
{
	uint32_t *to;

	spread(s);
	if (!range_new(t, class_of(s->nsizes + s->ntemporary * 2u), &s->at)) {
		t->failed = true;
		return (false);
	}
	to = &t->cell[s->at];
	if (old->nsizes > 0)
		memcpy(&to[old->size - s->size], &t->cell[old->at],
		    old->nsizes * sizeof(*to));
	to += s->nsizes;
	if (old->ntemporary > 0)
		memcpy(&to[(old->temporary - s->temporary) * 2],
		    &t->cell[old->at + old->nsizes],
		    old->ntemporary * 2 * sizeof(*to));
	range_free(t, old);
	*old = *s;
	return (true);
}

/* ---- Counting --------------------------------------------------------- */

static void
carry(struct mt_tally *t, uint32_t site, uint32_t key, uint64_t allocations,
    uint64_t bytes)
{
	if (!mt_sums_add(&t->carried, site, key, allocations, bytes))
		t->failed = true;
}

void
mt_tally_add_size(struct mt_tally *t, struct mt_tally_site *in, uint32_t site,
    unsigned bin)
{
	struct mt_tally_site s = *in;
	uint32_t *p;

	if (bin - s.size >= s.nsizes) {
		include(&s.size, &s.nsizes, bin);
		if (!move(t, in, &s))
			return;
	}
	p = &t->cell[s.at + (bin - s.size)];
	if (++*p == 0)
		carry(t, site, bin, UINT64_C(1) << 32, 0);
}

void
mt_tally_add_temporary(struct mt_tally *t, struct mt_tally_site *in,
    uint32_t site, unsigned bin, uint64_t size)
{
	struct mt_tally_site s = *in;
	uint64_t bytes;
	uint32_t *p;

	if (bin - s.temporary >= s.ntemporary) {
		include(&s.temporary, &s.ntemporary, bin);
		if (!move(t, in, &s))
			return;
	}
	p = &t->cell[s.at + s.nsizes + (bin - s.temporary) * 2];
	if (++p[0] == 0)
		carry(t, site, KEY_TEMPORARY + bin, UINT64_C(1) << 32, 0);
	/* Sizes have at most 64 bits, so this does not wrap in two steps. */
	bytes = (uint64_t)p[1] + (uint32_t)size;
	p[1] = (uint32_t)bytes;
	bytes = (bytes >> 32) + (size >> 32);
	if (bytes != 0)
		carry(t, site, KEY_TEMPORARY + bin, 0, bytes << 32);
}

static uint64_t
carried(const struct mt_tally *t, uint32_t site, uint32_t key,
    uint64_t *bytes)
{
	const struct mt_sum *s;

	*bytes = 0;
	if (t->carried.n == 0)
		return (0);
	s = mt_sums_find(&t->carried, site, key);
	if (s == NULL)
		return (0);
	*bytes = s->bytes;
	return (s->allocations);
}

uint64_t
mt_tally_get_size(const struct mt_tally *t, const struct mt_tally_site *s,
    uint32_t site, unsigned bin)
{
	uint64_t bytes;

	if (bin - s->size >= s->nsizes)
		return (0);
	return (t->cell[s->at + (bin - s->size)] + carried(t, site, bin,
	    &bytes));
}

uint64_t
mt_tally_get_temporary(const struct mt_tally *t,
    const struct mt_tally_site *s, uint32_t site, unsigned bin,
    uint64_t *bytes)
{
	const uint32_t *p;
	uint64_t n;

	*bytes = 0;
	if (bin - s->temporary >= s->ntemporary)
		return (0);
	p = &t->cell[s->at + s->nsizes + (bin - s->temporary) * 2];
	n = p[0] + carried(t, site, KEY_TEMPORARY + bin, bytes);
	*bytes += p[1];
	return (n);
}
