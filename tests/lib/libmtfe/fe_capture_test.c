#include <sys/wait.h>

#include <atf-c.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "fe_capture.h"

#define GONE	7	/* it could not be read */
#define SPOILT	8	/* and signals are not as they were */

/*
 * A reader of its standard input, who does not write there himself; what he
 * says is in the file err.
 */
static pid_t
start(int in, int other)
{
	struct sigaction now;
	pid_t pid = fork();
	int err;

	ATF_REQUIRE(pid != -1);
	if (pid != 0)
		return (pid);
	(void)close(other);
	(void)signal(SIGINT, SIG_DFL);
	err = open("err", O_WRONLY | O_CREAT | O_TRUNC, 0600);
	if (dup2(in, 0) == -1 || dup2(err, 2) == -1)
		_exit(1);
	if (fe_capture_open("-") != NULL)
		_exit(0);
	_exit(sigaction(SIGINT, NULL, &now) == 0 &&
	    now.sa_handler == SIG_DFL ? GONE : SPOILT);
}

/* Until the process handles SIGINT, or does not. */
static void
wait_for(pid_t pid, bool handled)
{
	unsigned long long mask = handled ? 0 : ~0ull;
	char path[64], line[200];
	FILE *f;

	(void)snprintf(path, sizeof(path), "/proc/%d/status", (int)pid);
	while (((mask >> (SIGINT - 1)) & 1) != handled) {
		f = fopen(path, "r");
		ATF_REQUIRE(f != NULL);
		while (fgets(line, sizeof(line), f) != NULL)
			if (strncmp(line, "SigCgt:", 7) == 0)
				mask = strtoull(line + 7, NULL, 16);
		(void)fclose(f);
		(void)usleep(1000);
	}
}

ATF_TC(interrupted);
ATF_TC_HEAD(interrupted, tc)
{
	atf_tc_set_md_var(tc, "descr", "the first SIGINT is for the recorder, "
	    "the second one for us");
	atf_tc_set_md_var(tc, "timeout", "60");
}
ATF_TC_BODY(interrupted, tc)
{
	int status, twice, in[2];
	pid_t pid;

	(void)tc;
	for (twice = 0; twice < 2; twice++) {
		ATF_REQUIRE_EQ(0, pipe2(in, O_CLOEXEC));
		pid = start(in[0], in[1]);
		wait_for(pid, true);
		ATF_REQUIRE_EQ(0, kill(pid, SIGINT));
		wait_for(pid, false);
		if (twice)
			ATF_REQUIRE_EQ(0, kill(pid, SIGINT));
		else
			ATF_REQUIRE_EQ(4, write(in[1], "nope", 4));
		(void)close(in[0]);
		(void)close(in[1]);
		ATF_REQUIRE_EQ(pid, waitpid(pid, &status, 0));
		ATF_CHECK_EQ(!twice, WIFEXITED(status));
		if (twice)
			ATF_CHECK_EQ(SIGINT, WTERMSIG(status));
		else
			ATF_CHECK_EQ(GONE, WEXITSTATUS(status));
	}
}

ATF_TC(undisturbed);
ATF_TC_HEAD(undisturbed, tc)
{
	atf_tc_set_md_var(tc, "descr", "without a signal, and for files, all "
	    "is as it was");
}
ATF_TC_BODY(undisturbed, tc)
{
	int status, in;
	pid_t pid;

	(void)tc;
	in = open("/dev/null", O_RDONLY);
	ATF_REQUIRE(in != -1);
	pid = start(in, -1);
	ATF_REQUIRE_EQ(pid, waitpid(pid, &status, 0));
	ATF_REQUIRE(WIFEXITED(status));
	ATF_CHECK_EQ(GONE, WEXITSTATUS(status));
	ATF_CHECK(fe_capture_open("none") == NULL);
}

ATF_TP_ADD_TCS(tp)
{
	ATF_TP_ADD_TC(tp, interrupted);
	ATF_TP_ADD_TC(tp, undisturbed);
	return (atf_no_error());
}
