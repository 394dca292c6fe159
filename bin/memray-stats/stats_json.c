/* Statistics as JSON, with memray's names. */

#include <inttypes.h>
#include <stdlib.h>

#include <fe_alloc.h>
#include <fe_allocator.h>
#include <fe_json.h>

#include "stats.h"

struct json {
	struct fe_json		 j;
	const struct stats	*s;
	const struct mt_function *functions;
	const struct mt_place	*places;
};

static size_t
at_most(size_t n, size_t max)
{
	return (n < max ? n : max);
}

static void
put_uint(struct json *o, const char *key, uint64_t v)
{
	fe_json_key(&o->j, key);
	fe_json_uint(&o->j, v);
}

static void
put_bins(struct json *o)
{
	struct stats_bin b[STATS_BINS];
	uint64_t min, max;

	fe_json_key(&o->j, "allocation_size_histogram");
	fe_json_array(&o->j);
	if (stats_sizes_range(&o->s->sizes, &min, &max)) {
		stats_sizes_bins(&o->s->sizes, b);
		for (size_t i = 0; i < STATS_BINS; i++) {
			fe_json_object(&o->j);
			put_uint(o, "min_bytes", b[i].min);
			put_uint(o, "max_bytes", stats_bin_max(b, i));
			put_uint(o, "count", b[i].count);
			fe_json_end(&o->j);
		}
	}
	fe_json_end(&o->j);
}

static void
put_allocators(struct json *o)
{
	char name[FE_ALLOCATOR_MAX];

	fe_json_key(&o->j, "allocator_type_distribution");
	fe_json_object(&o->j);
	for (size_t i = 0; i < o->s->nallocators; i++)
		put_uint(o, fe_allocator(name, o->s->allocators[i].what),
		    o->s->allocators[i].allocations);
	fe_json_end(&o->j);
}

/* "function:file:line" */
static void
put_place(struct json *o, uint32_t place)
{
	const struct mt_place *p = &o->places[place];
	const struct mt_function *f = &o->functions[p->function];
	char *text;

	fe_json_key(&o->j, "location");
	if (place == 0) {
		fe_json_string(&o->j, "<stack trace unavailable>");
		return;
	}
	text = fe_format("%s:%s:%" PRIu32, f->name, f->file, p->line);
	fe_json_string(&o->j, text);
	free(text);
}

static void
put_places(struct json *o)
{
	const struct stats_top *top = &o->s->places;
	size_t n = at_most(top->n, o->s->num_largest);

	fe_json_key(&o->j, "top_allocations_by_size");
	fe_json_array(&o->j);
	for (size_t i = 0; i < n; i++) {
		fe_json_object(&o->j);
		put_place(o, top->by_size[i].what);
		put_uint(o, "size", top->by_size[i].bytes);
		fe_json_end(&o->j);
	}
	fe_json_end(&o->j);
	fe_json_key(&o->j, "top_allocations_by_count");
	fe_json_array(&o->j);
	for (size_t i = 0; i < n; i++) {
		fe_json_object(&o->j);
		put_place(o, top->by_count[i].what);
		put_uint(o, "count", top->by_count[i].allocations);
		fe_json_end(&o->j);
	}
	fe_json_end(&o->j);
}

static void
put_modules(struct json *o, const char *key, const struct stats_sum *sums)
{
	size_t n = at_most(o->s->modules.n, o->s->num_largest);

	fe_json_key(&o->j, key);
	fe_json_array(&o->j);
	for (size_t i = 0; i < n; i++) {
		fe_json_object(&o->j);
		fe_json_key(&o->j, "module");
		fe_json_string(&o->j, o->s->module[sums[i].what]);
		put_uint(o, "num_allocations", sums[i].allocations);
		put_uint(o, "total_bytes", sums[i].bytes);
		fe_json_end(&o->j);
	}
	fe_json_end(&o->j);
}

/* What memray has there and other reports of ours do not need. */
static void
put_metadata(struct json *o)
{
	const struct fe_metas *ms = &o->s->metas;
	bool aggregated = ms->n > 0, same_pid = ms->n > 0;

	for (size_t i = 0; i < ms->n; i++) {
		if ((ms->meta[i].flags & MT_CAPTURE_AGGREGATED) == 0)
			aggregated = false;
		if (ms->meta[i].pid == 0 ||
		    ms->meta[i].pid != ms->meta[0].pid)
			same_pid = false;
	}
	fe_json_key(&o->j, "metadata");
	fe_metas_json_begin(ms, &o->j);
	put_uint(o, "total_frames", mt_merge_places(o->s->merge, NULL) - 1);
	fe_json_key(&o->j, "main_thread_id");
	if (same_pid)
		fe_json_uint(&o->j, ms->meta[0].pid);
	else
		fe_json_null(&o->j);
	put_uint(o, "file_format", aggregated);
	fe_json_end(&o->j);
}

void
stats_json(const struct stats *s, FILE *out)
{
	struct json o;

	o.s = s;
	(void)mt_merge_functions(s->merge, &o.functions);
	(void)mt_merge_places(s->merge, &o.places);
	fe_json_init(&o.j, out, 2);
	fe_json_object(&o.j);
	put_uint(&o, "total_num_allocations", s->allocations);
	put_uint(&o, "total_bytes_allocated", s->bytes);
	put_bins(&o);
	put_allocators(&o);
	put_places(&o);
	put_modules(&o, "top_modules_by_allocation_size",
	    s->modules.by_size);
	put_modules(&o, "top_modules_by_allocation_count",
	    s->modules.by_count);
	put_metadata(&o);
	fe_json_end(&o.j);
}
