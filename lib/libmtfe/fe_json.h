/*
 * Writes JSON (RFC 8259), always valid UTF-8 and harmless on a terminal: what
 * is not UTF-8 in a string becomes U+FFFD, and the other characters that
 * fe_text_is_unsafe() names are escaped.  The outer levels get a line per
 * element, and so do arrays in the innermost of them; what is in there stays
 * on one line, so that a row is a line.  All is written when the outermost
 * level ends; errors stay with the stream.
 *
 *	fe_json_object(j);
 *	fe_json_key(j, "rows");
 *	fe_json_array(j);
 *	fe_json_uint(j, 1);
 *	fe_json_end(j);
 *	fe_json_end(j);			and a newline, at the last one
 */

#ifndef FE_JSON_H
#define FE_JSON_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

#include "fe_buf.h"

#define FE_JSON_DEPTH	16	/* more levels than any report has */

struct fe_json {
	unsigned	 depth;
	unsigned	 broken;	/* outer levels, see above */
	bool		 filled[FE_JSON_DEPTH]; /* level has an element */
	char		 closer[FE_JSON_DEPTH];
	bool		 after_key;
	struct fe_buf	 buf;
};

/* Break lines in the outer `broken` levels; 0 puts all on one line. */
void	fe_json_init(struct fe_json *, FILE *, unsigned broken);

void	fe_json_object(struct fe_json *);
void	fe_json_array(struct fe_json *);
void	fe_json_end(struct fe_json *);

void	fe_json_key(struct fe_json *, const char *);
void	fe_json_string(struct fe_json *, const char *);	/* NULL: null */
void	fe_json_uint(struct fe_json *, uint64_t);
void	fe_json_bool(struct fe_json *, bool);
void	fe_json_null(struct fe_json *);
/* A number with two decimals; null if it is not finite. */
void	fe_json_decimal(struct fe_json *, double);

#endif /* FE_JSON_H */
