#include <atf-c.h>
#include <stdlib.h>
#include <string.h>

#include <zlib.h>

#include "mt_private.h"

/* Compress, expand with zlib, compare. */
static void
round_trip(const uint8_t *in, size_t n)
{
	uint8_t *back = malloc(n + 1);
	size_t len;
	z_stream z;
	void *out;

	ATF_REQUIRE(back != NULL);
	ATF_REQUIRE_EQ(MT_OK, mt_gzip(in, n, &out, &len, NULL));
	memset(&z, 0, sizeof(z));
	ATF_REQUIRE_EQ(Z_OK, inflateInit2(&z, 15 + 16));
	z.next_in = out;
	z.avail_in = (uInt)len;
	z.next_out = back;
	z.avail_out = (uInt)n + 1;
	ATF_CHECK_EQ(Z_STREAM_END, inflate(&z, Z_FINISH));
	ATF_CHECK_EQ(n, z.total_out);
	ATF_CHECK_EQ(0, z.avail_in);
	ATF_CHECK_EQ(0, memcmp(in, back, n));
	(void)inflateEnd(&z);
	free(out);
	free(back);
}

ATF_TC_WITHOUT_HEAD(short_ones);
ATF_TC_BODY(short_ones, tc)
{
	round_trip((const uint8_t *)"", 0);
	round_trip((const uint8_t *)"x", 1);
	round_trip((const uint8_t *)"no news, no news, no news", 25);
}

ATF_TC(incompressible);
ATF_TC_HEAD(incompressible, tc)
{
	atf_tc_set_md_var(tc, "descr", "what does not shrink still fits");
}
ATF_TC_BODY(incompressible, tc)
{
	const size_t n = 3000000;
	uint8_t *in = malloc(n);
	uint32_t x = 1;

	ATF_REQUIRE(in != NULL);
	for (size_t i = 0; i < n; i++) {
		x = x * 1664525 + 1013904223;
		in[i] = (uint8_t)(x >> 24);
	}
	round_trip(in, n);
	memset(in, 0, n);
	round_trip(in, n);
	free(in);
}

ATF_TC(same);
ATF_TC_HEAD(same, tc)
{
	atf_tc_set_md_var(tc, "descr", "no time, no name in the header");
}
ATF_TC_BODY(same, tc)
{
	const uint8_t *p;
	size_t n;
	void *out;

	ATF_REQUIRE_EQ(MT_OK, mt_gzip("abc", 3, &out, &n, NULL));
	p = out;
	ATF_REQUIRE(n >= 18);
	ATF_CHECK_EQ(0x1f, p[0]);
	ATF_CHECK_EQ(0x8b, p[1]);
	ATF_CHECK_EQ(8, p[2]);
	for (int i = 3; i < 8; i++)
		ATF_CHECK_EQ(0, p[i]);
	free(out);
}

ATF_TP_ADD_TCS(tp)
{
	ATF_TP_ADD_TC(tp, short_ones);
	ATF_TP_ADD_TC(tp, incompressible);
	ATF_TP_ADD_TC(tp, same);
	return (atf_no_error());
}
