#include <atf-c.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "fe_term.h"

/* A descriptor that is a terminal, with no size of its own. */
static int
open_terminal(void)
{
	int master = posix_openpt(O_RDWR | O_NOCTTY), fd;

	ATF_REQUIRE(master != -1);
	ATF_REQUIRE_EQ(0, grantpt(master));
	ATF_REQUIRE_EQ(0, unlockpt(master));
	fd = open(ptsname(master), O_RDWR | O_NOCTTY);
	ATF_REQUIRE(fd != -1);
	return (fd);
}

static void
environment(const char *term, const char *no_color, const char *columns)
{
	ATF_REQUIRE_EQ(0, unsetenv("LINES"));
	ATF_REQUIRE_EQ(0, setenv("TERM", term, 1));
	ATF_REQUIRE_EQ(0, setenv("NO_COLOR", no_color, 1));
	ATF_REQUIRE_EQ(0, setenv("COLUMNS", columns, 1));
}

ATF_TC_WITHOUT_HEAD(color);
ATF_TC_BODY(color, tc)
{
	struct fe_term t;
	int fd = open_terminal();

	environment("xterm", "", "");
	fe_term_init(&t, fd);
	ATF_CHECK(t.tty && t.color);
	ATF_CHECK_STREQ(FE_BOLD, fe_term_style(&t, FE_BOLD));
	environment("xterm", "1", "");
	fe_term_init(&t, fd);
	ATF_CHECK(t.tty && !t.color);
	ATF_CHECK_STREQ("", fe_term_style(&t, FE_BOLD));
	environment("dumb", "", "");
	fe_term_init(&t, fd);
	ATF_CHECK(t.tty && !t.color);
	ATF_REQUIRE_EQ(0, unsetenv("TERM"));
	fe_term_init(&t, fd);
	ATF_CHECK(t.tty && !t.color);
}

ATF_TC_WITHOUT_HEAD(size);
ATF_TC_BODY(size, tc)
{
	struct fe_term t;
	int fd = open_terminal();

	environment("xterm", "", "123");
	fe_term_init(&t, fd);
	ATF_CHECK_EQ(123, t.columns);
	ATF_CHECK_EQ(24, t.lines);
	environment("xterm", "", "-3");
	fe_term_init(&t, fd);
	ATF_CHECK_EQ(80, t.columns);
}

ATF_TC_WITHOUT_HEAD(pipe);
ATF_TC_BODY(pipe, tc)
{
	struct fe_term t;
	int fd = open("/dev/null", O_WRONLY);

	environment("xterm", "", "");
	fe_term_init(&t, fd);
	ATF_CHECK(!t.tty && !t.color);
}

ATF_TC_WITHOUT_HEAD(share);
ATF_TC_BODY(share, tc)
{
	ATF_CHECK_STREQ(FE_RED, fe_term_share(60.01));
	ATF_CHECK_STREQ(FE_YELLOW, fe_term_share(60));
	ATF_CHECK_STREQ(FE_GREEN, fe_term_share(20));
	ATF_CHECK_STREQ(FE_LIGHTGREEN, fe_term_share(5));
}

ATF_TP_ADD_TCS(tp)
{
	ATF_TP_ADD_TC(tp, color);
	ATF_TP_ADD_TC(tp, size);
	ATF_TP_ADD_TC(tp, pipe);
	ATF_TP_ADD_TC(tp, share);
	return (atf_no_error());
}
