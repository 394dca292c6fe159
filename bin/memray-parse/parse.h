/*
 * Between the files of memray-parse.  Each function writes the lines of some
 * kinds of records; the format is in memray-parse(1).
 */

#ifndef PARSE_H
#define PARSE_H

#include <fe_buf.h>
#include <memtrace.h>

/* A field of a line: a tab, "key=" and the value. */
#define PARSE_UINT(b, key, v)						\
	(fe_buf_str((b), "\t" key "="), fe_buf_uint((b), (v)))
#define PARSE_INT(b, key, v)						\
	(fe_buf_str((b), "\t" key "="), fe_buf_int((b), (v)))
#define PARSE_HEX(b, key, v)						\
	(fe_buf_str((b), "\t" key "="), fe_buf_hex((b), (v)))

/* The same for a string, which may hold anything. */
void	parse_text(struct fe_buf *, const char *field, const char *value);

/*
 * Everything but events.  On failure the lines before are written, and the
 * error says what could not be read.
 */
enum mt_status	parse_tables(struct fe_buf *, struct mt_capture *,
		    const char *file, struct mt_error *);

/* The part of it that sites have besides totals. */
enum mt_status	parse_more(struct fe_buf *, struct mt_capture *,
		    struct mt_error *);

/* The events, in their order; sets *n to their number. */
enum mt_status	parse_events(struct fe_buf *, struct mt_capture *,
		    uint64_t *n, struct mt_error *);

#endif /* PARSE_H */
