/* The module that a file belongs to. */

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include <fe_alloc.h>

#include "stats_module.h"

/* Behind the last directory of packages in the path; NULL if none is. */
static const char *
behind_packages(const char *file)
{
	static const char *const dirs[] = {
		"/site-packages/", "/dist-packages/"
	};
	const char *found = NULL, *p;

	for (size_t i = 0; i < sizeof(dirs) / sizeof(dirs[0]); i++)
		for (p = file; (p = strstr(p, dirs[i])) != NULL;) {
			p += strlen(dirs[i]);
			if (found == NULL || p > found)
				found = p;
		}
	return (found);
}

static size_t
digits(const char *s)
{
	size_t n = 0;

	while (isdigit((unsigned char)s[n]))
		n++;
	return (n);
}

/* "3.11/", "3.13t/": what follows the "python" of a library's directory. */
static bool
is_version_dir(const char *s)
{
	size_t n = digits(s);

	if (n == 0 || s[n] != '.')
		return (false);
	s += n + 1;
	n = digits(s);
	if (n == 0)
		return (false);
	return (s[n] == '/' || (s[n] == 't' && s[n + 1] == '/'));
}

/* "311.zip/": the library may be an archive. */
static bool
is_version_zip(const char *s)
{
	size_t n = digits(s);

	return (n > 0 && strncmp(s + n, ".zip/", 5) == 0);
}

bool
stats_module_is_library(const char *file)
{
	const char *p = file;

	if (strncmp(file, "<frozen ", 8) == 0)
		return (true);
	if (behind_packages(file) != NULL)
		return (false);
	while ((p = strstr(p, "/python")) != NULL) {
		const char *dir = p;

		p += strlen("/python");
		if (is_version_zip(p))
			return (true);
		if (is_version_dir(p) &&
		    ((dir - file >= 4 && memcmp(dir - 4, "/lib", 4) == 0) ||
		    (dir - file >= 6 && memcmp(dir - 6, "/lib64", 6) == 0)))
			return (true);
	}
	return (false);
}

bool
stats_module_is_installed(const char *file)
{
	return (behind_packages(file) != NULL);
}

/* The first part of a relative path, without what follows its first dot. */
static char *
first_part(const char *path)
{
	size_t n = strcspn(path, "/");
	char *name;

	if (path[n] == '\0')
		n = strcspn(path, ".");
	/* A name that begins with a dot, or a path with an empty part. */
	if (n == 0)
		n = strlen(path);
	name = fe_alloc(n, 1, 1);
	memcpy(name, path, n);
	name[n] = '\0';
	return (name);
}

char *
stats_module_name(const char *file, const char *dir)
{
	const char *p = behind_packages(file);

	if (p == NULL && dir != NULL && strncmp(file, dir, strlen(dir)) == 0)
		p = file + strlen(dir);
	if (p == NULL && *file != '/')
		p = file;
	if (p == NULL)
		p = strrchr(file, '/') + 1;
	while (strncmp(p, "./", 2) == 0)
		p += 2;
	return (first_part(p));
}
