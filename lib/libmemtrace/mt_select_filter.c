/* Selections: threads, processes, calls. */

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "mt_glob.h"
#include "mt_private.h"
#include "mt_select.h"

#define NO_STACK	"<no Python stack>"

/* What is on a stack. */
enum on_stack {
	ON_INCLUDE = 1,
	ON_EXCLUDE = 2
};

bool
mt_select_is_named(const struct mt_patterns *ps, uint64_t number,
    const char *name)
{
	char text[24];
	size_t i;

	(void)snprintf(text, sizeof(text), "%" PRIu64, number);
	for (i = 0; i < ps->n; i++)
		if (strcmp(ps->pattern[i], text) == 0)
			return (true);
	return (mt_glob_any(ps, name));
}

bool
mt_capture_is_selected(const struct mt_capture *c,
    const struct mt_selection *sel)
{
	const struct mt_meta *m = mt_capture_meta(c);

	return (sel->processes.n == 0 ||
	    mt_select_is_named(&sel->processes, m->pid, m->command_line));
}

static void
drop(struct mt_amount *a)
{
	a->allocations = a->bytes = 0;
}

static enum mt_status
filter_threads(const struct mt_capture *c, const struct mt_patterns *ps,
    struct mt_amount *out, struct mt_error *e)
{
	const struct mt_thread *threads;
	const struct mt_site *sites;
	size_t i, n, nthreads;
	bool *wanted;

	n = mt_capture_sites(c, &sites);
	nthreads = mt_capture_threads(c, &threads);
	wanted = calloc(nthreads, sizeof(*wanted));
	if (wanted == NULL)
		return (mt_error_set(e, MT_ERR_NOMEM, "out of memory"));
	for (i = 0; i < nthreads; i++)
		wanted[i] = mt_select_is_named(ps, threads[i].tid,
		    threads[i].name);
	for (i = 0; i < n; i++)
		if (!wanted[sites[i].thread])
			drop(&out[i]);
	free(wanted);
	return (MT_OK);
}

/* ---- Calls ------------------------------------------------------------ */

bool
mt_select_is_call(const struct mt_patterns *ps, const char *function,
    const char *file)
{
	const char *last = strrchr(file, '/');

	return (mt_glob_any(ps, function) || (*file != '\0' &&
	    (mt_glob_any(ps, file) ||
	    (last != NULL && mt_glob_any(ps, last + 1)))));
}

static uint8_t
flags_of(const struct mt_selection *sel, const char *function,
    const char *file)
{
	return ((uint8_t)((mt_select_is_call(&sel->include, function, file) ?
	    ON_INCLUDE : 0) | (mt_select_is_call(&sel->exclude, function,
	    file) ? ON_EXCLUDE : 0)));
}

/* Of each function, and then, every node being after its parent, of nodes. */
static void
flag_nodes(const struct mt_capture *c, const struct mt_selection *sel,
    uint8_t *of_code, uint8_t *of_node)
{
	const struct mt_code *codes;
	const struct mt_node *nodes;
	size_t i, n;

	n = mt_capture_codes(c, &codes);
	for (i = 0; i < n; i++)
		of_code[i] = flags_of(sel, codes[i].function, codes[i].file);
	n = mt_capture_nodes(c, &nodes);
	of_node[0] = 0;
	for (i = 1; i < n; i++)
		of_node[i] = of_node[nodes[i].parent] |
		    of_code[nodes[i].code];
	of_node[0] = flags_of(sel, NO_STACK, "");
}

static enum mt_status
filter_calls(const struct mt_capture *c, const struct mt_selection *sel,
    struct mt_amount *out, struct mt_error *e)
{
	const struct mt_site *sites;
	uint8_t *of_code, *of_node;
	size_t i, n;

	of_code = calloc(mt_capture_codes(c, NULL), 1);
	of_node = calloc(mt_capture_nodes(c, NULL), 1);
	if (of_code == NULL || of_node == NULL) {
		free(of_code);
		free(of_node);
		return (mt_error_set(e, MT_ERR_NOMEM, "out of memory"));
	}
	flag_nodes(c, sel, of_code, of_node);
	n = mt_capture_sites(c, &sites);
	for (i = 0; i < n; i++) {
		uint8_t on = of_node[sites[i].node];

		if ((on & ON_EXCLUDE) != 0 ||
		    (sel->include.n > 0 && (on & ON_INCLUDE) == 0))
			drop(&out[i]);
	}
	free(of_code);
	free(of_node);
	return (MT_OK);
}

enum mt_status
mt_select_filter(const struct mt_capture *c, const struct mt_selection *sel,
    struct mt_amount *out, struct mt_error *e)
{
	enum mt_status st = MT_OK;

	if (sel->threads.n > 0)
		st = filter_threads(c, &sel->threads, out, e);
	if (st == MT_OK && sel->include.n + sel->exclude.n > 0)
		st = filter_calls(c, sel, out, e);
	return (st);
}
