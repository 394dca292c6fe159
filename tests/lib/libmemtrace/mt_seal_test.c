#include <atf-c.h>
#include <stdlib.h>
#include <string.h>

#include "mt_seal_in.h"

/*
 * A vector of Noise_NNpsk0_25519_ChaChaPoly_SHA256 that implementations of
 * Noise share: the prologue is "John Galt".
 */
static const char psk[] = "This is my Austrian perspective!";
static const char secret[2][65] = {
	"893e28b9dc6ca8d611ab664754b8ceb7bac5117349a4439a6b0569da977c464a",
	"bbdb4cdbd309f1a1f2e1456967fe288cadd6f712d65dc7b7793d5e63da6b375b"
};
static const char hash[] =
    "f4d03dc34495c95729ea6de9e1b59004b59733102488b3e24bc441e0be208eaf";
static const struct {
	const char	*payload;
	const char	*sealed;
} message[] = {
	{ "Ludwig von Mises",
	  "ca35def5ae56cec33dc2036731ab14896bc4c75dbb07a61f879f8e3afa4c7944"
	  "79b962b8aff8485742ac32f905ba45369e2465fb59e138a93d67a0d1266b6a54" },
	{ "Murray Rothbard",
	  "95ebc60d2b1fa672c1f46a8aa265ef51bfe38e7ccb39ec5be34069f144808843"
	  "d6062704d5a9c422a8e834423f8c1feada7e8d0d910a1a2cd030fb584221e3" },
	{ "F. A. Hayek",
	  "e632c3763d7669067383433197a3baddf146e9e70ad4b4e9e59e0f" },
	{ "Carl Menger",
	  "64c6bee32ea91c8474bb4c21d7a700109ad45af77b29764ba5eb1e" },
	{ "Jean-Baptiste Say",
	  "e2fa0bed0603b62d3ccac2ecabbf3fe33f3e86514909b323361626266cb2471c"
	  "c8" },
	{ "Eugen B\xf6hm von Bawerk",
	  "0c01dc9cec1fe4ddd692e8dd32188aa351088dc91183639a53b57aa4692b5ebd"
	  "ef8b8ca111" }
};
#define MESSAGES	(sizeof(message) / sizeof(message[0]))

/* Two sides, and what one of them says to the other. */
struct pair {
	struct mt_seal	*side[2];
	uint8_t		 said[200];
	size_t		 n;
};

static size_t
unhex(const char *text, uint8_t *out)
{
	size_t i, n = strlen(text) / 2;
	char byte[3] = "";

	for (i = 0; i < n; i++) {
		memcpy(byte, text + 2 * i, 2);
		out[i] = (uint8_t)strtoul(byte, NULL, 16);
	}
	return (n);
}

static void
open_pair(struct pair *p, const char *token, const char *said)
{
	uint8_t t[2][MT_SEAL_TOKEN];
	struct mt_error e;

	memcpy(t[0], psk, MT_SEAL_TOKEN);
	memcpy(t[1], token, MT_SEAL_TOKEN);
	ATF_REQUIRE_EQ(MT_OK, mt_seal_new(&p->side[0], MT_SEAL_VIEWER, t[0],
	    "John Galt", 9, &e));
	ATF_REQUIRE_EQ(MT_OK, mt_seal_new(&p->side[1], MT_SEAL_SERVER, t[1],
	    said, strlen(said), &e));
}

static void
close_pair(struct pair *p)
{
	mt_seal_free(p->side[0]);
	mt_seal_free(p->side[1]);
}

/* Without a payload, as in the feed. */
static bool
greet(struct pair *p, unsigned from)
{
	p->n = MT_SEAL_GREETING;
	ATF_REQUIRE(mt_seal_write(p->side[from], p->said, NULL, 0));
	return (mt_seal_read(p->side[1 - from], NULL, p->said, p->n));
}

ATF_TC_WITHOUT_HEAD(vector);
ATF_TC_BODY(vector, tc)
{
	uint8_t want[200], got[200];
	struct pair p;
	size_t i, len, n;

	(void)tc;
	open_pair(&p, psk, "John Galt");
	for (i = 0; i < 2; i++) {
		(void)unhex(secret[i], p.side[i]->secret);
		p.side[i]->has_secret = true;
	}
	for (i = 0; i < MESSAGES; i++) {
		n = unhex(message[i].sealed, want);
		len = strlen(message[i].payload);
		if (i < 2)
			ATF_REQUIRE(mt_seal_write(p.side[i % 2], p.said,
			    (const uint8_t *)message[i].payload, len));
		else
			ATF_REQUIRE(mt_seal_close(p.side[i % 2], p.said,
			    (const uint8_t *)message[i].payload, len));
		ATF_CHECK_EQ_MSG(0, memcmp(want, p.said, n), "message %zu", i);
		if (i < 2)
			ATF_REQUIRE(mt_seal_read(p.side[1 - i % 2], got,
			    p.said, n));
		else
			ATF_REQUIRE(mt_seal_open(p.side[1 - i % 2], got,
			    p.said, n));
		ATF_CHECK_EQ(0, memcmp(message[i].payload, got, len));
	}
	(void)unhex(hash, want);
	ATF_CHECK_EQ(0, memcmp(want, p.side[0]->hash, MT_SEAL_HASH));
	ATF_CHECK_EQ(0, memcmp(want, p.side[1]->hash, MT_SEAL_HASH));
	close_pair(&p);
}

ATF_TC(greetings);
ATF_TC_HEAD(greetings, tc)
{
	atf_tc_set_md_var(tc, "descr", "each side's turn, and keys that no two "
	    "greetings share");
}
ATF_TC_BODY(greetings, tc)
{
	uint8_t first[MT_SEAL_GREETING], byte = 'x', sealed[17], plain[1];
	struct pair p, q;

	(void)tc;
	open_pair(&p, psk, "John Galt");
	open_pair(&q, psk, "John Galt");
	ATF_CHECK(!mt_seal_write(p.side[1], p.said, NULL, 0));
	ATF_CHECK(!mt_seal_close(p.side[0], sealed, &byte, 1));
	ATF_CHECK(greet(&p, 0));
	ATF_CHECK(!mt_seal_write(p.side[0], p.said, NULL, 0));
	memcpy(first, p.said, sizeof(first));
	ATF_CHECK(greet(&q, 0));
	ATF_CHECK(memcmp(first, q.said, sizeof(first)) != 0);
	ATF_CHECK(greet(&p, 1));
	ATF_CHECK(greet(&q, 1));
	/* What one greeting has closed, the other does not open. */
	ATF_REQUIRE(mt_seal_close(p.side[1], sealed, &byte, 1));
	ATF_CHECK(!mt_seal_open(q.side[0], plain, sealed, sizeof(sealed)));
	ATF_CHECK(mt_seal_open(p.side[0], plain, sealed, sizeof(sealed)));
	ATF_CHECK_EQ('x', plain[0]);
	/* Nor is it opened twice, or by who has closed it. */
	ATF_CHECK(!mt_seal_open(p.side[0], plain, sealed, sizeof(sealed)));
	ATF_CHECK(!mt_seal_open(p.side[1], plain, sealed, sizeof(sealed)));
	/* No token is kept that is not needed any more. */
	ATF_CHECK(memcmp(p.side[0]->token, psk, MT_SEAL_TOKEN) != 0);
	ATF_CHECK(memcmp(p.side[1]->token, psk, MT_SEAL_TOKEN) != 0);
	close_pair(&p);
	close_pair(&q);
	mt_seal_free(NULL);
}

ATF_TC(impostors);
ATF_TC_HEAD(impostors, tc)
{
	atf_tc_set_md_var(tc, "descr", "another token, another beginning, a "
	    "greeting said again, a key that everybody knows");
}
ATF_TC_BODY(impostors, tc)
{
	uint8_t record[17], byte = 'x', again[MT_SEAL_GREETING];
	struct pair p, q;

	(void)tc;
	open_pair(&p, "This is not the token, but that.", "John Galt");
	ATF_CHECK(!greet(&p, 0));
	close_pair(&p);
	open_pair(&p, psk, "John Doe");
	ATF_CHECK(!greet(&p, 0));
	ATF_CHECK(!mt_seal_write(p.side[1], p.said, NULL, 0));
	ATF_CHECK(!mt_seal_read(p.side[1], NULL, p.said, p.n));
	close_pair(&p);
	/* Who repeats a greeting cannot read or say anything. */
	open_pair(&p, psk, "John Galt");
	open_pair(&q, psk, "John Galt");
	ATF_REQUIRE(greet(&p, 0));
	memcpy(again, p.said, sizeof(again));
	ATF_REQUIRE(greet(&p, 1));
	ATF_CHECK(mt_seal_read(q.side[1], NULL, again, sizeof(again)));
	ATF_REQUIRE(mt_seal_write(q.side[1], q.said, NULL, 0));
	ATF_REQUIRE(mt_seal_close(p.side[0], record, &byte, 1));
	ATF_CHECK(!mt_seal_open(q.side[1], record, record, sizeof(record)));
	ATF_CHECK(!mt_seal_read(q.side[0], NULL, q.said, sizeof(again)));
	close_pair(&p);
	close_pair(&q);
}

ATF_TC(changed);
ATF_TC_HEAD(changed, tc)
{
	atf_tc_set_md_var(tc, "descr", "whatever bit is changed on the way, it "
	    "is seen");
}
ATF_TC_BODY(changed, tc)
{
	uint8_t record[20] = "abcd", sealed[20];
	struct pair p;
	unsigned bit, which;

	(void)tc;
	for (bit = 0; bit < 8 * MT_SEAL_GREETING; bit += 5)
		for (which = 0; which < 2; which++) {
			open_pair(&p, psk, "John Galt");
			if (which == 1)
				ATF_REQUIRE(greet(&p, 0));
			ATF_REQUIRE(mt_seal_write(p.side[which], p.said, NULL,
			    0));
			p.said[bit / 8] ^= (uint8_t)(1 << bit % 8);
			ATF_CHECK_MSG(!mt_seal_read(p.side[1 - which], NULL,
			    p.said, MT_SEAL_GREETING), "bit %u of %u", bit,
			    which);
			close_pair(&p);
		}
	open_pair(&p, psk, "John Galt");
	ATF_REQUIRE(greet(&p, 0) && greet(&p, 1));
	ATF_REQUIRE(mt_seal_close(p.side[0], sealed, record, 4));
	for (bit = 0; bit < 8 * sizeof(sealed); bit++) {
		sealed[bit / 8] ^= (uint8_t)(1 << bit % 8);
		ATF_CHECK(!mt_seal_open(p.side[1], record, sealed, 20));
		sealed[bit / 8] ^= (uint8_t)(1 << bit % 8);
	}
	ATF_CHECK(!mt_seal_open(p.side[1], record, sealed, 19));
	ATF_CHECK(!mt_seal_open(p.side[1], record, sealed, 15));
	ATF_CHECK(mt_seal_open(p.side[1], record, sealed, 20));
	ATF_CHECK_EQ(0, memcmp(record, "abcd", 4));
	close_pair(&p);
}

ATF_TC(order);
ATF_TC_HEAD(order, tc)
{
	atf_tc_set_md_var(tc, "descr", "a record that was left out, said twice "
	    "or in another order is seen");
}
ATF_TC_BODY(order, tc)
{
	uint8_t sealed[3][17], byte, plain[1];
	struct pair p;

	(void)tc;
	open_pair(&p, psk, "John Galt");
	ATF_REQUIRE(greet(&p, 0) && greet(&p, 1));
	for (byte = 0; byte < 3; byte++)
		ATF_REQUIRE(mt_seal_close(p.side[1], sealed[byte], &byte, 1));
	ATF_CHECK(!mt_seal_open(p.side[0], plain, sealed[1], 17));
	ATF_CHECK(mt_seal_open(p.side[0], plain, sealed[0], 17));
	ATF_CHECK(!mt_seal_open(p.side[0], plain, sealed[0], 17));
	ATF_CHECK(!mt_seal_open(p.side[0], plain, sealed[2], 17));
	ATF_CHECK(mt_seal_open(p.side[0], plain, sealed[1], 17));
	ATF_CHECK_EQ(1, plain[0]);
	close_pair(&p);
}

ATF_TC(degenerate);
ATF_TC_HEAD(degenerate, tc)
{
	atf_tc_set_md_var(tc, "descr", "an answer whose key everybody knows is "
	    "refused, even of one who knows the token");
}
ATF_TC_BODY(degenerate, tc)
{
	static const uint8_t zero[MT_SEAL_GREETING];
	struct pair p;

	(void)tc;
	open_pair(&p, psk, "John Galt");
	ATF_REQUIRE(greet(&p, 0));
	ATF_CHECK(!mt_seal_read(p.side[0], NULL, zero, sizeof(zero)));
	memset(p.side[1]->theirs, 0, sizeof(p.side[1]->theirs));
	ATF_CHECK(!mt_seal_write(p.side[1], p.said, NULL, 0));
	close_pair(&p);
}

ATF_TC(records);
ATF_TC_HEAD(records, tc)
{
	atf_tc_set_md_var(tc, "descr", "records of all lengths, in place, both "
	    "ways; none that is too long");
}
ATF_TC_BODY(records, tc)
{
	static const size_t len[] = { 0, 1, 8, 4096,
		MT_SEAL_RECORD - MT_SEAL_TAG };
	static uint8_t data[MT_SEAL_RECORD + 1];
	struct pair p;
	size_t i, k;

	(void)tc;
	open_pair(&p, psk, "John Galt");
	ATF_REQUIRE(greet(&p, 0) && greet(&p, 1));
	for (i = 0; i < 2 * sizeof(len) / sizeof(len[0]); i++) {
		k = len[i / 2];
		memset(data, (int)i + 1, k);
		ATF_REQUIRE(mt_seal_close(p.side[i % 2], data, data, k));
		ATF_REQUIRE(mt_seal_open(p.side[1 - i % 2], data, data,
		    k + MT_SEAL_TAG));
		while (k-- > 0)
			ATF_REQUIRE_EQ(i + 1, data[k]);
	}
	ATF_CHECK(!mt_seal_close(p.side[0], data, data,
	    MT_SEAL_RECORD - MT_SEAL_TAG + 1));
	ATF_CHECK(!mt_seal_open(p.side[0], data, data, MT_SEAL_RECORD + 1));
	close_pair(&p);
}

ATF_TP_ADD_TCS(tp)
{
	ATF_TP_ADD_TC(tp, vector);
	ATF_TP_ADD_TC(tp, greetings);
	ATF_TP_ADD_TC(tp, impostors);
	ATF_TP_ADD_TC(tp, changed);
	ATF_TP_ADD_TC(tp, order);
	ATF_TP_ADD_TC(tp, degenerate);
	ATF_TP_ADD_TC(tp, records);
	return (atf_no_error());
}
