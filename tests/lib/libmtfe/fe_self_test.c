#include <atf-c.h>
#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "fe_self.h"

ATF_TC_WITHOUT_HEAD(dir);
ATF_TC_BODY(dir, tc)
{
	char buf[PATH_MAX], path[PATH_MAX + 16];
	const char *dir = fe_self_dir(buf, sizeof(buf));

	ATF_REQUIRE(dir != NULL);
	ATF_CHECK_EQ('/', dir[0]);
	ATF_CHECK_EQ('/', dir[strlen(dir) - 1]);
	(void)snprintf(path, sizeof(path), "%sfe_self_test", dir);
	ATF_CHECK_MSG(access(path, X_OK) == 0, "%s: %s", path,
	    strerror(errno));
}

ATF_TP_ADD_TCS(tp)
{
	ATF_TP_ADD_TC(tp, dir);
	return (atf_no_error());
}
