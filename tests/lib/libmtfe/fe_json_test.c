#include <atf-c.h>
#include <math.h>
#include <stdlib.h>

#include "fe_json.h"

/* What was written since open_json(). */
static struct fe_json j;
static char *text;
static size_t len;

static void
open_json(unsigned broken)
{
	FILE *fp = open_memstream(&text, &len);

	ATF_REQUIRE(fp != NULL);
	fe_json_init(&j, fp, broken);
}

static void
check_json(const char *expected)
{
	ATF_REQUIRE(fe_buf_flush(&j.buf));
	ATF_REQUIRE_EQ(0, fclose(j.buf.out));
	ATF_CHECK_STREQ(expected, text);
	free(text);
}

ATF_TC_WITHOUT_HEAD(nothing);
ATF_TC_BODY(nothing, tc)
{
	open_json(1);
	fe_json_object(&j);
	fe_json_end(&j);
	check_json("{}\n");
	open_json(1);
	fe_json_object(&j);
	fe_json_key(&j, "rows");
	fe_json_array(&j);
	fe_json_end(&j);
	fe_json_end(&j);
	check_json("{\n  \"rows\": []\n}\n");
}

ATF_TC(layout);
ATF_TC_HEAD(layout, tc)
{
	atf_tc_set_md_var(tc, "descr", "a row is a line");
}
ATF_TC_BODY(layout, tc)
{
	open_json(1);
	fe_json_object(&j);
	fe_json_key(&j, "rows");
	fe_json_array(&j);
	for (uint64_t i = 1; i <= 2; i++) {
		fe_json_object(&j);
		fe_json_key(&j, "n");
		fe_json_uint(&j, i);
		fe_json_key(&j, "ok");
		fe_json_bool(&j, i == 1);
		fe_json_end(&j);
	}
	fe_json_end(&j);
	fe_json_key(&j, "last");
	fe_json_null(&j);
	fe_json_end(&j);
	check_json("{\n"
	    "  \"rows\": [\n"
	    "    {\"n\": 1, \"ok\": true},\n"
	    "    {\"n\": 2, \"ok\": false}\n"
	    "  ],\n"
	    "  \"last\": null\n"
	    "}\n");
}

ATF_TC_WITHOUT_HEAD(numbers);
ATF_TC_BODY(numbers, tc)
{
	open_json(0);
	fe_json_array(&j);
	fe_json_uint(&j, UINT64_MAX);
	fe_json_decimal(&j, 0);
	fe_json_decimal(&j, 99.876);
	fe_json_decimal(&j, (double)INFINITY);
	fe_json_decimal(&j, (double)NAN);
	fe_json_end(&j);
	check_json("[18446744073709551615, 0.00, 99.88, null, null]\n");
}

static void
check_string(const char *s, const char *expected)
{
	open_json(0);
	fe_json_string(&j, s);
	check_json(expected);
}

ATF_TC_WITHOUT_HEAD(strings);
ATF_TC_BODY(strings, tc)
{
	check_string(NULL, "null");
	check_string("", "\"\"");
	check_string("<module>", "\"<module>\"");
	check_string("a\"b\\c/", "\"a\\\"b\\\\c/\"");
	check_string("\b\f\n\r\t", "\"\\b\\f\\n\\r\\t\"");
	check_string("\001\033\x7f", "\"\\u0001\\u001b\\u007f\"");
	check_string("\xc2\x9b" "1\xe2\x80\xae\xe2\x80\xa8",
	    "\"\\u009b1\\u202e\\u2028\"");
	check_string("\xf0\x9f\x90\x8d", "\"\xf0\x9f\x90\x8d\"");
}

ATF_TC(bad_utf8);
ATF_TC_HEAD(bad_utf8, tc)
{
	atf_tc_set_md_var(tc, "descr", "what is not UTF-8 becomes U+FFFD");
}
ATF_TC_BODY(bad_utf8, tc)
{
	check_string("a\xff" "b\xc3", "\"a\xef\xbf\xbd" "b\xef\xbf\xbd\"");
	/* A lone surrogate, as some encoders write it. */
	check_string("\xed\xb2\x80",
	    "\"\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd\"");
}

ATF_TP_ADD_TCS(tp)
{
	ATF_TP_ADD_TC(tp, nothing);
	ATF_TP_ADD_TC(tp, layout);
	ATF_TP_ADD_TC(tp, numbers);
	ATF_TP_ADD_TC(tp, strings);
	ATF_TP_ADD_TC(tp, bad_utf8);
	return (atf_no_error());
}
