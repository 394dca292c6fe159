/* The interpreter's strings as UTF-8. */

#include <string.h>

#include "agent_pystr.h"

void
agent_pystr_get(const struct agent_pyoffsets *o, const char *str,
    struct agent_pystr *s)
{
	uint32_t state;
	bool compact;

	memset(s, 0, sizeof(*s));
	if (str == NULL)
		return;
	memcpy(&state, str + o->str_state, sizeof(state));
	state >>= o->kind_shift;
	s->kind = state & 7;
	compact = (state & 8) != 0;
	s->ascii = (state & 16) != 0;
	if (s->kind != 1 && s->kind != 2 && s->kind != 4)
		return;
	memcpy(&s->length, str + o->ob_size, sizeof(s->length));
	if (compact && s->ascii)
		s->data = (const uint8_t *)str + o->str_ascii;
	else if (compact)
		s->data = (const uint8_t *)str + o->str_compact;
	else
		memcpy(&s->data, str + o->str_compact, sizeof(s->data));
	if (s->data == NULL || s->length > INT32_MAX)
		s->length = 0;
}

static uint32_t
pystr_char(const struct agent_pystr *s, uint64_t i)
{
	uint16_t c2;
	uint32_t c4;

	if (s->kind == 1)
		return (s->data[i]);
	if (s->kind == 2) {
		memcpy(&c2, s->data + 2 * i, sizeof(c2));
		return (c2);
	}
	memcpy(&c4, s->data + 4 * i, sizeof(c4));
	return (c4);
}

/*
 * Strings end at a NUL for whoever reads them, so a character that is one
 * takes two bytes.  What stands for a byte of a file's name is that byte.
 */
static unsigned
pystr_encode(uint32_t c, uint8_t out[4])
{
	if ((c != 0 && c < 0x80) || (c >= 0xdc80 && c <= 0xdcff)) {
		out[0] = (uint8_t)c;
		return (1);
	}
	if (c < 0x800) {
		out[0] = (uint8_t)(0xc0 | c >> 6);
		out[1] = (uint8_t)(0x80 | (c & 0x3f));
		return (2);
	}
	if (c < 0x10000) {
		out[0] = (uint8_t)(0xe0 | c >> 12);
		out[1] = (uint8_t)(0x80 | (c >> 6 & 0x3f));
		out[2] = (uint8_t)(0x80 | (c & 0x3f));
		return (3);
	}
	out[0] = (uint8_t)(0xf0 | (c >> 18 & 7));
	out[1] = (uint8_t)(0x80 | (c >> 12 & 0x3f));
	out[2] = (uint8_t)(0x80 | (c >> 6 & 0x3f));
	out[3] = (uint8_t)(0x80 | (c & 0x3f));
	return (4);
}

size_t
agent_pystr_bytes(const struct agent_pystr *s, size_t max)
{
	uint8_t utf8[4];
	size_t n = 0;
	uint64_t i;
	unsigned len;

	for (i = 0; i < s->length; i++) {
		len = pystr_encode(pystr_char(s, i), utf8);
		if (n + len > max)
			break;
		n += len;
	}
	return (n);
}

void
agent_pystr_put(const struct agent_pystr *s, size_t bytes,
    struct agent_bytes *b)
{
	uint8_t utf8[4];
	uint64_t i;
	size_t n = 0;
	unsigned k, len;

	for (i = 0; n < bytes; i++) {
		len = pystr_encode(pystr_char(s, i), utf8);
		for (k = 0; k < len && n < bytes; k++, n++)
			agent_bytes_put(b, utf8[k]);
	}
}

bool
agent_pystr_is(const struct agent_pystr *s, const char *text)
{
	return (s->ascii && s->length == strlen(text) &&
	    memcmp(s->data, text, s->length) == 0);
}

void
agent_pystr_copy(const struct agent_pystr *s, char *out, size_t size)
{
	uint8_t utf8[4];
	size_t n = 0;
	uint64_t i;
	unsigned len;

	for (i = 0; i < s->length; i++) {
		len = pystr_encode(pystr_char(s, i), utf8);
		if (n + len >= size)
			break;
		memcpy(out + n, utf8, len);
		n += len;
	}
	out[n] = '\0';
}
