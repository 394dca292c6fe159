/*
 * Addresses of the blocks that live: captures say which allocation a free is
 * of, memray wants the address.  A hash table with open addressing.
 */

#include <stdlib.h>
#include <string.h>

#include <fe_alloc.h>
#include <mt_secret.h>

#include "transform_memray.h"

#define SLOTS_MIN	1024

static size_t
home(const struct memray_live *l, uint64_t ref)
{
	return ((size_t)mt_secret_fold(ref, l->secret) & l->mask);
}

static void
add(struct memray_live *l, const struct memray_live_slot *s)
{
	size_t i = home(l, s->ref_plus1 - 1);

	while (l->slot[i].ref_plus1 != 0)
		i = (i + 1) & l->mask;
	l->slot[i] = *s;
	l->used++;
}

static void
grow(struct memray_live *l)
{
	struct memray_live old = *l;
	size_t n = old.slot == NULL ? SLOTS_MIN : (old.mask + 1) * 2;

	l->slot = fe_alloc(n, sizeof(*l->slot), 0);
	memset(l->slot, 0, n * sizeof(*l->slot));
	l->mask = n - 1;
	if (old.slot == NULL)
		l->secret = mt_secret();
	l->used = 0;
	for (size_t i = 0; old.slot != NULL && i <= old.mask; i++)
		if (old.slot[i].ref_plus1 != 0)
			add(l, &old.slot[i]);
	free(old.slot);
}

void
memray_live_put(struct memray_live *l, uint64_t ref,
    const struct memray_block *block)
{
	const struct memray_live_slot s = { ref + 1, *block };

	if (l->slot == NULL || l->used > l->mask / 4 * 3)
		grow(l);
	add(l, &s);
}

/* What stood behind the slot moves up, as far as it may. */
static void
close_gap(struct memray_live *l, size_t gap)
{
	size_t i = gap, h;

	for (;;) {
		i = (i + 1) & l->mask;
		if (l->slot[i].ref_plus1 == 0)
			break;
		h = home(l, l->slot[i].ref_plus1 - 1);
		if (((i - h) & l->mask) < ((i - gap) & l->mask))
			continue;
		l->slot[gap] = l->slot[i];
		gap = i;
	}
	l->slot[gap].ref_plus1 = 0;
}

bool
memray_live_take(struct memray_live *l, uint64_t ref,
    struct memray_block *block)
{
	size_t i;

	if (l->slot == NULL)
		return (false);
	for (i = home(l, ref); l->slot[i].ref_plus1 != ref + 1;
	    i = (i + 1) & l->mask)
		if (l->slot[i].ref_plus1 == 0)
			return (false);
	*block = l->slot[i].block;
	close_gap(l, i);
	l->used--;
	return (true);
}

void
memray_live_fini(struct memray_live *l)
{
	free(l->slot);
}
