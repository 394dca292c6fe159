#include <sys/types.h>

#include <atf-c.h>
#include <stdlib.h>
#include <string.h>

#include "process.h"

/* Records that no producer writes, one each: words, and how many. */
static const struct {
	const char	*what;
	uint64_t	 word[6];
	unsigned	 n;
} garbage[] = {
	{ "nothing", { MT_WORD(MT_OP_PAD, 0, 0) }, 1 },
	{ "unknown event", { MT_WORD(6, 0, 0) }, 1 },
	{ "unknown record", { MT_WORD(100, 0, 0) }, 1 },
	{ "small, no allocator", { MT_SMALL_WORD(0, 16, 1) }, 1 },
	{ "small, no such allocator", { MT_SMALL_WORD(23, 16, 1) }, 1 },
	{ "no allocator", { MT_WORD(MT_OP_ALLOC, 0, 1), 1 }, 2 },
	{ "no such allocator", { MT_WORD(MT_OP_ALLOC, 200, 1), 1 }, 2 },
	{ "half an allocation", { MT_WORD(MT_OP_ALLOC, 1, 1) }, 1 },
	{ "huge allocation", { MT_WORD(MT_OP_ALLOC, 1, 1), 1ull << 60 }, 2 },
	{ "half an unmap", { MT_WORD(MT_OP_UNMAP, 0, 1) }, 1 },
	{ "unknown mark", { MT_WORD(MT_OP_MARK, 9, 0) }, 1 },
	{ "number in the sky", { (uint64_t)MT_OP_SEQ << 56 | 1ull << 50,
	    MT_WORD(MT_OP_FREE, 2, 1) }, 2 },
	{ "pop of nothing", { MT_WORD(MT_OP_POP, 0, 1) }, 1 },
	{ "step of nothing", { MT_STEP_WORD(MT_ALLOCATOR_MALLOC, 16, 1, 2) },
	    1 },
	{ "step to before the code", { MT_FRAME_WORD(MT_OP_PUSH, 1, 4),
	    MT_STEP_WORD(MT_ALLOCATOR_MALLOC, 16, 1, -2) }, 2 },
	{ "step from before the code", { MT_FRAME_WORD(MT_OP_PUSH, 1, 0),
	    MT_STEP_WORD(MT_ALLOCATOR_MALLOC, 16, 1, 2) }, 2 },
	{ "top of nothing", { MT_FRAME_WORD(MT_OP_TOP, 1, 4) }, 1 },
	{ "code 0", { MT_FRAME_WORD(MT_OP_PUSH, 0, 4) }, 1 },
	{ "long payload", { MT_WORD(MT_OP_NOTE, 0, 1 << 30) }, 1 },
	{ "missing payload", { MT_WORD(MT_OP_NOTE, 0, 100), 0 }, 2 },
	{ "short code", { MT_WORD(MT_OP_CODE, 0, 8), 1 }, 2 },
	{ "empty code", { MT_WORD(MT_OP_CODE, 0, 0) }, 1 },
	{ "long names", { MT_WORD(MT_OP_CODE, 0, 24), 1, 0xffff, 0 }, 4 },
	{ "long table", { MT_WORD(MT_OP_CODE, 0, 24), 1,
	    0xffffffff00000000u, 0 }, 4 },
	{ "odd table", { MT_WORD(MT_OP_CODE, 0, 24), 1, 0, 77 }, 4 },
	{ "table apart, missing", { MT_WORD(MT_OP_CODE, 0, 24), 1,
	    (uint64_t)(MT_CODE_PIECE_MAX + 1) << 32, 2 }, 4 },
	{ "empty table", { MT_WORD(MT_OP_TABLE, 0, 8), 1 }, 2 },
	{ "table from its middle on", { MT_WORD(MT_OP_TABLE, 0, 16),
	    1 | 8ull << 32, 0 }, 3 },
	{ "table of another", { MT_WORD(MT_OP_TABLE, 0, 16), 1, 0,
	    MT_WORD(MT_OP_TABLE, 0, 16), 2 | 8ull << 32, 0 }, 6 },
	{ "code -1 described", { MT_WORD(MT_OP_CODE, 0, 24), UINT32_MAX, 0,
	    0 }, 4 },
	{ "code 0 described", { MT_WORD(MT_OP_CODE, 0, 24), 0, 0, 0 }, 4 },
	{ "module 0", { MT_NATIVE_WORD(MT_OP_NPUSH, 0, 4) }, 1 },
	{ "native top of nothing", { MT_NATIVE_WORD(MT_OP_NTOP, 1, 4) }, 1 },
	{ "short module", { MT_WORD(MT_OP_MODULE, 0, 8), 1 }, 2 },
	{ "long path", { MT_WORD(MT_OP_MODULE, 0, 32), 1 | 0xffffull << 32,
	    0, 0, 0 }, 5 },
	{ "long build-id", { MT_WORD(MT_OP_MODULE, 0, 32), 1 | 65ull << 48,
	    0, 0, 0 }, 5 },
	{ "module 0 described", { MT_WORD(MT_OP_MODULE, 0, 32), 0, 0, 0, 0 },
	    5 },
	{ "module -1 described", { MT_WORD(MT_OP_MODULE, 0, 32), UINT32_MAX,
	    0, 0, 0 }, 5 },
	{ "short thread", { MT_WORD(MT_OP_THREAD, 0, 8), 1 }, 2 },
	{ "key without value", { MT_WORD(MT_OP_INFO, 0, 3), 0x616161 }, 2 },
	{ "no key", { MT_WORD(MT_OP_INFO, 0, 3), 0 }, 2 },
	{ "odd key", { MT_WORD(MT_OP_INFO, 0, 3), 0x620041 }, 2 }
};

/* Damaged: says so, goes on emptying the rings, records no more. */
static void
check_damaged(const char *what)
{
	size_t n = rec->n;

	ATF_CHECK_EQ_MSG(MT_COLLECT_DAMAGED, proc->state, "%s", what);
	ATF_CHECK_MSG(strstr(proc->notes, "4711") != NULL, "%s", what);
	producer_alloc(&prod[1], 0, 0xb, 1);
	(void)drain(0);
	ATF_CHECK_EQ(n, rec->n);
	ATF_CHECK_EQ(prod[1].head, atomic_load(&prod[1].ring->tail));
	mt_collect_process_end(proc);
	ATF_CHECK_MSG(rec->lost > 0, "%s", what);
}

ATF_TC(garbage);
ATF_TC_HEAD(garbage, tc)
{
	atf_tc_set_md_var(tc, "descr", "what no producer writes is recognised");
}
ATF_TC_BODY(garbage, tc)
{
	size_t i;
	unsigned k;

	for (i = 0; i < sizeof(garbage) / sizeof(garbage[0]); i++) {
		begin();
		for (k = 0; k < garbage[i].n; k++)
			producer_word(&prod[0], garbage[i].word[k]);
		producer_publish(&prod[0]);
		(void)drain(0);
		check_damaged(garbage[i].what);
		end();
	}
}

ATF_TC(described_twice);
ATF_TC_HEAD(described_twice, tc)
{
	atf_tc_set_md_var(tc, "descr", "a code has one description");
}
ATF_TC_BODY(described_twice, tc)
{
	begin();
	producer_code(&prod[0], 1, "f", "a.py");
	producer_code(&prod[0], 1, "g", "a.py");
	(void)drain(0);
	check_damaged("twice");
	end();
}

ATF_TC(nameless_thread);
ATF_TC_HEAD(nameless_thread, tc)
{
	atf_tc_set_md_var(tc, "descr", "a ring begins with its thread");
}
ATF_TC_BODY(nameless_thread, tc)
{
	struct producer p;

	begin();
	ATF_REQUIRE(producer_claim(&p, NULL, arena, RINGS));
	producer_alloc(&p, 0, 0xa, 1);
	(void)drain(0);
	check_damaged("no thread");
	end();
}

ATF_TC(wild_head);
ATF_TC_HEAD(wild_head, tc)
{
	atf_tc_set_md_var(tc, "descr", "a head that goes back, or too far");
}
ATF_TC_BODY(wild_head, tc)
{
	const uint64_t head[] = { 0, MT_RING_WORDS + 4, UINT64_MAX,
	    1ull << 63 };
	size_t i;

	for (i = 0; i < sizeof(head) / sizeof(head[0]); i++) {
		begin();
		(void)drain(0);
		atomic_store(&prod[0].ring->head, head[i]);
		(void)drain(0);
		ATF_CHECK_EQ(MT_COLLECT_DAMAGED, proc->state);
		(void)drain(0);
		mt_collect_process_end(proc);
		end();
	}
}

ATF_TC(noise);
ATF_TC_HEAD(noise, tc)
{
	atf_tc_set_md_var(tc, "descr", "random words never do harm");
}
ATF_TC_BODY(noise, tc)
{
	uint64_t w;
	unsigned i, k, op;

	srandom(7);
	for (i = 0; i < 300; i++) {
		begin();
		for (k = 0; k < 2000; k++) {
			op = (unsigned)random() % 40;
			w = (uint64_t)random() >> (random() % 31);
			if (random() % 3 == 0)
				op |= MT_WORD_OP(MT_SMALL);
			producer_word(&prod[k % RINGS], MT_WORD(op,
			    random() % 20, w));
			if (random() % 100 == 0) {
				producer_publish(&prod[k % RINGS]);
				(void)drain(k);
			}
		}
		mt_collect_process_end(proc);
		end();
	}
}

ATF_TC(recorder_fails);
ATF_TC_HEAD(recorder_fails, tc)
{
	atf_tc_set_md_var(tc, "descr", "when recording fails, rings move on");
}
ATF_TC_BODY(recorder_fails, tc)
{
	begin();
	rec->fail = true;
	producer_alloc(&prod[0], 0, 0xa, 1);
	producer_alloc(&prod[0], 1, 0xa, 1);
	(void)drain(0);
	ATF_CHECK_EQ(MT_COLLECT_FAILED, proc->state);
	ATF_CHECK_EQ(MT_ERR_NOMEM, proc->status);
	ATF_CHECK_EQ(prod[0].head, atomic_load(&prod[0].ring->tail));
	end();
}

ATF_TP_ADD_TCS(tp)
{
	ATF_TP_ADD_TC(tp, garbage);
	ATF_TP_ADD_TC(tp, described_twice);
	ATF_TP_ADD_TC(tp, nameless_thread);
	ATF_TP_ADD_TC(tp, wild_head);
	ATF_TP_ADD_TC(tp, noise);
	ATF_TP_ADD_TC(tp, recorder_fails);
	return (atf_no_error());
}
