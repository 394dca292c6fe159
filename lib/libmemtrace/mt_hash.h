/*
 * Open-addressing hash tables from keys to 32-bit numbers, usually indexes
 * of an array that holds the keys.  The table stores 32 bits of each hash
 * and never looks at a key, so it grows without the caller's help, and a
 * lookup compares keys only where these 32 bits agree:
 *
 *	pos = mt_hash_start(t, hash);
 *	while ((i = mt_hash_next(t, hash, &pos)) != MT_HASH_NONE)
 *		if (key[i] is the one)
 *			return (i);
 *
 * A hash is any 64 bits that differ from key to key; what is made of them is
 * the table's own secret.
 *
 * Entries cannot be removed; see mt_live.h for a table where they can.
 */

#ifndef MT_HASH_H
#define MT_HASH_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "mt_budget.h"
#include "mt_secret.h"

#define MT_HASH_NONE	UINT32_MAX	/* not a value that can be stored */

struct mt_hash_slot {
	uint32_t	tag;		/* its low bits are home */
	uint32_t	value;		/* plus one; 0 in an empty slot */
};

/* All zeroes is an empty table, which is charged to nobody. */
struct mt_hash {
	struct mt_hash_slot	*slot;
	uint32_t		 mask;	/* number of slots minus one */
	uint32_t		 used;
	uint64_t		 secret;	/* 0: none yet */
	struct mt_budget	*budget;
};

/* Make room for n entries in all; false if there is no memory. */
bool		mt_hash_reserve(struct mt_hash *, uint32_t n);
/* Add an entry that is not there; false if out of memory. */
bool		mt_hash_add(struct mt_hash *, uint64_t hash, uint32_t value);
/* Empty again, and charged to whom it was. */
void		mt_hash_fini(struct mt_hash *);

/* Of bytes; the secret is never 0. */
uint64_t	mt_hash_bytes(uint64_t secret, const void *, size_t);
/* The table's secret, drawn if need be. */
uint64_t	mt_hash_secret(struct mt_hash *);

static inline uint32_t
mt_hash_tag(const struct mt_hash *t, uint64_t hash)
{
	return ((uint32_t)mt_secret_fold(hash, t->secret));
}

static inline uint32_t
mt_hash_start(const struct mt_hash *t, uint64_t hash)
{
	return (mt_hash_tag(t, hash) & t->mask);
}

/* The value of the next entry with this hash, or MT_HASH_NONE. */
static inline uint32_t
mt_hash_next(const struct mt_hash *t, uint64_t hash, uint32_t *pos)
{
	const uint32_t tag = mt_hash_tag(t, hash);
	const struct mt_hash_slot *s;

	if (t->slot == NULL)
		return (MT_HASH_NONE);
	for (;;) {
		s = &t->slot[*pos];
		*pos = (*pos + 1) & t->mask;
		if (s->value == 0)
			return (MT_HASH_NONE);
		if (s->tag == tag)
			return (s->value - 1);
	}
}

#endif /* MT_HASH_H */
