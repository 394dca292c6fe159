/* Why nothing was recorded: each cause has a line of its own. */

#include <sys/wait.h>

#include <err.h>
#include <stdlib.h>
#include <string.h>

#include <fe_text.h>
#include <mt_collect.h>

#include "run_file.h"
#include "run_image.h"
#include "run_nothing.h"
#include "run_report.h"
#include "run_util.h"

#define PY_RANGE	"3.8 to 3.15"
#define NOTHING		"nothing was recorded: "

/* The first word of sys.version, "3.7.17". */
static void
say_version(const char *name, const char *sys_version)
{
	char *version = fe_text_clean(sys_version, false);

	version[strcspn(version, " ")] = '\0';
	warnx(NOTHING "%s is Python %s, not " PY_RANGE, name,
	    *version != '\0' ? version : "(unknown)");
	free(version);
}

/* A program that the recording library cannot get into. */
static void
say_opaque(const char *opaque)
{
	char *clean = fe_text_clean(opaque, false);

	warnx(NOTHING "%s, so nothing is loaded into it", clean);
	free(clean);
}

/* Nobody said hello: what is known of the process says why. */
static void
say_unheard(const struct mt_collect_result *r, const struct run_ran *ran,
    const char *name)
{
	const struct run_image *im = ran->image;
	int code = WIFEXITED(ran->status) ? WEXITSTATUS(ran->status) : 0;

	if (im->privileged)
		warnx(NOTHING "%s has more privileges than its caller, so "
		    "nothing is loaded into it", name);
	else if (run_file_is_static(ran->program))
		warnx(NOTHING "%s is statically linked, so nothing is loaded "
		    "into it", name);
	else if (*r->opaque != '\0')
		say_opaque(r->opaque);
	else if (im->other_user)
		warnx(NOTHING "%s became user %lu, who cannot reach "
		    "memray-run", name, (unsigned long)im->uid);
	else if (code == RUN_EXIT_NOEXEC || code == RUN_EXIT_NOENT)
		warnx(NOTHING "%s ended with %d before any Python began",
		    name, code);
	else
		warnx(NOTHING "%s ran no CPython that exports its symbols",
		    name);
}

void
run_nothing(const struct mt_collect_result *r, const struct run_ran *ran)
{
	char *name = fe_text_clean(ran->program, false);

	if (r->unsupported != 0)
		say_version(name, r->py_version);
	else if (r->starved != 0)
		warnx(NOTHING "no shared memory for %s", name);
	else if (r->traced != 0)
		warnx(NOTHING "%s ran no Python code", name);
	else if (r->untraceable != 0)
		warnx(NOTHING "%s ran no other Python", name);
	else
		say_unheard(r, ran, name);
	free(name);
}
