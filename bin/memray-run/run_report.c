/* What memray-run says at the end of a run. */

#include <sys/wait.h>

#include <ctype.h>
#include <err.h>
#include <inttypes.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <fe_size.h>
#include <fe_text.h>

#include "run_name.h"
#include "run_nothing.h"
#include "run_report.h"
#include "run_util.h"

/*
 * Lines of the agent and about processes, some of which come from the
 * program.  Returns how many there are.
 */
static unsigned
print_lines(const char *before, const char *lines)
{
	char *copy = run_format("%s", lines), *rest = copy, *line, *clean;
	unsigned n = 0;

	while ((line = strsep(&rest, "\n")) != NULL) {
		if (*line == '\0')
			continue;
		clean = fe_text_clean(line, false);
		warnx("%s%s", before, clean);
		free(clean);
		n++;
	}
	free(copy);
	return (n);
}

static const char *
plural(unsigned n, const char *one, const char *many)
{
	return (n == 1 ? one : many);
}

/* Pythons that should have been recorded; returns how many. */
static unsigned
print_untraced(const struct mt_collect_result *r)
{
	unsigned n = r->ignored + r->unsupported + r->untraceable, said;

	if (r->unheard > 0)
		warnx("not recorded: %u process%s that could not reach "
		    "memray-run, of another user perhaps", r->unheard,
		    plural(r->unheard, "", "es"));

	said = print_lines("not recorded: ", r->untraced);
	if (said == 0 && n > 0)
		warnx("not recorded: %u Python process%s", n,
		    plural(n, "", "es"));
	else if (said < n)
		warnx("not recorded: %u more", n - said);
	return (n + r->unheard);
}

/* What --follow-fork would have added. */
static void
print_not_followed(const struct mt_collect_result *r)
{
	const char *base = run_basename(r->executed);
	const unsigned n = r->ignored + r->unfollowed;
	char *path;

	if (r->replaced && strncmp(base, "python", 6) == 0) {
		path = fe_text_clean(r->executed, false);
		warnx("the program then executed %s: --follow-fork records "
		    "that, too", path);
		free(path);
	}
	if (n > 0)
		warnx("%u child process%s not recorded: add --follow-fork", n,
		    plural(n, " was", "es were"));
}

/* Returns whether there was any. */
static bool
print_trouble(const struct mt_collect_result *r, const struct run_capture *c)
{
	const char *name = c != NULL ? c->name : "live";
	char what[64] = "the capture is not complete";

	if (r->lost_events != 0)
		(void)snprintf(what, sizeof(what), "%" PRIu64 " event%s lost",
		    r->lost_events, r->lost_events == 1 ? " was" : "s were");
	if (r->lost_threads != 0)
		warnx("not recorded for a time: %" PRIu64 " thread%s, for want "
		    "of shared memory that memray-run reads",
		    r->lost_threads, r->lost_threads == 1 ? "" : "s");
	if (r->status != MT_OK)
		warnx("%s: %s%s%s; %s", *r->failed != '\0' ? r->failed :
		    name, r->error.text,
		    r->error.sys != 0 ? ": " : "",
		    r->error.sys != 0 ? strerror(r->error.sys) : "", what);
	else if (r->lost_events != 0)
		warnx("%s: %s", name, what);
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

/* Of other processes, whose names begin with that of the first. */
static void
print_others(const struct mt_collect_result *r, const struct run_capture *c)
{
	const unsigned n = r->captures - 1;
	char size[FE_SIZE_MAX], *name = fe_text_clean(c->name, false);

	warnx("recorded %u process%s: %s.* %s %u more capture%s (%s)",
	    r->processes, plural(r->processes, "", "es"), name,
	    plural(n, "is", "are"), n, plural(n, "", "s"),
	    fe_size(size, r->all_bytes - r->capture_bytes));
	free(name);
}

/* The one that is worth looking at first. */
static void
print_most(const struct mt_collect_result *r, const struct run_capture *c)
{
	char peak[FE_SIZE_MAX], *name = fe_text_clean(*r->most_name != '\0' ?
	    r->most_name : c->name, false);

	warnx("the largest peak, %s, is that of process %ld: %s",
	    fe_size(peak, r->most_peak), (long)r->most_pid, name);
	free(name);
}

static const char *
signal_name(int sig, char *buf, size_t size)
{
	static const struct {
		int		 sig;
		const char	*name;
	} names[] = {
		{ SIGABRT, "SIGABRT" }, { SIGBUS, "SIGBUS" },
		{ SIGFPE, "SIGFPE" }, { SIGHUP, "SIGHUP" },
		{ SIGILL, "SIGILL" }, { SIGINT, "SIGINT" },
		{ SIGKILL, "SIGKILL (out of memory?)" },
		{ SIGPIPE, "SIGPIPE" }, { SIGQUIT, "SIGQUIT" },
		{ SIGSEGV, "SIGSEGV" }, { SIGTERM, "SIGTERM" },
		{ SIGXCPU, "SIGXCPU" }
	};

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		if (names[i].sig == sig)
			return (names[i].name);
	(void)snprintf(buf, size, "signal %d", sig);
	return (buf);
}

static bool
was_killed(const struct mt_collect_result *r)
{
	return (r->has_status && WIFSIGNALED(r->wait_status));
}

/* How what was recorded ended, if not well. */
static void
print_end(const struct mt_collect_result *r)
{
	char held[FE_SIZE_MAX], buf[24];

	if (was_killed(r))
		warnx("the program was killed by %s while it held %s",
		    signal_name(WTERMSIG(r->wait_status), buf, sizeof(buf)),
		    fe_size(held, r->leaked_bytes));
	else if (r->has_status && WIFEXITED(r->wait_status) &&
	    WEXITSTATUS(r->wait_status) != 0)
		warnx("the program ended with status %d",
		    WEXITSTATUS(r->wait_status));
}

static void
print_summary(const struct mt_collect_result *r, const struct run_capture *c)
{
	char size[FE_SIZE_MAX], peak[FE_SIZE_MAX];
	char *name = fe_text_clean(c->name, false), *arg, *others;

	warnx("wrote %s (%s): peak %s, %" PRIu64 " allocation%s", name,
	    fe_size(size, r->capture_bytes), fe_size(peak, r->peak_bytes),
	    r->allocations, r->allocations == 1 ? "" : "s");
	free(name);
	if (r->captures > 1) {
		print_others(r, c);
		print_most(r, c);
	}
	if (!c->is_file)
		return;
	arg = shell_quote(c->name);
	others = r->captures > 1 ? run_format(" %s.*", arg) :
	    run_format("%s", "");
	if (c->unnamed)
		warnx("to name its native frames: memray-symbolize %s%s", arg,
		    others);
	if (was_killed(r) && r->captures == 1)
		warnx("to see what it held: memray-summary --leaks %s", arg);
	else
		warnx("to see it: memray-summary %s%s", arg, others);
	free(others);
	free(arg);
}

/* There was no capture to be written. */
static void
print_totals(const struct mt_collect_result *r)
{
	char peak[FE_SIZE_MAX];

	warnx("no capture was asked for (see -o): peak %s, %" PRIu64
	    " allocation%s", fe_size(peak, r->peak_bytes), r->allocations,
	    r->allocations == 1 ? "" : "s");
}

bool
run_report(const struct mt_collect_result *r, const struct run_ran *ran,
    const struct run_capture *c)
{
	unsigned untraced = 0;
	bool trouble;

	(void)print_lines("", r->notes);
	if (ran->follow)
		untraced = print_untraced(r);
	if (c == NULL ? !r->recorded : r->captures == 0) {
		if (!ran->follow)
			(void)print_lines("not recorded: ", r->untraced);
		run_nothing(r, ran);
		return (false);
	}
	trouble = print_trouble(r, c);
	if (!ran->quiet && !ran->follow)
		print_not_followed(r);
	if (!ran->quiet)
		print_end(r);
	if (!ran->quiet && c == NULL)
		print_totals(r);
	else if (!ran->quiet)
		print_summary(r, c);
	return (!trouble && untraced == 0);
}
