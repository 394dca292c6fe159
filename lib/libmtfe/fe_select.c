/* Options that say which allocations a report is about. */

#include <err.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "fe_alloc.h"
#include "fe_opt.h"
#include "fe_select.h"

#define EXIT_USAGE	2

#define HELP_FILTERS							\
    "      --thread ID        only what this thread allocated; id or name\n" \
    "      --process PID      only this process; id or command line\n"	\
    "      --include PATTERN  only stacks with such a function or file\n" \
    "      --exclude PATTERN  no stacks with such a function or file\n" \
    "      --no-native        leave out functions that are not Python's\n"

const char fe_select_help_filters[] = HELP_FILTERS;

const char fe_select_help[] =
    "      --leaks            what was never freed\n"
    "      --temporary-allocations\n"
    "                         what was freed before the next allocation\n"
    "      --temporary-allocation-threshold N\n"
    "                         what was freed within N allocations\n"
    "      --at TIME          what was held at that time\n"
    "      --from TIME        what was allocated from that time on, and was\n"
    "                         still held at the end or at the time of --to\n"
    "      --to TIME          what was allocated until that time, and was\n"
    "                         still held then\n"
    HELP_FILTERS;

/* Of the options that choose a view there can be one. */
static const struct view {
	int		 option;
	const char	*name;
	enum mt_view	 view;
} views[] = {
	{ FE_SELECT_LEAKS, "--leaks", MT_VIEW_LEAKS },
	{ FE_SELECT_THRESHOLD, "--temporary-allocation-threshold",
	    MT_VIEW_TEMPORARY },
	{ FE_SELECT_TEMPORARY, "--temporary-allocations",
	    MT_VIEW_TEMPORARY },
	{ FE_SELECT_AT, "--at", MT_VIEW_AT },
	{ FE_SELECT_FROM, "--from", MT_VIEW_RANGE },
	{ FE_SELECT_TO, "--to", MT_VIEW_RANGE }
};
#define VIEWS	(sizeof(views) / sizeof(views[0]))

void
fe_select_init(struct fe_select *s)
{
	memset(s, 0, sizeof(*s));
}

static struct mt_patterns *
patterns_of(struct fe_select *s, unsigned i)
{
	struct mt_patterns *const all[] = { &s->selection.threads,
	    &s->selection.processes, &s->selection.include,
	    &s->selection.exclude };

	return (all[i]);
}

/* The library only reads the list. */
static const char **
list_of(const struct mt_patterns *p)
{
	return ((const char **)(uintptr_t)p->pattern);
}

void
fe_select_fini(struct fe_select *s)
{
	fe_select_forget(s);
	for (unsigned i = 0; i < 4; i++)
		free(list_of(patterns_of(s, i)));
	memset(s, 0, sizeof(*s));
}

static void
add_pattern(struct fe_select *s, unsigned i, const char *arg)
{
	struct mt_patterns *p = patterns_of(s, i);
	const char **list;

	list = fe_grow(list_of(p), p->n, sizeof(*list), &s->cap[i]);
	list[p->n++] = arg;
	p->pattern = list;
}

static void
set_time(struct fe_select_time *t, const char *name, const char *arg)
{
	if (!fe_select_parse_time(arg, t))
		errx(EXIT_USAGE, "%s: not a time: %s", name, arg);
}

static void
set_view(struct fe_select *s, const struct view *v, const char *arg)
{
	s->seen |= 1u << (v - views);
	s->selection.view = v->view;
	switch (v->option) {
	case FE_SELECT_TEMPORARY:
		s->selection.threshold = 1;
		break;
	case FE_SELECT_THRESHOLD:
		if (!fe_opt_number(arg, 0, UINT64_MAX,
		    &s->selection.threshold))
			errx(EXIT_USAGE, "%s: not a number: %s", v->name,
			    arg);
		break;
	case FE_SELECT_AT:
	case FE_SELECT_TO:
		set_time(&s->to, v->name, arg);
		break;
	case FE_SELECT_FROM:
		set_time(&s->from, v->name, arg);
		break;
	default:
		break;
	}
}

bool
fe_select_option(struct fe_select *s, int c, const char *arg)
{
	switch (c) {
	case FE_SELECT_NO_NATIVE:
		s->no_native = true;
		return (true);
	case FE_SELECT_THREAD:
		add_pattern(s, 0, arg);
		return (true);
	case FE_SELECT_PROCESS:
		add_pattern(s, 1, arg);
		return (true);
	case FE_SELECT_INCLUDE:
		add_pattern(s, 2, arg);
		return (true);
	case FE_SELECT_EXCLUDE:
		add_pattern(s, 3, arg);
		return (true);
	default:
		break;
	}
	for (size_t i = 0; i < VIEWS; i++)
		if (views[i].option == c) {
			set_view(s, &views[i], arg);
			return (true);
		}
	return (false);
}

void
fe_select_check(struct fe_select *s)
{
	const struct view *first = NULL;

	for (size_t i = 0; i < VIEWS; i++) {
		if ((s->seen & 1u << i) == 0)
			continue;
		if (first != NULL && (first->view != MT_VIEW_RANGE ||
		    views[i].view != MT_VIEW_RANGE))
			errx(EXIT_USAGE, "argument %s: not allowed with "
			    "argument %s", views[i].name, first->name);
		first = &views[i];
	}
	if (s->from.given && s->to.given &&
	    s->from.absolute == s->to.absolute && s->from.ns > s->to.ns)
		errx(EXIT_USAGE, "argument --from: later than argument --to");
}

bool
fe_select_is_filtered(const struct fe_select *s)
{
	return (s->selection.threads.n + s->selection.include.n +
	    s->selection.exclude.n > 0);
}

bool
fe_select_is_any(const struct fe_select *s)
{
	return (s->seen != 0 || s->selection.processes.n > 0 ||
	    fe_select_is_filtered(s));
}

/* ---- For a capture ---------------------------------------------------- */

/* A time since the start of a capture; false if that was later. */
static bool
since(const struct fe_select *s, const struct fe_select_time *t,
    uint64_t start_ns, uint64_t *ns)
{
	uint64_t at = t->ns;

	if (!t->absolute)
		at = at > UINT64_MAX - s->start_ns ? UINT64_MAX :
		    at + s->start_ns;
	*ns = at < start_ns ? 0 : at - start_ns;
	return (at >= start_ns);
}

/* Without events a threshold may be rounded, but not in silence. */
static void
warn_rounded(struct fe_select *s, const struct mt_meta *m)
{
	const uint64_t t = s->selection.threshold, used = mt_threshold(t);

	if (s->selection.view != MT_VIEW_TEMPORARY || s->warned ||
	    (m->flags & MT_CAPTURE_AGGREGATED) == 0 || t == used)
		return;
	warnx("warning: --temporary-allocation-threshold: %" PRIu64
	    " is taken for %" PRIu64 " where there are no events", t, used);
	s->warned = true;
}

const struct mt_selection *
fe_select_of(struct fe_select *s, struct mt_capture *c)
{
	const struct mt_meta *m = mt_capture_meta(c);
	bool selected;

	if (s->no_native && mt_capture_hide_native(c, NULL) != MT_OK)
		errx(1, "out of memory");

	if (!s->started) {
		s->start_ns = m->start_time_ns;
		s->started = true;
	}
	selected = mt_capture_is_selected(c, &s->selection);
	fe_select_saw(s, c, selected);
	if (!selected)
		return (NULL);
	warn_rounded(s, m);
	s->selection.from_ns = 0;
	s->selection.to_ns = UINT64_MAX;
	if (s->from.given)
		(void)since(s, &s->from, m->start_time_ns,
		    &s->selection.from_ns);
	if (s->to.given && !since(s, &s->to, m->start_time_ns,
	    &s->selection.to_ns))
		return (NULL);
	return (&s->selection);
}
