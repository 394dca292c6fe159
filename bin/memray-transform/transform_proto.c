/* Protocol buffers. */

#include <stdlib.h>
#include <string.h>

#include <fe_alloc.h>

#include "transform_proto.h"

#define VARINT_MAX	10	/* bytes */

/* How a field is written, in the low bits of its tag. */
enum wire { WIRE_VARINT = 0, WIRE_BYTES = 2 };

static void
need(struct transform_proto *p, size_t n)
{
	size_t cap = p->cap;
	uint8_t *data;

	if (n <= p->cap - p->n)
		return;
	while (cap - p->n < n)
		cap = cap == 0 ? 256 : cap * 2;
	data = fe_alloc(cap, 1, 0);
	if (p->n > 0)
		memcpy(data, p->data, p->n);
	free(p->data);
	p->data = data;
	p->cap = cap;
}

static size_t
varint(uint8_t out[VARINT_MAX], uint64_t v)
{
	size_t n = 0;

	for (; v >= 0x80; v >>= 7)
		out[n++] = (uint8_t)(v | 0x80);
	out[n++] = (uint8_t)v;
	return (n);
}

static void
put_varint(struct transform_proto *p, uint64_t v)
{
	need(p, VARINT_MAX);
	p->n += varint(p->data + p->n, v);
}

static void
put_tag(struct transform_proto *p, unsigned field, enum wire wire)
{
	put_varint(p, (uint64_t)field << 3 | wire);
}

void
transform_proto_uint(struct transform_proto *p, unsigned field, uint64_t v)
{
	if (v == 0)
		return;
	put_tag(p, field, WIRE_VARINT);
	put_varint(p, v);
}

void
transform_proto_bytes(struct transform_proto *p, unsigned field,
    const void *data, size_t n)
{
	put_tag(p, field, WIRE_BYTES);
	put_varint(p, n);
	need(p, n);
	if (n > 0)
		memcpy(p->data + p->n, data, n);
	p->n += n;
}

void
transform_proto_list(struct transform_proto *p, unsigned field,
    const uint64_t *v, size_t n)
{
	uint8_t one[VARINT_MAX];
	size_t len = 0;

	for (size_t i = 0; i < n; i++)
		len += varint(one, v[i]);
	put_tag(p, field, WIRE_BYTES);
	put_varint(p, len);
	for (size_t i = 0; i < n; i++)
		put_varint(p, v[i]);
}

void
transform_proto_message(struct transform_proto *p, unsigned field,
    struct transform_proto *m)
{
	transform_proto_bytes(p, field, m->data, m->n);
	m->n = 0;
}

void
transform_proto_fini(struct transform_proto *p)
{
	free(p->data);
	memset(p, 0, sizeof(*p));
}
