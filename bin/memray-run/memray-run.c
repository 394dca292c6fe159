/* memray-run: run a Python program and record its memory allocations. */

#include <sys/resource.h>

#include <err.h>
#include <errno.h>
#include <fcntl.h>
#include <getopt.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

#include <fe_warn.h>
#include <mt_collect.h>
#include <mt_hello.h>
#include <mt_record.h>

#include "run_image.h"
#include "run_live.h"
#include "run_name.h"
#include "run_report.h"
#include "run_signal.h"
#include "run_spawn.h"
#include "run_symbols.h"
#include "run_target.h"
#include "run_util.h"
#include "run_wait.h"

#define SAMPLE_MS	10
#define EXITED(status)	((status) << 8)		/* as wait(2) reports it */

/* Options without a letter. */
#define OPT_PYTHON	256
#define OPT_LIVE	257
#define OPT_REMOTE	258
#define OPT_ADDRESS	259
#define OPT_NO_WAIT	260

static struct opts {
	const char	*output;
	const char	*python;
	bool		 force;
	bool		 quiet;
	int		 aggregate;
	int		 compress;
	int		 follow_fork;
	int		 native;
	int		 no_compress;
	int		 no_symbols;
	int		 python_allocators;
	struct run_live	 live;
	char		*module;
	char		*code;
} opts;

static const char usage_text[] =
    "usage: memray-run [-fq] [-o file] [--aggregate]\n"
    "                  [--compress-on-exit | --no-compress] [--follow-fork]\n"
    "                  [--live | --live-remote [-p port]\n"
    "                  [--live-address host] [--no-wait]]\n"
    "                  [--native [--no-symbols]] [--trace-python-allocators]\n"
    "                  [--python interpreter]\n"
    "                  file | directory | - | -m module | -c code | program\n"
    "                  [argument ...]\n";

static const char help_text[] =
    "\n"
    "Run a Python program and record its memory allocations.\n"
    "\n"
    "      --aggregate              write a small capture, without events\n"
    "  -c code                      run the code in this string\n"
    "      --compress-on-exit       write a compressed capture (the default)\n"
    "      --follow-fork            record child processes, too\n"
    "  -f, --force                  replace the capture if it exists\n"
    "  -h, --help                   print this and exit\n"
    "      --live                   watch the program while it runs\n"
    "      --live-address host      let viewers come through a network, too,\n"
    "                               to this address\n"
    "  -p, --live-port port         let viewers come through a network, too,\n"
    "                               to this port\n"
    "      --live-remote            have it watched from other terminals\n"
    "  -m module                    run a module as a script\n"
    "      --native                 record the stacks of C, C++ and Rust, too\n"
    "      --no-compress            write the capture uncompressed\n"
    "      --no-symbols             leave native frames without names: see\n"
    "                               memray-symbolize(1)\n"
    "      --no-wait                do not wait for the first viewer\n"
    "  -o, --output file            name of the capture, - is standard output\n"
    "      --python interpreter     the Python to use (python3)\n"
    "  -q, --quiet                  print nothing but errors\n"
    "      --trace-python-allocators\n"
    "                               record each object, not only memory that\n"
    "                               the interpreter gets from the system\n"
    "  -V, --version                print the version and exit\n"
    "\n"
    "Options behind the program belong to the program.  -c and -m end the\n"
    "options, too.  The capture is memray-<program>.<pid>.bin, beside the\n"
    "script; memray-summary(1) explains it.  With --live and --live-remote\n"
    "there is a capture only if -o names it.\n";

_Noreturn static void
usage(void)
{
	(void)fputs(usage_text, stderr);
	exit(RUN_EXIT_FAILED);
}

/* Print to standard output what was asked for, and end. */
_Noreturn static void
answer(const char *text, const char *more)
{
	(void)fputs(text, stdout);
	(void)fputs(more, stdout);
	if (fflush(stdout) != 0 || ferror(stdout) != 0)
		err(RUN_EXIT_FAILED, "standard output");
	exit(0);
}

static const struct option longopts[] = {
	{ "aggregate", no_argument, &opts.aggregate, 1 },
	{ "compress-on-exit", no_argument, &opts.compress, 1 },
	{ "follow-fork", no_argument, &opts.follow_fork, 1 },
	{ "force", no_argument, NULL, 'f' },
	{ "help", no_argument, NULL, 'h' },
	{ "live", no_argument, NULL, OPT_LIVE },
	{ "live-address", required_argument, NULL, OPT_ADDRESS },
	{ "live-port", required_argument, NULL, 'p' },
	{ "live-remote", no_argument, NULL, OPT_REMOTE },
	{ "native", no_argument, &opts.native, 1 },
	{ "no-compress", no_argument, &opts.no_compress, 1 },
	{ "no-symbols", no_argument, &opts.no_symbols, 1 },
	{ "no-wait", no_argument, NULL, OPT_NO_WAIT },
	{ "output", required_argument, NULL, 'o' },
	{ "python", required_argument, NULL, OPT_PYTHON },
	{ "quiet", no_argument, NULL, 'q' },
	{ "trace-python-allocators", no_argument,
	    &opts.python_allocators, 1 },
	{ "version", no_argument, NULL, 'V' },
	{ NULL, 0, NULL, 0 }
};

/* Options of live views; false if it is none. */
static bool
live_option(int ch)
{
	switch (ch) {
	case OPT_LIVE:
		opts.live.here = true;
		break;
	case OPT_REMOTE:
		opts.live.remote = true;
		break;
	case OPT_ADDRESS:
		opts.live.address = optarg;
		break;
	case OPT_NO_WAIT:
		opts.live.no_wait = true;
		break;
	case 'p':
		opts.live.port_text = optarg;
		break;
	default:
		return (false);
	}
	return (true);
}

/* What was given has to go together. */
static void
check_options(void)
{
	if (opts.compress != 0 && opts.no_compress != 0) {
		warnx("--compress-on-exit excludes --no-compress");
		usage();
	}
	if (opts.no_symbols != 0 && opts.native == 0) {
		warnx("--no-symbols is for --native only");
		usage();
	}
	opts.live.no_symbols = opts.no_symbols != 0;
	if (!run_live_options(&opts.live))
		usage();
}

static void
parse_options(int argc, char **argv)
{
	int ch;

	while (opts.module == NULL && opts.code == NULL &&
	    (ch = getopt_long(argc, argv, "+c:fhm:o:p:qV", longopts,
	    NULL)) != -1)
		switch (ch) {
		case 0:
			break;
		case 'c':
			opts.code = optarg;
			break;
		case 'f':
			opts.force = true;
			break;
		case 'h':
			answer(usage_text, help_text);
		case 'm':
			opts.module = optarg;
			break;
		case 'o':
			opts.output = optarg;
			break;
		case 'q':
			opts.quiet = true;
			break;
		case 'V':
			answer("memray-run " MT_VERSION_STRING, "\n");
		case OPT_PYTHON:
			opts.python = optarg;
			break;
		default:
			if (!live_option(ch))
				usage();
			break;
		}
	check_options();
}

/*
 * Occupy closed standard descriptors, so that no file of ours becomes one.
 * Opened the wrong way round, they fail as they did before, and the program
 * finds them closed.
 */
static void
occupy_standard(void)
{
	static const int modes[] = { O_WRONLY, O_RDONLY, O_RDONLY };

	for (int fd = 0; fd <= 2; fd++)
		if (fcntl(fd, F_GETFD) == -1)
			(void)open("/dev/null", modes[fd] | O_CLOEXEC);
}

/* Our arguments with blanks between them, for the capture's metadata. */
static char *
command_line(char **argv)
{
	char *line = run_format("memray-run"), *longer;

	for (char **p = argv + 1; *p != NULL; p++) {
		longer = run_format("%s %s", line, *p);
		free(line);
		line = longer;
	}
	return (line);
}

static void
find_target(struct run_target *t, char **args)
{
	if (opts.module != NULL)
		run_target_module(t, opts.python, opts.module, args);
	else if (opts.code != NULL)
		run_target_code(t, opts.python, opts.code, args);
	else if (*args != NULL)
		run_target_file(t, opts.python, args);
	else
		usage();
}

/* Of what is only watched, nothing is kept. */
static bool
has_capture(void)
{
	return (!run_live_is_on(&opts.live) || opts.output != NULL);
}

static struct mt_collect *
new_session(struct run_capture *c)
{
	struct mt_collect_options co = {
		.create = run_name_child,
		.renew = run_name_renew,
		.renewed = run_name_renewed,
		.create_arg = c,
		.sample_ms = SAMPLE_MS,
		.no_capture = !has_capture(),
		.live = run_live_is_on(&opts.live),
		.live_address = opts.live.address,
		.live_port = opts.live.port
	};
	struct mt_collect *collect;
	struct mt_error e;
	struct timespec now;

	if (opts.aggregate != 0)
		co.recorder_flags = MT_RECORDER_AGGREGATE;
	if (opts.no_compress != 0)
		co.writer_flags = MT_WRITER_NO_COMPRESS;
	if (opts.python_allocators != 0)
		co.agent_flags |= MT_FLAG_PYTHON_ALLOCATORS;
	if (opts.follow_fork != 0)
		co.agent_flags |= MT_FLAG_FOLLOW;
	if (opts.native != 0)
		co.agent_flags |= MT_FLAG_NATIVE;
	(void)clock_gettime(CLOCK_REALTIME, &now);
	co.start_time_ns = (uint64_t)now.tv_sec * 1000000000u +
	    (uint64_t)now.tv_nsec;
	if (mt_collect_new(&collect, &co, &e) == MT_OK)
		return (collect);
	fe_warn(NULL, &e);
	return (NULL);
}

/*
 * From the fork to exec(2): the capture and the collector are made ready
 * while the child waits, perhaps for a viewer, too.  Returns 0, or the status
 * to end with, as wait(2) reports it.
 */
static int
start(struct run_child *child, struct mt_collect *collect,
    const struct run_target *t, struct run_capture *c, const char *line,
    int sigfd)
{
	struct mt_error e;
	int error, status;

	c->pid = child->pid;
	if (has_capture() && c->fd == -1 &&
	    run_name_create(c, t, child->pid, opts.force) != 0) {
		run_spawn_cancel(child);
		return (EXITED(RUN_EXIT_FAILED));
	}
	if (mt_collect_start(collect, child->pid, c->fd, line, &e) != MT_OK) {
		fe_warn(has_capture() ? c->name : NULL, &e);
		run_spawn_cancel(child);
		return (EXITED(RUN_EXIT_FAILED));
	}
	status = run_live_wait(&opts.live, collect, sigfd, opts.quiet);
	if (status != 0) {
		run_spawn_cancel(child);
		return (status);
	}
	/* The collector has its own descriptor of it. */
	if (c->fd != -1)
		(void)close(c->fd);
	c->fd = -1;
	if ((error = run_spawn_go(child)) == 0)
		return (0);
	errno = error;
	if (error == ENOENT && access(t->path, F_OK) == 0)
		warnx("%s: its interpreter does not exist", t->path);
	else
		warn("%s", t->path);
	return (EXITED(run_exit_of(error)));
}

/*
 * Soft limits for files are ones for the program.  The shared memory, which
 * counts as a file, is larger than most, and each process of hundreds needs
 * some descriptors here.
 */
static void
raise_limits(void)
{
	struct rlimit rl;

	if (getrlimit(RLIMIT_FSIZE, &rl) == 0) {
		rl.rlim_cur = rl.rlim_max;
		(void)setrlimit(RLIMIT_FSIZE, &rl);
	}
	if (getrlimit(RLIMIT_NOFILE, &rl) == 0) {
		rl.rlim_cur = rl.rlim_max;
		(void)setrlimit(RLIMIT_NOFILE, &rl);
	}
}

/*
 * Returns whether what was recorded is where it should be, which it is
 * without symbols as well.
 */
static bool
add_symbols(struct run_capture *c, struct mt_collect_result *r, pid_t filter)
{
	if (filter != -1)
		return (run_symbols_wait(c, filter));
	if (opts.native != 0 && c->is_file && r->captures > 0)
		c->unnamed = opts.no_symbols != 0 ||
		    !run_symbols(c, r, opts.quiet);
	return (true);
}

/* From the start of the program to its end, and that of its children. */
static int
watch(struct mt_collect *collect, pid_t program, int sigfd,
    struct run_image *image)
{
	int status;

	run_image_begin(image, program);
	run_live_show(&opts.live, collect);
	status = run_wait(collect, program, sigfd, &opts.live, image);
	if (opts.follow_fork != 0)
		run_wait_rest(collect, sigfd, &opts.live, opts.quiet);
	return (status);
}

/* Returns the status to end with, as wait(2) reports it. */
static int
record(struct mt_collect *collect, struct run_spawn *sp,
    struct run_capture *c, const char *line, pid_t filter)
{
	const struct run_target *t = sp->target;
	struct run_image image = { 0 };
	struct run_ran ran = { .program = t->path, .image = &image,
	    .follow = opts.follow_fork != 0, .quiet = opts.quiet };
	struct mt_collect_result result;
	struct run_child child;
	int failed, sigfd, status;
	bool kept;

	if (run_spawn_fork(&child, sp) != 0 ||
	    (sigfd = run_signal_init()) == -1) {
		warn("%s", t->path);
		return (EXITED(RUN_EXIT_FAILED));
	}
	raise_limits();
	failed = start(&child, collect, t, c, line, sigfd);
	status = failed != 0 ? failed :
	    watch(collect, child.pid, sigfd, &image);
	ran.status = status;
	/* Its directory goes with the collector's socket. */
	run_spawn_fini(sp);
	mt_collect_finish(collect, status, &result);
	if (failed == 0)
		run_live_rest(&opts.live, collect, sigfd);
	(void)close(sigfd);
	status = run_live_finish(&opts.live, collect, status,
	    opts.quiet || failed != 0);
	kept = add_symbols(c, &result, filter);
	if (failed != 0)
		return (status);
	c->keep = result.captures != 0;
	if (!run_report(&result, &ran, has_capture() ? c : NULL))
		kept = false;
	return (status == 0 && !kept ? EXITED(RUN_EXIT_FAILED) : status);
}

/* The same, from the capture that -o names to the end of the session. */
static int
run(const struct run_target *t, struct run_capture *c, const char *line)
{
	struct run_spawn sp = { .target = t, .log_fd = -1 };
	int status = EXITED(RUN_EXIT_FAILED);
	char *agent = run_spawn_agent();
	struct mt_collect *collect;
	pid_t filter = -1;
	sigset_t mask;

	c->many = opts.follow_fork != 0;
	if (opts.output != NULL &&
	    run_name_open(c, opts.output, opts.force) != 0)
		exit(RUN_EXIT_FAILED);
	run_signal_block(&mask);
	if (opts.native != 0 && opts.no_symbols == 0 && c->fd != -1 &&
	    !c->is_file)
		filter = run_symbols_filter(c);
	if ((collect = new_session(c)) != NULL) {
		sp.agent = agent;
		sp.follow = opts.follow_fork != 0;
		sp.socket = mt_collect_socket(collect);
		sp.mask = &mask;
		sp.stream_fd = c->stream_fd;
		if (run_spawn_init(&sp) != 0)
			warn("cannot preload %s", agent);
		else if (run_live_init(&opts.live, &sp) == 0)
			status = record(collect, &sp, c, line, filter);
		run_live_fini(&opts.live);
		run_spawn_fini(&sp);
		mt_collect_free(collect);
	}
	free(agent);
	return (status);
}

int
main(int argc, char **argv)
{
	struct run_capture capture = { .fd = -1, .stream_fd = -1 };
	struct run_target target = { 0 };
	char *line;
	int status;

	occupy_standard();
	argv[0] = program_invocation_short_name;	/* getopt prints it */
	line = command_line(argv);
	parse_options(argc, argv);
	find_target(&target, argv + optind);
	status = run(&target, &capture, line);
	run_name_fini(&capture);
	run_target_fini(&target);
	free(line);
	run_signal_end(status);
}
