#include <atf-c.h>
#include <stdlib.h>

#include "mt_stack.h"

ATF_TC_WITHOUT_HEAD(root);
ATF_TC_BODY(root, tc)
{
	struct mt_stack s;

	ATF_REQUIRE(mt_stack_init(&s));
	ATF_CHECK_EQ(1, s.count);
	ATF_CHECK_EQ(1, mt_stack_child(&s, 0, 0, 0));
	ATF_CHECK_EQ(1, mt_stack_child(&s, 0, 0, 0));
	mt_stack_fini(&s);
}

ATF_TC(key);
ATF_TC_HEAD(key, tc)
{
	atf_tc_set_md_var(tc, "descr", "Parent, code and offset all matter");
}
ATF_TC_BODY(key, tc)
{
	struct mt_stack s;
	uint32_t a;

	ATF_REQUIRE(mt_stack_init(&s));
	a = mt_stack_child(&s, 0, 1, 2);
	ATF_CHECK(a != mt_stack_child(&s, a, 1, 2));
	ATF_CHECK(a != mt_stack_child(&s, 0, 2, 2));
	ATF_CHECK(a != mt_stack_child(&s, 0, 1, -2));
	ATF_CHECK_EQ(5, s.count);
	ATF_CHECK_EQ(a, mt_stack_child(&s, 0, 1, 2));
	ATF_CHECK_EQ(4, mt_stack_child(&s, 0, 1, -2));
	ATF_CHECK_EQ(-2, s.node[4].key.offset);
	mt_stack_fini(&s);
}

ATF_TC(model);
ATF_TC_HEAD(model, tc)
{
	atf_tc_set_md_var(tc, "descr", "Random calls: what is in the tree "
	    "is found, what is not is added once, parents come first");
}
ATF_TC_BODY(model, tc)
{
	struct mt_stack s;
	uint32_t before, code, i, id, next, parent;
	int32_t offset;

	ATF_REQUIRE(mt_stack_init(&s));
	srandom(1);
	for (i = 0; i < 300000; i++) {
		before = s.count;
		parent = (uint32_t)random() % before;
		code = (uint32_t)random() % 3;
		offset = (int32_t)(random() % 3) * 2 - 2;
		id = mt_stack_child(&s, parent, code, offset);
		ATF_REQUIRE(id > parent && id <= before);
		ATF_REQUIRE_EQ(id == before ? before + 1 : before, s.count);
		ATF_REQUIRE_EQ(parent, s.node[id].key.parent);
		ATF_REQUIRE_EQ(code, s.node[id].key.code);
		ATF_REQUIRE_EQ(offset, s.node[id].key.offset);
		before = s.count;
		code = (uint32_t)random() % 3;
		next = mt_stack_beside(&s, id, code, offset);
		ATF_REQUIRE_EQ(next == before ? before + 1 : before, s.count);
		ATF_REQUIRE_EQ(next, mt_stack_child(&s, parent, code,
		    offset));
	}
	for (id = 1; id < s.count; id++)
		ATF_REQUIRE_EQ(id, mt_stack_child(&s, s.node[id].key.parent,
		    s.node[id].key.code, s.node[id].key.offset));
	mt_stack_fini(&s);
}

ATF_TP_ADD_TCS(tp)
{
	ATF_TP_ADD_TC(tp, root);
	ATF_TP_ADD_TC(tp, key);
	ATF_TP_ADD_TC(tp, model);
	return (atf_no_error());
}
