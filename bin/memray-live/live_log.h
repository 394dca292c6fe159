/*
 * The end of the file that a program's output goes to.  It may grow without
 * bounds; only the end is ever looked at.
 */

#ifndef LIVE_LOG_H
#define LIVE_LOG_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define LIVE_LOG_BYTES	65536u	/* that are looked at */
#define LIVE_LOG_LINES	1000u	/* that are kept */

struct live_log {
	int		 fd;		/* -1: there is none */
	uint64_t	 size;		/* of the file, when last looked at */
	size_t		 n;
	char		*line[LIVE_LOG_LINES];	/* oldest first; clean text */
};

/* Returns false, with errno set, if the file cannot be read. */
bool	live_log_open(struct live_log *, const char *path);
/* Read what is new; returns whether anything was. */
bool	live_log_update(struct live_log *);
void	live_log_close(struct live_log *);

#endif /* LIVE_LOG_H */
