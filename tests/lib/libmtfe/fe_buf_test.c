#include <atf-c.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "fe_buf.h"

static struct fe_buf buf;

/* What printf(3) makes of numbers with all lengths in all bases. */
ATF_TC_WITHOUT_HEAD(numbers);
ATF_TC_BODY(numbers, tc)
{
	char *got, *want;
	size_t ngot, nwant;
	FILE *g = open_memstream(&got, &ngot);
	FILE *w = open_memstream(&want, &nwant);

	ATF_REQUIRE(g != NULL && w != NULL);
	fe_buf_init(&buf, g);
	for (uint64_t v = 1, i = 0; i < 200; i++, v = v * 3 + i % 2) {
		fe_buf_uint(&buf, v);
		fe_buf_char(&buf, ' ');
		fe_buf_int(&buf, (int64_t)v);
		fe_buf_str(&buf, " ");
		fe_buf_hex(&buf, v);
		fe_buf_str(&buf, "\n");
		(void)fprintf(w, "%" PRIu64 " %" PRId64 " 0x%" PRIx64 "\n", v,
		    (int64_t)v, v);
	}
	ATF_CHECK(fe_buf_flush(&buf));
	(void)fclose(g);
	(void)fclose(w);
	ATF_CHECK_STREQ(want, got);
	free(got);
	free(want);
}

static void
check_number(uint64_t v, const char *want, const char *want_hex)
{
	fe_buf_init(&buf, NULL);
	fe_buf_uint(&buf, v);
	ATF_CHECK_EQ(strlen(want), buf.n);
	ATF_CHECK_EQ(0, memcmp(want, buf.data, buf.n));
	fe_buf_init(&buf, NULL);
	fe_buf_hex(&buf, v);
	ATF_CHECK_EQ(strlen(want_hex), buf.n);
	ATF_CHECK_EQ(0, memcmp(want_hex, buf.data, buf.n));
}

ATF_TC_WITHOUT_HEAD(limits);
ATF_TC_BODY(limits, tc)
{
	check_number(0, "0", "0x0");
	check_number(9, "9", "0x9");
	check_number(10, "10", "0xa");
	check_number(99, "99", "0x63");
	check_number(100, "100", "0x64");
	check_number(UINT64_MAX, "18446744073709551615",
	    "0xffffffffffffffff");
	fe_buf_init(&buf, NULL);
	fe_buf_int(&buf, INT64_MIN);
	ATF_CHECK_EQ(20, buf.n);
	ATF_CHECK_EQ(0, memcmp("-9223372036854775808", buf.data, buf.n));
}

ATF_TC(large);
ATF_TC_HEAD(large, tc)
{
	atf_tc_set_md_var(tc, "descr", "pieces of all sizes stay in order");
}
ATF_TC_BODY(large, tc)
{
	const size_t sizes[] = { 1, FE_BUF_BYTES - 1, 1, 1, FE_BUF_BYTES,
	    3 * FE_BUF_BYTES + 7, 5, 0, 1000 };
	char *got, *piece = malloc(4 * FE_BUF_BYTES);
	size_t n, at = 0;
	FILE *g = open_memstream(&got, &n);

	ATF_REQUIRE(g != NULL && piece != NULL);
	fe_buf_init(&buf, g);
	for (size_t i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++) {
		memset(piece, 'a' + (int)i, sizes[i]);
		fe_buf_put(&buf, piece, sizes[i]);
	}
	ATF_CHECK(fe_buf_flush(&buf));
	(void)fclose(g);
	for (size_t i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++)
		for (size_t k = 0; k < sizes[i]; k++, at++)
			ATF_REQUIRE_EQ('a' + (int)i, got[at]);
	ATF_CHECK_EQ(at, n);
	free(got);
	free(piece);
}

ATF_TC_WITHOUT_HEAD(full);
ATF_TC_BODY(full, tc)
{
	FILE *g = fopen("/dev/full", "w");

	if (g == NULL)
		atf_tc_skip("needs /dev/full");
	(void)setvbuf(g, NULL, _IONBF, 0);
	fe_buf_init(&buf, g);
	fe_buf_str(&buf, "text");
	ATF_CHECK(!fe_buf_flush(&buf));
	ATF_CHECK(ferror(g));
	(void)fclose(g);
}

ATF_TP_ADD_TCS(tp)
{
	ATF_TP_ADD_TC(tp, numbers);
	ATF_TP_ADD_TC(tp, limits);
	ATF_TP_ADD_TC(tp, large);
	ATF_TP_ADD_TC(tp, full);
	return (atf_no_error());
}
