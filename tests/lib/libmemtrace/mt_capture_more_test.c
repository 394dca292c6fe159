/* What captures hold about sites besides totals, since format 1.1. */

#include "../../golden/golden11.h"
#include "capture_subr.h"

/* Which of golden_sites a site of the capture is. */
static uint32_t
golden_site(const struct mt_capture *c, uint32_t site)
{
	const struct mt_site *g, *s;
	uint32_t i;

	ATF_REQUIRE(site < mt_capture_sites(c, &s));
	s += site;
	for (i = 0; i < GOLDEN_N(golden_sites); i++) {
		g = &golden_sites[i];
		if (g->node == s->node && g->thread == s->thread &&
		    g->allocator == s->allocator)
			return (i);
	}
	atf_tc_fail("site %u is none of the golden ones", site);
}

/* Tables are in no order, but have no two equal rows. */
static void
check_temporaries(struct mt_capture *c)
{
	const struct mt_temporary *g, *t;
	size_t found = 0, i, j, n;

	ATF_REQUIRE_EQ(MT_OK, mt_capture_temporaries(c, &t, &n, NULL));
	ATF_CHECK_EQ(GOLDEN_N(golden_temporary), n);
	for (i = 0; i < n; i++)
		for (j = 0; j < GOLDEN_N(golden_temporary); j++) {
			g = &golden_temporary[j];
			found += g->site == golden_site(c, t[i].site) &&
			    g->bin == t[i].bin &&
			    g->allocations == t[i].allocations &&
			    g->bytes == t[i].bytes;
		}
	ATF_CHECK_EQ(GOLDEN_N(golden_temporary), found);
}

static void
check_bits(const struct mt_capture *c, const struct mt_histogram *h)
{
	const struct mt_site_bits *g, *s;
	size_t found = 0, i, j;

	ATF_CHECK_EQ(GOLDEN_N(golden_bits), h->nsites);
	for (i = 0; i < h->nsites; i++)
		for (j = 0; j < GOLDEN_N(golden_bits); j++) {
			g = &golden_bits[j];
			s = &h->sites[i];
			found += g->site == golden_site(c, s->site) &&
			    g->bits == s->bits &&
			    g->allocations == s->allocations;
		}
	ATF_CHECK_EQ(GOLDEN_N(golden_bits), found);
}

static void
check_histogram(struct mt_capture *c)
{
	const struct mt_histogram *h;
	size_t i;

	ATF_REQUIRE_EQ(MT_OK, mt_capture_histogram(c, &h, NULL));
	ATF_CHECK_EQ(GOLDEN_SMALLEST, h->smallest);
	ATF_CHECK_EQ(GOLDEN_LARGEST, h->largest);
	ATF_REQUIRE_EQ(GOLDEN_N(golden_buckets), h->nbuckets);
	for (i = 0; i < h->nbuckets; i++) {
		ATF_CHECK_EQ(golden_buckets[i].smallest,
		    h->buckets[i].smallest);
		ATF_CHECK_EQ(golden_buckets[i].largest,
		    h->buckets[i].largest);
		ATF_CHECK_EQ(golden_buckets[i].allocations,
		    h->buckets[i].allocations);
	}
	check_bits(c, h);
}

static void
check_lifetimes(struct mt_capture *c)
{
	const struct mt_lifetime *g, *r;
	const struct mt_lifetimes *l;
	size_t found = 0, i, j;

	ATF_REQUIRE_EQ(MT_OK, mt_capture_lifetimes(c, &l, NULL));
	ATF_CHECK_EQ(GOLDEN_INTERVAL_NS, l->interval_ns);
	ATF_CHECK_EQ(GOLDEN_INTERVALS, l->intervals);
	ATF_CHECK_EQ(GOLDEN_N(golden_lifetimes), l->n);
	for (i = 0; i < l->n; i++)
		for (j = 0; j < GOLDEN_N(golden_lifetimes); j++) {
			g = &golden_lifetimes[j];
			r = &l->rows[i];
			found += g->site == golden_site(c, r->site) &&
			    g->from == r->from && g->to == r->to &&
			    g->allocations == r->allocations &&
			    g->bytes == r->bytes;
		}
	ATF_CHECK_EQ(GOLDEN_N(golden_lifetimes), found);
}

static void
check_more(struct mt_capture *c)
{
	check_temporaries(c);
	check_histogram(c);
	check_lifetimes(c);
	/* And again: they are not read twice. */
	check_temporaries(c);
}

static void
check_golden(const atf_tc_t *tc, const char *name, unsigned flags,
    size_t events)
{
	struct file f = load(tc, name);
	struct mt_event ev[SOME];
	struct mt_capture *c;
	uint8_t *copy;

	ATF_REQUIRE_EQ(MT_OK, open_bytes(&c, f.data, f.n, &copy, NULL));
	check_meta(c, flags);
	check_tables(c);
	check_samples(c);
	check_more(c);
	ATF_CHECK_EQ(events, read_events(c, ev));
	mt_capture_close(c);
	free(copy);
	free(f.data);
}

ATF_TC_WITHOUT_HEAD(golden_events);
ATF_TC_BODY(golden_events, tc)
{
	check_golden(tc, "v1.1-events.bin", 0, GOLDEN_N(golden_events));
}

ATF_TC_WITHOUT_HEAD(golden_tables);
ATF_TC_BODY(golden_tables, tc)
{
	check_golden(tc, "v1.1-tables.bin", MT_CAPTURE_AGGREGATED, 0);
}

ATF_TC(golden_made);
ATF_TC_HEAD(golden_made, tc)
{
	atf_tc_set_md_var(tc, "descr",
	    "format 1.0: what the capture lacks is made from its events");
}
ATF_TC_BODY(golden_made, tc)
{
	check_golden(tc, "v1.0-zlib.bin", 0, GOLDEN_N(golden_events));
}

ATF_TC(golden_none);
ATF_TC_HEAD(golden_none, tc)
{
	atf_tc_set_md_var(tc, "descr",
	    "format 1.0 without events: there is nothing to make them from");
}
ATF_TC_BODY(golden_none, tc)
{
	struct file f = load(tc, "v1.0-tables.bin");
	const struct mt_temporary *t;
	const struct mt_lifetimes *l;
	const struct mt_histogram *h;
	struct mt_capture *c;
	struct mt_error e;
	uint8_t *copy;
	size_t n;

	ATF_REQUIRE_EQ(MT_OK, open_bytes(&c, f.data, f.n, &copy, NULL));
	ATF_CHECK_EQ(MT_ERR_FORMAT, mt_capture_temporaries(c, &t, &n, &e));
	ATF_CHECK_STREQ("the capture does not have this table", e.text);
	ATF_CHECK_EQ(0, n);
	ATF_CHECK_EQ(MT_ERR_FORMAT, mt_capture_lifetimes(c, &l, NULL));
	ATF_CHECK_EQ(MT_ERR_FORMAT, mt_capture_histogram(c, &h, NULL));
	mt_capture_close(c);
	free(copy);
	free(f.data);
}

ATF_TC(golden_killed);
ATF_TC_HEAD(golden_killed, tc)
{
	atf_tc_set_md_var(tc, "descr",
	    "sites from checkpoints, of which the later ones hold");
}
ATF_TC_BODY(golden_killed, tc)
{
	struct file f = load(tc, "v1.1-killed.bin");
	const struct mt_site *g, *s;
	struct mt_capture *c;
	unsigned seen = 0;
	uint8_t *copy;
	size_t i, n;

	ATF_REQUIRE_EQ(MT_OK, open_bytes(&c, f.data, f.n, &copy, NULL));
	ATF_CHECK_EQ(MT_CAPTURE_CUT | MT_CAPTURE_AGGREGATED,
	    mt_capture_meta(c)->flags);
	ATF_CHECK_EQ(GOLDEN_START_NS + 1000000,
	    mt_capture_meta(c)->peak_time_ns);
	ATF_CHECK_EQ(2, mt_capture_meta(c)->lost_events);
	n = mt_capture_sites(c, &s);
	ATF_CHECK_EQ(GOLDEN_N(golden_sites), n);
	for (i = 0; i < n; i++) {
		g = &golden_sites[golden_site(c, (uint32_t)i)];
		ATF_CHECK_EQ(0, memcmp(g, &s[i], sizeof(*g)));
		seen |= 1u << (g - golden_sites);
	}
	ATF_CHECK_EQ(0xffff, seen);
	check_samples(c);
	check_more(c);
	mt_capture_close(c);
	free(copy);
	free(f.data);
}

ATF_TP_ADD_TCS(tp)
{
	ATF_TP_ADD_TC(tp, golden_events);
	ATF_TP_ADD_TC(tp, golden_tables);
	ATF_TP_ADD_TC(tp, golden_made);
	ATF_TP_ADD_TC(tp, golden_none);
	ATF_TP_ADD_TC(tp, golden_killed);
	return (atf_no_error());
}
