/* Inside of the reading of line tables: one range after the other. */

#ifndef MT_LINE_H
#define MT_LINE_H

#include "memtrace.h"

/* Where the reading of a code object's table is. */
struct mt_line_reader {
	const struct mt_code	*code;
	const uint8_t		*p;
	int64_t			 at;	/* where the next range begins */
	int64_t			 line;	/* to which steps are added */
	int64_t			 found;	/* of the last range with a line */
};

/* Offsets up to its end, from the end of the range before. */
struct mt_line_range {
	int64_t		end;	/* INT64_MAX: there are no more */
	uint32_t	line;
};

/* Is there a table at all? */
bool	mt_line_has_table(const struct mt_code *);
void	mt_line_begin(struct mt_line_reader *, const struct mt_code *);
/* Not to be called after the last range.  Ranges may be empty. */
void	mt_line_next(struct mt_line_reader *, struct mt_line_range *);

#endif /* MT_LINE_H */
