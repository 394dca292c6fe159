/*
 * speedscope's own format: two sampled profiles of the same stacks, one of
 * bytes and one of numbers of allocations.
 */

#include <stdlib.h>

#include <fe_alloc.h>
#include <fe_json.h>

#include "transform.h"

#define SCHEMA	"https://www.speedscope.app/file-format-schema.json"
#define LEVELS	3	/* that get lines; so samples are a line each */

struct speedscope {
	struct fe_json			 j;
	const struct transform		*t;
	struct transform_record		*stacks;
	size_t				 nstacks;
	/* Places are numbered as they come, and only those that do. */
	uint32_t			*frame_of; /* by place, or UINT32_MAX */
	uint32_t			*place;	/* by frame */
	uint32_t			 nframes;
};

static void
number_frames(struct speedscope *s)
{
	for (size_t i = 0; i < s->nstacks; i++) {
		size_t n = transform_chain(s->t, s->stacks[i].call);

		while (n-- > 0) {
			uint32_t place = s->t->chain[n];

			if (s->frame_of[place] != UINT32_MAX)
				continue;
			s->frame_of[place] = s->nframes;
			s->place[s->nframes++] = place;
		}
	}
}

static void
put_string(struct speedscope *s, const char *key, const char *value)
{
	fe_json_key(&s->j, key);
	fe_json_string(&s->j, value);
}

static void
put_uint(struct speedscope *s, const char *key, uint64_t value)
{
	fe_json_key(&s->j, key);
	fe_json_uint(&s->j, value);
}

static void
put_frames(struct speedscope *s)
{
	const struct mt_function *f;
	const struct mt_place *p;

	fe_json_key(&s->j, "shared");
	fe_json_object(&s->j);
	fe_json_key(&s->j, "frames");
	fe_json_array(&s->j);
	for (uint32_t i = 0; i < s->nframes; i++) {
		p = &s->t->places[s->place[i]];
		f = &s->t->functions[p->function];
		fe_json_object(&s->j);
		put_string(s, "name", f->name);
		if (*f->file != '\0')
			put_string(s, "file", f->file);
		if (p->line > 0)
			put_uint(s, "line", p->line);
		fe_json_end(&s->j);
	}
	fe_json_end(&s->j);
	fe_json_end(&s->j);
}

static uint64_t
weight(const struct transform_record *r, bool bytes)
{
	return (bytes ? r->bytes : r->allocations);
}

static void
put_samples(struct speedscope *s, bool bytes)
{
	fe_json_key(&s->j, "samples");
	fe_json_array(&s->j);
	for (size_t i = 0; i < s->nstacks; i++) {
		size_t n = transform_chain(s->t, s->stacks[i].call);

		if (weight(&s->stacks[i], bytes) == 0)
			continue;
		fe_json_array(&s->j);
		while (n-- > 0)
			fe_json_uint(&s->j, s->frame_of[s->t->chain[n]]);
		fe_json_end(&s->j);
	}
	fe_json_end(&s->j);
	fe_json_key(&s->j, "weights");
	fe_json_array(&s->j);
	for (size_t i = 0; i < s->nstacks; i++)
		if (weight(&s->stacks[i], bytes) != 0)
			fe_json_uint(&s->j, weight(&s->stacks[i], bytes));
	fe_json_end(&s->j);
}

static void
put_profile(struct speedscope *s, const char *name, const char *unit,
    bool bytes)
{
	uint64_t sum = 0;

	for (size_t i = 0; i < s->nstacks; i++)
		sum += weight(&s->stacks[i], bytes);
	fe_json_object(&s->j);
	put_string(s, "type", "sampled");
	put_string(s, "name", name);
	put_string(s, "unit", unit);
	put_uint(s, "startValue", 0);
	put_uint(s, "endValue", sum);
	put_samples(s, bytes);
	fe_json_end(&s->j);
}

static void
put_all(struct speedscope *s)
{
	fe_json_object(&s->j);
	put_string(s, "$schema", SCHEMA);
	put_frames(s);
	fe_json_key(&s->j, "profiles");
	fe_json_array(&s->j);
	put_profile(s, "Memory", "bytes", true);
	put_profile(s, "Allocations", "none", false);
	fe_json_end(&s->j);
	put_string(s, "name", transform_command(s->t));
	put_uint(s, "activeProfileIndex", 0);
	put_string(s, "exporter", "memray-transform@" MT_VERSION_STRING);
	fe_json_end(&s->j);
}

void
transform_speedscope(const struct transform *t, FILE *out)
{
	struct speedscope s;

	memset(&s, 0, sizeof(s));
	s.t = t;
	s.stacks = transform_stacks(t, &s.nstacks);
	s.frame_of = fe_alloc(t->nplaces, sizeof(*s.frame_of), 0);
	s.place = fe_alloc(t->nplaces, sizeof(*s.place), 0);
	memset(s.frame_of, 0xff, t->nplaces * sizeof(*s.frame_of));
	number_frames(&s);
	fe_json_init(&s.j, out, LEVELS);
	put_all(&s);
	free(s.stacks);
	free(s.frame_of);
	free(s.place);
}
