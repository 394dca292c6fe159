/* Files that could be run: where they are, what the kernel makes of them. */

#ifndef RUN_FILE_H
#define RUN_FILE_H

#include <stdbool.h>

enum run_file_kind {
	RUN_FILE_OTHER,		/* of no kind that the kernel executes */
	RUN_FILE_ELF,
	RUN_FILE_PYTHON,	/* starts with #!, names a Python */
	RUN_FILE_INTERPRETED	/* starts with #!, names something else */
};

/*
 * Find the program `name` as execvp(3) does: on PATH, unless it contains a
 * slash.  Returns 0 and sets *path (always with a slash in it; to be freed),
 * or an errno value.
 */
int	run_file_find(const char *name, char **path);

/* 0 if the regular file may be executed, else an errno value. */
int	run_file_executable(const char *path);

/*
 * Look at the first bytes of a regular file.  Returns 0 and sets *kind, or
 * an errno value.
 */
int	run_file_kind(const char *path, enum run_file_kind *kind);

/* An executable that the kernel runs without a dynamic linker? */
bool	run_file_is_static(const char *path);

/* Does the name look like Python source or a zip application? */
bool	run_file_is_named_python(const char *path);

#endif /* RUN_FILE_H */
