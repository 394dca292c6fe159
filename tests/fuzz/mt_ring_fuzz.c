/*
 * Fuzz target: whatever stands in the rings of a process, decoder and recorder
 * must not crash, leak or hang, and what they record can be counted.
 *
 * The first byte says how many rings there are.  Then come words, nine bytes
 * each: to which ring, and whether it is published and drained then, and the
 * word.
 */

#include <sys/mman.h>

#include <stdlib.h>
#include <string.h>

#include "fuzz_cost.h"
#include "mt_collect_process.h"
#include "mt_wire.h"

#define FUZZ_RINGS	4u
#define FUZZ_DRAIN	0x80u

/* Steps that an input may take, for each byte and at all. */
#define STEPS_PER_BYTE	UINT64_C(5000)
#define STEPS		UINT64_C(2000000)
/* Tables of a process by ids of codes and modules, while they grow. */
#define TABLES		(UINT64_C(8) * (MT_FRAME_ID_MAX + MT_MODULE_MAX + 2))

int	LLVMFuzzerTestOneInput(const uint8_t *, size_t);

static enum mt_status
fuzz_put(void *arg, enum mt_block_type type, void *data, size_t n,
    struct mt_error *e)
{
	(void)arg;
	(void)type;
	(void)n;
	(void)e;
	free(data);
	return (MT_OK);
}

static struct mt_arena *
fuzz_arena(unsigned rings)
{
	struct mt_arena *a;
	unsigned i;

	a = mmap(NULL, MT_ARENA_BYTES, PROT_READ | PROT_WRITE,
	    MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	fuzz_require(a != MAP_FAILED);
	atomic_store(&a->used, 1);
	for (i = 0; i < rings; i++) {
		atomic_store(&a->ring[i].owner,
		    MT_RING_OWNER(MT_RING_USED, i + 1, 1));
	}
	return (a);
}

static void
fuzz_words(struct mt_collect_process *p, struct mt_arena *a, unsigned rings,
    const uint8_t *data, size_t n)
{
	uint64_t head[FUZZ_RINGS] = { 0 }, now = 0;
	unsigned i;

	for (; n >= 9; data += 9, n -= 9) {
		i = (data[0] & ~FUZZ_DRAIN) % rings;
		memcpy(&mt_arena_data(a, i)[head[i]++ & (MT_RING_WORDS - 1)],
		    data + 1, 8);
		if ((data[0] & FUZZ_DRAIN) == 0)
			continue;
		atomic_store(&a->ring[i].head, head[i]);
		now += 1000;
		(void)mt_collect_process_drain(p, now);
	}
	for (i = 0; i < rings; i++)
		atomic_store(&a->ring[i].head, head[i]);
	(void)mt_collect_process_drain(p, now + 1000);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	const struct mt_sink sink = { fuzz_put, NULL };
	struct mt_collect_process *p;
	struct mt_collect_arena *arena;
	struct mt_recorder *r;
	struct mt_arena *a;
	struct mt_totals t;
	unsigned rings;

	if (n == 0)
		return (0);
	fuzz_cost_begin();
	fuzz_cost_allow(TABLES);
	rings = data[0] % FUZZ_RINGS + 1;
	fuzz_require(mt_recorder_new(&r, &sink, data[0] & 0x80 ?
	    MT_RECORDER_AGGREGATE : 0, NULL) == MT_OK);
	fuzz_require(mt_collect_process_new(&p, 1, r, NULL) == MT_OK);
	a = fuzz_arena(rings);
	arena = mt_collect_arena_new(a);
	fuzz_require(arena != NULL);
	mt_collect_process_arenas(p, arena);
	fuzz_words(p, a, rings, data + 1, n - 1);
	mt_collect_process_end(p);
	(void)mt_recorder_finish(r, NULL);
	mt_recorder_totals(r, &t);
	fuzz_require(t.allocations <= n && t.live <= t.allocations);
	mt_collect_process_free(p);
	mt_recorder_free(r);
	fuzz_cost_end(n, STEPS_PER_BYTE, STEPS);
	return (0);
}
