/* Records and stacks, for all formats. */

#include <stdlib.h>
#include <string.h>

#include <fe_alloc.h>

#include "transform.h"

/* Returns whether there is anything of the site in the view. */
static bool
record_of(struct transform_record *r, const struct mt_site *s,
    const struct mt_amount *a)
{
	r->call = s->node;
	r->thread = s->thread;
	r->allocator = s->allocator;
	r->allocations = a->allocations;
	r->bytes = a->bytes;
	return (r->allocations != 0 || r->bytes != 0);
}

/*
 * All stacks together may have so many calls.  Were there no limit, what is
 * written of a recursion would grow with the square of its depth.  If they
 * have more, what is written of one that is deeper than TRANSFORM_DEPTH are
 * its outermost calls, a line that stands for those in between, and its
 * innermost ones.
 */
#define CALLS_MAX	(UINT64_C(1) << 24)
#define OUTER	(TRANSFORM_DEPTH / 2)
#define INNER	(TRANSFORM_DEPTH - OUTER - 1)
#define OMITTED	"[calls left out]"

/* Every stack comes after that of its caller. */
static size_t
fill_depth(struct transform *t)
{
	size_t max = 0;

	t->depth_of = fe_alloc(t->ncalls, sizeof(*t->depth_of), 0);
	t->depth_of[0] = 0;
	for (size_t i = 1; i < t->ncalls; i++) {
		t->depth_of[i] = t->depth_of[t->calls[i].parent] + 1;
		if (t->depth_of[i] > max)
			max = t->depth_of[i];
	}
	return (max);
}

static bool
is_too_much(const struct transform *t)
{
	uint64_t calls = 0;

	for (size_t i = 0; i < t->nsites; i++)
		calls += t->depth_of[t->sites[i].node];
	return (calls > CALLS_MAX);
}

/* The outermost OUTER calls of each stack, as the stack that they are. */
static void
fill_outer(struct transform *t)
{
	uint32_t *outer = fe_alloc(t->ncalls, sizeof(*outer), 0);

	for (size_t i = 0; i < t->ncalls; i++)
		outer[i] = t->depth_of[i] <= OUTER ? (uint32_t)i :
		    outer[t->calls[i].parent];
	t->outer_of = outer;
}

/* A function and place for what is left out, behind all others. */
static void
fill_omitted(struct transform *t)
{
	struct mt_function *f = fe_alloc(t->nfunctions + 1, sizeof(*f), 0);
	struct mt_place *p = fe_alloc(t->nplaces + 1, sizeof(*p), 0);

	memcpy(f, t->functions, t->nfunctions * sizeof(*f));
	memcpy(p, t->places, t->nplaces * sizeof(*p));
	f[t->nfunctions].name = OMITTED;
	f[t->nfunctions].file = "";
	f[t->nfunctions].first_line = 0;
	p[t->nplaces].function = (uint32_t)t->nfunctions;
	p[t->nplaces].line = 0;
	t->omitted = (uint32_t)t->nplaces;
	t->functions = t->more_functions = f;
	t->places = t->more_places = p;
	t->nfunctions++;
	t->nplaces++;
}

void
transform_fill(struct transform *t, bool shorten)
{
	size_t depth;

	t->nfunctions = mt_merge_functions(t->merge, &t->functions);
	t->nplaces = mt_merge_places(t->merge, &t->places);
	t->ncalls = mt_merge_calls(t->merge, &t->calls);
	t->nsites = mt_merge_sites(t->merge, &t->sites);
	(void)mt_merge_amounts(t->merge, &t->amounts);
	t->nthreads = mt_merge_threads(t->merge, &t->threads);
	depth = fill_depth(t);
	t->shortens = shorten && depth > TRANSFORM_DEPTH && is_too_much(t);
	if (t->shortens) {
		depth = TRANSFORM_DEPTH;
		fill_outer(t);
		fill_omitted(t);
	}
	t->chain_max = depth + 1;
	t->chain = fe_alloc(t->chain_max, sizeof(*t->chain), 0);
	t->records = fe_alloc(t->nsites, sizeof(*t->records), 0);
	for (size_t i = 0; i < t->nsites; i++)
		if (record_of(&t->records[t->nrecords], &t->sites[i],
		    &t->amounts[i]))
			t->nrecords++;
}

void
transform_fini(struct transform *t)
{
	free(t->chain);
	free(t->records);
	free(t->depth_of);
	free(t->outer_of);
	free(t->more_functions);
	free(t->more_places);
}

size_t
transform_chain(const struct transform *t, uint32_t call)
{
	bool shorten = t->shortens && t->depth_of[call] > TRANSFORM_DEPTH;
	size_t n = 0;

	do {
		if (shorten && n == INNER) {
			t->chain[n++] = t->omitted;
			call = t->outer_of[call];
		}
		t->chain[n++] = t->calls[call].place;
		call = t->calls[call].parent;
	} while (call != 0);
	return (n);
}

size_t
transform_shortened(const struct transform *t)
{
	size_t shortened = 0;

	for (size_t i = 0; t->shortens && i < t->nrecords; i++)
		shortened += t->depth_of[t->records[i].call] >
		    TRANSFORM_DEPTH;
	return (shortened);
}

struct transform_record *
transform_stacks(const struct transform *t, size_t *n)
{
	struct transform_record *all, *to;
	uint32_t *number_of = fe_alloc(t->ncalls, sizeof(*number_of), 0);

	memset(number_of, 0xff, t->ncalls * sizeof(*number_of));
	all = fe_alloc(t->nrecords, sizeof(*all), 0);
	*n = 0;
	for (size_t i = 0; i < t->nrecords; i++) {
		const struct transform_record *r = &t->records[i];

		if (number_of[r->call] == UINT32_MAX) {
			number_of[r->call] = (uint32_t)*n;
			all[(*n)++] = *r;
			continue;
		}
		to = &all[number_of[r->call]];
		to->allocations += r->allocations;
		to->bytes += r->bytes;
	}
	free(number_of);
	return (all);
}

const char *
transform_view(const struct transform *t)
{
	switch (t->view) {
	case MT_VIEW_LEAKS:
		return ("not freed when the script had ended");
	case MT_VIEW_TEMPORARY:
		return ("temporary allocations");
	case MT_VIEW_AT:
		return ("at the time that was chosen");
	case MT_VIEW_RANGE:
		return ("of the time that was chosen, at its end");
	default:
		return ("at the high-water mark");
	}
}

const char *
transform_command(const struct transform *t)
{
	const char *first = t->metas.meta[0].command_line;

	for (size_t i = 1; i < t->metas.n; i++)
		if (strcmp(t->metas.meta[i].command_line, first) != 0)
			return ("");
	return (first);
}
