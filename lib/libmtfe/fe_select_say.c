/* Selections that match nothing, in words: what there would have been. */

#include <err.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "fe_alloc.h"
#include "fe_select.h"
#include "fe_text.h"
#include "fe_time.h"

#define NS	1e9

enum { THREADS, PROCESSES, INCLUDE };

static const struct mt_patterns *
patterns_of(const struct fe_select *s, unsigned kind)
{
	const struct mt_patterns *const all[] = { &s->selection.threads,
	    &s->selection.processes, &s->selection.include };

	return (all[kind]);
}

/* ---- What was seen ---------------------------------------------------- */

/* Keep the first few names, so that no capture makes this long. */
static void
add_name(struct fe_select_names *names, const char *name)
{
	for (size_t i = 0; i < names->n; i++)
		if (strcmp(names->name[i], name) == 0)
			return;
	if (names->n == FE_SELECT_NAMES)
		names->more = true;
	else
		names->name[names->n++] = fe_strdup(name);
}

static bool *
matched(struct fe_select *s, unsigned kind)
{
	const size_t n = patterns_of(s, kind)->n;

	if (s->matched[kind] == NULL) {
		s->matched[kind] = fe_alloc(n, sizeof(bool), 0);
		memset(s->matched[kind], 0, n * sizeof(bool));
	}
	return (s->matched[kind]);
}

/* Which of the patterns match a name; those that have done so are not asked. */
static void
match_name(struct fe_select *s, unsigned kind, uint64_t id, const char *name)
{
	const struct mt_patterns *ps = patterns_of(s, kind);
	bool *yes = matched(s, kind);

	for (size_t i = 0; i < ps->n; i++) {
		const struct mt_patterns one = { &ps->pattern[i], 1 };

		yes[i] = yes[i] || mt_select_is_named(&one, id, name);
	}
}

static void
match_call(struct fe_select *s, const char *function, const char *file)
{
	const struct mt_patterns *ps = patterns_of(s, INCLUDE);
	bool *yes = matched(s, INCLUDE);

	for (size_t i = 0; i < ps->n; i++) {
		const struct mt_patterns one = { &ps->pattern[i], 1 };

		yes[i] = yes[i] || mt_select_is_call(&one, function, file);
	}
}

static void
saw_process(struct fe_select *s, const struct mt_meta *m)
{
	char *name;

	if (s->selection.processes.n == 0)
		return;
	match_name(s, PROCESSES, m->pid, m->command_line);
	name = fe_format("%" PRIu64 " (%s)", m->pid, m->command_line);
	add_name(&s->names[PROCESSES], name);
	free(name);
}

static void
saw_threads(struct fe_select *s, const struct mt_capture *c)
{
	const struct mt_thread *t;
	size_t n = mt_capture_threads(c, &t);
	char *id;

	for (size_t i = 0; i < n; i++) {
		match_name(s, THREADS, t[i].tid, t[i].name);
		id = fe_format("%" PRIu64, t[i].tid);
		add_name(&s->names[THREADS], *t[i].name == '\0' ? id :
		    t[i].name);
		free(id);
	}
}

static void
saw_calls(struct fe_select *s, const struct mt_capture *c)
{
	const struct mt_code *codes;
	size_t n = mt_capture_codes(c, &codes);

	match_call(s, "<no Python stack>", "");
	for (size_t i = 0; i < n; i++)
		match_call(s, codes[i].function, codes[i].file);
}

/* What has no end yet has taken as long as is known. */
static void
saw_times(struct fe_select *s, struct mt_capture *c)
{
	const struct mt_meta *m = mt_capture_meta(c);
	const struct mt_sample *sample;
	uint64_t end = m->end_time_ns;
	size_t n;

	if (end == 0 && mt_capture_samples(c, &sample, &n, NULL) == MT_OK &&
	    n > 0)
		end = m->start_time_ns + sample[n - 1].time_ns;
	if (s->first_ns == 0 || m->start_time_ns < s->first_ns)
		s->first_ns = m->start_time_ns;
	if (end > s->last_ns)
		s->last_ns = end;
}

void
fe_select_saw(struct fe_select *s, struct mt_capture *c, bool selected)
{
	saw_process(s, mt_capture_meta(c));
	if (s->from.given || s->to.given)
		saw_times(s, c);
	if (!selected)
		return;
	if (s->selection.threads.n > 0)
		saw_threads(s, c);
	if (s->selection.include.n > 0)
		saw_calls(s, c);
}

void
fe_select_forget(struct fe_select *s)
{
	for (unsigned kind = 0; kind < 3; kind++)
		free(s->matched[kind]);
	for (unsigned kind = 0; kind < 2; kind++)
		for (size_t i = 0; i < s->names[kind].n; i++)
			free(s->names[kind].name[i]);
}

/* ---- What is said ----------------------------------------------------- */

/* Takes the text. */
static void
say(char *text)
{
	char *clean = fe_text_clean(text, false);

	warnx("%s", clean);
	free(clean);
	free(text);
}

/* "; there are a, b and others"; to be freed. */
static char *
list(const struct fe_select_names *names)
{
	char *text = fe_strdup(""), *longer;

	for (size_t i = 0; i < names->n; i++) {
		longer = fe_format("%s%s%s", text, i > 0 ? ", " :
		    names->n > 1 ? "; there are " : "; there is ",
		    names->name[i]);
		free(text);
		text = longer;
	}
	longer = fe_format("%s%s", text, names->more ? " and others" : "");
	free(text);
	return (longer);
}

/* Returns whether there was anything to say. */
static bool
say_patterns(const struct fe_select *s, unsigned kind)
{
	static const char *const what[] = { "thread", "process",
	    "function and no file" };
	const struct mt_patterns *ps = patterns_of(s, kind);
	bool said = false;
	char *others;

	for (size_t i = 0; i < ps->n && s->matched[kind] != NULL; i++) {
		if (s->matched[kind][i])
			continue;
		others = kind == INCLUDE ? fe_strdup("") :
		    list(&s->names[kind]);
		say(fe_format("no %s matches '%s'%s", what[kind],
		    ps->pattern[i], others));
		free(others);
		said = true;
	}
	return (said);
}

/* Does the time lie outside of all that was recorded? */
static bool
say_time(const struct fe_select *s, const struct fe_select_time *t,
    const char *option, bool is_end)
{
	uint64_t at = t->absolute ? t->ns : t->ns > UINT64_MAX - s->start_ns ?
	    UINT64_MAX : s->start_ns + t->ns;
	char text[FE_TIME_MAX];
	const char *time;

	if (!t->given || s->first_ns == 0)
		return (false);
	if (is_end && at < s->first_ns) {
		time = fe_time(text, s->first_ns);
		say(fe_format("%s: before the start, %s", option, time));
		return (true);
	}
	if (s->last_ns == 0 || at <= s->last_ns ||
	    (is_end && s->selection.view != MT_VIEW_AT))
		return (false);
	say(fe_format("%s: after the end, the run took %.2f seconds until %s",
	    option, (double)(s->last_ns - s->first_ns) / NS,
	    fe_time(text, s->last_ns)));
	return (true);
}

static void
say_nothing(const struct fe_select *s)
{
	static const char *const why[] = {
		[MT_VIEW_PEAK] = "held nothing at the high-water mark",
		[MT_VIEW_LEAKS] = "had freed everything at the end",
		[MT_VIEW_TEMPORARY] = "made no temporary allocations",
		[MT_VIEW_AT] = "held nothing at that time",
		[MT_VIEW_RANGE] =
		    "kept nothing that it allocated in that time",
		[MT_VIEW_ALL] = "allocated nothing"
	};

	say(fe_format("nothing is selected: %s %s",
	    fe_select_is_filtered(s) || s->selection.processes.n > 0 ?
	    "what is chosen" : "the program", why[s->selection.view]));
}

void
fe_select_say(const struct fe_select *s, bool nothing)
{
	bool said = false;

	for (unsigned kind = 0; kind < 3; kind++)
		said |= say_patterns(s, kind);
	said |= say_time(s, &s->from, "--from", false);
	said |= say_time(s, &s->to, s->selection.view == MT_VIEW_AT ?
	    "--at" : "--to", true);
	if (nothing && !said && fe_select_is_any(s))
		say_nothing(s);
}
