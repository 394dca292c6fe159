/* Limits of a process that reads modules. */

#include <sys/ioctl.h>
#include <sys/resource.h>
#include <sys/wait.h>

#include <atf-c.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "mt_sym_child.h"

#define FILE_BYTES	(1 << 20)
#define ADDRESSES	100000u		/* more than a pipe has room for */
#define GB		(UINT64_C(1) << 30)

ATF_TC_WITHOUT_HEAD(memory);
ATF_TC_BODY(memory, tc)
{
	ATF_CHECK_EQ(GB, mt_sym_child_memory(0));
	ATF_CHECK_EQ(GB + 64 * 1000, mt_sym_child_memory(1000));
	ATF_CHECK_EQ(8 * GB, mt_sym_child_memory(7 * GB / 64));
	ATF_CHECK_EQ(8 * GB, mt_sym_child_memory(7 * GB / 64 + 1));
	ATF_CHECK_EQ(8 * GB, mt_sym_child_memory(UINT64_MAX));
}

static uint32_t address[ADDRESSES];
static uint32_t order[1], start[2] = { 0, 1 };
static _Atomic uint32_t next, spent;
static struct mt_module module = { .path = "x.so", .address = address,
    .naddresses = ADDRESSES, .build_id = (const uint8_t *)"" };

/* A child that waits since nobody reads what it has found out. */
static pid_t
start_child(int *fd)
{
	static const struct mt_sym_work work = { .module = &module,
	    .order = order, .start = start, .ngroups = 1,
	    .start_time_ns = UINT64_MAX, .next = &next, .spent_ms = &spent };
	int there = 0, file;
	pid_t pid;

	file = open("x.so", O_WRONLY | O_CREAT, 0600);
	ATF_REQUIRE(file != -1 && ftruncate(file, FILE_BYTES) == 0);
	(void)close(file);
	ATF_REQUIRE((pid = mt_sym_child(&work, fd)) != -1);
	do
		ATF_REQUIRE(ioctl(*fd, FIONREAD, &there) == 0);
	while (there < 4096 && usleep(1000) == 0);
	return (pid);
}

ATF_TC(child);
ATF_TC_HEAD(child, tc)
{
	atf_tc_set_md_var(tc, "descr", "memory goes by the size of the file, "
	    "and the process goes first if there is none");
}
ATF_TC_BODY(child, tc)
{
	char path[64], score[16] = "";
	struct rlimit rl;
	pid_t pid;
	int fd;
	FILE *fp;

	pid = start_child(&fd);
	ATF_REQUIRE(prlimit(pid, RLIMIT_AS, NULL, &rl) == 0);
#ifndef __SANITIZE_ADDRESS__
	ATF_CHECK(rl.rlim_cur >= mt_sym_child_memory(FILE_BYTES));
	ATF_CHECK(rl.rlim_cur < mt_sym_child_memory(FILE_BYTES) + GB / 2);
#endif
	(void)snprintf(path, sizeof(path), "/proc/%ld/oom_score_adj",
	    (long)pid);
	ATF_REQUIRE((fp = fopen(path, "r")) != NULL);
	ATF_REQUIRE(fgets(score, sizeof(score), fp) != NULL);
	(void)fclose(fp);
	ATF_CHECK_STREQ("500\n", score);
	ATF_REQUIRE(prlimit(pid, RLIMIT_CPU, NULL, &rl) == 0);
	ATF_CHECK(rl.rlim_cur <= 31);
	(void)kill(pid, SIGKILL);
	ATF_CHECK_EQ(pid, waitpid(pid, NULL, 0));
	(void)close(fd);
}

ATF_TP_ADD_TCS(tp)
{
	ATF_TP_ADD_TC(tp, memory);
	ATF_TP_ADD_TC(tp, child);
	return (atf_no_error());
}
