/* Finding sites. */

#include "mt_sitemap.h"

static uint64_t
hash_of(uint32_t node, uint32_t thread, uint32_t allocator)
{
	return (((uint64_t)node << 32 | thread) ^ (uint64_t)allocator << 24);
}

bool
mt_sitemap_fill(struct mt_hash *t, const struct mt_capture *c)
{
	const struct mt_site *s;
	size_t i, n;

	n = mt_capture_sites(c, &s);
	if (n >= MT_HASH_NONE || !mt_hash_reserve(t, (uint32_t)n))
		return (false);
	for (i = 0; i < n; i++)
		if (!mt_hash_add(t, hash_of(s[i].node, s[i].thread,
		    s[i].allocator), (uint32_t)i))
			return (false);
	return (true);
}

uint32_t
mt_sitemap_find(const struct mt_hash *t, const struct mt_capture *c,
    uint32_t node, uint32_t thread, uint32_t allocator)
{
	const struct mt_site *s;
	uint32_t i, pos;
	uint64_t h;

	(void)mt_capture_sites(c, &s);
	h = hash_of(node, thread, allocator);
	pos = mt_hash_start(t, h);
	while ((i = mt_hash_next(t, h, &pos)) != MT_HASH_NONE)
		if (s[i].node == node && s[i].thread == thread &&
		    s[i].allocator == allocator)
			break;
	return (i);
}
