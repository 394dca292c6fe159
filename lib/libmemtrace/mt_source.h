/*
 * Where a capture's bytes come from: a file, a temporary copy of what cannot
 * seek, or memory.  A file may shrink while it is read, which is why nothing
 * is mapped: a read that comes back short is an answer, a fault is not.
 */

#ifndef MT_SOURCE_H
#define MT_SOURCE_H

#include "mt_private.h"

struct mt_source {
	int		 fd;		/* -1: memory */
	bool		 close;		/* fd is ours */
	uint64_t	 base;		/* where the capture begins in fd */
	uint64_t	 size;
	bool		 recording;	/* somebody is writing to it */
	const uint8_t	*memory;
};

/* "-" is standard input. */
enum mt_status	mt_source_open(struct mt_source *, const char *path,
		    struct mt_error *);
/* All of a plain file; the descriptor stays the caller's, and open. */
enum mt_status	mt_source_open_fd(struct mt_source *, int fd,
		    struct mt_error *);
/* The bytes must stay. */
void		mt_source_memory(struct mt_source *, const void *, size_t);
/* Reads n bytes, fewer only at the end. */
enum mt_status	mt_source_read(const struct mt_source *, uint64_t offset,
		    void *, size_t n, size_t *got, struct mt_error *);
void		mt_source_close(struct mt_source *);

#endif /* MT_SOURCE_H */
