/* Print every record of captures as a line of text. */

#include <err.h>
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include <fe_capture.h>
#include <fe_meta.h>
#include <fe_out.h>
#include <fe_program.h>
#include <fe_warn.h>

#include "parse.h"

static struct opts {
	bool	force;
	bool	tables;
} opts;

static const char usage_text[] =
    "usage: memray-parse [-ft] capture ...\n";

static const char help_text[] =
    "\n"
    "Print every record of captures as a line of text.\n"
    "\n"
    "  -f, --force    write to a terminal, too\n"
    "  -t, --tables   everything but the single events\n"
    "  -h, --help     print this and exit\n"
    "  -V, --version  print the version and exit\n"
    "\n"
    "A capture of - is the standard input.\n";

static const struct fe_program program = {
	"memray-parse", usage_text, { help_text }
};

static void
parse_options(int argc, char *argv[])
{
	static const struct option table[] = {
		{ "force", no_argument, NULL, 'f' },
		{ "help", no_argument, NULL, 'h' },
		{ "tables", no_argument, NULL, 't' },
		{ "version", no_argument, NULL, 'V' },
		{ NULL, 0, NULL, 0 }
	};
	int c;

	while ((c = getopt_long(argc, argv, "Vfht", table, NULL)) != -1) {
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
		case 't':
			opts.tables = true;
			break;
		default:
			fe_program_usage(&program);
		}
	}
}

static enum mt_status
put_all(struct fe_buf *b, struct mt_capture *c, const char *file,
    struct mt_error *e)
{
	enum mt_status st;
	uint64_t events;

	st = parse_tables(b, c, file, e);
	if (st != MT_OK || opts.tables)
		return (st);
	if ((st = parse_events(b, c, &events, e)) != MT_OK)
		return (st);
	fe_buf_str(b, "END");
	PARSE_UINT(b, "events", events);
	fe_buf_char(b, '\n');
	return (MT_OK);
}

/* Returns whether the capture was read, and whole. */
static bool
print(struct fe_buf *b, const char *file)
{
	struct mt_capture *c;
	struct mt_error e;
	bool whole;

	if ((c = fe_capture_open(file)) == NULL)
		return (false);
	whole = put_all(b, c, file, &e) == MT_OK;
	if (!whole)
		fe_warn(file, &e);
	(void)fe_buf_flush(b);
	/* Events tell what is damaged, so this comes last. */
	if (fe_meta_warn(file, mt_capture_meta(c)))
		whole = false;
	mt_capture_close(c);
	return (whole);
}

int
main(int argc, char *argv[])
{
	static struct fe_buf buf;
	int status = 0;

	fe_out_init();
	parse_options(argc, argv);
	if (optind == argc)
		fe_program_usage(&program);
	if (!opts.force && isatty(fileno(stdout)) == 1)
		errx(1, "You must redirect stdout to a file or shell "
		    "pipeline.");
	fe_buf_init(&buf, stdout);
	for (int i = optind; i < argc && ferror(stdout) == 0; i++)
		if (!print(&buf, argv[i]))
			status = 1;
	return (fe_out_close(status));
}
