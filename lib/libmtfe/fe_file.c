/* Files that programs write their reports to. */

#include <err.h>
#include <errno.h>
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

	warnx("%s: %s", clean, text);
	free(clean);
}

/* The same, and what errno says. */
static void
complain_errno(const char *name, const char *text)
{
	char *clean = fe_text_clean(name, false);

	warn("%s: %s", clean, text);
	free(clean);
}

static bool
refuse(const char *name, enum fe_create_status status)
{
	static const char *const text[] = {
		[FE_CREATE_EXISTS] =
		    "already exists, not overwritten without --force",
		[FE_CREATE_STRANGE] = "somebody else put that there",
		[FE_CREATE_DIR] = "is a directory",
		[FE_CREATE_ODD] = "is neither a file nor a pipe"
	};

	if (status == FE_CREATE_ERRNO)
		complain_errno(name, "cannot create");
	else
		complain(name, text[status]);
	return (false);
}

bool
fe_file_open(struct fe_file *f, const char *name, bool force)
{
	enum fe_create_status status;

	memset(f, 0, sizeof(*f));
	if (name == NULL || strcmp(name, "-") == 0) {
		f->fp = stdout;
		return (true);
	}
	status = fe_create_open(&f->made, name, force ? FE_CREATE_FORCE : 0);
	if (status != FE_CREATE_OK)
		return (refuse(name, status));
	if ((f->fp = fdopen(f->made.fd, "w")) == NULL) {
		complain_errno(name, "cannot create");
		(void)close(f->made.fd);
		fe_create_discard(&f->made);
		fe_create_fini(&f->made);
		return (false);
	}
	f->name = fe_strdup(name);
	return (true);
}

static void
forget(struct fe_file *f, bool discard)
{
	if (discard)
		fe_create_discard(&f->made);
	fe_create_fini(&f->made);
	free(f->name);
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
	if (!failed && !fe_create_commit(&f->made))
		failed = true;
	if (failed && errno != 0)
		complain_errno(f->name, "cannot write");
	else if (failed)
		complain(f->name, "cannot write");
	forget(f, failed);
	return (!failed);
}

void
fe_file_discard(struct fe_file *f)
{
	if (f->name == NULL)
		return;
	(void)fclose(f->fp);
	forget(f, true);
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
