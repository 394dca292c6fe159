/* A process with a fake recorder, and producers for its first rings. */

#ifndef PROCESS_H
#define PROCESS_H

#include <atf-c.h>

#include "fake_recorder.h"
#include "mt_collect_process.h"
#include "producer.h"

#define RINGS	4

static struct mt_recorder *rec;
static struct mt_collect_process *proc;
static struct mt_arena *arena;
static struct producer prod[RINGS];

static void
begin(void)
{
	struct mt_collect_arena *a;
	unsigned i;

	rec = fake_new();
	ATF_REQUIRE((arena = producer_arena()) != NULL);
	ATF_REQUIRE_EQ(MT_OK, mt_collect_process_new(&proc, 4711, rec, NULL));
	ATF_REQUIRE((a = mt_collect_arena_new(arena)) != NULL);
	mt_collect_process_arenas(proc, a);
	for (i = 0; i < RINGS; i++) {
		ATF_REQUIRE(producer_claim(&prod[i], NULL, arena, i));
		producer_thread(&prod[i], 100 + i, i == 0 ? "main" : "other");
	}
}

static void
end(void)
{
	mt_collect_process_free(proc);
	fake_free(rec);
}

static size_t
drain(uint64_t now_us)
{
	return (mt_collect_process_drain(proc, now_us));
}

#endif /* PROCESS_H */
