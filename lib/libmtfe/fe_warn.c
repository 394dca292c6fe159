/* Messages of programs. */

#include <err.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "fe_text.h"
#include "fe_warn.h"

/* Error texts may quote the capture; both are cleaned like any name. */
static void
line(const char *file, const char *kind, const char *text)
{
	char *clean = fe_text_clean(text, false);
	char *name = fe_text_clean(file == NULL ? "" : file, false);

	if (file != NULL && strcmp(file, "-") == 0)
		file = "standard input";
	else
		file = name;
	warnx("%s%s%s%s", file, *file == '\0' ? "" : ": ", kind, clean);
	free(name);
	free(clean);
}

void
fe_warn(const char *file, const struct mt_error *e)
{
	char text[sizeof(e->text) + 128];

	if (e->sys == 0)
		(void)snprintf(text, sizeof(text), "%s", e->text);
	else
		(void)snprintf(text, sizeof(text), "%s%s%s", e->text,
		    *e->text == '\0' ? "" : ": ", strerror(e->sys));
	line(file, "", text);
}

static void	vline(const char *, const char *, const char *, va_list)
		    __attribute__((__format__(__printf__, 3, 0)));

static void
vline(const char *file, const char *kind, const char *fmt, va_list ap)
{
	char text[512];

	(void)vsnprintf(text, sizeof(text), fmt, ap);
	line(file, kind, text);
}

void
fe_warning(const char *file, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	vline(file, "warning: ", fmt, ap);
	va_end(ap);
}

void
fe_note(const char *file, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	vline(file, "", fmt, ap);
	va_end(ap);
}
