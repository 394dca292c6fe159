/*
 * Preloaded into memray-run: at the FAULT_AT-th time that it comes to the
 * step FAULT_STEP of what it does for a process, it is stopped for a while,
 * dies, or is slow from then on (FAULT_HOW); the file "met" says that it came
 * there.  With FAULT_ROBUST=no there are no robust futexes.  The program that
 * it runs is not touched.
 */

#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/types.h>

#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static const char	*fault_step, *fault_how;
static int		 fault_at, fault_robust;
static _Atomic int	 fault_seen;
static pid_t		 fault_pid;	/* not of children before they exec */

static void *
fault_real(const char *name)
{
	return (dlsym(RTLD_NEXT, name));
}

__attribute__((__constructor__)) static void
fault_init(void)
{
	const char *at = getenv("FAULT_AT"), *robust = getenv("FAULT_ROBUST");

	fault_step = getenv("FAULT_STEP");
	fault_how = getenv("FAULT_HOW");
	fault_at = at == NULL ? 1 : atoi(at);
	fault_robust = robust == NULL || strcmp(robust, "no") != 0;
	fault_pid = getpid();
	(void)unsetenv("LD_PRELOAD");
}

static void
fault(const char *step)
{
	int saved = errno, seen;

	if (fault_step == NULL || getpid() != fault_pid ||
	    strcmp(step, fault_step) != 0)
		return;
	seen = atomic_fetch_add(&fault_seen, 1) + 1;
	if (seen == fault_at)
		(void)close(open("met", O_WRONLY | O_CREAT | O_CLOEXEC, 0600));
	if (seen == fault_at && strcmp(fault_how, "kill") == 0)
		(void)kill(getpid(), SIGKILL);
	else if (seen == fault_at && strcmp(fault_how, "stop") == 0)
		(void)kill(getpid(), SIGSTOP);
	else if (seen >= fault_at && strcmp(fault_how, "slow") == 0)
		(void)usleep(30000);
	errno = saved;
}

int
accept4(int s, struct sockaddr *addr, socklen_t *len, int flags)
{
	int (*real)(int, struct sockaddr *, socklen_t *, int);
	void *p = fault_real("accept4");
	int conn;

	memcpy(&real, &p, sizeof(real));
	if ((conn = real(s, addr, len, flags)) != -1)
		fault("accept");
	return (conn);
}

ssize_t
recv(int s, void *to, size_t size, int flags)
{
	ssize_t (*real)(int, void *, size_t, int), n;
	void *p = fault_real("recv");

	memcpy(&real, &p, sizeof(real));
	if ((n = real(s, to, size, flags)) > 0)
		fault("hello");
	return (n);
}

int
memfd_create(const char *name, unsigned flags)
{
	int (*real)(const char *, unsigned), fd;
	void *p = fault_real("memfd_create");

	memcpy(&real, &p, sizeof(real));
	fd = real(name, flags);
	fault("memory");
	return (fd);
}

ssize_t
sendmsg(int s, const struct msghdr *m, int flags)
{
	ssize_t (*real)(int, const struct msghdr *, int), n;
	void *p = fault_real("sendmsg");

	memcpy(&real, &p, sizeof(real));
	fault("welcome");
	n = real(s, m, flags);
	fault("welcomed");
	return (n);
}

long
syscall(long number, ...)
{
	long (*real)(long, ...), a[6], result;
	void *p = fault_real("syscall");
	va_list ap;

	va_start(ap, number);
	for (int i = 0; i < 6; i++)
		a[i] = va_arg(ap, long);
	va_end(ap);
	memcpy(&real, &p, sizeof(real));
	if (number == SYS_set_robust_list && !fault_robust) {
		errno = ENOSYS;
		return (-1);
	}
	result = real(number, a[0], a[1], a[2], a[3], a[4], a[5]);
	if (number == SYS_futex)
		fault("drain");
	return (result);
}
