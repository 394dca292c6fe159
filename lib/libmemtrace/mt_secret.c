/* Secrets of hash tables. */

#include <time.h>
#include <unistd.h>

#include "mt_secret.h"

#define RATIO_SHIFT	4	/* addresses are multiples of 16 */
#define LOW_BITS	UINT64_C(0xfffff)

/* Where the system refuses, what is hard to foretell has to do. */
static uint64_t
guess(void)
{
	struct timespec ts = { 0, 0 };

	(void)clock_gettime(CLOCK_MONOTONIC, &ts);
	return (((uint64_t)ts.tv_nsec << 32 ^ (uintptr_t)&ts) *
	    UINT64_C(0x9e3779b97f4a7c15));
}

uint64_t
mt_secret(void)
{
	uint64_t secret;

	if (getentropy(&secret, sizeof(secret)) == -1)
		secret = guess();
	return (secret == 0 ? 1 : secret);
}

/*
 * Multiples of an irrational number are spread evenly, without large gaps, if
 * its continued fraction has small numbers only.  The golden ratio's are ones;
 * here each is 1, 2 or 3, as the secret says.  q / p, with p the larger, is
 * that of the numbers so far from the last one on.
 */
uint64_t
mt_secret_ratio(void)
{
	uint64_t secret = mt_secret(), p = 1, q = 0, next, ratio = 0;
	__extension__ unsigned __int128 rest;
	unsigned bit;

	for (bit = 0; p < UINT64_C(1) << 60; bit = (bit + 2) % 64) {
		next = p * ((secret >> bit & 3) % 3 + 1) + q;
		q = p;
		p = next;
	}
	/* q / p in 64 bits behind the point. */
	rest = q;
	for (bit = 0; bit < 64; bit++) {
		rest <<= 1;
		ratio = ratio << 1 | (rest >= p);
		rest -= rest >= p ? p : 0;
	}
	return (((ratio >> RATIO_SHIFT) ^ (mt_secret() & LOW_BITS)) | 1);
}
