/* The seal of a connection: Noise_NNpsk0_25519_ChaChaPoly_SHA256. */

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include <sodium.h>

#include "mt_block.h"
#include "mt_seal_in.h"

static const char name[] = "Noise_NNpsk0_25519_ChaChaPoly_SHA256";

/* ---- Hashes ------------------------------------------------------------ */

static void
mix_hash(struct mt_seal *s, const void *data, size_t n)
{
	crypto_hash_sha256_state h;

	(void)crypto_hash_sha256_init(&h);
	(void)crypto_hash_sha256_update(&h, s->hash, sizeof(s->hash));
	(void)crypto_hash_sha256_update(&h, data, n);
	(void)crypto_hash_sha256_final(&h, s->hash);
}

/* HMAC of a, then of the byte b unless that is 0. */
static void
hmac(uint8_t out[MT_SEAL_HASH], const uint8_t key[MT_SEAL_HASH],
    const void *a, size_t n, uint8_t b)
{
	crypto_auth_hmacsha256_state h;

	(void)crypto_auth_hmacsha256_init(&h, key, MT_SEAL_HASH);
	(void)crypto_auth_hmacsha256_update(&h, a, n);
	if (b != 0)
		(void)crypto_auth_hmacsha256_update(&h, &b, 1);
	(void)crypto_auth_hmacsha256_final(&h, out);
	sodium_memzero(&h, sizeof(h));
}

/* HKDF: so many keys out of the chaining key and what is new. */
static void
derive(const uint8_t chain[MT_SEAL_HASH], const void *news, size_t n,
    uint8_t (*out)[MT_SEAL_HASH], uint8_t nout)
{
	uint8_t key[MT_SEAL_HASH];
	uint8_t i;

	hmac(key, chain, news, n, 0);
	for (i = 0; i < nout; i++)
		hmac(out[i], key, i == 0 ? NULL : out[i - 1],
		    i == 0 ? 0 : MT_SEAL_HASH, (uint8_t)(i + 1));
	sodium_memzero(key, sizeof(key));
}

static void
set_key(struct mt_seal_cipher *c, const uint8_t key[32])
{
	memcpy(c->key, key, sizeof(c->key));
	c->n = 0;
}

static void
mix_key(struct mt_seal *s, const uint8_t *news, size_t n)
{
	uint8_t out[2][MT_SEAL_HASH];

	derive(s->chain, news, n, out, 2);
	memcpy(s->chain, out[0], sizeof(s->chain));
	set_key(&s->greeting, out[1]);
	sodium_memzero(out, sizeof(out));
}

static void
mix_token(struct mt_seal *s)
{
	uint8_t out[3][MT_SEAL_HASH];

	derive(s->chain, s->token, sizeof(s->token), out, 3);
	memcpy(s->chain, out[0], sizeof(s->chain));
	mix_hash(s, out[1], sizeof(out[1]));
	set_key(&s->greeting, out[2]);
	sodium_memzero(out, sizeof(out));
}

/* ---- Encryption -------------------------------------------------------- */

static void
put_nonce(uint8_t nonce[12], uint64_t n)
{
	memset(nonce, 0, 4);
	mt_put_u64(nonce + 4, n);
}

static void
encrypt(struct mt_seal_cipher *c, uint8_t *out, const uint8_t *in, size_t n,
    const uint8_t *bound, size_t nbound)
{
	uint8_t nonce[12];

	put_nonce(nonce, c->n++);
	(void)crypto_aead_chacha20poly1305_ietf_encrypt(out, NULL, in, n,
	    bound, nbound, NULL, nonce, c->key);
}

static bool
decrypt(struct mt_seal_cipher *c, uint8_t *out, const uint8_t *in, size_t n,
    const uint8_t *bound, size_t nbound)
{
	uint8_t nonce[12];

	put_nonce(nonce, c->n);
	if (crypto_aead_chacha20poly1305_ietf_decrypt(out, NULL, NULL, in, n,
	    bound, nbound, nonce, c->key) != 0)
		return (false);
	c->n++;
	return (true);
}

/* ---- The greeting ------------------------------------------------------ */

enum mt_status
mt_seal_new(struct mt_seal **out, enum mt_seal_side side,
    const uint8_t token[MT_SEAL_TOKEN], const void *said, size_t said_len,
    struct mt_error *e)
{
	struct mt_seal *s;

	*out = NULL;
	if (sodium_init() == -1) {
		errno = ENOSYS;
		return (mt_error_set(e, MT_ERR_SYS, "libsodium"));
	}
	s = calloc(1, sizeof(*s));
	if (s == NULL)
		return (mt_error_set(e, MT_ERR_NOMEM, "out of memory"));
	s->side = side;
	memcpy(s->token, token, sizeof(s->token));
	(void)crypto_hash_sha256(s->hash, (const uint8_t *)name,
	    sizeof(name) - 1);
	memcpy(s->chain, s->hash, sizeof(s->chain));
	mix_hash(s, said, said_len);
	*out = s;
	return (MT_OK);
}

void
mt_seal_free(struct mt_seal *s)
{
	if (s == NULL)
		return;
	sodium_memzero(s, sizeof(*s));
	free(s);
}

/* The viewer's message is the first, the server's the second, of two. */
static bool
is_next(const struct mt_seal *s, enum mt_seal_side side)
{
	return (s->messages < 2 &&
	    (s->messages == 0) == (side == MT_SEAL_VIEWER));
}

/* Both halves of the key that is used up with this greeting. */
static bool
mix_both(struct mt_seal *s, const uint8_t theirs[MT_SEAL_PUBLIC])
{
	uint8_t shared[32];
	bool ok;

	/* A point that makes the key known to all is refused. */
	ok = crypto_scalarmult_curve25519(shared, s->secret, theirs) == 0;
	if (ok)
		mix_key(s, shared, sizeof(shared));
	sodium_memzero(shared, sizeof(shared));
	return (ok);
}

/* The greeting is complete: keys for the records, and none for more. */
static void
split(struct mt_seal *s)
{
	uint8_t out[2][MT_SEAL_HASH];
	const bool viewer = s->side == MT_SEAL_VIEWER;

	derive(s->chain, NULL, 0, out, 2);
	set_key(viewer ? &s->out : &s->in, out[0]);
	set_key(viewer ? &s->in : &s->out, out[1]);
	sodium_memzero(out, sizeof(out));
	sodium_memzero(s->token, sizeof(s->token));
	sodium_memzero(s->secret, sizeof(s->secret));
	sodium_memzero(s->chain, sizeof(s->chain));
	sodium_memzero(&s->greeting, sizeof(s->greeting));
}

/*
 * What both messages begin with, from its writer: a key that is used once.
 * theirs is the other's, with the second one.
 */
static bool
mix_public(struct mt_seal *s, const uint8_t *public, const uint8_t *theirs)
{
	if (s->messages == 0)
		mix_token(s);
	mix_hash(s, public, MT_SEAL_PUBLIC);
	mix_key(s, public, MT_SEAL_PUBLIC);
	return (s->messages == 0 || mix_both(s, theirs));
}

static void
finish_message(struct mt_seal *s)
{
	if (++s->messages == 2)
		split(s);
}

bool
mt_seal_write(struct mt_seal *s, uint8_t *out, const uint8_t *payload,
    size_t n)
{
	uint8_t *sealed = out + MT_SEAL_PUBLIC;

	if (!is_next(s, s->side))
		return (false);
	if (!s->has_secret)
		randombytes_buf(s->secret, sizeof(s->secret));
	s->has_secret = true;
	if (crypto_scalarmult_curve25519_base(out, s->secret) != 0 ||
	    !mix_public(s, out, s->theirs))
		return (false);
	encrypt(&s->greeting, sealed, payload, n, s->hash, sizeof(s->hash));
	mix_hash(s, sealed, n + MT_SEAL_TAG);
	finish_message(s);
	return (true);
}

bool
mt_seal_read(struct mt_seal *s, uint8_t *payload, const uint8_t *in, size_t n)
{
	const uint8_t *sealed = in + MT_SEAL_PUBLIC;

	if (n < MT_SEAL_GREETING || is_next(s, s->side) || s->messages >= 2)
		return (false);
	n -= MT_SEAL_PUBLIC;
	memcpy(s->theirs, in, sizeof(s->theirs));
	if (!mix_public(s, in, s->theirs) ||
	    !decrypt(&s->greeting, payload, sealed, n, s->hash,
	    sizeof(s->hash))) {
		s->messages = 3;
		return (false);
	}
	mix_hash(s, sealed, n);
	finish_message(s);
	return (true);
}

/* ---- Records ----------------------------------------------------------- */

bool
mt_seal_close(struct mt_seal *s, uint8_t *out, const uint8_t *in, size_t n)
{
	if (s->messages != 2 || n > MT_SEAL_RECORD - MT_SEAL_TAG)
		return (false);
	encrypt(&s->out, out, in, n, NULL, 0);
	return (true);
}

bool
mt_seal_open(struct mt_seal *s, uint8_t *out, const uint8_t *in, size_t n)
{
	return (s->messages == 2 && n >= MT_SEAL_TAG && n <= MT_SEAL_RECORD &&
	    decrypt(&s->in, out, in, n, NULL, 0));
}
