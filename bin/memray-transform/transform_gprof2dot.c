/* The JSON that gprof2dot reads; an event is a record. */

#include <stdlib.h>

#include <fe_alloc.h>
#include <fe_json.h>

#include "transform.h"

/* Functions are numbered as they come, and only those that do. */
struct numbers {
	uint32_t	*of;		/* by function; UINT32_MAX: none */
	uint32_t	*function;	/* by number */
	uint32_t	 n;
};

static uint32_t
number(struct numbers *ns, uint32_t function)
{
	if (ns->of[function] == UINT32_MAX) {
		ns->of[function] = ns->n;
		ns->function[ns->n++] = function;
	}
	return (ns->of[function]);
}

static void
put_costs(struct fe_json *j)
{
	fe_json_key(j, "costs");
	fe_json_array(j);
	fe_json_object(j);
	fe_json_key(j, "description");
	fe_json_string(j, "Memory");
	fe_json_key(j, "unit");
	fe_json_string(j, "bytes");
	fe_json_end(j);
	fe_json_end(j);
}

static void
put_event(struct fe_json *j, const struct transform *t, struct numbers *ns,
    const struct transform_record *r)
{
	size_t n = transform_chain(t, r->call);

	fe_json_object(j);
	fe_json_key(j, "callchain");
	fe_json_array(j);
	for (size_t i = 0; i < n; i++)
		fe_json_uint(j, number(ns,
		    t->places[t->chain[i]].function));
	fe_json_end(j);
	fe_json_key(j, "cost");
	fe_json_array(j);
	fe_json_uint(j, r->bytes);
	fe_json_end(j);
	fe_json_end(j);
}

static void
put_functions(struct fe_json *j, const struct transform *t,
    const struct numbers *ns)
{
	const struct mt_function *f;

	fe_json_key(j, "functions");
	fe_json_array(j);
	for (uint32_t i = 0; i < ns->n; i++) {
		f = &t->functions[ns->function[i]];
		fe_json_object(j);
		fe_json_key(j, "name");
		fe_json_string(j, f->name);
		fe_json_key(j, "module");
		fe_json_string(j, f->file);
		fe_json_end(j);
	}
	fe_json_end(j);
}

void
transform_gprof2dot(const struct transform *t, FILE *out)
{
	struct numbers ns = { .n = 0 };
	struct fe_json j;

	ns.of = fe_alloc(t->nfunctions, sizeof(*ns.of), 0);
	ns.function = fe_alloc(t->nfunctions, sizeof(*ns.function), 0);
	memset(ns.of, 0xff, t->nfunctions * sizeof(*ns.of));
	fe_json_init(&j, out, 2);
	fe_json_object(&j);
	fe_json_key(&j, "version");
	fe_json_uint(&j, 0);
	put_costs(&j);
	fe_json_key(&j, "events");
	fe_json_array(&j);
	for (size_t i = 0; i < t->nrecords; i++)
		put_event(&j, t, &ns, &t->records[i]);
	fe_json_end(&j);
	put_functions(&j, t, &ns);
	fe_json_end(&j);
	free(ns.of);
	free(ns.function);
}
