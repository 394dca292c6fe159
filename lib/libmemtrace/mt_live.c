/* The live blocks of a program. */

#include <sys/mman.h>

#include <string.h>

#include "mt_live.h"

#define LIVE_MIN_SLOTS	4096u
#define LIVE_BIG_SLOTS	(UINT32_C(1) << 20)
#define LIVE_MAX_SLOTS	(SIZE_MAX / 2 < UINT32_MAX ?			\
	    SIZE_MAX / 2 / sizeof(struct mt_block) : UINT32_MAX)
#define LIVE_MOVE_SLOTS	16u	/* looked at with each call while moving */

_Static_assert(sizeof(struct mt_block) == 24, "a block takes 24 bytes");

/* Fresh pages are zero and cost nothing before they are touched. */
static bool
table_init(struct mt_live_table *t, size_t slots)
{
	size_t len;
	void *p;

	len = slots * sizeof(*t->slot);
	p = mmap(NULL, len, PROT_READ | PROT_WRITE,
	    MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	if (p == MAP_FAILED)
		return (false);
#ifdef MADV_HUGEPAGE
	/* Accesses are random: small pages would miss the TLB each time. */
	(void)madvise(p, len, MADV_HUGEPAGE);
#endif
	t->slot = p;
	t->slots = slots;
	t->used = 0;
	return (true);
}

static void
table_fini(struct mt_live_table *t)
{
	if (t->slots > 0)
		(void)munmap(t->slot, t->slots * sizeof(*t->slot));
	memset(t, 0, sizeof(*t));
}

static inline size_t
table_next(const struct mt_live_table *t, size_t i)
{
	return (i + 1 == t->slots ? 0 : i + 1);
}

/* The slot of addr, or the empty one where it belongs. */
static inline struct mt_block *
table_find(const struct mt_live_table *t, uint64_t addr)
{
	struct mt_block *b;
	size_t i;

	for (i = mt_live_home(t, addr);; i = table_next(t, i)) {
		b = &t->slot[i];
		if (b->addr == addr || b->site_plus1 == 0)
			return (b);
	}
}

/*
 * Close the gap in slot i: a block further on in the same run of full slots
 * fills it if its home is not behind the gap, and leaves a gap itself.
 */
static void
table_remove(struct mt_live_table *t, size_t i)
{
	size_t home, j;
	bool stays;

	for (j = table_next(t, i); t->slot[j].site_plus1 != 0;
	    j = table_next(t, j)) {
		home = mt_live_home(t, t->slot[j].addr);
		/* Does home lie, going round, in (i, j]? */
		stays = i < j ? i < home && home <= j : i < home || home <= j;
		if (!stays) {
			t->slot[i] = t->slot[j];
			i = j;
		}
	}
	memset(&t->slot[i], 0, sizeof(t->slot[i]));
	t->used--;
}

/*
 * Move the runs of full slots that start in the next few slots.  A run moves
 * as a whole, so whatever is left can still be found from its home.
 */
static void
live_move(struct mt_live *l, size_t slots)
{
	struct mt_live_table *t;
	struct mt_block *b;

	t = &l->old;
	while (t->used > 0) {
		b = &t->slot[l->old_pos];
		l->old_pos = table_next(t, l->old_pos);
		if (b->site_plus1 != 0) {
			*table_find(&l->cur, b->addr) = *b;
			l->cur.used++;
			memset(b, 0, sizeof(*b));
			t->used--;
		} else if (slots == 0)
			return;
		if (slots > 0)
			slots--;
	}
	table_fini(t);
}

static bool
live_grow(struct mt_live *l)
{
	struct mt_live_table t;
	size_t slots;

	if (l->old.slots > 0)
		live_move(l, SIZE_MAX);
	slots = l->cur.slots;
	if (slots >= LIVE_MAX_SLOTS / 2)
		return (false);
	/* Large tables grow by less, for they are most of our memory. */
	slots = slots == 0 ? LIVE_MIN_SLOTS :
	    slots < LIVE_BIG_SLOTS ? slots * 2 : slots / 2 * 3;
	if (!table_init(&t, slots))
		return (false);
	l->old = l->cur;
	l->cur = t;
	/* Start at the beginning of a run. */
	l->old_pos = 0;
	while (l->old.used > 0 && l->old.slot[l->old_pos].site_plus1 != 0)
		l->old_pos++;
	if (l->old.used == 0)
		table_fini(&l->old);
	return (true);
}

void
mt_live_fini(struct mt_live *l)
{
	table_fini(&l->cur);
	table_fini(&l->old);
}

static bool
table_take(struct mt_live_table *t, uint64_t addr, struct mt_block *out)
{
	struct mt_block *b;

	if (t->slots == 0)
		return (false);
	b = table_find(t, addr);
	if (b->site_plus1 == 0)
		return (false);
	*out = *b;
	table_remove(t, (size_t)(b - t->slot));
	return (true);
}

bool
mt_live_take(struct mt_live *l, uint64_t addr, struct mt_block *out)
{
	if (l->old.slots > 0)
		live_move(l, LIVE_MOVE_SLOTS);
	return (table_take(&l->cur, addr, out) ||
	    table_take(&l->old, addr, out));
}

enum mt_live_put
mt_live_put(struct mt_live *l, uint64_t addr, uint64_t size, uint64_t number,
    uint32_t site, struct mt_block *old)
{
	struct mt_block *b;
	enum mt_live_put res;

	if (l->old.slots > 0)
		live_move(l, LIVE_MOVE_SLOTS);
	/* At most seven of ten slots are in use. */
	if (l->cur.used + l->old.used >= l->cur.slots / 10 * 7 &&
	    !live_grow(l))
		return (MT_LIVE_NOMEM);
	res = MT_LIVE_ADDED;
	if (l->old.slots > 0 && table_take(&l->old, addr, old))
		res = MT_LIVE_REPLACED;
	b = table_find(&l->cur, addr);
	if (b->site_plus1 != 0) {
		*old = *b;
		res = MT_LIVE_REPLACED;
	} else
		l->cur.used++;
	b->addr = addr;
	b->size = size & MT_LIVE_MAX_SIZE;
	b->number_low = number & 0xffff;
	b->number_high = (uint32_t)(number >> 16);
	b->site_plus1 = site + 1;
	return (res);
}
