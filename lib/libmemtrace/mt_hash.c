/* Hash tables from keys to numbers. */

#include <stdlib.h>
#include <string.h>

#include "mt_hash.h"
#include "mt_pages.h"

#define HASH_MIN_SLOTS	64u
#define HASH_MAX_SLOTS	(UINT32_C(1) << 31)
#define HASH_PAGES	(UINT32_C(1) << 18)	/* slots: huge pages */

/* Slots for n entries: at most five of eight are in use. */
static uint32_t
slots_for(uint32_t n)
{
	uint32_t slots;

	slots = HASH_MIN_SLOTS;
	while (slots < HASH_MAX_SLOTS && slots / 8 * 5 < n)
		slots *= 2;
	return (slots);
}

static size_t
slots_bytes(size_t n)
{
	return (n * sizeof(struct mt_hash_slot));
}

/* Every access to a large table is one to another page. */
static struct mt_hash_slot *
slots_new(uint32_t n)
{
	return (n < HASH_PAGES ? calloc(n, sizeof(struct mt_hash_slot)) :
	    mt_pages_new(slots_bytes(n)));
}

static void
slots_free(const struct mt_hash *t)
{
	size_t bytes = slots_bytes(t->mask + (size_t)1);

	if (t->slot == NULL)
		return;
	if (t->mask + 1 < HASH_PAGES)
		free(t->slot);
	else
		mt_pages_free(t->slot, bytes);
	mt_budget_give(t->budget, bytes);
}

static void
hash_put(struct mt_hash *t, uint32_t tag, uint32_t value_plus1)
{
	uint32_t i;

	i = tag & t->mask;
	while (t->slot[i].value != 0)
		i = (i + 1) & t->mask;
	t->slot[i].tag = tag;
	t->slot[i].value = value_plus1;
}

bool
mt_hash_reserve(struct mt_hash *t, uint32_t n)
{
	struct mt_hash old;
	uint32_t i, slots;

	slots = slots_for(n);
	if (slots / 8 * 5 < n)
		return (false);
	if (t->slot != NULL && slots <= t->mask + 1)
		return (true);
	if (!mt_budget_take(t->budget, slots_bytes(slots)))
		return (false);
	(void)mt_hash_secret(t);
	old = *t;
	t->slot = slots_new(slots);
	if (t->slot == NULL) {
		*t = old;
		mt_budget_give(t->budget, slots_bytes(slots));
		return (false);
	}
	t->mask = slots - 1;
	for (i = 0; old.slot != NULL && i <= old.mask; i++)
		if (old.slot[i].value != 0)
			hash_put(t, old.slot[i].tag, old.slot[i].value);
	slots_free(&old);
	return (true);
}

bool
mt_hash_add(struct mt_hash *t, uint64_t hash, uint32_t value)
{
	if ((t->slot == NULL || t->used >= (t->mask + 1) / 8 * 5) &&
	    !mt_hash_reserve(t, t->used + 1))
		return (false);
	hash_put(t, mt_hash_tag(t, hash), value + 1);
	t->used++;
	return (true);
}

void
mt_hash_fini(struct mt_hash *t)
{
	slots_free(t);
	t->slot = NULL;
	t->mask = t->used = 0;
}

uint64_t
mt_hash_secret(struct mt_hash *t)
{
	if (t->secret == 0)
		t->secret = mt_secret();
	return (t->secret);
}

uint64_t
mt_hash_bytes(uint64_t secret, const void *data, size_t len)
{
	const unsigned char *p;
	uint64_t h, w;

	h = mt_secret_fold(len, secret);
	for (p = data; len >= sizeof(w); p += sizeof(w), len -= sizeof(w)) {
		memcpy(&w, p, sizeof(w));
		h = mt_secret_fold(h ^ w, secret);
	}
	w = 0;
	if (len > 0)
		memcpy(&w, p, len);
	return (mt_secret_fold(h ^ w, secret));
}
