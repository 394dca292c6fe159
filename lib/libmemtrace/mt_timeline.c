/* A bounded timeline. */

#include <stdlib.h>
#include <string.h>

#include "mt_timeline.h"

static uint64_t
larger(uint64_t a, uint64_t b)
{
	return (a > b ? a : b);
}

/* The time is that of the first. */
static void
merge(struct mt_sample *p, const struct mt_sample *s)
{
	p->heap = larger(p->heap, s->heap);
	p->rss = larger(p->rss, s->rss);
	p->anon_rss = larger(p->anon_rss, s->anon_rss);
}

static void
halve(struct mt_timeline *t)
{
	uint32_t i;

	for (i = 0; i < t->n / 2; i++) {
		t->point[i] = t->point[i * 2];
		merge(&t->point[i], &t->point[i * 2 + 1]);
	}
	t->n /= 2;
	t->shift++;
}

static bool
grow(struct mt_timeline *t)
{
	struct mt_sample *p;
	uint32_t cap;

	cap = t->cap == 0 ? 64 : t->cap * 2;
	p = realloc(t->point, cap * sizeof(*p));
	if (p == NULL)
		return (false);
	t->point = p;
	t->cap = cap;
	return (true);
}

bool
mt_timeline_add(struct mt_timeline *t, const struct mt_sample *s)
{
	if (t->pending > 0) {
		merge(&t->point[t->n - 1], s);
		t->pending = (t->pending + 1) & ((1u << t->shift) - 1);
		return (true);
	}
	/* All points are complete. */
	if (t->n == MT_TIMELINE_MAX)
		halve(t);
	if (t->n == t->cap && !grow(t))
		return (false);
	t->point[t->n++] = *s;
	t->pending = 1 & ((1u << t->shift) - 1);
	return (true);
}

void
mt_timeline_put(const struct mt_timeline *t, struct mt_buf *b)
{
	uint32_t i;

	for (i = 0; i < t->n; i++)
		mt_tables_put_sample(b, i == 0 ? NULL : &t->point[i - 1],
		    &t->point[i]);
}

void
mt_timeline_fini(struct mt_timeline *t)
{
	free(t->point);
	memset(t, 0, sizeof(*t));
}
