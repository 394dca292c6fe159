/*
 * What is counted for every site besides its totals: its allocations by size,
 * and its temporary allocations by how soon they were freed.  Both come in
 * bins, of which a site uses a few that are close to each other, so it has a
 * range of small counters, and gets another one when a new bin does not fit.
 * What a counter of 32 bits cannot hold is carried to a table.
 */

#ifndef MT_TALLY_H
#define MT_TALLY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "mt_sums.h"

#define MT_TALLY_SIZES		65u	/* bits of a size, see mt_hist.h */
#define MT_TALLY_TEMPORARY	16u
#define MT_TALLY_CLASSES	6u

/*
 * A site's range, kept by whoever keeps the sites.  All zeroes has no
 * counters.
 */
struct mt_tally_site {
	uint32_t	at;
	uint8_t		size;		/* first bin */
	uint8_t		nsizes;
	uint8_t		temporary;	/* first bin */
	uint8_t		ntemporary;	/* pairs: allocations, bytes */
};

/* All zeroes is an empty tally. */
struct mt_tally {
	uint32_t		*cell;
	uint32_t		 used;
	uint32_t		 cap;
	/* Ranges given back, by class, plus one. */
	uint32_t		 unused[MT_TALLY_CLASSES];
	struct mt_sums		 carried;
	bool			 failed;	/* no memory: incomplete */
};

void	mt_tally_fini(struct mt_tally *);

/* Slow halves of what is below. */
void	mt_tally_add_size(struct mt_tally *, struct mt_tally_site *,
	    uint32_t site, unsigned bin);
void	mt_tally_add_temporary(struct mt_tally *, struct mt_tally_site *,
	    uint32_t site, unsigned bin, uint64_t size);

/* How much a site has in a bin. */
uint64_t mt_tally_get_size(const struct mt_tally *,
	    const struct mt_tally_site *, uint32_t site, unsigned bin);
uint64_t mt_tally_get_temporary(const struct mt_tally *,
	    const struct mt_tally_site *, uint32_t site, unsigned bin,
	    uint64_t *bytes);

__attribute__((__always_inline__)) static inline void
mt_tally_size(struct mt_tally *t, struct mt_tally_site *s, uint32_t site,
    unsigned bin)
{
	unsigned i = bin - s->size;
	uint32_t *p;

	if (i < s->nsizes) {
		p = &t->cell[s->at + i];
		if (__builtin_expect(*p != UINT32_MAX, 1)) {
			++*p;
			return;
		}
	}
	mt_tally_add_size(t, s, site, bin);
}

__attribute__((__always_inline__)) static inline void
mt_tally_temporary(struct mt_tally *t, struct mt_tally_site *s, uint32_t site,
    unsigned bin, uint64_t size)
{
	unsigned i = bin - s->temporary;
	uint64_t bytes;
	uint32_t *p;

	if (i < s->ntemporary) {
		p = &t->cell[s->at + s->nsizes + i * 2];
		bytes = p[1] + size;
		if (__builtin_expect(bytes >> 32 == 0 &&
		    p[0] != UINT32_MAX, 1)) {
			p[0]++;
			p[1] = (uint32_t)bytes;
			return;
		}
	}
	mt_tally_add_temporary(t, s, site, bin, size);
}

__attribute__((__always_inline__)) static inline void
mt_tally_prefetch(const struct mt_tally *t, const struct mt_tally_site *s)
{
	if (s->nsizes + s->ntemporary > 0)
		__builtin_prefetch(&t->cell[s->at], 1);
}

#endif /* MT_TALLY_H */
