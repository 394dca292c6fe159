/*
 * The bytes of a capture of memray, which may be an LZ4 frame.
 *
 * What is to be decoded lies in a cursor.  mt_memray_in_fill() makes sure
 * that enough of it lies there, as far as there is enough; whoever then reads
 * past the end sees a bad cursor, as always, and that is where the capture
 * was cut.
 */

#ifndef MT_MEMRAY_IN_H
#define MT_MEMRAY_IN_H

#include "mt_source.h"

/* No record without strings is longer. */
#define MT_MEMRAY_RECORD	128u

/* Nor is any string. */
#define MT_MEMRAY_STRING	(1024u * 1024)

struct mt_memray_in {
	struct mt_cursor	 cur;
	uint8_t			*buf;		/* where cur is */
	size_t			 cap;
	const struct mt_source	*source;
	uint64_t		 at;		/* next bytes of the source */
	uint64_t		 end;
	bool			 no_more;	/* behind the cursor */
	bool			 damaged;	/* not an LZ4 frame from here */
	struct mt_memray_lz4	*lz4;		/* NULL: plain */
};

/* An LZ4 frame? */
bool		mt_memray_in_is_lz4(const uint8_t *, size_t);

/* The source must stay. */
enum mt_status	mt_memray_in_open(struct mt_memray_in *,
		    const struct mt_source *, struct mt_error *);
void		mt_memray_in_close(struct mt_memray_in *);

enum mt_status	mt_memray_in_more(struct mt_memray_in *, size_t n,
		    struct mt_error *);

/* Have n bytes in the cursor, fewer only at the end. */
static inline enum mt_status
mt_memray_in_fill(struct mt_memray_in *in, size_t n, struct mt_error *e)
{
	if ((size_t)(in->cur.end - in->cur.p) >= n || in->no_more)
		return (MT_OK);
	return (mt_memray_in_more(in, n, e));
}

/*
 * A string with its NUL, valid until the next call of anything here.  MT_END:
 * the input ends within it; MT_ERR_FORMAT: it is longer than any.
 */
enum mt_status	mt_memray_in_string(struct mt_memray_in *, const char **,
		    struct mt_error *);

/* Numbers as they are in memory, of a little-endian machine. */
uint32_t	mt_memray_in_u32(struct mt_memray_in *);
uint64_t	mt_memray_in_u64(struct mt_memray_in *);
unsigned	mt_memray_in_byte(struct mt_memray_in *);
/* A number that is stored as the difference to the last one. */
uint64_t	mt_memray_in_delta(struct mt_memray_in *, uint64_t *last);

#endif /* MT_MEMRAY_IN_H */
