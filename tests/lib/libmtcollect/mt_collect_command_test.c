#include <atf-c.h>

#include "mt_collect_command.h"

ATF_TC(question);
ATF_TC_HEAD(question, tc)
{
	atf_tc_set_md_var(tc, "descr", "code given with -c, and what only "
	    "looks like it");
}
ATF_TC_BODY(question, tc)
{
	static const char *const yes[] = { "python -c 1", "python3 -Ic pass",
	    "/usr/bin/python3 -I -B -c import sys", "python -W ignore -c 1",
	    "python -Wignore -X dev -c 1", "python --check -c 1",
	    "python -EsSc x" };
	static const char *const no[] = { "", "python", "python app.py -c 1",
	    "python -m pip -c 1", "python -Wonce::c app.py", "python -X c a.py",
	    "python -", "python -im c", "python --check a.py", "-c",
	    "python -W" };
	unsigned i;

	for (i = 0; i < sizeof(yes) / sizeof(yes[0]); i++)
		ATF_CHECK_MSG(mt_collect_command_is_question(yes[i]), "%s",
		    yes[i]);
	for (i = 0; i < sizeof(no) / sizeof(no[0]); i++)
		ATF_CHECK_MSG(!mt_collect_command_is_question(no[i]), "%s",
		    no[i]);
}

ATF_TC(helper);
ATF_TC_HEAD(helper, tc)
{
	atf_tc_set_md_var(tc, "descr", "the helper of multiprocessing");
}
ATF_TC_BODY(helper, tc)
{
	ATF_CHECK(mt_collect_command_is_helper("python -c from "
	    "multiprocessing.resource_tracker import main;main(5)"));
	ATF_CHECK(!mt_collect_command_is_helper("python -c from "
	    "multiprocessing.spawn import spawn_main"));
}

ATF_TP_ADD_TCS(tp)
{
	ATF_TP_ADD_TC(tp, question);
	ATF_TP_ADD_TC(tp, helper);
	return (atf_no_error());
}
