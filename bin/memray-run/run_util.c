/* Exit statuses, memory, and a look at processes. */

#include <err.h>
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "run_util.h"

int
run_exit_of(int error)
{
	return (error == ENOENT || error == ENOTDIR ?
	    RUN_EXIT_NOENT : RUN_EXIT_NOEXEC);
}

void
run_refuse(const char *path, int error)
{
	errno = error;
	err(run_exit_of(error), "%s", path);
}

void *
run_alloc(size_t n, size_t size)
{
	void *p = calloc(n, size);

	if (p == NULL)
		err(RUN_EXIT_FAILED, NULL);
	return (p);
}

char *
run_format(const char *fmt, ...)
{
	va_list ap;
	char *s;
	int n;

	va_start(ap, fmt);
	n = vasprintf(&s, fmt, ap);
	va_end(ap);
	if (n < 0)
		err(RUN_EXIT_FAILED, NULL);
	return (s);
}

const char *
run_basename(const char *path)
{
	const char *slash = strrchr(path, '/');

	return (slash != NULL ? slash + 1 : path);
}

bool
run_process(pid_t pid, char *state, pid_t *parent)
{
	char path[40], line[512], *p;
	size_t n;
	FILE *fp;
	int ppid;

	(void)snprintf(path, sizeof(path), "/proc/%ld/stat", (long)pid);
	if ((fp = fopen(path, "re")) == NULL)
		return (false);
	n = fread(line, 1, sizeof(line) - 1, fp);
	(void)fclose(fp);
	line[n] = '\0';
	/* The name of the program, in parentheses, may hold any character. */
	if ((p = strrchr(line, ')')) == NULL ||
	    sscanf(p + 1, " %c %d", state, &ppid) != 2)
		return (false);
	*parent = (pid_t)ppid;
	return (true);
}

uint64_t
run_now_ms(void)
{
	struct timespec ts;

	(void)clock_gettime(CLOCK_MONOTONIC, &ts);
	return ((uint64_t)ts.tv_sec * 1000 + (uint64_t)ts.tv_nsec / 1000000);
}
