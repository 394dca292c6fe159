#include <sys/wait.h>

#include <atf-c.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "fe_warn.h"

/* What a child wrote to standard error must end in this line. */
static void
check(void (*body)(void), const char *expected)
{
	char line[1024];
	pid_t pid = atf_utils_fork();

	if (pid == 0) {
		body();
		_exit(0);
	}
	(void)snprintf(line, sizeof(line), "fe_warn_test: %s\n", expected);
	atf_utils_wait(pid, 0, "", line);
}

static void
format_error(void)
{
	struct mt_error e = { .sys = 0, .text = "not a capture" };

	fe_warn("app.bin", &e);
}

static void
system_error(void)
{
	struct mt_error e = { .sys = ENOENT, .text = "open" };

	fe_warn("app.bin", &e);
}

static void
bare_error(void)
{
	struct mt_error e = { .sys = ENOENT, .text = "" };

	fe_warn("app.bin", &e);
}

static void
no_file(void)
{
	struct mt_error e = { .sys = 0, .text = "out of\033[1m\nmemory" };

	fe_warn(NULL, &e);
}

static void
warning(void)
{
	fe_warning("-", "%d events were lost", 12);
}

ATF_TC_WITHOUT_HEAD(lines);
ATF_TC_BODY(lines, tc)
{
	check(format_error, "app.bin: not a capture");
	check(system_error, "app.bin: open: No such file or directory");
	check(bare_error, "app.bin: No such file or directory");
	check(warning, "standard input: warning: 12 events were lost");
}

ATF_TC(clean);
ATF_TC_HEAD(clean, tc)
{
	atf_tc_set_md_var(tc, "descr", "one line, whatever an error quotes");
}
ATF_TC_BODY(clean, tc)
{
	check(no_file, "out of\\x1b[1m\\nmemory");
}

ATF_TP_ADD_TCS(tp)
{
	ATF_TP_ADD_TC(tp, lines);
	ATF_TP_ADD_TC(tp, clean);
	return (atf_no_error());
}
