/* What to run, and with which interpreter. */

#include <sys/stat.h>

#include <err.h>
#include <errno.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "run_file.h"
#include "run_target.h"
#include "run_util.h"

/*
 * The interpreter's path and argv[0].  The latter is what the user would
 * have typed: a Python finds its virtual environment with it.
 */
static void
find_python(struct run_target *t, const char *python, char **arg0)
{
	int error;

	*arg0 = run_format("%s", python != NULL ? python : "python3");
	error = run_file_find(*arg0, &t->path);
	if (error == ENOENT && python == NULL) {
		free(*arg0);
		*arg0 = run_format("python");
		if ((error = run_file_find(*arg0, &t->path)) == ENOENT)
			errx(RUN_EXIT_NOENT, "no python3 or python on PATH; "
			    "name an interpreter with --python");
	}
	if (error != 0)
		run_refuse(*arg0, error);
}

/* argv: up to three words (NULL is none), then args. */
static void
set_argv(struct run_target *t, const char *const first[3], char **args)
{
	size_t n = 0, i = 0;

	while (args[n] != NULL)
		n++;
	t->argv = run_alloc(n + 4, sizeof(*t->argv));
	for (size_t j = 0; j < 3 && first[j] != NULL; j++)
		t->argv[i++] = run_format("%s", first[j]);
	for (size_t j = 0; j < n; j++)
		t->argv[i++] = run_format("%s", args[j]);
}

static void
set_python(struct run_target *t, const char *python, const char *option,
    const char *operand, char **args)
{
	char *arg0;

	find_python(t, python, &arg0);
	set_argv(t, option != NULL ?
	    (const char *[3]){ arg0, option, operand } :
	    (const char *[3]){ arg0, operand, NULL }, args);
	free(arg0);
}

void
run_target_module(struct run_target *t, const char *python, char *module,
    char **args)
{
	set_python(t, python, "-m", module, args);
	t->dir = run_format("%s", "");
	t->subject = run_format("%s", module);
	/* No module is called like this; the interpreter will say so. */
	for (char *p = t->subject; (p = strchr(p, '/')) != NULL; )
		*p = '_';
}

void
run_target_code(struct run_target *t, const char *python, char *code,
    char **args)
{
	set_python(t, python, "-c", code, args);
	t->dir = run_format("%s", "");
	t->subject = run_format("%s", "string");
}

/*
 * Name the capture after the path of a script, and put it beside it.  "." and
 * ".." are called by the name of the directory, and "beside" is then here.
 */
static void
name_after(struct run_target *t, const char *path)
{
	char full[PATH_MAX], *copy = run_format("%s", path);
	const char *base;
	size_t len = strlen(copy);

	while (len > 1 && copy[len - 1] == '/')
		copy[--len] = '\0';
	base = run_basename(copy);
	t->dir = run_format("%.*s", (int)(base - copy), copy);
	if (*base == '\0' || strcmp(base, ".") == 0 ||
	    strcmp(base, "..") == 0) {
		free(t->dir);
		t->dir = run_format("%s", "");
		base = realpath(path, full) != NULL ? run_basename(full) : "";
	}
	t->subject = run_format("%s", *base != '\0' ? base : "root");
	free(copy);
}

static void
set_script(struct run_target *t, const char *python, char **args)
{
	/* A script whose name looks like an option of the interpreter. */
	const char *option = *args[0] == '-' ? "--" : NULL;

	if (access(args[0], R_OK) != 0)
		run_refuse(args[0], errno);
	set_python(t, python, option, args[0], args + 1);
}

/* Run it as it is; path is the caller's. */
static void
set_program(struct run_target *t, const char *path, const char *arg0,
    char **args)
{
	t->path = run_format("%s", path);
	set_argv(t, (const char *[3]){ arg0, NULL, NULL }, args + 1);
}

static bool
has_main(const char *dir)
{
	static const char *const names[] = { "__main__.py", "__main__.pyc" };
	bool found = false;
	char *p;

	for (size_t i = 0; i < 2 && !found; i++) {
		p = run_format("%s/%s", dir, names[i]);
		found = access(p, F_OK) == 0;
		if (!found && errno == EACCES)
			run_refuse(dir, errno);
		free(p);
	}
	return (found);
}

/* A regular file that the caller named by its path. */
static void
set_file(struct run_target *t, const char *python, char **args)
{
	enum run_file_kind kind;
	int error, noexec = run_file_executable(args[0]);
	char *path;

	error = run_file_kind(args[0], &kind);
	if (error == EACCES && noexec == 0)
		kind = RUN_FILE_ELF;	/* may be run but not read */
	else if (error != 0)
		run_refuse(args[0], error);
	if (kind == RUN_FILE_ELF && noexec != 0)
		run_refuse(args[0], noexec);
	if (noexec != 0 || kind == RUN_FILE_OTHER || (kind == RUN_FILE_PYTHON &&
	    (python != NULL || run_file_is_named_python(args[0])))) {
		set_script(t, python, args);
		name_after(t, args[0]);
		return;
	}
	path = run_format("%s%s", strchr(args[0], '/') != NULL ? "" : "./",
	    args[0]);
	set_program(t, path, path, args);
	free(path);
	name_after(t, args[0]);
	if (kind == RUN_FILE_PYTHON)
		return;
	/* Captures of programs do not belong beside them, in /usr/bin. */
	free(t->dir);
	t->dir = run_format("%s", "");
}

/* Returns an errno value if there is no such program on PATH. */
static int
set_found(struct run_target *t, const char *python, char **args)
{
	enum run_file_kind kind = RUN_FILE_OTHER;
	char *path, *arg0 = args[0];
	int error;

	if ((error = run_file_find(args[0], &path)) != 0)
		return (error);
	(void)run_file_kind(path, &kind);
	if (kind == RUN_FILE_PYTHON && python != NULL) {
		args[0] = path;
		set_script(t, python, args);
		args[0] = arg0;
	} else {
		set_program(t, path, arg0, args);
	}
	free(path);
	t->dir = run_format("%s", "");
	t->subject = run_format("%s", arg0);
	return (0);
}

void
run_target_file(struct run_target *t, const char *python, char **args)
{
	const bool bare = strchr(args[0], '/') == NULL;
	struct stat st;
	int error;

	if (strcmp(args[0], "-") == 0) {
		set_python(t, python, NULL, args[0], args + 1);
		t->dir = run_format("%s", "");
		t->subject = run_format("%s", "stdin");
	} else if (stat(args[0], &st) != 0) {
		error = errno;
		if (bare && error == ENOENT)
			error = set_found(t, python, args);
		if (error != 0)
			run_refuse(args[0], error);
	} else if (S_ISREG(st.st_mode)) {
		set_file(t, python, args);
	} else if (S_ISDIR(st.st_mode) && !has_main(args[0])) {
		if (!bare || set_found(t, python, args) != 0)
			errx(RUN_EXIT_NOEXEC,
			    "%s: directory without a __main__.py", args[0]);
	} else {
		set_script(t, python, args);
		name_after(t, args[0]);
		if (S_ISDIR(st.st_mode))
			return;
		/* A pipe, say: nothing can be created beside /dev/fd/63. */
		free(t->dir);
		t->dir = run_format("%s", "");
	}
}

void
run_target_fini(struct run_target *t)
{
	for (char **p = t->argv; p != NULL && *p != NULL; p++)
		free(*p);
	free(t->argv);
	free(t->path);
	free(t->subject);
	free(t->dir);
}
