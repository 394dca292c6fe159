/* Allocations and bytes by site and key. */

#include <stdlib.h>
#include <string.h>

#include "mt_sums.h"

#define DIGIT_BITS	8u
#define DIGITS		(1u << DIGIT_BITS)
#define SMALL_INDEX	4096u
#define SMALL_ROWS	65536u

static struct mt_sum *
sums_find(const struct mt_sums *s, uint64_t hash, uint32_t site,
    uint32_t key)
{
	struct mt_sum *r;
	uint32_t i, pos;

	pos = mt_hash_start(&s->index, hash);
	while ((i = mt_hash_next(&s->index, hash, &pos)) != MT_HASH_NONE) {
		r = &s->row[i];
		if (r->site == site && r->key == key)
			return (r);
	}
	return (NULL);
}

static struct mt_sum *
sums_new(struct mt_sums *s, uint64_t hash, uint32_t site, uint32_t key)
{
	struct mt_sum *r;
	uint32_t cap;

	if (s->n == s->cap) {
		cap = s->cap == 0 ? 256 : s->cap * 2;
		if (cap > UINT32_MAX / 2)
			return (NULL);
		r = mt_budget_realloc(s->index.budget, s->row,
		    s->cap * sizeof(*r), cap * sizeof(*r));
		if (r == NULL)
			return (NULL);
		s->row = r;
		s->cap = cap;
	}
	if (!mt_hash_add(&s->index, hash, s->n))
		return (NULL);
	r = &s->row[s->n++];
	memset(r, 0, sizeof(*r));
	r->site = site;
	r->key = key;
	return (r);
}

bool
mt_sums_add(struct mt_sums *s, uint32_t site, uint32_t key,
    uint64_t allocations, uint64_t bytes)
{
	struct mt_sum *r;
	uint64_t h;

	h = (uint64_t)key << 32 | site;
	r = sums_find(s, h, site, key);
	if (r == NULL && (r = sums_new(s, h, site, key)) == NULL)
		return (false);
	r->allocations += allocations;
	r->bytes += bytes;
	return (true);
}

const struct mt_sum *
mt_sums_find(const struct mt_sums *s, uint32_t site, uint32_t key)
{
	return (sums_find(s, (uint64_t)key << 32 | site, site, key));
}

static uint64_t
row_key(const struct mt_sum *r)
{
	return ((uint64_t)r->site << 16 | r->key);
}

/* One pass of a radix sort; false if all rows have the same digit. */
static bool
sort_pass(const struct mt_sum *in, struct mt_sum *out, uint32_t n,
    unsigned shift)
{
	uint32_t at[DIGITS] = { 0 }, d, i, sum, t;

	for (i = 0; i < n; i++)
		at[row_key(&in[i]) >> shift & (DIGITS - 1)]++;
	if (at[row_key(&in[0]) >> shift & (DIGITS - 1)] == n)
		return (false);
	for (d = sum = 0; d < DIGITS; d++) {
		t = at[d];
		at[d] = sum;
		sum += t;
	}
	for (i = 0; i < n; i++)
		out[at[row_key(&in[i]) >> shift & (DIGITS - 1)]++] = in[i];
	return (true);
}

/* Comparing would take longer than all the work on the rows before. */
bool
mt_sums_sort(struct mt_sums *s)
{
	struct mt_sum *in, *out, *t;
	unsigned shift;

	if (s->n < 2)
		return (true);
	in = s->row;
	out = mt_budget_malloc(s->index.budget, s->n * sizeof(*out));
	if (out == NULL)
		return (false);
	for (shift = 0; shift < 48; shift += DIGIT_BITS)
		if (sort_pass(in, out, s->n, shift)) {
			t = in;
			in = out;
			out = t;
		}
	if (in != s->row) {
		memcpy(out, in, s->n * sizeof(*in));
		out = in;
	}
	mt_budget_free(s->index.budget, out, s->n * sizeof(*out));
	return (true);
}

void
mt_sums_clear(struct mt_sums *s)
{
	s->n = 0;
	/* A busy interval shall make the others neither slow nor large. */
	if (s->cap > SMALL_ROWS) {
		mt_budget_free(s->index.budget, s->row,
		    s->cap * sizeof(*s->row));
		s->row = NULL;
		s->cap = 0;
	}
	if (s->index.slot == NULL || s->index.mask >= SMALL_INDEX)
		mt_hash_fini(&s->index);
	else {
		memset(s->index.slot, 0,
		    (s->index.mask + 1) * sizeof(*s->index.slot));
		s->index.used = 0;
	}
}

void
mt_sums_fini(struct mt_sums *s)
{
	mt_budget_free(s->index.budget, s->row, s->cap * sizeof(*s->row));
	mt_hash_fini(&s->index);
	s->row = NULL;
	s->n = s->cap = 0;
}

