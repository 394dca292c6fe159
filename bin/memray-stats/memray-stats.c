/* Print statistics about the allocations of a program. */

#include <err.h>
#include <getopt.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <fe_alloc.h>
#include <fe_capture.h>
#include <fe_file.h>
#include <fe_opt.h>
#include <fe_out.h>
#include <fe_program.h>
#include <fe_select.h>
#include <fe_warn.h>

#include "stats.h"

#define NUM_LARGEST	5

/* Options that have no letter. */
enum { OPT_JSON = 256 };

static struct opts {
	uint64_t	 num_largest;
	const char	*output;
	bool		 force;
	bool		 json;
	struct fe_select select;
} opts = { .num_largest = NUM_LARGEST };

static const char usage_text[] =
    "usage: memray-stats [--json] [-f] [-n number] [-o file] [selection]\n"
    "                    capture ...\n";

static const char help_text[] =
    "\n"
    "Print how much a program allocated, in which sizes, how and where.\n"
    "\n"
    "  -n, --num-largest N    print the N largest places and modules "
    "(default 5)\n"
    "  -o, --output FILE      write to this file\n"
    "  -f, --force            overwrite it if it exists\n"
    "      --json             print one JSON object, as memray does\n"
    "  -h, --help             print this and exit\n"
    "  -V, --version          print the version and exit\n"
    "\n"
    "Instead of everything:\n";

static const char help_end[] =
    "\n"
    "Several captures are added up; - is the standard input.\n";

static const struct fe_program program = {
	"memray-stats", usage_text,
	{ help_text, fe_select_help_filters, help_end }
};

static void
parse_options(int argc, char *argv[])
{
	static const struct option table[] = {
		{ "force", no_argument, NULL, 'f' },
		{ "help", no_argument, NULL, 'h' },
		{ "json", no_argument, NULL, OPT_JSON },
		{ "num-largest", required_argument, NULL, 'n' },
		{ "output", required_argument, NULL, 'o' },
		{ "version", no_argument, NULL, 'V' },
		FE_SELECT_FILTERS,
		{ NULL, 0, NULL, 0 }
	};
	int c;

	while ((c = getopt_long(argc, argv, "Vfhn:o:", table, NULL)) != -1) {
		switch (c) {
		case 'V':
			fe_program_version(&program);
			break;
		case 'f':
			opts.force = true;
			break;
		case 'h':
			fe_program_help(&program);
			break;
		case 'n':
			opts.num_largest = fe_opt_count("--num-largest",
			    optarg, UINT32_MAX);
			break;
		case 'o':
			opts.output = optarg;
			break;
		case OPT_JSON:
			opts.json = true;
			break;
		default:
			if (!fe_select_option(&opts.select, c, optarg))
				fe_program_usage(&program);
		}
	}
}

/* Sizes of everything, or of the sites that have an amount. */
static enum mt_status
add_sizes(struct stats *s, struct mt_capture *c,
    const struct mt_amount *amounts, struct mt_error *e)
{
	const struct mt_histogram *h;
	enum mt_status st;

	st = mt_capture_histogram(c, &h, e);
	if (st == MT_OK && amounts == NULL)
		stats_sizes_add_all(&s->sizes, h);
	else if (st == MT_OK)
		stats_sizes_add_some(&s->sizes, h, amounts);
	/* What was aggregated long ago has no sizes. */
	return (st == MT_ERR_FORMAT ? MT_OK : st);
}

static void
add_totals(struct stats *s, const struct mt_meta *m)
{
	s->allocations += m->total_allocations;
	s->bytes += m->total_bytes;
	s->peak_bytes += m->peak_bytes;
	s->leaked_allocations += m->leaked_allocations;
	s->leaked_bytes += m->leaked_bytes;
}

/* The same of some sites. */
static enum mt_status
add_selected(struct stats *s, struct mt_capture *c,
    const struct mt_selection *sel, struct mt_error *e)
{
	const struct mt_site *sites;
	size_t n = mt_capture_sites(c, &sites);
	struct mt_amount *a = fe_alloc(n, sizeof(*a), 0);
	enum mt_status st;

	st = mt_capture_select(c, sel, a, e);
	for (size_t i = 0; st == MT_OK && i < n; i++) {
		if (a[i].allocations == 0)
			continue;
		s->allocations += sites[i].allocations;
		s->bytes += sites[i].bytes;
		s->peak_bytes += sites[i].peak_bytes;
		s->leaked_allocations += sites[i].leaked_allocations;
		s->leaked_bytes += sites[i].leaked_bytes;
	}
	if (st == MT_OK)
		st = add_sizes(s, c, a, e);
	free(a);
	return (st);
}

static enum mt_status
add(struct stats *s, struct mt_capture *c, const struct mt_selection *sel,
    struct mt_error *e)
{
	enum mt_status st;

	st = mt_merge_push_selection(s->merge, c, sel, e);
	if (st != MT_OK)
		return (st);
	if (fe_select_is_filtered(&opts.select))
		return (add_selected(s, c, sel, e));
	add_totals(s, mt_capture_meta(c));
	return (add_sizes(s, c, NULL, e));
}

/* Add one capture.  Returns whether it was read, and whole. */
static bool
add_capture(struct stats *s, const char *path)
{
	const struct mt_selection *sel;
	struct mt_capture *c;
	struct mt_error e;
	bool whole = true;

	if ((c = fe_capture_open(path)) == NULL)
		return (false);
	if (mt_capture_meta(c)->flags & MT_CAPTURE_NO_TOTALS) {
		fe_warning(path, "cannot compute statistics from an "
		    "aggregated capture of memray");
		mt_capture_close(c);
		return (false);
	}
	/* Locations and modules are Python's. */
	if (mt_capture_hide_native(c, &e) != MT_OK) {
		fe_warn(path, &e);
		exit(1);
	}
	sel = fe_select_of(&opts.select, c);
	if (sel == NULL) {
		mt_capture_close(c);
		return (true);
	}
	if (add(s, c, sel, &e) != MT_OK) {
		fe_warn(path, &e);
		exit(1);
	}
	fe_metas_add(&s->metas, path, mt_capture_meta(c));
	if (fe_meta_warn(path, mt_capture_meta(c)))
		whole = false;
	mt_capture_close(c);
	return (whole);
}

/* Returns whether everything could be written. */
static bool
print(struct stats *s)
{
	struct fe_file f;

	if (!fe_file_open(&f, opts.output, opts.force))
		return (false);
	stats_top_fill(s);
	if (opts.json)
		stats_json(s, f.fp);
	else if (isatty(fileno(f.fp)) == 1)
		stats_text(s, f.fp);
	else
		stats_pipe(s, f.fp);
	stats_top_fini(s);
	return (fe_file_close(&f));
}

int
main(int argc, char *argv[])
{
	struct mt_error e;
	struct stats s;
	int status = 0;

	fe_out_init();
	fe_select_init(&opts.select);
	opts.select.selection.view = MT_VIEW_ALL;
	parse_options(argc, argv);
	if (optind == argc)
		fe_program_usage(&program);
	memset(&s, 0, sizeof(s));
	s.num_largest = (size_t)opts.num_largest;
	if (mt_merge_new(&s.merge, &e) != MT_OK) {
		fe_warn(NULL, &e);
		return (1);
	}
	for (int i = optind; i < argc; i++)
		if (!add_capture(&s, argv[i]))
			status = 1;
	fe_select_say(&opts.select, s.metas.n > 0 && s.allocations == 0);
	if (s.metas.n == 0 && status == 0) {
		warnx("no capture is selected");
		status = 1;
	} else if (s.metas.n > 0 && !print(&s))
		status = 1;
	fe_metas_fini(&s.metas);
	stats_sizes_fini(&s.sizes);
	mt_merge_free(s.merge);
	fe_select_fini(&opts.select);
	return (fe_out_close(status));
}
