/* Captures without events, of programs that run for long. */

#include <sys/stat.h>

#include <atf-c.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <mt_wire.h>

#include "mt_private.h"

#define SECONDS		86400u
#define SITES		3000u
#define CHANGES		500u
#define MIB		(UINT64_C(1) << 20)

/* What a collector does: a file, and a new one when it has grown. */
struct service {
	struct mt_recorder	*r;
	struct mt_writer	*w;
	int			 fd;
	uint64_t		 tables;	/* bytes, by a dump */
	uint64_t		 largest;	/* bytes of any file */
	unsigned		 dumps;
	uint64_t		 next_addr;
	uint64_t		 live[SITES][8];
	uint32_t		 node[SITES];
};

static enum mt_status
put(void *arg, enum mt_block_type type, void *data, size_t len,
    struct mt_error *e)
{
	struct service *s = arg;
	enum mt_status st;

	st = mt_writer_put(s->w, type, data, len, e);
	free(data);
	return (st);
}

static void
open_file(struct service *s, const char *path)
{
	s->fd = open(path, O_RDWR | O_CREAT | O_TRUNC, 0600);
	ATF_REQUIRE(s->fd != -1);
	ATF_REQUIRE_EQ(MT_OK, mt_writer_new(&s->w, s->fd, 0, 1000, NULL));
}

static void
close_file(struct service *s)
{
	struct stat sb;

	mt_writer_free(s->w);
	ATF_REQUIRE_EQ(0, fstat(s->fd, &sb));
	s->largest = (uint64_t)sb.st_size > s->largest ?
	    (uint64_t)sb.st_size : s->largest;
	ATF_REQUIRE_EQ(0, close(s->fd));
}

/* Everything again, into a new file that takes the old one's place. */
static void
rotate(struct service *s)
{
	close_file(s);
	open_file(s, "new.bin");
	ATF_REQUIRE_EQ(MT_OK, mt_recorder_dump(s->r, NULL));
	s->tables = mt_writer_bytes(s->w);
	s->dumps++;
	ATF_REQUIRE_EQ(0, rename("new.bin", "day.bin"));
}

static void
start(struct service *s, uint32_t sites)
{
	const struct mt_sink sink = { put, s };
	struct mt_code c = { "function", "module.py", 1,
	    (const uint8_t *)"0123456789012345", 16, MT_TABLE_LNOTAB };
	uint32_t code, i, thread;

	memset(s, 0, sizeof(*s));
	open_file(s, "day.bin");
	ATF_REQUIRE_EQ(MT_OK, mt_recorder_new(&s->r, &sink,
	    MT_RECORDER_AGGREGATE, NULL));
	ATF_REQUIRE_EQ(MT_OK, mt_recorder_text(s->r, "command_line",
	    "service.py", NULL));
	for (i = 0; i < 4; i++)
		ATF_REQUIRE_EQ(MT_OK, mt_recorder_thread_new(s->r, 77 + i,
		    "worker", &thread, NULL));
	for (i = 0; i < sites; i++) {
		ATF_REQUIRE_EQ(MT_OK, mt_recorder_code_new(s->r, &code,
		    NULL));
		ATF_REQUIRE_EQ(MT_OK, mt_recorder_code_describe(s->r, code,
		    &c, NULL));
		ATF_REQUIRE_EQ(MT_OK, mt_recorder_node(s->r, i == 0 ? 0 :
		    s->node[(uint32_t)random() % i], code, 2, &s->node[i],
		    NULL));
	}
}

/* A block comes; the one that has been there longest may go. */
static void
step(struct service *s, uint32_t site)
{
	uint64_t *slot = &s->live[site][(uint32_t)random() % 8];
	uint32_t thread = site % 4;

	if (*slot != 0)
		ATF_REQUIRE_EQ(MT_OK, mt_recorder_free_at(s->r, thread, *slot,
		    NULL));
	*slot = ++s->next_addr * 4096;
	ATF_REQUIRE_EQ(MT_OK, mt_recorder_alloc(s->r, thread, s->node[site],
	    MT_ALLOCATOR_MALLOC, *slot, (uint64_t)random() % 3000, NULL));
	/* And one that does not live long. */
	ATF_REQUIRE_EQ(MT_OK, mt_recorder_alloc(s->r, thread, s->node[site],
	    MT_ALLOCATOR_MALLOC, 16, site, NULL));
	ATF_REQUIRE_EQ(MT_OK, mt_recorder_free_at(s->r, thread, 16, NULL));
}

/* What happens from one checkpoint to the next. */
static void
second(struct service *s, uint32_t now)
{
	uint64_t ns;
	uint32_t i;

	for (i = 0; i < CHANGES; i++) {
		if (i % (CHANGES / 10) == 0) {
			ns = now * UINT64_C(1000000000) +
			    i * (1000000000 / CHANGES);
			mt_recorder_time(s->r, ns);
			ATF_REQUIRE_EQ(MT_OK, mt_recorder_sample(s->r, ns,
			    50 * MIB + (uint64_t)random() % MIB, 40 * MIB,
			    NULL));
		}
		step(s, (now * 7 + i) % SITES);
	}
	ATF_REQUIRE_EQ(MT_OK, mt_recorder_flush(s->r, NULL));
	if (mt_writer_bytes(s->w) > s->tables * 3 + 8 * MIB)
		rotate(s);
}

ATF_TC(day);
ATF_TC_HEAD(day, tc)
{
	atf_tc_set_md_var(tc, "descr", "A service that runs for a day: never "
	    "is its file larger than 20 MB");
	atf_tc_set_md_var(tc, "timeout", "1200");
}
ATF_TC_BODY(day, tc)
{
	static struct service s;
	const struct mt_sample *samples;
	struct mt_capture *c;
	struct mt_totals t;
	uint32_t end, now;
	size_t n;

	/* All of it is a minute of work: a tenth, unless asked for more. */
	end = atf_tc_get_config_var_as_bool_wd(tc, "full", false) ? SECONDS :
	    SECONDS / 10;
	srandom(9);
	start(&s, SITES);
	for (now = 0; now < end; now++)
		second(&s, now);
	ATF_REQUIRE_EQ(MT_OK, mt_recorder_finish(s.r, NULL));
	ATF_REQUIRE_EQ(MT_OK, mt_writer_finish(s.w, NULL));
	close_file(&s);
	mt_recorder_totals(s.r, &t);
	printf("%u dumps, tables %ju bytes, largest file %ju bytes\n",
	    s.dumps, (uintmax_t)s.tables, (uintmax_t)s.largest);
	ATF_CHECK(s.dumps > 0);
	ATF_CHECK(s.largest < 20000000);
	ATF_REQUIRE_EQ(MT_OK, mt_capture_open(&c, "day.bin", NULL));
	ATF_CHECK_EQ(MT_CAPTURE_AGGREGATED, mt_capture_meta(c)->flags);
	ATF_CHECK_EQ(t.allocations, mt_capture_meta(c)->total_allocations);
	ATF_CHECK_EQ(t.peak, mt_capture_meta(c)->peak_bytes);
	ATF_CHECK_EQ(SITES, mt_capture_sites(c, NULL));
	ATF_REQUIRE_EQ(MT_OK, mt_capture_samples(c, &samples, &n, NULL));
	ATF_CHECK(n > 8000 && n <= 16384);
	mt_capture_close(c);
	mt_recorder_free(s.r);
}

ATF_TP_ADD_TCS(tp)
{
	ATF_TP_ADD_TC(tp, day);
	return (atf_no_error());
}
