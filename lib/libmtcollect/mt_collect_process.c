/* Rings of a process, merged by event number. */

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "mt_collect_error.h"
#include "mt_collect_map.h"
#include "mt_collect_process.h"

/*
 * Words after which drain returns, so that the caller gets its turn; and how
 * few make it return as well.  Whoever takes each word as soon as it is there
 * takes the producer's cache lines away while they are written to.
 */
#define DRAIN_WORDS	(4u * MT_RING_WORDS)
#define DRAIN_FEW	(MT_RING_WORDS / 8)
#define REAP_MAX	64u	/* threads looked up at once */

enum mt_status
mt_collect_process_new(struct mt_collect_process **out, pid_t pid,
    struct mt_recorder *recorder, struct mt_error *error)
{
	struct mt_collect_process *p;

	if ((p = calloc(1, sizeof(*p))) == NULL)
		return (mt_collect_fail(error, MT_ERR_NOMEM, "process"));
	p->pid = pid;
	p->recorder = recorder;
	p->stuck_at = UINT64_MAX;
	/* The payload in whole words, and room for its two strings. */
	p->scratch = malloc(MT_COLLECT_PAYLOAD_MAX + 8 +
	    2 * (MT_CODE_STRING_MAX + 1));
	p->held = malloc((size_t)MT_COLLECT_ARENAS_MAX * MT_ARENA_RINGS *
	    sizeof(*p->held));
	if (p->scratch == NULL || p->held == NULL) {
		free(p->scratch);
		free(p->held);
		free(p);
		return (mt_collect_fail(error, MT_ERR_NOMEM, "process"));
	}
	*out = p;
	return (MT_OK);
}

static void
arenas_close(struct mt_collect_process *p)
{
	while (p->narenas > 0)
		mt_collect_arena_free(p->arena[--p->narenas]);
	p->nheld = 0;
}

void
mt_collect_process_free(struct mt_collect_process *p)
{
	if (p == NULL)
		return;
	arenas_close(p);
	free(p->held);
	free(p->codes);
	free(p->modules);
	free(p->scratch);
	free(p);
}

void
mt_collect_process_arenas(struct mt_collect_process *p,
    struct mt_collect_arena *a)
{
	struct mt_collect_arena *next;

	for (; a != NULL; a = next) {
		next = a->next;
		if (p->state == MT_COLLECT_ENDED ||
		    p->narenas == MT_COLLECT_ARENAS_MAX)
			mt_collect_arena_free(a);
		else
			p->arena[p->narenas++] = a;
	}
}

void
mt_collect_process_sample(struct mt_collect_process *p,
    const struct mt_sample *s)
{
	if (p->state != MT_COLLECT_LIVE)
		return;
	if (p->nsamples == MT_COLLECT_SAMPLES &&
	    !mt_collect_decode_samples(p, UINT64_MAX))
		return;
	p->sample[p->nsamples++] = *s;
}

/* ---- Notes ----------------------------------------------------------- */

void
mt_collect_process_note(struct mt_collect_process *p, const char *text,
    size_t n)
{
	size_t at, i;
	char c;

	at = strlen(p->notes);
	if (n == 0 || at + 2 >= sizeof(p->notes))
		return;
	if (at > 0)
		p->notes[at++] = '\n';
	for (i = 0; i < n && at < sizeof(p->notes) - 1; i++) {
		c = text[i];
		if ((unsigned char)c < ' ' || c == 0x7f)
			c = '?';
		p->notes[at++] = c;
	}
	p->notes[at] = '\0';
}

void
mt_collect_process_damage(struct mt_collect_process *p, const char *why)
{
	char text[160];
	int n;

	if (p->state != MT_COLLECT_LIVE)
		return;
	p->state = MT_COLLECT_DAMAGED;
	n = snprintf(text, sizeof(text), "process %ld sent damaged events "
	    "(%s); what follows them is lost", (long)p->pid, why);
	if (n > 0)
		mt_collect_process_note(p, text, strlen(text));
}

/* What the process itself has counted, which is as true as it says. */
static void
count_missed(struct mt_collect_process *p)
{
	struct mt_lost *l;

	if (p->narenas == 0)
		return;
	l = &p->arena[0]->shared->lost;
	p->missed = atomic_load(&l->events) & MT_COLLECT_MISSED_MAX;
	p->lost_bytes = atomic_load(&l->bytes) & MT_COLLECT_MISSED_MAX;
	p->lost_threads = atomic_load(&l->threads);
}

void
mt_collect_process_lost(struct mt_collect_process *p)
{
	uint64_t lost;

	count_missed(p);
	lost = p->lost + p->gaps + p->missed;
	if (lost > p->reported) {
		mt_recorder_lost(p->recorder, lost - p->reported);
		p->reported = lost;
	}
}

/* ---- Merging --------------------------------------------------------- */

/* The held rings are a heap, the smallest number first. */
static void
hold(struct mt_collect_process *p, struct mt_collect_ring *r)
{
	struct mt_collect_held *h = p->held;
	unsigned i, up;

	for (i = p->nheld++; i > 0; i = up) {
		up = (i - 1) / 2;
		if (h[up].seq <= r->seq)
			break;
		h[i] = h[up];
	}
	h[i].seq = r->seq;
	h[i].ring = r;
}

/* The ring whose turn it is, late ones first, or NULL; not held any more. */
static struct mt_collect_ring *
take(struct mt_collect_process *p)
{
	struct mt_collect_held *h = p->held, last;
	struct mt_collect_ring *r;
	unsigned down, i;

	if (p->nheld == 0 || h[0].seq > p->next)
		return (NULL);
	r = h[0].ring;
	last = h[--p->nheld];
	for (i = 0; (down = 2 * i + 1) < p->nheld; i = down) {
		if (down + 1 < p->nheld && h[down + 1].seq < h[down].seq)
			down++;
		if (last.seq <= h[down].seq)
			break;
		h[i] = h[down];
	}
	h[i] = last;
	return (r);
}

/* Decode as far as numbers allow; then the ring may wait for its turn. */
static size_t
advance(struct mt_collect_process *p, struct mt_collect_ring *r)
{
	uint64_t from;

	from = r->pos;
	r->held = mt_collect_decode(p, r);
	if (r->held)
		hold(p, r);
	return ((size_t)(r->pos - from));
}

/* Has any thread ever had a ring of this arena? */
static inline bool
is_used(struct mt_collect_arena *a)
{
	if (__builtin_expect(!a->used, 0))
		a->used = atomic_load_explicit(&a->shared->used,
		    memory_order_acquire) != 0;
	return (a->used);
}

/* See what the producers have published, and begin with each ring. */
static size_t
look(struct mt_collect_process *p)
{
	struct mt_collect_ring *r;
	uint64_t touched;
	unsigned a, i;
	size_t words;

	words = 0;
	touched = 0;
	for (a = 0; a < p->narenas; a++) {
		if (!is_used(p->arena[a]))
			continue;
		touched += MT_ARENA_HEADER_BYTES / 8;
		for (i = 0; i < MT_ARENA_RINGS; i++) {
			r = &p->arena[a]->ring[i];
			if (!mt_collect_ring_look(r))
				mt_collect_process_damage(p,
				    "ring out of range");
			if (p->state != MT_COLLECT_LIVE)
				return (words);
			touched += r->touched;
			if (!r->held && !mt_collect_ring_is_empty(r))
				words += advance(p, r);
		}
	}
	atomic_store_explicit(&p->touched, touched * 8, memory_order_relaxed);
	return (words);
}

static size_t
merge(struct mt_collect_process *p)
{
	struct mt_collect_ring *r;
	size_t words;

	words = 0;
	while (p->state == MT_COLLECT_LIVE && (r = take(p)) != NULL)
		words += advance(p, r);
	return (words);
}

/*
 * A number was reserved and never used, because its thread was longjmp'ed out
 * of a hook.  Whether that is so shows when another thread waits for room
 * that only the missing event could make.
 */
static bool
is_overdue(struct mt_collect_process *p)
{
	uint64_t since;
	unsigned i;

	if (p->stuck_at != p->next) {
		p->stuck_at = p->next;
		p->stuck_us = p->now_us;
	}
	since = p->now_us - p->stuck_us;
	if (since >= MT_COLLECT_GAP_US)
		return (true);
	if (since < MT_COLLECT_GAP_HELD_US)
		return (false);
	for (i = 0; i < p->nheld; i++)
		if (mt_collect_ring_is_stuck(p->held[i].ring))
			return (true);
	return (false);
}

/* Give the missing numbers up; false if nothing waits for them. */
static bool
skip_gap(struct mt_collect_process *p)
{
	if (p->state != MT_COLLECT_LIVE || p->nheld == 0)
		return (false);
	p->gaps += p->held[0].seq - p->next;
	p->next = p->held[0].seq;
	return (true);
}

static size_t
discard(struct mt_collect_process *p)
{
	uint64_t events;
	unsigned a, i;

	events = 0;
	for (a = 0; a < p->narenas; a++)
		for (i = 0; i < MT_ARENA_RINGS; i++)
			events += mt_collect_ring_discard(
			    &p->arena[a]->ring[i]);
	p->nheld = 0;
	p->lost += events;
	return ((size_t)events);
}

size_t
mt_collect_process_drain(struct mt_collect_process *p, uint64_t now_us)
{
	size_t words, moved;
	bool overdue;

	p->now_us = now_us;
	words = 0;
	do {
		moved = look(p);
		moved += merge(p);
		words += moved;
		/* Asked each time, for that is since when it waits. */
		overdue = p->nheld > 0 && is_overdue(p);
		if (moved == 0 && overdue && skip_gap(p))
			moved = merge(p);
	} while (p->state == MT_COLLECT_LIVE &&
	    moved > (overdue ? 0 : DRAIN_FEW) && words < DRAIN_WORDS);
	(void)mt_collect_decode_flush(p);
	if (p->state != MT_COLLECT_LIVE)
		return (words + discard(p));
	if (moved == 0 && p->nheld == 0)
		(void)mt_collect_decode_samples(p, UINT64_MAX);
	return (words);
}

bool
mt_collect_process_is_urgent(struct mt_collect_process *p)
{
	unsigned a, i;
	bool urgent;

	urgent = false;
	for (a = 0; a < p->narenas; a++)
		for (i = 0; i < MT_ARENA_RINGS && is_used(p->arena[a]); i++)
			urgent |= mt_collect_ring_is_urgent(
			    &p->arena[a]->ring[i]);
	return (urgent);
}

/* ---- Ends ------------------------------------------------------------ */

/*
 * A thread that is leaving may still allocate, in destructors that run after
 * the agent's.  So its word is only a hint when to look for its end.
 */
static bool
may_reap(const struct mt_collect_ring *r, uint64_t owner, bool all)
{
	/* One that all threads share is nobody's. */
	return (!r->held && mt_collect_ring_is_empty(r) &&
	    MT_RING_TID(owner) != 0 &&
	    (all || MT_RING_STATE(owner) == MT_RING_LEAVING));
}

/* What a lost mapping said, or was yet to say, is not known. */
static void
check_maps(struct mt_collect_process *p)
{
	unsigned a;

	for (a = 0; a < p->narenas; a++)
		if (mt_collect_map_is_lost(p->arena[a]->shared))
			mt_collect_process_damage(p,
			    "it cut the shared memory short");
}

void
mt_collect_process_reap(struct mt_collect_process *p,
    const struct mt_collect_proc *proc, bool all)
{
	struct mt_collect_ring *r;
	unsigned at, i, lookups, n;
	uint64_t owner;

	if (all)
		check_maps(p);
	n = p->narenas * MT_ARENA_RINGS;
	for (lookups = i = 0; i < n && lookups < REAP_MAX; i++) {
		at = (p->reap_at + i) % n;
		r = &p->arena[at / MT_ARENA_RINGS]->ring[at % MT_ARENA_RINGS];
		owner = mt_collect_ring_owner(r);
		if (!may_reap(r, owner, all))
			continue;
		if (mt_collect_proc_thread_gone(proc, MT_RING_TID(owner)))
			(void)mt_collect_ring_recycle(r, owner);
		lookups++;
	}
	if (i > 0)
		p->reap_at = (p->reap_at + i) % n;
}

/*
 * A thread whose process was killed may have had reserved the numbers of the
 * event it was at, two for a realloc.  Nobody ever used the result of that
 * call, so these events are not lost.
 */
static uint64_t
in_flight(const struct mt_collect_process *p)
{
	unsigned a, i, n;

	n = 0;
	for (a = 0; a < p->narenas; a++)
		for (i = 0; i < MT_ARENA_RINGS; i++)
			n += mt_collect_ring_owner(&p->arena[a]->ring[i]) !=
			    0;
	return (2 * (uint64_t)n);
}

void
mt_collect_process_end(struct mt_collect_process *p)
{
	uint64_t gaps, unused;

	if (p->state == MT_COLLECT_ENDED)
		return;
	(void)look(p);
	gaps = p->gaps;
	do
		(void)merge(p);
	while (skip_gap(p));
	(void)mt_collect_decode_flush(p);
	check_maps(p);
	unused = in_flight(p);
	if (p->gaps > gaps)
		p->gaps -= unused < p->gaps - gaps ? unused : p->gaps - gaps;
	if (p->state == MT_COLLECT_LIVE)
		(void)mt_collect_decode_samples(p, UINT64_MAX);
	if (p->state != MT_COLLECT_LIVE)
		(void)discard(p);
	mt_collect_process_lost(p);
	arenas_close(p);
	if (p->state == MT_COLLECT_LIVE)
		p->state = MT_COLLECT_ENDED;
}
