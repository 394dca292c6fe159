/* Numbers and strings between a child and its parent. */

#include <stdlib.h>
#include <string.h>

#include "mt_sym_wire.h"

static bool
reserve(struct mt_sym_out *o, size_t n)
{
	size_t cap = o->cap < 4096 ? 4096 : o->cap;
	uint8_t *data;

	if (o->cap - o->len >= n)
		return (!o->failed);
	while (!o->failed && cap - o->len < n) {
		o->failed = cap >= MT_SYM_MESSAGE_MAX;
		cap *= 2;
	}
	data = o->failed ? NULL : realloc(o->data, cap);
	if (data == NULL) {
		o->failed = true;
		return (false);
	}
	o->data = data;
	o->cap = cap;
	return (true);
}

void
mt_sym_put_bytes(struct mt_sym_out *o, const void *p, size_t n)
{
	if (!reserve(o, n))
		return;
	memcpy(o->data + o->len, p, n);
	o->len += n;
}

void
mt_sym_put(struct mt_sym_out *o, uint32_t v)
{
	mt_sym_put_bytes(o, &v, sizeof(v));
}

void
mt_sym_put_string(struct mt_sym_out *o, const char *s)
{
	size_t n = strlen(s) + 1;

	if (n > MT_SYM_MESSAGE_MAX) {
		o->failed = true;
		return;
	}
	mt_sym_put(o, (uint32_t)n);
	mt_sym_put_bytes(o, s, n);
}

uint32_t
mt_sym_get(struct mt_sym_in *in)
{
	uint32_t v;

	if (in->bad || (size_t)(in->end - in->p) < sizeof(v)) {
		in->bad = true;
		return (0);
	}
	memcpy(&v, in->p, sizeof(v));
	in->p += sizeof(v);
	return (v);
}

const char *
mt_sym_get_string(struct mt_sym_in *in)
{
	uint32_t n = mt_sym_get(in);
	const char *s = (const char *)in->p;

	if (in->bad || n == 0 || n > (size_t)(in->end - in->p) ||
	    s[n - 1] != '\0') {
		in->bad = true;
		return ("");
	}
	in->p += n;
	return (s);
}
