/*
 * Fuzz target: whatever a child that reads modules says, which a crash in a
 * library may have made anything, its parent must not crash, leak or hang, and
 * what it writes are the symbols of a capture.
 *
 * The input is what comes through the pipe.  The functions that read it are
 * not for others, so they are taken in here.
 */

#include "mt_sym.c"

#include "fuzz_cost.h"

#define STEPS_PER_BYTE	UINT64_C(2000)
#define STEPS		UINT64_C(2000000)
#define MODULES		5u
#define PIECE		61u	/* bytes that come at a time */

int	LLVMFuzzerTestOneInput(const uint8_t *, size_t);

static struct mt_module modules[MODULES] = {
	{ .path = "/lib/a.so", .code = 1, .naddresses = 3 },
	{ .path = "/lib/a.so", .code = 2, .naddresses = 1 },
	{ .path = "/lib/b.so", .code = 3, .naddresses = 2 },
	{ .path = "/lib/c.so", .code = 4, .naddresses = 4 },
	{ .path = "", .code = 5, .naddresses = 1 }
};

static const struct mt_sym_options options;

/* As hear(), without a pipe. */
static void
fuzz_hear(struct mt_sym *s, struct job *j, const uint8_t *p, size_t n)
{
	size_t k;

	for (; n > 0; p += k, n -= k) {
		k = n < PIECE ? n : PIECE;
		mt_sym_put_bytes(&j->heard, p, k);
		if (j->heard.failed || !understand(s, j))
			break;
	}
	if (j->module != NONE)
		give_up(s, j->module, UNREAD);
}

static void
fuzz_results(struct mt_sym *s)
{
	size_t i, len;
	void *data;

	for (i = 0; i < s->n; i++) {
		(void)get_module(s, i, NULL, &s->result[i], NULL);
		if (s->result[i].note == NULL)
			set_note(&s->result[i], UNREAD);
		fuzz_require(s->result[i].note != NULL &&
		    s->result[i].resolved <= modules[i].naddresses);
	}
	fuzz_require(s->done <= s->n);
	if (mt_sym_payload(s, 0, s->n, &data, &len, NULL) == MT_OK)
		fuzz_require(len > 0);
	free(data);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	static const uint32_t address[] = { 1, 0x1000, 0x2000, 0x3000 };
	struct mt_sym *s = calloc(1, sizeof(*s));
	unsigned i;

	fuzz_cost_begin();
	fuzz_require(s != NULL);
	for (i = 0; i < MODULES; i++) {
		modules[i].address = address;
		modules[i].build_id = (const uint8_t *)"";
	}
	s->n = MODULES;
	s->work.module = modules;
	s->options = &options;
	s->message = calloc(MODULES, sizeof(*s->message));
	s->result = calloc(MODULES, sizeof(*s->result));
	s->jobs = 1;
	s->job[0].fd = -1;
	s->job[0].module = NONE;
	fuzz_require(s->message != NULL && s->result != NULL);
	fuzz_hear(s, &s->job[0], data, n);
	fuzz_results(s);
	mt_sym_free(s);
	fuzz_cost_end(n, STEPS_PER_BYTE, STEPS);
	return (0);
}
