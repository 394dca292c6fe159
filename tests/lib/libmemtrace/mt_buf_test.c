#include <atf-c.h>
#include <stdlib.h>
#include <string.h>

#include "mt_private.h"

static struct mt_cursor
over(const struct mt_buf *b)
{
	struct mt_cursor c = { b->data, b->data + b->len, false };

	return (c);
}

static struct mt_cursor
bytes(const char *s, size_t n)
{
	struct mt_cursor c = { (const uint8_t *)s, (const uint8_t *)s + n,
	    false };

	return (c);
}

ATF_TC_WITHOUT_HEAD(varint_round_trip);
ATF_TC_BODY(varint_round_trip, tc)
{
	struct mt_buf b = { NULL, 0, 0, false };
	struct mt_cursor c;
	unsigned i;

	for (i = 0; i < 64; i++) {
		mt_buf_put_varint(&b, (UINT64_C(1) << i) - 1);
		mt_buf_put_varint(&b, UINT64_C(1) << i);
	}
	mt_buf_put_varint(&b, UINT64_MAX);
	c = over(&b);
	for (i = 0; i < 64; i++) {
		ATF_CHECK_EQ((UINT64_C(1) << i) - 1, mt_cursor_varint(&c));
		ATF_CHECK_EQ(UINT64_C(1) << i, mt_cursor_varint(&c));
	}
	ATF_CHECK_EQ(UINT64_MAX, mt_cursor_varint(&c));
	ATF_CHECK(!c.bad && c.p == c.end);
	mt_buf_fini(&b);
}

ATF_TC_WITHOUT_HEAD(svarint_round_trip);
ATF_TC_BODY(svarint_round_trip, tc)
{
	static const int64_t v[] = { 0, -1, 1, 63, -64, 64, -65, INT32_MIN,
	    INT64_MAX, INT64_MIN };
	struct mt_buf b = { NULL, 0, 0, false };
	struct mt_cursor c;
	size_t i;

	for (i = 0; i < sizeof(v) / sizeof(v[0]); i++)
		mt_buf_put_svarint(&b, v[i]);
	ATF_CHECK_EQ(1, b.data[1]);
	c = over(&b);
	for (i = 0; i < sizeof(v) / sizeof(v[0]); i++)
		ATF_CHECK_EQ(v[i], mt_cursor_svarint(&c));
	ATF_CHECK(!c.bad && c.p == c.end);
	mt_buf_fini(&b);
}

ATF_TC_WITHOUT_HEAD(varint_too_long);
ATF_TC_BODY(varint_too_long, tc)
{
	struct mt_cursor c;

	c = bytes("\377\377\377\377\377\377\377\377\377\001", 10);
	ATF_CHECK_EQ(UINT64_MAX, mt_cursor_varint(&c));
	ATF_CHECK(!c.bad);
	c = bytes("\377\377\377\377\377\377\377\377\377\002", 10);
	ATF_CHECK_EQ(0, mt_cursor_varint(&c));
	ATF_CHECK(c.bad);
	c = bytes("\200\200\200\200\200\200\200\200\200\200\001", 11);
	ATF_CHECK_EQ(0, mt_cursor_varint(&c));
	ATF_CHECK(c.bad);
}

ATF_TC_WITHOUT_HEAD(bad_is_final);
ATF_TC_BODY(bad_is_final, tc)
{
	struct mt_cursor c;

	c = bytes("\001\200", 2);
	ATF_CHECK_EQ(1, mt_cursor_varint(&c));
	ATF_CHECK(!c.bad);
	ATF_CHECK_EQ(0, mt_cursor_varint(&c));
	ATF_CHECK(c.bad);
	ATF_CHECK_EQ(0, mt_cursor_varint(&c));
	ATF_CHECK(mt_cursor_bytes(&c, 1) == NULL);
	ATF_CHECK(c.p == c.end);
}

ATF_TC_WITHOUT_HEAD(bytes_bounded);
ATF_TC_BODY(bytes_bounded, tc)
{
	struct mt_cursor c = bytes("abc", 3);
	const uint8_t *p;

	p = mt_cursor_bytes(&c, 2);
	ATF_REQUIRE(p != NULL);
	ATF_CHECK_EQ(0, memcmp(p, "ab", 2));
	ATF_CHECK(mt_cursor_bytes(&c, 0) != NULL);
	ATF_CHECK(!c.bad);
	ATF_CHECK(mt_cursor_bytes(&c, SIZE_MAX) == NULL);
	ATF_CHECK(c.bad);
}

ATF_TC_WITHOUT_HEAD(grows);
ATF_TC_BODY(grows, tc)
{
	struct mt_buf b = { NULL, 0, 0, false };
	size_t i;

	mt_buf_put(&b, NULL, 0);
	ATF_CHECK_EQ(0, b.len);
	for (i = 0; i < 100000; i++)
		mt_buf_put(&b, &i, sizeof(i));
	ATF_CHECK_EQ(100000 * sizeof(i), b.len);
	for (i = 0; i < 100000; i++)
		ATF_REQUIRE_EQ(0, memcmp(b.data + i * sizeof(i), &i,
		    sizeof(i)));
	mt_buf_fini(&b);
	ATF_CHECK(b.data == NULL && b.len == 0 && b.cap == 0);
}

ATF_TC_WITHOUT_HEAD(failure_sticks);
ATF_TC_BODY(failure_sticks, tc)
{
	struct mt_buf b = { NULL, 0, 0, false };

	mt_buf_put(&b, "x", 1);
	/* So much cannot be had, and must not be copied. */
	mt_buf_put(&b, "y", SIZE_MAX / 2 + 1);
	ATF_CHECK(b.failed);
	ATF_CHECK_EQ(1, b.len);
	mt_buf_fini(&b);
	ATF_CHECK(!b.failed);
}

ATF_TP_ADD_TCS(tp)
{
	ATF_TP_ADD_TC(tp, varint_round_trip);
	ATF_TP_ADD_TC(tp, svarint_round_trip);
	ATF_TP_ADD_TC(tp, varint_too_long);
	ATF_TP_ADD_TC(tp, bad_is_final);
	ATF_TP_ADD_TC(tp, bytes_bounded);
	ATF_TP_ADD_TC(tp, grows);
	ATF_TP_ADD_TC(tp, failure_sticks);
	return (atf_no_error());
}
