#include <atf-c.h>
#include <errno.h>

#include "capture_subr.h"

static void
check_golden(const atf_tc_t *tc, const char *name, unsigned flags,
    size_t events)
{
	struct mt_event ev[SOME];
	struct mt_capture *c;
	struct mt_error e;
	char path[4096];
	size_t i;

	(void)snprintf(path, sizeof(path), "%s/%s",
	    atf_tc_get_config_var(tc, "srcdir"), name);
	ATF_REQUIRE_EQ_MSG(MT_OK, mt_capture_open(&c, path, &e), "%s",
	    e.text);
	check_meta(c, flags);
	check_tables(c);
	check_samples(c);
	ATF_REQUIRE_EQ(events, read_events(c, ev));
	for (i = 0; i < events; i++)
		check_event(&golden_events[i], &ev[i]);
	ATF_CHECK_EQ(events, read_events(c, ev));
	ATF_CHECK_EQ(flags, mt_capture_meta(c)->flags);
	mt_capture_close(c);
}

ATF_TC_WITHOUT_HEAD(golden_zlib);
ATF_TC_BODY(golden_zlib, tc)
{
	check_golden(tc, "v1.0-zlib.bin", 0, GOLDEN_N(golden_events));
}

ATF_TC_WITHOUT_HEAD(golden_stored);
ATF_TC_BODY(golden_stored, tc)
{
	check_golden(tc, "v1.0-stored.bin", 0, GOLDEN_N(golden_events));
}

ATF_TC_WITHOUT_HEAD(golden_tables);
ATF_TC_BODY(golden_tables, tc)
{
	check_golden(tc, "v1.0-tables.bin", MT_CAPTURE_AGGREGATED, 0);
}

ATF_TC(golden_later_minor);
ATF_TC_HEAD(golden_later_minor, tc)
{
	atf_tc_set_md_var(tc, "descr",
	    "unknown blocks, columns and keys are passed over");
}
ATF_TC_BODY(golden_later_minor, tc)
{
	check_golden(tc, "v1.7-later.bin", 0, GOLDEN_N(golden_events));
}

ATF_TC_WITHOUT_HEAD(golden_later_major);
ATF_TC_BODY(golden_later_major, tc)
{
	struct file f = load(tc, "v2.0-later.bin");
	struct mt_capture *c;
	struct mt_error e;
	uint8_t *copy;

	ATF_CHECK_EQ(MT_ERR_VERSION, open_bytes(&c, f.data, f.n, &copy, &e));
	ATF_CHECK(c == NULL);
	ATF_CHECK_STREQ("format 2.0; this program reads 1.x", e.text);
	free(copy);
	free(f.data);
}

ATF_TC(behind_the_end);
ATF_TC_HEAD(behind_the_end, tc)
{
	atf_tc_set_md_var(tc, "descr",
	    "bytes behind the end block are none of the capture's");
}
ATF_TC_BODY(behind_the_end, tc)
{
	struct file f = load(tc, "v1.0-zlib.bin");
	struct mt_event ev[SOME];
	struct mt_capture *c;
	uint8_t *copy;

	f.data = realloc(f.data, f.n * 2);
	memcpy(f.data + f.n, f.data, f.n);
	ATF_REQUIRE_EQ(MT_OK, open_bytes(&c, f.data, f.n * 2, &copy, NULL));
	ATF_CHECK_EQ(0, mt_capture_meta(c)->flags);
	ATF_CHECK_EQ(f.n, mt_capture_meta(c)->lost_bytes_of_file);
	ATF_CHECK_EQ(GOLDEN_N(golden_events), read_events(c, ev));
	check_tables(c);
	mt_capture_close(c);
	free(copy);
	free(f.data);
}

ATF_TC_WITHOUT_HEAD(longer_header);
ATF_TC_BODY(longer_header, tc)
{
	struct mt_file_head h = { 1, 3, 40, GOLDEN_START_NS };
	struct file f = load(tc, "v1.0-stored.bin");
	uint8_t *data = malloc(f.n + 8), *copy;
	struct mt_event ev[SOME];
	struct mt_capture *c;

	/* The index does not fit any more, but all blocks are there. */
	ATF_REQUIRE(data != NULL);
	mt_block_put_file_head(data, &h);
	memset(data + 32, 0x55, 8);
	memcpy(data + 40, f.data + 32, f.n - 32);
	ATF_REQUIRE_EQ(MT_OK, open_bytes(&c, data, f.n + 8, &copy, NULL));
	ATF_CHECK_EQ(GOLDEN_N(golden_events), read_events(c, ev));
	check_tables(c);
	mt_capture_close(c);
	free(copy);
	free(data);
	free(f.data);
}

static void
check_error(const char *path, const char *data, size_t n, const char *text)
{
	struct mt_capture *c;
	struct mt_error e;
	FILE *f;

	f = fopen(path, "w");
	ATF_REQUIRE(f != NULL);
	ATF_REQUIRE_EQ(n, fwrite(data, 1, n, f));
	ATF_REQUIRE_EQ(0, fclose(f));
	ATF_CHECK_EQ(MT_ERR_FORMAT, mt_capture_open(&c, path, &e));
	ATF_CHECK(c == NULL);
	ATF_CHECK_STREQ(text, e.text);
	ATF_CHECK_EQ(0, e.sys);
	ATF_CHECK_EQ(MT_ERR_FORMAT, mt_capture_open(&c, path, NULL));
}

ATF_TC_WITHOUT_HEAD(errors);
ATF_TC_BODY(errors, tc)
{
	static const char zeroes[100];
	struct mt_capture *c;
	struct mt_error e;

	check_error("x", "", 0, "empty file");
	check_error("x", "\177ELF", 4, "not a memtrace capture");
	check_error("x", zeroes, 100, "not a memtrace capture");
	check_error("x", "memray\0\15", 8,
	    "damaged header of a memray capture");
	ATF_CHECK_EQ(MT_ERR_FORMAT, mt_capture_open(&c, ".", &e));
	ATF_CHECK_STREQ("is a directory", e.text);
	ATF_CHECK_EQ(MT_ERR_SYS, mt_capture_open(&c, "nothing/here", &e));
	ATF_CHECK_EQ(ENOENT, e.sys);
	ATF_CHECK_EQ(MT_ERR_FORMAT, mt_capture_open(&c, "/dev/null", &e));
	ATF_CHECK_STREQ("empty file", e.text);
	/* Endless, but one look is enough. */
	ATF_CHECK_EQ(MT_ERR_FORMAT, mt_capture_open(&c, "/dev/zero", &e));
	ATF_CHECK_STREQ("not a memtrace capture", e.text);
	mt_capture_close(NULL);
}

ATF_TC_WITHOUT_HEAD(no_temporary_file);
ATF_TC_BODY(no_temporary_file, tc)
{
	struct mt_capture *c;
	struct mt_error e;

	ATF_REQUIRE_EQ(0, setenv("TMPDIR", "/nonexistent", 1));
	ATF_CHECK_EQ(MT_ERR_SYS, mt_capture_open(&c, "/dev/null", &e));
	ATF_CHECK_EQ(ENOENT, e.sys);
	ATF_CHECK_STREQ("cannot create a temporary file", e.text);
}

/* Feed a file to a child's standard input through a pipe. */
ATF_TC_WITHOUT_HEAD(standard_input);
ATF_TC_BODY(standard_input, tc)
{
	struct file f = load(tc, "v1.0-zlib.bin");
	struct mt_event ev[SOME];
	struct mt_capture *c;
	struct mt_error e;
	int fd[2];

	ATF_REQUIRE_EQ(0, pipe(fd));
	ATF_REQUIRE_EQ((ssize_t)f.n, write(fd[1], f.data, f.n));
	ATF_REQUIRE_EQ(0, close(fd[1]));
	ATF_REQUIRE_EQ(0, dup2(fd[0], STDIN_FILENO));
	ATF_REQUIRE_EQ_MSG(MT_OK, mt_capture_open(&c, "-", &e), "%s", e.text);
	check_meta(c, 0);
	check_tables(c);
	ATF_CHECK_EQ(GOLDEN_N(golden_events), read_events(c, ev));
	mt_capture_close(c);
	/* It was not ours to close. */
	ATF_CHECK(fcntl(STDIN_FILENO, F_GETFD) != -1);
	free(f.data);
}

ATF_TC_WITHOUT_HEAD(shrinks);
ATF_TC_BODY(shrinks, tc)
{
	struct file f = load(tc, "v1.0-stored.bin");
	struct mt_event ev[SOME];
	struct mt_capture *c;
	int fd;

	fd = open("x.bin", O_RDWR | O_CREAT, 0600);
	ATF_REQUIRE(fd != -1);
	ATF_REQUIRE_EQ((ssize_t)f.n, write(fd, f.data, f.n));
	ATF_REQUIRE_EQ(MT_OK, mt_capture_open(&c, "x.bin", NULL));
	ATF_REQUIRE_EQ(0, ftruncate(fd, 100));
	ATF_CHECK_EQ(0, read_events(c, ev));
	ATF_CHECK(mt_capture_meta(c)->flags & MT_CAPTURE_DAMAGED);
	check_tables(c);
	mt_capture_close(c);
	free(f.data);
}

ATF_TC_WITHOUT_HEAD(allocator_names);
ATF_TC_BODY(allocator_names, tc)
{
	ATF_CHECK_STREQ("malloc", mt_allocator_name(MT_ALLOCATOR_MALLOC));
	ATF_CHECK_STREQ("mmap", mt_allocator_name(MT_ALLOCATOR_MMAP));
	ATF_CHECK_STREQ("unknown", mt_allocator_name(0));
	ATF_CHECK_STREQ("unknown", mt_allocator_name(UINT32_MAX));
}

ATF_TP_ADD_TCS(tp)
{
	ATF_TP_ADD_TC(tp, golden_zlib);
	ATF_TP_ADD_TC(tp, golden_stored);
	ATF_TP_ADD_TC(tp, golden_tables);
	ATF_TP_ADD_TC(tp, golden_later_minor);
	ATF_TP_ADD_TC(tp, golden_later_major);
	ATF_TP_ADD_TC(tp, behind_the_end);
	ATF_TP_ADD_TC(tp, longer_header);
	ATF_TP_ADD_TC(tp, errors);
	ATF_TP_ADD_TC(tp, no_temporary_file);
	ATF_TP_ADD_TC(tp, standard_input);
	ATF_TP_ADD_TC(tp, shrinks);
	ATF_TP_ADD_TC(tp, allocator_names);
	return (atf_no_error());
}
