/*
 * What the tests of captures share: golden captures in memory, and whether
 * an open one says what it should.
 */

#ifndef CAPTURE_SUBR_H
#define CAPTURE_SUBR_H

#include <sys/stat.h>

#include <atf-c.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "../../golden/golden.h"
#include "mt_capture.h"

#define SOME	100

struct file {
	uint8_t	*data;
	size_t	 n;
};

static inline struct file
load(const atf_tc_t *tc, const char *name)
{
	struct file f = { NULL, 0 };
	struct stat sb;
	char path[4096];
	int fd;

	(void)snprintf(path, sizeof(path), "%s/%s",
	    atf_tc_get_config_var(tc, "srcdir"), name);
	fd = open(path, O_RDONLY);
	ATF_REQUIRE_MSG(fd != -1, "%s", path);
	ATF_REQUIRE_EQ(0, fstat(fd, &sb));
	f.n = (size_t)sb.st_size;
	f.data = malloc(f.n + 1);
	ATF_REQUIRE(f.data != NULL);
	ATF_REQUIRE_EQ((ssize_t)f.n, read(fd, f.data, f.n));
	ATF_REQUIRE_EQ(0, close(fd));
	return (f);
}

/* Open the first n bytes; the copy shows reads beyond them to tools. */
static inline enum mt_status
open_bytes(struct mt_capture **c, const uint8_t *data, size_t n, uint8_t **copy,
    struct mt_error *e)
{
	struct mt_source source;

	*copy = malloc(n == 0 ? 1 : n);
	ATF_REQUIRE(*copy != NULL);
	memcpy(*copy, data, n);
	mt_source_memory(&source, *copy, n);
	return (mt_capture_open_source(c, &source, e));
}

static inline size_t
read_events(struct mt_capture *c, struct mt_event *ev)
{
	size_t n, got = 0;

	mt_capture_rewind(c);
	while (mt_capture_events(c, ev + got, 7, &n, NULL) == MT_OK) {
		got += n;
		ATF_REQUIRE(got + 7 < SOME);
	}
	return (got);
}

static inline void
check_event(const struct mt_event *want, const struct mt_event *got)
{
	ATF_CHECK_EQ(want->type, got->type);
	ATF_CHECK_EQ(want->allocator, got->allocator);
	ATF_CHECK_EQ(want->thread, got->thread);
	ATF_CHECK_EQ(want->node, got->node);
	ATF_CHECK_EQ(want->addr, got->addr);
	ATF_CHECK_EQ(want->size, got->size);
	ATF_CHECK_EQ(want->ref, got->ref);
	ATF_CHECK_EQ(want->time_ns, got->time_ns);
}

static inline void
check_meta(struct mt_capture *c, unsigned flags)
{
	const struct mt_meta *m = mt_capture_meta(c);

	ATF_CHECK_STREQ("memray-run app.py --size 3", m->command_line);
	ATF_CHECK_STREQ("3.12.1", m->python_version);
	ATF_CHECK_STREQ("pymalloc", m->python_allocator);
	ATF_CHECK_EQ(4711, m->pid);
	ATF_CHECK_EQ(GOLDEN_START_NS, m->start_time_ns);
	ATF_CHECK_EQ(GOLDEN_START_NS + 1000000000, m->end_time_ns);
	ATF_CHECK_EQ(19, m->total_allocations);
	ATF_CHECK_EQ(5000074200, m->total_bytes);
	ATF_CHECK_EQ(5000065769, m->peak_bytes);
	ATF_CHECK_EQ(GOLDEN_START_NS + 1000000, m->peak_time_ns);
	ATF_CHECK_EQ(9, m->leaked_allocations);
	ATF_CHECK_EQ(58601, m->leaked_bytes);
	ATF_CHECK_EQ(2, m->lost_events);
	ATF_CHECK(m->has_exit_status);
	ATF_CHECK_EQ(768, m->exit_status);
	ATF_CHECK(!m->has_native_traces);
	ATF_CHECK(m->trace_python_allocators);
	ATF_CHECK_EQ(flags, m->flags);
	ATF_CHECK_EQ(0, m->lost_bytes_of_file);
}

static inline void
check_codes(struct mt_capture *c)
{
	const struct mt_code *codes;
	size_t i;

	ATF_REQUIRE_EQ(GOLDEN_N(golden_codes), mt_capture_codes(c, &codes));
	for (i = 0; i < GOLDEN_N(golden_codes); i++) {
		ATF_CHECK_STREQ(golden_codes[i].function, codes[i].function);
		ATF_CHECK_STREQ(golden_codes[i].file, codes[i].file);
		ATF_CHECK_EQ(golden_codes[i].first_line, codes[i].first_line);
		ATF_CHECK_EQ(golden_codes[i].table_kind, codes[i].table_kind);
		ATF_REQUIRE_EQ(golden_codes[i].table_len, codes[i].table_len);
		ATF_CHECK(codes[i].table_len == 0 ||
		    memcmp(golden_codes[i].table, codes[i].table,
		    codes[i].table_len) == 0);
	}
}

static inline void
check_tables(struct mt_capture *c)
{
	const struct mt_thread *threads;
	const struct mt_node *nodes;
	const struct mt_site *sites;
	size_t i;

	check_codes(c);
	ATF_REQUIRE_EQ(GOLDEN_N(golden_nodes), mt_capture_nodes(c, &nodes));
	ATF_CHECK_EQ(0, memcmp(golden_nodes, nodes, sizeof(golden_nodes)));
	ATF_REQUIRE_EQ(GOLDEN_N(golden_sites), mt_capture_sites(c, &sites));
	for (i = 0; i < GOLDEN_N(golden_sites); i++)
		ATF_CHECK_EQ(0, memcmp(&golden_sites[i], &sites[i],
		    sizeof(sites[i])));
	ATF_REQUIRE_EQ(3, mt_capture_threads(c, &threads));
	for (i = 0; i < 3; i++)
		ATF_CHECK_EQ(golden_threads[i].tid, threads[i].tid);
	ATF_CHECK_STREQ("MainThread", threads[0].name);
	ATF_CHECK_STREQ(GOLDEN_THREAD_RENAMED, threads[1].name);
	ATF_CHECK_STREQ("Thread-2 (worker)", threads[2].name);
}

static inline void
check_samples(struct mt_capture *c)
{
	const struct mt_sample *s;
	size_t i, n;

	ATF_REQUIRE_EQ(MT_OK, mt_capture_samples(c, &s, &n, NULL));
	ATF_REQUIRE_EQ(GOLDEN_N(golden_samples), n);
	for (i = 0; i < n; i++)
		ATF_CHECK_EQ(0, memcmp(&golden_samples[i], &s[i],
		    sizeof(*s)));
	/* And again: it is not read twice. */
	ATF_REQUIRE_EQ(MT_OK, mt_capture_samples(c, &s, &n, NULL));
	ATF_CHECK_EQ(GOLDEN_N(golden_samples), n);
}

#endif /* CAPTURE_SUBR_H */
