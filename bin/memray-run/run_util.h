/* What the files of memray-run share: its exit statuses, and memory. */

#ifndef RUN_UTIL_H
#define RUN_UTIL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

/* As env(1); any other status is the program's own. */
enum run_exit {
	RUN_EXIT_FAILED = 125,	/* memray-run itself */
	RUN_EXIT_NOEXEC = 126,	/* the program was found, but cannot run */
	RUN_EXIT_NOENT = 127	/* the program was not found */
};

/* The status for a program that could not be run because of an errno. */
int	run_exit_of(int error);

/* One line about a program that cannot be run, and the end. */
_Noreturn void	run_refuse(const char *path, int error);

/* Out of memory ends memray-run, with a line and RUN_EXIT_FAILED. */
void	*run_alloc(size_t n, size_t size);
char	*run_format(const char *fmt, ...)
	    __attribute__((__format__(__printf__, 1, 2)));

/* The part of a path behind its last slash. */
const char	*run_basename(const char *path);

/* State (as in proc(5)) and parent of a process; false if there is none. */
bool	run_process(pid_t, char *state, pid_t *parent);

/* Milliseconds on a clock that only goes forward. */
uint64_t	run_now_ms(void);

#endif /* RUN_UTIL_H */
