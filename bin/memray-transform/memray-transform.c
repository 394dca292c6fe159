/* Write what is in captures in the formats of other tools. */

#include <err.h>
#include <getopt.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <unistd.h>

#include <fe_capture.h>
#include <fe_file.h>
#include <fe_out.h>
#include <fe_program.h>
#include <fe_select.h>
#include <fe_text.h>
#include <fe_warn.h>

#include "transform.h"

/* The names of all formats. */
#define FORMATS								\
    "aggregate, csv, folded, gprof2dot, memray, pprof, speedscope"

enum format_flag {
	FORMAT_BINARY = 1,	/* not for terminals */
	FORMAT_WHOLE = 2	/* all that is in captures, not a selection */
};

static const struct format {
	const char	*name;
	const char	*suffix;
	/* NULL: a capture, of the one that is given. */
	void		(*write)(const struct transform *, FILE *);
	unsigned	 flags;		/* enum format_flag */
} formats[] = {
	{ "aggregate", ".bin", NULL, FORMAT_BINARY | FORMAT_WHOLE },
	{ "csv", ".csv", transform_csv, 0 },
	{ "folded", ".folded", transform_folded, 0 },
	{ "gprof2dot", ".json", transform_gprof2dot, 0 },
	{ "memray", ".bin", transform_memray, FORMAT_BINARY | FORMAT_WHOLE },
	{ "pprof", ".pb.gz", transform_pprof, FORMAT_BINARY },
	{ "speedscope", ".speedscope.json", transform_speedscope, 0 }
};

static struct opts {
	const struct format	*format;
	struct fe_select	 select;
	const char		*output;
	bool			 force;
} opts;

static const char usage_text[] =
    "usage: memray-transform [-f] [-o file] [selection] format capture ...\n";

static const char help_text[] =
    "\n"
    "Write what a program allocated in the format of another tool.\n"
    "\n"
    "  -o, --output FILE      write to this file; - is the standard output\n"
    "  -f, --force            overwrite the file if it exists\n"
    "  -h, --help             print this and exit\n"
    "  -V, --version          print the version and exit\n"
    "\n"
    "Instead of everything at the peak:\n";

static const char help_end[] =
    "\n"
    "Formats: " FORMATS ".\n"
    "Several captures are added up; - is the standard input.\n";

static const struct fe_program program = {
	"memray-transform", usage_text, { help_text, fe_select_help, help_end }
};

static void
parse_options(int argc, char *argv[])
{
	static const struct option table[] = {
		{ "force", no_argument, NULL, 'f' },
		{ "help", no_argument, NULL, 'h' },
		{ "output", required_argument, NULL, 'o' },
		{ "version", no_argument, NULL, 'V' },
		FE_SELECT_OPTIONS,
		{ NULL, 0, NULL, 0 }
	};
	int c;

	while ((c = getopt_long(argc, argv, "Vfho:", table, NULL)) != -1) {
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
		case 'o':
			opts.output = optarg;
			break;
		default:
			if (!fe_select_option(&opts.select, c, optarg))
				fe_program_usage(&program);
		}
	}
	fe_select_check(&opts.select);
}

static const struct format *
find_format(const char *name)
{
	for (size_t i = 0; i < sizeof(formats) / sizeof(formats[0]); i++)
		if (strcasecmp(name, formats[i].name) == 0)
			return (&formats[i]);
	errx(FE_EXIT_USAGE, "Format not supported: %s; there are " FORMATS,
	    name);
}

/*
 * Add one capture, which stays open if there is but one.  Returns whether it
 * was read, and whole.
 */
static bool
add_capture(struct transform *t, const char *path, bool single)
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
	if (single)
		t->capture = c;
	else
		mt_capture_close(c);
	return (whole);
}

/* Say where it went when we have chosen that. */
static void
say_wrote(const char *name)
{
	char *clean = fe_text_clean(name, false);

	warnx("wrote %s", clean);
	free(clean);
}

/*
 * The report goes where the user says, else beside the first capture; what
 * came from the standard input has no such place.  *own is the name that we
 * have chosen, to be freed, or NULL.
 */
static bool
open_output(struct fe_file *f, const char *capture, char **own)
{
	*own = NULL;
	if (opts.output == NULL && strcmp(capture, "-") != 0)
		*own = fe_file_name(capture, opts.format->name,
		    opts.format->suffix);
	if (!fe_file_open(f, *own != NULL ? *own : opts.output, opts.force))
		return (false);
	if ((opts.format->flags & FORMAT_BINARY) == 0 ||
	    isatty(fileno(f->fp)) != 1)
		return (true);
	warnx("%s is not for terminals", opts.format->name);
	fe_file_discard(f);
	return (false);
}

static void
warn_shortened(const struct transform *t)
{
	size_t n = transform_shortened(t);

	if (n > 0)
		warnx("warning: stacks without calls in their middle, since "
		    "they have more than %d: %zu", TRANSFORM_DEPTH, n);
}

static bool
print(struct transform *t, const char *capture)
{
	struct fe_file f;
	char *own;
	bool ok;

	ok = open_output(&f, capture, &own);
	if (ok) {
		transform_fill(t, (opts.format->flags & FORMAT_WHOLE) == 0);
		opts.format->write(t, f.fp);
		/* What takes no selection has all, whatever is selected. */
		t->is_empty = t->nrecords == 0 &&
		    (opts.format->flags & FORMAT_WHOLE) == 0;
		warn_shortened(t);
		transform_fini(t);
		ok = fe_file_close(&f);
	}
	if (ok && own != NULL)
		say_wrote(own);
	free(own);
	return (ok);
}

static int
report(int argc, char *argv[])
{
	struct transform t;
	struct mt_error e;
	int status = 0;

	memset(&t, 0, sizeof(t));
	t.view = opts.select.selection.view;
	if (mt_merge_new(&t.merge, &e) != MT_OK) {
		fe_warn(NULL, &e);
		return (1);
	}
	for (int i = 0; i < argc; i++)
		if (!add_capture(&t, argv[i], argc == 1))
			status = 1;
	if (t.metas.n > 0 && !print(&t, argv[0]))
		status = 1;
	fe_select_say(&opts.select, t.is_empty);
	if (t.metas.n == 0 && status == 0) {
		warnx("no capture is selected");
		status = 1;
	}
	fe_metas_fini(&t.metas);
	mt_merge_free(t.merge);
	mt_capture_close(t.capture);
	return (status);
}

/* ---- A capture -------------------------------------------------------- */

/* Returns whether the tables were read; *whole, whether that is all. */
static bool
read_tables(struct transform_tables *t, const char *path, bool *whole)
{
	struct mt_capture *c;
	struct mt_error e;

	if ((c = fe_capture_open(path)) == NULL)
		return (false);
	if (transform_aggregate(t, c, &e) != MT_OK) {
		fe_warn(path, &e);
		exit(1);
	}
	*whole = !fe_meta_warn(path, mt_capture_meta(c));
	mt_capture_close(c);
	return (true);
}

static bool
write_tables(const struct transform_tables *t, const char *capture)
{
	struct mt_error e;
	struct fe_file f;
	char *own;
	bool ok;

	ok = open_output(&f, capture, &own);
	if (ok && transform_aggregate_write(t, fileno(f.fp), &e) != MT_OK) {
		fe_warn(f.name, &e);
		fe_file_discard(&f);
		ok = false;
	} else if (ok)
		ok = fe_file_close(&f);
	if (ok && own != NULL)
		say_wrote(own);
	free(own);
	return (ok);
}

/* There is one capture in a file, and it is that of everything. */
static int
aggregate(int argc, char *argv[])
{
	struct transform_tables t;
	bool whole;
	int status;

	if (argc != 1)
		errx(FE_EXIT_USAGE, "aggregate: takes one capture");
	if (!read_tables(&t, argv[0], &whole))
		return (1);
	status = !write_tables(&t, argv[0]) || !whole;
	transform_aggregate_fini(&t);
	return (status);
}

int
main(int argc, char *argv[])
{
	int status;

	fe_out_init();
	fe_select_init(&opts.select);
	parse_options(argc, argv);
	if (argc - optind < 2)
		fe_program_usage(&program);
	opts.format = find_format(argv[optind++]);
	if ((opts.format->flags & FORMAT_WHOLE) != 0 &&
	    fe_select_is_any(&opts.select))
		errx(FE_EXIT_USAGE, "%s: takes no selection",
		    opts.format->name);
	status = opts.format->write == NULL ?
	    aggregate(argc - optind, argv + optind) :
	    report(argc - optind, argv + optind);
	fe_select_fini(&opts.select);
	return (fe_out_close(status));
}
