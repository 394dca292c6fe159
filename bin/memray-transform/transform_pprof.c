/*
 * The profile of pprof: profile.proto in gzip format, with the values that
 * heap profiles of Go have.  What is "in use" is that of the view.
 */

#include <err.h>
#include <inttypes.h>
#include <stdlib.h>

#include <fe_alloc.h>
#include <fe_text.h>
#include <fe_warn.h>

#include "transform.h"
#include "transform_proto.h"

/* Numbers of fields in profile.proto. */
enum {
	PROFILE_SAMPLE_TYPE = 1,
	PROFILE_SAMPLE = 2,
	PROFILE_MAPPING = 3,
	PROFILE_LOCATION = 4,
	PROFILE_FUNCTION = 5,
	PROFILE_STRING = 6,
	PROFILE_TIME_NS = 9,
	PROFILE_DURATION_NS = 10,
	PROFILE_PERIOD_TYPE = 11,
	PROFILE_PERIOD = 12,
	PROFILE_COMMENT = 13,
	PROFILE_DEFAULT_TYPE = 14
};
enum { TYPE_TYPE = 1, TYPE_UNIT = 2 };
enum { SAMPLE_LOCATIONS = 1, SAMPLE_VALUES = 2, SAMPLE_LABEL = 3 };
enum { LABEL_KEY = 1, LABEL_STRING = 2 };
enum { MAPPING_ID = 1, MAPPING_FILE = 5, MAPPING_HAS_FUNCTIONS = 7,
    MAPPING_HAS_FILES = 8, MAPPING_HAS_LINES = 9 };
enum { LOCATION_ID = 1, LOCATION_MAPPING = 2, LOCATION_LINE = 4 };
enum { LINE_FUNCTION = 1, LINE_LINE = 2 };
enum { FUNCTION_ID = 1, FUNCTION_NAME = 2, FUNCTION_SYSTEM_NAME = 3,
    FUNCTION_FILE = 4, FUNCTION_START_LINE = 5 };

#define VALUES	4

struct pprof {
	const struct transform	*t;
	struct transform_proto	 profile;
	struct transform_proto	 message;	/* one field of it */
	struct transform_proto	 inner;		/* one field of that */
	uint64_t		 nstrings;
	uint64_t		*allocator;	/* strings; 0: not yet */
	uint64_t		*thread;	/* likewise */
	uint64_t		*locations;	/* room for a stack */
};

/*
 * Strings go into the profile as they come; the first has to be empty.  pprof
 * prints them as they are, also on a terminal.
 */
static uint64_t
string(struct pprof *p, const char *s)
{
	char *text = fe_text_clean(s, false);

	transform_proto_bytes(&p->profile, PROFILE_STRING, text,
	    strlen(text));
	free(text);
	return (p->nstrings++);
}

static uint64_t
string_or_0(struct pprof *p, const char *s)
{
	return (*s == '\0' ? 0 : string(p, s));
}

static uint64_t
put_type(struct pprof *p, unsigned field, const char *type, const char *unit)
{
	uint64_t name = string(p, type);

	transform_proto_uint(&p->message, TYPE_TYPE, name);
	transform_proto_uint(&p->message, TYPE_UNIT, string(p, unit));
	transform_proto_message(&p->profile, field, &p->message);
	return (name);
}

static void
put_types(struct pprof *p)
{
	(void)put_type(p, PROFILE_SAMPLE_TYPE, "alloc_objects", "count");
	(void)put_type(p, PROFILE_SAMPLE_TYPE, "alloc_space", "bytes");
	(void)put_type(p, PROFILE_SAMPLE_TYPE, "inuse_objects", "count");
	transform_proto_uint(&p->profile, PROFILE_DEFAULT_TYPE,
	    put_type(p, PROFILE_SAMPLE_TYPE, "inuse_space", "bytes"));
	(void)put_type(p, PROFILE_PERIOD_TYPE, "space", "bytes");
	transform_proto_uint(&p->profile, PROFILE_PERIOD, 1);
}

/* The first start, and how long it took to the last end. */
static void
put_times(struct pprof *p)
{
	const struct fe_metas *ms = &p->t->metas;
	uint64_t start = UINT64_MAX, end = 0;

	for (size_t i = 0; i < ms->n; i++) {
		if (ms->meta[i].start_time_ns < start)
			start = ms->meta[i].start_time_ns;
		if (ms->meta[i].end_time_ns > end)
			end = ms->meta[i].end_time_ns;
	}
	transform_proto_uint(&p->profile, PROFILE_TIME_NS, start);
	if (end > start)
		transform_proto_uint(&p->profile, PROFILE_DURATION_NS,
		    end - start);
}

static void
put_comments(struct pprof *p)
{
	const struct fe_metas *ms = &p->t->metas;
	char *view;

	for (size_t i = 0; i < ms->n; i++)
		if (*ms->meta[i].command_line != '\0')
			transform_proto_uint(&p->profile, PROFILE_COMMENT,
			    string(p, ms->meta[i].command_line));
	view = fe_format("inuse: %s", transform_view(p->t));
	transform_proto_uint(&p->profile, PROFILE_COMMENT, string(p, view));
	free(view);
}

/* What all locations are in: without this, pprof looks for a program. */
static void
put_mapping(struct pprof *p)
{
	transform_proto_uint(&p->message, MAPPING_ID, 1);
	transform_proto_uint(&p->message, MAPPING_FILE, string(p, "python"));
	transform_proto_uint(&p->message, MAPPING_HAS_FUNCTIONS, 1);
	transform_proto_uint(&p->message, MAPPING_HAS_FILES, 1);
	transform_proto_uint(&p->message, MAPPING_HAS_LINES, 1);
	transform_proto_message(&p->profile, PROFILE_MAPPING, &p->message);
}

static int
by_name(const void *va, const void *vb)
{
	const struct mt_function *const *a = va, *const *b = vb;

	return (strcmp((*a)->name, (*b)->name));
}

/* Which functions, by number, have a name that another one has, too. */
static bool *
find_namesakes(const struct transform *t)
{
	const struct mt_function **all;
	bool *found = fe_alloc(t->nfunctions, sizeof(*found), 0);

	all = fe_alloc(t->nfunctions, sizeof(*all), 0);
	for (size_t i = 0; i < t->nfunctions; i++) {
		all[i] = &t->functions[i];
		found[i] = false;
	}
	qsort(all, t->nfunctions, sizeof(*all), by_name);
	for (size_t i = 1; i < t->nfunctions; i++)
		if (by_name(&all[i - 1], &all[i]) == 0) {
			found[all[i - 1] - t->functions] = true;
			found[all[i] - t->functions] = true;
		}
	free(all);
	return (found);
}

/*
 * pprof takes functions of one name for one function, so these get their
 * files behind their names.  A system name that is equal to the name would be
 * taken for C++, and "<module>" for the arguments of a template.
 */
static void
put_name(struct pprof *p, const struct mt_function *f, bool namesake)
{
	char *name;

	if (!namesake) {
		transform_proto_uint(&p->message, FUNCTION_NAME,
		    string_or_0(p, f->name));
		return;
	}
	name = fe_format("%s (%s)", f->name, f->file);
	transform_proto_uint(&p->message, FUNCTION_NAME, string(p, name));
	transform_proto_uint(&p->message, FUNCTION_SYSTEM_NAME,
	    string_or_0(p, f->name));
	free(name);
}

static void
put_functions(struct pprof *p)
{
	const struct mt_function *f = p->t->functions;
	bool *namesake = find_namesakes(p->t);

	for (size_t i = 0; i < p->t->nfunctions; i++, f++) {
		transform_proto_uint(&p->message, FUNCTION_ID, i + 1);
		put_name(p, f, namesake[i]);
		transform_proto_uint(&p->message, FUNCTION_FILE,
		    string_or_0(p, f->file));
		transform_proto_uint(&p->message, FUNCTION_START_LINE,
		    f->first_line);
		transform_proto_message(&p->profile, PROFILE_FUNCTION,
		    &p->message);
	}
	free(namesake);
}

static void
put_locations(struct pprof *p)
{
	const struct mt_place *place = p->t->places;

	for (size_t i = 0; i < p->t->nplaces; i++, place++) {
		transform_proto_uint(&p->inner, LINE_FUNCTION,
		    (uint64_t)place->function + 1);
		transform_proto_uint(&p->inner, LINE_LINE, place->line);
		transform_proto_uint(&p->message, LOCATION_ID, i + 1);
		transform_proto_uint(&p->message, LOCATION_MAPPING, 1);
		transform_proto_message(&p->message, LOCATION_LINE,
		    &p->inner);
		transform_proto_message(&p->profile, PROFILE_LOCATION,
		    &p->message);
	}
}

static uint64_t
allocator_string(struct pprof *p, uint32_t allocator)
{
	uint64_t *s = &p->allocator[allocator & 0xff];

	if (*s == 0)
		*s = string(p, mt_allocator_name(allocator));
	return (*s);
}

/* A thread without a name is known by its number. */
static uint64_t
thread_string(struct pprof *p, uint32_t thread)
{
	const struct mt_thread *th = &p->t->threads[thread];
	uint64_t *s = &p->thread[thread];
	char *number;

	if (*s == 0 && *th->name != '\0')
		*s = string(p, th->name);
	if (*s == 0) {
		number = fe_format("%" PRIu64, th->tid);
		*s = string(p, number);
		free(number);
	}
	return (*s);
}

static void
put_label(struct pprof *p, uint64_t key, uint64_t value)
{
	transform_proto_uint(&p->inner, LABEL_KEY, key);
	transform_proto_uint(&p->inner, LABEL_STRING, value);
	transform_proto_message(&p->message, SAMPLE_LABEL, &p->inner);
}

static void
put_sample(struct pprof *p, size_t i, uint64_t thread_key,
    uint64_t allocator_key)
{
	const struct mt_amount *a = &p->t->amounts[i];
	const struct mt_site *s = &p->t->sites[i];
	const uint64_t values[VALUES] = {
		s->allocations, s->bytes, a->allocations, a->bytes
	};
	size_t n = transform_chain(p->t, s->node);

	for (size_t j = 0; j < n; j++)
		p->locations[j] = (uint64_t)p->t->chain[j] + 1;
	transform_proto_list(&p->message, SAMPLE_LOCATIONS, p->locations, n);
	transform_proto_list(&p->message, SAMPLE_VALUES, values, VALUES);
	put_label(p, thread_key, thread_string(p, s->thread));
	put_label(p, allocator_key, allocator_string(p, s->allocator));
	transform_proto_message(&p->profile, PROFILE_SAMPLE, &p->message);
}

static void
put_samples(struct pprof *p)
{
	uint64_t thread_key = string(p, "thread");
	uint64_t allocator_key = string(p, "allocator");

	for (size_t i = 0; i < p->t->nsites; i++)
		put_sample(p, i, thread_key, allocator_key);
}

static void
put_profile(struct pprof *p)
{
	(void)string(p, "");
	put_types(p);
	put_samples(p);
	put_mapping(p);
	put_locations(p);
	put_functions(p);
	put_times(p);
	put_comments(p);
}

void
transform_pprof(const struct transform *t, FILE *out)
{
	static struct fe_buf b;
	struct pprof p;
	struct mt_error e;
	void *packed;
	size_t n;

	memset(&p, 0, sizeof(p));
	p.t = t;
	p.allocator = calloc(UINT8_MAX + 1, sizeof(*p.allocator));
	p.thread = calloc(t->nthreads + 1, sizeof(*p.thread));
	p.locations = calloc(t->chain_max, sizeof(*p.locations));
	if (p.allocator == NULL || p.thread == NULL || p.locations == NULL)
		err(1, NULL);
	put_profile(&p);
	if (mt_gzip(p.profile.data, p.profile.n, &packed, &n, &e) != MT_OK) {
		fe_warn(NULL, &e);
		exit(1);
	}
	fe_buf_init(&b, out);
	fe_buf_put(&b, packed, n);
	(void)fe_buf_flush(&b);
	free(packed);
	transform_proto_fini(&p.profile);
	transform_proto_fini(&p.message);
	transform_proto_fini(&p.inner);
	free(p.allocator);
	free(p.thread);
	free(p.locations);
}
