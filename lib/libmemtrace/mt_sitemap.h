/* The sites of a capture by thread, node and allocator. */

#ifndef MT_SITEMAP_H
#define MT_SITEMAP_H

#include "memtrace.h"
#include "mt_hash.h"

/* Add all sites to an empty table; false if out of memory. */
bool		mt_sitemap_fill(struct mt_hash *, const struct mt_capture *);
/* The index of a site; MT_HASH_NONE if there is none. */
uint32_t	mt_sitemap_find(const struct mt_hash *,
		    const struct mt_capture *, uint32_t node,
		    uint32_t thread, uint32_t allocator);

#endif /* MT_SITEMAP_H */
