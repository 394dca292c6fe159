/* What every program is asked for alike. */

#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>

#include <memtrace.h>

#include "fe_out.h"
#include "fe_program.h"

_Noreturn void
fe_program_usage(const struct fe_program *p)
{
	(void)fputs(p->usage, stderr);
	exit(FE_EXIT_USAGE);
}

_Noreturn void
fe_program_help(const struct fe_program *p)
{
	size_t i;

	(void)fputs(p->usage, stdout);
	for (i = 0; i < sizeof(p->help) / sizeof(p->help[0]); i++)
		if (p->help[i] != NULL)
			(void)fputs(p->help[i], stdout);
	exit(fe_out_close(0));
}

_Noreturn void
fe_program_version(const struct fe_program *p)
{
	(void)printf("%s %s\n", p->name, MT_VERSION_STRING);
	exit(fe_out_close(0));
}
