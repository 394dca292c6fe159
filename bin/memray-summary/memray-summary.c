/* Print which functions of a program use its memory. */

#include <err.h>
#include <getopt.h>
#include <stdlib.h>
#include <string.h>

#include <fe_alloc.h>
#include <fe_capture.h>
#include <fe_opt.h>
#include <fe_out.h>
#include <fe_program.h>
#include <fe_select.h>
#include <fe_warn.h>

#include "summary.h"

/* Options that have no letter. */
enum { OPT_JSON = 256, OPT_BY_PROCESS };

static struct opts {
	struct summary_style	style;
	struct fe_select	select;
} opts = { .style.sort = 1 };

static const char usage_text[] =
    "usage: memray-summary [--by-process] [--json] [-r rows] [-s column]\n"
    "                      [selection] capture ...\n";

static const char help_text[] =
    "\n"
    "Print which functions of a program held its memory at its peak.\n"
    "\n"
    "  -s, --sort-column N    sort by column 1 to 5 (default 1, total "
    "memory)\n"
    "  -r, --max-rows N       print N rows at most\n"
    "      --by-process       a table for each process\n"
    "      --json             print one JSON object\n"
    "  -h, --help             print this and exit\n"
    "  -V, --version          print the version and exit\n"
    "\n"
    "Instead of everything at the peak:\n";

static const char help_end[] =
    "\n"
    "Several captures are added up; - is the standard input.\n";

static const struct fe_program program = {
	"memray-summary", usage_text, { help_text, fe_select_help, help_end }
};

static void
parse_options(int argc, char *argv[])
{
	static const struct option table[] = {
		{ "by-process", no_argument, NULL, OPT_BY_PROCESS },
		{ "help", no_argument, NULL, 'h' },
		{ "json", no_argument, NULL, OPT_JSON },
		{ "max-rows", required_argument, NULL, 'r' },
		{ "sort-column", required_argument, NULL, 's' },
		{ "version", no_argument, NULL, 'V' },
		FE_SELECT_OPTIONS,
		{ NULL, 0, NULL, 0 }
	};
	int c;

	while ((c = getopt_long(argc, argv, "Vhr:s:", table, NULL)) != -1) {
		switch (c) {
		case 'V':
			fe_program_version(&program);
			break;
		case 'h':
			fe_program_help(&program);
			break;
		case 'r':
			opts.style.max_rows = fe_opt_count("--max-rows", optarg,
			    UINT32_MAX);
			break;
		case 's':
			opts.style.sort = (int)fe_opt_count("--sort-column",
			    optarg, 5);
			break;
		case OPT_BY_PROCESS:
			opts.style.by_process = true;
			break;
		case OPT_JSON:
			opts.style.json = true;
			break;
		default:
			if (!fe_select_option(&opts.select, c, optarg))
				fe_program_usage(&program);
		}
	}
	fe_select_check(&opts.select);
}

/* The summary that a capture belongs to. */
static struct mt_summary *
summary_for(struct summaries *all)
{
	struct summary *s;
	struct mt_error e;

	if (all->n > 0 && !opts.style.by_process)
		return (all->each[0].sum);
	all->each = fe_grow(all->each, all->n, sizeof(*all->each), &all->cap);
	s = &all->each[all->n++];
	s->meta = all->metas.n;
	if (mt_summary_new(&s->sum, MT_VIEW_PEAK, &e) != MT_OK) {
		fe_warn(NULL, &e);
		exit(1);
	}
	return (s->sum);
}

/* Add one capture.  Returns whether it was read, and whole. */
static bool
add_capture(struct summaries *all, const char *path)
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
	if (mt_summary_push_selection(summary_for(all), c, sel, &e) !=
	    MT_OK) {
		fe_warn(path, &e);
		exit(1);
	}
	fe_metas_add(&all->metas, path, mt_capture_meta(c));
	whole = !fe_meta_warn(path, mt_capture_meta(c));
	mt_capture_close(c);
	return (whole);
}

static bool
is_empty(const struct summaries *all)
{
	for (size_t i = 0; i < all->n; i++)
		if (mt_summary_allocations(all->each[i].sum) != 0 ||
		    mt_summary_bytes(all->each[i].sum) != 0)
			return (false);
	return (all->n > 0);
}

static void
summaries_fini(struct summaries *all)
{
	for (size_t i = 0; i < all->n; i++)
		mt_summary_free(all->each[i].sum);
	free(all->each);
	fe_metas_fini(&all->metas);
}

int
main(int argc, char *argv[])
{
	struct summaries all;
	int status = 0;

	fe_out_init();
	fe_select_init(&opts.select);
	parse_options(argc, argv);
	if (optind == argc)
		fe_program_usage(&program);
	memset(&all, 0, sizeof(all));
	for (int i = optind; i < argc; i++)
		if (!add_capture(&all, argv[i]))
			status = 1;
	fe_select_say(&opts.select, is_empty(&all));
	if (all.metas.n > 0) {
		summary_print(&all, &opts.style);
	} else if (status == 0) {
		warnx("no capture is selected");
		status = 1;
	}
	summaries_fini(&all);
	fe_select_fini(&opts.select);
	return (fe_out_close(status));
}
