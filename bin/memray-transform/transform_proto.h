/*
 * Protocol buffers, as much as a writer needs: fields of numbers, of bytes,
 * and of lists of numbers.  Out of memory ends the program.
 */

#ifndef TRANSFORM_PROTO_H
#define TRANSFORM_PROTO_H

#include <stddef.h>
#include <stdint.h>

/* A message.  All zeroes is an empty one. */
struct transform_proto {
	uint8_t	*data;
	size_t	 n;
	size_t	 cap;
};

void	transform_proto_fini(struct transform_proto *);

/* A field that is 0 need not be written, and is not. */
void	transform_proto_uint(struct transform_proto *, unsigned field,
	    uint64_t);
void	transform_proto_bytes(struct transform_proto *, unsigned field,
	    const void *, size_t);
void	transform_proto_list(struct transform_proto *, unsigned field,
	    const uint64_t *, size_t);
/* The other message, which becomes empty, but keeps its memory. */
void	transform_proto_message(struct transform_proto *, unsigned field,
	    struct transform_proto *);

#endif /* TRANSFORM_PROTO_H */
