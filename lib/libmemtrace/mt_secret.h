/*
 * libmemtrace: secrets of hash tables.  What a program or a file says can be
 * chosen so that all of it has one place in a table, which then takes time by
 * the square of what is in it; unless the place depends on something that
 * nobody knows.  Nothing that is written does.
 */

#ifndef MT_SECRET_H
#define MT_SECRET_H

#include <stdint.h>

#include <memtrace.h>

#ifdef __cplusplus
extern "C" {
#endif

/* Never 0, and another one each time. */
MT_API uint64_t	mt_secret(void);

/*
 * A factor that spreads numbers in equal distances, as addresses of blocks
 * are, evenly over 64 bits.  It is odd.
 */
uint64_t	mt_secret_ratio(void);

/* Whoever does not know the secret cannot tell which x have equal results. */
static inline uint64_t
mt_secret_fold(uint64_t x, uint64_t secret)
{
	__extension__ unsigned __int128 p;

	p = (__extension__ (unsigned __int128)(x ^ secret)) *
	    (secret << 32 | secret >> 32 | 1);
	return ((uint64_t)(p >> 64) ^ (uint64_t)p);
}

#ifdef __cplusplus
}
#endif

#endif /* MT_SECRET_H */
