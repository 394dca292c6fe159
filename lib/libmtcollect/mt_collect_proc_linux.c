/* Processes seen through Linux's /proc. */

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "mt_collect_proc.h"
#include "mt_hello.h"

#define PF_EXITING	0x4u		/* of include/linux/sched.h */
#define ENVIRON_MAX	(128u * 1024)	/* bytes looked at */

/* Fields of stat, counted from the one behind the name. */
#define STAT_STATE	0
#define STAT_PARENT	1
#define STAT_FLAGS	6
#define STAT_EXIT_CODE	49

void
mt_collect_proc_open(struct mt_collect_proc *p, pid_t pid)
{
	char path[64];

	(void)snprintf(path, sizeof(path), "/proc/%ld", (long)pid);
	p->dir = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	p->statm = p->dir == -1 ? -1 :
	    openat(p->dir, "statm", O_RDONLY | O_CLOEXEC);
}

void
mt_collect_proc_close(struct mt_collect_proc *p)
{
	if (p->statm != -1)
		(void)close(p->statm);
	if (p->dir != -1)
		(void)close(p->dir);
	p->statm = p->dir = -1;
}

bool
mt_collect_proc_memory(const struct mt_collect_proc *p, uint64_t *rss,
    uint64_t *anon)
{
	unsigned long long resident, shared;
	char buf[128], *at;
	uint64_t page;
	ssize_t n;

	if (p->statm == -1)
		return (false);
	n = pread(p->statm, buf, sizeof(buf) - 1, 0);
	if (n <= 0)
		return (false);
	buf[n] = '\0';
	/* The second and the third number, in pages. */
	(void)strtoull(buf, &at, 10);
	resident = strtoull(at, &at, 10);
	shared = strtoull(at, &at, 10);
	if (resident == 0)
		return (false);
	page = (uint64_t)sysconf(_SC_PAGESIZE);
	*rss = resident * page;
	*anon = resident > shared ? (resident - shared) * page : 0;
	return (true);
}

bool
mt_collect_proc_thread_gone(const struct mt_collect_proc *p, uint32_t tid)
{
	char name[24];

	if (p->dir == -1)
		return (false);
	(void)snprintf(name, sizeof(name), "task/%u", (unsigned)tid);
	return (faccessat(p->dir, name, F_OK, 0) == -1 && errno == ENOENT);
}

/* The beginning of a file of the process; its length, or -1. */
static ssize_t
proc_read(const struct mt_collect_proc *p, const char *name, char *to,
    size_t size)
{
	ssize_t n;
	int fd;

	if (p->dir == -1 ||
	    (fd = openat(p->dir, name, O_RDONLY | O_CLOEXEC)) == -1)
		return (-1);
	n = read(fd, to, size - 1);
	(void)close(fd);
	if (n >= 0)
		to[n] = '\0';
	return (n);
}

void
mt_collect_proc_command(const struct mt_collect_proc *p, char *to,
    size_t size)
{
	ssize_t i, n;

	to[0] = '\0';
	if ((n = proc_read(p, "cmdline", to, size)) <= 0)
		return;
	/* The last argument ends with a NUL, too. */
	for (i = 0; i < n - 1; i++)
		if (to[i] == '\0')
			to[i] = ' ';
}

/* A field of a process's stat as text, "" if there is none. */
static const char *
stat_field(const char *stat, unsigned field)
{
	/* The name, in parentheses, may hold any character. */
	const char *at = strrchr(stat, ')');

	if (at == NULL)
		return ("");
	for (at++; field > 0; field--)
		if ((at = strchr(at + 1, ' ')) == NULL)
			return ("");
	return (at + (*at == ' '));
}

/* The process's stat as text, "" if there is none. */
static const char *
proc_stat(const struct mt_collect_proc *p, char *buf, size_t size)
{
	return (proc_read(p, "stat", buf, size) <= 0 ? "" : buf);
}

pid_t
mt_collect_proc_parent(const struct mt_collect_proc *p)
{
	char buf[1024];

	return ((pid_t)strtol(stat_field(proc_stat(p, buf, sizeof(buf)),
	    STAT_PARENT), NULL, 10));
}

bool
mt_collect_proc_status(const struct mt_collect_proc *p, int *status)
{
	const char *code, *stat;
	char buf[1024], state;

	/* Read once, for it may be gone the next time. */
	stat = proc_stat(p, buf, sizeof(buf));
	state = *stat_field(stat, STAT_STATE);
	code = stat_field(stat, STAT_EXIT_CODE);
	/* Of those that have not ended, the number means nothing. */
	if ((state != 'Z' && state != 'X') || *code == '\0')
		return (false);
	*status = (int)strtol(code, NULL, 10);
	return (true);
}

bool
mt_collect_proc_is_ending(const struct mt_collect_proc *p)
{
	char buf[1024];

	return (*proc_stat(p, buf, sizeof(buf)) == '\0' ||
	    (strtoul(stat_field(buf, STAT_FLAGS), NULL, 10) & PF_EXITING) !=
	    0);
}

static bool
is_python(const struct mt_collect_proc *p)
{
	const char *base;
	char path[256];
	ssize_t n;

	n = readlinkat(p->dir, "exe", path, sizeof(path) - 1);
	if (n <= 0)
		return (false);
	path[n] = '\0';
	base = strrchr(path, '/');
	return (strncmp(base == NULL ? path : base + 1, "python", 6) == 0);
}

/*
 * Has an execve(2) of the process not yet come to the new environment?  Then
 * there are no arguments yet either.
 */
static bool
is_in_exec(const struct mt_collect_proc *p)
{
	char c[2];

	return (proc_read(p, "cmdline", c, sizeof(c)) == 0);
}

/* True also if that cannot be told yet. */
static bool
has_socket(const struct mt_collect_proc *p, const char *socket)
{
	static const char name[] = MT_ENV_SOCKET "=";
	const char *at;
	ssize_t n;
	char *env;
	bool has;

	if ((env = malloc(ENVIRON_MAX)) == NULL)
		return (false);
	n = proc_read(p, "environ", env, ENVIRON_MAX);
	has = n == 0 && is_in_exec(p);
	for (at = env; n > 0 && !has && at < env + n; at += strlen(at) + 1)
		if (strncmp(at, name, sizeof(name) - 1) == 0)
			has = strcmp(at + sizeof(name) - 1 +
			    (at[sizeof(name) - 1] == MT_ENV_FOLLOW),
			    socket) == 0;
	free(env);
	return (has);
}

bool
mt_collect_proc_each(const char *socket,
    bool (*fn)(void *, pid_t, const struct mt_collect_proc *), void *arg)
{
	struct mt_collect_proc p;
	struct dirent *e;
	bool found;
	pid_t pid;
	DIR *dir;

	if ((dir = opendir("/proc")) == NULL)
		return (false);
	for (found = false; !found && (e = readdir(dir)) != NULL;) {
		pid = (pid_t)strtol(e->d_name, NULL, 10);
		if (pid <= 0 || pid == getpid())
			continue;
		mt_collect_proc_open(&p, pid);
		found = is_python(&p) && has_socket(&p, socket) &&
		    fn(arg, pid, &p);
		mt_collect_proc_close(&p);
	}
	(void)closedir(dir);
	return (found);
}
