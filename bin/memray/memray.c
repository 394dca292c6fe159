/* memray: run memray-COMMAND, so that memray's command lines work here. */

#include <sys/wait.h>

#include <err.h>
#include <errno.h>
#include <getopt.h>
#include <limits.h>
#include <spawn.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <fe_self.h>
#include <memtrace.h>

#include "memray_list.h"

#define EXIT_USAGE	2	/* also: no such command */
#define EXIT_NOEXEC	126
#define COLUMN		12	/* of the texts behind the names */

extern char **environ;

static const char usage_text[] =
    "usage: memray [-hV] command [argument ...]\n"
    "       memray help [command]\n";

static char *
format(const char *a, const char *b)
{
	char *s;

	if (asprintf(&s, "%s%s", a, b) < 0)
		err(EXIT_USAGE, NULL);
	return (s);
}

/* The directory of this program, with a slash; NULL if that is a secret. */
static const char *
own_dir(void)
{
	static char self[PATH_MAX];

	return (fe_self_dir(self, sizeof(self)));
}

/* Blanks between a name and what it does. */
static int
pad(const char *name)
{
	const size_t n = strlen(name);

	return (*memray_list_text(name) == '\0' ? 0 :
	    n < COLUMN ? (int)(COLUMN - n) : 1);
}

static void
print_commands(FILE *fp)
{
	struct memray_list list;

	memray_list_init(&list, own_dir());
	(void)fputs(list.n != 0 ? "\ncommands:\n" :
	    "\ncommands: none is installed\n", fp);
	for (size_t i = 0; i < list.n; i++)
		(void)fprintf(fp, "  %s%*s%s\n", list.names[i],
		    pad(list.names[i]), "", memray_list_text(list.names[i]));
	memray_list_fini(&list);
}

_Noreturn static void
usage(void)
{
	(void)fputs(usage_text, stderr);
	print_commands(stderr);
	exit(EXIT_USAGE);
}

_Noreturn static void
end(void)
{
	if (fflush(stdout) != 0 || ferror(stdout) != 0)
		err(EXIT_USAGE, "standard output");
	exit(0);
}

_Noreturn static void
help(void)
{
	(void)fputs(usage_text, stdout);
	print_commands(stdout);
	(void)fputs("\nmemray help command: its manual page\n", stdout);
	end();
}

/* Execute memray-<command> with args[0] replaced, or say why not. */
_Noreturn static void
run(const char *command, char **args)
{
	const char *dir = own_dir();
	char *name = format("memray-", command);

	args[0] = name;
	errno = ENOENT;
	if (*command != '\0' && strchr(command, '/') == NULL) {
		if (dir != NULL)
			(void)execv(format(dir, name), args);
		if (errno == ENOENT)
			(void)execvp(name, args);
	}
	if (errno != ENOENT)
		err(EXIT_NOEXEC, "%s", name);
	warnx("'%s' is not a memray command", command);
	print_commands(stderr);
	exit(EXIT_USAGE);
}

/* The page that belongs to this copy of the program, if there is one. */
static char *
own_page(const char *name)
{
	const char *dir = own_dir();
	char *p, *path;

	if (dir == NULL)
		return (NULL);
	if (asprintf(&p, "%s../share/man/man1/%s.1", dir, name) < 0)
		err(EXIT_USAGE, NULL);
	path = realpath(p, NULL);
	free(p);
	return (path);
}

/* Returns whether man(1) has shown the page. */
static bool
show_page(const char *page)
{
	char man[] = "man", *copy = format(page, "");
	char *argv[] = { man, copy, NULL };
	int status = -1;
	pid_t pid;

	if (posix_spawnp(&pid, man, NULL, NULL, argv, environ) == 0)
		while (waitpid(pid, &status, 0) == -1 && errno == EINTR)
			continue;
	free(copy);
	return (status == 0);
}

_Noreturn static void
help_on(char *command)
{
	const bool self = strcmp(command, "memray") == 0 ||
	    strcmp(command, "help") == 0;
	char option[] = "--help";
	char *args[] = { command, option, NULL };
	char *page = NULL;

	if (strchr(command, '/') == NULL)
		page = own_page(self ? "memray" : format("memray-", command));
	if (page != NULL && show_page(page))
		exit(0);
	/* No page of ours, or no man(1): let the program speak for itself. */
	if (self)
		help();
	run(command, args);
}

int
main(int argc, char **argv)
{
	static const struct option longopts[] = {
		{ "help", no_argument, NULL, 'h' },
		{ "version", no_argument, NULL, 'V' },
		{ NULL, 0, NULL, 0 }
	};
	int ch;

	argv[0] = program_invocation_short_name;	/* getopt prints it */
	while ((ch = getopt_long(argc, argv, "+hV", longopts, NULL)) != -1)
		switch (ch) {
		case 'h':
			help();
		case 'V':
			(void)puts("memray " MT_VERSION_STRING);
			end();
		default:
			usage();
		}
	argc -= optind;
	argv += optind;
	if (argc == 0)
		usage();
	if (strcmp(argv[0], "help") != 0)
		run(argv[0], argv);
	if (argc > 2)
		usage();
	if (argc == 2)
		help_on(argv[1]);
	help();
}
