/*
 * Options that say which allocations a report is about: the same in all
 * reports, for a program that adds FE_SELECT_OPTIONS to its table of long
 * options and hands over what it does not know itself.  See memtrace(7).
 *
 *	fe_select_init(&sel);
 *	while ((c = getopt_long(...)) != -1)
 *		switch (c) {
 *		...
 *		default:
 *			if (!fe_select_option(&sel, c, optarg))
 *				usage();
 *		}
 *	fe_select_check(&sel);
 *	...
 *	s = fe_select_of(&sel, capture);
 *	...
 *	fe_select_say(&sel, is_empty);
 *
 * A command line that is wrong ends the program, with a line and status 2.
 */

#ifndef FE_SELECT_H
#define FE_SELECT_H

#include <memtrace.h>

/* Values of the options, which have no letters: far from anybody else's. */
enum fe_select_option {
	FE_SELECT_AT = 0x1000,
	FE_SELECT_EXCLUDE,
	FE_SELECT_FROM,
	FE_SELECT_INCLUDE,
	FE_SELECT_LEAKS,
	FE_SELECT_NO_NATIVE,
	FE_SELECT_PROCESS,
	FE_SELECT_TEMPORARY,
	FE_SELECT_THREAD,
	FE_SELECT_THRESHOLD,
	FE_SELECT_TO,
	FE_SELECT_END
};

/* Those that choose threads, processes and calls; for all of a run, too. */
#define FE_SELECT_FILTERS						\
	{ "exclude", required_argument, NULL, FE_SELECT_EXCLUDE },	\
	{ "include", required_argument, NULL, FE_SELECT_INCLUDE },	\
	{ "no-native", no_argument, NULL, FE_SELECT_NO_NATIVE },	\
	{ "process", required_argument, NULL, FE_SELECT_PROCESS },	\
	{ "thread", required_argument, NULL, FE_SELECT_THREAD }

/* All of them: rows of a struct option table. */
#define FE_SELECT_OPTIONS						\
	FE_SELECT_FILTERS,						\
	{ "at", required_argument, NULL, FE_SELECT_AT },		\
	{ "from", required_argument, NULL, FE_SELECT_FROM },		\
	{ "leaks", no_argument, NULL, FE_SELECT_LEAKS },		\
	{ "temporary-allocation-threshold", required_argument, NULL,	\
	    FE_SELECT_THRESHOLD },					\
	{ "temporary-allocations", no_argument, NULL,			\
	    FE_SELECT_TEMPORARY },					\
	{ "to", required_argument, NULL, FE_SELECT_TO }

/* Their lines of --help. */
extern const char fe_select_help[];
extern const char fe_select_help_filters[];

/* A moment: since the start of the first capture, or a time of day. */
struct fe_select_time {
	bool		given;
	bool		absolute;
	uint64_t	ns;
};

/* Some of the threads or processes that there are. */
#define FE_SELECT_NAMES	8

struct fe_select_names {
	char		*name[FE_SELECT_NAMES];
	size_t		 n;
	bool		 more;
};

struct fe_select {
	struct mt_selection	 selection;	/* times are not filled in */
	struct fe_select_time	 from;
	struct fe_select_time	 to;
	unsigned		 seen;		/* views, a bit each */
	uint64_t		 start_ns;	/* of the first capture */
	bool			 started;
	bool			 no_native;
	bool			 warned;	/* of a rounded threshold */
	size_t			 cap[4];	/* of the patterns */
	/* What was seen, for fe_select_say(). */
	bool			*matched[3];	/* by pattern; NULL: none */
	struct fe_select_names	 names[2];	/* threads, processes */
	uint64_t		 first_ns;	/* of all captures */
	uint64_t		 last_ns;	/* 0: not known */
};

void	fe_select_init(struct fe_select *);
void	fe_select_fini(struct fe_select *);
/* Returns false for an option that is not one of them. */
bool	fe_select_option(struct fe_select *, int c, const char *arg);
/* Whether the options go together; after the last one. */
void	fe_select_check(struct fe_select *);

/*
 * The selection for a capture, valid until the next call; the first capture
 * that it is asked for is the one from whose start times count.  NULL if there
 * is nothing of the capture: another process is selected, or it began later.
 * To be called before anything but the metadata is looked at, for frames that
 * are not wanted are taken out of the capture's stacks.
 */
const struct mt_selection *fe_select_of(struct fe_select *,
	    struct mt_capture *);

/*
 * After all captures: lines on standard error for what was chosen and is not
 * there, with what is; and if all of the selection is `nothing', one for that.
 */
void	fe_select_say(const struct fe_select *, bool nothing);

/* For fe_select_of(), and fe_select_fini(). */
void	fe_select_saw(struct fe_select *, struct mt_capture *, bool selected);
void	fe_select_forget(struct fe_select *);

/* Whether there is any option that chooses among sites, or any at all. */
bool	fe_select_is_filtered(const struct fe_select *);
bool	fe_select_is_any(const struct fe_select *);

/*
 * Seconds with up to nine decimals, or ISO 8601: a date, T or a blank, a time
 * with or without seconds and their decimals, and Z or an offset from UTC,
 * which is UTC if it is missing.  Returns false if s is neither.
 */
bool	fe_select_parse_time(const char *s, struct fe_select_time *);

#endif /* FE_SELECT_H */
