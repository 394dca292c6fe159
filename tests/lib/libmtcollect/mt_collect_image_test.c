#include <sys/types.h>

#include <atf-c.h>
#include <stdatomic.h>
#include <unistd.h>

#include "mt_collect_image.h"
#include "producer.h"

static struct mt_collect_image *image;
static struct producer prod;

/* An image with one thread, which has allocated; nothing is written of it. */
static void
begin(void)
{
	struct mt_collect_arena *a;
	struct mt_arena *arena;

	ATF_REQUIRE((arena = producer_arena()) != NULL);
	ATF_REQUIRE((a = mt_collect_arena_new(arena)) != NULL);
	ATF_REQUIRE_EQ(MT_OK, mt_collect_image_new(&image, getpid(), NULL, 0,
	    a, NULL));
	ATF_REQUIRE(producer_claim(&prod, NULL, arena, 0));
	producer_thread(&prod, 100, "main");
	producer_alloc(&prod, 0, 0x1000, 100);
}

static void
end(void)
{
	mt_collect_image_free(image);
}

/* A round of the drain thread, at that time of the session. */
static void
drain(uint64_t now_us)
{
	(void)mt_collect_process_drain(image->process, now_us);
	mt_collect_image_settle(image);
	mt_collect_image_flush(image);
}

ATF_TC(kept);
ATF_TC_HEAD(kept, tc)
{
	atf_tc_set_md_var(tc, "descr", "what ran code does not give way");
}
ATF_TC_BODY(kept, tc)
{
	begin();
	drain(1);
	ATF_CHECK_EQ(MT_COLLECT_KEPT, atomic_load(&image->fate));
	ATF_CHECK(image->awake);
	ATF_CHECK(!mt_collect_image_give_way(image));
	ATF_CHECK_EQ(MT_COLLECT_KEPT, atomic_load(&image->fate));
	end();
}

ATF_TC(spare);
ATF_TC_HEAD(spare, tc)
{
	atf_tc_set_md_var(tc, "descr", "a question gives way once all of it "
	    "was seen, and then leaves nothing");
}
ATF_TC_BODY(spare, tc)
{
	struct mt_collect_sum sum = { 0 };

	begin();
	image->question = true;
	image->drained = true;
	drain(1);
	ATF_CHECK_EQ(MT_COLLECT_SPARE, atomic_load(&image->fate));
	ATF_CHECK(mt_collect_image_give_way(image));
	ATF_CHECK_EQ(MT_COLLECT_GIVEN_UP, atomic_load(&image->fate));
	ATF_CHECK(mt_collect_image_finish(image, 0, &sum));
	ATF_CHECK_EQ(1, sum.given_up);
	ATF_CHECK(!sum.recorded);
	end();
}

ATF_TC(behind);
ATF_TC_HEAD(behind, tc)
{
	atf_tc_set_md_var(tc, "descr", "whoever asks it to give way does not "
	    "wait for ever for a drain that is behind");
	atf_tc_set_md_var(tc, "timeout", "60");
}
ATF_TC_BODY(behind, tc)
{
	begin();
	image->question = true;
	ATF_CHECK(!mt_collect_image_give_way(image));
	ATF_CHECK_EQ(MT_COLLECT_OPEN, atomic_load(&image->fate));
	end();
}

ATF_TC(long_question);
ATF_TC_HEAD(long_question, tc)
{
	atf_tc_set_md_var(tc, "descr", "what is asked for longer than ten "
	    "seconds is no question: it is written");
}
ATF_TC_BODY(long_question, tc)
{
	begin();
	image->question = true;
	image->begin_ns = 5000000000;
	drain(5000000);
	ATF_CHECK(!image->awake);
	drain(14999999);
	ATF_CHECK(!image->awake);
	drain(15000000);
	ATF_CHECK(image->awake);
	end();
}

ATF_TP_ADD_TCS(tp)
{
	ATF_TP_ADD_TC(tp, kept);
	ATF_TP_ADD_TC(tp, spare);
	ATF_TP_ADD_TC(tp, behind);
	ATF_TP_ADD_TC(tp, long_question);
	return (atf_no_error());
}
