#include <sys/mman.h>

#include <atf-c.h>
#include <string.h>
#include <unistd.h>

#include "agent_branch.h"
#include "agent_early.h"

#define FRAMES	8

/* A stack that is read as an unwinder would: return addresses, one a frame. */
static uintptr_t stack[FRAMES];

static void
set_frame(struct agent_native_frame *f, unsigned depth)
{
	uintptr_t *slot = &stack[FRAMES - 1 - depth];

	*slot = 0x1000 + depth;
	memset(f, 0, sizeof(*f));
	f->slot = f->fp_slot = (uintptr_t)slot;
	f->ra = f->fp_word = *slot;
	f->sp = f->slot + sizeof(*slot);
}

/* Memory for frames, before which nothing can be read. */
static struct agent_native_frame *
frames_behind_nothing(void)
{
	size_t page = (size_t)getpagesize();
	char *p;

	p = mmap(NULL, 2 * page, PROT_READ | PROT_WRITE,
	    MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	ATF_REQUIRE(p != MAP_FAILED);
	ATF_REQUIRE_EQ(0, mprotect(p, page, PROT_NONE));
	return ((struct agent_native_frame *)(void *)(p + page));
}

/* A thread with a stack of n frames, which are all new. */
static void
set_stack(struct agent_native *n, unsigned depth)
{
	unsigned i;

	ATF_REQUIRE(agent_real_init());
	memset(n, 0, sizeof(*n));
	n->frames = frames_behind_nothing();
	n->cap = FRAMES;
	n->n = n->regular = depth;
	ATF_REQUIRE((n->branches = agent_branch_new()) != NULL);
	for (i = 0; i < depth; i++)
		set_frame(&n->frames[i], i);
}

/* The unwinder begins where the topmost of the frames is. */
static void
begin_at(struct agent_native *n, const struct agent_native_frame *f)
{
	n->u.r.slot = f->slot;
	n->u.r.ra = f->ra;
	n->u.r.sp = f->sp;
	n->u.r.fp = f->fp;
}

/* Five frames, of which the upper two are gone by now. */
static void
set_branch(struct agent_native *n)
{
	set_stack(n, 5);
	agent_branch_put(n, 3);
	begin_at(n, &n->frames[4]);
	n->n = n->regular = 3;
	memset(&n->frames[3], 0, 2 * sizeof(n->frames[0]));
}

ATF_TC(comes_back);
ATF_TC_HEAD(comes_back, tc)
{
	atf_tc_set_md_var(tc, "descr", "a branch is taken as it was");
}
ATF_TC_BODY(comes_back, tc)
{
	struct agent_native_frame wanted;
	static struct agent_native n;
	uint32_t keep;

	set_branch(&n);
	ATF_REQUIRE(agent_branch_take(&n, &keep));
	ATF_CHECK_EQ(3, keep);
	ATF_CHECK_EQ(5, n.n);
	ATF_CHECK_EQ(5, n.regular);
	set_frame(&wanted, 3);
	ATF_CHECK_EQ(0, memcmp(&wanted, &n.frames[3], sizeof(wanted)));
}

ATF_TC(other_words);
ATF_TC_HEAD(other_words, tc)
{
	atf_tc_set_md_var(tc, "descr", "no branch where a word has changed");
}
ATF_TC_BODY(other_words, tc)
{
	static struct agent_native n;
	uint32_t keep;
	unsigned i;

	for (i = 0; i < 4; i++) {
		set_branch(&n);
		stack[FRAMES - 1 - i]++;
		ATF_CHECK(!agent_branch_take(&n, &keep));
		ATF_CHECK_EQ(3, n.n);
	}
}

ATF_TC(other_ground);
ATF_TC_HEAD(other_ground, tc)
{
	atf_tc_set_md_var(tc, "descr", "no branch on what it did not grow on");
}
ATF_TC_BODY(other_ground, tc)
{
	static struct agent_native n;
	uint32_t keep;

	set_branch(&n);
	n.frames[2].sp += 8;
	ATF_CHECK(!agent_branch_take(&n, &keep));
	set_branch(&n);
	n.n = n.regular = 2;
	ATF_CHECK(!agent_branch_take(&n, &keep));
	set_branch(&n);
	agent_branch_forget(n.branches);
	ATF_CHECK(!agent_branch_take(&n, &keep));
}

/* As when memory is short: not even the first frame could be kept. */
ATF_TC(no_frames);
ATF_TC_HEAD(no_frames, tc)
{
	atf_tc_set_md_var(tc, "descr", "a stack without frames has no branch");
}
ATF_TC_BODY(no_frames, tc)
{
	static struct agent_native n;

	set_stack(&n, 0);
	agent_branch_put(&n, 0);
}

/* What stays when a function returns takes no other branch's place. */
ATF_TC(no_new_frames);
ATF_TC_HEAD(no_new_frames, tc)
{
	atf_tc_set_md_var(tc, "descr", "old frames are no branch");
}
ATF_TC_BODY(no_new_frames, tc)
{
	static struct agent_native n;
	uint32_t keep;

	set_stack(&n, 5);
	agent_branch_put(&n, 3);
	agent_branch_put(&n, 5);
	begin_at(&n, &n.frames[4]);
	n.n = n.regular = 3;
	ATF_CHECK(agent_branch_take(&n, &keep));
}

ATF_TP_ADD_TCS(tp)
{
	ATF_TP_ADD_TC(tp, comes_back);
	ATF_TP_ADD_TC(tp, other_words);
	ATF_TP_ADD_TC(tp, other_ground);
	ATF_TP_ADD_TC(tp, no_frames);
	ATF_TP_ADD_TC(tp, no_new_frames);
	return (atf_no_error());
}
