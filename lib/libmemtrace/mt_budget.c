/* Limits of memory. */

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "mt_budget.h"
#include "mt_private.h"

#define VARIABLE	"MEMTRACE_MEMORY_MAX"

/*
 * When one pool joins another, accounts of both find their way to the other
 * one.
 */
struct mt_pool {
	struct mt_pool	*joined;
	uint64_t	 max;
	uint64_t	 used;
	unsigned	 refs;
	bool		 fixed;		/* by the environment */
};

static uint64_t
sum(uint64_t a, uint64_t b)
{
	return (a > UINT64_MAX - b ? UINT64_MAX : a + b);
}

static uint64_t
product(uint64_t a, uint64_t b)
{
	return (a > UINT64_MAX / b ? UINT64_MAX : a * b);
}

/* ---- Sizes ------------------------------------------------------------ */

/* A number and perhaps k, M, G or T; false if it is none. */
static bool
parse(const char *s, uint64_t *out)
{
	static const char units[] = "kMGT";
	const char *unit;
	uint64_t v = 0;

	if (*s < '0' || *s > '9')
		return (false);
	for (; *s >= '0' && *s <= '9'; s++)
		v = sum(product(v, 10), (uint64_t)(*s - '0'));
	if (*s != '\0') {
		unit = strchr(units, *s == 'K' ? 'k' : *s);
		if (unit == NULL || s[1] != '\0')
			return (false);
		for (; unit >= units; unit--)
			v = product(v, 1000);
	}
	*out = v;
	return (true);
}

/* In megabytes, upwards: it is to be enough. */
static double
megabytes(uint64_t bytes)
{
	return ((double)(bytes / 100000 + (bytes % 100000 != 0)) / 10);
}

/* ---- Pools ------------------------------------------------------------ */

static struct mt_pool *
root(struct mt_pool *p)
{
	while (p->joined != NULL)
		p = p->joined;
	return (p);
}

static void
release(struct mt_pool *p)
{
	struct mt_pool *next;

	for (; p != NULL && --p->refs == 0; p = next) {
		next = p->joined;
		free(p);
	}
}

enum mt_status
mt_budget_open(struct mt_budget *b, uint64_t bytes, struct mt_error *e)
{
	const char *s = getenv(VARIABLE);
	struct mt_pool *p;

	memset(b, 0, sizeof(*b));
	p = calloc(1, sizeof(*p));
	if (p == NULL)
		return (mt_error_set(e, MT_ERR_NOMEM, "out of memory"));
	p->refs = 1;
	p->fixed = s != NULL && *s != '\0';
	p->max = sum(MT_BUDGET_BASE, product(bytes, MT_BUDGET_PER_BYTE));
	if (p->fixed && !parse(s, &p->max)) {
		free(p);
		return (mt_error_set(e, MT_ERR_LIMIT, VARIABLE
		    " in the environment is no size: %.40s", s));
	}
	b->pool = p;
	return (MT_OK);
}

void
mt_budget_extend(struct mt_budget *b, uint64_t bytes)
{
	struct mt_pool *p;

	if (b->pool == NULL)
		return;
	p = root(b->pool);
	if (!p->fixed)
		p->max = sum(p->max, product(bytes, MT_BUDGET_PER_BYTE));
}

/* A limit from the environment is one for all files together. */
static void
join(struct mt_pool *p, struct mt_pool *to)
{
	to->used += p->used;
	if (!to->fixed)
		to->max = sum(to->max, p->max);
	p->joined = to;
	to->refs++;
}

void
mt_budget_share(struct mt_budget *b, const struct mt_budget *with)
{
	struct mt_pool *p, *to;

	if (with->pool == NULL)
		return;
	to = root(with->pool);
	if (b->pool == NULL) {
		to->refs++;
		to->used += b->used;
		b->pool = to;
		return;
	}
	p = root(b->pool);
	if (p != to)
		join(p, to);
}

void
mt_budget_close(struct mt_budget *b)
{
	if (b->pool == NULL)
		return;
	mt_budget_give(b, b->used);
	release(b->pool);
	b->pool = NULL;
}

/* ---- Accounts --------------------------------------------------------- */

bool
mt_budget_take(struct mt_budget *b, uint64_t bytes)
{
	struct mt_pool *p;

	if (b == NULL)
		return (true);
	if (b->pool != NULL) {
		p = root(b->pool);
		if (p->used > p->max || bytes > p->max - p->used) {
			b->wanted = sum(p->used, bytes);
			return (false);
		}
		p->used += bytes;
	}
	b->used += bytes;
	return (true);
}

void
mt_budget_give(struct mt_budget *b, uint64_t bytes)
{
	if (b == NULL)
		return;
	if (bytes > b->used)
		bytes = b->used;
	b->used -= bytes;
	if (b->pool != NULL)
		root(b->pool)->used -= bytes;
}

void *
mt_budget_malloc(struct mt_budget *b, size_t bytes)
{
	void *p;

	if (!mt_budget_take(b, bytes))
		return (NULL);
	p = malloc(bytes == 0 ? 1 : bytes);
	if (p == NULL)
		mt_budget_give(b, bytes);
	return (p);
}

void *
mt_budget_calloc(struct mt_budget *b, size_t n, size_t size)
{
	void *p;

	if (!mt_budget_take(b, product(n, size)))
		return (NULL);
	p = calloc(n == 0 ? 1 : n, size);
	if (p == NULL)
		mt_budget_give(b, product(n, size));
	return (p);
}

void *
mt_budget_realloc(struct mt_budget *b, void *p, size_t old, size_t bytes)
{
	void *q;

	if (bytes > old && !mt_budget_take(b, bytes - old))
		return (NULL);
	q = realloc(p, bytes);
	if (q == NULL && bytes > old)
		mt_budget_give(b, bytes - old);
	if (q != NULL && bytes < old)
		mt_budget_give(b, old - bytes);
	return (q);
}

void
mt_budget_free(struct mt_budget *b, void *p, size_t bytes)
{
	if (p != NULL)
		mt_budget_give(b, bytes);
	free(p);
}

bool
mt_budget_grow(struct mt_budget *b, void **p, size_t *cap, size_t n,
    size_t size)
{
	size_t want = *cap < 16 ? 16 : *cap;
	void *q;

	if (n <= *cap)
		return (true);
	while (want < n) {
		if (want > SIZE_MAX / 2 / size)
			return (false);
		want *= 2;
	}
	q = mt_budget_realloc(b, *p, *cap * size, want * size);
	if (q == NULL)
		return (false);
	*p = q;
	*cap = want;
	return (true);
}

enum mt_status
mt_budget_status(const struct mt_budget *b, enum mt_status st,
    struct mt_error *e)
{
	if (st != MT_ERR_NOMEM || b->wanted == 0 || b->pool == NULL)
		return (st);
	return (mt_error_set(e, st, "needs %.1f MB of memory or more, and "
	    "may have %.1f MB; set " VARIABLE " to let it have more",
	    megabytes(b->wanted), megabytes(root(b->pool)->max)));
}
