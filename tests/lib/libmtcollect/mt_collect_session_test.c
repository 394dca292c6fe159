#include <sys/types.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>

#include <atf-c.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "mt_collect_session.h"

static struct mt_collect_session session;

static void
begin(void)
{
	memset(&session, 0, sizeof(session));
	ATF_REQUIRE_EQ(MT_OK, mt_collect_session_init(&session, 0, NULL));
}

static void *
hold(void *arg)
{
	(void)arg;
	if (!mt_collect_session_hold(&session))
		_exit(1);
	return (NULL);
}

/* A collector that waits for its death. */
static pid_t
start_collector(void)
{
	int ready[2];
	pid_t pid;
	char c;

	ATF_REQUIRE_EQ(0, pipe(ready));
	if ((pid = fork()) == 0) {
		(void)hold(NULL);
		(void)write(ready[1], "", 1);
		for (;;)
			(void)pause();
	}
	ATF_REQUIRE(pid > 0);
	ATF_REQUIRE_EQ(1, read(ready[0], &c, 1));
	return (pid);
}

/* Whatever is tried, also by way of another descriptor. */
static void
check_readers(void)
{
	char path[64];
	int fd;

	ATF_CHECK_EQ(MAP_FAILED, mmap(NULL, MT_SESSION_BYTES,
	    PROT_READ | PROT_WRITE, MAP_SHARED, session.fd, 0));
	(void)snprintf(path, sizeof(path), "/proc/self/fd/%d", session.fd);
	if ((fd = open(path, O_RDWR)) == -1)
		return;
	ATF_CHECK_EQ(MAP_FAILED, mmap(NULL, MT_SESSION_BYTES,
	    PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0));
	ATF_CHECK_EQ(-1, write(fd, path, 8));
	(void)close(fd);
}

ATF_TC(page);
ATF_TC_HEAD(page, tc)
{
	atf_tc_set_md_var(tc, "descr", "the page is as its readers expect it, "
	    "and they can but read it");
}
ATF_TC_BODY(page, tc)
{
	begin();
	ATF_CHECK_EQ(MT_SESSION_MAGIC, session.page->magic);
	ATF_CHECK_EQ(MT_WIRE_VERSION, session.page->version);
	ATF_CHECK(ftruncate(session.fd, 0) == -1);
	ATF_CHECK(ftruncate(session.bell_fd, 0) == -1);
	check_readers();
	mt_collect_session_fini(&session);
}

/* As in a sandbox that does not know memfd_create(2). */
static void
refuse_memfd(void)
{
	struct sock_filter code[] = {
		BPF_STMT(BPF_LD | BPF_W | BPF_ABS,
		    offsetof(struct seccomp_data, nr)),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_memfd_create, 0, 1),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | EPERM),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW)
	};
	struct sock_fprog prog = { sizeof(code) / sizeof(code[0]), code };

	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == -1 ||
	    prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &prog) == -1)
		atf_tc_skip("no seccomp filters");
}

ATF_TC(no_memfd);
ATF_TC_HEAD(no_memfd, tc)
{
	atf_tc_set_md_var(tc, "descr", "without memfd_create(2) the page is "
	    "an unlinked file");
}
ATF_TC_BODY(no_memfd, tc)
{
	struct stat st;

	refuse_memfd();
	begin();
	ATF_REQUIRE_EQ(0, fstat(session.fd, &st));
	ATF_CHECK_EQ(0, st.st_nlink);
	ATF_CHECK_EQ(MT_SESSION_BYTES, st.st_size);
	ATF_CHECK_EQ(MT_SESSION_MAGIC, session.page->magic);
	mt_collect_session_fini(&session);
}

ATF_TC(clock);
ATF_TC_HEAD(clock, tc)
{
	atf_tc_set_md_var(tc, "descr", "the clock is published, never back");
}
ATF_TC_BODY(clock, tc)
{
	uint64_t a, b;

	begin();
	a = mt_collect_session_tick(&session);
	while ((b = mt_collect_session_tick(&session)) == a)
		continue;
	ATF_CHECK(b > a);
	ATF_CHECK_EQ(b, atomic_load(&session.page->clock_us));
	atomic_store(&session.page->clock_us, b + 1000000000);
	(void)mt_collect_session_tick(&session);
	ATF_CHECK_EQ(b + 1000000000, atomic_load(&session.page->clock_us));
	mt_collect_session_fini(&session);
}

ATF_TC(killed);
ATF_TC_HEAD(killed, tc)
{
	atf_tc_set_md_var(tc, "descr", "a killed collector is seen to be dead, "
	    "even before anybody waits for it");
}
ATF_TC_BODY(killed, tc)
{
	siginfo_t info;
	pid_t pid;

	begin();
	pid = start_collector();
	ATF_CHECK_EQ((uint32_t)pid, atomic_load(&session.page->lifeline));
	ATF_REQUIRE_EQ(0, kill(pid, SIGKILL));
	ATF_REQUIRE_EQ(0, waitid(P_PID, (id_t)pid, &info, WEXITED | WNOWAIT));
	ATF_CHECK(atomic_load(&session.page->lifeline) & MT_OWNER_DIED);
	ATF_REQUIRE_EQ(pid, waitpid(pid, NULL, 0));
	mt_collect_session_fini(&session);
}

ATF_TC(thread_ends);
ATF_TC_HEAD(thread_ends, tc)
{
	atf_tc_set_md_var(tc, "descr", "so it is when only its thread ends");
}
ATF_TC_BODY(thread_ends, tc)
{
	pthread_t thread;

	begin();
	ATF_REQUIRE_EQ(0, pthread_create(&thread, NULL, hold, NULL));
	ATF_REQUIRE_EQ(0, pthread_join(thread, NULL));
	ATF_CHECK(atomic_load(&session.page->lifeline) & MT_OWNER_DIED);
	mt_collect_session_fini(&session);
}

static void *
ring_bell(void *arg)
{
	(void)arg;
	while (atomic_load(&session.bell->bell) == 0)
		continue;
	mt_collect_session_ring(&session);
	return (NULL);
}

ATF_TC(bell);
ATF_TC_HEAD(bell, tc)
{
	atf_tc_set_md_var(tc, "descr", "the bell ends the sleep");
	atf_tc_set_md_var(tc, "timeout", "60");
}
ATF_TC_BODY(bell, tc)
{
	pthread_t thread;

	begin();
	ATF_REQUIRE_EQ(0, pthread_create(&thread, NULL, ring_bell, NULL));
	mt_collect_session_doze(&session);
	mt_collect_session_sleep(&session, 600u * 1000000);
	ATF_REQUIRE_EQ(0, pthread_join(thread, NULL));
	ATF_CHECK_EQ(0, atomic_load(&session.bell->bell));
	mt_collect_session_fini(&session);
}

ATF_TP_ADD_TCS(tp)
{
	ATF_TP_ADD_TC(tp, page);
	ATF_TP_ADD_TC(tp, no_memfd);
	ATF_TP_ADD_TC(tp, clock);
	ATF_TP_ADD_TC(tp, killed);
	ATF_TP_ADD_TC(tp, thread_ends);
	ATF_TP_ADD_TC(tp, bell);
	return (atf_no_error());
}
