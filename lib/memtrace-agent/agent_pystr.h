/*
 * The interpreter's strings as UTF-8, read without its help: no GIL is needed
 * as long as something keeps the string alive.
 */

#ifndef AGENT_PYSTR_H
#define AGENT_PYSTR_H

#include "agent_out.h"
#include "agent_pyoffsets.h"

struct agent_pystr {
	const uint8_t	*data;
	uint64_t	 length;	/* characters */
	unsigned	 kind;		/* bytes a character: 1, 2 or 4 */
	bool		 ascii;
};

/* Where the characters are; length 0 if it is not a string as we know it. */
void	agent_pystr_get(const struct agent_pyoffsets *, const char *str,
	    struct agent_pystr *);

/*
 * Bytes of UTF-8, at most max, on a character boundary.  Lone surrogates that
 * stand for undecodable bytes of a file name become those bytes again.
 */
size_t	agent_pystr_bytes(const struct agent_pystr *, size_t max);
/* Write that many bytes of it. */
void	agent_pystr_put(const struct agent_pystr *, size_t bytes,
	    struct agent_bytes *);
/* Is it this ASCII string? */
bool	agent_pystr_is(const struct agent_pystr *, const char *);
/* Copy at most size - 1 bytes and a NUL. */
void	agent_pystr_copy(const struct agent_pystr *, char *, size_t size);

#endif /* AGENT_PYSTR_H */
