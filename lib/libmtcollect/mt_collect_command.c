/* Command lines of Pythons. */

#include <stddef.h>
#include <string.h>

#include "mt_collect_command.h"

#define HELPER	"from multiprocessing.resource_tracker import"

/* Options that end the list, and those with an argument. */
#define LAST	"cm"
#define VALUE	"WX"

/* The argument after this one, "" behind the last. */
static const char *
next(const char *arg)
{
	arg += strcspn(arg, " ");
	return (arg + strspn(arg, " "));
}

bool
mt_collect_command_is_question(const char *command)
{
	const char *arg, *at;

	for (arg = next(command); *arg == '-'; arg = next(arg)) {
		/* Letters of one argument, or a long option, or "-". */
		if (strncmp(arg, "--", 2) == 0)
			continue;
		at = arg + 1 + strcspn(arg + 1, LAST VALUE " ");
		if (*at == 'c')
			return (true);
		if (*at == 'm')
			return (false);
		if (*at != '\0' && strchr(VALUE, *at) != NULL &&
		    (at[1] == ' ' || at[1] == '\0'))
			arg = next(arg);
	}
	return (false);
}

bool
mt_collect_command_is_helper(const char *command)
{
	return (strstr(command, HELPER) != NULL);
}
