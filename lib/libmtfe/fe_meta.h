/*
 * What reports say about the captures they were made from: the metadata in
 * their JSON, and on standard error what is missing from a capture.
 */

#ifndef FE_META_H
#define FE_META_H

#include <memtrace.h>

#include "fe_json.h"

/* Metadata of captures, copied, so that captures need not stay open. */
struct fe_metas {
	struct mt_meta	 *meta;
	char		**file;
	size_t		  n;
	size_t		  cap[2];
};

void	fe_metas_add(struct fe_metas *, const char *file,
	    const struct mt_meta *);
void	fe_metas_fini(struct fe_metas *);

/*
 * The object of one capture's metadata.  Of several: what they have in
 * common, else null; numbers added; the first start and the last end; and
 * "captures", the metadata of each with its file.
 */
void	fe_metas_json(const struct fe_metas *, struct fe_json *);
/* The same, left open for more members. */
void	fe_metas_json_begin(const struct fe_metas *, struct fe_json *);

/*
 * One line for each reason why the capture does not hold everything.
 * Returns whether anything is missing: reports then end with status 1.  Of
 * what is still being recorded nothing is.
 */
bool	fe_meta_warn(const char *file, const struct mt_meta *);

/* A wait(2) status as a shell gives it: 0-255, 128 + signal, -1 unknown. */
int	fe_meta_exit_status(const struct mt_meta *);

#endif /* FE_META_H */
