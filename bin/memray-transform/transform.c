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

/* Every stack comes after that of its caller. */
static size_t
deepest(const struct transform *t)
{
	uint32_t *depth = fe_alloc(t->ncalls, sizeof(*depth), 0);
	size_t max = 0;

	depth[0] = 0;
	for (size_t i = 1; i < t->ncalls; i++) {
		depth[i] = depth[t->calls[i].parent] + 1;
		if (depth[i] > max)
			max = depth[i];
	}
	free(depth);
	return (max);
}

void
transform_fill(struct transform *t)
{
	t->nfunctions = mt_merge_functions(t->merge, &t->functions);
	t->nplaces = mt_merge_places(t->merge, &t->places);
	t->ncalls = mt_merge_calls(t->merge, &t->calls);
	t->nsites = mt_merge_sites(t->merge, &t->sites);
	(void)mt_merge_amounts(t->merge, &t->amounts);
	t->nthreads = mt_merge_threads(t->merge, &t->threads);
	t->depth = deepest(t);
	t->chain = fe_alloc(t->depth + 1, sizeof(*t->chain), 0);
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
}

size_t
transform_chain(const struct transform *t, uint32_t call)
{
	size_t n = 0;

	do {
		t->chain[n++] = t->calls[call].place;
		call = t->calls[call].parent;
	} while (call != 0);
	return (n);
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
