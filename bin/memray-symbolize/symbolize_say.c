/* What memray-symbolize says. */

#include <err.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <fe_text.h>

#include "symbolize.h"

void
symbolize_progress(void *unused, size_t done, size_t all)
{
	(void)unused;
	(void)fprintf(stderr, "\rmemray-symbolize: %zu of %zu modules", done,
	    all);
	if (done == all)
		(void)fprintf(stderr, "\r%*s\r", 60, "");
	(void)fflush(stderr);
}

/* Was the same said of the same module already? */
static bool
is_said(const struct symbolize *s, const struct mt_sym_result *r, size_t i)
{
	for (size_t k = 0; k < i; k++)
		if (strcmp(s->module[k].path, s->module[i].path) == 0 &&
		    strcmp(r[k].note, r[i].note) == 0)
			return (true);
	return (false);
}

void
symbolize_warn(const struct symbolize *s)
{
	const struct mt_sym_result *r = mt_sym_results(s->sym);
	char *clean;

	for (size_t i = 0; i < s->n; i++) {
		if (*r[i].note == '\0' || r[i].is_expected ||
		    is_said(s, r, i))
			continue;
		clean = fe_text_clean(s->module[i].path, false);
		warnx("no symbols of %s: %s", clean, r[i].note);
		free(clean);
	}
}
