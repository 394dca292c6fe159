/* Write what is in captures in the formats of other tools. */

#include <err.h>
#include <getopt.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <unistd.h>

#include <fe_file.h>
#include <fe_out.h>
#include <fe_text.h>
#include <fe_warn.h>

#include "transform.h"

#define EXIT_USAGE	2

/* Options that have no letter. */
enum { OPT_LEAKS = 256 };

enum format_flag {
	FORMAT_BINARY = 1,	/* not for terminals */
	FORMAT_WHOLE = 2	/* all that is in captures, not a view */
};

static const struct format {
	const char	*name;
	const char	*suffix;
	void		(*write)(const struct transform *, FILE *);
	unsigned	 flags;		/* enum format_flag */
} formats[] = {
	{ "csv", ".csv", transform_csv, 0 },
	{ "folded", ".folded", transform_folded, 0 },
	{ "gprof2dot", ".json", transform_gprof2dot, 0 },
	{ "memray", ".bin", transform_memray, FORMAT_BINARY | FORMAT_WHOLE },
	{ "pprof", ".pb.gz", transform_pprof, FORMAT_BINARY },
	{ "speedscope", ".speedscope.json", transform_speedscope, 0 }
};

static struct opts {
	const struct format	*format;
	enum mt_view		 view;
	const char		*output;
	bool			 force;
} opts = { .view = MT_VIEW_PEAK };

static const char usage_text[] =
    "usage: memray-transform [--leaks] [-f] [-o file] format capture ...\n";

static const char help_text[] =
    "\n"
    "Write what a program allocated in the format of another tool.\n"
    "\n"
    "  -o, --output FILE  write to this file; - is the standard output\n"
    "  -f, --force        overwrite the file if it exists\n"
    "      --leaks        what was never freed, instead of the peak\n"
    "  -h, --help         print this and exit\n"
    "  -V, --version      print the version and exit\n"
    "\n"
    "Formats: csv, folded, gprof2dot, memray, pprof, speedscope.\n"
    "Several captures are added up; - is the standard input.\n";

static void
usage(void)
{
	(void)fputs(usage_text, stderr);
	exit(EXIT_USAGE);
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
	(void)printf("memray-transform %s\n", MT_VERSION_STRING);
	exit(fe_out_close(0));
}

static void
parse_options(int argc, char *argv[])
{
	static const struct option table[] = {
		{ "force", no_argument, NULL, 'f' },
		{ "help", no_argument, NULL, 'h' },
		{ "leaks", no_argument, NULL, OPT_LEAKS },
		{ "output", required_argument, NULL, 'o' },
		{ "version", no_argument, NULL, 'V' },
		{ NULL, 0, NULL, 0 }
	};
	int c;

	while ((c = getopt_long(argc, argv, "Vfho:", table, NULL)) != -1) {
		switch (c) {
		case 'V':
			version();
			break;
		case 'f':
			opts.force = true;
			break;
		case 'h':
			help();
			break;
		case 'o':
			opts.output = optarg;
			break;
		case OPT_LEAKS:
			opts.view = MT_VIEW_LEAKS;
			break;
		default:
			usage();
		}
	}
}

static const struct format *
find_format(const char *name)
{
	for (size_t i = 0; i < sizeof(formats) / sizeof(formats[0]); i++)
		if (strcasecmp(name, formats[i].name) == 0)
			return (&formats[i]);
	errx(EXIT_USAGE, "Format not supported: %s", name);
}

/*
 * Add one capture, which stays open if there is but one.  Returns whether it
 * was read, and whole.
 */
static bool
add_capture(struct transform *t, const char *path, bool single)
{
	struct mt_capture *c;
	struct mt_error e;
	bool whole;

	if (mt_capture_open(&c, path, &e) != MT_OK) {
		fe_warn(path, &e);
		return (false);
	}
	if (mt_merge_push(t->merge, c, &e) != MT_OK) {
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
 * came from the standard input has no such place.
 */
static bool
print(struct transform *t, const char *capture)
{
	char *own = NULL;
	struct fe_file f;
	bool ok;

	if (opts.output == NULL && strcmp(capture, "-") != 0)
		own = fe_file_name(capture, opts.format->name,
		    opts.format->suffix);
	ok = fe_file_open(&f, own != NULL ? own : opts.output, opts.force);
	if (ok && (opts.format->flags & FORMAT_BINARY) != 0 &&
	    isatty(fileno(f.fp)) == 1) {
		warnx("%s is not for terminals", opts.format->name);
		ok = false;
	} else if (ok) {
		transform_fill(t);
		opts.format->write(t, f.fp);
		transform_fini(t);
		ok = fe_file_close(&f);
	}
	if (ok && own != NULL)
		say_wrote(own);
	free(own);
	return (ok);
}

int
main(int argc, char *argv[])
{
	struct transform t;
	struct mt_error e;
	int status = 0;

	fe_out_init();
	parse_options(argc, argv);
	if (argc - optind < 2)
		usage();
	opts.format = find_format(argv[optind++]);
	if (opts.view != MT_VIEW_PEAK &&
	    (opts.format->flags & FORMAT_WHOLE) != 0)
		errx(EXIT_USAGE, "--leaks cannot be used with %s, which has "
		    "them all", opts.format->name);
	memset(&t, 0, sizeof(t));
	t.view = opts.view;
	if (mt_merge_new(&t.merge, &e) != MT_OK) {
		fe_warn(NULL, &e);
		return (1);
	}
	for (int i = optind; i < argc; i++)
		if (!add_capture(&t, argv[i], argc - optind == 1))
			status = 1;
	if (t.metas.n > 0 && !print(&t, argv[optind]))
		status = 1;
	fe_metas_fini(&t.metas);
	mt_merge_free(t.merge);
	mt_capture_close(t.capture);
	return (fe_out_close(status));
}
