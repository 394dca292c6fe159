/* The memray commands that are installed. */

#include <sys/stat.h>

#include <dirent.h>
#include <err.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "memray_list.h"

#define PREFIX	"memray-"

/* What the commands of the toolkit do, in the words of their pages. */
static const struct {
	const char	*name;
	const char	*text;
} texts[] = {
	{ "live", "watch the memory of a program while it runs" },
	{ "parse", "print every record of a capture as a line of text" },
	{ "run", "run a Python program and record its memory allocations" },
	{ "stats", "print statistics about the allocations of a program" },
	{ "summary", "print which functions use the memory of a program" },
	{ "symbolize", "name the native frames of captures" },
	{ "transform", "write captures in the formats of other tools" },
	{ "tree", "show where a program has its memory as a tree of calls" }
};

const char *
memray_list_text(const char *name)
{
	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++)
		if (strcmp(texts[i].name, name) == 0)
			return (texts[i].text);
	return ("");
}

static void
add(struct memray_list *l, const char *name)
{
	for (size_t i = 0; i < l->n; i++)
		if (strcmp(l->names[i], name) == 0)
			return;
	l->names = reallocarray(l->names, l->n + 1, sizeof(*l->names));
	if (l->names == NULL || (l->names[l->n] = strdup(name)) == NULL)
		err(2, NULL);
	l->n++;
}

static bool
is_program(int dir, const char *name)
{
	struct stat st;

	return (fstatat(dir, name, &st, 0) == 0 && S_ISREG(st.st_mode) &&
	    faccessat(dir, name, X_OK, AT_EACCESS) == 0);
}

static void
scan(struct memray_list *l, const char *path)
{
	const size_t len = strlen(PREFIX);
	struct dirent *d;
	DIR *dir;

	if ((dir = opendir(path)) == NULL)
		return;
	while ((d = readdir(dir)) != NULL)
		if (strncmp(d->d_name, PREFIX, len) == 0 &&
		    d->d_name[len] != '\0' && is_program(dirfd(dir), d->d_name))
			add(l, d->d_name + len);
	(void)closedir(dir);
}

static int
compare(const void *a, const void *b)
{
	return (strcmp(*(char *const *)a, *(char *const *)b));
}

void
memray_list_init(struct memray_list *l, const char *dir)
{
	const char *path = getenv("PATH");
	char *copy, *rest, *p;

	l->names = NULL;
	l->n = 0;
	if (dir != NULL)
		scan(l, dir);
	if (path != NULL) {
		if ((copy = rest = strdup(path)) == NULL)
			err(2, NULL);
		while ((p = strsep(&rest, ":")) != NULL)
			scan(l, *p != '\0' ? p : ".");
		free(copy);
	}
	if (l->n != 0)
		qsort(l->names, l->n, sizeof(*l->names), compare);
}

void
memray_list_fini(struct memray_list *l)
{
	for (size_t i = 0; i < l->n; i++)
		free(l->names[i]);
	free(l->names);
}
