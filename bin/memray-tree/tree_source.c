/* Lines of source files. */

#include <sys/stat.h>

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <fe_alloc.h>
#include <mt_file.h>

#include "tree_source.h"

#define BYTES_MAX	(16u << 20)

/* All of a plain file with a NUL behind it; NULL if it cannot be had. */
static char *
read_file(const char *file, size_t *n, uint64_t *mtime_ns)
{
	struct stat st;
	char *text = NULL;
	ssize_t got;
	int fd;

	if ((fd = mt_file_open(file, &st)) == -1)
		return (NULL);
	if (st.st_size <= BYTES_MAX) {
		text = fe_alloc((size_t)st.st_size, 1, 1);
		for (*n = 0; *n < (size_t)st.st_size; *n += (size_t)got)
			if ((got = read(fd, text + *n,
			    (size_t)st.st_size - *n)) <= 0)
				break;
		text[*n] = '\0';
		*mtime_ns = (uint64_t)st.st_mtim.tv_sec * 1000000000 +
		    (uint64_t)st.st_mtim.tv_nsec;
	}
	(void)close(fd);
	return (text);
}

static void
split(struct tree_source *s, size_t n)
{
	char *p = s->text, *end = s->text + n, *newline;
	size_t cap = 0;

	for (; p < end; p = newline + 1) {
		newline = memchr(p, '\n', (size_t)(end - p));
		if (newline == NULL)
			newline = end;
		*newline = '\0';
		if (newline > p && newline[-1] == '\r')
			newline[-1] = '\0';
		s->lines = fe_grow(s->lines, s->n, sizeof(*s->lines), &cap);
		s->lines[s->n++] = p;
	}
}

void
tree_source_load(struct tree_source *s, const char *file)
{
	size_t n = 0;

	if (s->file != NULL && strcmp(s->file, file) == 0)
		return;
	tree_source_fini(s);
	s->file = fe_strdup(file);
	if (*file != '\0' && *file != '<' &&
	    (s->text = read_file(file, &n, &s->mtime_ns)) != NULL &&
	    memchr(s->text, '\0', n) != NULL) {
		/* A library, say. */
		free(s->text);
		s->text = NULL;
	}
	if (s->text != NULL)
		split(s, n);
}

void
tree_source_fini(struct tree_source *s)
{
	free(s->file);
	free(s->text);
	free(s->lines);
	memset(s, 0, sizeof(*s));
}
