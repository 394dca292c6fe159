/*
 * Live memory mappings.  The ranges are kept in chunks of bounded size and
 * the chunks in a sorted directory: two binary searches find an address, and
 * what an insertion has to move is small however many mappings there are.
 */

#include <stdlib.h>
#include <string.h>

#include "mt_mapping.h"

#define CHUNK_RANGES	128u

struct range {
	uint64_t	start;
	uint64_t	end;
	uint32_t	origin;
};

struct mt_mapping_chunk {
	uint32_t	n;		/* never 0 */
	struct range	r[CHUNK_RANGES];
};

struct place {
	size_t		d;		/* in the directory */
	uint32_t	i;		/* in the chunk */
};

/*
 * The first range that ends behind addr.  If there is none, the place is
 * behind the last range of the last chunk.
 */
static struct place
find(const struct mt_mapping *m, uint64_t addr)
{
	const struct mt_mapping_chunk *c;
	struct place p;
	size_t hi, lo, mid;

	/* The last chunk that does not start behind addr, or the first. */
	for (lo = 0, hi = m->ndir; hi - lo > 1;) {
		mid = lo + (hi - lo) / 2;
		if (m->dir[mid].start <= addr)
			lo = mid;
		else
			hi = mid;
	}
	p.d = lo;
	p.i = 0;
	if (m->ndir == 0)
		return (p);
	c = m->dir[p.d].chunk;
	for (lo = 0, hi = c->n; lo < hi;) {
		mid = lo + (hi - lo) / 2;
		if (c->r[mid].end <= addr)
			lo = mid + 1;
		else
			hi = mid;
	}
	p.i = (uint32_t)lo;
	if (p.i == c->n && p.d + 1 < m->ndir) {
		p.d++;
		p.i = 0;
	}
	return (p);
}

static struct range *
range_at(const struct mt_mapping *m, struct place p)
{
	if (p.d >= m->ndir || p.i >= m->dir[p.d].chunk->n)
		return (NULL);
	return (&m->dir[p.d].chunk->r[p.i]);
}

/* An empty chunk at position d of the directory. */
static struct mt_mapping_chunk *
chunk_new(struct mt_mapping *m, size_t d)
{
	struct mt_mapping_chunk *c;
	struct mt_mapping_dir *dir;
	size_t cap;

	if (m->ndir == m->cap) {
		cap = m->cap == 0 ? 16 : m->cap * 2;
		dir = mt_budget_realloc(m->budget, m->dir,
		    m->cap * sizeof(*dir), cap * sizeof(*dir));
		if (dir == NULL)
			return (NULL);
		m->dir = dir;
		m->cap = cap;
	}
	c = mt_budget_malloc(m->budget, sizeof(*c));
	if (c == NULL)
		return (NULL);
	c->n = 0;
	memmove(&m->dir[d + 1], &m->dir[d], (m->ndir - d) * sizeof(*m->dir));
	m->ndir++;
	m->dir[d].chunk = c;
	m->dir[d].start = 0;
	return (c);
}

/* Halve the full chunk at p; p follows its range. */
static bool
chunk_split(struct mt_mapping *m, struct place *p)
{
	struct mt_mapping_chunk *c, *right;

	c = m->dir[p->d].chunk;
	right = chunk_new(m, p->d + 1);
	if (right == NULL)
		return (false);
	right->n = c->n / 2;
	c->n -= right->n;
	memcpy(right->r, &c->r[c->n], right->n * sizeof(right->r[0]));
	m->dir[p->d + 1].start = right->r[0].start;
	if (p->i > c->n) {
		p->i -= c->n;
		p->d++;
	}
	return (true);
}

static bool
insert(struct mt_mapping *m, struct place p, const struct range *r)
{
	struct mt_mapping_chunk *c;

	if (m->ndir == 0 && chunk_new(m, 0) == NULL)
		return (false);
	if (m->dir[p.d].chunk->n == CHUNK_RANGES && !chunk_split(m, &p))
		return (false);
	c = m->dir[p.d].chunk;
	memmove(&c->r[p.i + 1], &c->r[p.i], (c->n - p.i) * sizeof(*r));
	c->r[p.i] = *r;
	c->n++;
	m->dir[p.d].start = c->r[0].start;
	return (true);
}

static void
erase(struct mt_mapping *m, struct place p)
{
	struct mt_mapping_chunk *c;

	c = m->dir[p.d].chunk;
	c->n--;
	memmove(&c->r[p.i], &c->r[p.i + 1], (c->n - p.i) * sizeof(c->r[0]));
	if (c->n > 0) {
		m->dir[p.d].start = c->r[0].start;
		return;
	}
	mt_budget_free(m->budget, c, sizeof(*c));
	m->ndir--;
	memmove(&m->dir[p.d], &m->dir[p.d + 1],
	    (m->ndir - p.d) * sizeof(*m->dir));
}

/* A free entry of the origins becomes the one that origin_free names. */
static bool
origin_reserve(struct mt_mapping *m)
{
	struct mt_mapping_origin *o;
	uint32_t cap;

	if (m->origin_free != 0)
		return (true);
	if (m->norigin == m->origin_cap) {
		if (m->origin_cap > UINT32_MAX / 4)
			return (false);
		cap = m->origin_cap == 0 ? 64 : m->origin_cap * 2;
		o = mt_budget_realloc(m->budget, m->origin,
		    m->origin_cap * sizeof(*o), cap * sizeof(*o));
		if (o == NULL)
			return (false);
		m->origin = o;
		m->origin_cap = cap;
	}
	m->origin[m->norigin].site = 0;
	m->origin[m->norigin].pieces = 0;
	m->origin_free = ++m->norigin;
	return (true);
}

bool
mt_mapping_put(struct mt_mapping *m, uint64_t start, uint64_t end,
    const struct mt_mapping_origin *origin)
{
	struct mt_mapping_origin *o;
	struct range r;

	if (!origin_reserve(m))
		return (false);
	r.start = start;
	r.end = end;
	r.origin = m->origin_free - 1;
	if (!insert(m, find(m, start), &r))
		return (false);
	o = &m->origin[r.origin];
	m->origin_free = o->site;
	*o = *origin;
	o->pieces = 1;
	o->size = o->left = end - start;
	return (true);
}

/* The range at p is gone, and with its last piece its origin. */
static bool
drop(struct mt_mapping *m, struct place p)
{
	struct mt_mapping_origin *o;
	uint32_t id;

	id = range_at(m, p)->origin;
	erase(m, p);
	o = &m->origin[id];
	if (--o->pieces > 0)
		return (false);
	o->site = m->origin_free;
	m->origin_free = id + 1;
	return (true);
}

/* Take [lo, hi) out of the middle of the range at p. */
static bool
split(struct mt_mapping *m, struct place p, uint64_t lo, uint64_t hi)
{
	struct range *r, rest;

	r = range_at(m, p);
	rest = *r;
	rest.start = hi;
	r->end = lo;
	p.i++;
	if (!insert(m, p, &rest)) {
		r->end = rest.end;
		return (false);
	}
	m->origin[rest.origin].pieces++;
	return (true);
}

enum mt_status
mt_mapping_cut(struct mt_mapping *m, uint64_t start, uint64_t end,
    struct mt_mapping_cut *cut)
{
	struct mt_mapping_origin *o;
	struct place p;
	struct range *r;
	uint64_t hi, lo;

	p = find(m, start);
	r = range_at(m, p);
	if (r == NULL || r->start >= end)
		return (MT_END);
	lo = r->start > start ? r->start : start;
	hi = r->end < end ? r->end : end;
	o = &m->origin[r->origin];
	cut->site = o->site;
	cut->number = o->number;
	cut->order = o->order;
	cut->bytes = hi - lo;
	cut->last = false;
	cut->whole = cut->bytes == o->size;
	if (lo == r->start && hi == r->end)
		cut->last = drop(m, p);
	else if (lo == r->start) {
		r->start = hi;
		m->dir[p.d].start = m->dir[p.d].chunk->r[0].start;
	} else if (hi == r->end)
		r->end = lo;
	else if (!split(m, p, lo, hi))
		return (MT_ERR_NOMEM);
	o->left -= cut->bytes;
	return (MT_OK);
}

const struct mt_mapping_origin *
mt_mapping_each(const struct mt_mapping *m, uint32_t *pos)
{
	while (*pos < m->norigin)
		if (m->origin[(*pos)++].pieces > 0)
			return (&m->origin[*pos - 1]);
	return (NULL);
}

void
mt_mapping_fini(struct mt_mapping *m)
{
	size_t d;

	for (d = 0; d < m->ndir; d++)
		free(m->dir[d].chunk);
	free(m->dir);
	free(m->origin);
	memset(m, 0, sizeof(*m));
}
