#include <sys/mman.h>
#include <sys/wait.h>

#include <atf-c.h>
#include <fcntl.h>
#include <signal.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "mt_collect_map.h"

#define BYTES	65536u

static int
file(void)
{
	char name[] = "shared.XXXXXX";
	int fd = mkstemp(name);

	ATF_REQUIRE(fd != -1);
	ATF_REQUIRE_EQ(0, ftruncate(fd, BYTES));
	return (fd);
}

ATF_TC(shorter);
ATF_TC_HEAD(shorter, tc)
{
	atf_tc_set_md_var(tc, "descr", "memory that a traced process takes "
	    "away is zeroes, and is known to be lost");
}
ATF_TC_BODY(shorter, tc)
{
	int fd = file(), other = file();
	volatile char *p, *q;

	(void)tc;
	ATF_REQUIRE((p = mt_collect_map(fd, BYTES)) != NULL);
	ATF_REQUIRE((q = mt_collect_map(other, BYTES)) != NULL);
	p[0] = p[BYTES - 1] = q[0] = 'x';
	ATF_CHECK(!mt_collect_map_is_lost((const char *)p));
	ATF_REQUIRE_EQ(0, ftruncate(fd, 0));
	ATF_CHECK_EQ(0, p[BYTES - 1]);
	ATF_CHECK(mt_collect_map_is_lost((const char *)p));
	ATF_CHECK_EQ(0, p[0]);
	p[0] = 'y';
	ATF_CHECK_EQ('y', p[0]);
	ATF_CHECK_EQ('x', q[0]);
	ATF_CHECK(!mt_collect_map_is_lost((const char *)q));
	mt_collect_unmap((char *)(uintptr_t)p, BYTES);
	mt_collect_unmap((char *)(uintptr_t)q, BYTES);
	/* The place is free for another one. */
	ATF_REQUIRE((p = mt_collect_map(other, BYTES)) != NULL);
	ATF_CHECK(!mt_collect_map_is_lost((const char *)p));
	mt_collect_unmap((char *)(uintptr_t)p, BYTES);
}

ATF_TC(sealed);
ATF_TC_HEAD(sealed, tc)
{
	atf_tc_set_md_var(tc, "descr", "sealed memory needs no handler");
}
ATF_TC_BODY(sealed, tc)
{
	struct sigaction before, after;
	void *p;
	int fd;

	(void)tc;
	ATF_REQUIRE((fd = memfd_create("x", MFD_ALLOW_SEALING)) != -1);
	ATF_REQUIRE_EQ(0, ftruncate(fd, BYTES));
	ATF_REQUIRE_EQ(0, fcntl(fd, F_ADD_SEALS, F_SEAL_SHRINK));
	/* A sanitizer has one of its own. */
	ATF_REQUIRE_EQ(0, sigaction(SIGBUS, NULL, &before));
	ATF_REQUIRE((p = mt_collect_map(fd, BYTES)) != NULL);
	ATF_REQUIRE_EQ(0, sigaction(SIGBUS, NULL, &after));
	ATF_CHECK(before.sa_handler == after.sa_handler);
	mt_collect_unmap(p, BYTES);
}

static void
touch(volatile char *p)
{
	*p = 1;
}

/* How a process ends that has such a mapping and does this. */
static int
ends(void (*fn)(volatile char *), volatile char *p)
{
	pid_t pid = fork();
	int status;

	ATF_REQUIRE(pid != -1);
	if (pid == 0) {
		fn(p);
		_exit(0);
	}
	ATF_REQUIRE_EQ(pid, waitpid(pid, &status, 0));
	return (status);
}

static void
be_sent(volatile char *p)
{
	(void)p;
	(void)kill(getpid(), SIGBUS);
}

ATF_TC(others);
ATF_TC_HEAD(others, tc)
{
	atf_tc_set_md_var(tc, "descr", "every other SIGBUS is what it was");
}
ATF_TC_BODY(others, tc)
{
	int fd = file(), other = file(), status;
	void *p, *q;

	(void)tc;
	ATF_REQUIRE((p = mt_collect_map(fd, BYTES)) != NULL);
	q = mmap(NULL, BYTES, PROT_READ | PROT_WRITE, MAP_SHARED, other, 0);
	ATF_REQUIRE(q != MAP_FAILED);
	ATF_REQUIRE_EQ(0, ftruncate(other, 0));
	status = ends(touch, q);
	ATF_CHECK(WIFSIGNALED(status) && WTERMSIG(status) == SIGBUS);
	status = ends(be_sent, p);
	ATF_CHECK(WIFSIGNALED(status) && WTERMSIG(status) == SIGBUS);
	mt_collect_unmap(p, BYTES);
	status = ends(be_sent, NULL);
	ATF_CHECK(WIFSIGNALED(status) && WTERMSIG(status) == SIGBUS);
}

ATF_TP_ADD_TCS(tp)
{
	ATF_TP_ADD_TC(tp, shorter);
	ATF_TP_ADD_TC(tp, sealed);
	ATF_TP_ADD_TC(tp, others);
	return (atf_no_error());
}
