/* The process that reads modules.  Whatever happens to it is its own. */

#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "mt_sym_child.h"
#include "mt_sym_find.h"
#include "mt_sym_module.h"

#define CPU_SECONDS	30u	/* for one module */
#define CPU_TOTAL_MS	600000u	/* for all of them, in all children */
#define WAIT_SECONDS	300u	/* likewise; a server may take long to answer */

/*
 * Memory for one module besides what is inherited: some for any file, and more
 * for each of its bytes, since its debug information may be a file of its own,
 * ten times as long.
 */
#define MEMORY_BASE	(UINT64_C(1) << 30)
#define MEMORY_PER_BYTE	64u
#define MEMORY_MAX	(UINT64_C(8) << 30)

/* Before anything that is worth more than names. */
#define OOM_SCORE	"500"

/* Sanitizers need more than any program. */
#if defined(__SANITIZE_ADDRESS__)
#define LIMIT_MEMORY	0
#elif defined(__has_feature)
#if __has_feature(address_sanitizer)
#define LIMIT_MEMORY	0
#endif
#endif
#ifndef LIMIT_MEMORY
#define LIMIT_MEMORY	1
#endif

static bool
lower(struct rlimit *rl, uint64_t max)
{
	if (rl->rlim_max < max)
		return (false);
	rl->rlim_cur = (rlim_t)max;
	return (true);
}

/* Systems do not agree on the type of the name of a limit: it has none here. */
#define limit(resource, max)						\
	do {								\
		struct rlimit rl_;					\
		if (getrlimit((resource), &rl_) == 0 &&			\
		    lower(&rl_, (max)))					\
			(void)setrlimit((resource), &rl_);		\
	} while (0)

/* Processor time of this process so far, in milliseconds. */
static uint64_t
spent_ms(void)
{
	struct rusage ru;

	if (getrusage(RUSAGE_SELF, &ru) == -1)
		return (0);
	return ((uint64_t)(ru.ru_utime.tv_sec + ru.ru_stime.tv_sec) * 1000 +
	    (uint64_t)(ru.ru_utime.tv_usec + ru.ru_stime.tv_usec) / 1000);
}

/*
 * So much time from now on.  What waits takes no time of a processor: a file
 * may name a pipe, say, for libdw to read on in.
 */
static void
limit_time(void)
{
	limit(RLIMIT_CPU, spent_ms() / 1000 + CPU_SECONDS);
	(void)alarm(WAIT_SECONDS);
}

/* Addresses that this process has, with those that it was forked with. */
static uint64_t
mapped(void)
{
	FILE *fp = fopen("/proc/self/statm", "re");
	uint64_t pages = 0;

	if (fp == NULL)
		return (MEMORY_MAX);
	if (fscanf(fp, "%" SCNu64, &pages) != 1)
		pages = MEMORY_MAX / 4096;
	(void)fclose(fp);
	return (pages * (uint64_t)sysconf(_SC_PAGESIZE));
}

uint64_t
mt_sym_child_memory(uint64_t file_bytes)
{
	if (file_bytes > (MEMORY_MAX - MEMORY_BASE) / MEMORY_PER_BYTE)
		return (MEMORY_MAX);
	return (MEMORY_BASE + file_bytes * MEMORY_PER_BYTE);
}

/*
 * What one module needs, of which nothing is left when it is closed; not more
 * than the limit that was there.
 */
static void
limit_memory(const char *path, uint64_t most)
{
	struct stat st;
	uint64_t bytes = stat(path, &st) == 0 && st.st_size > 0 ?
	    (uint64_t)st.st_size : 0, max;

	if (!LIMIT_MEMORY)
		return;
	max = mapped() + mt_sym_child_memory(bytes);
	limit(RLIMIT_AS, max < most ? max : most);
}

/*
 * When all children together have had their time, the rest of the modules end
 * as one does that takes too long by itself.  Who is ended by the limit of one
 * module has had all of that.
 */
static void
limit_total(const struct mt_sym_work *w)
{
	if (atomic_load(w->spent_ms) >= CPU_TOTAL_MS)
		(void)raise(SIGXCPU);
	(void)atomic_fetch_add(w->spent_ms, CPU_SECONDS * 1000);
}

/* A module is done: it did not need all that was counted before. */
static void
settle_total(const struct mt_sym_work *w, uint64_t since_ms)
{
	uint64_t used = spent_ms() - since_ms;

	if (used < CPU_SECONDS * 1000)
		(void)atomic_fetch_sub(w->spent_ms,
		    (uint32_t)(CPU_SECONDS * 1000 - used));
}

/* If memory becomes scarce, this process goes first, not the program. */
static void
go_first(void)
{
	int fd = open("/proc/self/oom_score_adj", O_WRONLY | O_CLOEXEC);

	if (fd == -1)
		return;
	if (write(fd, OOM_SCORE, sizeof(OOM_SCORE) - 1) == -1)
		errno = 0;
	(void)close(fd);
}

static bool
write_all(int fd, const void *p, size_t n)
{
	const char *from = p;
	ssize_t k;

	for (; n > 0; n -= (size_t)k, from += k) {
		k = write(fd, from, n);
		if (k == -1 && errno == EINTR)
			k = 0;
		if (k == -1)
			return (false);
	}
	return (true);
}

/* The length of the message, the message. */
static bool
tell(const struct mt_sym_work *w, struct mt_sym_module *m, uint32_t i, int fd)
{
	struct mt_sym_out out = { NULL, 0, 0, false };
	uint32_t len;
	bool ok;

	limit_time();
	mt_sym_module_put(m, &w->module[i], &out);
	len = (uint32_t)out.len;
	ok = !out.failed && write_all(fd, &len, sizeof(len)) &&
	    write_all(fd, out.data, out.len);
	free(out.data);
	return (ok);
}

/* The parent hears of a module before anything is done for it. */
static bool
work_on(const struct mt_sym_work *w, uint32_t group, int fd, uint64_t memory)
{
	uint32_t at, end = w->start[group + 1];
	uint64_t since_ms = spent_ms();
	struct mt_sym_module m;
	bool ok;

	at = w->start[group];
	ok = write_all(fd, &w->order[at], sizeof(w->order[at]));
	limit_time();
	limit_total(w);
	limit_memory(w->module[w->order[at]].path, memory);
	mt_sym_module_open(&m, &w->module[w->order[at]], w->start_time_ns);
	while (ok) {
		ok = tell(w, &m, w->order[at], fd);
		if (++at == end)
			break;
		ok = ok && write_all(fd, &w->order[at], sizeof(w->order[at]));
	}
	mt_sym_module_close(&m);
	settle_total(w, since_ms);
	return (ok);
}

_Noreturn static void
child(const struct mt_sym_work *w, pid_t parent, int fd)
{
	static const int deadly[] = {
		SIGSEGV, SIGBUS, SIGABRT, SIGFPE, SIGILL, SIGXCPU, SIGALRM
	};
	uint64_t memory = UINT64_MAX;
	struct rlimit rl;
	sigset_t none;
	uint32_t i;
	size_t k;

	/* What nobody will hear need not be found out. */
	(void)prctl(PR_SET_PDEATHSIG, SIGKILL);
	if (getppid() != parent)
		_exit(1);
	for (k = 0; k < sizeof(deadly) / sizeof(deadly[0]); k++)
		(void)signal(deadly[k], SIG_DFL);
	(void)sigemptyset(&none);
	(void)sigprocmask(SIG_SETMASK, &none, NULL);
	if (!mt_sym_find_may_ask())
		(void)unsetenv("DEBUGINFOD_URLS");
	go_first();
	limit(RLIMIT_CORE, 0);
	if (getrlimit(RLIMIT_AS, &rl) == 0)
		memory = rl.rlim_cur;
	while ((i = atomic_fetch_add(w->next, 1)) < w->ngroups)
		if (!work_on(w, i, fd, memory))
			_exit(1);
	_exit(0);
}

pid_t
mt_sym_child(const struct mt_sym_work *w, int *fd)
{
	const pid_t self = getpid();
	int pipefd[2];
	pid_t pid;

	if (pipe2(pipefd, O_CLOEXEC) != 0)
		return (-1);
	pid = fork();
	if (pid == 0)
		child(w, self, pipefd[1]);
	(void)close(pipefd[1]);
	if (pid == -1)
		(void)close(pipefd[0]);
	else
		*fd = pipefd[0];
	return (pid);
}
