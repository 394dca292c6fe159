/*
 * A screen of its own for a program: text at places, and keys.  Programs
 * that use it link with ncursesw (LDADD = -lncursesw) and need not know it.
 *
 *	if (fe_screen_open(&s)) {
 *		do {
 *			fe_screen_erase(s);
 *			fe_screen_text(s, 0, 0, 80, FE_STYLE_BOLD, "title");
 *			fe_screen_show(s);
 *			key = fe_screen_key(s, -1, -1);
 *		} while (key != 'q' && key != FE_KEY_QUIT);
 *		signal = fe_screen_close(s);
 *	}
 *
 * Places are counted from 0, the line first; what lies outside of the screen
 * is not drawn.  Text may be anything: it is shown as fe_text_clean() has it.
 */

#ifndef FE_SCREEN_H
#define FE_SCREEN_H

#include <stdbool.h>
#include <stdint.h>

#include "fe_key.h"
#include "fe_prompt.h"

/* One colour, and any number of the others; colours only if wanted. */
enum fe_style {
	FE_STYLE_PLAIN = 0,
	FE_STYLE_RED = 1,
	FE_STYLE_GREEN = 2,
	FE_STYLE_YELLOW = 3,
	FE_STYLE_BLUE = 4,
	FE_STYLE_MAGENTA = 5,
	FE_STYLE_CYAN = 6,
	FE_STYLE_COLOR = 0xf,	/* mask */
	FE_STYLE_BOLD = 0x10,
	FE_STYLE_DIM = 0x20,
	FE_STYLE_REVERSE = 0x40,
	FE_STYLE_UNDERLINE = 0x80
};

struct fe_screen;

/*
 * Whether standard output is a terminal that can be drawn on, and there is
 * one for keys: standard input, or the controlling terminal.
 */
bool	fe_screen_is_possible(void);

/*
 * Take the terminal.  From here to fe_screen_close(), signals that ask the
 * program to end (SIGINT, SIGTERM, SIGHUP, SIGQUIT) become FE_KEY_QUIT;
 * Control-Z works.  exit(3) gives the terminal back.  One screen at a time.
 * Returns false, with nothing changed, if it cannot.
 */
bool	fe_screen_open(struct fe_screen **);

/*
 * Give it back.  Returns the signal that asked to end, 0 if none did; the
 * program should then raise(3) it.  NULL is ignored.
 */
int	fe_screen_close(struct fe_screen *);

unsigned	fe_screen_lines(const struct fe_screen *);
unsigned	fe_screen_columns(const struct fe_screen *);
/* May we draw with more than ASCII?  Names may have more in any case. */
bool		fe_screen_utf8(const struct fe_screen *);

/* Begin a drawing; the cursor is hidden. */
void	fe_screen_erase(struct fe_screen *);
/* Bring the drawing to the terminal. */
void	fe_screen_show(struct fe_screen *);

/*
 * Write a text into at most that many cells; it is cut at its end.  Returns
 * the cells that it took.
 */
unsigned	fe_screen_text(struct fe_screen *, unsigned line,
		    unsigned column, unsigned cells, unsigned style,
		    const char *text);
/* The same, cut in its middle: for paths. */
unsigned	fe_screen_path(struct fe_screen *, unsigned line,
		    unsigned column, unsigned cells, unsigned style,
		    const char *text);
/* Blanks: a bar, with a style that shows on them. */
void		fe_screen_fill(struct fe_screen *, unsigned line,
		    unsigned column, unsigned cells, unsigned style);
/* A line with a prompt, "/text", and the cursor behind it. */
void		fe_screen_prompt(struct fe_screen *, unsigned line,
		    const char *label, const struct fe_prompt *);

/* The style of a share of the whole, in per cent, as fe_term_share(). */
unsigned	fe_screen_share(double percent);

/*
 * Take the mouse from the terminal: its button and its wheel become keys, and
 * these tell where it was the last time.
 */
void		fe_screen_mouse(struct fe_screen *);
unsigned	fe_screen_mouse_line(const struct fe_screen *);
unsigned	fe_screen_mouse_column(const struct fe_screen *);

/*
 * Wait for a key for that many milliseconds, for ever if negative, or until
 * the descriptor fd (-1: none) can be read.  See fe_key.h for what it
 * returns.  Control-L draws the screen anew and is not returned.
 */
uint32_t	fe_screen_key(struct fe_screen *, int timeout_ms, int fd);

#endif /* FE_SCREEN_H */
