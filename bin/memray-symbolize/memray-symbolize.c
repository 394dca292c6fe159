/* Write into captures what the native frames of their stacks are. */

#include <sys/resource.h>
#include <sys/stat.h>

#include <err.h>
#include <getopt.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <fe_alloc.h>
#include <fe_capture.h>
#include <fe_file.h>
#include <fe_out.h>
#include <fe_program.h>
#include <fe_text.h>
#include <fe_warn.h>

#include "symbolize.h"

static struct opts {
	const char	*output;
	bool		 force;
	bool		 quiet;
} opts;

static const char usage_text[] =
    "usage: memray-symbolize [-fq] [-o file] capture ...\n";

static const char help_text[] =
    "\n"
    "Find out which functions the native frames of captures are, and write\n"
    "that into the captures.\n"
    "\n"
    "  -o, --output FILE  leave the capture alone and write to this file;\n"
    "                     - is the standard output\n"
    "  -f, --force        overwrite that file if it exists\n"
    "  -q, --quiet        print nothing but errors\n"
    "  -h, --help         print this and exit\n"
    "  -V, --version      print the version and exit\n"
    "\n"
    "With -o there is one capture, and - is the standard input.\n";

static const struct fe_program program = {
	"memray-symbolize", usage_text, { help_text }
};

static void
parse_options(int argc, char *argv[])
{
	static const struct option table[] = {
		{ "force", no_argument, NULL, 'f' },
		{ "help", no_argument, NULL, 'h' },
		{ "output", required_argument, NULL, 'o' },
		{ "quiet", no_argument, NULL, 'q' },
		{ "version", no_argument, NULL, 'V' },
		{ NULL, 0, NULL, 0 }
	};
	int c;

	while ((c = getopt_long(argc, argv, "Vfho:q", table, NULL)) != -1) {
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
		case 'q':
			opts.quiet = true;
			break;
		default:
			fe_program_usage(&program);
		}
	}
}

static bool
resolve(struct symbolize *s)
{
	struct mt_sym_options o = { .start_time_ns = s->start_time_ns };
	struct mt_error e;

	if (!opts.quiet && isatty(STDERR_FILENO) == 1)
		o.progress = symbolize_progress;
	if (mt_sym_new(&s->sym, s->module, s->n, &o, &e) != MT_OK) {
		fe_warn(NULL, &e);
		return (false);
	}
	if (!opts.quiet)
		symbolize_warn(s);
	return (true);
}

static void
say_nothing_native(const char *path)
{
	char *clean = fe_text_clean(path, false);

	if (!opts.quiet)
		warnx("%s has no native frames", clean);
	free(clean);
}

/* Each capture is a descriptor. */
static void
raise_limit(void)
{
	struct rlimit rl;

	if (getrlimit(RLIMIT_NOFILE, &rl) == 0) {
		rl.rlim_cur = rl.rlim_max;
		(void)setrlimit(RLIMIT_NOFILE, &rl);
	}
}

/* Captures take no memory while symbols are looked for: there may be many. */
static bool
in_place(struct symbolize *s, char *paths[], int n)
{
	bool ok = true;

	raise_limit();
	for (int i = 0; i < n; i++) {
		if (strcmp(paths[i], "-") == 0)
			errx(FE_EXIT_USAGE, "the standard input needs -o");
		ok &= symbolize_open(s, paths[i]);
	}
	if (!resolve(s))
		return (false);
	for (size_t i = 0; i < s->ncaptures; i++) {
		struct symbolize_capture *sc = &s->capture[i];

		if (!sc->is_native)
			say_nothing_native(sc->path);
		else if (sc->n > 0 && !symbolize_in_place(s, sc))
			ok = false;
	}
	return (ok);
}

/* Opening the output would destroy what was to be read. */
static bool
is_itself(const char *path, const char *output)
{
	struct stat a, b;

	return (strcmp(output, "-") != 0 && stat(output, &b) == 0 &&
	    S_ISREG(b.st_mode) && (strcmp(path, "-") == 0 ?
	    fstat(STDIN_FILENO, &a) : stat(path, &a)) == 0 &&
	    a.st_dev == b.st_dev && a.st_ino == b.st_ino);
}

static bool
write_copy(const struct symbolize *s, struct mt_capture *c)
{
	struct fe_file f;
	bool ok;

	if (!fe_file_open(&f, opts.output, opts.force))
		return (false);
	if (isatty(fileno(f.fp)) == 1) {
		warnx("captures are not for terminals");
		fe_file_discard(&f);
		return (false);
	}
	ok = symbolize_copy(s, c, &s->capture[0], fileno(f.fp), opts.output);
	if (!ok)
		fe_file_discard(&f);
	return (ok && fe_file_close(&f));
}

static bool
to_output(struct symbolize *s, const char *path)
{
	struct mt_capture *c;
	bool ok;

	if (is_itself(path, opts.output))
		errx(FE_EXIT_USAGE, "%s is the capture itself", opts.output);
	c = fe_capture_open(path);
	ok = c != NULL && symbolize_add(s, c, path) && resolve(s) &&
	    write_copy(s, c);
	mt_capture_close(c);
	return (ok);
}

int
main(int argc, char *argv[])
{
	struct symbolize s;
	bool ok;

	fe_out_init();
	parse_options(argc, argv);
	argc -= optind;
	argv += optind;
	if (argc == 0 || (opts.output != NULL && argc != 1))
		fe_program_usage(&program);
	memset(&s, 0, sizeof(s));
	s.capture = fe_alloc((size_t)argc, sizeof(*s.capture), 0);
	ok = opts.output != NULL ? to_output(&s, argv[0]) :
	    in_place(&s, argv, argc);
	symbolize_fini(&s);
	return (fe_out_close(ok ? 0 : 1));
}
