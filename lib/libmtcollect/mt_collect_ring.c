/* The consumer's side of a ring. */

#include <stdlib.h>
#include <string.h>

#include "mt_collect_os.h"
#include "mt_collect_ring.h"
#include "mt_wire.h"

static void
ring_restart(struct mt_collect_ring *r)
{
	r->pos = r->head = r->tail = 0;
	r->seq = r->time_us = 0;
	r->thread = MT_COLLECT_NO_THREAD;
	r->node = r->depth = 0;
	r->held = false;
}

void
mt_collect_ring_init(struct mt_collect_ring *r, struct mt_arena *a,
    unsigned index)
{
	memset(r, 0, sizeof(*r));
	r->shared = &a->ring[index];
	r->data = mt_arena_data(a, index);
	ring_restart(r);
}

void
mt_collect_ring_fini(struct mt_collect_ring *r)
{
	free(r->path);
	free(r->table);
	r->path = NULL;
	r->table = NULL;
}

bool
mt_collect_ring_look(struct mt_collect_ring *r)
{
	uint64_t head;

	head = atomic_load_explicit(&r->shared->head, memory_order_acquire);
	if (head < r->head || head - r->tail > MT_RING_WORDS)
		return (false);
	r->head = head;
	if (r->touched < MT_RING_WORDS)
		r->touched = head < MT_RING_WORDS ? (head > r->touched ?
		    (uint32_t)head : r->touched) : MT_RING_WORDS;
	return (true);
}

void
mt_collect_ring_copy(const struct mt_collect_ring *r, uint64_t pos, void *to,
    uint64_t n)
{
	uint64_t first, start;

	start = pos & (MT_RING_WORDS - 1);
	first = MT_RING_WORDS - start < n ? MT_RING_WORDS - start : n;
	memcpy(to, r->data + start, (size_t)first * 8);
	memcpy((char *)to + first * 8, r->data, (size_t)(n - first) * 8);
}

void
mt_collect_ring_wake(struct mt_collect_ring *r)
{
	if (atomic_exchange(&r->shared->waiting, 0) != 0)
		mt_collect_os_wake(&r->shared->waiting);
}

/*
 * A producer is woken only to much room: it would soon be back otherwise,
 * and a wake-up costs more than the events.
 */
void
mt_collect_ring_publish(struct mt_collect_ring *r)
{
	if (r->tail != r->pos) {
		r->tail = r->pos;
		atomic_store(&r->shared->tail, r->tail);
	}
	atomic_thread_fence(memory_order_seq_cst);
	if (atomic_load_explicit(&r->shared->waiting,
	    memory_order_relaxed) != 0 && r->head - r->tail <=
	    MT_RING_WORDS / 2)
		mt_collect_ring_wake(r);
}

bool
mt_collect_ring_is_stuck(const struct mt_collect_ring *r)
{
	return (r->head - r->tail > MT_RING_WORDS / 2 &&
	    atomic_load(&r->shared->waiting) != 0);
}

bool
mt_collect_ring_is_urgent(struct mt_collect_ring *r)
{
	mt_collect_ring_publish(r);
	return (atomic_load(&r->shared->head) - r->head > MT_RING_WORDS / 4);
}

uint64_t
mt_collect_ring_discard(struct mt_collect_ring *r)
{
	uint64_t events, head;
	unsigned op;

	head = atomic_load_explicit(&r->shared->head, memory_order_acquire);
	if (head - r->pos > MT_RING_WORDS)
		r->pos = head - MT_RING_WORDS;
	for (events = 0; r->pos != head; r->pos++) {
		op = MT_WORD_OP(mt_collect_ring_word(r, r->pos));
		if (MT_OP_IS_EVENT(op))
			events++;
	}
	r->head = head;
	r->held = false;
	mt_collect_ring_publish(r);
	return (events);
}

uint64_t
mt_collect_ring_owner(const struct mt_collect_ring *r)
{
	uint64_t owner;

	owner = atomic_load_explicit(&r->shared->owner, memory_order_acquire);
	return (MT_RING_STATE(owner) == MT_RING_USED ||
	    MT_RING_STATE(owner) == MT_RING_LEAVING ? owner : 0);
}

bool
mt_collect_ring_recycle(struct mt_collect_ring *r, uint64_t owner)
{
	uint64_t cleaning;

	cleaning = MT_RING_WITH(owner, MT_RING_CLEANING);
	if (!atomic_compare_exchange_strong(&r->shared->owner, &owner,
	    cleaning))
		return (false);
	if (atomic_load_explicit(&r->shared->head, memory_order_acquire) !=
	    r->pos) {
		(void)atomic_compare_exchange_strong(&r->shared->owner,
		    &cleaning, owner);
		return (false);
	}
	ring_restart(r);
	atomic_store_explicit(&r->shared->waiting, 0, memory_order_relaxed);
	atomic_store_explicit(&r->shared->tail, 0, memory_order_relaxed);
	atomic_store_explicit(&r->shared->head, 0, memory_order_relaxed);
	(void)atomic_compare_exchange_strong(&r->shared->owner, &cleaning,
	    MT_RING_WITH(owner, MT_RING_FREE));
	return (true);
}
