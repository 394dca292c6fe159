/* Print which functions of a program use its memory. */

#include <err.h>
#include <getopt.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <fe_json.h>
#include <fe_meta.h>
#include <fe_opt.h>
#include <fe_out.h>
#include <fe_table.h>
#include <fe_term.h>
#include <fe_warn.h>
#include <memtrace.h>

#define EXIT_USAGE	2
#define SCREEN_REST	5	/* lines for titles, prompt and command */
#define SCREEN_ROWS_MIN	10

/* Options that have no letter. */
enum { OPT_LEAKS = 256, OPT_JSON };

static struct opts {
	enum mt_view	view;
	int		sort;
	uint64_t	max_rows;	/* 0: as many as fit, or all */
	bool		json;
} opts = { .view = MT_VIEW_PEAK, .sort = 1 };

static const char usage_text[] =
    "usage: memray-summary [--json] [--leaks] [-r rows] [-s column] "
    "capture ...\n";

static const char help_text[] =
    "\n"
    "Print which functions of a program held its memory at its peak.\n"
    "\n"
    "  -s, --sort-column N  sort by column 1 to 5 (default 1, total memory)\n"
    "  -r, --max-rows N     print N rows at most\n"
    "      --leaks          what was never freed, instead of the peak\n"
    "      --json           print one JSON object\n"
    "  -h, --help           print this and exit\n"
    "  -V, --version        print the version and exit\n"
    "\n"
    "Several captures are added up; - is the standard input.\n";

static void
usage(void)
{
	(void)fputs(usage_text, stderr);
	exit(EXIT_USAGE);
}

static uint64_t
number(const char *option, const char *s, uint64_t max)
{
	uint64_t n;

	if (fe_opt_number(s, 1, max, &n))
		return (n);
	if (max == UINT32_MAX)
		errx(EXIT_USAGE, "%s: not a positive number: %s", option, s);
	errx(EXIT_USAGE, "%s: not a number from 1 to %" PRIu64 ": %s", option,
	    max, s);
}

static void
help(void)
{
	(void)fputs(usage_text, stdout);
	(void)fputs(help_text, stdout);
	exit(fe_out_close(0));
}

static void
version(void)
{
	(void)printf("memray-summary %s\n", MT_VERSION_STRING);
	exit(fe_out_close(0));
}

static void
parse_options(int argc, char *argv[])
{
	static const struct option table[] = {
		{ "help", no_argument, NULL, 'h' },
		{ "json", no_argument, NULL, OPT_JSON },
		{ "leaks", no_argument, NULL, OPT_LEAKS },
		{ "max-rows", required_argument, NULL, 'r' },
		{ "sort-column", required_argument, NULL, 's' },
		{ "version", no_argument, NULL, 'V' },
		{ NULL, 0, NULL, 0 }
	};
	int c;

	while ((c = getopt_long(argc, argv, "Vhr:s:", table, NULL)) != -1) {
		switch (c) {
		case 'V':
			version();
			break;
		case 'h':
			help();
			break;
		case 'r':
			opts.max_rows = number("--max-rows", optarg,
			    UINT32_MAX);
			break;
		case 's':
			opts.sort = (int)number("--sort-column", optarg, 5);
			break;
		case OPT_JSON:
			opts.json = true;
			break;
		case OPT_LEAKS:
			opts.view = MT_VIEW_LEAKS;
			break;
		default:
			usage();
		}
	}
}

/* Add one capture.  Returns whether it was read, and whole. */
static bool
add_capture(struct mt_summary *sum, struct fe_metas *metas, const char *path)
{
	struct mt_capture *c;
	struct mt_error e;
	const struct mt_meta *m;
	bool whole;

	if (mt_capture_open(&c, path, &e) != MT_OK) {
		fe_warn(path, &e);
		return (false);
	}
	if (mt_summary_push(sum, c, &e) != MT_OK) {
		fe_warn(path, &e);
		exit(1);
	}
	m = mt_capture_meta(c);
	fe_metas_add(metas, path, m);
	whole = !fe_meta_warn(path, m);
	mt_capture_close(c);
	return (whole);
}

static double
percent(uint64_t part, uint64_t whole)
{
	return (whole == 0 ? 0 : 100 * (double)part / (double)whole);
}

static void
print_json(struct mt_summary *sum, const struct mt_row *r, size_t n,
    const struct fe_metas *metas)
{
	uint64_t bytes = mt_summary_bytes(sum);
	struct fe_json j;

	fe_json_init(&j, stdout, 2);
	fe_json_object(&j);
	fe_json_key(&j, "metadata");
	fe_metas_json(metas, &j);
	fe_json_key(&j, "rows");
	fe_json_array(&j);
	for (const struct mt_row *end = r + n; r < end; r++) {
		fe_json_object(&j);
		fe_json_key(&j, "function");
		fe_json_string(&j, r->function);
		fe_json_key(&j, "file");
		fe_json_string(&j, r->file);
		fe_json_key(&j, "line");
		fe_json_uint(&j, r->line);
		fe_json_key(&j, "total_bytes");
		fe_json_uint(&j, r->total_bytes);
		fe_json_key(&j, "total_percent");
		fe_json_decimal(&j, percent(r->total_bytes, bytes));
		fe_json_key(&j, "own_bytes");
		fe_json_uint(&j, r->own_bytes);
		fe_json_key(&j, "own_percent");
		fe_json_decimal(&j, percent(r->own_bytes, bytes));
		fe_json_key(&j, "allocations");
		fe_json_uint(&j, r->total_allocations);
		fe_json_end(&j);
	}
	fe_json_end(&j);
	fe_json_end(&j);
}

static void
print_table(struct mt_summary *sum, const struct mt_row *r, size_t n,
    const struct fe_term *term)
{
	static const struct fe_column columns[] = {
		{ "Location", FE_LOCATION },
		{ "Total Memory", FE_SIZE },
		{ "Total Memory %", FE_PERCENT },
		{ "Own Memory", FE_SIZE },
		{ "Own Memory %", FE_PERCENT },
		{ "Allocation Count", FE_COUNT }
	};
	const uint64_t bytes = mt_summary_bytes(sum);
	const uint64_t count = mt_summary_allocations(sum);
	struct fe_table *t = fe_table_new(stdout, term, columns, 6,
	    (size_t)opts.sort);

	for (const struct mt_row *end = r + n; r < end; r++) {
		const double total = percent(r->total_bytes, bytes);
		const double own = percent(r->own_bytes, bytes);
		const struct fe_cell cells[6] = {
			{ .function = r->function, .file = r->file },
			{ .number = r->total_bytes, .share = total },
			{ .share = total },
			{ .number = r->own_bytes, .share = own },
			{ .share = own },
			{ .number = r->total_allocations,
			    .share = percent(r->total_allocations, count) }
		};

		fe_table_row(t, cells);
	}
	fe_table_finish(t);
}

/* A screenful for people, everything for programs, unless told otherwise. */
static uint64_t
row_limit(const struct fe_term *term)
{
	if (opts.max_rows != 0)
		return (opts.max_rows);
	if (!term->tty || opts.json)
		return (UINT64_MAX);
	return (term->lines >= SCREEN_ROWS_MIN + SCREEN_REST ?
	    term->lines - SCREEN_REST : SCREEN_ROWS_MIN);
}

static void
print(struct mt_summary *sum, const struct fe_metas *metas)
{
	struct fe_term term;
	const struct mt_row *rows;
	uint64_t limit;
	size_t n;

	fe_term_init(&term, fileno(stdout));
	if ((rows = mt_summary_rows(sum, opts.sort, &n)) == NULL)
		errx(1, "out of memory");
	if (n > (limit = row_limit(&term)))
		n = (size_t)limit;
	if (opts.json)
		print_json(sum, rows, n, metas);
	else
		print_table(sum, rows, n, &term);
}

int
main(int argc, char *argv[])
{
	struct mt_summary *sum;
	struct fe_metas metas;
	struct mt_error e;
	int status = 0;

	fe_out_init();
	parse_options(argc, argv);
	if (optind == argc)
		usage();
	if (mt_summary_new(&sum, opts.view, &e) != MT_OK) {
		fe_warn(NULL, &e);
		return (1);
	}
	memset(&metas, 0, sizeof(metas));
	for (int i = optind; i < argc; i++)
		if (!add_capture(sum, &metas, argv[i]))
			status = 1;
	if (metas.n > 0)
		print(sum, &metas);
	fe_metas_fini(&metas);
	mt_summary_free(sum);
	return (fe_out_close(status));
}
