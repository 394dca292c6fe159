/* The collector's needs as Linux meets them. */

#include <sys/epoll.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/timerfd.h>
#include <sys/types.h>
#include <sys/wait.h>

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <linux/futex.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include <mt_file.h>
#include <mt_place.h>

#include "mt_collect_error.h"
#include "mt_collect_os.h"

_Static_assert(sizeof(struct mt_collect_lifeline) ==
    sizeof(struct robust_list) + sizeof(struct robust_list_head),
    "the kernel's robust list looks different");

/* Beyond this limit, sizing even such a file would bring us a SIGXFSZ. */
static bool
shm_fits(size_t bytes)
{
	struct rlimit rl;

	if (getrlimit(RLIMIT_FSIZE, &rl) == -1 ||
	    rl.rlim_cur == RLIM_INFINITY || rl.rlim_cur >= bytes)
		return (true);
	errno = EFBIG;
	return (false);
}

/*
 * The peers get the descriptor too.  The seals keep them from shrinking the
 * memory under our feet, which would kill us with SIGBUS.
 */
static int
shm_memfd(size_t bytes, int seals)
{
	int fd;

	fd = mt_file_memory("memtrace");
	if (fd == -1)
		return (-1);
	if (ftruncate(fd, (off_t)bytes) == -1 ||
	    fcntl(fd, F_ADD_SEALS, F_SEAL_SHRINK | F_SEAL_GROW | seals) ==
	    -1) {
		(void)close(fd);
		return (-1);
	}
	return (fd);
}

/*
 * A small /dev/shm is common in containers: without the space in hand, the
 * program would get SIGBUS from a page that cannot be had.
 */
static int
shm_file(const char *dir, size_t bytes)
{
	int error, fd = mt_file_nameless(dir);

	if (fd == -1)
		return (-1);
	if ((error = posix_fallocate(fd, 0, (off_t)bytes)) != 0) {
		(void)close(fd);
		errno = error;
		return (-1);
	}
	return (fd);
}

static enum mt_status
shm_new(int *fdp, size_t bytes, int seals, struct mt_error *error)
{
	int fd;

	if (!shm_fits(bytes) || ((fd = shm_memfd(bytes, seals)) == -1 &&
	    (fd = shm_file("/dev/shm", bytes)) == -1 &&
	    (fd = shm_file(mt_place_tmpdir(), bytes)) == -1))
		return (mt_collect_fail(error, MT_ERR_SYS, "shared memory"));
	*fdp = fd;
	return (MT_OK);
}

enum mt_status
mt_collect_os_shm(int *fdp, size_t bytes, struct mt_error *error)
{
	return (shm_new(fdp, bytes, F_SEAL_SEAL, error));
}

bool
mt_collect_os_shm_lazy(int *fdp, size_t bytes)
{
	return (shm_fits(bytes) &&
	    (*fdp = shm_memfd(bytes, F_SEAL_SEAL)) != -1);
}

enum mt_status
mt_collect_os_shm_open(int *fdp, size_t bytes, struct mt_error *error)
{
	return (shm_new(fdp, bytes, 0, error));
}

/* Known since Linux 5.1; what is mapped already can be written to. */
#define SEAL_FUTURE_WRITE	0x10

void
mt_collect_os_shm_close(int *fdp)
{
	char path[32];
	int fd;

	(void)fcntl(*fdp, F_ADD_SEALS, SEAL_FUTURE_WRITE | F_SEAL_SEAL);
	(void)snprintf(path, sizeof(path), "/proc/self/fd/%d", *fdp);
	if ((fd = open(path, O_RDONLY | O_CLOEXEC)) == -1)
		return;
	(void)close(*fdp);
	*fdp = fd;
}

static long
futex(_Atomic uint32_t *word, int op, uint32_t value,
    const struct timespec *timeout)
{
	return (syscall(SYS_futex, word, op, value, timeout, NULL, 0));
}

void
mt_collect_os_wait(_Atomic uint32_t *word, uint32_t value,
    unsigned timeout_us)
{
	struct timespec ts;

	ts.tv_sec = timeout_us / 1000000;
	ts.tv_nsec = (long)(timeout_us % 1000000) * 1000;
	(void)futex(word, FUTEX_WAIT, value, &ts);
}

void
mt_collect_os_wake(_Atomic uint32_t *word)
{
	(void)futex(word, FUTEX_WAKE, INT_MAX, NULL);
}

/*
 * The list has one entry, whose futex lies at the offset given in the head.
 * The kernel marks the word only if it holds the id of the dying thread.
 */
bool
mt_collect_os_lifeline(struct mt_collect_lifeline *line,
    _Atomic uint32_t *word)
{
	atomic_store(word, (uint32_t)gettid());
	line->entry.next = &line->head;
	line->head.list = &line->entry;
	line->head.offset = (long)((uintptr_t)word - (uintptr_t)&line->entry);
	line->head.pending = NULL;
	return (syscall(SYS_set_robust_list, &line->head,
	    sizeof(line->head)) == 0);
}

bool
mt_collect_os_peer(int sock, pid_t *pid, uid_t *uid)
{
	struct ucred cred;
	socklen_t len = sizeof(cred);

	if (getsockopt(sock, SOL_SOCKET, SO_PEERCRED, &cred, &len) == -1 ||
	    len != sizeof(cred) || cred.pid <= 0)
		return (false);
	*pid = cred.pid;
	*uid = cred.uid;
	return (true);
}

int
mt_collect_os_watch(pid_t pid)
{
	return ((int)syscall(SYS_pidfd_open, pid, 0));
}

bool
mt_collect_os_has_ended(int watch)
{
	struct pollfd pfd = { .fd = watch, .events = POLLIN };

	return (poll(&pfd, 1, 0) == 1);
}

/*
 * Since Linux 6.15, who watches a process learns its status after somebody
 * has waited for it.  Headers are older than that: 64 bytes, of which the
 * first eight say what is wanted and the last four are the status.
 */
static bool
pidfd_status(int watch, int *status)
{
	union {
		uint64_t	mask;
		int32_t		word[16];
	} info;

	memset(&info, 0, sizeof(info));
	info.mask = 1u << 3;
	if (ioctl(watch, _IOWR(0xff, 11, info), &info) == -1 ||
	    (info.mask & 1u << 3) == 0)
		return (false);
	*status = info.word[15];
	return (true);
}

bool
mt_collect_os_status(int watch, int *status)
{
	siginfo_t si;

	si.si_pid = 0;
	if (waitid(P_PIDFD, (id_t)watch, &si, WEXITED | WNOHANG | WNOWAIT) ==
	    -1 || si.si_pid == 0)
		return (pidfd_status(watch, status));
	*status = si.si_code == CLD_EXITED ? (si.si_status & 0xff) << 8 :
	    si.si_status | (si.si_code == CLD_DUMPED ? 0x80 : 0);
	return (true);
}

int
mt_collect_os_poll_new(void)
{
	return (epoll_create1(EPOLL_CLOEXEC));
}

bool
mt_collect_os_poll_add(int set, int fd, uint32_t tag)
{
	struct epoll_event ev;

	memset(&ev, 0, sizeof(ev));
	ev.events = EPOLLIN;
	ev.data.u32 = tag;
	return (epoll_ctl(set, EPOLL_CTL_ADD, fd, &ev) == 0);
}

int
mt_collect_os_poll_ready(int set, uint32_t *tags, int n)
{
	struct epoll_event ev[8];
	int i, got;

	if (n > (int)(sizeof(ev) / sizeof(ev[0])))
		n = (int)(sizeof(ev) / sizeof(ev[0]));
	got = epoll_wait(set, ev, n, 0);
	for (i = 0; i < got; i++)
		tags[i] = ev[i].data.u32;
	return (got);
}

int
mt_collect_os_ticker(unsigned ms)
{
	struct itimerspec it;
	int fd;

	fd = timerfd_create(CLOCK_MONOTONIC, TFD_CLOEXEC | TFD_NONBLOCK);
	if (fd == -1)
		return (-1);
	it.it_interval.tv_sec = ms / 1000;
	it.it_interval.tv_nsec = (long)(ms % 1000) * 1000000;
	it.it_value = it.it_interval;
	if (timerfd_settime(fd, 0, &it, NULL) == -1) {
		(void)close(fd);
		return (-1);
	}
	return (fd);
}

bool
mt_collect_os_ticker_take(int fd)
{
	uint64_t ticks;

	return (read(fd, &ticks, sizeof(ticks)) == (ssize_t)sizeof(ticks));
}
