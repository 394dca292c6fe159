/* What standard output is. */

#include <sys/ioctl.h>

#include <langinfo.h>
#include <locale.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "fe_opt.h"
#include "fe_term.h"

#define SIZE_LIMIT	10000	/* no screen is larger; some variables are */

static unsigned
size_of(const char *variable, unsigned answer, unsigned otherwise)
{
	const char *s = getenv(variable);
	uint64_t n;

	if (s != NULL && fe_opt_number(s, 1, SIZE_LIMIT, &n))
		return ((unsigned)n);
	return (answer != 0 ? answer : otherwise);
}

static bool
is_utf8(void)
{
	return (strcmp(nl_langinfo(CODESET), "UTF-8") == 0);
}

/*
 * Containers often have no locale at all on a terminal that is UTF-8, and the
 * names in a capture are UTF-8 in any case: measure them as such.
 */
static bool
init_locale(void)
{
	bool utf8;

	if (setlocale(LC_CTYPE, "") == NULL)
		(void)setlocale(LC_CTYPE, "C");
	utf8 = is_utf8();
	if (!utf8)
		(void)setlocale(LC_CTYPE, "C.UTF-8");
	return (utf8);
}

static bool
wants_color(void)
{
	const char *no = getenv("NO_COLOR"), *term = getenv("TERM");

	return ((no == NULL || *no == '\0') && term != NULL &&
	    *term != '\0' && strcmp(term, "dumb") != 0);
}

void
fe_term_init(struct fe_term *t, int fd)
{
	struct winsize ws;

	memset(t, 0, sizeof(*t));
	memset(&ws, 0, sizeof(ws));
	t->utf8 = init_locale();
	t->tty = isatty(fd) == 1;
	if (t->tty)
		(void)ioctl(fd, TIOCGWINSZ, &ws);
	t->columns = size_of("COLUMNS", ws.ws_col, 80);
	t->lines = size_of("LINES", ws.ws_row, 24);
	t->color = t->tty && wants_color();
}

const char *
fe_term_style(const struct fe_term *t, const char *style)
{
	return (t->color ? style : "");
}

const char *
fe_term_share(double percent)
{
	if (percent > 60)
		return (FE_RED);
	if (percent > 20)
		return (FE_YELLOW);
	if (percent > 5)
		return (FE_GREEN);
	return (FE_LIGHTGREEN);
}
