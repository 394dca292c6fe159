#include <sys/mount.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>

#include <atf-c.h>
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "mt_block.h"
#include "mt_tables.h"

static int
create(const char *path)
{
	int fd = open(path, O_RDWR | O_CREAT | O_TRUNC, 0600);

	ATF_REQUIRE(fd != -1);
	return (fd);
}

static struct mt_writer *
writer(int fd, unsigned flags)
{
	struct mt_writer *w;
	struct mt_error e;

	ATF_REQUIRE_EQ_MSG(MT_OK, mt_writer_new(&w, fd, flags, 1000, &e),
	    "%s", e.text);
	return (w);
}

static struct mt_capture *
reader(const char *path, unsigned flags)
{
	struct mt_capture *c;
	struct mt_error e;

	ATF_REQUIRE_EQ_MSG(MT_OK, mt_capture_open(&c, path, &e), "%s",
	    e.text);
	ATF_CHECK_EQ(flags, mt_capture_meta(c)->flags);
	return (c);
}

static uint64_t
size_of(int fd)
{
	struct stat sb;

	ATF_REQUIRE_EQ(0, fstat(fd, &sb));
	return ((uint64_t)sb.st_size);
}

/* A code with a line table of n bytes that do not compress. */
static enum mt_status
put_code(struct mt_writer *w, uint32_t id, size_t n, bool noise,
    struct mt_error *e)
{
	struct mt_code code = { "f", "a.py", 1, NULL, n, 0 };
	struct mt_buf b = { NULL, 0, 0, false };
	uint8_t *table = calloc(1, n + 1);
	uint32_t seed = id + 1;
	enum mt_status st;
	size_t i;

	for (i = 0; noise && i < n; i++) {
		seed = seed * 1664525 + 1013904223;
		table[i] = (uint8_t)(seed >> 24);
	}
	code.table = table;
	mt_tables_put_code(&b, id, &code);
	st = mt_writer_put(w, MT_BLOCK_CODES, b.data, b.len, e);
	mt_buf_fini(&b);
	free(table);
	return (st);
}

static enum mt_status
put_sites(struct mt_writer *w, struct mt_error *e)
{
	struct mt_buf b = { NULL, 0, 0, false };
	enum mt_status st;

	mt_tables_put_sites(&b, NULL, 0);
	st = mt_writer_put(w, MT_BLOCK_SITES, b.data, b.len, e);
	mt_buf_fini(&b);
	return (st);
}

/* Events that do not compress well: n allocations. */
static enum mt_status
put_events(struct mt_writer *w, struct mt_events_enc *enc, unsigned n,
    struct mt_error *e)
{
	static uint64_t r = 1;
	enum mt_status st;
	void *data;
	size_t len;

	for (; n > 0; n--) {
		r = r * 6364136223846793005u + 1442695040888963407u;
		mt_events_put_alloc(enc, 0, 0, 1, r >> 20 << 4, r >> 50);
	}
	ATF_REQUIRE_EQ(MT_OK, mt_events_enc_take(enc, &data, &len, e));
	st = mt_writer_put(w, MT_BLOCK_EVENTS, data, len, e);
	free(data);
	return (st);
}

static uint64_t
count_events(struct mt_capture *c)
{
	struct mt_event ev[256];
	uint64_t total = 0;
	size_t n;

	while (mt_capture_events(c, ev, 256, &n, NULL) == MT_OK)
		total += n;
	return (total);
}

ATF_TC_WITHOUT_HEAD(empty);
ATF_TC_BODY(empty, tc)
{
	int fd = create("x.bin");
	struct mt_writer *w = writer(fd, 0);
	struct mt_capture *c;

	ATF_CHECK_EQ(32, mt_writer_bytes(w));
	ATF_CHECK_EQ(MT_OK, mt_writer_finish(w, NULL));
	ATF_CHECK_EQ(size_of(fd), mt_writer_bytes(w));
	mt_writer_free(w);
	c = reader("x.bin", MT_CAPTURE_REBUILT);
	ATF_CHECK_EQ(1000, mt_capture_meta(c)->start_time_ns);
	ATF_CHECK_EQ(0, mt_capture_sites(c, NULL));
	ATF_CHECK_EQ(1, mt_capture_nodes(c, NULL));
	ATF_CHECK_EQ(1, mt_capture_codes(c, NULL));
	ATF_CHECK_EQ(1, mt_capture_threads(c, NULL));
	mt_capture_close(c);
	mt_writer_free(NULL);
}

/* Bytes of a capture with a code whose table is 10000 bytes. */
static uint64_t
code_bytes(unsigned flags, bool noise)
{
	int fd = create("x.bin");
	struct mt_writer *w = writer(fd, flags);
	const struct mt_code *code;
	struct mt_capture *c;
	uint64_t n;

	ATF_CHECK_EQ(MT_OK, put_code(w, 0, 10000, noise, NULL));
	ATF_CHECK_EQ(MT_OK, put_sites(w, NULL));
	ATF_CHECK_EQ(MT_OK, mt_writer_finish(w, NULL));
	n = mt_writer_bytes(w);
	mt_writer_free(w);
	c = reader("x.bin", 0);
	ATF_REQUIRE_EQ(1, mt_capture_codes(c, &code));
	ATF_CHECK_EQ(10000, code->table_len);
	mt_capture_close(c);
	ATF_REQUIRE_EQ(0, close(fd));
	return (n);
}

ATF_TC_WITHOUT_HEAD(compression);
ATF_TC_BODY(compression, tc)
{
	ATF_CHECK(code_bytes(0, false) < 1000);
	ATF_CHECK(code_bytes(MT_WRITER_NO_COMPRESS, false) > 10000);
	/* What compression would make larger is stored as it is. */
	ATF_CHECK(code_bytes(0, true) <= code_bytes(MT_WRITER_NO_COMPRESS,
	    true));
}

ATF_TC_WITHOUT_HEAD(split);
ATF_TC_BODY(split, tc)
{
	const size_t n = MT_BLOCK_RAW_MAX + 5000;
	int fd = create("x.bin");
	struct mt_writer *w = writer(fd, 0);
	const struct mt_code *code;
	struct mt_capture *c;

	ATF_CHECK_EQ(MT_OK, put_code(w, 0, n, false, NULL));
	ATF_CHECK_EQ(MT_OK, put_sites(w, NULL));
	ATF_CHECK_EQ(MT_OK, mt_writer_finish(w, NULL));
	mt_writer_free(w);
	/* Such a block is out of all proportion to its file. */
	ATF_REQUIRE_EQ(0, setenv("MEMTRACE_MEMORY_MAX", "4G", 1));
	c = reader("x.bin", 0);
	ATF_REQUIRE_EQ(1, mt_capture_codes(c, &code));
	ATF_CHECK_EQ(n, code->table_len);
	ATF_CHECK_STREQ("a.py", code->file);
	mt_capture_close(c);
}

ATF_TC_WITHOUT_HEAD(limits);
ATF_TC_BODY(limits, tc)
{
	int fd = create("x.bin");
	struct mt_writer *w = writer(fd, 0);
	struct mt_error e;
	void *p = calloc(1, MT_BLOCK_RAW_MAX + 1);

	ATF_CHECK_EQ(MT_ERR_LIMIT, mt_writer_put(w, MT_BLOCK_EVENTS, p,
	    MT_BLOCK_RAW_MAX + 1, &e));
	ATF_CHECK_EQ(MT_OK, mt_writer_put(w, MT_BLOCK_META, NULL, 0, &e));
	ATF_CHECK_EQ(MT_OK, mt_writer_finish(w, &e));
	ATF_CHECK_EQ(MT_ERR_LIMIT, mt_writer_put(w, MT_BLOCK_META, p, 1, &e));
	mt_writer_free(w);
	free(p);
}

ATF_TC_WITHOUT_HEAD(pipe);
ATF_TC_BODY(pipe, tc)
{
	struct mt_capture *c;
	struct mt_writer *w;
	pid_t pid;
	int fd;

	ATF_REQUIRE_EQ(0, mkfifo("fifo", 0600));
	pid = fork();
	ATF_REQUIRE(pid != -1);
	if (pid == 0) {
		fd = open("fifo", O_WRONLY);
		if (mt_writer_new(&w, fd, 0, 1000, NULL) != MT_OK ||
		    mt_writer_reserve(w, 1 << 20, NULL) != MT_OK ||
		    put_code(w, 0, 300000, true, NULL) != MT_OK ||
		    put_sites(w, NULL) != MT_OK ||
		    mt_writer_finish(w, NULL) != MT_OK)
			_exit(1);
		_exit(0);
	}
	c = reader("fifo", 0);
	ATF_CHECK_EQ(1, mt_capture_codes(c, NULL));
	mt_capture_close(c);
	ATF_REQUIRE_EQ(pid, waitpid(pid, &fd, 0));
	ATF_CHECK_EQ(0, fd);
}

ATF_TC_WITHOUT_HEAD(broken_pipe);
ATF_TC_BODY(broken_pipe, tc)
{
	struct mt_events_enc *enc = mt_events_enc_new();
	struct mt_writer *w;
	struct mt_error e;
	int fd[2];

	ATF_REQUIRE(signal(SIGPIPE, SIG_IGN) != SIG_ERR);
	ATF_REQUIRE_EQ(0, pipe(fd));
	w = writer(fd[1], 0);
	ATF_REQUIRE_EQ(0, close(fd[0]));
	ATF_CHECK_EQ(MT_ERR_SYS, put_events(w, enc, 10, &e));
	ATF_CHECK_EQ(EPIPE, e.sys);
	e.sys = 0;
	ATF_CHECK_EQ(MT_ERR_SYS, put_events(w, enc, 10, &e));
	ATF_CHECK_EQ(EPIPE, e.sys);
	ATF_CHECK_EQ(MT_ERR_SYS, mt_writer_finish(w, &e));
	ATF_CHECK_EQ(EPIPE, e.sys);
	mt_writer_free(w);
	mt_events_enc_free(enc);
}

ATF_TC_WITHOUT_HEAD(full_device);
ATF_TC_BODY(full_device, tc)
{
	struct mt_writer *w;
	struct mt_error e;
	int fd = open("/dev/full", O_WRONLY);

	if (fd == -1)
		atf_tc_skip("no /dev/full");
	ATF_CHECK_EQ(MT_ERR_SYS, mt_writer_new(&w, fd, 0, 0, &e));
	ATF_CHECK_EQ(ENOSPC, e.sys);
	ATF_CHECK(w == NULL);
}

/*
 * Write events until they are refused, then the rest; the capture must be
 * whole, apart from the events that were refused.
 */
static void
fill_up(const char *path, int error, unsigned most)
{
	struct mt_events_enc *enc = mt_events_enc_new();
	int fd = create(path);
	struct mt_writer *w = writer(fd, 0);
	struct mt_capture *c;
	struct mt_error e;
	unsigned n = 0;
	uint64_t end;

	ATF_CHECK_EQ(MT_OK, mt_writer_reserve(w, 100000, &e));
	while (put_events(w, enc, 1000, &e) == MT_OK)
		ATF_REQUIRE(++n < most);
	ATF_CHECK_EQ(error, e.sys);
	ATF_CHECK(n > 0);
	end = mt_writer_bytes(w);
	ATF_CHECK_EQ(end, size_of(fd));
	e.sys = 0;
	ATF_CHECK_EQ(MT_ERR_SYS, put_events(w, enc, 1, &e));
	ATF_CHECK_EQ(error, e.sys);
	ATF_CHECK_EQ(end, mt_writer_bytes(w));
	ATF_CHECK_EQ(MT_OK, put_code(w, 0, 90000, true, &e));
	ATF_CHECK_EQ(MT_OK, put_sites(w, &e));
	e.sys = 0;
	ATF_CHECK_EQ(MT_ERR_SYS, mt_writer_finish(w, &e));
	ATF_CHECK_EQ(error, e.sys);
	mt_writer_free(w);
	mt_events_enc_free(enc);
	c = reader(path, MT_CAPTURE_DISK_FULL);
	ATF_CHECK_EQ(n * 1000, count_events(c));
	ATF_CHECK_EQ(1, mt_capture_codes(c, NULL));
	ATF_CHECK_EQ(0, mt_capture_meta(c)->lost_bytes_of_file);
	mt_capture_close(c);
	ATF_REQUIRE_EQ(0, close(fd));
}

ATF_TC_WITHOUT_HEAD(file_size_limit);
ATF_TC_BODY(file_size_limit, tc)
{
	const struct rlimit rl = { 400000, 400000 };

	/* Without a handler for SIGXFSZ: it is not supposed to come. */
	ATF_REQUIRE_EQ(0, setrlimit(RLIMIT_FSIZE, &rl));
	fill_up("x.bin", EFBIG, 1000);
}

ATF_TC(disk_full);
ATF_TC_HEAD(disk_full, tc)
{
	atf_tc_set_md_var(tc, "descr", "on a small file system of its own");
}
ATF_TC_BODY(disk_full, tc)
{
	ATF_REQUIRE_EQ(0, mkdir("mnt", 0700));
	if (unshare(CLONE_NEWNS) == -1 &&
	    unshare(CLONE_NEWUSER | CLONE_NEWNS) == -1)
		atf_tc_skip("may not have a mount namespace");
	if (mount("none", "/", NULL, MS_REC | MS_PRIVATE, NULL) == -1 ||
	    mount("tmpfs", "mnt", "tmpfs", 0, "size=1m") == -1)
		atf_tc_skip("may not mount a file system");
	fill_up("mnt/x.bin", ENOSPC, 1000);
	(void)umount("mnt");
}

ATF_TC_WITHOUT_HEAD(tables_do_not_fit);
ATF_TC_BODY(tables_do_not_fit, tc)
{
	struct rlimit rl;
	int fd = create("x.bin");
	struct mt_writer *w = writer(fd, 0);
	struct mt_capture *c;
	struct mt_error e;
	uint64_t end;

	ATF_CHECK_EQ(MT_OK, put_code(w, 0, 100, true, &e));
	end = mt_writer_bytes(w);
	ATF_REQUIRE(signal(SIGXFSZ, SIG_IGN) != SIG_ERR);
	rl.rlim_cur = rl.rlim_max = end + 1000;
	ATF_REQUIRE_EQ(0, setrlimit(RLIMIT_FSIZE, &rl));
	/* Half of it is written, and taken back. */
	ATF_CHECK_EQ(MT_ERR_SYS, put_code(w, 1, 2000, true, &e));
	ATF_CHECK_EQ(EFBIG, e.sys);
	ATF_CHECK_EQ(end, size_of(fd));
	/* A capture without some of its tables must not look whole. */
	ATF_CHECK_EQ(MT_ERR_SYS, mt_writer_finish(w, &e));
	mt_writer_free(w);
	ATF_CHECK_EQ(end, size_of(fd));
	c = reader("x.bin", MT_CAPTURE_CUT | MT_CAPTURE_REBUILT);
	ATF_CHECK_EQ(1, mt_capture_codes(c, NULL));
	mt_capture_close(c);
}

ATF_TC_WITHOUT_HEAD(reserve_is_given_back);
ATF_TC_BODY(reserve_is_given_back, tc)
{
	int fd = create("x.bin");
	struct mt_writer *w = writer(fd, 0);
	struct stat sb;

	ATF_CHECK_EQ(MT_OK, mt_writer_reserve(w, 8 << 20, NULL));
	ATF_CHECK_EQ(32, size_of(fd));
	ATF_CHECK_EQ(MT_OK, mt_writer_finish(w, NULL));
	mt_writer_free(w);
	ATF_REQUIRE_EQ(0, fstat(fd, &sb));
	ATF_CHECK(sb.st_blocks * 512 < 1 << 20);
}

ATF_TC_WITHOUT_HEAD(appended);
ATF_TC_BODY(appended, tc)
{
	struct mt_writer *w;
	char path[64];
	int fd = create("x.bin");
	struct mt_capture *c;

	ATF_REQUIRE_EQ(5, write(fd, "hello", 5));
	ATF_REQUIRE_EQ(0, close(fd));
	fd = open("x.bin", O_RDWR | O_APPEND);
	ATF_REQUIRE(fd != -1);
	w = writer(fd, 0);
	ATF_CHECK_EQ(MT_OK, put_sites(w, NULL));
	ATF_CHECK_EQ(MT_OK, mt_writer_finish(w, NULL));
	ATF_CHECK_EQ(size_of(fd), mt_writer_bytes(w) + 5);
	mt_writer_free(w);
	/* Standard input may stand at any place of a file. */
	ATF_REQUIRE_EQ(5, lseek(fd, 5, SEEK_SET));
	ATF_REQUIRE_EQ(0, dup2(fd, 0));
	c = reader("-", 0);
	mt_capture_close(c);
	(void)snprintf(path, sizeof(path), "x.bin");
	ATF_CHECK_EQ(MT_ERR_FORMAT, mt_capture_open(&c, path, NULL));
}

ATF_TP_ADD_TCS(tp)
{
	ATF_TP_ADD_TC(tp, empty);
	ATF_TP_ADD_TC(tp, compression);
	ATF_TP_ADD_TC(tp, split);
	ATF_TP_ADD_TC(tp, limits);
	ATF_TP_ADD_TC(tp, pipe);
	ATF_TP_ADD_TC(tp, broken_pipe);
	ATF_TP_ADD_TC(tp, full_device);
	ATF_TP_ADD_TC(tp, file_size_limit);
	ATF_TP_ADD_TC(tp, disk_full);
	ATF_TP_ADD_TC(tp, tables_do_not_fit);
	ATF_TP_ADD_TC(tp, reserve_is_given_back);
	ATF_TP_ADD_TC(tp, appended);
	return (atf_no_error());
}
