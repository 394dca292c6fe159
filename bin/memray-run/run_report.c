/* What memray-run says at the end of a run. */

#include <ctype.h>
#include <err.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <fe_size.h>
#include <fe_text.h>

#include "run_name.h"
#include "run_report.h"
#include "run_util.h"

#define PY_RANGE	"3.8 to 3.15"

/* Lines of the agent and about processes.  Some came from the program. */
static void
print_notes(const char *notes)
{
	char *copy = run_format("%s", notes), *rest = copy, *line, *clean;

	while ((line = strsep(&rest, "\n")) != NULL) {
		if (*line == '\0')
			continue;
		clean = fe_text_clean(line, false);
		warnx("%s", clean);
		free(clean);
	}
	free(copy);
}

/* The first word of sys.version, "3.7.17". */
static void
print_untraced(const struct mt_collect_result *r, const char *program)
{
	char *version, *name = fe_text_clean(program, false);

	if (r->unsupported != 0) {
		version = fe_text_clean(r->py_version, false);
		version[strcspn(version, " ")] = '\0';
		warnx("nothing was recorded: %s is Python %s, not " PY_RANGE,
		    name, *version != '\0' ? version : "(unknown)");
		free(version);
	} else if (r->ignored != 0) {
		warnx("nothing was recorded: no shared memory for %s", name);
	} else {
		warnx("nothing was recorded: %s ran no CPython that exports "
		    "its symbols", name);
	}
	free(name);
}

/* Returns whether there was any. */
static bool
print_trouble(const struct mt_collect_result *r, const struct run_capture *c)
{
	char what[64] = "the capture is not complete";

	if (r->lost_events != 0)
		(void)snprintf(what, sizeof(what), "%" PRIu64 " event%s lost",
		    r->lost_events, r->lost_events == 1 ? " was" : "s were");
	if (r->status != MT_OK)
		warnx("%s: %s%s%s; %s", c->name, r->error.text,
		    r->error.sys != 0 ? ": " : "",
		    r->error.sys != 0 ? strerror(r->error.sys) : "", what);
	else if (r->lost_events != 0)
		warnx("%s: %s", c->name, what);
	return (r->status != MT_OK || r->lost_events != 0);
}

/* As an argument in a shell, to be freed. */
static char *
shell_quote(const char *s)
{
	static const char plain[] = "%+,-./:=@_";
	size_t len = strlen(s), n = 0;
	bool safe = len != 0;
	char *q;

	for (const char *p = s; *p != '\0'; p++)
		if (!isalnum((unsigned char)*p) && strchr(plain, *p) == NULL)
			safe = false;
	if (safe)
		return (run_format("%s%s", *s == '-' ? "./" : "", s));
	q = run_alloc(len * 4 + 3, 1);
	q[n++] = '\'';
	for (const char *p = s; *p != '\0'; p++) {
		if (*p == '\'') {
			memcpy(q + n, "'\\''", 4);
			n += 4;
		} else {
			q[n++] = *p;
		}
	}
	q[n] = '\'';
	return (q);
}

static void
print_summary(const struct mt_collect_result *r, const struct run_capture *c)
{
	char size[FE_SIZE_MAX], peak[FE_SIZE_MAX];
	char *name = fe_text_clean(c->name, false), *arg;

	warnx("wrote %s (%s): peak %s, %" PRIu64 " allocation%s", name,
	    fe_size(size, r->capture_bytes), fe_size(peak, r->peak_bytes),
	    r->allocations, r->allocations == 1 ? "" : "s");
	free(name);
	if (!c->is_file)
		return;
	arg = shell_quote(c->name);
	warnx("to see it: memray-summary %s", arg);
	free(arg);
}

bool
run_report(const struct mt_collect_result *r, const char *program,
    const struct run_capture *c, bool quiet)
{
	bool trouble;

	print_notes(r->notes);
	print_notes(r->untraced);
	if (r->traced == 0) {
		print_untraced(r, program);
		return (false);
	}
	trouble = print_trouble(r, c);
	if (!quiet)
		print_summary(r, c);
	return (!trouble);
}
