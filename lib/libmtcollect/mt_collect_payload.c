/* Descriptions and notes in a ring: records of more than two words. */

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "mt_collect_decode.h"
#include "mt_wire.h"

/* ---- Codes ----------------------------------------------------------- */

static bool
codes_grow(struct mt_collect_process *p, uint32_t id)
{
	uint32_t *codes, n;

	if (id == 0 || id > MT_COLLECT_CODES_MAX)
		return (bad(p, "code out of range"));
	for (n = p->ncodes == 0 ? 1024 : p->ncodes; n <= id; n *= 2)
		continue;
	codes = realloc(p->codes, n * sizeof(*codes));
	if (codes == NULL)
		return (recorded(p, MT_ERR_NOMEM));
	memset(codes + p->ncodes, 0, (n - p->ncodes) * sizeof(*codes));
	p->codes = codes;
	p->ncodes = n;
	return (true);
}

bool
mt_collect_code_new(struct mt_collect_process *p, uint32_t id)
{
	uint32_t code;

	if (id >= p->ncodes && !codes_grow(p, id))
		return (false);
	if (id == 0)
		return (bad(p, "code 0"));
	if (!recorded(p, mt_recorder_code_new(p->recorder, &code, &p->error)))
		return (false);
	p->codes[id] = (code + 1) & ~MT_COLLECT_DESCRIBED;
	return (true);
}

/* ---- Payloads -------------------------------------------------------- */

/* A string of the payload, with a NUL; returns where the next one goes. */
static char *
string_put(char *to, const uint8_t *from, size_t n)
{
	memcpy(to, from, n);
	to[n] = '\0';
	return (to + n + 1);
}

static void
table_drop(struct mt_collect_process *p, struct mt_collect_ring *r)
{
	free(r->table);
	p->tables -= r->table_len;
	r->table = NULL;
	r->table_len = r->table_id = 0;
}

/* One that never gets its description is dropped by the next one. */
static bool
payload_table(struct mt_collect_process *p, struct mt_collect_ring *r,
    const uint8_t *b, size_t n)
{
	struct mt_table_desc d;
	uint8_t *table;

	if (n <= sizeof(d))
		return (bad(p, "short table"));
	memcpy(&d, b, sizeof(d));
	n -= sizeof(d);
	if (d.offset == 0)
		table_drop(p, r);
	if (n > MT_CODE_TABLE_MAX - r->table_len || d.offset != r->table_len ||
	    (d.offset > 0 && d.id != r->table_id))
		return (bad(p, "malformed table"));
	if (n > MT_COLLECT_TABLES_MAX - p->tables)
		return (bad(p, "tables without end"));
	if ((table = realloc(r->table, r->table_len + n)) == NULL)
		return (recorded(p, MT_ERR_NOMEM));
	memcpy(table + r->table_len, b + sizeof(d), n);
	r->table = table;
	r->table_len += (uint32_t)n;
	r->table_id = d.id;
	p->tables += n;
	return (true);
}

static bool
payload_code(struct mt_collect_process *p, struct mt_collect_ring *r,
    const uint8_t *b, size_t n)
{
	struct mt_code_desc d;
	struct mt_code code;
	bool apart, ok;
	uint32_t id;
	char *text;

	if (n < sizeof(d))
		return (bad(p, "short description"));
	memcpy(&d, b, sizeof(d));
	apart = d.table_len > MT_CODE_PIECE_MAX;
	if (d.name_len > MT_CODE_STRING_MAX ||
	    d.file_len > MT_CODE_STRING_MAX ||
	    d.table_kind > MT_TABLE_OFFSET_IS_LINE ||
	    n != sizeof(d) + d.name_len + d.file_len +
	    (apart ? 0 : d.table_len) ||
	    (apart && (r->table_id != d.id || r->table_len != d.table_len)))
		return (bad(p, "malformed description"));
	if (!mt_collect_code_find(p, d.id, &id))
		return (false);
	if (p->codes[d.id] & MT_COLLECT_DESCRIBED)
		return (bad(p, "code described twice"));
	p->codes[d.id] |= MT_COLLECT_DESCRIBED;
	b += sizeof(d);
	text = (char *)p->scratch + MT_COLLECT_PAYLOAD_MAX + 8;
	code.function = text;
	text = string_put(text, b, d.name_len);
	b += d.name_len;
	code.file = text;
	(void)string_put(text, b, d.file_len);
	b += d.file_len;
	code.first_line = d.first_line;
	code.table = apart ? r->table : b;
	code.table_len = d.table_len;
	code.table_kind = d.table_kind;
	ok = recorded(p, mt_recorder_code_describe(p->recorder, id, &code,
	    &p->error));
	if (apart)
		table_drop(p, r);
	return (ok);
}

static bool
payload_thread(struct mt_collect_process *p, struct mt_collect_ring *r,
    const uint8_t *b, size_t n)
{
	struct mt_thread_desc d;
	char name[256];

	if (n < sizeof(d))
		return (bad(p, "short thread"));
	memcpy(&d, b, sizeof(d));
	n -= sizeof(d);
	if (n >= sizeof(name))
		n = sizeof(name) - 1;
	(void)string_put(name, b + sizeof(d), n);
	r->depth = r->node = 0;
	return (recorded(p, mt_recorder_thread_share(p->recorder, d.tid, name,
	    &r->thread, &p->error)));
}

/*
 * Metadata: keys of lower-case letters, so that they look like ours.  One is
 * for us: that exec(2) is about to replace the process image, or with no
 * value that it failed.
 */
static bool
payload_info(struct mt_collect_process *p, char *b, size_t n)
{
	size_t key;

	b[n] = '\0';
	key = strspn(b, "abcdefghijklmnopqrstuvwxyz_0123456789");
	if (key == 0 || key > 64 || key >= n || b[key] != '\0')
		return (bad(p, "malformed metadata"));
	if (strcmp(b, MT_INFO_EXEC) == 0) {
		(void)snprintf(p->executed, sizeof(p->executed), "%s",
		    b + key + 1);
		return (true);
	}
	return (recorded(p, mt_recorder_text(p->recorder, b, b + key + 1,
	    &p->error)));
}

bool
mt_collect_payload(struct mt_collect_process *p, struct mt_collect_ring *r,
    uint64_t w)
{
	uint64_t n, words;

	n = MT_WORD_VALUE(w);
	words = MT_PAYLOAD_WORDS(n);
	if (n > MT_COLLECT_PAYLOAD_MAX || words > r->head - r->pos)
		return (bad(p, "payload too long"));
	mt_collect_ring_copy(r, r->pos, p->scratch, words);
	r->pos += words;
	switch (MT_WORD_OP(w)) {
	case MT_OP_CODE:
		return (payload_code(p, r, p->scratch, (size_t)n));
	case MT_OP_TABLE:
		return (payload_table(p, r, p->scratch, (size_t)n));
	case MT_OP_MODULE:
		return (mt_collect_native_describe(p, p->scratch, (size_t)n));
	case MT_OP_THREAD:
		return (payload_thread(p, r, p->scratch, (size_t)n));
	case MT_OP_INFO:
		return (payload_info(p, (char *)p->scratch, (size_t)n));
	default:
		mt_collect_process_note(p, (const char *)p->scratch,
		    (size_t)n);
		return (true);
	}
}
