/*
 * usage: fe_screen_demo [text]
 *
 * A screen for the tests: the text in several places, the size, the last key,
 * and what was typed after a slash.  `q' ends it, `x' as if out of memory;
 * then a line tells the signal.
 */

#include <stdio.h>
#include <stdlib.h>

#include "fe_screen.h"

static void
draw(struct fe_screen *s, const char *text, uint32_t key,
    const struct fe_prompt *p)
{
	unsigned lines = fe_screen_lines(s), n;
	char line[80];

	fe_screen_erase(s);
	(void)snprintf(line, sizeof(line), "%u columns %u lines %s",
	    fe_screen_columns(s), lines,
	    fe_screen_utf8(s) ? "UTF-8" : "ASCII");
	(void)fe_screen_text(s, 0, 0, 80, FE_STYLE_BOLD, line);
	n = fe_screen_text(s, 1, 0, 20, FE_STYLE_RED, text);
	(void)snprintf(line, sizeof(line), "|%u", n);
	(void)fe_screen_text(s, 1, n, 80, FE_STYLE_PLAIN, line);
	(void)fe_screen_path(s, 2, 0, 12, FE_STYLE_CYAN, text);
	fe_screen_fill(s, 3, 0, 10, FE_STYLE_REVERSE);
	(void)fe_screen_text(s, 4, fe_screen_columns(s) - 3, 80,
	    FE_STYLE_PLAIN, text);
	(void)fe_screen_text(s, lines + 5, 0, 80, FE_STYLE_PLAIN, text);
	(void)snprintf(line, sizeof(line), "key %x", key);
	(void)fe_screen_text(s, 6, 0, 80, fe_screen_share(50), line);
	(void)snprintf(line, sizeof(line), "mouse %u %u",
	    fe_screen_mouse_line(s), fe_screen_mouse_column(s));
	(void)fe_screen_text(s, 7, 0, 80, FE_STYLE_PLAIN, line);
	if (p != NULL)
		fe_screen_prompt(s, lines - 1, "/", p);
	fe_screen_show(s);
}

static void
type(struct fe_screen *s, const char *text)
{
	struct fe_prompt p;

	fe_prompt_init(&p);
	do
		draw(s, text, 0, &p);
	while (fe_prompt_key(&p, fe_screen_key(s, -1, -1)) ==
	    FE_PROMPT_MORE);
}

int
main(int argc, char *argv[])
{
	const char *text = argc > 1 ? argv[1] : "";
	struct fe_screen *s;
	uint32_t key = 0;

	if (!fe_screen_open(&s)) {
		(void)puts("no screen");
		return (1);
	}
	fe_screen_mouse(s);
	do {
		if (key == '/')
			type(s, text);
		if (key == 'x')
			exit(3);
		draw(s, text, key, NULL);
		key = fe_screen_key(s, -1, -1);
	} while (key != 'q' && key != FE_KEY_QUIT);
	(void)printf("signal %d\n", fe_screen_close(s));
	return (0);
}
