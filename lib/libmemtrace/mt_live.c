/* The live blocks of a program: growing, and closing gaps. */

#include <sys/mman.h>

#include <string.h>

#include "mt_live.h"

#define LIVE_MIN_SLOTS	4096u
#define LIVE_BIG_SLOTS	(UINT32_C(1) << 20)
#define LIVE_MAX_SLOTS	(UINT32_C(1) << 31)
#define LIVE_MOVE_SLOTS	16u	/* looked at with each call while moving */

_Static_assert(sizeof(struct mt_block) == 24, "a block takes 24 bytes");

/* Fresh pages are zero and cost nothing before they are touched. */
static bool
table_init(struct mt_live_table *t, size_t slots)
{
	size_t len;
	void *p;

	if (slots > SIZE_MAX / sizeof(*t->slot))
		return (false);
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
	t->end = t->slot + slots;
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

void
mt_live_fini(struct mt_live *l)
{
	table_fini(&l->cur);
	table_fini(&l->old);
	l->room = 0;
}

/*
 * Close the gap in front of a full slot: a block further on in the same run
 * of full slots fills it unless its home is behind the gap, and leaves a gap
 * itself.
 */
void
mt_live_close_gap(struct mt_live_table *t, struct mt_block *gap)
{
	struct mt_block *b, *home;
	bool stays;

	for (b = mt_live_next(t, gap); b->site_plus1 != 0;
	    b = mt_live_next(t, b)) {
		home = mt_live_home(t, b->addr);
		/* Does home lie, going round, in (gap, b]? */
		stays = gap < b ? gap < home && home <= b :
		    gap < home || home <= b;
		if (!stays) {
			*gap = *b;
			b->site_plus1 = 0;
			gap = b;
		}
	}
}

/* At most seven of ten slots are in use. */
static void
live_room(struct mt_live *l)
{
	size_t max;

	max = l->cur.slots / 10 * 7;
	l->room = l->old.slots > 0 || l->cur.used >= max ? 0 :
	    max - l->cur.used;
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
		b = l->next;
		l->next = mt_live_next(t, b);
		if (b->site_plus1 != 0) {
			*mt_live_find(&l->cur, b->addr) = *b;
			l->cur.used++;
			b->site_plus1 = 0;
			t->used--;
		} else if (slots == 0)
			return;
		if (slots > 0)
			slots--;
	}
	table_fini(t);
	live_room(l);
}

static bool
live_grow(struct mt_live *l)
{
	struct mt_live_table t;
	size_t slots;

	if (l->old.slots > 0)
		live_move(l, SIZE_MAX);
	slots = l->cur.slots;
	if (slots >= LIVE_MAX_SLOTS)
		return (false);
	/* Large tables grow by less, for they are most of our memory. */
	slots = slots == 0 ? LIVE_MIN_SLOTS :
	    slots < LIVE_BIG_SLOTS ? slots * 2 : slots / 2 * 3;
	if (!table_init(&t, slots))
		return (false);
	l->old = l->cur;
	l->cur = t;
	/* Start at the beginning of a run. */
	l->next = l->old.slot;
	while (l->old.used > 0 && l->next->site_plus1 != 0)
		l->next++;
	live_move(l, 0);
	return (true);
}

static bool
table_take(struct mt_live_table *t, uint64_t addr, struct mt_block *out)
{
	struct mt_block *b;

	if (t->slots == 0)
		return (false);
	b = mt_live_find(t, addr);
	if (b->site_plus1 == 0)
		return (false);
	*out = *b;
	b->site_plus1 = 0;
	t->used--;
	mt_live_close_gap(t, b);
	return (true);
}

bool
mt_live_take_slow(struct mt_live *l, uint64_t addr, struct mt_block *out)
{
	bool taken;

	if (l->old.slots > 0)
		live_move(l, LIVE_MOVE_SLOTS);
	taken = table_take(&l->cur, addr, out) ||
	    table_take(&l->old, addr, out);
	live_room(l);
	return (taken);
}

enum mt_live_put
mt_live_put_slow(struct mt_live *l, const struct mt_block *new,
    struct mt_block *old)
{
	struct mt_block *b;
	enum mt_live_put res;

	if (l->old.slots > 0)
		live_move(l, LIVE_MOVE_SLOTS);
	if (l->cur.used + l->old.used >= l->cur.slots / 10 * 7 &&
	    !live_grow(l))
		return (MT_LIVE_NOMEM);
	res = MT_LIVE_ADDED;
	if (table_take(&l->old, new->addr, old))
		res = MT_LIVE_REPLACED;
	b = mt_live_find(&l->cur, new->addr);
	if (b->site_plus1 != 0) {
		*old = *b;
		res = MT_LIVE_REPLACED;
	} else
		l->cur.used++;
	*b = *new;
	live_room(l);
	return (res);
}
