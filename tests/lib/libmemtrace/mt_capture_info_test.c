#include "capture_subr.h"

static struct mt_capture *
open_golden(const atf_tc_t *tc, const char *name, uint8_t **copy)
{
	struct file f = load(tc, name);
	struct mt_capture *c;

	ATF_REQUIRE_EQ(MT_OK, open_bytes(&c, f.data, f.n, copy, NULL));
	free(f.data);
	return (c);
}

ATF_TC_WITHOUT_HEAD(version);
ATF_TC_BODY(version, tc)
{
	unsigned major = 9, minor = 9;
	struct mt_capture *c;
	uint8_t *copy;

	c = open_golden(tc, "v1.7-later.bin", &copy);
	mt_capture_version(c, &major, &minor);
	ATF_CHECK_EQ(1, major);
	ATF_CHECK_EQ(7, minor);
	mt_capture_close(c);
	free(copy);
}

ATF_TC(blocks);
ATF_TC_HEAD(blocks, tc)
{
	atf_tc_set_md_var(tc, "descr", "blocks follow each other in the file");
}
ATF_TC_BODY(blocks, tc)
{
	struct mt_block_info b;
	struct mt_capture *c;
	unsigned types = 0;
	uint64_t at = 32;
	uint8_t *copy;
	size_t i;

	c = open_golden(tc, "v1.0-zlib.bin", &copy);
	for (i = 0; mt_capture_block(c, i, &b, NULL) == MT_OK; i++) {
		ATF_CHECK_EQ(at, b.offset);
		ATF_REQUIRE(b.type >= 1 && b.type <= 9);
		if ((b.flags & MT_BLOCK_ZLIB) == 0)
			ATF_CHECK_EQ(b.raw_bytes, b.stored_bytes);
		types |= 1u << b.type;
		at = b.offset + 24 + b.stored_bytes;
	}
	/* At least metadata, codes, nodes, threads, events, samples, sites. */
	ATF_CHECK_EQ(0xfe, types & 0xfe);
	ATF_CHECK_EQ(MT_END, mt_capture_block(c, i + 1, &b, NULL));
	mt_capture_close(c);
	free(copy);
}

ATF_TC(changed);
ATF_TC_HEAD(changed, tc)
{
	atf_tc_set_md_var(tc, "descr", "a file that changed since is no block");
}
ATF_TC_BODY(changed, tc)
{
	struct mt_block_info b;
	struct mt_capture *c;
	struct mt_error e;
	uint8_t *copy;

	c = open_golden(tc, "v1.0-zlib.bin", &copy);
	copy[32 + 5] ^= 1;
	ATF_CHECK_EQ(MT_ERR_FORMAT, mt_capture_block(c, 0, &b, &e));
	ATF_CHECK(*e.text != '\0');
	mt_capture_close(c);
	free(copy);
}

ATF_TP_ADD_TCS(tp)
{
	ATF_TP_ADD_TC(tp, version);
	ATF_TP_ADD_TC(tp, blocks);
	ATF_TP_ADD_TC(tp, changed);
	return (atf_no_error());
}
