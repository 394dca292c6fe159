/* Show where a program allocated its memory as a tree of calls. */

#include <err.h>
#include <getopt.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <fe_alloc.h>
#include <fe_capture.h>
#include <fe_opt.h>
#include <fe_out.h>
#include <fe_program.h>
#include <fe_screen.h>
#include <fe_select.h>
#include <fe_warn.h>

#include "tree.h"

#define BIGGEST		200

/* Options that have no letter. */
enum { OPT_JSON = 256 };

static struct opts {
	struct fe_select	 select;
	uint64_t		 biggest;
	bool			 json;
} opts = { .biggest = BIGGEST };

static const char usage_text[] =
    "usage: memray-tree [--json] [-b number] [selection] capture ...\n";

static const char help_text[] =
    "\n"
    "Show where a program had its memory at its peak, as a tree of calls.\n"
    "\n"
    "  -b, --biggest-allocs N\n"
    "                         show the N biggest allocations (default 200)\n"
    "      --json             print one JSON object\n"
    "  -h, --help             print this and exit\n"
    "  -V, --version          print the version and exit\n"
    "\n"
    "Instead of everything at the peak:\n";

static const char help_end[] =
    "\n"
    "Several captures are added up; - is the standard input.\n";

static const struct fe_program program = {
	"memray-tree", usage_text, { help_text, fe_select_help, help_end }
};

static void
parse_options(int argc, char *argv[])
{
	static const struct option table[] = {
		{ "biggest-allocs", required_argument, NULL, 'b' },
		{ "help", no_argument, NULL, 'h' },
		{ "json", no_argument, NULL, OPT_JSON },
		{ "version", no_argument, NULL, 'V' },
		FE_SELECT_OPTIONS,
		{ NULL, 0, NULL, 0 }
	};
	int c;

	fe_select_init(&opts.select);
	while ((c = getopt_long(argc, argv, "Vb:h", table, NULL)) != -1) {
		switch (c) {
		case 'V':
			fe_program_version(&program);
			break;
		case 'b':
			opts.biggest = fe_opt_count("--biggest-allocs", optarg,
			    UINT32_MAX);
			break;
		case 'h':
			fe_program_help(&program);
			break;
		case OPT_JSON:
			opts.json = true;
			break;
		default:
			if (!fe_select_option(&opts.select, c, optarg))
				fe_program_usage(&program);
		}
	}
	fe_select_check(&opts.select);
}

/* Add one capture.  Returns whether it was read, and whole. */
static bool
add_capture(struct tree *t, const char *path)
{
	const struct mt_selection *sel;
	struct mt_capture *c;
	struct mt_error e;
	bool whole;

	if ((c = fe_capture_open(path)) == NULL)
		return (false);
	sel = fe_select_of(&opts.select, c);
	if (sel == NULL) {
		mt_capture_close(c);
		return (true);
	}
	if (mt_merge_push_selection(t->merge, c, sel, &e) != MT_OK) {
		fe_warn(path, &e);
		exit(1);
	}
	fe_metas_add(&t->metas, path, mt_capture_meta(c));
	whole = !fe_meta_warn(path, mt_capture_meta(c));
	mt_capture_close(c);
	return (whole);
}

/* "At the high-water mark of app.bin", to be freed. */
static char *
title(const struct tree *t)
{
	static const char *const views[] = {
		[MT_VIEW_PEAK] = "At the high-water mark",
		[MT_VIEW_LEAKS] = "Leaked",
		[MT_VIEW_TEMPORARY] = "Temporary allocations",
		[MT_VIEW_AT] = "At a moment",
		[MT_VIEW_RANGE] = "Of a time, not freed in it"
	};
	const char *view = views[opts.select.selection.view];

	if (t->metas.n == 1)
		return (fe_format("%s: %s", view, t->metas.file[0]));
	return (fe_format("%s: %zu captures", view, t->metas.n));
}

/* Returns the signal that ended it, 0 if none did. */
static int
show(const struct tree *t)
{
	char *s;
	int signo;

	if (opts.json) {
		tree_json(t, stdout);
		return (0);
	}
	if (!fe_screen_is_possible()) {
		tree_plain(t, stdout, isatty(fileno(stdout)) == 1);
		return (0);
	}
	s = title(t);
	signo = tree_screen(t, s);
	free(s);
	return (signo);
}

int
main(int argc, char *argv[])
{
	struct mt_error e;
	struct tree t;
	int status, signo = 0;

	fe_out_init();
	parse_options(argc, argv);
	if (optind == argc)
		fe_program_usage(&program);
	memset(&t, 0, sizeof(t));
	t.biggest = (size_t)opts.biggest;
	if (mt_merge_new(&t.merge, &e) != MT_OK) {
		fe_warn(NULL, &e);
		return (1);
	}
	for (int i = optind; i < argc; i++)
		if (!add_capture(&t, argv[i]))
			t.is_partial = true;
	if (t.metas.n > 0) {
		tree_fill(&t);
		signo = show(&t);
	}
	fe_select_say(&opts.select, t.metas.n > 0 &&
	    t.nodes[0].allocations == 0);
	if (t.metas.n == 0 && !t.is_partial) {
		warnx("no capture is selected");
		t.is_partial = true;
	}
	status = fe_out_close(t.is_partial);
	tree_fini(&t);
	fe_select_fini(&opts.select);
	if (signo != 0)
		(void)raise(signo);
	return (status);
}
