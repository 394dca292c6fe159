/*
 * libmemtrace: the seal of a live feed's connection over a network, so that
 * nobody between the two sides reads or changes what they say.
 *
 * This is Noise_NNpsk0_25519_ChaChaPoly_SHA256 of the Noise Protocol
 * Framework, revision 34: two messages of greeting, in which each side proves
 * that it knows the token, then records.  The token is never sent, nor
 * anything that helps to guess it, and who learns it later cannot read what
 * was said before.  How it is used is in memtrace-live(5).
 *
 *	viewer			server
 *	mt_seal_write	->	mt_seal_read		-> psk, e
 *	mt_seal_read	<-	mt_seal_write		<- e, ee
 *	mt_seal_close	->	mt_seal_open		records, both ways
 */

#ifndef MT_SEAL_H
#define MT_SEAL_H

#include <memtrace.h>

#ifdef __cplusplus
extern "C" {
#endif

#define MT_SEAL_TOKEN		32u	/* bytes, as of all below */
#define MT_SEAL_PUBLIC		32u	/* in front of a greeting */
#define MT_SEAL_TAG		16u	/* behind all that is sealed */
#define MT_SEAL_GREETING	(MT_SEAL_PUBLIC + MT_SEAL_TAG)
#define MT_SEAL_RECORD		65535u	/* sealed, at most */

struct mt_seal;

enum mt_seal_side {
	MT_SEAL_VIEWER,
	MT_SEAL_SERVER
};

/*
 * A new seal; what both sides have said before its first message is bound to
 * it.  MT_ERR_SYS: the library that it is made of does not start.
 */
MT_API enum mt_status	mt_seal_new(struct mt_seal **out, enum mt_seal_side,
			    const uint8_t token[MT_SEAL_TOKEN],
			    const void *said, size_t said_len,
			    struct mt_error *);
/* Accepts NULL; leaves no key in memory. */
MT_API void		mt_seal_free(struct mt_seal *);

/*
 * The next message of the greeting, around a payload of n bytes, which is
 * sealed; out has room for MT_SEAL_GREETING more than that.  False: it is
 * not this side's turn.
 */
MT_API bool		mt_seal_write(struct mt_seal *, uint8_t *out,
			    const uint8_t *payload, size_t n);
/*
 * The other side's message of n bytes, at least MT_SEAL_GREETING; the payload
 * is shorter by that.  False: he does not know the token, or somebody has
 * changed what he said.  The seal is then of no more use.
 */
MT_API bool		mt_seal_read(struct mt_seal *, uint8_t *payload,
			    const uint8_t *in, size_t n);

/*
 * After the greeting: a record of n bytes into one of n + MT_SEAL_TAG, and
 * back, n being at most MT_SEAL_RECORD - MT_SEAL_TAG.  out may be in.  False:
 * it is not the next record that the other side has closed.
 */
MT_API bool		mt_seal_close(struct mt_seal *, uint8_t *out,
			    const uint8_t *in, size_t n);
MT_API bool		mt_seal_open(struct mt_seal *, uint8_t *out,
			    const uint8_t *in, size_t sealed);

#ifdef __cplusplus
}
#endif

#endif /* MT_SEAL_H */
