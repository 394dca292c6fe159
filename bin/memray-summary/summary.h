/* Between the files of memray-summary. */

#ifndef SUMMARY_H
#define SUMMARY_H

#include <stddef.h>

#include <fe_meta.h>
#include <memtrace.h>

/* The functions of one process, or of all captures. */
struct summary {
	struct mt_summary	*sum;
	size_t			 meta;	/* of the process, in metas */
};

struct summaries {
	struct summary	*each;
	size_t		 n;
	size_t		 cap;
	struct fe_metas	 metas;		/* of all captures */
};

/* How to print them. */
struct summary_style {
	int		sort;		/* column, from 1 on */
	uint64_t	max_rows;	/* 0: as many as fit, or all */
	bool		json;
	bool		by_process;
};

void	summary_print(struct summaries *, const struct summary_style *);

#endif /* SUMMARY_H */
