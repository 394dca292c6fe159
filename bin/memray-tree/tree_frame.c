/* What kind of frame a function is, told by its name and its file. */

#include <string.h>

#include "tree_frame.h"

static bool
begins_with(const char *s, const char *start)
{
	return (strncmp(s, start, strlen(start)) == 0);
}

static bool
ends_with(const char *s, const char *end)
{
	size_t n = strlen(s), m = strlen(end);

	return (n >= m && strcmp(s + n - m, end) == 0);
}

/* Is it a file of the interpreter's own sources? */
static bool
is_interpreter(const char *file)
{
	static const char *const dirs[] = {
		"Include/", "Modules/", "Objects/", "Python/"
	};
	const char *p;

	if (!ends_with(file, ".c") && !ends_with(file, ".h"))
		return (false);
	for (size_t i = 0; i < sizeof(dirs) / sizeof(dirs[0]); i++) {
		p = strstr(file, dirs[i]);
		if (p != NULL && (p == file || p[-1] == '/'))
			return (true);
	}
	return (false);
}

bool
tree_frame_is_import(const char *function, const char *file)
{
	if (strstr(file, "<frozen importlib") != NULL)
		return (true);
	return (ends_with(file, "ceval.c") && is_interpreter(file) &&
	    (strcmp(function, "import_name") == 0 ||
	    strcmp(function, "import_from") == 0 ||
	    strcmp(function, "import_all_from") == 0));
}

bool
tree_frame_is_boring(const char *function, const char *file)
{
	if (strcmp(file, "<frozen runpy>") == 0 ||
	    ends_with(file, "/runpy.py"))
		return (true);
	return (is_interpreter(file) && (begins_with(function, "_Py") ||
	    begins_with(function, "PyEval") ||
	    strcasestr(function, "vectorcall") != NULL ||
	    ends_with(file, "Objects/call.c")));
}
