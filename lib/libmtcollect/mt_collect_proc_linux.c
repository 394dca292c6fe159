/* Processes seen through Linux's /proc. */

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "mt_collect_proc.h"

void
mt_collect_proc_open(struct mt_collect_proc *p, pid_t pid)
{
	char path[64];

	(void)snprintf(path, sizeof(path), "/proc/%ld/statm", (long)pid);
	p->statm = open(path, O_RDONLY | O_CLOEXEC);
	(void)snprintf(path, sizeof(path), "/proc/%ld/task", (long)pid);
	p->task = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
}

void
mt_collect_proc_close(struct mt_collect_proc *p)
{
	if (p->statm != -1)
		(void)close(p->statm);
	if (p->task != -1)
		(void)close(p->task);
	p->statm = p->task = -1;
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
	char name[16];

	if (p->task == -1)
		return (false);
	(void)snprintf(name, sizeof(name), "%u", (unsigned)tid);
	return (faccessat(p->task, name, F_OK, 0) == -1 && errno == ENOENT);
}
