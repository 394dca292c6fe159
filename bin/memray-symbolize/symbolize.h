/* Between the files of memray-symbolize. */

#ifndef SYMBOLIZE_H
#define SYMBOLIZE_H

#include <stdbool.h>

#include <memtrace.h>
#include <mt_sym.h>

/*
 * A capture and its modules, which are behind those of the ones before.  From
 * the first look at it to the last byte that is written there is but one
 * descriptor of it.
 */
struct symbolize_capture {
	char		*path;		/* for messages */
	int		 fd;		/* -1: not a file, or closed */
	bool		 read_only;	/* it may not be written to */
	size_t		 first;
	size_t		 n;
	bool		 is_native;	/* it has such frames */
};

struct symbolize {
	struct symbolize_capture *capture;
	size_t			 ncaptures;
	struct mt_module	*module;	/* copies */
	size_t			 n;
	size_t			 cap;
	uint64_t		 start_time_ns;	/* of the first that began */
	struct mt_sym		*sym;
};

/* ---- symbolize_capture.c; false after a line on standard error. ---- */

/* Add what is wanted by an open capture of this name. */
bool	symbolize_add(struct symbolize *, struct mt_capture *,
	    const char *path);
/*
 * Open a file and add what is wanted by the capture in it.  The file remains
 * open and locked as long as something is to be written into it.
 */
bool	symbolize_open(struct symbolize *, const char *path);
void	symbolize_fini(struct symbolize *);
/* Write the symbols into the file itself, and close it. */
bool	symbolize_in_place(const struct symbolize *,
	    struct symbolize_capture *);
/* Write an open capture, and the symbols if there are any wanted, to fd. */
bool	symbolize_copy(const struct symbolize *, struct mt_capture *,
	    const struct symbolize_capture *, int fd, const char *name);

/* ---- symbolize_say.c ---- */

/* A mt_sym_options.progress: a line on a terminal, with the last it goes. */
void	symbolize_progress(void *unused, size_t done, size_t all);
/* What was wrong with modules, once for each of them. */
void	symbolize_warn(const struct symbolize *);

#endif /* SYMBOLIZE_H */
