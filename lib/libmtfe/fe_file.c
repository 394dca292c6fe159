/* Files that programs write their reports to. */

#include <sys/stat.h>

#include <err.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "fe_alloc.h"
#include "fe_file.h"
#include "fe_text.h"

static void
complain(const char *name, const char *text)
{
	char *clean = fe_text_clean(name, false);

	if (text != NULL)
		warnx("%s: %s", clean, text);
	else
		warn("%s", clean);
	free(clean);
}

/* A pipe or a device has nothing that could be lost. */
static bool
is_plain(const char *name)
{
	struct stat st;

	return (stat(name, &st) != 0 || S_ISREG(st.st_mode));
}

static int
create(const char *name, bool force, bool *is_ours)
{
	const int flags = O_WRONLY | O_CLOEXEC | O_NOCTTY;
	int fd;

	fd = open(name, flags | O_CREAT | O_EXCL, 0666);
	*is_ours = fd != -1;
	if (fd != -1 || errno != EEXIST)
		return (fd);
	if (!is_plain(name))
		return (open(name, flags));
	if (force)
		return (open(name, flags | O_TRUNC));
	errno = EEXIST;
	return (-1);
}

bool
fe_file_open(struct fe_file *f, const char *name, bool force)
{
	int fd;

	memset(f, 0, sizeof(*f));
	if (name == NULL || strcmp(name, "-") == 0) {
		f->fp = stdout;
		return (true);
	}
	fd = create(name, force, &f->is_ours);
	if (fd != -1 && (f->fp = fdopen(fd, "w")) == NULL)
		(void)close(fd);
	if (f->fp == NULL) {
		complain(name, errno == EEXIST ?
		    "already exists, not overwritten without --force" : NULL);
		return (false);
	}
	f->name = fe_strdup(name);
	return (true);
}

bool
fe_file_close(struct fe_file *f)
{
	bool failed;

	if (f->name == NULL)
		return (true);
	failed = ferror(f->fp) != 0;
	errno = 0;
	if (fclose(f->fp) != 0)
		failed = true;
	if (failed) {
		complain(f->name, errno == 0 ? "write error" : NULL);
		if (f->is_ours)
			(void)unlink(f->name);
	}
	free(f->name);
	return (!failed);
}

void
fe_file_discard(struct fe_file *f)
{
	if (f->name == NULL)
		return;
	(void)fclose(f->fp);
	if (f->is_ours)
		(void)unlink(f->name);
	free(f->name);
}

/* Bytes of the name without its suffix, in pathlib's sense. */
static size_t
stem_len(const char *name)
{
	const char *dot = strrchr(name, '.');

	if (dot == NULL || dot == name || dot[1] == '\0' ||
	    dot[1 + strspn(dot + 1, "0123456789")] == '\0')
		return (strlen(name));
	return ((size_t)(dot - name));
}

char *
fe_file_name(const char *capture, const char *report, const char *suffix)
{
	const char *slash = strrchr(capture, '/');
	const char *base = slash == NULL ? capture : slash + 1;
	int dir = (int)(base - capture);

	if (strncmp(base, "memray-", 7) == 0)
		base += 7;
	return (fe_format("%.*smemray-%s-%.*s%s", dir, capture, report,
	    (int)stem_len(base), base, suffix));
}
