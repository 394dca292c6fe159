/* The live blocks of a program: growing, and closing gaps. */

#include <stdlib.h>
#include <string.h>

#include "mt_live.h"
#include "mt_pages.h"

#define LIVE_MIN_SLOTS	4096u
#define LIVE_BIG_SLOTS	(UINT32_C(1) << 20)
#define LIVE_MAX_SLOTS	(UINT32_C(1) << 31)
#define LIVE_MOVE_SLOTS	16u	/* looked at with each call while moving */

_Static_assert(sizeof(struct mt_live_slot) == 24, "a block takes 24 bytes");

static bool
table_init(struct mt_live *l, struct mt_live_table *t, size_t slots)
{
	if (slots > SIZE_MAX / sizeof(*t->slot) ||
	    !mt_budget_take(l->budget, slots * sizeof(*t->slot)))
		return (false);
	t->slot = mt_pages_new(slots * sizeof(*t->slot));
	if (t->slot == NULL) {
		mt_budget_give(l->budget, slots * sizeof(*t->slot));
		return (false);
	}
	t->end = t->slot + slots;
	t->slots = slots;
	t->used = 0;
	t->ratio = l->cur.slots > 0 ? l->cur.ratio : mt_secret_ratio();
	return (true);
}

static void
table_fini(struct mt_live *l, struct mt_live_table *t)
{
	if (t->slots > 0) {
		mt_pages_free(t->slot, t->slots * sizeof(*t->slot));
		mt_budget_give(l->budget, t->slots * sizeof(*t->slot));
	}
	memset(t, 0, sizeof(*t));
}

void
mt_live_fini(struct mt_live *l)
{
	table_fini(l, &l->cur);
	table_fini(l, &l->old);
	l->room = 0;
	if (l->big == NULL)
		return;
	mt_live_fini(l->big);
	free(l->big);
	l->big = NULL;
}

/* ---- Sizes that a slot has no room for -------------------------------- */

static bool
big_put(struct mt_live *l, uint64_t addr, uint64_t size)
{
	struct mt_block b, old;

	if (l->big == NULL) {
		l->big = calloc(1, sizeof(*l->big));
		if (l->big == NULL)
			return (false);
		l->big->budget = l->budget;
	}
	b.addr = addr;
	b.size = 0;
	b.number = size & MT_LIVE_MAX_NUMBER;
	b.order = (uint16_t)(size >> 48);
	b.site = 0;
	return (mt_live_put(l->big, &b, &old) != MT_LIVE_NOMEM);
}

static uint64_t
big_size(const struct mt_block *b)
{
	return ((uint64_t)b->order << 48 | b->number);
}

uint64_t
mt_live_take_big(struct mt_live *l, uint64_t addr)
{
	struct mt_block b;

	return (mt_live_take(l->big, addr, &b) ? big_size(&b) : 0);
}

static uint64_t
big_find(const struct mt_live *l, uint64_t addr)
{
	const struct mt_live *big = l->big;
	const struct mt_live_slot *s;
	struct mt_block b;

	s = mt_live_find(&big->cur, addr);
	if (s->site_plus1 == 0 && big->old.slots > 0)
		s = mt_live_find(&big->old, addr);
	mt_live_unpack(s, &b);
	return (big_size(&b));
}

/* ---- The table -------------------------------------------------------- */

/*
 * Close the gap in front of a full slot: a block further on in the same run
 * of full slots fills it unless its home is behind the gap, and leaves a gap
 * itself.
 */
void
mt_live_close_gap(struct mt_live_table *t, struct mt_live_slot *gap)
{
	struct mt_live_slot *b, *home;
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

/*
 * How many slots may be in use: few, so that the first look finds a block,
 * but of a large table, which is most of our memory, seven of ten.
 */
static size_t
live_max(const struct mt_live *l)
{
	return (l->cur.slots < LIVE_BIG_SLOTS ? l->cur.slots / 3 :
	    l->cur.slots / 10 * 7);
}

static void
live_room(struct mt_live *l)
{
	size_t max;

	max = live_max(l);
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
	struct mt_live_slot *b;

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
	table_fini(l, t);
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
	if (!table_init(l, &t, slots))
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

/* The slot of addr, wherever it is; NULL if the block is not there. */
static struct mt_live_slot *
live_seek(const struct mt_live *l, uint64_t addr, bool *is_old)
{
	struct mt_live_slot *s;

	*is_old = false;
	if (l->cur.slots > 0) {
		s = mt_live_find(&l->cur, addr);
		if (s->site_plus1 != 0)
			return (s);
	}
	*is_old = true;
	if (l->old.slots > 0) {
		s = mt_live_find(&l->old, addr);
		if (s->site_plus1 != 0)
			return (s);
	}
	return (NULL);
}

bool
mt_live_take_slow(struct mt_live *l, uint64_t addr, struct mt_block *out)
{
	struct mt_live_table *t;
	struct mt_live_slot *s;
	bool is_old;

	if (l->old.slots > 0)
		live_move(l, LIVE_MOVE_SLOTS);
	s = live_seek(l, addr, &is_old);
	if (s != NULL) {
		mt_live_out(l, s, out);
		s->site_plus1 = 0;
		t = is_old ? &l->old : &l->cur;
		t->used--;
		mt_live_close_gap(t, s);
	}
	live_room(l);
	return (s != NULL);
}

enum mt_live_put
mt_live_put_slow(struct mt_live *l, const struct mt_block *new,
    struct mt_block *old)
{
	enum mt_live_put res;

	if (l->old.slots > 0)
		live_move(l, LIVE_MOVE_SLOTS);
	if (l->cur.used + l->old.used >= live_max(l) &&
	    !live_grow(l))
		return (MT_LIVE_NOMEM);
	res = MT_LIVE_ADDED;
	if (mt_live_take_slow(l, new->addr, old))
		res = MT_LIVE_REPLACED;
	if (new->size >= MT_LIVE_BIG && !big_put(l, new->addr, new->size)) {
		/* There is room again for what was just taken. */
		if (res == MT_LIVE_REPLACED)
			(void)mt_live_put_slow(l, old, old);
		return (MT_LIVE_NOMEM);
	}
	mt_live_pack(mt_live_find(&l->cur, new->addr), new);
	l->cur.used++;
	live_room(l);
	return (res);
}

bool
mt_live_each(const struct mt_live *l, size_t *pos, struct mt_block *out)
{
	const struct mt_live_slot *s;
	size_t i;

	while (*pos < l->cur.slots + l->old.slots) {
		i = (*pos)++;
		s = i < l->cur.slots ? &l->cur.slot[i] :
		    &l->old.slot[i - l->cur.slots];
		if (s->site_plus1 == 0)
			continue;
		mt_live_unpack(s, out);
		if (out->size == MT_LIVE_BIG)
			out->size = big_find(l, out->addr);
		return (true);
	}
	return (false);
}
