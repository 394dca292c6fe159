/* Payloads of symbols blocks; memtrace(5) has the layout. */

#include <stdlib.h>
#include <string.h>

#include "mt_private.h"
#include "mt_str.h"

struct mt_symbols {
	struct mt_str	strings;
	struct mt_buf	modules;	/* those before this one */
	struct mt_buf	module;		/* addresses of this one */
	uint64_t	naddresses;
	uint32_t	address;	/* the last one */
};

static enum mt_status
nomem(struct mt_error *e)
{
	return (mt_error_set(e, MT_ERR_NOMEM, "out of memory"));
}

enum mt_status
mt_symbols_new(struct mt_symbols **out, struct mt_error *e)
{
	struct mt_symbols *s;

	*out = NULL;
	s = calloc(1, sizeof(*s));
	/* The first string is the empty one. */
	if (s == NULL || mt_str_put(&s->strings, "") != 0) {
		mt_symbols_free(s);
		return (nomem(e));
	}
	*out = s;
	return (MT_OK);
}

void
mt_symbols_free(struct mt_symbols *s)
{
	if (s == NULL)
		return;
	mt_str_fini(&s->strings);
	mt_buf_fini(&s->modules);
	mt_buf_fini(&s->module);
	free(s);
}

static void
end_module(struct mt_symbols *s)
{
	if (s->modules.len == 0)
		return;
	mt_buf_put_varint(&s->modules, s->naddresses);
	mt_buf_put(&s->modules, s->module.data, s->module.len);
	s->modules.failed |= s->module.failed;
	s->module.len = 0;
	s->naddresses = 0;
	s->address = 0;
}

enum mt_status
mt_symbols_module(struct mt_symbols *s, uint32_t code, const char *note,
    struct mt_error *e)
{
	end_module(s);
	mt_buf_put_varint(&s->modules, code);
	mt_buf_put_string(&s->modules, note, strlen(note));
	return (s->modules.failed ? nomem(e) : MT_OK);
}

static bool
put_frame(struct mt_symbols *s, const struct mt_frame *f)
{
	uint32_t file, function;

	function = mt_str_put(&s->strings, f->function);
	file = mt_str_put(&s->strings, f->file);
	mt_buf_put_varint(&s->module, function);
	mt_buf_put_varint(&s->module, file);
	mt_buf_put_varint(&s->module, f->line);
	return (function != MT_STR_NONE && file != MT_STR_NONE &&
	    !s->module.failed);
}

enum mt_status
mt_symbols_address(struct mt_symbols *s, uint32_t address,
    const struct mt_frame *frame, size_t n, struct mt_error *e)
{
	size_t i;

	if (s->modules.len == 0 || (s->naddresses > 0 &&
	    address <= s->address))
		return (mt_error_set(e, MT_ERR_LIMIT,
		    "symbols out of order"));
	/* What is inlined deepest is what a reader wants to see. */
	if (n > MT_FRAMES_MAX) {
		frame += n - MT_FRAMES_MAX;
		n = MT_FRAMES_MAX;
	}
	mt_buf_put_varint(&s->module, address - s->address);
	mt_buf_put_varint(&s->module, n);
	s->address = address;
	s->naddresses++;
	for (i = 0; i < n; i++)
		if (!put_frame(s, &frame[i]))
			return (nomem(e));
	return (MT_OK);
}

enum mt_status
mt_symbols_finish(struct mt_symbols *s, void **data, size_t *len,
    struct mt_error *e)
{
	struct mt_buf b = { NULL, 0, 0, false };
	const char *text;
	uint32_t i;

	end_module(s);
	mt_buf_put_varint(&b, s->strings.count);
	for (i = 0; i < s->strings.count; i++) {
		text = mt_str_get(&s->strings, i);
		mt_buf_put_string(&b, text, strlen(text));
	}
	mt_buf_put(&b, s->modules.data, s->modules.len);
	if (b.failed || s->modules.failed) {
		mt_buf_fini(&b);
		return (nomem(e));
	}
	*data = b.data;
	*len = b.len;
	return (MT_OK);
}
