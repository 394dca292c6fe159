/* Between the files of memray-symbolize. */

#ifndef SYMBOLIZE_H
#define SYMBOLIZE_H

#include <stdbool.h>

#include <memtrace.h>
#include <mt_sym.h>

/* A capture and its modules, which are behind those of the ones before. */
struct symbolize_capture {
	const char	*path;
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

/* Add what is wanted by an open capture. */
bool	symbolize_add(struct symbolize *, struct mt_capture *,
	    const char *path);
void	symbolize_fini(struct symbolize *);
/* Write the symbols into the file itself. */
bool	symbolize_in_place(const struct symbolize *,
	    const struct symbolize_capture *);
/* Write an open capture, and the symbols if there are any wanted, to fd. */
bool	symbolize_copy(const struct symbolize *, struct mt_capture *,
	    const struct symbolize_capture *, int fd, const char *name);

/* ---- symbolize_say.c ---- */

/* A mt_sym_options.progress: a line on a terminal, with the last it goes. */
void	symbolize_progress(void *unused, size_t done, size_t all);
/* What was wrong with modules, once for each of them. */
void	symbolize_warn(const struct symbolize *);

#endif /* SYMBOLIZE_H */
