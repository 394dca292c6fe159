/* Inside of a seal, for its tests: see revision 34 of Noise, section 5. */

#ifndef MT_SEAL_IN_H
#define MT_SEAL_IN_H

#include "mt_seal.h"

#define MT_SEAL_HASH	32u

/* CipherState. */
struct mt_seal_cipher {
	uint8_t		key[32];
	uint64_t	n;
};

struct mt_seal {
	enum mt_seal_side side;
	unsigned	messages;	/* of the greeting, so far */
	uint8_t		token[MT_SEAL_TOKEN];
	uint8_t		secret[32];	/* e */
	bool		has_secret;
	uint8_t		theirs[MT_SEAL_PUBLIC];	/* re */
	uint8_t		chain[MT_SEAL_HASH];	/* ck */
	uint8_t		hash[MT_SEAL_HASH];	/* h */
	struct mt_seal_cipher greeting;
	struct mt_seal_cipher out;
	struct mt_seal_cipher in;
};

#endif /* MT_SEAL_IN_H */
