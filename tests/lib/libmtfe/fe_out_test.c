#include <atf-c.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "fe_out.h"

/*
 * In a child: standard output is fd (-1: closed), n bytes are written.  It
 * must exit with this status and say this.
 */
static void
check(int fd, size_t n, int given, int status, const char *said)
{
	pid_t pid = atf_utils_fork();

	if (pid == 0) {
		(void)signal(SIGPIPE, SIG_IGN);
		if (fd == -1)
			(void)close(STDOUT_FILENO);
		else
			(void)dup2(fd, STDOUT_FILENO);
		fe_out_init();
		while (n-- > 0)
			(void)putchar('x');
		_exit(fe_out_close(given));
	}
	atf_utils_wait(pid, status, "", said);
}

ATF_TC_WITHOUT_HEAD(good);
ATF_TC_BODY(good, tc)
{
	int fd = open("out", O_WRONLY | O_CREAT, 0600);

	check(fd, 3, 0, 0, "");
	check(fd, 3, 2, 2, "");
	ATF_CHECK(atf_utils_compare_file("out", "xxxxxx"));
}

ATF_TC(full);
ATF_TC_HEAD(full, tc)
{
	atf_tc_set_md_var(tc, "descr", "also when the last flush succeeds");
}
ATF_TC_BODY(full, tc)
{
	int fd = open("/dev/full", O_WRONLY);

	if (fd == -1)
		atf_tc_skip("needs /dev/full");
	check(fd, 3, 0, 1, "fe_out_test: standard output: "
	    "No space left on device\n");
	check(fd, 100000, 0, 1, "fe_out_test: standard output: "
	    "No space left on device\n");
	check(fd, 3, 2, 2, "fe_out_test: standard output: "
	    "No space left on device\n");
}

ATF_TC_WITHOUT_HEAD(closed);
ATF_TC_BODY(closed, tc)
{
	check(-1, 3, 0, 1, "fe_out_test: standard output: "
	    "Bad file descriptor\n");
}

ATF_TC(closed_taken);
ATF_TC_HEAD(closed_taken, tc)
{
	atf_tc_set_md_var(tc, "descr",
	    "a file opened later does not become standard output");
}
ATF_TC_BODY(closed_taken, tc)
{
	pid_t pid = atf_utils_fork();

	if (pid == 0) {
		for (int fd = 0; fd <= 2; fd++)
			(void)close(fd);
		fe_out_init();
		_exit(open("file", O_WRONLY | O_CREAT, 0600) > 2 ? 0 : 1);
	}
	atf_utils_wait(pid, 0, "", "");
}

ATF_TC(reader_gone);
ATF_TC_HEAD(reader_gone, tc)
{
	atf_tc_set_md_var(tc, "descr", "head(1) has seen enough: no message");
}
ATF_TC_BODY(reader_gone, tc)
{
	int fds[2];

	ATF_REQUIRE_EQ(0, pipe(fds));
	ATF_REQUIRE_EQ(0, close(fds[0]));
	check(fds[1], 3, 0, 1, "");
	check(fds[1], 100000, 0, 1, "");
}

ATF_TP_ADD_TCS(tp)
{
	ATF_TP_ADD_TC(tp, good);
	ATF_TP_ADD_TC(tp, full);
	ATF_TP_ADD_TC(tp, closed);
	ATF_TP_ADD_TC(tp, closed_taken);
	ATF_TP_ADD_TC(tp, reader_gone);
	return (atf_no_error());
}
