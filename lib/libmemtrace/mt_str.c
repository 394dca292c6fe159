/* Interned strings. */

#include <stdlib.h>
#include <string.h>

#include "mt_str.h"

#define STR_CHUNK	(64u * 1024)

struct mt_str_chunk {
	struct mt_str_chunk	*next;
	size_t			 used;
	size_t			 size;
	char			 data[];
};

/* Room for n bytes that never move. */
static char *
str_room(struct mt_str *s, size_t n)
{
	struct mt_str_chunk *c;
	size_t size;

	c = s->chunk;
	if (c == NULL || c->size - c->used < n) {
		size = n > STR_CHUNK ? n : STR_CHUNK;
		c = mt_budget_malloc(s->hash.budget, sizeof(*c) + size);
		if (c == NULL)
			return (NULL);
		c->next = s->chunk;
		c->used = 0;
		c->size = size;
		s->chunk = c;
	}
	c->used += n;
	return (c->data + c->used - n);
}

static bool
str_grow(struct mt_str *s)
{
	const char **text;
	uint32_t cap;

	if (s->cap > UINT32_MAX / 2)
		return (false);
	cap = s->cap == 0 ? 256 : s->cap * 2;
	text = mt_budget_realloc(s->hash.budget, s->text,
	    s->cap * sizeof(*text), cap * sizeof(*text));
	if (text == NULL)
		return (false);
	s->text = text;
	s->cap = cap;
	return (true);
}

uint32_t
mt_str_put(struct mt_str *s, const char *text)
{
	char *copy;
	size_t len;
	uint64_t h;
	uint32_t i, pos;

	len = strlen(text);
	h = mt_hash_bytes(mt_hash_secret(&s->hash), text, len);
	pos = mt_hash_start(&s->hash, h);
	while ((i = mt_hash_next(&s->hash, h, &pos)) != MT_HASH_NONE)
		if (strcmp(s->text[i], text) == 0)
			return (i);
	if (s->count == s->cap && !str_grow(s))
		return (MT_STR_NONE);
	copy = str_room(s, len + 1);
	if (copy == NULL || !mt_hash_add(&s->hash, h, s->count))
		return (MT_STR_NONE);
	memcpy(copy, text, len + 1);
	s->text[s->count] = copy;
	return (s->count++);
}

void
mt_str_fini(struct mt_str *s)
{
	struct mt_str_chunk *c;

	while ((c = s->chunk) != NULL) {
		s->chunk = c->next;
		mt_budget_free(s->hash.budget, c, sizeof(*c) + c->size);
	}
	mt_budget_free(s->hash.budget, s->text, s->cap * sizeof(*s->text));
	mt_hash_fini(&s->hash);
	s->text = NULL;
	s->count = s->cap = 0;
}
