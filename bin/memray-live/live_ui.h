/*
 * The view on a terminal: live_ui.c runs it, live_keys.c takes the keys,
 * live_head.c, live_body.c and live_pages.c draw it.
 */

#ifndef LIVE_UI_H
#define LIVE_UI_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <fe_prompt.h>
#include <fe_screen.h>
#include <fe_scroll.h>

#include "live_log.h"
#include "live_watch.h"

#define LIVE_MESSAGE_MAX	256
#define LIVE_FOCUS_MAX		64u	/* calls to go back through */
#define LIVE_COLUMNS		5u	/* of numbers */

enum live_page { LIVE_PAGE_TABLE, LIVE_PAGE_CALLS, LIVE_PAGE_PROCESSES,
	LIVE_PAGE_HELP };

/* What the keys go to. */
enum live_mode { LIVE_MODE_KEYS, LIVE_MODE_FILTER, LIVE_MODE_QUIT };

enum live_pane { LIVE_PANE_NONE, LIVE_PANE_THIRD, LIVE_PANE_ALL };

/* Where things are on the screen, in lines. */
struct live_layout {
	unsigned	columns;
	unsigned	head;		/* lines of it; the graph is in there */
	unsigned	graph_rows;
	unsigned	status;		/* line */
	unsigned	titles;		/* line */
	unsigned	body;		/* first line */
	unsigned	body_lines;
	unsigned	log;		/* line of its title */
	unsigned	log_lines;	/* below that; 0 if it is not shown */
	unsigned	foot;		/* line */
};

/* Where the columns of the table are. */
struct live_columns {
	unsigned	location_cells;	/* from column 0 on */
	unsigned	at[LIVE_COLUMNS];
	unsigned	cells[LIVE_COLUMNS];
	unsigned	file_at;
	unsigned	file_cells;	/* 0: it is part of the location */
};

struct live_ui {
	struct fe_screen	*screen;
	struct live_watch	*watch;
	const char		*title;		/* "port 4711" */
	bool			 owned;		/* we are memray-run's view */
	bool			 heavy;		/* few glyphs: the console */
	struct live_log		 log;
	enum live_pane		 pane;
	enum live_page		 page;
	enum live_mode		 mode;
	struct fe_prompt	 prompt;
	struct live_layout	 layout;
	struct fe_scroll	 table;
	struct fe_scroll	 calls;
	struct fe_scroll	 procs;
	struct fe_scroll	 help;
	bool			 chosen;	/* a row, not just the first */
	uint32_t		 chosen_func;
	uint32_t		 back[LIVE_FOCUS_MAX];	/* earlier focuses */
	size_t			 nback;
	unsigned		 span;		/* of the graph */
	char			 message[LIVE_MESSAGE_MAX];
	uint64_t		 message_until_ms;
	char			 error[LIVE_MESSAGE_MAX]; /* how it ended */
	bool			 told;	/* why there are no names */
	bool			 done;
	bool			 detached;
};

/*
 * Show what is watched until the user leaves.  Log is the name of the file
 * with the program's output, if we are the view of memray-run, else NULL.
 * Returns the status to exit with.
 */
int	live_ui_run(struct live_watch *, const char *title, const char *log);

/* Say something in the last line for some seconds. */
void	live_ui_say(struct live_ui *, const char *fmt, ...)
	    __attribute__((__format__(__printf__, 2, 3)));

/* Take a key. */
void	live_keys(struct live_ui *, uint32_t key);

/* The function of the current row; LIVE_TABLE_NO_FOCUS if there is none. */
uint32_t	live_body_current(const struct live_ui *);
/* After an update: the chosen row stays the chosen one. */
void		live_body_follow(struct live_ui *);

/* The button was pressed there: choose a row, or an order. */
void		live_body_click(struct live_ui *, unsigned line,
		    unsigned column);

/* Draw the parts. */
void	live_head_draw(struct live_ui *);
void	live_head_status(struct live_ui *);
void	live_head_foot(struct live_ui *);
void	live_head_next_span(struct live_ui *);
void	live_body_draw(struct live_ui *);
void	live_pages_processes(struct live_ui *);
void	live_pages_help(struct live_ui *);
void	live_pages_log(struct live_ui *);

/* The columns for a screen of that width. */
void	live_body_columns(struct live_columns *, unsigned columns);
/* Number of rows that the calls page has. */
size_t	live_body_calls(const struct live_ui *);

#endif /* LIVE_UI_H */
