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

#include "run_name.h"
#include "run_report.h"
#include "run_signal.h"
#include "run_spawn.h"
#include "run_target.h"
#include "run_util.h"
#include "run_wait.h"

#define SAMPLE_MS	10
#define EXITED(status)	((status) << 8)		/* as wait(2) reports it */

#define OPT_PYTHON	256	/* an option without a letter */

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
	int		 python_allocators;
	char		*module;
	char		*code;
} opts;

static const char usage_text[] =
    "usage: memray-run [-fq] [-o file] [--python interpreter]\n"
    "                  [--compress-on-exit | --no-compress] [--aggregate]\n"
    "                  [--follow-fork] [--native] [--trace-python-allocators]\n"
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
    "  -h, --help                   print this and end\n"
    "  -m module                    run a module as a script\n"
    "      --native                 record the stacks of C, C++ and Rust, too\n"
    "      --no-compress            write the capture uncompressed\n"
    "  -o, --output file            name of the capture, - is standard output\n"
    "      --python interpreter     the Python to use (python3)\n"
    "  -q, --quiet                  print nothing but errors\n"
    "      --trace-python-allocators\n"
    "                               record each object, not only memory that\n"
    "                               the interpreter gets from the system\n"
    "  -V, --version                print the version and end\n"
    "\n"
    "Options behind the program belong to the program.  -c and -m end the\n"
    "options, too.  The capture is memray-<program>.<pid>.bin, beside the\n"
    "script; memray-summary(1) explains it.\n";

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

static void
parse_options(int argc, char **argv)
{
	static const struct option longopts[] = {
		{ "aggregate", no_argument, &opts.aggregate, 1 },
		{ "compress-on-exit", no_argument, &opts.compress, 1 },
		{ "follow-fork", no_argument, &opts.follow_fork, 1 },
		{ "force", no_argument, NULL, 'f' },
		{ "help", no_argument, NULL, 'h' },
		{ "native", no_argument, &opts.native, 1 },
		{ "no-compress", no_argument, &opts.no_compress, 1 },
		{ "output", required_argument, NULL, 'o' },
		{ "python", required_argument, NULL, OPT_PYTHON },
		{ "quiet", no_argument, NULL, 'q' },
		{ "trace-python-allocators", no_argument,
		    &opts.python_allocators, 1 },
		{ "version", no_argument, NULL, 'V' },
		{ NULL, 0, NULL, 0 }
	};
	int ch;

	while (opts.module == NULL && opts.code == NULL &&
	    (ch = getopt_long(argc, argv, "+c:fhm:o:qV", longopts, NULL)) != -1)
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
			usage();
		}
	if (opts.compress != 0 && opts.no_compress != 0) {
		warnx("--compress-on-exit excludes --no-compress");
		usage();
	}
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

static struct mt_collect *
new_session(struct run_capture *c)
{
	struct mt_collect_options co = {
		.create = run_name_child,
		.create_arg = c,
		.sample_ms = SAMPLE_MS
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
 * while the child waits.  Returns 0, or the status to end with.
 */
static int
start(struct run_child *child, struct mt_collect *collect,
    const struct run_target *t, struct run_capture *c, const char *line)
{
	struct mt_error e;
	int error;

	c->pid = child->pid;
	if (c->fd == -1 && run_name_create(c, t, child->pid, opts.force) != 0) {
		run_spawn_cancel(child);
		return (RUN_EXIT_FAILED);
	}
	if (mt_collect_start(collect, child->pid, c->fd, line, &e) != MT_OK) {
		fe_warn(c->name, &e);
		run_spawn_cancel(child);
		return (RUN_EXIT_FAILED);
	}
	if ((error = run_spawn_go(child)) == 0)
		return (0);
	errno = error;
	if (error == ENOENT && access(t->path, F_OK) == 0)
		warnx("%s: its interpreter does not exist", t->path);
	else
		warn("%s", t->path);
	return (run_exit_of(error));
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

/* Returns the status to end with, as wait(2) reports it. */
static int
record(struct mt_collect *collect, struct run_spawn *sp,
    struct run_capture *c, const char *line)
{
	const struct run_target *t = sp->target;
	struct mt_collect_result result;
	struct run_child child;
	int failed, sigfd, status;

	if (run_spawn_fork(&child, sp) != 0 ||
	    (sigfd = run_signal_init()) == -1) {
		warn("%s", t->path);
		return (EXITED(RUN_EXIT_FAILED));
	}
	raise_limits();
	failed = start(&child, collect, t, c, line);
	status = failed != 0 ? EXITED(failed) :
	    run_wait(collect, child.pid, sigfd);
	if (failed == 0 && opts.follow_fork != 0)
		run_wait_rest(collect, sigfd, opts.quiet);
	(void)close(sigfd);
	/* Its directory goes with the collector's socket. */
	run_spawn_fini(sp);
	mt_collect_finish(collect, status, &result);
	if (failed != 0)
		return (status);
	c->keep = result.captures != 0;
	if (!run_report(&result, t->path, c, opts.follow_fork != 0,
	    opts.quiet) && status == 0)
		return (EXITED(RUN_EXIT_FAILED));
	return (status);
}

/* The same, from the capture that -o names to the end of the session. */
static int
run(const struct run_target *t, struct run_capture *c, const char *line)
{
	struct run_spawn sp = { .target = t };
	int status = EXITED(RUN_EXIT_FAILED);
	char *agent = run_spawn_agent();
	struct mt_collect *collect;
	sigset_t mask;

	c->many = opts.follow_fork != 0;
	if (opts.output != NULL &&
	    run_name_open(c, opts.output, opts.force) != 0)
		exit(RUN_EXIT_FAILED);
	run_signal_block(&mask);
	if ((collect = new_session(c)) != NULL) {
		sp.agent = agent;
		sp.follow = opts.follow_fork != 0;
		sp.socket = mt_collect_socket(collect);
		sp.mask = &mask;
		sp.stream_fd = c->stream_fd;
		if (run_spawn_init(&sp) == 0)
			status = record(collect, &sp, c, line);
		else
			warn("cannot preload %s", agent);
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
