/* Sizes of allocations. */

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include <fe_alloc.h>
#include <mt_secret.h>

#include "stats_sizes.h"

static struct stats_size *
find(const struct stats_sizes *s, uint64_t size)
{
	size_t i = (size_t)mt_secret_fold(size, s->secret) & s->mask;

	while (s->slot[i].count != 0 && s->slot[i].size != size)
		i = (i + 1) & s->mask;
	return (&s->slot[i]);
}

static void
grow(struct stats_sizes *s)
{
	struct stats_sizes old = *s;
	size_t n = old.slot == NULL ? 1024 : (old.mask + 1) * 2;

	s->slot = fe_alloc(n, sizeof(*s->slot), 0);
	memset(s->slot, 0, n * sizeof(*s->slot));
	s->mask = n - 1;
	if (old.slot == NULL) {
		s->secret = mt_secret();
		return;
	}
	for (size_t i = 0; i <= old.mask; i++)
		if (old.slot[i].count != 0)
			*find(s, old.slot[i].size) = old.slot[i];
	free(old.slot);
}

void
stats_sizes_add(struct stats_sizes *s, uint64_t size, uint64_t count)
{
	struct stats_size *slot;

	if (count == 0)
		return;
	if (s->slot == NULL || s->used > s->mask / 2)
		grow(s);
	slot = find(s, size);
	if (slot->count == 0) {
		slot->size = size;
		s->used++;
	}
	slot->count += count;
}

/* Take one allocation of that size out of the bucket, if it belongs there. */
static void
add_one(struct stats_sizes *s, const struct mt_bucket *b, uint64_t *left,
    uint64_t size)
{
	if (*left == 0 || size < b->smallest || size > b->largest)
		return;
	stats_sizes_add(s, size, 1);
	--*left;
}

/* What the middle of a bucket is, as far as sizes of h go. */
static uint64_t
middle(const struct mt_histogram *h, uint64_t smallest, uint64_t largest)
{
	uint64_t size = smallest + (largest - smallest) / 2;

	if (size < h->smallest)
		size = h->smallest;
	return (size > h->largest ? h->largest : size);
}

void
stats_sizes_add_all(struct stats_sizes *s, const struct mt_histogram *h)
{
	const struct mt_bucket *b = h->buckets;
	uint64_t left;

	for (size_t i = 0; i < h->nbuckets; i++, b++) {
		left = b->allocations;
		add_one(s, b, &left, h->largest);
		add_one(s, b, &left, h->smallest);
		stats_sizes_add(s, middle(h, b->smallest, b->largest), left);
	}
}

void
stats_sizes_add_some(struct stats_sizes *s, const struct mt_histogram *h,
    const struct mt_amount *a)
{
	const struct mt_site_bits *b = h->sites;
	uint64_t smallest;

	for (size_t i = 0; i < h->nsites; i++, b++) {
		if (a[b->site].allocations == 0)
			continue;
		smallest = b->bits == 0 ? 0 : UINT64_C(1) << (b->bits - 1);
		stats_sizes_add(s, middle(h, smallest,
		    b->bits == 0 ? 0 : smallest + (smallest - 1)),
		    b->allocations);
	}
}

void
stats_sizes_fini(struct stats_sizes *s)
{
	free(s->slot);
	memset(s, 0, sizeof(*s));
}

bool
stats_sizes_range(const struct stats_sizes *s, uint64_t *min, uint64_t *max)
{
	*min = UINT64_MAX;
	*max = 0;
	for (size_t i = 0; s->slot != NULL && i <= s->mask; i++) {
		if (s->slot[i].count == 0)
			continue;
		if (s->slot[i].size < *min)
			*min = s->slot[i].size;
		if (s->slot[i].size > *max)
			*max = s->slot[i].size;
	}
	return (s->used > 0);
}

static uint64_t
smallest_above_0(const struct stats_sizes *s)
{
	uint64_t min = UINT64_MAX;

	for (size_t i = 0; i <= s->mask; i++)
		if (s->slot[i].count != 0 && s->slot[i].size != 0 &&
		    s->slot[i].size < min)
			min = s->slot[i].size;
	return (min == UINT64_MAX ? 1 : min);
}

/*
 * Python's x // step for numbers that are not negative: the remainder is
 * taken exactly, where a quotient alone might be rounded up to a whole number.
 */
static double
floor_division(double x, double step)
{
	double q = (x - fmod(x, step)) / step, whole = floor(q);

	return (q - whole > 0.5 ? whole + 1 : whole);
}

static size_t
bin_of(uint64_t size, double low, double step)
{
	double bin;

	/* All sizes are 1: any step would do, but there is none. */
	if (step <= 0)
		return (STATS_BINS - 1);
	if (size == 0)
		return (0);
	bin = floor_division(log((double)size) - low, step);
	if (bin < 0)
		return (0);
	return (bin < STATS_BINS - 1 ? (size_t)bin : STATS_BINS - 1);
}

/* Sizes come from a file and may be as large as they like. */
static uint64_t
whole_number(double x)
{
	return (x >= (double)UINT64_MAX ? UINT64_MAX : (uint64_t)x);
}

void
stats_sizes_bins(const struct stats_sizes *s, struct stats_bin b[STATS_BINS])
{
	double low, high, step;
	uint64_t min, max;

	memset(b, 0, STATS_BINS * sizeof(*b));
	if (!stats_sizes_range(s, &min, &max))
		return;
	low = log((double)smallest_above_0(s));
	high = max == 0 ? 0 : log((double)max);
	if (low >= high)
		low = high / 2;
	step = (high - low) / STATS_BINS;
	for (size_t i = 0; i < STATS_BINS; i++) {
		b[i].min = i == 0 ? 0 : b[i - 1].end;
		b[i].end = whole_number(exp(low + step * (double)(i + 1)));
	}
	for (size_t i = 0; i <= s->mask; i++)
		if (s->slot[i].count != 0)
			b[bin_of(s->slot[i].size, low, step)].count +=
			    s->slot[i].count;
}

uint64_t
stats_bin_max(const struct stats_bin b[STATS_BINS], size_t i)
{
	/* Narrow bins may be empty. */
	return (i == STATS_BINS - 1 || b[i].end == 0 ? b[i].end :
	    b[i].end - 1);
}
