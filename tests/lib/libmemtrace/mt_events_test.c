#include <atf-c.h>
#include <stdlib.h>
#include <string.h>

#include <mt_wire.h>

#include "mt_events.h"

#define MANY	20000

/* Small, and the same numbers everywhere. */
static uint64_t
next(uint64_t *state)
{
	*state = *state * 6364136223846793005u + 1442695040888963407u;
	return (*state >> 33);
}

static void
put(struct mt_events_enc *enc, const struct mt_event *ev)
{
	mt_events_put_time(enc, ev->time_ns);
	switch (ev->type) {
	case MT_EVENT_ALLOC:
		mt_events_put_alloc(enc, ev->thread, ev->node, ev->allocator,
		    ev->addr, ev->size);
		break;
	case MT_EVENT_FREE:
		mt_events_put_free(enc, ev->thread, ev->ref);
		break;
	default:
		mt_events_put_unmap(enc, ev->thread, ev->addr, ev->size);
		break;
	}
}

static void
check(const struct mt_event *want, const struct mt_event *got)
{
	ATF_REQUIRE_EQ(want->type, got->type);
	ATF_REQUIRE_EQ(want->allocator, got->allocator);
	ATF_REQUIRE_EQ(want->thread, got->thread);
	ATF_REQUIRE_EQ(want->node, got->node);
	ATF_REQUIRE_EQ(want->addr, got->addr);
	ATF_REQUIRE_EQ(want->size, got->size);
	ATF_REQUIRE_EQ(want->ref, got->ref);
	ATF_REQUIRE_EQ(want->time_ns, got->time_ns);
}

static void
dec_init(struct mt_events_dec *d)
{
	memset(d, 0, sizeof(*d));
	d->max_node = d->max_thread = UINT32_MAX;
}

/* Take a block and check that it holds these events. */
static void
take(struct mt_events_enc *enc, const struct mt_event *want, size_t n)
{
	struct mt_events_dec d;
	struct mt_event got[100];
	void *data;
	size_t len, i = 0, k, j;

	ATF_REQUIRE_EQ(n, mt_events_enc_count(enc));
	ATF_REQUIRE_EQ(MT_OK, mt_events_enc_take(enc, &data, &len, NULL));
	ATF_CHECK_EQ(0, mt_events_enc_count(enc));
	dec_init(&d);
	ATF_REQUIRE_EQ(MT_OK, mt_events_dec_start(&d, data, len, NULL));
	while ((k = mt_events_dec_next(&d, got, 100)) > 0)
		for (j = 0; j < k; j++)
			check(&want[i++], &got[j]);
	ATF_CHECK_EQ(n, i);
	ATF_CHECK(!d.bad);
	mt_events_dec_fini(&d);
	free(data);
}

/* A program that frees most of what it allocates, and unmaps. */
static void
invent(struct mt_event *ev, size_t n, uint64_t seed)
{
	uint64_t live[64], allocs = 0, time = 0, r;
	size_t i, k, nlive = 0;

	memset(ev, 0, n * sizeof(*ev));
	for (i = 0; i < n; i++) {
		r = next(&seed);
		time += r % 50 == 0 ? r : 0;
		ev[i].time_ns = time;
		ev[i].thread = r % 7 == 0 ? (uint32_t)(r % 5) : 3;
		if (nlive > 0 && (r % 3 == 0 || nlive == 64)) {
			k = (r >> 8) % nlive;
			ev[i].type = MT_EVENT_FREE;
			ev[i].ref = live[k];
			live[k] = live[--nlive];
		} else if (r % 100 == 1) {
			ev[i].type = MT_EVENT_UNMAP;
			ev[i].addr = next(&seed) << 12;
			ev[i].size = r;
		} else {
			ev[i].type = MT_EVENT_ALLOC;
			ev[i].allocator = (uint8_t)(1 + r % 17);
			ev[i].node = (uint32_t)next(&seed) % 99;
			ev[i].size = next(&seed) % 600;
			ev[i].addr = next(&seed) % 999 * 16 + r % 9 / 8;
			ev[i].ref = allocs;
			live[nlive++] = allocs++;
		}
	}
}

ATF_TC_WITHOUT_HEAD(round_trip);
ATF_TC_BODY(round_trip, tc)
{
	struct mt_event *ev = calloc(MANY, sizeof(*ev));
	struct mt_events_enc *enc = mt_events_enc_new();
	size_t i, from = 0;

	ATF_REQUIRE(ev != NULL && enc != NULL);
	invent(ev, MANY, 42);
	for (i = 0; i < MANY; i++) {
		put(enc, &ev[i]);
		if (i % 997 == 0 || i == MANY - 1) {
			take(enc, ev + from, i + 1 - from);
			from = i + 1;
		}
	}
	mt_events_enc_free(enc);
	free(ev);
}

ATF_TC_WITHOUT_HEAD(extremes);
ATF_TC_BODY(extremes, tc)
{
	static const struct mt_event ev[] = {
		{ MT_EVENT_ALLOC, 1, 0, 0, 0, 0, 0, 0 },
		{ MT_EVENT_ALLOC, 61, UINT32_MAX - 1, UINT32_MAX - 1,
		    UINT64_MAX, UINT64_MAX, 1, UINT64_MAX },
		{ MT_EVENT_ALLOC, 12, 0, 1, 1, 512, 2, UINT64_MAX },
		{ MT_EVENT_FREE, 0, 0, 0, 0, 0, 2, UINT64_MAX },
		{ MT_EVENT_ALLOC, 14, 7, UINT32_MAX - 1, 1, 500, 3,
		    UINT64_MAX },
		{ MT_EVENT_UNMAP, 0, 7, 0, 0, UINT64_MAX, 0, UINT64_MAX },
		{ MT_EVENT_ALLOC, 2, 7, 0, UINT64_C(1) << 63, 1, 4,
		    UINT64_MAX },
		{ MT_EVENT_FREE, 0, 7, 0, 0, 0, 0, UINT64_MAX }
	};
	struct mt_events_enc *enc = mt_events_enc_new();
	size_t i;

	/* The largest id would make the encoder's table large, too. */
	for (i = 0; i < sizeof(ev) / sizeof(ev[0]); i++) {
		struct mt_event e = ev[i];

		e.thread = e.thread > 100 ? 100 : e.thread;
		put(enc, &e);
	}
	ATF_CHECK_EQ(8, mt_events_enc_count(enc));
	{
		struct mt_event want[8];

		memcpy(want, ev, sizeof(ev));
		want[1].thread = 100;
		take(enc, want, 8);
	}
	mt_events_enc_free(enc);
}

ATF_TC(guesses);
ATF_TC_HEAD(guesses, tc)
{
	atf_tc_set_md_var(tc, "descr",
	    "an address that was just freed takes one byte");
}
ATF_TC_BODY(guesses, tc)
{
	struct mt_events_enc *enc = mt_events_enc_new();
	size_t before, i;

	for (i = 0; i < 10; i++)
		mt_events_put_alloc(enc, 0, 0, MT_ALLOCATOR_MALLOC,
		    i * 0x123456789000, 100 + i);
	for (i = 0; i < 10; i++)
		mt_events_put_free(enc, 0, i);
	before = mt_events_enc_bytes(enc);
	/* Last in, first out: sizes 100 to 104 share a class, as do 105... */
	for (i = 10; i-- > 0;)
		mt_events_put_alloc(enc, 0, 0, MT_ALLOCATOR_CALLOC,
		    i * 0x123456789000, 100 + i);
	/* One byte each for operation, size and address. */
	ATF_CHECK_EQ(before + 30, mt_events_enc_bytes(enc));
	mt_events_enc_free(enc);
}

ATF_TC_WITHOUT_HEAD(unknown_ids);
ATF_TC_BODY(unknown_ids, tc)
{
	struct mt_events_enc *enc = mt_events_enc_new();
	struct mt_events_dec d;
	struct mt_event ev[3];
	void *data;
	size_t len;

	mt_events_put_alloc(enc, 9, 20, 1, 16, 1);
	mt_events_put_alloc(enc, 1, 10, 1, 32, 1);
	mt_events_put_alloc(enc, 9, 19, 1, 48, 1);
	ATF_REQUIRE_EQ(MT_OK, mt_events_enc_take(enc, &data, &len, NULL));
	memset(&d, 0, sizeof(d));
	d.max_node = 20;
	d.max_thread = 9;
	ATF_REQUIRE_EQ(MT_OK, mt_events_dec_start(&d, data, len, NULL));
	ATF_REQUIRE_EQ(3, mt_events_dec_next(&d, ev, 3));
	ATF_CHECK_EQ(0, ev[0].node);
	ATF_CHECK_EQ(0, ev[0].thread);
	ATF_CHECK_EQ(10, ev[1].node);
	ATF_CHECK_EQ(1, ev[1].thread);
	ATF_CHECK_EQ(19, ev[2].node);
	mt_events_dec_fini(&d);
	free(data);
	mt_events_enc_free(enc);
}

/* Decode n bytes of a copy that ends where they do, so that tools see. */
static size_t
decode(const uint8_t *data, size_t n, bool *bad)
{
	uint8_t *copy = malloc(n + 1);
	struct mt_events_dec d;
	struct mt_event ev[64];
	size_t got = 0, k;

	ATF_REQUIRE(copy != NULL);
	memcpy(copy, data, n);
	dec_init(&d);
	*bad = true;
	if (mt_events_dec_start(&d, copy, n, NULL) == MT_OK) {
		while ((k = mt_events_dec_next(&d, ev, 64)) > 0)
			got += k;
		*bad = d.bad;
	}
	mt_events_dec_fini(&d);
	free(copy);
	return (got);
}

ATF_TC_WITHOUT_HEAD(cut_anywhere);
ATF_TC_BODY(cut_anywhere, tc)
{
	struct mt_events_enc *enc = mt_events_enc_new();
	struct mt_event ev[300];
	void *data;
	size_t len, n;
	bool bad;

	invent(ev, 300, 7);
	for (n = 0; n < 300; n++)
		put(enc, &ev[n]);
	ATF_REQUIRE_EQ(MT_OK, mt_events_enc_take(enc, &data, &len, NULL));
	ATF_CHECK_EQ(300, decode(data, len, &bad));
	ATF_CHECK(!bad);
	for (n = 0; n < len; n++) {
		ATF_CHECK(decode(data, n, &bad) < 300);
		ATF_CHECK(bad);
	}
	free(data);
	mt_events_enc_free(enc);
}

ATF_TC_WITHOUT_HEAD(garbage);
ATF_TC_BODY(garbage, tc)
{
	struct mt_events_enc *enc = mt_events_enc_new();
	struct mt_event ev[300];
	uint64_t seed = 1;
	uint8_t *data;
	void *p;
	size_t len, n;
	bool bad;

	invent(ev, 300, 7);
	for (n = 0; n < 300; n++)
		put(enc, &ev[n]);
	ATF_REQUIRE_EQ(MT_OK, mt_events_enc_take(enc, &p, &len, NULL));
	for (data = p, n = 0; n < 20000; n++) {
		data[next(&seed) % len] = (uint8_t)next(&seed);
		ATF_CHECK(decode(data, len, &bad) <= len);
	}
	free(data);
	mt_events_enc_free(enc);
}

ATF_TC_WITHOUT_HEAD(too_many);
ATF_TC_BODY(too_many, tc)
{
	struct mt_events_enc *enc = mt_events_enc_new();
	struct mt_error e;
	void *data;
	size_t len, i;

	for (i = 0; i <= MT_EVENTS_OPS_MAX; i++)
		mt_events_put_alloc(enc, 0, 0, 1, 16, 1);
	ATF_CHECK_EQ(MT_ERR_LIMIT, mt_events_enc_take(enc, &data, &len, &e));
	/* The next block is not affected. */
	mt_events_put_alloc(enc, 0, 0, 1, 16, 1);
	ATF_CHECK_EQ(1, mt_events_enc_count(enc));
	ATF_CHECK_EQ(MT_OK, mt_events_enc_take(enc, &data, &len, &e));
	free(data);
	mt_events_enc_free(enc);
}

ATF_TC_WITHOUT_HEAD(empty);
ATF_TC_BODY(empty, tc)
{
	struct mt_events_enc *enc = mt_events_enc_new();

	take(enc, NULL, 0);
	mt_events_enc_free(enc);
	mt_events_enc_free(NULL);
}

ATF_TP_ADD_TCS(tp)
{
	ATF_TP_ADD_TC(tp, round_trip);
	ATF_TP_ADD_TC(tp, extremes);
	ATF_TP_ADD_TC(tp, guesses);
	ATF_TP_ADD_TC(tp, unknown_ids);
	ATF_TP_ADD_TC(tp, cut_anywhere);
	ATF_TP_ADD_TC(tp, garbage);
	ATF_TP_ADD_TC(tp, too_many);
	ATF_TP_ADD_TC(tp, empty);
	return (atf_no_error());
}
