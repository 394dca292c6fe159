/*
 * Fuzz target: whatever a viewer of a live feed is sent, it must not crash,
 * leak or hang, and the tables that it has made of it must keep the promises
 * of memtrace.h, also when there is a mistake in the middle.
 */

#include <sys/socket.h>

#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "fuzz_cost.h"
#include "mt_feed_in.h"

#define FUZZ_PIECE	16384u	/* bytes that fit in a socket */

/* Steps that an input may take, for each byte and at all. */
#define STEPS_PER_BYTE	UINT64_C(50000)
#define STEPS		UINT64_C(200000000)

int	LLVMFuzzerTestOneInput(const uint8_t *, size_t);

/* Something that a compiler cannot leave out. */
static volatile uint64_t fuzz_sink;

static void
fuzz_string(const char *s)
{
	fuzz_require(s != NULL);
	fuzz_sink += strlen(s);
}

static void
fuzz_tables(struct mt_capture *c)
{
	size_t ncodes, nnodes, nsites, nthreads, i;
	const struct mt_thread *threads;
	const struct mt_code *codes;
	const struct mt_node *nodes;
	const struct mt_site *sites;

	ncodes = mt_capture_codes(c, &codes);
	nnodes = mt_capture_nodes(c, &nodes);
	nsites = mt_capture_sites(c, &sites);
	nthreads = mt_capture_threads(c, &threads);
	for (i = 0; i < ncodes; i++) {
		fuzz_string(codes[i].function);
		fuzz_string(codes[i].file);
		fuzz_sink += mt_line_of(&codes[i], 4);
	}
	for (i = 1; i < nnodes; i++)
		fuzz_require(nodes[i].parent < i && nodes[i].code < ncodes);
	for (i = 0; i < nsites; i++)
		fuzz_require(sites[i].node < nnodes &&
		    sites[i].thread < nthreads);
	for (i = 0; i < nthreads; i++)
		fuzz_string(threads[i].name);
}

static void
fuzz_summary(struct mt_capture *c)
{
	struct mt_summary *s;
	size_t n;

	if (mt_summary_new(&s, MT_VIEW_LEAKS, NULL) != MT_OK)
		return;
	if (mt_summary_push(s, c, NULL) == MT_OK)
		(void)mt_summary_rows(s, 1, &n);
	mt_summary_free(s);
}

static void
fuzz_look(struct mt_feed *f)
{
	struct mt_feed_process p;
	const struct mt_sample *s;
	struct mt_feed_info info;
	size_t i, n;
	int fd;

	mt_feed_info(f, &info);
	for (i = 0; i < info.processes; i++) {
		mt_feed_process(f, i, &p);
		fuzz_string(p.command_line);
		if (p.capture == NULL)
			continue;
		fuzz_tables(p.capture);
		fuzz_summary(p.capture);
		fuzz_require(mt_capture_samples(p.capture, &s, &n, NULL) ==
		    MT_OK);
		if (i == 0 && (fd = open("/dev/null", O_WRONLY)) != -1) {
			(void)mt_feed_save(f, i, fd, NULL);
			(void)close(fd);
		}
	}
}

/* What the input is: frames, frames that were sealed, or sealed records. */
enum fuzz_way { FUZZ_PLAIN, FUZZ_SEALED, FUZZ_RECORDS, FUZZ_WAYS };

static const uint8_t fuzz_token[MT_SEAL_TOKEN] = "anything";

/* Both sides of a greeting. */
static void
fuzz_greet(struct mt_seal **viewer, struct mt_seal **server)
{
	uint8_t message[MT_SEAL_GREETING];

	fuzz_require(mt_seal_new(viewer, MT_SEAL_VIEWER, fuzz_token, "", 0,
	    NULL) == MT_OK);
	fuzz_require(mt_seal_new(server, MT_SEAL_SERVER, fuzz_token, "", 0,
	    NULL) == MT_OK);
	fuzz_require(mt_seal_write(*viewer, message, NULL, 0));
	fuzz_require(mt_seal_read(*server, NULL, message, sizeof(message)));
	fuzz_require(mt_seal_write(*server, message, NULL, 0));
	fuzz_require(mt_seal_read(*viewer, NULL, message, sizeof(message)));
}

static void
fuzz_send(int fd, struct mt_seal *server, const uint8_t *data, size_t n)
{
	uint8_t record[MT_MIRROR_RECORD + FUZZ_PIECE + MT_SEAL_TAG];

	if (server != NULL) {
		mt_put_u16(record, (uint16_t)(n + MT_SEAL_TAG));
		fuzz_require(mt_seal_close(server, record + MT_MIRROR_RECORD,
		    data, n));
		data = record;
		n += MT_MIRROR_RECORD + MT_SEAL_TAG;
	}
	fuzz_require(send(fd, data, n, MSG_NOSIGNAL) == (ssize_t)n);
}

/* Whether it went as far as the end of the input. */
static enum mt_status
fuzz_feed(const uint8_t *data, size_t n, enum fuzz_way way)
{
	struct mt_seal *server = NULL;
	enum mt_status st = MT_OK;
	struct mt_feed *f;
	bool updated;
	size_t k;
	int sv[2];

	f = calloc(1, sizeof(*f));
	if (f == NULL || socketpair(AF_UNIX, SOCK_STREAM, 0, sv) == -1)
		abort();
	f->fd = sv[0];
	fuzz_require(mt_budget_open(&f->budget, 0, NULL) == MT_OK);
	if (way != FUZZ_PLAIN)
		fuzz_greet(&f->seal, &server);
	while (n > 0 && st == MT_OK) {
		k = n > FUZZ_PIECE ? FUZZ_PIECE : n;
		fuzz_send(sv[1], way == FUZZ_SEALED ? server : NULL, data, k);
		data += k;
		n -= k;
		st = mt_feed_step(f, &updated, NULL);
		fuzz_look(f);
	}
	(void)close(sv[1]);
	while (st == MT_OK)
		st = mt_feed_step(f, &updated, NULL);
	fuzz_look(f);
	mt_seal_free(server);
	mt_feed_close(f);
	return (st);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	struct mt_token token;
	unsigned version;

	fuzz_cost_begin();
	/* The seal changes nothing of what is said. */
	fuzz_require(fuzz_feed(data, n, FUZZ_PLAIN) ==
	    fuzz_feed(data, n, FUZZ_SEALED));
	(void)fuzz_feed(data, n, FUZZ_RECORDS);
	if (mt_token_parse(&token, &version, (const char *)data, n))
		fuzz_require(version <= MT_FEED_VERSION);
	fuzz_cost_end(n, STEPS_PER_BYTE, STEPS);
	return (0);
}
