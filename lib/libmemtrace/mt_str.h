/*
 * Interned strings: equal strings get the same number, numbers count from 0,
 * and a string stays where it is until the end.
 */

#ifndef MT_STR_H
#define MT_STR_H

#include "mt_hash.h"

#define MT_STR_NONE	UINT32_MAX

struct mt_str_chunk;

/* All zeroes is an empty set; it is charged to whom its table is. */
struct mt_str {
	struct mt_hash		 hash;
	const char		**text;
	uint32_t		 count;
	uint32_t		 cap;
	struct mt_str_chunk	*chunk;	/* the newest first */
};

/* The number of a string, or MT_STR_NONE if there is no memory. */
uint32_t	mt_str_put(struct mt_str *, const char *);
void		mt_str_fini(struct mt_str *);

static inline const char *
mt_str_get(const struct mt_str *s, uint32_t id)
{
	return (s->text[id]);
}

#endif /* MT_STR_H */
