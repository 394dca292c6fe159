/* memray-live: watch a program's memory while it runs. */

#include <err.h>
#include <errno.h>
#include <getopt.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include <fe_opt.h>
#include <fe_out.h>
#include <fe_program.h>
#include <fe_screen.h>
#include <fe_warn.h>
#include <mt_feed.h>

#include "live_report.h"
#include "live_ui.h"
#include "live_watch.h"

#define EXIT_FAILED	1
#define RETRY_MS	500
#define INTERVAL_MS	500u	/* between updates */
#define PORT_MAX	65535u
#define INTERVAL_MAX	86400u	/* seconds */

/* Options that have no letter. */
enum { OPT_HOST = 256, OPT_JSON, OPT_LOG, OPT_NO_SYMBOLS,
	OPT_NO_WAIT, OPT_ONCE, OPT_TOKEN };

static struct opts {
	const char	*host;
	const char	*token_file;
	const char	*log;
	const char	*socket;
	unsigned	 port;
	char		 place[128];	/* for messages */
	uint64_t	 sort;
	uint64_t	 max_rows;
	uint64_t	 interval_s;
	bool		 json;
	bool		 once;
	bool		 no_symbols;
	bool		 no_wait;
} opts = { .sort = 1, .interval_s = 1 };

static const char usage_text[] =
    "usage: memray-live [--host address] [--no-symbols] [--no-wait]\n"
    "                   [-s column] [--token-file file] port | socket\n"
    "       memray-live [--host address] [--json] [--once] [--no-symbols]\n"
    "                   [--no-wait] [-i seconds] [-r rows] [-s column]\n"
    "                   [--token-file file] port | socket\n";

static const char help_text[] =
    "\n"
    "Watch the memory of a program that memray-run records.\n"
    "\n"
    "      --host ADDRESS       use the port at this address of a network\n"
    "  -i, --interval N         seconds between the objects of --json (1)\n"
    "      --json               print an object each second, no screen\n"
    "      --no-symbols         show native frames as addresses\n"
    "      --no-wait            fail if no program is recorded there\n"
    "      --once               print one table, or object, and exit\n"
    "      --program-log FILE   what the program prints; for memray-run only\n"
    "  -r, --max-rows N         print N functions at most\n"
    "  -s, --sort-column N      sort by column 1 to 5 (1, total bytes)\n"
    "      --token-file FILE    the token, which has to be copied from where\n"
    "                           the program runs\n"
    "  -h, --help               print this and exit\n"
    "  -V, --version            print the version and exit\n"
    "\n"
    "In the view, ? lists the keys.\n";

static const struct fe_program program = {
	"memray-live", usage_text, { help_text }
};

/* Options with an argument, and those without. */
static void
take_option(int c)
{
	switch (c) {
	case 'i':
		opts.interval_s = fe_opt_count("--interval", optarg,
		    INTERVAL_MAX);
		break;
	case 'r':
		opts.max_rows = fe_opt_count("--max-rows", optarg, UINT32_MAX);
		break;
	case 's':
		opts.sort = fe_opt_count("--sort-column", optarg, 5);
		break;
	case OPT_HOST:
		opts.host = optarg;
		break;
	case OPT_JSON:
		opts.json = true;
		break;
	case OPT_LOG:
		opts.log = optarg;
		break;
	case OPT_NO_SYMBOLS:
		opts.no_symbols = true;
		break;
	case OPT_NO_WAIT:
		opts.no_wait = true;
		break;
	case OPT_ONCE:
		opts.once = true;
		break;
	case OPT_TOKEN:
		opts.token_file = optarg;
		break;
	default:
		fe_program_usage(&program);
	}
}

/* A path, which says all that there is to know. */
static void
take_socket(const char *path)
{
	if (opts.host != NULL || opts.token_file != NULL)
		errx(FE_EXIT_USAGE, "%s is for ports, and %s is none",
		    opts.host != NULL ? "--host" : "--token-file", path);
	opts.socket = path;
	(void)snprintf(opts.place, sizeof(opts.place), "%s", path);
}

static void
parse_options(int argc, char *argv[])
{
	static const struct option table[] = {
		{ "help", no_argument, NULL, 'h' },
		{ "host", required_argument, NULL, OPT_HOST },
		{ "interval", required_argument, NULL, 'i' },
		{ "json", no_argument, NULL, OPT_JSON },
		{ "max-rows", required_argument, NULL, 'r' },
		{ "no-symbols", no_argument, NULL, OPT_NO_SYMBOLS },
		{ "no-wait", no_argument, NULL, OPT_NO_WAIT },
		{ "once", no_argument, NULL, OPT_ONCE },
		{ "program-log", required_argument, NULL, OPT_LOG },
		{ "sort-column", required_argument, NULL, 's' },
		{ "token-file", required_argument, NULL, OPT_TOKEN },
		{ "version", no_argument, NULL, 'V' },
		{ NULL, 0, NULL, 0 }
	};
	uint64_t n;
	int c;

	while ((c = getopt_long(argc, argv, "Vhi:r:s:", table, NULL)) != -1) {
		if (c == 'V')
			fe_program_version(&program);
		else if (c == 'h')
			fe_program_help(&program);
		else
			take_option(c);
	}
	if (argc - optind != 1)
		fe_program_usage(&program);
	if (strchr(argv[optind], '/') != NULL) {
		take_socket(argv[optind]);
		return;
	}
	if (!fe_opt_number(argv[optind], 0, UINT64_MAX, &n))
		errx(FE_EXIT_USAGE, "not a port: %s", argv[optind]);
	/* As memray: a number, but not one of a port, is no usage error. */
	if (n < 1 || n > PORT_MAX)
		errx(EXIT_FAILED, "Invalid port: %" PRIu64, n);
	opts.port = (unsigned)n;
	(void)snprintf(opts.place, sizeof(opts.place), "port %u", opts.port);
}

/* ---- Connecting ------------------------------------------------------- */

static void
wait_a_bit(void)
{
	const struct timespec t = { .tv_nsec = RETRY_MS * 1000000L };

	(void)nanosleep(&t, NULL);
}

/* Of a port, the text alone says what these do. */
static void
complain(struct mt_error *e)
{
	if (opts.socket == NULL && opts.token_file == NULL &&
	    (e->sys == ENOENT ||
	    (e->sys == ECONNREFUSED && opts.host == NULL)))
		e->sys = 0;
	fe_warn(opts.socket, e);
}

/*
 * The viewer may be there before the program: as long as nobody has said
 * that this port is theirs, try again.
 */
static struct mt_feed *
connect_to(void)
{
	const struct mt_feed_options o = {
		.host = opts.host,
		.port = opts.port,
		.token_file = opts.token_file,
		.interval_ms = INTERVAL_MS,
		.socket = opts.socket
	};
	const bool wait = !opts.no_wait && !opts.once;
	struct mt_feed *feed;
	struct mt_error e;
	bool told = false;

	for (;;) {
		memset(&e, 0, sizeof(e));
		if (mt_feed_open(&feed, &o, &e) == MT_OK)
			return (feed);
		if (!wait || e.sys != ENOENT)
			break;
		if (!told && isatty(STDERR_FILENO) == 1)
			warnx("waiting for a program on %s", opts.place);
		told = true;
		wait_a_bit();
	}
	complain(&e);
	exit(EXIT_FAILED);
}

static int
watch(void)
{
	const bool report = opts.json || opts.once;
	const struct live_report r = {
		.json = opts.json,
		.once = opts.once,
		.interval_s = (unsigned)opts.interval_s,
		.max_rows = opts.max_rows,
		.column = (unsigned)opts.sort
	};
	struct mt_feed *feed;
	struct live_watch w;
	int status;

	if (!report && !fe_screen_is_possible())
		errx(EXIT_FAILED, "not a terminal; see --json and --once");
	feed = connect_to();
	live_watch_init(&w, feed);
	w.names.off = opts.no_symbols;
	w.sort = opts.sort <= 2 ? LIVE_SORT_TOTAL : opts.sort <= 4 ?
	    LIVE_SORT_OWN : LIVE_SORT_ALLOCATIONS;
	status = report ? live_report_run(&w, &r) :
	    live_ui_run(&w, opts.place, opts.log);
	live_watch_fini(&w);
	mt_feed_close(feed);
	return (status);
}

int
main(int argc, char *argv[])
{
	fe_out_init();
	parse_options(argc, argv);
	return (watch());
}
