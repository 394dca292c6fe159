#include <atf-c.h>

#include "capture_subr.h"

static enum mt_status
put_block(void *writer, enum mt_block_type type, void *data, size_t len,
    struct mt_error *e)
{
	enum mt_status st = mt_writer_put(writer, type, data, len, e);

	free(data);
	return (st);
}

/* A program of some stacks, threads and functions; what it does is fixed. */
static void
run_program(struct mt_recorder *r)
{
	uint32_t code, thread, node[8] = { 0 };
	uint64_t seed = 5, addr, i;

	for (i = 0; i < 3; i++) {
		ATF_REQUIRE_EQ(MT_OK, mt_recorder_code_new(r, &code, NULL));
		ATF_REQUIRE_EQ(MT_OK, mt_recorder_code_describe(r, code,
		    &golden_codes[i + 1], NULL));
		ATF_REQUIRE_EQ(MT_OK, mt_recorder_thread_new(r, i, "t",
		    &thread, NULL));
	}
	for (i = 0; i < 50000; i++) {
		seed = seed * 6364136223846793005u + 1442695040888963407u;
		addr = (seed >> 40) % 5000 * 64;
		thread = (uint32_t)(seed >> 33) % 3;
		mt_recorder_time(r, i * 100);
		(void)mt_recorder_node(r, node[i % 7], (uint32_t)(i % 3) + 1,
		    (int32_t)(seed >> 60), &node[i % 7 + 1], NULL);
		if (seed >> 62 == 0)
			(void)mt_recorder_free_at(r, thread, addr, NULL);
		else if (seed >> 56 == 0xff)
			(void)mt_recorder_unmap(r, thread, addr << 12,
			    (seed >> 20) % 64 << 12, NULL);
		else if (seed >> 56 == 0xfe)
			(void)mt_recorder_alloc(r, thread, node[i % 7],
			    MT_ALLOCATOR_MMAP, addr << 12,
			    (seed >> 20) % 64 << 12, NULL);
		else
			(void)mt_recorder_alloc(r, thread, node[i % 7],
			    MT_ALLOCATOR_MALLOC, addr, (seed >> 20) % 999,
			    NULL);
	}
}

static int
by_key(const void *pa, const void *pb)
{
	const struct mt_site *a = pa, *b = pb;

	if (a->node != b->node)
		return (a->node < b->node ? -1 : 1);
	if (a->thread != b->thread)
		return (a->thread < b->thread ? -1 : 1);
	return (a->allocator < b->allocator ? -1 :
	    a->allocator > b->allocator);
}

static struct mt_site *
sorted_sites(struct mt_capture *c, size_t *n)
{
	const struct mt_site *sites;
	struct mt_site *copy;

	*n = mt_capture_sites(c, &sites);
	copy = malloc(*n * sizeof(*copy));
	ATF_REQUIRE(copy != NULL);
	memcpy(copy, sites, *n * sizeof(*copy));
	qsort(copy, *n, sizeof(*copy), by_key);
	return (copy);
}

static void
check_same(struct mt_capture *a, struct mt_capture *b)
{
	const struct mt_meta *m = mt_capture_meta(a);
	const struct mt_meta *k = mt_capture_meta(b);
	struct mt_site *sa, *sb;
	size_t i, na, nb;

	ATF_CHECK_EQ(m->total_allocations, k->total_allocations);
	ATF_CHECK_EQ(m->total_bytes, k->total_bytes);
	ATF_CHECK_EQ(m->peak_bytes, k->peak_bytes);
	ATF_CHECK_EQ(m->peak_time_ns, k->peak_time_ns);
	ATF_CHECK_EQ(m->leaked_allocations, k->leaked_allocations);
	ATF_CHECK_EQ(m->leaked_bytes, k->leaked_bytes);
	sa = sorted_sites(a, &na);
	sb = sorted_sites(b, &nb);
	ATF_REQUIRE_EQ(na, nb);
	ATF_CHECK(na > 100);
	for (i = 0; i < na; i++)
		ATF_CHECK_EQ(0, memcmp(&sa[i], &sb[i], sizeof(sa[i])));
	free(sa);
	free(sb);
}

/* The offset of the block of sites. */
static off_t
sites_at(const char *path)
{
	struct mt_capture *c;
	off_t at = 0;
	size_t i;

	ATF_REQUIRE_EQ(MT_OK, mt_capture_open(&c, path, NULL));
	for (i = 0; i < c->nblocks; i++)
		if (c->blocks[i].type == MT_BLOCK_SITES)
			at = (off_t)c->blocks[i].offset;
	mt_capture_close(c);
	return (at);
}

ATF_TC(rebuilt_as_recorded);
ATF_TC_HEAD(rebuilt_as_recorded, tc)
{
	atf_tc_set_md_var(tc, "descr",
	    "without its tables, a capture says the same");
}
ATF_TC_BODY(rebuilt_as_recorded, tc)
{
	struct mt_capture *whole, *cut;
	struct mt_recorder *r;
	struct mt_sink sink = { put_block, NULL };
	struct mt_writer *w;
	int fd = open("x.bin", O_RDWR | O_CREAT | O_TRUNC, 0600);

	ATF_REQUIRE(fd != -1);
	ATF_REQUIRE_EQ(MT_OK, mt_writer_new(&w, fd, 0, 1000, NULL));
	sink.arg = w;
	ATF_REQUIRE_EQ(MT_OK, mt_recorder_new(&r, &sink, 0, NULL));
	run_program(r);
	ATF_REQUIRE_EQ(MT_OK, mt_recorder_finish(r, NULL));
	ATF_REQUIRE_EQ(MT_OK, mt_writer_finish(w, NULL));
	mt_recorder_free(r);
	mt_writer_free(w);
	ATF_REQUIRE_EQ(MT_OK, mt_capture_open(&whole, "x.bin", NULL));
	ATF_CHECK_EQ(0, mt_capture_meta(whole)->flags);
	ATF_REQUIRE_EQ(0, ftruncate(fd, sites_at("x.bin")));
	ATF_REQUIRE_EQ(MT_OK, mt_capture_open(&cut, "x.bin", NULL));
	ATF_CHECK_EQ(MT_CAPTURE_CUT | MT_CAPTURE_REBUILT,
	    mt_capture_meta(cut)->flags);
	check_same(whole, cut);
	mt_capture_close(whole);
	mt_capture_close(cut);
}

ATF_TP_ADD_TCS(tp)
{
	ATF_TP_ADD_TC(tp, rebuilt_as_recorded);
	return (atf_no_error());
}
