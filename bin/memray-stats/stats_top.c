/* Places and modules that allocated most. */

#include <stdlib.h>
#include <string.h>

#include <fe_alloc.h>

#include "stats.h"
#include "stats_module.h"

#define ROOT	"<root>"	/* what no module of the program has done */
#define NONE	UINT32_MAX

/* Tables of the merged captures, and what is worked out for them. */
struct top {
	const struct mt_function	*functions;
	const struct mt_place		*places;
	const struct mt_call		*calls;
	const struct mt_site		*sites;
	size_t				 nfunctions;
	size_t				 nplaces;
	size_t				 ncalls;
	size_t				 nsites;
	char				**dirs;	/* see import_dirs() */
	size_t				 ndirs;
	size_t				 dirs_cap;
	uint32_t			*module_of; /* by function, or NONE */
};

/* ---- Sorting --------------------------------------------------------- */

static int
descending(uint64_t a, uint64_t b)
{
	return (a < b ? 1 : a > b ? -1 : 0);
}

static int
by_number(const struct stats_sum *a, const struct stats_sum *b)
{
	return (a->what < b->what ? -1 : a->what > b->what);
}

static int
by_size(const void *va, const void *vb)
{
	const struct stats_sum *a = va, *b = vb;
	int c = descending(a->bytes, b->bytes);

	return (c != 0 ? c : by_number(a, b));
}

static int
by_count(const void *va, const void *vb)
{
	const struct stats_sum *a = va, *b = vb;
	int c = descending(a->allocations, b->allocations);

	return (c != 0 ? c : by_number(a, b));
}

/* The numbers 0 to n - 1, with nothing allocated. */
static struct stats_sum *
new_sums(size_t n)
{
	struct stats_sum *s = fe_alloc(n, sizeof(*s), 0);

	memset(s, 0, n * sizeof(*s));
	for (size_t i = 0; i < n; i++)
		s[i].what = (uint32_t)i;
	return (s);
}

static void
add(struct stats_sum *s, const struct mt_site *site)
{
	s->allocations += site->allocations;
	s->bytes += site->bytes;
}

/* Forget those that did not allocate; how many are left. */
static size_t
compact(struct stats_sum *s, size_t n)
{
	size_t kept = 0;

	for (size_t i = 0; i < n; i++)
		if (s[i].allocations != 0)
			s[kept++] = s[i];
	return (kept);
}

/* Takes the sums, which are freed by stats_top_fini(). */
static void
sort(struct stats_top *t, struct stats_sum *sums, size_t n)
{
	t->n = compact(sums, n);
	t->by_size = sums;
	t->by_count = fe_alloc(t->n, sizeof(*sums), 0);
	memcpy(t->by_count, sums, t->n * sizeof(*sums));
	qsort(t->by_size, t->n, sizeof(*sums), by_size);
	qsort(t->by_count, t->n, sizeof(*sums), by_count);
}

/* ---- Modules --------------------------------------------------------- */

static bool
is_dir_of_program(const struct mt_function *f)
{
	return (strcmp(f->name, "<module>") == 0 && *f->file == '/' &&
	    !stats_module_is_installed(f->file));
}

static void
add_dir(struct top *t, const char *file)
{
	size_t n = (size_t)(strrchr(file, '/') + 1 - file);
	char *dir;

	for (size_t i = 0; i < t->ndirs; i++)
		if (strlen(t->dirs[i]) == n &&
		    memcmp(t->dirs[i], file, n) == 0)
			return;
	t->dirs = fe_grow(t->dirs, t->ndirs, sizeof(*t->dirs), &t->dirs_cap);
	dir = fe_alloc(n, 1, 1);
	memcpy(dir, file, n);
	dir[n] = '\0';
	t->dirs[t->ndirs++] = dir;
}

/*
 * Python imports from the directory of the script.  The script is what was
 * executed as a module without any code of the program having asked for it.
 */
static void
import_dirs(struct top *t)
{
	bool *outside = fe_alloc(t->ncalls, sizeof(*outside), 0);
	const struct mt_function *f;

	outside[0] = true;
	for (size_t i = 1; i < t->ncalls; i++) {
		f = &t->functions[t->places[t->calls[i].place].function];
		outside[i] = outside[t->calls[i].parent] &&
		    stats_module_is_library(f->file);
		if (!outside[i] && outside[t->calls[i].parent] &&
		    is_dir_of_program(f))
			add_dir(t, f->file);
	}
	free(outside);
}

/* The innermost of the directories that the file is in; NULL if none is. */
static const char *
dir_of(const struct top *t, const char *file)
{
	const char *best = NULL;

	for (size_t i = 0; i < t->ndirs; i++)
		if (strncmp(file, t->dirs[i], strlen(t->dirs[i])) == 0 &&
		    (best == NULL || strlen(t->dirs[i]) > strlen(best)))
			best = t->dirs[i];
	return (best);
}

struct named {
	char		*name;
	uint32_t	 function;
};

static int
by_name(const void *va, const void *vb)
{
	const struct named *a = va, *b = vb;

	return (strcmp(a->name, b->name));
}

/*
 * Number the modules in the order of their names, so that ties come in that
 * order; the first is no module at all.
 */
static void
name_modules(struct stats *s, struct top *t)
{
	struct named *all = fe_alloc(t->nfunctions, sizeof(*all), 0);
	const char *file;
	size_t n = 0;

	for (size_t i = 0; i < t->nfunctions; i++) {
		file = t->functions[i].file;
		t->module_of[i] = NONE;
		if (*file == '\0' || stats_module_is_library(file))
			continue;
		all[n].name = stats_module_name(file, dir_of(t, file));
		all[n++].function = (uint32_t)i;
	}
	qsort(all, n, sizeof(*all), by_name);
	s->module = fe_alloc(n, sizeof(*s->module), sizeof(*s->module));
	s->module[0] = fe_strdup(ROOT);
	s->nmodules = 1;
	for (size_t i = 0; i < n; i++) {
		if (i == 0 || by_name(&all[i - 1], &all[i]) != 0)
			s->module[s->nmodules++] = fe_strdup(all[i].name);
		t->module_of[all[i].function] = (uint32_t)s->nmodules - 1;
	}
	for (size_t i = 0; i < n; i++)
		free(all[i].name);
	free(all);
}

/* A stack belongs to the innermost module of it that is not the library's. */
static void
fill_modules(struct stats *s, struct top *t)
{
	uint32_t *of = fe_alloc(t->ncalls, sizeof(*of), 0), own;
	struct stats_sum *sums;

	t->module_of = fe_alloc(t->nfunctions, sizeof(*t->module_of), 0);
	import_dirs(t);
	name_modules(s, t);
	sums = new_sums(s->nmodules);
	of[0] = 0;
	for (size_t i = 1; i < t->ncalls; i++) {
		own = t->module_of[t->places[t->calls[i].place].function];
		of[i] = own != NONE ? own : of[t->calls[i].parent];
	}
	for (size_t i = 0; i < t->nsites; i++)
		add(&sums[of[t->sites[i].node]], &t->sites[i]);
	sort(&s->modules, sums, s->nmodules);
	for (size_t i = 0; i < t->ndirs; i++)
		free(t->dirs[i]);
	free(t->dirs);
	free(t->module_of);
	free(of);
}

/* ---- Everything ------------------------------------------------------ */

static void
fill_places(struct stats *s, const struct top *t)
{
	struct stats_sum *sums = new_sums(t->nplaces);

	for (size_t i = 0; i < t->nsites; i++)
		add(&sums[t->calls[t->sites[i].node].place], &t->sites[i]);
	sort(&s->places, sums, t->nplaces);
}

static void
fill_allocators(struct stats *s, const struct top *t)
{
	uint32_t a;

	for (uint32_t i = 0; i < STATS_ALLOCATORS; i++)
		s->allocators[i].what = i;
	for (size_t i = 0; i < t->nsites; i++) {
		a = t->sites[i].allocator;
		add(&s->allocators[a < STATS_ALLOCATORS ? a : 0],
		    &t->sites[i]);
	}
	s->nallocators = compact(s->allocators, STATS_ALLOCATORS);
	qsort(s->allocators, s->nallocators, sizeof(s->allocators[0]),
	    by_count);
}

void
stats_top_fill(struct stats *s)
{
	struct top t;

	memset(&t, 0, sizeof(t));
	t.nfunctions = mt_merge_functions(s->merge, &t.functions);
	t.nplaces = mt_merge_places(s->merge, &t.places);
	t.ncalls = mt_merge_calls(s->merge, &t.calls);
	t.nsites = mt_merge_sites(s->merge, &t.sites);
	fill_allocators(s, &t);
	fill_places(s, &t);
	fill_modules(s, &t);
}

void
stats_top_fini(struct stats *s)
{
	free(s->places.by_size);
	free(s->places.by_count);
	free(s->modules.by_size);
	free(s->modules.by_count);
	for (size_t i = 0; i < s->nmodules; i++)
		free(s->module[i]);
	free(s->module);
}
