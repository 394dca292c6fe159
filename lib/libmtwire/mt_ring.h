/*
 * The memory that the traced process and the collector share.
 *
 * A session page, one for all processes of a run, which can only read it: the
 * collector's clock and its signs of life.  The bell that wakes it, likewise
 * one for all.  And per process arenas of rings, one ring for a thread.  All
 * of that is created and sized by the collector (memfd, or an unlinked file
 * where a sandbox refuses that) and reaches the process with the hello
 * (mt_hello.h); the process keeps only the mappings.
 *
 * Positions in a ring count words since its start and never wrap; the word
 * at position p lives in data[p & (words - 1)].  The producer owns head, the
 * consumer owns tail.  The producer advances head only over whole records,
 * so whatever instant the process dies at, no half record is ever visible.
 */

#ifndef MT_RING_H
#define MT_RING_H

#include <stdatomic.h>
#include <stddef.h>
#include <stdint.h>

#include "mt_wire.h"

#define MT_SESSION_MAGIC	0x6d74736573733031ull
#define MT_ARENA_MAGIC		0x6d746172656e6131ull
#define MT_SESSION_BYTES	4096u
#define MT_ARENA_RINGS		16u	/* per arena */
#define MT_ARENAS_FIRST		4u	/* with the first hello, if possible */
#define MT_RING_WORDS		(128u * 1024)	/* 1 MiB; a power of two */
#define MT_CACHE_LINE		64

/* A bit that the kernel sets in a robust futex when its owner dies. */
#define MT_OWNER_DIED		0x40000000u

struct mt_session_page {
	uint64_t		magic;
	uint32_t		version;	/* MT_WIRE_VERSION */
	/*
	 * Thread id of the collector, on that thread's robust list: the kernel
	 * sets MT_OWNER_DIED in it however the collector ends.
	 */
	_Atomic uint32_t	lifeline;
	/* Coarse microseconds since the start of the session. */
	_Alignas(MT_CACHE_LINE) _Atomic uint64_t clock_us;
	/*
	 * Grows each time that the collector has looked at all rings, and not
	 * while it waits for the disk or the reader of a capture.
	 */
	_Alignas(MT_CACHE_LINE) _Atomic uint32_t rounds;
	/* 0: the lifeline tells nothing, for want of robust futexes. */
	_Atomic uint32_t	robust;
};

/*
 * What the processes of a run write to in common.  One that writes what it
 * should not has the collector look at the rings later, by some milliseconds,
 * or more often than need be, and harms nobody.
 */
struct mt_bell {
	/*
	 * 1 while the collector sleeps.  A producer that wants it awake
	 * exchanges this with 0 and, if it was 1, does a FUTEX_WAKE.
	 */
	_Alignas(MT_CACHE_LINE) _Atomic uint32_t bell;
	/*
	 * Children of traced processes, of fork(2), that could not say hello,
	 * as after a change of the user.
	 */
	_Alignas(MT_CACHE_LINE) _Atomic uint32_t unheard;
	/* Likewise, and Pythons that were started, that nobody follows. */
	_Atomic uint32_t	unfollowed;
};

/*
 * Whose a ring is: bits 0-31 the kernel's id of the thread, bits 32-33 the
 * state, bits 34-63 a number that is another one each time that a thread gets
 * it.  Only compare and exchange changes the word.  So when a thread is gone,
 * either another one of the process goes on behind what it wrote, or the
 * collector, which has read all that, makes the ring as it was; never both.
 */
enum mt_ring_state {
	MT_RING_FREE = 0,	/* zeroed; a thread may claim it */
	MT_RING_USED = 1,	/* by the thread */
	MT_RING_LEAVING = 2,	/* that thread is about to end, and writes
				   until it is gone */
	MT_RING_CLEANING = 3	/* about to be free, by the collector */
};

#define MT_RING_OWNER(state, tid, number)				\
	((uint64_t)(number) << 34 | (uint64_t)(state) << 32 | (uint32_t)(tid))
#define MT_RING_STATE(owner)	((enum mt_ring_state)((owner) >> 32 & 3))
#define MT_RING_TID(owner)	((uint32_t)(owner))
/* The same thread in another state. */
#define MT_RING_WITH(owner, state)					\
	(((owner) & ~(UINT64_C(3) << 32)) | (uint64_t)(state) << 32)

struct mt_ring {
	/* Written by the producer. */
	_Alignas(MT_CACHE_LINE) _Atomic uint64_t head;	/* words */
	_Atomic uint64_t	owner;		/* MT_RING_OWNER() */
	/* Written by the consumer; but the producer sets waiting. */
	_Alignas(MT_CACHE_LINE) _Atomic uint64_t tail;	/* words */
	_Atomic uint32_t	waiting;	/* futex: 1: producer waits */
};

/* What a process could not record: in its first arena, of all its threads. */
struct mt_lost {
	_Alignas(MT_CACHE_LINE) _Atomic uint64_t events;
	_Atomic uint64_t	bytes;		/* of allocations, if known */
	_Atomic uint32_t	threads;	/* whose events these were */
};

struct mt_arena {
	uint64_t		magic;
	uint32_t		version;	/* MT_WIRE_VERSION */
	uint32_t		nrings;
	uint32_t		ring_words;
	uint32_t		data_offset;	/* bytes to data of ring 0 */
	_Atomic uint32_t	used;	/* 1: a ring of it was claimed */
	struct mt_ring		ring[MT_ARENA_RINGS];
	struct mt_lost		lost;
};

/* A multiple of all sizes of pages; all of the header is in the first one. */
#define MT_ARENA_DATA_OFFSET	65536u
#define MT_ARENA_HEADER_BYTES	4096u
#define MT_ARENA_BYTES							\
	(MT_ARENA_DATA_OFFSET + (size_t)MT_ARENA_RINGS * MT_RING_WORDS * 8)

_Static_assert(sizeof(struct mt_arena) <= MT_ARENA_HEADER_BYTES,
    "rings overlap their data");

/* The data of ring i, of MT_RING_WORDS words. */
static inline uint64_t *
mt_arena_data(struct mt_arena *a, unsigned i)
{
	return ((uint64_t *)((char *)a + MT_ARENA_DATA_OFFSET) +
	    (size_t)i * MT_RING_WORDS);
}

#endif /* MT_RING_H */
