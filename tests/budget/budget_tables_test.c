/*
 * Tables of programs, filled with what somebody chose so that it would crowd
 * in a table without a secret.  What a look takes at most is the longest run
 * of full slots.
 */

#include <atf-c.h>
#include <stdio.h>
#include <string.h>

#include "live_names.h"
#include "stats_sizes.h"
#include "transform_memray.h"

#define MANY	20000u
#define RUN_MAX	400u	/* by chance, at half or three quarters full */
#define FACTOR	UINT64_C(0x9e3779b97f4a7c15)

/* A number that the factor makes i, and what is left of it 0. */
static uint64_t
crowded(uint64_t i)
{
	uint64_t inverse = FACTOR;
	unsigned step;

	/* Each step doubles the bits that are right; 3 are from the start. */
	for (step = 0; step < 5; step++)
		inverse *= 2 - FACTOR * inverse;
	return (inverse * i);
}

struct run {
	size_t	now;
	size_t	most;
};

static void
look(struct run *r, bool is_full)
{
	r->now = is_full ? r->now + 1 : 0;
	if (r->now > r->most)
		r->most = r->now;
}

ATF_TC(sizes);
ATF_TC_HEAD(sizes, tc)
{
	atf_tc_set_md_var(tc, "descr", "memray-stats: sizes");
}
ATF_TC_BODY(sizes, tc)
{
	struct stats_sizes s = { .used = 0 };
	struct run r = { 0, 0 };
	size_t i;

	for (i = 1; i <= MANY; i++)
		stats_sizes_add(&s, crowded(i), 1);
	ATF_REQUIRE_EQ(MANY, s.used);
	for (i = 0; i <= s.mask; i++)
		look(&r, s.slot[i].count != 0);
	ATF_CHECK_MSG(r.most < RUN_MAX, "%zu", r.most);
	stats_sizes_fini(&s);
}

ATF_TC(blocks);
ATF_TC_HEAD(blocks, tc)
{
	atf_tc_set_md_var(tc, "descr", "memray-transform: live blocks");
}
ATF_TC_BODY(blocks, tc)
{
	struct memray_live l = { .used = 0 };
	struct memray_block b = { 1, 2 };
	struct run r = { 0, 0 };
	size_t i;

	for (i = 1; i <= MANY; i++)
		memray_live_put(&l, crowded(i) - 1, &b);
	for (i = 0; i <= l.mask; i++)
		look(&r, l.slot[i].ref_plus1 != 0);
	ATF_CHECK_MSG(r.most < RUN_MAX, "%zu", r.most);
	for (i = 1; i <= MANY; i++)
		ATF_REQUIRE(memray_live_take(&l, crowded(i) - 1, &b));
	memray_live_fini(&l);
}

ATF_TC(addresses);
ATF_TC_HEAD(addresses, tc)
{
	atf_tc_set_md_var(tc, "descr", "memray-live: addresses");
}
ATF_TC_BODY(addresses, tc)
{
	const struct live_frame *frame;
	struct run r = { 0, 0 };
	struct live_names n;
	uint64_t key;
	size_t i;

	live_names_init(&n, NULL);
	for (i = 1; i <= MANY; i++) {
		key = crowded(i);
		(void)live_names_get(&n, (uint32_t)(key >> 32), (uint32_t)key,
		    &frame);
	}
	ATF_REQUIRE_EQ(MANY, n.nspots);
	for (i = 0; i < n.nslots; i++)
		look(&r, n.slot[i] != 0);
	ATF_CHECK_MSG(r.most < RUN_MAX, "%zu", r.most);
	live_names_fini(&n);
}

/* As FNV-1a has it, of a name and an empty file. */
static uint64_t
known_hash(const char *s)
{
	uint64_t h = UINT64_C(0xcbf29ce484222325);

	for (; *s != '\0'; s++)
		h = (h ^ (unsigned char)*s) * UINT64_C(0x100000001b3);
	return (h * UINT64_C(0x100000001b3) * UINT64_C(0x100000001b3));
}

ATF_TC(functions);
ATF_TC_HEAD(functions, tc)
{
	atf_tc_set_md_var(tc, "descr", "memray-live: functions");
}
ATF_TC_BODY(functions, tc)
{
	struct run r = { 0, 0 };
	struct live_funcs f;
	char name[24];
	uint64_t h;
	size_t i;

	live_funcs_init(&f);
	for (i = 0; f.n < 500; i++) {
		(void)snprintf(name, sizeof(name), "f%zu", i);
		h = known_hash(name);
		if (((h ^ h >> 32) & (f.nslots - 1)) == 0)
			(void)live_funcs_get(&f, name, "");
	}
	ATF_REQUIRE_EQ(0, strcmp(f.func[f.n - 1].name, name));
	for (i = 0; i < f.nslots; i++)
		look(&r, f.slot[i] != 0);
	ATF_CHECK_MSG(r.most < RUN_MAX / 4, "%zu", r.most);
	live_funcs_fini(&f);
}

ATF_TP_ADD_TCS(tp)
{
	ATF_TP_ADD_TC(tp, sizes);
	ATF_TP_ADD_TC(tp, blocks);
	ATF_TP_ADD_TC(tp, addresses);
	ATF_TP_ADD_TC(tp, functions);
	return (atf_no_error());
}
