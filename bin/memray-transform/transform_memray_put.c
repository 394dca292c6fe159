/* What records of memray are made of. */

#include <stdlib.h>

#include <fe_alloc.h>
#include <fe_text.h>

#include "transform_memray.h"

void
memray_put_byte(struct fe_buf *b, unsigned v)
{
	fe_buf_char(b, (char)(unsigned char)v);
}

void
memray_put_u32(struct fe_buf *b, uint32_t v)
{
	for (unsigned i = 0; i < 4; i++)
		memray_put_byte(b, v >> (8 * i) & 0xff);
}

void
memray_put_u64(struct fe_buf *b, uint64_t v)
{
	memray_put_u32(b, (uint32_t)v);
	memray_put_u32(b, (uint32_t)(v >> 32));
}

void
memray_put_varint(struct fe_buf *b, uint64_t v)
{
	while (v >= 0x80) {
		memray_put_byte(b, (v & 0x7f) | 0x80);
		v >>= 7;
	}
	memray_put_byte(b, (unsigned)v);
}

void
memray_put_svarint(struct fe_buf *b, int64_t v)
{
	memray_put_varint(b, ((uint64_t)v << 1) ^ (v < 0 ? UINT64_MAX : 0));
}

void
memray_put_delta(struct fe_buf *b, uint64_t *last, uint64_t v)
{
	memray_put_svarint(b, (int64_t)(v - *last));
	*last = v;
}

/* A string as UTF-8: bytes that are not become U+FFFD.  To be freed. */
static char *
to_utf8(const char *s)
{
	static const char replacement[] = "\xef\xbf\xbd";
	size_t n = strlen(s), len;
	char *out = fe_alloc(n, sizeof(replacement) - 1, 1), *p = out;
	uint32_t cp;

	for (; n > 0; s += len, n -= len) {
		len = fe_text_next(s, n, &cp);
		if (cp == FE_TEXT_BAD) {
			memcpy(p, replacement, sizeof(replacement) - 1);
			p += sizeof(replacement) - 1;
		} else {
			memcpy(p, s, len);
			p += len;
		}
	}
	*p = '\0';
	return (out);
}

void
memray_put_string(struct fe_buf *b, const char *s)
{
	char *utf8 = to_utf8(s);

	fe_buf_put(b, utf8, strlen(utf8) + 1);
	free(utf8);
}

/* ---- Threads ---------------------------------------------------------- */

struct tid {
	uint64_t	tid;
	uint32_t	thread;
};

static int
tid_cmp(const void *pa, const void *pb)
{
	const struct tid *a = pa, *b = pb;

	if (a->tid != b->tid)
		return (a->tid < b->tid ? -1 : 1);
	return (a->thread < b->thread ? -1 : a->thread > b->thread);
}

/* The kernel's numbers have far less than 32 bits. */
uint64_t *
memray_tids(const struct mt_thread *threads, size_t n)
{
	struct tid *sorted = fe_alloc(n, sizeof(*sorted), 0);
	uint64_t *tids = fe_alloc(n, sizeof(*tids), 0);

	for (size_t i = 0; i < n; i++) {
		sorted[i].tid = threads[i].tid;
		sorted[i].thread = (uint32_t)i;
	}
	qsort(sorted, n, sizeof(*sorted), tid_cmp);
	for (size_t i = 0; i < n; i++) {
		const struct tid *t = &sorted[i];

		tids[t->thread] = t->tid;
		if (i > 0 && sorted[i - 1].tid == t->tid)
			tids[t->thread] ^= (uint64_t)t->thread << 32;
	}
	free(sorted);
	return (tids);
}

void
memray_put_switch(struct fe_buf *b, uint64_t tid)
{
	memray_put_byte(b, MEMRAY_SWITCH);
	memray_put_u64(b, tid);
}

void
memray_put_thread(struct fe_buf *b, uint64_t tid, const char *name)
{
	memray_put_switch(b, tid);
	if (*name == '\0')
		return;
	memray_put_byte(b, MEMRAY_THREAD);
	memray_put_string(b, name);
}
