/*
 * What a child tells its parent: the number of a module before it reads it,
 * then a message about it, whose fields are 32-bit numbers, in host order,
 * and strings with their lengths in front.  The child has read what nobody
 * checked, so the parent checks all of it.
 */

#ifndef MT_SYM_WIRE_H
#define MT_SYM_WIRE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define MT_SYM_MESSAGE_MAX	(256u * 1024 * 1024)	/* bytes */

/* A message while it is made.  Out of memory sets failed. */
struct mt_sym_out {
	uint8_t	*data;		/* malloc(3) */
	size_t	 len;
	size_t	 cap;
	bool	 failed;
};

void	mt_sym_put(struct mt_sym_out *, uint32_t);
void	mt_sym_put_bytes(struct mt_sym_out *, const void *, size_t);
void	mt_sym_put_string(struct mt_sym_out *, const char *);

/* One that is read: after a read past the end, bad is set. */
struct mt_sym_in {
	const uint8_t	*p;
	const uint8_t	*end;
	bool		 bad;
};

uint32_t	 mt_sym_get(struct mt_sym_in *);
/* Terminated, within the message; "" if it is bad. */
const char	*mt_sym_get_string(struct mt_sym_in *);

#endif /* MT_SYM_WIRE_H */
