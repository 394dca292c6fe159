#include <atf-c.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <mt_wire.h>

#include "memtrace.h"

static struct mt_code
code_of(unsigned kind, const uint8_t *table, size_t len)
{
	struct mt_code c;

	memset(&c, 0, sizeof(c));
	c.function = c.file = "";
	c.first_line = 10;
	c.table = table;
	c.table_len = len;
	c.table_kind = kind;
	return (c);
}

ATF_TC_WITHOUT_HEAD(first_line);
ATF_TC_BODY(first_line, tc)
{
	struct mt_code c;
	unsigned kind;

	for (kind = 0; kind < 8; kind++) {
		c = code_of(kind, NULL, 0);
		ATF_CHECK_EQ(10, mt_line_of(&c, 0));
		ATF_CHECK_EQ(10, mt_line_of(&c, -2));
		ATF_CHECK_EQ(10, mt_line_of(&c, INT32_MIN));
		if (kind != MT_TABLE_OFFSET_IS_LINE && kind != MT_TABLE_NATIVE)
			ATF_CHECK_EQ(10, mt_line_of(&c, INT32_MAX));
	}
}

ATF_TC_WITHOUT_HEAD(offset_is_line);
ATF_TC_BODY(offset_is_line, tc)
{
	struct mt_code c = code_of(MT_TABLE_OFFSET_IS_LINE, NULL, 0);

	ATF_CHECK_EQ(77, mt_line_of(&c, 77));
	ATF_CHECK_EQ(INT32_MAX, mt_line_of(&c, INT32_MAX));
}

ATF_TC_WITHOUT_HEAD(lnotab);
ATF_TC_BODY(lnotab, tc)
{
	static const uint8_t table[] = { 0, 1, 6, 1, 50, 0xfe, 255, 0, 1, 127 };
	struct mt_code c = code_of(MT_TABLE_LNOTAB, table, sizeof(table));

	ATF_CHECK_EQ(11, mt_line_of(&c, 0));
	ATF_CHECK_EQ(11, mt_line_of(&c, 5));
	ATF_CHECK_EQ(12, mt_line_of(&c, 6));
	ATF_CHECK_EQ(10, mt_line_of(&c, 56));
	ATF_CHECK_EQ(10, mt_line_of(&c, 311));
	ATF_CHECK_EQ(137, mt_line_of(&c, 312));
}

ATF_TC_WITHOUT_HEAD(lines310);
ATF_TC_BODY(lines310, tc)
{
	static const uint8_t table[] = { 2, 0x80, 4, 1, 2, 0x80, 2, 0xfd };
	struct mt_code c = code_of(MT_TABLE_LINES310, table, sizeof(table));

	ATF_CHECK_EQ(10, mt_line_of(&c, 0));
	ATF_CHECK_EQ(11, mt_line_of(&c, 2));
	ATF_CHECK_EQ(11, mt_line_of(&c, 6));
	ATF_CHECK_EQ(8, mt_line_of(&c, 8));
	ATF_CHECK_EQ(8, mt_line_of(&c, 100));
}

ATF_TC_WITHOUT_HEAD(locations);
ATF_TC_BODY(locations, tc)
{
	static const uint8_t table[] = {
		0xf8,				/* none, 2 bytes */
		0xd9, 1, 2,			/* one line on, 4 bytes */
		0xf0, 0x43, 0x01, 1, 0x41, 1, 1, /* 33 lines back */
		0x80, 0,			/* same line */
		0xe8, 0x40 | 20, 0x02		/* 74 lines on */
	};
	struct mt_code c = code_of(MT_TABLE_LOCATIONS, table, sizeof(table));

	c.first_line = 100;
	ATF_CHECK_EQ(100, mt_line_of(&c, 0));
	ATF_CHECK_EQ(101, mt_line_of(&c, 2));
	ATF_CHECK_EQ(101, mt_line_of(&c, 5));
	ATF_CHECK_EQ(68, mt_line_of(&c, 6));
	ATF_CHECK_EQ(68, mt_line_of(&c, 8));
	ATF_CHECK_EQ(142, mt_line_of(&c, 10));
	ATF_CHECK_EQ(142, mt_line_of(&c, 12));
}

/* Do both ways to ask say the same, at and around each offset? */
static void
check_lines(const struct mt_code *c, const int32_t *offset, size_t n)
{
	struct mt_lines *l = mt_lines_new(c, 1);
	uint32_t line, one;
	size_t i;

	ATF_REQUIRE(l != NULL);
	for (i = 0; i < n; i++) {
		line = mt_lines_get(l, 0, offset[i]);
		one = mt_line_of(c, offset[i]);
		ATF_REQUIRE_EQ_MSG(one, line, "kind %u, offset %d: %u, not "
		    "%u", c->table_kind, (int)offset[i], line, one);
	}
	mt_lines_free(l);
}

ATF_TC(several);
ATF_TC_HEAD(several, tc)
{
	atf_tc_set_md_var(tc, "descr", "Each code object has lines of its "
	    "own, in whatever order they are asked for");
}
ATF_TC_BODY(several, tc)
{
	static const uint8_t one[] = { 2, 1, 2, 0, 2, 1 }, two[] = { 8, 3 };
	struct mt_code c[3];
	struct mt_lines *l;

	c[0] = code_of(MT_TABLE_LINES310, one, sizeof(one));
	c[1] = code_of(MT_TABLE_NATIVE, NULL, 0);
	c[2] = code_of(MT_TABLE_LINES310, two, sizeof(two));
	l = mt_lines_new(c, 3);
	ATF_REQUIRE(l != NULL);
	ATF_CHECK_EQ(13, mt_lines_get(l, 2, 4));
	ATF_CHECK_EQ(12, mt_lines_get(l, 0, 4));
	ATF_CHECK_EQ(7, mt_lines_get(l, 1, 7));
	ATF_CHECK_EQ(11, mt_lines_get(l, 0, 3));
	ATF_CHECK_EQ(13, mt_lines_get(l, 2, 0));
	ATF_CHECK_EQ(10, mt_lines_get(l, 0, -1));
	mt_lines_free(l);
	mt_lines_free(NULL);
}

ATF_TC(garbage);
ATF_TC_HEAD(garbage, tc)
{
	atf_tc_set_md_var(tc, "descr", "Tables of random bytes, each read from "
	    "memory of exactly their length");
}
ATF_TC_BODY(garbage, tc)
{
	int32_t offset[] = { 0, INT32_MAX, -1, 0, INT32_MAX - 1 };
	struct mt_code c;
	uint8_t *table;
	size_t i, len;
	unsigned n;

	srandom(5);
	for (n = 0; n < 100000; n++) {
		len = (size_t)random() % 40;
		table = malloc(len);
		for (i = 0; i < len; i++)
			table[i] = (uint8_t)random();
		c = code_of((unsigned)random() % 6, table, len);
		offset[0] = (int32_t)(random() % 200);
		check_lines(&c, offset, sizeof(offset) / sizeof(offset[0]));
		free(table);
	}
}

/* ---- What interpreters say -------------------------------------------- */

static size_t
unhex(char *s)
{
	static const char digits[] = "0123456789abcdef";
	size_t i;

	if (strcmp(s, "-") == 0)
		return (0);
	for (i = 0; s[2 * i] != '\0'; i++)
		s[i] = (char)((strchr(digits, s[2 * i]) - digits) * 16 +
		    (strchr(digits, s[2 * i + 1]) - digits));
	return (i);
}

/* A line of mt_line.py's; returns the number of offsets that it is about. */
static long
check_code(char *s)
{
	struct mt_code c;
	struct mt_lines *lines;
	char *end, *table;
	long kind, len, next, off, line;

	kind = strtol(s, &s, 10);
	c = code_of((unsigned)kind, NULL, 0);
	c.first_line = (uint32_t)strtoul(s, &s, 10);
	table = ++s;
	s += strcspn(s, " ");
	*s++ = '\0';
	c.table_len = unhex(table);
	c.table = (const uint8_t *)table;
	lines = mt_lines_new(&c, 1);
	ATF_REQUIRE(lines != NULL);
	len = strtol(s, &s, 10);
	for (off = strtol(s, &s, 10); off < len; off = next) {
		ATF_REQUIRE_EQ(':', *s);
		line = strtol(s + 1, &s, 10);
		next = strtol(s, &end, 10);
		if (end == s)
			next = len;
		for (s = end; off < next; off++) {
			ATF_REQUIRE_EQ_MSG(line, mt_line_of(&c,
			    (int32_t)off), "first line %u, offset %ld: "
			    "%u, not %ld", c.first_line, off,
			    mt_line_of(&c, (int32_t)off), line);
			ATF_REQUIRE_EQ(line, mt_lines_get(lines, 0,
			    (int32_t)off));
		}
	}
	mt_lines_free(lines);
	return (len);
}

static void
check_python(const char *python, const char *srcdir)
{
	char command[9000], *line;
	FILE *fp;
	size_t cap;
	long codes, offsets;

	(void)snprintf(command, sizeof(command), "'%s' '%s/mt_line.py'",
	    python, srcdir);
	fp = popen(command, "r");
	ATF_REQUIRE(fp != NULL);
	line = NULL;
	cap = 0;
	for (codes = offsets = 0; getline(&line, &cap, fp) != -1; codes++)
		offsets += check_code(line);
	free(line);
	ATF_CHECK_EQ_MSG(0, pclose(fp), "%s", python);
	printf("%s: %ld offsets of %ld code objects\n", python, offsets,
	    codes);
	ATF_CHECK_MSG(codes > 1000, "%s", python);
}

ATF_TC(pythons);
ATF_TC_HEAD(pythons, tc)
{
	atf_tc_set_md_var(tc, "descr", "Every offset of some thousand code "
	    "objects, by the interpreters that there are");
	atf_tc_set_md_var(tc, "timeout", "900");
}
ATF_TC_BODY(pythons, tc)
{
	const char *srcdir = atf_tc_get_config_var(tc, "srcdir");
	char command[5000], python[4096];
	FILE *fp;

	(void)snprintf(command, sizeof(command), "sh '%s/find-pythons.sh'",
	    srcdir);
	fp = popen(command, "r");
	ATF_REQUIRE(fp != NULL);
	while (fgets(python, sizeof(python), fp) != NULL) {
		python[strcspn(python, "\n")] = '\0';
		check_python(python, srcdir);
	}
	if (pclose(fp) != 0)
		atf_tc_skip("no Python");
}

ATF_TP_ADD_TCS(tp)
{
	ATF_TP_ADD_TC(tp, first_line);
	ATF_TP_ADD_TC(tp, offset_is_line);
	ATF_TP_ADD_TC(tp, lnotab);
	ATF_TP_ADD_TC(tp, lines310);
	ATF_TP_ADD_TC(tp, locations);
	ATF_TP_ADD_TC(tp, several);
	ATF_TP_ADD_TC(tp, garbage);
	ATF_TP_ADD_TC(tp, pythons);
	return (atf_no_error());
}
