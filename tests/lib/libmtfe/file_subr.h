/* A file as programs write it. */

#ifndef FILE_SUBR_H
#define FILE_SUBR_H

#include <atf-c.h>

#include "fe_file.h"

static void
write_file(const char *name, bool force, const char *text)
{
	struct fe_file f;

	ATF_REQUIRE(fe_file_open(&f, name, force));
	(void)fputs(text, f.fp);
	ATF_REQUIRE(fe_file_close(&f));
}

#endif /* FILE_SUBR_H */
