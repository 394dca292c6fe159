/* A screen of its own for a program, with ncursesw. */

/* Of <curses.h>: declare what handles wide characters. */
#define NCURSES_WIDECHAR 1

#include <sys/ioctl.h>

#include <curses.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <term.h>
#include <time.h>
#include <unistd.h>

/* Of <term.h>: macros with the names of everybody's variables. */
#undef columns
#undef lines

#include "fe_alloc.h"
#include "fe_screen.h"
#include "fe_term.h"
#include "fe_text.h"

#define ESCAPE_MS	25	/* after which Escape is a key of its own */
#define CONTROL_L	12
#define COLORS_USED	6

/* Signals that are let in only while we wait for a key. */
static const int caught[] = {
	SIGINT, SIGTERM, SIGHUP, SIGQUIT, SIGWINCH, SIGTSTP
};

#define NCAUGHT		(sizeof(caught) / sizeof(caught[0]))

struct fe_screen {
	struct fe_term	 term;
	FILE		*keys;		/* the terminal's input */
	SCREEN		*curses;
	unsigned	 mouse_line;
	unsigned	 mouse_column;
	sigset_t	 mask;		/* of before */
	struct sigaction before[NCAUGHT];
};

/* Handlers, and that of exit(3), have no other way to know. */
static struct {
	volatile sig_atomic_t	signo;
	bool			is_taken;	/* the terminal is */
	bool			has_atexit;
} screen;

/* ---- Taking the terminal and giving it back -------------------------- */

static void
on_signal(int signo)
{
	if (signo != SIGWINCH)
		screen.signo = signo;
}

static void
give_back(void)
{
	if (screen.is_taken)
		(void)endwin();
	screen.is_taken = false;
}

/* Where keys come from; NULL if there is no terminal. */
static FILE *
open_keys(void)
{
	if (isatty(STDIN_FILENO) == 1)
		return (stdin);
	return (fopen("/dev/tty", "re"));
}

static void
close_keys(FILE *f)
{
	if (f != NULL && f != stdin)
		(void)fclose(f);
}

/* Can the cursor be moved? */
static bool
has_cursor(void)
{
	int error;
	bool has;

	if (setupterm(NULL, STDOUT_FILENO, &error) != OK)
		return (false);
	has = cursor_address != NULL;
	(void)del_curterm(cur_term);
	return (has);
}

bool
fe_screen_is_possible(void)
{
	const char *name = getenv("TERM");
	int fd;

	if (isatty(STDOUT_FILENO) != 1 || name == NULL || *name == '\0' ||
	    !has_cursor())
		return (false);
	if (isatty(STDIN_FILENO) == 1)
		return (true);
	if ((fd = open("/dev/tty", O_RDWR | O_CLOEXEC)) == -1)
		return (false);
	(void)close(fd);
	return (true);
}

/* SIGTSTP is left to curses, which gives the terminal back while stopped. */
static void
catch_signals(struct fe_screen *s)
{
	struct sigaction sa;
	sigset_t set;

	memset(&sa, 0, sizeof(sa));
	sa.sa_handler = on_signal;
	(void)sigemptyset(&sa.sa_mask);
	(void)sigemptyset(&set);
	screen.signo = 0;
	for (size_t i = 0; i < NCAUGHT; i++) {
		(void)sigaddset(&set, caught[i]);
		(void)sigaction(caught[i], NULL, &s->before[i]);
		if (caught[i] != SIGTSTP &&
		    s->before[i].sa_handler != SIG_IGN)
			(void)sigaction(caught[i], &sa, NULL);
	}
	(void)sigprocmask(SIG_BLOCK, &set, &s->mask);
}

static void
release_signals(struct fe_screen *s)
{
	for (size_t i = 0; i < NCAUGHT; i++)
		(void)sigaction(caught[i], &s->before[i], NULL);
	(void)sigprocmask(SIG_SETMASK, &s->mask, NULL);
}

static void
init_colors(struct fe_screen *s)
{
	/* In the order of enum fe_style. */
	static const short colors[COLORS_USED] = {
		COLOR_RED, COLOR_GREEN, COLOR_YELLOW, COLOR_BLUE,
		COLOR_MAGENTA, COLOR_CYAN
	};

	if (s->term.color)
		s->term.color = has_colors() && start_color() == OK;
	if (!s->term.color)
		return;
	(void)use_default_colors();
	for (short i = 0; i < COLORS_USED; i++)
		(void)init_pair((short)(i + 1), colors[i], -1);
}

static void
init_curses(struct fe_screen *s)
{
	screen.is_taken = true;
	if (!screen.has_atexit)
		screen.has_atexit = atexit(give_back) == 0;
	(void)cbreak();
	(void)noecho();
	(void)nonl();
	(void)set_escdelay(ESCAPE_MS);
	(void)keypad(stdscr, TRUE);
	(void)nodelay(stdscr, TRUE);
	(void)curs_set(0);
	init_colors(s);
}

bool
fe_screen_open(struct fe_screen **out)
{
	struct fe_screen *s;

	*out = NULL;
	if (!fe_screen_is_possible())
		return (false);
	s = fe_alloc(1, sizeof(*s), 0);
	memset(s, 0, sizeof(*s));
	/* Before curses, which asks for the locale. */
	fe_term_init(&s->term, STDOUT_FILENO);
	if ((s->keys = open_keys()) == NULL) {
		free(s);
		return (false);
	}
	/* Before curses, which keeps handlers that it finds. */
	catch_signals(s);
	s->curses = newterm(NULL, stdout, s->keys);
	if (s->curses == NULL) {
		release_signals(s);
		close_keys(s->keys);
		free(s);
		return (false);
	}
	init_curses(s);
	*out = s;
	return (true);
}

int
fe_screen_close(struct fe_screen *s)
{
	if (s == NULL)
		return (0);
	give_back();
	delscreen(s->curses);
	release_signals(s);
	close_keys(s->keys);
	free(s);
	return (screen.signo);
}

/* ---- Drawing --------------------------------------------------------- */

unsigned
fe_screen_lines(const struct fe_screen *s)
{
	(void)s;
	return ((unsigned)getmaxy(stdscr));
}

unsigned
fe_screen_columns(const struct fe_screen *s)
{
	(void)s;
	return ((unsigned)getmaxx(stdscr));
}

bool
fe_screen_utf8(const struct fe_screen *s)
{
	return (s->term.utf8);
}

void
fe_screen_erase(struct fe_screen *s)
{
	(void)s;
	(void)curs_set(0);
	(void)erase();
}

void
fe_screen_show(struct fe_screen *s)
{
	(void)s;
	(void)refresh();
}

static void
set_style(const struct fe_screen *s, unsigned style)
{
	attr_t a = A_NORMAL;
	short pair = 0;

	if ((style & FE_STYLE_BOLD) != 0)
		a |= A_BOLD;
	if ((style & FE_STYLE_DIM) != 0)
		a |= A_DIM;
	if ((style & FE_STYLE_REVERSE) != 0)
		a |= A_REVERSE;
	if ((style & FE_STYLE_UNDERLINE) != 0)
		a |= A_UNDERLINE;
	if (s->term.color && (style & FE_STYLE_COLOR) <= COLORS_USED)
		pair = (short)(style & FE_STYLE_COLOR);
	(void)attr_set(a, pair, NULL);
}

/*
 * Write clean text of n bytes, as far as it fits.  Where the locale has no
 * more than bytes, a character that is not ASCII becomes a question mark.
 */
static unsigned
put_clean(const struct fe_screen *s, unsigned cells, const char *text,
    size_t n)
{
	wchar_t *wide = fe_alloc(n, sizeof(*wide), sizeof(*wide));
	unsigned done = 0, w;
	uint32_t cp;
	size_t len;
	int i = 0;

	(void)s;
	for (; n > 0; text += len, n -= len) {
		len = fe_text_next(text, n, &cp);
		if (cp >= 0x80 && MB_CUR_MAX == 1)
			cp = '?';
		if ((w = fe_text_cells(cp)) > cells - done)
			break;
		done += w;
		wide[i++] = (wchar_t)cp;
	}
	if (i > 0)
		(void)addnwstr(wide, i);
	free(wide);
	return (done);
}

/* Go to a place.  Returns how many of the cells are on the screen. */
static unsigned
go_to(const struct fe_screen *s, unsigned line, unsigned column,
    unsigned cells)
{
	unsigned columns = fe_screen_columns(s);

	if (line >= fe_screen_lines(s) || column >= columns ||
	    move((int)line, (int)column) != OK)
		return (0);
	return (cells < columns - column ? cells : columns - column);
}

unsigned
fe_screen_text(struct fe_screen *s, unsigned line, unsigned column,
    unsigned cells, unsigned style, const char *text)
{
	unsigned done;
	char *clean;

	if ((cells = go_to(s, line, column, cells)) == 0)
		return (0);
	clean = fe_text_clean(text, false);
	set_style(s, style);
	done = put_clean(s, cells, clean, strlen(clean));
	free(clean);
	return (done);
}

unsigned
fe_screen_path(struct fe_screen *s, unsigned line, unsigned column,
    unsigned cells, unsigned style, const char *text)
{
	size_t n, head, tail;
	unsigned done;
	char *clean;

	if ((cells = go_to(s, line, column, cells)) == 0)
		return (0);
	clean = fe_text_clean(text, false);
	n = strlen(clean);
	set_style(s, style);
	if (cells < 3 || fe_text_width(clean, n) <= cells) {
		done = put_clean(s, cells, clean, n);
	} else {
		fe_text_cut(clean, n, (cells - 2) / 3,
		    cells - 2 - (cells - 2) / 3, &head, &tail);
		done = put_clean(s, cells, clean, head);
		done += put_clean(s, cells - done, "..", 2);
		done += put_clean(s, cells - done, clean + tail, n - tail);
	}
	free(clean);
	return (done);
}

void
fe_screen_fill(struct fe_screen *s, unsigned line, unsigned column,
    unsigned cells, unsigned style)
{
	if ((cells = go_to(s, line, column, cells)) == 0)
		return;
	set_style(s, style);
	while (cells-- > 0)
		(void)addch(' ');
}

void
fe_screen_prompt(struct fe_screen *s, unsigned line, const char *label,
    const struct fe_prompt *p)
{
	unsigned columns = fe_screen_columns(s), used, width;
	size_t skip = 0;
	uint32_t cp;

	fe_screen_fill(s, line, 0, columns, FE_STYLE_PLAIN);
	used = fe_screen_text(s, line, 0, columns, FE_STYLE_BOLD, label);
	if (used + 1 >= columns)
		return;
	/* The end is what is being typed. */
	width = fe_text_width(p->text, p->n);
	while (width >= columns - used && skip < p->n) {
		skip += fe_text_next(p->text + skip, p->n - skip, &cp);
		width = fe_text_width(p->text + skip, p->n - skip);
	}
	used += fe_screen_text(s, line, used, columns - used,
	    FE_STYLE_PLAIN, p->text + skip);
	(void)move((int)line, (int)used);
	(void)curs_set(1);
}

unsigned
fe_screen_share(double percent)
{
	if (percent > 60)
		return (FE_STYLE_RED);
	if (percent > 20)
		return (FE_STYLE_YELLOW);
	return (FE_STYLE_GREEN);
}

/* ---- Keys ------------------------------------------------------------ */

static uint32_t
key_of(wint_t c)
{
	switch (c) {
	case '\r':
		return (FE_KEY_ENTER);
	case 8:
	case 127:
		return (FE_KEY_BACKSPACE);
	default:
		return ((uint32_t)c);
	}
}

static uint32_t
key_of_code(wint_t code)
{
	static const struct {
		wint_t		code;
		uint32_t	key;
	} table[] = {
		{ KEY_UP, FE_KEY_UP },
		{ KEY_DOWN, FE_KEY_DOWN },
		{ KEY_LEFT, FE_KEY_LEFT },
		{ KEY_RIGHT, FE_KEY_RIGHT },
		{ KEY_PPAGE, FE_KEY_PAGE_UP },
		{ KEY_NPAGE, FE_KEY_PAGE_DOWN },
		{ KEY_HOME, FE_KEY_HOME },
		{ KEY_END, FE_KEY_END },
		{ KEY_BACKSPACE, FE_KEY_BACKSPACE },
		{ KEY_DC, FE_KEY_DELETE },
		{ KEY_BTAB, FE_KEY_BACKTAB },
		{ KEY_ENTER, FE_KEY_ENTER },
		{ KEY_F(1), FE_KEY_F1 }
	};

	for (size_t i = 0; i < sizeof(table) / sizeof(table[0]); i++)
		if (table[i].code == code)
			return (table[i].key);
	return (FE_KEY_OTHER);
}

void
fe_screen_mouse(struct fe_screen *s)
{
	(void)s;
	/* A press is enough: waiting for what follows would take time. */
	(void)mouseinterval(0);
	(void)mousemask(BUTTON1_PRESSED | BUTTON4_PRESSED | BUTTON5_PRESSED,
	    NULL);
}

unsigned
fe_screen_mouse_line(const struct fe_screen *s)
{
	return (s->mouse_line);
}

unsigned
fe_screen_mouse_column(const struct fe_screen *s)
{
	return (s->mouse_column);
}

static uint32_t
mouse_key(struct fe_screen *s)
{
	MEVENT e;

	if (getmouse(&e) != OK || e.x < 0 || e.y < 0)
		return (FE_KEY_OTHER);
	s->mouse_line = (unsigned)e.y;
	s->mouse_column = (unsigned)e.x;
	if ((e.bstate & BUTTON4_PRESSED) != 0)
		return (FE_KEY_WHEEL_UP);
	if ((e.bstate & BUTTON5_PRESSED) != 0)
		return (FE_KEY_WHEEL_DOWN);
	return ((e.bstate & BUTTON1_PRESSED) != 0 ? FE_KEY_CLICK :
	    FE_KEY_OTHER);
}

/* A key that was typed already; FE_KEY_NONE if there is none. */
static uint32_t
typed_key(struct fe_screen *s)
{
	wint_t c;
	int r;

	while ((r = get_wch(&c)) != ERR) {
		if (r == KEY_CODE_YES && c == KEY_RESIZE)
			continue;
		if (r == KEY_CODE_YES)
			return (c == KEY_MOUSE ? mouse_key(s) :
			    key_of_code(c));
		if (c != CONTROL_L)
			return (key_of(c));
		(void)clearok(curscr, TRUE);
		(void)refresh();
	}
	return (FE_KEY_NONE);
}

/* Follow the terminal's size.  Returns whether it was another. */
static bool
resize(void)
{
	struct winsize ws;

	if (ioctl(STDOUT_FILENO, TIOCGWINSZ, &ws) != 0 || ws.ws_row == 0 ||
	    ws.ws_col == 0 || (ws.ws_row == getmaxy(stdscr) &&
	    ws.ws_col == getmaxx(stdscr)))
		return (false);
	if (resize_term(ws.ws_row, ws.ws_col) != OK)
		return (false);
	/* What the terminal made of its lines is not known. */
	(void)clearok(curscr, TRUE);
	return (true);
}

/* Signals that came while we were not waiting; input must not delay them. */
static void
let_in(const struct fe_screen *s)
{
	sigset_t set;

	(void)sigprocmask(SIG_SETMASK, &s->mask, &set);
	(void)sigprocmask(SIG_SETMASK, &set, NULL);
}

/* What is known without waiting, else FE_KEY_NONE. */
static uint32_t
present_key(struct fe_screen *s)
{
	let_in(s);
	if (screen.signo != 0)
		return (FE_KEY_QUIT);
	if (resize())
		return (FE_KEY_RESIZE);
	return (typed_key(s));
}

/*
 * Wait for input with our signals let in.  Returns FE_KEY_OTHER if there may
 * be a key.
 */
static uint32_t
wait_key(struct fe_screen *s, int timeout_ms, int fd)
{
	struct pollfd p[2] = {
		{ .fd = fileno(s->keys), .events = POLLIN },
		{ .fd = fd, .events = POLLIN }
	};
	struct timespec t = { .tv_sec = timeout_ms / 1000,
	    .tv_nsec = (long)(timeout_ms % 1000) * 1000000 };
	int n;

	n = ppoll(p, 2, timeout_ms < 0 ? NULL : &t, &s->mask);
	if (n == 0)
		return (FE_KEY_NONE);
	if (n < 0)
		return (errno == EINTR ? FE_KEY_OTHER : FE_KEY_QUIT);
	/* A terminal that is gone can be read for ever. */
	if ((p[0].revents & ~POLLIN) != 0)
		return (FE_KEY_QUIT);
	if (p[0].revents == 0 && p[1].revents != 0)
		return (FE_KEY_INPUT);
	return (FE_KEY_OTHER);
}

uint32_t
fe_screen_key(struct fe_screen *s, int timeout_ms, int fd)
{
	uint32_t key;

	while ((key = present_key(s)) == FE_KEY_NONE) {
		key = wait_key(s, timeout_ms, fd);
		if (key != FE_KEY_OTHER)
			return (key);
		/* What woke us may have been no key, so it is over now. */
		if (timeout_ms > 0)
			timeout_ms = 0;
	}
	return (key);
}
